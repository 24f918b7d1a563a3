//! What keeps a resource off a node, in a sentence.

use model::Score;
use scheduler::assign::{ScoreSource, ScoreTerm};
use scheduler::{NodeIx, ResIx, Variant};

use super::rows::{Decision, Parts};
use crate::why::forbidding_words;

/// Whether a location constraint forbids the node, and what keeps the resource off it.
pub(super) fn obstacle(
    decision: Decision<'_, '_>,
    parts: &Parts,
    node: NodeIx,
) -> (bool, Option<String>) {
    let speaker = speaker(decision, parts, node);
    let terms = decision.assigned.terms(speaker, node);
    let banned = terms.iter().any(|term| {
        matches!(term.source, ScoreSource::Location(_)) && term.value == Score::MINUS_INFINITY
    });
    let words = of_node(decision, node)
        .map(str::to_owned)
        .or_else(|| unlisted(decision, speaker, node))
        .or_else(|| forbidden(decision, speaker, node, &terms));
    let sentence = words.map(|words| {
        let id = &decision.resolved.resource(parts.whole).config_id;
        let name = &decision.resolved.node(node).name;
        format!("{id} cannot run on {name}: {words}.")
    });
    (banned, sentence)
}

/// Whose score speaks for the row: its own, or where that allows the node, the part's whose does
/// not; of parts on their nodes already, nothing is said.
fn speaker(decision: Decision<'_, '_>, parts: &Parts, node: NodeIx) -> ResIx {
    let forbids = |at: ResIx| {
        let cell = decision.assigned.resource(at).scores.get(node);
        cell.is_none_or(|cell| cell.score() < Score::ZERO)
    };
    if forbids(parts.whole) || !parts.leaves.iter().all(|leaf| forbids(*leaf)) {
        return parts.whole;
    }
    let free = |leaf: &&ResIx| decision.assigned.resource(**leaf).node.is_none();
    let speaker = parts.leaves.iter().find(free).or_else(|| parts.leaves.first());
    speaker.copied().unwrap_or(parts.whole)
}

fn of_node(decision: Decision<'_, '_>, node: NodeIx) -> Option<&'static str> {
    let node = decision.resolved.node(node);
    if node.unclean {
        Some("the node is lost and must be fenced")
    } else if node.pending {
        Some("the node is joining")
    } else if !node.online {
        Some("the node is offline")
    } else if node.standby {
        Some("the node is in standby")
    } else if node.shutdown {
        Some("the node is leaving")
    } else {
        None
    }
}

fn unlisted(decision: Decision<'_, '_>, at: ResIx, node: NodeIx) -> Option<String> {
    if decision.assigned.resource(at).scores.get(node).is_some() {
        return None;
    }
    Some(if decision.resolved.options.symmetric {
        "it is not made for this node".to_owned()
    } else {
        "no location constraint names the node, and `symmetric-cluster` is false".to_owned()
    })
}

fn forbidden(
    decision: Decision<'_, '_>,
    at: ResIx,
    node: NodeIx,
    terms: &[ScoreTerm],
) -> Option<String> {
    let score = decision.assigned.resource(at).scores.get(node)?.score();
    if score >= Score::ZERO || follows_its_group(decision, at, terms) {
        return None;
    }
    Some(forbidding_words(decision.resolved, decision.assigned, terms))
}

/// Whether it is only kept where the members before it are: it would go where they go, and what
/// keeps them off is said of them.
fn follows_its_group(decision: Decision<'_, '_>, at: ResIx, terms: &[ScoreTerm]) -> bool {
    let resolved = decision.resolved;
    let parent = resolved.resource(at).parent.map(|parent| &resolved.resource(parent).variant);
    if !matches!(parent, Some(Variant::Group(_))) {
        return false;
    }
    let forbids = |term: &&ScoreTerm| term.value < Score::ZERO;
    let implied = |term: &ScoreTerm| match term.source {
        ScoreSource::WithPrimary(at) | ScoreSource::OfDependent(at) => {
            decision.assigned.colocation(at).is_some_and(|found| !found.explicit)
        }
        ScoreSource::Found(_)
        | ScoreSource::Location(_)
        | ScoreSource::Health
        | ScoreSource::Stickiness
        | ScoreSource::FailLimit
        | ScoreSource::ExclusiveDiscovery
        | ScoreSource::ShutdownLock
        | ScoreSource::Ticket(_)
        | ScoreSource::Node
        | ScoreSource::TargetRole
        | ScoreSource::Capacity
        | ScoreSource::InstanceLimit
        | ScoreSource::CollectiveLimit
        | ScoreSource::Promotion
        | ScoreSource::NoPromotionScore
        | ScoreSource::Claim(_)
        | ScoreSource::NotPlaced
        | ScoreSource::NotOnRemoteNode
        | ScoreSource::InsideContainer => false,
    };
    let mut forbidding = terms.iter().filter(forbids).peekable();
    forbidding.peek().is_some() && forbidding.all(implied)
}

//! Where each part of a score comes from: as words for programs, and in words.

use model::{Role, Score};
use scheduler::assign::{ColocationIx, ScoreChange, ScoreSource, ScoreTerm};
use scheduler::{Assigned, Resolved, WishSource};
use serde::Serialize;

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Term {
    pub change: TermChange,
    /// 1000000 is INFINITY.
    pub value: i32,
    pub source: TermSource,
    /// The constraint or ticket that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The other resource, where one is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// The same for people.
    pub text: String,
    /// What the value is itself the sum of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Term>,
}

/// How a term acts on what was there before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TermChange {
    Add,
    Set,
}

/// What put a term into a score. Words for programs; they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TermSource {
    Unmanaged,
    StopFailure,
    HardError,
    FatalError,
    MaskedProbe,
    Ban,
    FailureStops,
    MultipleActive,
    Bundle,
    Removed,
    Location,
    Health,
    Stickiness,
    MigrationThreshold,
    ExclusiveDiscovery,
    ShutdownLock,
    Ticket,
    Node,
    TargetRole,
    Capacity,
    InstanceLimit,
    CollectiveLimit,
    PromotionScore,
    NoPromotionScore,
    Claim,
    NotPlaced,
    /// A colocation where this resource is the dependent.
    ColocationWith,
    /// A colocation where this resource is the primary.
    ColocationOf,
    NotOnRemoteNode,
    InsideContainer,
}

/// The decision that terms are explained of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision<'d, 'a> {
    pub(super) resolved: &'d Resolved<'a>,
    pub(super) assigned: &'d Assigned,
}

/// The terms, in the order in which they acted.
pub(super) fn terms(decision: Decision<'_, '_>, terms: &[ScoreTerm]) -> Vec<Term> {
    terms.iter().map(|found| term(decision, found)).collect()
}

/// In words, the term that made a score negative for good.
pub(crate) fn forbidding_words(
    resolved: &Resolved<'_>,
    assigned: &Assigned,
    all: &[ScoreTerm],
) -> String {
    let never = all.iter().find(|term| term.value == Score::MINUS_INFINITY);
    let most = never.or_else(|| all.iter().min_by_key(|term| term.value));
    let most = most.filter(|term| term.value < Score::ZERO);
    let words = |found: &ScoreTerm| term(Decision { resolved, assigned }, found).text;
    most.map_or_else(|| "its score is negative".to_owned(), words)
}

fn term(decision: Decision<'_, '_>, term: &ScoreTerm) -> Term {
    let change = match term.change {
        ScoreChange::Add => TermChange::Add,
        ScoreChange::Set => TermChange::Set,
    };
    let (source, text) = plain(term.source);
    let value = term.value.value();
    let base = Term {
        change,
        value,
        source,
        id: None,
        other: None,
        text: text.to_owned(),
        terms: Vec::new(),
    };
    if let ScoreSource::Location(at) = term.source {
        let id = decision.resolved.locations.get(at.at()).map_or("?", |location| location.id);
        Term { id: Some(id.to_owned()), text: format!("location `{id}`"), ..base }
    } else if let ScoreSource::Ticket(at) = term.source {
        let id = decision.resolved.tickets.get(at.at()).map_or("?", |ticket| ticket.id);
        Term { id: Some(id.to_owned()), text: format!("ticket `{id}` is not granted"), ..base }
    } else if let ScoreSource::WithPrimary(at) = term.source {
        with_primary(decision, at, base)
    } else if let ScoreSource::OfDependent(at) = term.source {
        of_dependent(decision, at, base)
    } else if let ScoreSource::Claim(instance) = term.source {
        let id = decision.resolved.resource(instance).id.as_ref().to_owned();
        let text = format!("{id}'s own claim");
        let claim = decision.assigned.claim_terms(instance);
        Term { other: Some(id), text, terms: terms(decision, &claim), ..base }
    } else if term.source == ScoreSource::TargetRole && value > 0 {
        Term { text: "its `target-role` demands it".to_owned(), ..base }
    } else if term.source == ScoreSource::Found(WishSource::Bundle) && value > 0 {
        Term { text: "its bundle puts it there".to_owned(), ..base }
    } else if term.source == ScoreSource::Node && term.value == Score::MINUS_INFINITY {
        let text = "the node takes nothing new: it is away, leaving, or made for something else";
        Term { text: text.to_owned(), ..base }
    } else {
        base
    }
}

/// What needs no names.
fn plain(source: ScoreSource) -> (TermSource, &'static str) {
    match source {
        ScoreSource::Found(wish) => (source_of_wish(wish), words_of_wish(wish)),
        ScoreSource::Health => (TermSource::Health, "the node's health"),
        ScoreSource::Stickiness => (TermSource::Stickiness, "stickiness: it is there"),
        ScoreSource::FailLimit => {
            (TermSource::MigrationThreshold, "failed there as often as `migration-threshold`")
        }
        ScoreSource::ExclusiveDiscovery => {
            (TermSource::ExclusiveDiscovery, "another location has `resource-discovery=exclusive`")
        }
        ScoreSource::ShutdownLock => {
            (TermSource::ShutdownLock, "waits for the node that was shut down")
        }
        ScoreSource::Node => (TermSource::Node, "the node's own score"),
        ScoreSource::TargetRole => (TermSource::TargetRole, "its `target-role` forbids it"),
        ScoreSource::Capacity => (TermSource::Capacity, "the node has no room for it"),
        ScoreSource::InstanceLimit => {
            (TermSource::InstanceLimit, "the node has its share of copies")
        }
        ScoreSource::CollectiveLimit => (TermSource::CollectiveLimit, "all copies are placed"),
        ScoreSource::Promotion => (TermSource::PromotionScore, "promotion score set by its agent"),
        ScoreSource::NoPromotionScore => {
            (TermSource::NoPromotionScore, "its agent set no promotion score")
        }
        ScoreSource::NotPlaced => (TermSource::NotPlaced, "it has no node"),
        ScoreSource::NotOnRemoteNode => {
            (TermSource::NotOnRemoteNode, "cannot run on a remote node")
        }
        ScoreSource::InsideContainer => {
            (TermSource::InsideContainer, "runs with its container only")
        }
        ScoreSource::Location(_) => (TermSource::Location, "a location constraint"),
        ScoreSource::Ticket(_) => (TermSource::Ticket, "a ticket"),
        ScoreSource::WithPrimary(_) => (TermSource::ColocationWith, "a colocation"),
        ScoreSource::OfDependent(_) => (TermSource::ColocationOf, "a colocation"),
        ScoreSource::Claim(_) => (TermSource::Claim, "an instance's own claim"),
    }
}

fn with_primary(decision: Decision<'_, '_>, at: ColocationIx, base: Term) -> Term {
    let Some(found) = decision.assigned.colocation(at) else { return base };
    let other = decision.resolved.resource(found.primary).id.as_ref();
    let apart = found.score.value() < 0;
    let role = match found.primary_role {
        Role::Promoted => " where it is promoted",
        Role::Unpromoted => " where it is unpromoted",
        Role::Unknown | Role::Stopped | Role::Started => "",
    };
    let text = match (found.explicit, apart) {
        (true, false) => format!("follows {other}{role}, by colocation `{}`", found.id),
        (true, true) => format!("keeps away from {other}{role}, by colocation `{}`", found.id),
        (false, _) if &*found.id == "#group-members" => format!("follows {other}, in its group"),
        (false, _) => format!("goes with {other}"),
    };
    let id = found.explicit.then(|| found.id.as_ref().to_owned());
    Term { id, other: Some(other.to_owned()), text, ..base }
}

fn of_dependent(decision: Decision<'_, '_>, at: ColocationIx, base: Term) -> Term {
    let Some(found) = decision.assigned.colocation(at) else { return base };
    let other = decision.resolved.resource(found.dependent).id.as_ref();
    let text = match (found.explicit, found.score.value() < 0) {
        (true, false) => {
            format!("where {other} wants to be, which follows it by colocation `{}`", found.id)
        }
        (true, true) => {
            format!("where {other} wants to be, which keeps away by colocation `{}`", found.id)
        }
        (false, _) => format!("where {other} wants to be, which goes with it"),
    };
    let id = found.explicit.then(|| found.id.as_ref().to_owned());
    Term { id, other: Some(other.to_owned()), text, ..base }
}

fn source_of_wish(wish: WishSource) -> TermSource {
    match wish {
        WishSource::Unmanaged => TermSource::Unmanaged,
        WishSource::StopFailure => TermSource::StopFailure,
        WishSource::HardError => TermSource::HardError,
        WishSource::FatalError => TermSource::FatalError,
        WishSource::MaskedProbe => TermSource::MaskedProbe,
        WishSource::Ban => TermSource::Ban,
        WishSource::FailureStops => TermSource::FailureStops,
        WishSource::MultipleActive => TermSource::MultipleActive,
        WishSource::Bundle => TermSource::Bundle,
        WishSource::Removed => TermSource::Removed,
    }
}

fn words_of_wish(wish: WishSource) -> &'static str {
    match wish {
        WishSource::Unmanaged => "unmanaged: it stays",
        WishSource::StopFailure => "it failed to stop",
        WishSource::HardError => "an error that cannot go away on this node",
        WishSource::FatalError => "an error that cannot go away on any node",
        WishSource::MaskedProbe => "its probe failed there",
        WishSource::Ban => "a failure banned it from there (`on-fail=ban`)",
        WishSource::FailureStops => "a failure stopped it (`on-fail=stop`)",
        WishSource::MultipleActive => "active on more nodes than it may be",
        WishSource::Bundle => "kept off there by its bundle",
        WishSource::Removed => "removed from the configuration",
    }
}

//! Why a resource is where it is, or is nowhere: the rule that settled it, and each score as the
//! list of terms that made it.

mod render;
mod terms;
mod whatif;

use cib::Document;
use model::Role;
use scheduler::assign::RoleReason;
use scheduler::{Assigned, Input, NodeIx, ResIx, Resolved};
use serde::Serialize;

use terms::Decision;

pub use render::render;
pub(crate) use terms::forbidding_words;
pub use terms::{Term, TermChange, TermSource};
pub use whatif::{Counterfactual, WhatIf};

use whatif::Decided;

use crate::because::{self, Explained};
use crate::known::{Known, Unknown};
use crate::survival::leaves;

/// The explanation of one resource, part by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Why {
    pub resource: String,
    /// One entry a primitive, instance or member.
    pub parts: Vec<Part>,
}

/// The explanation of one primitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Part {
    pub id: String,
    /// Where it is active now.
    pub active: Vec<String>,
    /// It is promoted now, wherever it is active.
    pub promoted_now: bool,
    /// Where it should be.
    pub node: Option<String>,
    pub role: PartRole,
    /// The rule that settled it, as a word for programs.
    pub rule: &'static str,
    /// The same in a sentence.
    pub because: &'static str,
    pub nodes: Vec<Row>,
    /// Only of instances of promotable clones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// Why it does not stay as it is: the chain of what is planned for it, back to the event or to
    /// what the configuration says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comes: Vec<Explained>,
    /// The nearest changes that would have it elsewhere, promoted, or running at all; each was
    /// planned and seen to work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would: Vec<Counterfactual>,
}

/// Why an instance is promoted, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Promotion {
    pub promoted: bool,
    /// Instances with the highest are promoted; 1000000 is INFINITY.
    pub score: i32,
    /// The rule that settled it, as a word for programs.
    pub rule: &'static str,
    /// The same in a sentence.
    pub because: &'static str,
    pub terms: Vec<Term>,
}

/// What the part should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartRole {
    Stopped,
    Started,
    Unpromoted,
    Promoted,
}

/// One node's score, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Row {
    pub node: String,
    /// 1000000 is INFINITY; nothing where the node is not considered.
    pub score: Option<i32>,
    /// What keeps the node out, apart from the score.
    pub obstacle: Option<&'static str>,
    pub terms: Vec<Term>,
}

/// Explains `resource`. With `node`, only that node's scores, and what would bring it there.
pub fn why(
    document: &Document,
    resource: &str,
    node: Option<&str>,
    now: i64,
) -> Result<Why, Unknown> {
    let input = Input { now, ..Input::default() };
    let resolved = scheduler::resolve(document, &input);
    let assigned = scheduler::assign(&resolved);
    let known = Known { resolved: &resolved };
    let named = known.resource(resource)?;
    let only = node.map(|node| known.node(node)).transpose()?;
    let explained = scheduler::explain(&resolved, &assigned);
    let decided = Decided { document, now, resolved: &resolved, assigned: &assigned };
    let mut parts: Vec<Part> = Vec::new();
    for at in named.iter().flat_map(|at| leaves(&resolved, *at)) {
        let mut part = part(&resolved, &assigned, at, only);
        part.comes = comes(&explained, &part.id);
        let is_blocked = part.comes.iter().any(|coming| coming.is_start_that_cannot_be());
        let runs = part.role != PartRole::Stopped && !is_blocked;
        part.would = whatif::counterfactuals(decided, at, only, &part.comes, runs);
        parts.push(part);
    }
    Ok(Why { resource: resource.to_owned(), parts })
}

/// What is planned for the primitive, monitors and notifications aside, and what cannot be done.
fn comes(explained: &scheduler::cause::Explained, id: &str) -> Vec<Explained> {
    const TASKS: [&str; 6] = ["stop", "demote", "migrate_to", "start", "promote", "reload-agent"];
    let matters = |coming: &Explained| {
        coming.resource.as_deref() == Some(id) && TASKS.contains(&coming.task.as_str())
    };
    let planned = explained.plan.steps.iter().zip(&explained.chains);
    let planned = planned.map(|(step, chain)| because::of_action(&step.action, chain));
    let blocked = explained.blocked.iter().map(because::of_blocked);
    let mut coming: Vec<Explained> = planned.chain(blocked).filter(matters).collect();
    coming.sort_by_key(|coming| TASKS.iter().position(|task| *task == coming.task));
    coming
}

fn part(resolved: &Resolved<'_>, assigned: &Assigned, at: ResIx, only: Option<NodeIx>) -> Part {
    let resource = resolved.resource(at);
    let settled = assigned.resource(at);
    let name = |node: NodeIx| resolved.node(node).name.as_ref().to_owned();
    let nodes = resolved
        .node_indices()
        .filter(|node| only.is_none_or(|only| *node == only))
        .map(|node| row(resolved, assigned, at, node))
        .collect();
    let role = match (settled.node, settled.next_role) {
        (None, _) | (_, Role::Stopped) => PartRole::Stopped,
        (Some(_), Role::Promoted) => PartRole::Promoted,
        (Some(_), Role::Unpromoted) => PartRole::Unpromoted,
        (Some(_), Role::Started | Role::Unknown) => PartRole::Started,
    };
    Part {
        id: resource.id.as_ref().to_owned(),
        active: resource.active.iter().copied().map(name).collect(),
        promoted_now: resource.role == Role::Promoted,
        node: settled.node.map(name),
        role,
        rule: settled.reason.word(),
        because: settled.reason.words(),
        nodes,
        promotion: promotion(resolved, assigned, at),
        comes: Vec::new(),
        would: Vec::new(),
    }
}

/// Of a group in a promotable clone, the instance is the group; its members tell what it has.
fn promotion(resolved: &Resolved<'_>, assigned: &Assigned, at: ResIx) -> Option<Promotion> {
    let instance = std::iter::successors(Some(at), |at| resolved.resource(*at).parent)
        .find(|at| assigned.resource(*at).role_reason.is_some())?;
    let settled = assigned.resource(instance);
    let reason = settled.role_reason?;
    let (rule, because) = (reason.word(), reason.words());
    let decision = Decision { resolved, assigned };
    Some(Promotion {
        promoted: reason == RoleReason::HighestScores,
        score: settled.promotion_priority.value(),
        rule,
        because,
        terms: terms::terms(decision, &assigned.promotion_terms(instance)),
    })
}

fn row(resolved: &Resolved<'_>, assigned: &Assigned, at: ResIx, node: NodeIx) -> Row {
    let cell = assigned.resource(at).scores.get(node);
    let state = resolved.node(node);
    let obstacle = if state.unclean {
        Some("unclean")
    } else if state.pending {
        Some("joining")
    } else if !state.online {
        Some("offline")
    } else if state.standby {
        Some("standby")
    } else if state.shutdown {
        Some("leaving")
    } else if state.maintenance {
        Some("maintenance")
    } else {
        None
    };
    let decision = Decision { resolved, assigned };
    Row {
        node: state.name.as_ref().to_owned(),
        score: cell.map(|cell| cell.score().value()),
        obstacle,
        terms: terms::terms(decision, &assigned.terms(at, node)),
    }
}

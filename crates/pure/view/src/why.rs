//! Why a resource is where it is, or is nowhere: the rule that settled it, and each score as the
//! list of terms that made it.

mod render;
mod terms;

use cib::Document;
use model::Role;
use scheduler::assign::Reason;
use scheduler::{Assigned, Input, NodeIx, ResIx, Resolved};
use serde::Serialize;

pub use render::render;

use crate::survival::leaves;

/// The explanation of one resource, part by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    pub resource: String,
    /// One entry a primitive, instance or member.
    pub parts: Vec<Part>,
}

/// The explanation of one primitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub id: String,
    /// Where it is active now.
    pub active: Vec<String>,
    /// Where it should be.
    pub node: Option<String>,
    pub role: PartRole,
    /// The rule that settled it, as a word for programs.
    pub rule: String,
    /// The same in a sentence.
    pub because: String,
    pub nodes: Vec<Row>,
}

/// What the part should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartRole {
    Stopped,
    Started,
    Unpromoted,
    Promoted,
}

/// One node's score, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub node: String,
    pub score: String,
    /// What keeps the node out, apart from the score.
    pub obstacle: Option<&'static str>,
    pub terms: Vec<Term>,
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Term {
    /// `+100`, `= -INFINITY`.
    pub value: String,
    pub from: String,
}

/// Explains `resource`; `None` if there is none of that name. With `node`, only that node's
/// scores.
pub fn why(document: &Document, resource: &str, node: Option<&str>, now: i64) -> Option<Why> {
    let input = Input { now, ..Input::default() };
    let resolved = scheduler::resolve(document, &input);
    let assigned = scheduler::assign(&resolved);
    let named = named(&resolved, resource);
    if named.is_empty() {
        return None;
    }
    let parts = named.iter().flat_map(|at| leaves(&resolved, *at));
    let explain = |at: ResIx| part(&resolved, &assigned, at, node);
    Some(Why { resource: resource.to_owned(), parts: parts.map(explain).collect() })
}

/// The resource of that id; for the configured id of a clone's child, all its instances.
fn named(resolved: &Resolved<'_>, name: &str) -> Vec<ResIx> {
    if let Some(found) = resolved.find_resource(name) {
        return vec![found];
    }
    resolved
        .resource_indices()
        .filter(|at| resolved.resource(*at).config_id.as_ref() == name)
        .collect()
}

fn part(resolved: &Resolved<'_>, assigned: &Assigned, at: ResIx, only: Option<&str>) -> Part {
    let resource = resolved.resource(at);
    let settled = assigned.resource(at);
    let name = |node: NodeIx| resolved.node(node).name.as_ref().to_owned();
    let nodes = resolved
        .node_indices()
        .filter(|node| only.is_none_or(|only| resolved.node(*node).name.as_ref() == only))
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
        node: settled.node.map(name),
        role,
        rule: format!("{:?}", settled.reason),
        because: because(settled.reason).to_owned(),
        nodes,
    }
}

fn row(resolved: &Resolved<'_>, assigned: &Assigned, at: ResIx, node: NodeIx) -> Row {
    let cell = assigned.resource(at).scores.get(node);
    let score = cell.filter(|cell| cell.listed).map(|cell| cell.score().to_string());
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
    let terms = assigned.terms(at, node);
    Row {
        node: state.name.as_ref().to_owned(),
        score: score.unwrap_or_else(|| "not considered".to_owned()),
        obstacle,
        terms: terms.iter().map(|term| terms::term(resolved, assigned, term)).collect(),
    }
}

/// The rule as the end of a sentence.
fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::Parts => "its parts were placed one by one",
        Reason::Unmanaged => "the cluster does not act on it, so it stays where it is",
        Reason::StopAll => "`stop-all-resources` is set",
        Reason::ToBeStopped => "it is to be stopped",
        Reason::NoPlace => "no node is allowed and able to run it",
        Reason::CollectiveLimit => "its clone set has as many copies as it may have",
        Reason::Preferred => "no node has a better score than the one it prefers",
        Reason::AlreadyThere => "it is there already, and no node has a better score",
        Reason::OnlyOneAllowed => "no other node is allowed and able to run it",
        Reason::HighestScore => "that node has the highest score",
        Reason::MostRoom => "scores are equal, and that node has the most room",
        Reason::FewestResources => "scores are equal, and that node has the fewest resources",
        Reason::FirstName => "all else is equal, and that node's name comes first",
        Reason::NoInterleaveMatch => "no instance of what it goes with is there",
    }
}

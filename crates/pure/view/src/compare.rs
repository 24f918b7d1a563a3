//! What differs between the cluster at two moments: nodes, resources, and how it was as a whole.
//!
//! **Not here:** the texts of the two configurations (`diff` of the documents).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::status::{Health, NodeLine, NodeState, ResourceLine, Seen, Status, status};
use crate::words;

/// From one moment to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Compared {
    pub from: Side,
    pub to: Side,
    /// Only what differs.
    pub nodes: Vec<Difference>,
    /// Only what differs, each resource before what is inside.
    pub resources: Vec<Difference>,
    /// Whether somebody changed the configuration between.
    pub configuration_changed: bool,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// Seconds since 1970.
    pub at: i64,
    /// Edition of the document.
    pub version: String,
    pub level: Health,
    pub words: String,
}

/// What one thing was, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    pub name: String,
    /// In words. Nothing where there was no such thing.
    pub was: Option<String>,
    /// In words. Nothing where there is no such thing.
    pub is: Option<String>,
}

/// Compares the cluster at two moments.
pub fn compare(before: Seen<'_>, after: Seen<'_>) -> Compared {
    let (from, to) = (status(before), status(after));
    let nodes = |status: &Status| -> Vec<(String, String)> {
        status.nodes.iter().map(|node| (node.name.clone(), node_words(node))).collect()
    };
    let resources = |status: &Status| {
        let mut all = Vec::new();
        status.resources.iter().for_each(|line| add(line, &mut all));
        all
    };
    let text = |seen: Seen<'_>| {
        let root = seen.document.root();
        root.child("configuration").map(|configuration| configuration.to_string())
    };
    Compared {
        nodes: differences(nodes(&from), nodes(&to)),
        resources: differences(resources(&from), resources(&to)),
        configuration_changed: text(before) != text(after),
        from: side(from, before.now),
        to: side(to, after.now),
    }
}

fn side(status: Status, at: i64) -> Side {
    let Status { version, verdict, .. } = status;
    Side { at, version, level: verdict.health, words: verdict.sentence }
}

fn node_words(node: &NodeLine) -> String {
    let state = match node.state {
        NodeState::Unclean => "lost",
        state @ (NodeState::Online | NodeState::Pending | NodeState::Offline) => state.words(),
    };
    let also = [
        (node.standby, "standby"),
        (node.maintenance, "in maintenance"),
        (node.leaving, "leaving"),
        (node.coordinator, "coordinator"),
    ];
    let also = also.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word);
    std::iter::once(state).chain(also).collect::<Vec<&str>>().join(", ")
}

fn add(line: &ResourceLine, all: &mut Vec<(String, String)>) {
    all.push((line.id.clone(), resource_words(line)));
    line.children.iter().for_each(|child| add(child, all));
}

fn resource_words(line: &ResourceLine) -> String {
    let places = line.places.iter().map(|place| {
        let unsure = if place.unclean { ", which is lost" } else { "" };
        let partly = if place.partly { "partly " } else { "" };
        format!("{partly}{} on {}{unsure}", place.role, place.node)
    });
    let places: Vec<String> = places.collect();
    let place = match places.as_slice() {
        [] => "nowhere".to_owned(),
        places => words::list(places),
    };
    let failed = line.failed.then(|| "failed".to_owned());
    let remarks = failed.into_iter().chain(line.remarks.iter().cloned());
    std::iter::once(place).chain(remarks).collect::<Vec<String>>().join("; ")
}

/// What is not the same in both, in the order of the second; what is gone comes last.
fn differences(before: Vec<(String, String)>, after: Vec<(String, String)>) -> Vec<Difference> {
    let order: Vec<String> = before.iter().map(|(name, _)| name.clone()).collect();
    let mut was: BTreeMap<String, String> = before.into_iter().collect();
    let mut all: Vec<Difference> = Vec::new();
    for (name, is) in after {
        let was = was.remove(&name);
        if was.as_ref() != Some(&is) {
            all.push(Difference { name, was, is: Some(is) });
        }
    }
    let gone = order.into_iter().filter_map(|name| {
        let was = was.remove(&name)?;
        Some(Difference { name, was: Some(was), is: None })
    });
    all.extend(gone);
    all
}

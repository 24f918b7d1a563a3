//! Blocks of pairs: in the order in which they count, and without pairs that never did.

use std::collections::BTreeMap;

use super::all;
use crate::element::Element;
use crate::tree::{Document, NodeId};

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "cluster_property_set" | "instance_attributes" | "meta_attributes" | "utilization"
    )
}

/// Blocks come after everything else in their element, the highest score first.
pub(super) fn sort(document: &mut Document) {
    let parents = all(document, |at| at.children().any(|child| is_block(child.name())));
    for parent in parents {
        let mut blocks: Vec<(i64, NodeId)> = document
            .element(parent)
            .children()
            .filter(|child| is_block(child.name()))
            .map(|block| (rank(block), block.id()))
            .collect();
        blocks.sort_by_key(|(rank, _)| -rank);
        for (_, block) in blocks {
            document.relocate(block, parent, None);
        }
    }
}

fn rank(block: Element<'_>) -> i64 {
    const INFINITY: i64 = 1_000_000;
    if block.is("cluster_property_set") && block.attr("id") == Some("cib-bootstrap-options") {
        return i64::MAX;
    }
    match block.attr("score").map(str::trim) {
        None => 0,
        Some("INFINITY" | "+INFINITY") => i64::MAX - 1,
        Some("-INFINITY") => i64::MIN + 1,
        Some(text) => text.parse().unwrap_or(if text.starts_with('-') { -INFINITY } else { 0 }),
    }
}

pub(super) fn drop_pairs_without_value(document: &mut Document) {
    let empty = |at: Element<'_>| {
        at.is("nvpair") && at.attr("value").is_none() && at.attr("id-ref").is_none()
    };
    for pair in all(document, empty) {
        document.remove(pair);
    }
}

/// In one block the first pair of a name counts, and `#default` takes back what came before it.
pub(super) fn drop_repeated_pairs(document: &mut Document) {
    let parents = all(document, |at| at.child("nvpair").is_some());
    for parent in parents {
        let mut by_name: BTreeMap<&str, Vec<Element<'_>>> = BTreeMap::new();
        for pair in document.element(parent).children_named("nvpair") {
            if let Some(name) = pair.attr("name") {
                by_name.entry(name).or_default().push(pair);
            }
        }
        let gone: Vec<NodeId> = by_name.into_values().flat_map(without_effect).collect();
        gone.into_iter().for_each(|pair| document.remove(pair));
    }
}

/// Of pairs with one name, those that change nothing.
fn without_effect(pairs: Vec<Element<'_>>) -> Vec<NodeId> {
    let takes_back = |pair: &Element<'_>| pair.attr("value") == Some("#default");
    let last_reset = pairs.iter().rposition(takes_back);
    let last = pairs.len() - 1;
    let counts = |at: usize| match last_reset {
        Some(reset) if reset == last => at == reset,
        Some(reset) => at == reset + 1,
        None => at == 0,
    };
    let gone = |(at, pair): (usize, &Element<'_>)| (!counts(at)).then_some(pair.id());
    pairs.iter().enumerate().filter_map(gone).collect()
}

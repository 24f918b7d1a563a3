//! What operations said: `requires` belongs to the resource, and options given as if they were
//! the agent's parameters belong to the operation's meta attributes.

use super::{attr, block_without_rule, pairs_of};
use crate::element::Element;
use crate::tree::{Document, NodeId};

/// Options of an operation that some wrote among the agent's parameters.
const OPTIONS: [&str; 7] =
    ["interval-origin", "start-delay", "enabled", "on-fail", "record-pending", "role", "timeout"];

pub(super) fn migrate(document: &mut Document, resource: NodeId) {
    let operations: Vec<NodeId> = document
        .element(resource)
        .children_named("operations")
        .flat_map(Element::children)
        .filter(|at| at.is("op"))
        .map(Element::id)
        .collect();
    let mut known = document
        .element(resource)
        .children_named("meta_attributes")
        .filter(|block| block.child("rule").is_none())
        .flat_map(Element::children)
        .any(|pair| pair.attr("name") == Some("requires"));
    // The last operation that says it wins: the attribute first, then meta attributes, then what
    // stands among the parameters.
    for operation in operations.iter().rev() {
        known |= lift_attribute(document, resource, *operation, known);
    }
    for (block, rest) in [("meta_attributes", false), ("instance_attributes", true)] {
        for operation in operations.iter().rev() {
            let blocks = blocks_of(document, *operation, block);
            for block in blocks.into_iter().rev() {
                known |= lift_pairs(document, resource, *operation, block, known);
                if rest {
                    move_options(document, *operation, block);
                }
                if document.element(block).children().next().is_none() {
                    document.remove(block);
                }
            }
        }
    }
}

fn blocks_of(document: &Document, operation: NodeId, name: &str) -> Vec<NodeId> {
    document.element(operation).children().filter(|at| at.is(name)).map(Element::id).collect()
}

/// Only starting and promoting ever asked for it.
fn counts(document: &Document, operation: NodeId) -> bool {
    matches!(document.element(operation).attr("name"), Some("start" | "promote"))
}

fn lift_attribute(
    document: &mut Document,
    resource: NodeId,
    operation: NodeId,
    known: bool,
) -> bool {
    let Some(value) = attr(document, operation, "requires") else { return false };
    document.unset(operation, "requires");
    if known || !counts(document, operation) {
        return false;
    }
    let of = |at| attr(document, at, "id").unwrap_or_default();
    let (resource_id, operation_id) = (of(resource), of(operation));
    let block = document.append(resource, "meta_attributes");
    document.set(block, "id", &format!("_2TO3_{resource_id}-meta"));
    let pair = document.append(block, "nvpair");
    document.set(pair, "id", &format!("_2TO3_{operation_id}-meta-requires"));
    document.set(pair, "name", "requires");
    document.set(pair, "value", &value);
    true
}

fn lift_pairs(
    document: &mut Document,
    resource: NodeId,
    operation: NodeId,
    block: NodeId,
    known: bool,
) -> bool {
    let pairs = pairs_of(document, block);
    let mut lifted = false;
    for pair in pairs.into_iter().rev() {
        if document.element(pair).attr("name") != Some("requires") {
            continue;
        }
        if known || lifted || !counts(document, operation) {
            document.remove(pair);
            continue;
        }
        let old = attr(document, block, "id").unwrap_or_default();
        let rule = document.element(block).child("rule").and_then(|rule| rule.attr("id"));
        let rule = rule.map(str::to_owned);
        let score = attr(document, block, "score");
        let made = document.append(resource, "meta_attributes");
        document.set(made, "id", &format!("_2TO3_{old}"));
        if let Some(score) = score {
            document.set(made, "score", &score);
        }
        if let Some(rule) = rule {
            let reference = document.append(made, "rule");
            document.set(reference, "id-ref", &rule);
        }
        document.relocate(pair, made, None);
        lifted = true;
    }
    lifted
}

fn move_options(document: &mut Document, operation: NodeId, block: NodeId) {
    let pairs: Vec<NodeId> = pairs_of(document, block)
        .into_iter()
        .filter(|pair| {
            document.element(*pair).attr("name").is_some_and(|name| OPTIONS.contains(&name))
        })
        .collect();
    if pairs.is_empty() {
        return;
    }
    let id = attr(document, block, "id").unwrap_or_default();
    let operation_id = attr(document, operation, "id").unwrap_or_default();
    let rule = document.element(block).child("rule").map(Element::id);
    let target = match rule {
        None => block_without_rule(document, operation, &format!("_2TO3_{operation_id}-meta")),
        Some(rule) => {
            let made = document.append(operation, "meta_attributes");
            document.set(made, "id", &format!("_2TO3_{id}"));
            let rule_id = attr(document, rule, "id").unwrap_or_default();
            let reference = document.append(made, "rule");
            document.set(reference, "id-ref", &rule_id);
            made
        }
    };
    for pair in pairs {
        document.relocate(pair, target, None);
    }
}

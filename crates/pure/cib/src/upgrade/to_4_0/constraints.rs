//! Location constraints with one rule each, and no more lifetimes.

use super::references::Originals;
use super::{PREFIX, all, attr, make};
use crate::element::Element;
use crate::sections::Section;
use crate::tree::{Document, NodeId};

/// A constraint with several rules becomes several, with one rule each.
pub(super) fn split_locations(document: &mut Document) {
    let several = |at: Element<'_>| at.is("rsc_location") && at.children_named("rule").count() > 1;
    for location in all(document, several) {
        let id = attr(document, location, "id").unwrap_or_default();
        let rules: Vec<NodeId> =
            document.element(location).children_named("rule").map(Element::id).collect();
        let new_ids: Vec<String> =
            (1..=rules.len()).map(|number| format!("{PREFIX}{id}-{number}")).collect();
        let source = document.clone();
        for (rule, new_id) in rules.iter().zip(&new_ids).skip(1) {
            let copy = document.insert_copy_before(location, source.element(location));
            document.set(copy, "id", new_id);
            // The copy keeps everything but the rules; its own moves over, as it is, and stands
            // between the sets and the lifetime.
            let copied: Vec<NodeId> =
                document.element(copy).children_named("rule").map(Element::id).collect();
            copied.into_iter().for_each(|rule| document.remove(rule));
            let lifetime = document.element(copy).child("lifetime").map(Element::id);
            document.relocate(*rule, copy, lifetime);
        }
        document.set(location, "id", new_ids.first().map_or("", String::as_str));
        put_first(document, location, new_ids.len());
        permit_all(document, &id, &new_ids);
    }
}

/// The copies were put before the original, which holds the first rule: it goes before them.
fn put_first(document: &mut Document, location: NodeId, count: usize) {
    let Some(parent) = document.element(location).parent() else { return };
    let siblings: Vec<NodeId> = parent.children().map(Element::id).collect();
    let parent = parent.id();
    let at = siblings.iter().position(|sibling| *sibling == location).unwrap_or(0);
    let first = siblings.get((at + 1).saturating_sub(count)).copied();
    if first != Some(location) {
        document.relocate(location, parent, first);
    }
}

/// Permissions on the constraint hold for all that it became.
fn permit_all(document: &mut Document, old: &str, new: &[String]) {
    let on_it = |at: Element<'_>| at.is("acl_permission") && at.attr("reference") == Some(old);
    for permission in all(document, on_it) {
        let each: Vec<String> = new.iter().map(|id| format!("@id = '{id}'")).collect();
        document.unset(permission, "reference");
        document.set(permission, "xpath", &format!("//*[{}]", each.join(" or ")));
    }
}

/// Nodes that were only there to be pinged are members now: nothing may run there.
pub(super) fn ban_all(document: &mut Document, nodes: &[String]) {
    for node in nodes {
        let parent = document.section_or_new(Section::Constraints);
        let id = format!("{PREFIX}ping-node-ban-{node}");
        let ban = make(document, parent, "rsc_location", &id);
        document.set(ban, "rsc-pattern", ".*");
        document.set(ban, "node", node);
        document.set(ban, "score", "-INFINITY");
        document.set(ban, "resource-discovery", "never");
    }
}

/// A location's lifetime becomes part of its rule; others are dropped.
pub(super) fn end_lifetimes(
    document: &mut Document,
    originals: Originals,
    dropped: &mut Vec<String>,
) {
    let live = rules_used_elsewhere(document, originals);
    if !live.is_empty() {
        keep_rules(document, &live);
    }
    let ends = |at: Element<'_>| {
        at.is("lifetime") && super::parent_is(at, &["rsc_colocation", "rsc_order"])
    };
    for lifetime in all(document, ends) {
        let constraint = document.element(lifetime).parent();
        let id = constraint.and_then(|at| at.attr("id")).unwrap_or_default().to_owned();
        dropped.push(format!("the lifetime of the constraint {id}: it holds always now"));
        document.remove(lifetime);
    }
    for location in all(document, |at| at.is("rsc_location") && at.child("lifetime").is_some()) {
        fold_lifetime(document, location);
    }
}

/// Rules defined in lifetimes that end, and used elsewhere by reference.
fn rules_used_elsewhere(document: &Document, originals: Originals) -> Vec<NodeId> {
    let ending = |rule: Element<'_>| {
        std::iter::successors(rule.parent(), |at| at.parent())
            .any(|at| at.is("lifetime") && super::parent_is(at, &["rsc_colocation", "rsc_order"]))
    };
    let rules: Vec<Element<'_>> =
        document.root().descendants().filter(|at| at.is("rule")).collect();
    let (going, staying): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| ending(*rule));
    going
        .into_iter()
        .filter(|rule| originals.has(rule.id()) && super::parent_is(*rule, &["lifetime"]))
        .filter(|rule| staying.iter().any(|other| other.attr("id") == rule.attr("id")))
        .map(Element::id)
        .collect()
}

/// Rules need a place: a constraint on no resource.
fn keep_rules(document: &mut Document, rules: &[NodeId]) {
    let parent = document.section_or_new(Section::Constraints);
    let id = format!("{PREFIX}coloc-order-lifetime-rules");
    let location = make(document, parent, "rsc_location", &id);
    // Nothing comes before the beginning.
    document.set(location, "rsc-pattern", "a^");
    let holder = make(document, location, "rule", &format!("{id}-rule"));
    document.set(holder, "score", "-INFINITY");
    for rule in rules {
        document.relocate(*rule, holder, None);
    }
}

fn fold_lifetime(document: &mut Document, location: NodeId) {
    let id = attr(document, location, "id").unwrap_or_default();
    let Some(lifetime) = document.element(location).child("lifetime") else { return };
    let (lifetime, lives): (NodeId, Vec<NodeId>) =
        (lifetime.id(), lifetime.children_named("rule").map(Element::id).collect());
    let own = document.element(location).child("rule").map(Element::id);
    let both = make(document, location, "rule", &format!("{PREFIX}{id}-lifetime-and-rule"));
    document.set(both, "boolean-op", "and");
    match own {
        Some(own) => document.relocate(own, both, None),
        None => rule_of_node(document, location, both, &id),
    }
    document.unset(location, "node");
    document.unset(location, "score");
    let mut target = both;
    if lives.len() > 1 {
        target = make(document, both, "rule", &format!("{PREFIX}{id}-lifetime-or-rule"));
        document.set(target, "boolean-op", "or");
    }
    for rule in lives {
        document.relocate(rule, target, None);
    }
    document.remove(lifetime);
}

/// The rule that says what the constraint's `node` and `score` did.
fn rule_of_node(document: &mut Document, location: NodeId, parent: NodeId, id: &str) {
    let rule_id = format!("{PREFIX}{id}-node-score-rule");
    let rule = make(document, parent, "rule", &rule_id);
    if let Some(score) = attr(document, location, "score") {
        document.set(rule, "score", &score);
    }
    let expression = make(document, rule, "expression", &format!("{rule_id}-expr"));
    document.set(expression, "attribute", "#uname");
    document.set(expression, "operation", "eq");
    let node = attr(document, location, "node").unwrap_or_default();
    document.set(expression, "value", &node);
}

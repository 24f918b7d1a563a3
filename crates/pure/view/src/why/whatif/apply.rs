//! Making a change to a copy of the document.

use cib::{Document, Element, NodeId, Section};
use transition::record::{Lifetime, NodeRef, cleanup, node_state, remove_observed, set_attribute};

use super::change::{Change, Number};

/// Makes the change, a number's with `value`; `false` if there is nothing to change.
pub(super) fn apply(document: &mut Document, change: &Change, value: i32) -> bool {
    match change {
        Change::Enable { resource } => enable(document, resource),
        Change::Cleanup { resource: _, history_name, node } => {
            cleanup(document, history_name, Some(node));
            true
        }
        Change::Grant { ticket } => grant(document, ticket),
        Change::EndStandby { node } => unset_of_node(document, node, |name| name == "standby"),
        Change::EndMaintenance { node } => {
            unset_of_node(document, node, |name| name == "maintenance")
        }
        Change::NodeBack { node } => node_back(document, node),
        Change::Healthy { node } => {
            unset_of_node(document, node, |name| name.starts_with("#health"))
        }
        Change::Quorum => {
            let root = document.root().id();
            document.set(root, "have-quorum", "1");
            true
        }
        Change::UnsetOption { name } => {
            let section = document.section(Section::CrmConfig).map(Element::id);
            section.is_some_and(|section| remove_pairs(document, section, |found| found == *name))
        }
        Change::Manage { resource } => {
            set_meta(document, resource, "is-managed", "true")
                && set_meta(document, resource, "maintenance", "false")
        }
        Change::FenceDevice => {
            let resources = document.section_or_new(Section::Resources);
            let device = document.append(resources, "primitive");
            document.set(device, "id", "what-if-fence-device");
            document.set(device, "class", "stonith");
            document.set(device, "type", "fence_any");
            true
        }
        Change::Without { constraint, kind: _ } => remove_constraint(document, constraint),
        Change::Number { what, was: _ } => apply_number(document, what, value),
    }
}

fn apply_number(document: &mut Document, what: &Number, value: i32) -> bool {
    let text = model::Score::new(i64::from(value)).to_string();
    match what {
        Number::Location { constraint, rises: _ } => {
            let scored = document.find_id(constraint).and_then(where_scored).map(Element::id);
            let Some(scored) = scored else { return false };
            document.set(scored, "score", &text);
            true
        }
        Number::NewLocation { resource, node, promoted } => {
            let constraints = document.section_or_new(Section::Constraints);
            let made = document.append(constraints, "rsc_location");
            document.set(made, "id", "what-if-location");
            document.set(made, "rsc", resource);
            if *promoted {
                document.set(made, "role", "Promoted");
            }
            document.set(made, "node", node);
            document.set(made, "score", &text);
            true
        }
        Number::Stickiness { resource } => {
            set_meta(document, resource, "resource-stickiness", &text)
        }
        Number::PromotionScore { resource: _, history_name, node } => {
            let Some(id) = node_id(document, node) else { return false };
            let of = NodeRef { id: &id, name: node };
            let name = format!("master-{history_name}");
            set_attribute(document, &of, Lifetime::Passing, &name, Some(&text));
            true
        }
        Number::Capacity { node, name } => {
            let found = configured_node(document, node).map(Element::id);
            found.is_some_and(|at| set_pair(document, at, "utilization", (name, value)))
        }
        Number::Demand { resource, name } => {
            let found = resource_element(document, resource).map(Element::id);
            found.is_some_and(|at| set_pair(document, at, "utilization", (name, value)))
        }
        Number::Limit { resource, name } => set_limit(document, resource, name, value),
    }
}

/// The element that has a location constraint's only score: itself, or its only rule.
pub(super) fn where_scored(constraint: Element<'_>) -> Option<Element<'_>> {
    if constraint.attr("score").is_some() && constraint.attr("node").is_some() {
        return Some(constraint);
    }
    let mut rules = constraint.children_named("rule");
    let rule = rules.next().filter(|rule| rule.attr("score").is_some())?;
    rules.next().is_none().then_some(rule)
}

/// The configured resource of that id.
pub(super) fn resource_element<'d>(document: &'d Document, id: &str) -> Option<Element<'d>> {
    let all = document.section(Section::Resources)?.descendants();
    let is_it = |at: &Element<'_>| at.attr("id") == Some(id);
    all.filter(|at| super::candidates::is_resource(*at)).find(is_it)
}

fn enable(document: &mut Document, resource: &str) -> bool {
    let Some(found) = resource_element(document, resource) else { return false };
    let around = std::iter::successors(Some(found), |at| at.parent());
    let around: Vec<NodeId> =
        around.take_while(|at| super::candidates::is_resource(*at)).map(Element::id).collect();
    let mut removed = false;
    for at in around {
        let metas: Vec<NodeId> =
            document.element(at).children_named("meta_attributes").map(Element::id).collect();
        for meta in metas {
            removed |= remove_pairs(document, meta, |name| name == "target-role");
        }
    }
    // What a template or the defaults say is overruled.
    removed || set_meta(document, resource, "target-role", "Started")
}

fn grant(document: &mut Document, ticket: &str) -> bool {
    let status = document.section_or_new(Section::Status);
    let tickets = child_made(document, status, "tickets");
    let known = document.element(tickets).children().find(|at| at.attr("id") == Some(ticket));
    let known = known.map(Element::id);
    let state = known.unwrap_or_else(|| document.append(tickets, "ticket_state"));
    document.set(state, "id", ticket);
    document.set(state, "granted", "true");
    document.set(state, "standby", "false");
    true
}

fn node_back(document: &mut Document, node: &str) -> bool {
    let Some(id) = node_id(document, node) else { return false };
    let state = node_state(document, &NodeRef { id: &id, name: node });
    remove_observed(document, state);
    for (name, value) in
        [("in_ccm", "true"), ("crmd", "online"), ("join", "member"), ("expected", "member")]
    {
        document.set(state, name, value);
    }
    true
}

fn remove_constraint(document: &mut Document, constraint: &str) -> bool {
    let Some(mut found) = document.find_id(constraint) else { return false };
    // A set goes with the constraint that it is in.
    while let Some(parent) = found.parent().filter(|parent| !parent.is("constraints")) {
        if !parent.name().starts_with("rsc_") {
            return false;
        }
        found = parent;
    }
    let id = found.id();
    document.remove(id);
    true
}

/// Sets a meta attribute of a resource and of all primitives in it, whatever they say themselves.
fn set_meta(document: &mut Document, resource: &str, name: &str, value: &str) -> bool {
    let Some(found) = resource_element(document, resource) else { return false };
    let all = found.descendants().filter(|at| super::candidates::is_resource(*at));
    let all: Vec<NodeId> = all.map(Element::id).collect();
    for at in all {
        let id = document.element(at).attr("id").unwrap_or_default().to_owned();
        let set = document.append(at, "meta_attributes");
        document.set(set, "id", &format!("what-if-{id}-{name}"));
        document.set(set, "score", "INFINITY");
        let metas: Vec<NodeId> =
            document.element(at).children_named("meta_attributes").map(Element::id).collect();
        for meta in metas {
            remove_pairs(document, meta, |found| found == name);
        }
        let pair = document.append(set, "nvpair");
        document.set(pair, "id", &format!("what-if-{id}-{name}-pair"));
        document.set(pair, "name", name);
        document.set(pair, "value", value);
    }
    true
}

fn set_limit(document: &mut Document, resource: &str, name: &str, value: i32) -> bool {
    let Some(found) = resource_element(document, resource) else { return false };
    if !found.is("bundle") {
        let id = found.id();
        let old = match name {
            "promoted-max" => "master-max",
            "promoted-node-max" => "master-node-max",
            other => other,
        };
        let metas: Vec<NodeId> = found.children_named("meta_attributes").map(Element::id).collect();
        for meta in metas {
            remove_pairs(document, meta, |found| found == name || found == old);
        }
        return set_pair(document, id, "meta_attributes", (name, value));
    }
    let container = found.children().find(|at| at.is("docker") || at.is("podman") || at.is("rkt"));
    let Some(container) = container.map(Element::id) else { return false };
    document.unset(container, "masters");
    document.set(container, name, &value.to_string());
    true
}

/// Sets a pair in a set of `at`, which is made if it is not there.
fn set_pair(document: &mut Document, at: NodeId, set: &str, (name, value): (&str, i32)) -> bool {
    let id = document.element(at).attr("id").unwrap_or_default().to_owned();
    let sets: Vec<NodeId> = document.element(at).children_named(set).map(Element::id).collect();
    for set in &sets {
        remove_pairs(document, *set, |found| found == name);
    }
    let made = sets.first().copied().unwrap_or_else(|| {
        let made = document.append(at, set);
        document.set(made, "id", &format!("what-if-{id}-{set}"));
        made
    });
    let pair = document.append(made, "nvpair");
    document.set(pair, "id", &format!("what-if-{id}-{name}"));
    document.set(pair, "name", name);
    document.set(pair, "value", &value.to_string());
    true
}

/// Removes a node's attributes, kept and passing, whose names fit; `false` if none did.
fn unset_of_node(document: &mut Document, node: &str, fits: impl Fn(&str) -> bool) -> bool {
    let configured = document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let seen = document.section(Section::Status).into_iter().flat_map(Element::children);
    let is_it = |at: &Element<'_>| {
        at.attr("uname") == Some(node) || (at.is("node_state") && at.attr("id") == Some(node))
    };
    let mut homes: Vec<NodeId> = configured.filter(is_it).map(Element::id).collect();
    let passing = seen.filter(is_it).filter_map(|state| state.child("transient_attributes"));
    homes.extend(passing.map(Element::id));
    let mut removed = false;
    for home in homes {
        removed |= remove_pairs(document, home, &fits);
    }
    removed
}

/// Removes the pairs anywhere below `at` whose names fit; `false` if none did.
fn remove_pairs(document: &mut Document, at: NodeId, fits: impl Fn(&str) -> bool) -> bool {
    let fits = |pair: &Element<'_>| pair.is("nvpair") && pair.attr("name").is_some_and(&fits);
    let doomed: Vec<NodeId> =
        document.element(at).descendants().filter(fits).map(Element::id).collect();
    for pair in &doomed {
        document.remove(*pair);
    }
    !doomed.is_empty()
}

fn configured_node<'d>(document: &'d Document, name: &str) -> Option<Element<'d>> {
    let mut nodes = document.section(Section::Nodes)?.children();
    nodes.find(|node| node.attr("uname") == Some(name))
}

/// Remote and guest nodes are known by their names.
fn node_id(document: &Document, name: &str) -> Option<String> {
    let configured = configured_node(document, name).and_then(|node| node.attr("id"));
    let states = || document.section(Section::Status).into_iter().flat_map(Element::children);
    let seen = || states().find(|state| state.attr("uname") == Some(name))?.attr("id");
    configured.or_else(seen).map(str::to_owned)
}

fn child_made(document: &mut Document, parent: NodeId, name: &str) -> NodeId {
    let found = document.element(parent).child(name).map(Element::id);
    found.unwrap_or_else(|| document.append(parent, name))
}

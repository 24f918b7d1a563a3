//! Where in the status section a node's and a resource's record stands; made where it is missing.

use cib::{Document, Element, NodeId};
use model::AgentRef;

/// A node as the status section names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRef<'a> {
    /// The node's id in the document; for remote and guest nodes their name.
    pub id: &'a str,
    pub name: &'a str,
}

/// Whether the node has a `node_state` under its name.
pub(crate) fn has_state(document: &Document, node: &NodeRef<'_>) -> bool {
    let status = document.root().child("status");
    let mut states = status.into_iter().flat_map(|status| status.children_named("node_state"));
    states.any(|state| state.attr("uname") == Some(node.name))
}

/// The node's `node_state`, found by name, else by id, else made.
pub fn node_state(document: &mut Document, node: &NodeRef<'_>) -> NodeId {
    let status = child_made(document, document.root().id(), "status");
    let states = || document.element(status).children_named("node_state");
    let by_name = states().find(|state| state.attr("uname") == Some(node.name));
    if let Some(found) = by_name.map(Element::id) {
        return found;
    }
    let by_id = states().find(|state| state.attr("id") == Some(node.id));
    if let Some(found) = by_id.map(Element::id) {
        document.set(found, "uname", node.name);
        return found;
    }
    let made = document.append(status, "node_state");
    document.set(made, "id", node.id);
    document.set(made, "uname", node.name);
    made
}

/// The resource's history below a `node_state`, made if it is not there.
pub fn resource_history(
    document: &mut Document,
    state: NodeId,
    resource: &str,
    agent: &AgentRef,
) -> NodeId {
    let found = find_history(document, state, resource);
    found.unwrap_or_else(|| new_history(document, state, resource, agent))
}

/// A history of a resource that has none below that `node_state`.
pub(crate) fn new_history(
    document: &mut Document,
    state: NodeId,
    resource: &str,
    agent: &AgentRef,
) -> NodeId {
    let node_id = document.element(state).attr("id").unwrap_or_default().to_owned();
    let lrm = child_made(document, state, "lrm");
    if document.element(lrm).attr("id").is_none() {
        document.set(lrm, "id", &node_id);
    }
    let container = child_made(document, lrm, "lrm_resources");
    let made = document.append(container, "lrm_resource");
    document.set(made, "id", resource);
    document.set(made, "class", &agent.standard);
    if let Some(provider) = &agent.provider {
        document.set(made, "provider", provider);
    }
    document.set(made, "type", &agent.kind);
    made
}

/// The resource's history below a `node_state`, if there is one; the first, if there are several.
pub(crate) fn find_history(document: &Document, state: NodeId, resource: &str) -> Option<NodeId> {
    let id = document.name("id")?;
    document
        .element(state)
        .path(&["lrm", "lrm_resources"])?
        .children_named("lrm_resource")
        .find(|history| history.attr_named(id) == Some(resource))
        .map(Element::id)
}

/// A broken document may have a resource's history more than once. Copies the entries of the later
/// ones into the first, which is the one that counts from then on; `false` if there was one at
/// most.
pub(crate) fn merge_repeated(document: &mut Document, state: NodeId, resource: &str) -> bool {
    let Some(container) = document.element(state).path(&["lrm", "lrm_resources"]) else {
        return false;
    };
    let Some(id) = document.name("id") else { return false };
    let named = |history: &Element<'_>| history.attr_named(id) == Some(resource);
    let all: Vec<NodeId> =
        container.children_named("lrm_resource").filter(named).map(Element::id).collect();
    let [first, later @ ..] = all.as_slice() else { return false };
    for history in later {
        let entries: Vec<NodeId> = document.element(*history).children().map(Element::id).collect();
        for entry in entries {
            merge_entry(document, *first, entry);
        }
    }
    !later.is_empty()
}

fn merge_entry(document: &mut Document, history: NodeId, entry: NodeId) {
    let id = document.element(entry).attr("id");
    let known = document.element(history).children().find(|other| other.attr("id") == id);
    let target = known.map(Element::id);
    let target = target.unwrap_or_else(|| document.append(history, "lrm_rsc_op"));
    let attributes: Vec<(String, String)> = document
        .element(entry)
        .attrs()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in attributes {
        document.set(target, &name, &value);
    }
}

/// Removes all that is recorded of a resource on a node: it was cleaned up or deleted there.
pub fn forget_resource(document: &mut Document, node: &NodeRef<'_>, resource: &str) {
    let state = node_state(document, node);
    if let Some(history) = find_history(document, state, resource) {
        document.remove(history);
    }
}

/// Removes what a node said of itself, its history and passing attributes: it is known to be off,
/// so none of it holds any more. Answers how many elements that were.
pub fn remove_observed(document: &mut Document, state: NodeId) -> u32 {
    remove_children(document, state, "lrm") + remove_passing(document, state)
}

/// Removes a node's passing attributes: it left. Answers how many elements that were.
pub(crate) fn remove_passing(document: &mut Document, state: NodeId) -> u32 {
    remove_children(document, state, "transient_attributes")
}

fn remove_children(document: &mut Document, parent: NodeId, name: &str) -> u32 {
    let mut removed = 0;
    while let Some(child) = document.element(parent).child(name).map(Element::id) {
        document.remove(child);
        removed += 1;
    }
    removed
}

/// The child called `name`, made as the last one if it is not there.
pub(crate) fn child_made(document: &mut Document, parent: NodeId, name: &str) -> NodeId {
    let found = document.element(parent).child(name).map(Element::id);
    found.unwrap_or_else(|| document.append(parent, name))
}

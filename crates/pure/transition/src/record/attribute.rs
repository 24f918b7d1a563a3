//! Named values of a node: passing ones in the status section, kept ones in the configuration.

use cib::{Document, Element, NodeId};

use super::place::{NodeRef, child_made, node_state};

/// How long a node's attribute lasts. Field words: Pacemaker *transient*, *permanent*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until the node leaves the cluster.
    Passing,
    /// The same, of a capacity. Field word: *utilization*.
    PassingCapacity,
    /// Until it is changed.
    Kept,
}

/// Sets or removes a node's attribute. A kept one needs the node in the configuration.
pub fn set_attribute(
    document: &mut Document,
    node: &NodeRef<'_>,
    lifetime: Lifetime,
    name: &str,
    value: Option<&str>,
) {
    let set = match lifetime {
        Lifetime::Passing => {
            let state = node_state(document, node);
            transient_set(document, state)
        }
        Lifetime::PassingCapacity => {
            let state = node_state(document, node);
            let id = format!("status-{}-utilization", node.id);
            set_of(document, state, "utilization", &id)
        }
        Lifetime::Kept => {
            let Some(nodes) = document.root().path(&["configuration", "nodes"]) else { return };
            let found = nodes.children_named("node").find(|each| each.attr("id") == Some(node.id));
            let Some(found) = found.map(Element::id) else { return };
            let set = child_made(document, found, "instance_attributes");
            name_set(document, set, &format!("nodes-{}", node.id));
            set
        }
    };
    match value {
        Some(value) => set_in(document, set, name, value),
        None => {
            if let Some(pair) = find_in(document, set, name) {
                document.remove(pair);
            }
        }
    }
}

/// The set that holds a node's passing attributes, made if it is not there.
pub(super) fn transient_set(document: &mut Document, state: NodeId) -> NodeId {
    let node_id = document.element(state).attr("id").unwrap_or_default();
    let set_id = format!("status-{node_id}");
    passing_set(document, state, &set_id)
}

/// The same; a new one gets the id `set_id`.
pub(crate) fn passing_set(document: &mut Document, state: NodeId, set_id: &str) -> NodeId {
    set_of(document, state, "instance_attributes", set_id)
}

fn set_of(document: &mut Document, state: NodeId, kind: &str, set_id: &str) -> NodeId {
    let node_id = document.element(state).attr("id").unwrap_or_default().to_owned();
    let attributes = child_made(document, state, "transient_attributes");
    name_set(document, attributes, &node_id);
    let set = child_made(document, attributes, kind);
    name_set(document, set, set_id);
    set
}

/// Sets a name's value in a set of attributes.
pub(super) fn set_in(document: &mut Document, set: NodeId, name: &str, value: &str) {
    if let Some(pair) = find_in(document, set, name) {
        document.set(pair, "value", value);
        return;
    }
    let id = pair_id(document, set, name);
    let pair = document.append(set, "nvpair");
    document.set(pair, "id", &id);
    document.set(pair, "name", name);
    document.set(pair, "value", value);
}

/// The id of a new pair.
pub(crate) fn pair_id(document: &Document, set: NodeId, name: &str) -> String {
    let set = document.element(set).attr("id").unwrap_or_default();
    id_of_words(&format!("{set}-{name}"))
}

/// Words as an id. Ids are XML names: what may not stand in one becomes a dot, or at the beginning
/// an underscore, as Pacemaker does.
pub fn id_of_words(words: &str) -> String {
    let may_stand = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let may_begin = |c: char| c.is_alphabetic() || matches!(c, '_' | ':');
    let fitted = words.char_indices().map(|(at, c)| match at {
        0 if may_begin(c) => c,
        0 => '_',
        _ if may_stand(c) => c,
        _ => '.',
    });
    fitted.collect()
}

fn find_in(document: &Document, set: NodeId, name: &str) -> Option<NodeId> {
    document
        .element(set)
        .children_named("nvpair")
        .find(|pair| pair.attr("name") == Some(name))
        .map(Element::id)
}

fn name_set(document: &mut Document, set: NodeId, id: &str) {
    if document.element(set).attr("id").is_none() {
        document.set(set, "id", id);
    }
}

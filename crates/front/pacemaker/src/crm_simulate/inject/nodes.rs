//! Nodes that come and go.

use cib::{Document, Element, NodeId};
use transition::record::{self, NodeRef, node_state};
use transition::rehearse::merge_as_written_back;

use super::edition::{edit, raise_by};
use super::{Made, child_made};
use crate::crm_simulate::Trouble;
use crate::crm_simulate::arguments::Injections;
use crate::exit::Exit;
use crate::shown::{Modification, NodeChanged};

/// Brings nodes up and down, or lets them fail.
pub(super) fn change<'i>(
    document: &mut Document,
    injections: &'i Injections,
    made: &mut Made<'i>,
) -> Result<(), Trouble> {
    let configure = injections.configure();
    for name in &injections.nodes_up {
        made.push(Modification::Node { change: NodeChanged::Up, node: name });
        let state = state_of(document, name, configure)?;
        write_state(document, state, &ONLINE);
    }
    for name in &injections.nodes_down {
        made.push(Modification::Node { change: NodeChanged::Down, node: name });
        let state = state_of(document, name, configure)?;
        write_state(document, state, &OFFLINE);
        let removed = record::remove_observed(document, state);
        raise_by(document, removed);
    }
    for name in &injections.nodes_failing {
        made.push(Modification::Node { change: NodeChanged::Failing, node: name });
        let state = state_of(document, name, configure)?;
        write_state(document, state, &FAILING);
    }
    Ok(())
}

const ONLINE: [(&str, &str); 5] = [
    ("in_ccm", "true"),
    ("crmd", "online"),
    ("join", "member"),
    ("expected", "member"),
    ("crm-debug-origin", "crm_simulate"),
];

const OFFLINE: [(&str, &str); 5] = [
    ("in_ccm", "false"),
    ("crmd", "offline"),
    ("join", "down"),
    ("expected", "down"),
    ("crm-debug-origin", "crm_simulate"),
];

const FAILING: [(&str, &str); 5] = [
    ("in_ccm", "false"),
    ("crmd", "online"),
    ("join", "member"),
    ("expected", "member"),
    ("crm-debug-origin", "crm_simulate"),
];

fn write_state(document: &mut Document, state: NodeId, pairs: &[(&str, &str)]) {
    edit(document, |document| {
        merge_as_written_back(document, state);
        set_all(document, state, pairs);
    });
}

fn set_all(document: &mut Document, element: NodeId, pairs: &[(&str, &str)]) {
    for (name, value) in pairs {
        document.set(element, name, value);
    }
}

/// The node's state, made if there is none; and with `configure` the node, too.
pub(super) fn state_of(
    document: &mut Document,
    name: &str,
    configure: bool,
) -> Result<NodeId, Trouble> {
    if configure {
        configure_node(document, name);
    }
    let id = match id_of(document, name) {
        Some(id) => id.to_owned(),
        None if has_state(document, name) => String::new(),
        None => {
            let words = format!("there is no node '{name}' (--node-up adds one)");
            return Err(Trouble::new(Exit::NoSuch, words));
        }
    };
    Ok(edit(document, |document| node_state(document, &NodeRef { id: &id, name })))
}

/// Adds a node to the configuration, unless it is there.
pub(in crate::crm_simulate) fn configure_node(document: &mut Document, name: &str) {
    if is_configured(document, name) {
        return;
    }
    edit(document, |document| {
        let root = document.root().id();
        let configuration = child_made(document, root, "configuration");
        let nodes = child_made(document, configuration, "nodes");
        let node = document.append(nodes, "node");
        set_all(document, node, &[("id", name), ("uname", name)]);
    });
}

fn is_configured(document: &Document, name: &str) -> bool {
    let configuration = document.root().child("configuration").into_iter();
    let mut nodes = configuration.flat_map(Element::descendants).filter(|node| node.is("node"));
    nodes.any(|node| node.attr("uname") == Some(name))
}

fn has_state(document: &Document, name: &str) -> bool {
    states(document).any(|state| state.attr("uname") == Some(name))
}

fn states(document: &Document) -> impl Iterator<Item = Element<'_>> {
    let status = document.root().child("status");
    status.into_iter().flat_map(|status| status.children_named("node_state"))
}

/// What the node goes by in the status section: a cluster node's id; remote and guest nodes go by
/// their names.
fn id_of<'d>(document: &'d Document, name: &str) -> Option<&'d str> {
    let same = |known: &str| known.eq_ignore_ascii_case(name);
    let configuration = document.root().child("configuration");
    let section = |name| configuration.and_then(|configuration| configuration.child(name));
    let members = section("nodes").into_iter().flat_map(|nodes| nodes.children_named("node"));
    let mut members = members.filter(|node| node.attr("uname").is_some_and(same));
    if let Some(member) = members.next() {
        let is_remote = member.attr("type").is_some_and(|kind| kind.eq_ignore_ascii_case("remote"));
        return member.attr(if is_remote { "uname" } else { "id" });
    }
    let resources = section("resources").into_iter();
    let mut primitives = resources.flat_map(|resources| resources.children_named("primitive"));
    let by_connection = primitives.find_map(|primitive| {
        let agent = ["class", "provider", "type"].map(|part| primitive.attr(part));
        let is_remote = agent == [Some("ocf"), Some("pacemaker"), Some("remote")];
        let own = primitive.attr("id").filter(|id| is_remote && same(id));
        own.or_else(|| guests(primitive).find(|guest| same(guest)))
    });
    let is_remote = |state: &Element<'_>| state.attr("remote_node") == Some("true");
    let mut remote = states(document).filter(is_remote);
    by_connection.or_else(|| {
        remote
            .find(|state| state.attr("id").is_some_and(same))
            .and_then(|state| state.attr("uname"))
    })
}

/// The guest nodes that a primitive is.
fn guests(primitive: Element<'_>) -> impl Iterator<Item = &str> {
    let sets = primitive.children_named("meta_attributes");
    let pairs = sets.flat_map(|set| set.children_named("nvpair"));
    let named = pairs.filter(|pair| pair.attr("name") == Some("remote-node"));
    named.filter_map(|pair| pair.attr("value"))
}

//! What the document would be right after a change: for plans that are shown before it is made.
//!
//! **Not here:** whether it would be permitted now, and what the cluster then does.

use cib::{Document, Element, NodeId, Section};
use transition::record::{self, Lifetime, NodeRef};
use wire::api::{Change, Refused};

use crate::{edits, tickets};

/// The document that `change` would leave, at `now` (seconds since 1970).
///
/// # Errors
/// What the cluster would say, too: an edit that makes no valid document, a node that there is not.
pub fn after(document: &Document, change: &Change, now: i64) -> Result<Document, Refused> {
    let mut after = document.clone();
    let change = &tickets::as_edits(document, change.clone(), now)?;
    match change {
        Change::Edit { edits } => {
            after = edits::apply(document, edits)?;
            put_back_members(document, &mut after);
        }
        // Of a value that waits, when it was written.
        Change::Attribute { node, name, value, manner } => {
            let id = node_id(document, node)?;
            let place = NodeRef { id: &id, name: node };
            if !manner.private {
                let value = value.as_deref();
                record::set_attribute(&mut after, &place, Lifetime::Passing, name, value);
            }
        }
        Change::Fence { node, action } => {
            node_id(document, node)?;
            if action != "on" {
                set_state(&mut after, node, &[("in_ccm", "false"), ("crmd", "offline")]);
            }
        }
        Change::ConfirmOff { node } => {
            node_id(document, node)?;
            let gone =
                [("in_ccm", "false"), ("crmd", "offline"), ("join", "down"), ("expected", "down")];
            if let Some(state) = set_state(&mut after, node, &gone) {
                record::remove_observed(&mut after, state);
            }
        }
        Change::Shutdown { node } => {
            let id = node_id(document, node)?;
            let place = NodeRef { id: &id, name: node };
            let now = now.to_string();
            record::set_attribute(&mut after, &place, Lifetime::Passing, "shutdown", Some(&now));
        }
        // What follows depends on what is found.
        Change::Cleanup { node, .. } => {
            if let Some(node) = node {
                node_id(document, node)?;
            }
        }
        Change::Fail { node, .. } => {
            node_id(document, node)?;
        }
        // Is edits by now.
        Change::Ticket { .. }
        | Change::FabricFile { .. }
        | Change::ForgetFencings { .. }
        | Change::AttributeDelay { .. }
        | Change::WriteAttributes
        | Change::WaitNoMore => {}
    }
    Ok(after)
}

fn node_id(document: &Document, name: &str) -> Result<String, Refused> {
    let nodes = || document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let states = || document.section(Section::Status).into_iter().flat_map(Element::children);
    let known = nodes().chain(states()).find(|node| node.attr("uname") == Some(name));
    let id = known.and_then(|node| node.attr("id")).map(str::to_owned);
    id.ok_or_else(|| Refused::UnknownNode { node: name.to_owned(), nearest: None })
}

/// Changes what the status section says of a node.
fn set_state(document: &mut Document, node: &str, values: &[(&str, &str)]) -> Option<NodeId> {
    let states = document.section(Section::Status).into_iter().flat_map(Element::children);
    let state = states.filter(|state| state.attr("uname") == Some(node)).map(Element::id).next()?;
    for (name, value) in values {
        document.set(state, name, value);
    }
    Some(state)
}

/// Members that an edit leaves out of the configuration are put back by the cluster.
fn put_back_members(before: &Document, after: &mut Document) {
    let is_member = |name: &str| {
        let states = before.section(Section::Status).into_iter().flat_map(Element::children);
        states
            .filter(|state| state.attr("uname") == Some(name))
            .any(|state| state.attr("in_ccm") == Some("true"))
    };
    for node in before.section(Section::Nodes).into_iter().flat_map(Element::children) {
        let Some(name) = node.attr("uname").filter(|name| is_member(name)) else { continue };
        let section = after.section_or_new(Section::Nodes);
        let is_missing = {
            let mut kept = after.element(section).children();
            !kept.any(|kept| kept.attr("uname") == Some(name) || kept.attr("id") == node.attr("id"))
        };
        if is_missing {
            let put_back = after.append(section, "node");
            for attribute in ["id", "uname"] {
                after.set(put_back, attribute, node.attr(attribute).unwrap_or_default());
            }
        }
    }
}

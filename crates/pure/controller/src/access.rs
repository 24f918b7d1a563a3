//! What the document lets its users do.
//!
//! Roles are replicated with the document, and a change says who made it, so every member permits or
//! refuses it alike.
//!
//! **Not here:** what roles mean ([`cib::acl`]), and who is at the other end of a socket.
//!
//! **Always:** for whom access control counts may do what a role allows, and nothing that no role can
//! speak of: fencing, going back, what happened in the past. A node may be stopped by who may write its
//! element in the configuration, which sends its resources away as well.

use cib::acl::{self, Access, User};
use cib::{Document, Element, Section};
use wire::api::{Caller, Change, Edit, Refused, Request};

use crate::Controller;

impl Controller {
    /// Whether this may be asked at all; what a change changes is looked at in its turn.
    pub(crate) fn may_ask(&self, caller: &Caller, request: &Request) -> bool {
        match request {
            Request::Document
            | Request::Change { .. }
            | Request::WaitIdle
            | Request::Describe { .. }
            | Request::Agents => true,
            Request::History { .. } | Request::Earlier | Request::Undo { .. } => {
                limited(&self.state.document, caller).is_none()
            }
        }
    }

    /// Whether access control hides nothing from them.
    pub(crate) fn sees_all(&self, caller: &Caller) -> bool {
        limited(&self.state.document, caller).is_none()
    }

    /// The document's text as far as they may see it.
    pub(crate) fn text_for(&self, caller: &Caller) -> Option<String> {
        let document = &self.state.document;
        match limited(document, caller) {
            None => Some(document.to_string()),
            Some(user) => Some(acl::readable(document, &user)?.to_string()),
        }
    }

    /// Refuses what they may not change.
    pub(crate) fn permit(&self, caller: &Caller, change: &Change) -> Result<(), Refused> {
        let before = &self.state.document;
        let Some(user) = limited(before, caller) else { return Ok(()) };
        let after = match change {
            Change::Edit { edits } if edits.iter().any(asks) => return Err(Refused::NotPermitted),
            Change::Edit { edits } => crate::edits::apply(before, edits)
                .map_err(|_reason| as_seen(before, edits, &user))?,
            Change::Attribute { node, name, value, manner: _ } => {
                let node = self.known(node)?;
                let mut state = self.state.clone();
                state.set_attribute(&node, name, value.as_deref());
                state.document
            }
            Change::Cleanup { resource, node } => {
                let mut state = self.state.clone();
                state.cleanup(resource.as_deref(), node.as_deref());
                state.document
            }
            Change::Fail { resource, node } => {
                let node = self.known(node)?;
                let mut state = self.state.clone();
                let _it_knows = state.fail(resource, &node, self.now.wall);
                state.document
            }
            Change::Shutdown { node } => return may_write_node(before, &user, node),
            // Is edits by now.
            Change::Ticket { .. }
            | Change::Fence { .. }
            | Change::ConfirmOff { .. }
            | Change::FabricFile { .. }
            | Change::AttributeDelay { .. }
            | Change::WriteAttributes
            | Change::ForgetFencings { .. }
            | Change::WaitNoMore => return Err(Refused::NotPermitted),
        };
        acl::check_change(before, &after, &user).map_err(|_denied| Refused::NotPermitted)
    }
}

/// Refuses to stop a node that they may not write.
fn may_write_node(document: &Document, user: &User, name: &str) -> Result<(), Refused> {
    let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let node = nodes.into_iter().find(|node| node.attr("uname") == Some(name));
    let access = acl::access(document, user);
    let may = node.is_some_and(|node| access(node) == Access::Writable);
    if may { Ok(()) } else { Err(Refused::NotPermitted) }
}

/// Why edits that do not apply are refused, told by what the user sees: the reason itself could name
/// what they do not.
fn as_seen(before: &Document, edits: &[Edit], user: &User) -> Refused {
    let Some(mut seen) = acl::readable(before, user) else { return Refused::NotPermitted };
    if seen.root().attr("validate-with").is_none() {
        // A part of a document breaks its schema.
        let root = seen.root().id();
        seen.set(root, "validate-with", "none");
    }
    crate::edits::apply(&seen, edits).err().unwrap_or(Refused::NotPermitted)
}

/// The caller, if access control counts for them.
fn limited(document: &Document, caller: &Caller) -> Option<User> {
    let user = User { name: caller.name.clone(), groups: caller.groups.clone()? };
    acl::is_limited(document, &user).then_some(user)
}

/// Whether what comes of an edit would tell what they may not see: an expression that goes by more than
/// names and ids, or a checksum of all.
fn asks(edit: &Edit) -> bool {
    match edit {
        Edit::Create { parent: xpath, .. } | Edit::Delete { xpath } => !goes_by_ids(xpath),
        Edit::Patch { xml } => {
            Document::parse(xml).is_ok_and(|patch| patch.root().attr("digest").is_some())
        }
        Edit::Replace { .. } | Edit::Modify { .. } => false,
    }
}

/// A path of names, each alone or with an id: `/cib/configuration//primitive[@id='db']`.
fn goes_by_ids(xpath: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || "/_-.*".contains(c);
    let mut parts = xpath.split('[');
    let is_path = |path: &str| path.chars().all(is_name);
    let with_id = |part: &str| {
        let Some((id, path)) = part.strip_prefix("@id=").and_then(|rest| rest.split_once(']'))
        else {
            return false;
        };
        let text = |quote| id.strip_prefix(quote)?.strip_suffix(quote);
        let is_text = |text: &str| !text.contains(['\'', '"']);
        text('\'').or(text('"')).is_some_and(is_text) && is_path(path)
    };
    parts.next().is_some_and(is_path) && parts.all(with_id)
}

//! What one call is about: the resource, the node, where the document is and where the answer goes.

use cib::Document;
use cib::edit::{self, Edit};
use scheduler::{NodeIx, ResIx, Resolved, Variant};

use super::Names;
use crate::exit::Exit;
use crate::home::{Found, Home};
use crate::output::Output;
use crate::status;
use crate::tool::{Call, Trouble, last};

/// What every command works with.
#[derive(Debug)]
pub(super) struct Task<'t, 'd> {
    pub(super) home: &'t Home,
    pub(super) resolved: &'t Resolved<'d>,
    pub(super) asked: Asked<'t>,
    pub(super) said: &'t mut Output,
}

impl Task<'_, '_> {
    /// A remark for who wants to hear more than the answer.
    pub(super) fn note(&mut self, words: &str) {
        if !self.asked.is_quiet() {
            self.said.note(words);
        }
    }

    /// The resource, or the collective one that it is a part of, if it is not to be taken alone.
    pub(super) fn whole(&self, at: ResIx) -> ResIx {
        if self.asked.is_forced() { at } else { self.resolved.top_of(at, false) }
    }

    /// The primitives of a resource, in order.
    pub(super) fn leaves(&self, at: ResIx) -> Vec<ResIx> {
        let children = &self.resolved.resource(at).children;
        if children.is_empty() {
            return vec![at];
        }
        children.iter().flat_map(|child| self.leaves(*child)).collect()
    }
}

/// What a call is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'c> {
    pub(super) call: &'c Call,
    /// The resource's id as it was given.
    pub(super) given: &'c str,
    pub(super) resource: Option<ResIx>,
    pub(super) node: Option<NodeIx>,
    /// It is about the promoted role alone.
    pub(super) promoted_only: bool,
}

impl<'c> Asked<'c> {
    pub(super) fn read(
        call: &'c Call,
        resolved: &Resolved<'_>,
        names: Names,
    ) -> Result<Self, Trouble> {
        let node = last(&call.given, &["node", "host-uname"]).map(|given| given.value.as_str());
        let node =
            match node {
                None => None,
                Some(name) => Some(find_node(resolved, name).ok_or_else(|| {
                    Trouble::new(Exit::NoSuch, format!("Node '{name}' not found"))
                })?),
            };
        let given = call.value("resource").unwrap_or_default();
        let promoted_only = call.has("promoted") || call.has("master");
        let mut asked = Self { call, given, resource: None, node, promoted_only };
        if call.has("resource") && !matches!(names, Names::Nothing | Names::Word) {
            asked.resource = Some(asked.find(resolved, names)?);
        }
        Ok(asked)
    }

    fn find(&self, resolved: &Resolved<'_>, names: Names) -> Result<ResIx, Trouble> {
        let given = self.given;
        let Some(at) = status::find(resolved, given) else {
            return Err(Trouble::new(Exit::NoSuch, format!("Resource '{given}' not found")));
        };
        let parent = resolved.resource(at).parent.map(|parent| resolved.resource(parent));
        let is_copy = parent.is_some_and(|parent| matches!(parent.variant, Variant::CloneSet(_)));
        if names == Names::OneWhole && is_copy && given.contains(':') {
            let words = format!("Cannot operate on clone resource instance '{given}'");
            return Err(Trouble::new(Exit::InvalidParameter, words));
        }
        Ok(at)
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.call.has("quiet")
    }

    pub(super) fn is_forced(&self) -> bool {
        self.call.has("force")
    }
}

fn find_node(resolved: &Resolved<'_>, name: &str) -> Option<NodeIx> {
    resolved.node_indices().find(|node| resolved.node(*node).name.eq_ignore_ascii_case(name))
}

/// Makes edits one after another; each counts as a change of its own, as Pacemaker makes them.
pub(super) fn change(home: &Home, edits: &[Vec<Edit>]) -> Result<(), Trouble> {
    home.change("Could not connect to the CIB: ", |found: &Found| {
        let mut document: Document = found.document.clone();
        for together in edits.iter().filter(|edits| !edits.is_empty()) {
            let before = document;
            document = edit::apply(&before, together).map_err(refused)?.document;
            let replaces = together.iter().any(|edit| matches!(edit, Edit::Replace { .. }));
            if matches!(home, Home::File(_)) && replaces && document.root().same_as(before.root()) {
                count(&mut document);
            }
        }
        Ok((document, ()))
    })
}

/// Compatibility: to put something in the place of the same is a change that counts.
fn count(document: &mut Document) {
    let root = document.root();
    let epoch: Option<u64> = root.attr("epoch").and_then(|epoch| epoch.parse().ok());
    let root = root.id();
    if let Some(epoch) = epoch {
        document.set(root, "epoch", &(epoch + 1).to_string());
        document.set(root, "num_updates", "0");
    }
}

fn refused(refused: edit::Refused) -> Trouble {
    let exit =
        if matches!(refused, edit::Refused::NotFound { .. }) { Exit::NoSuch } else { Exit::Config };
    Trouble::new(exit, refused.to_string())
}

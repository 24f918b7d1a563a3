//! Walks two documents side by side and holds each difference against the permissions.

use super::Act;
use super::marks::Marks;
use crate::element::Element;
use crate::patch::{Matched, match_children};
use crate::tree::{Document, Kind};

/// What the cluster itself writes on the root.
const OWN: [&str; 10] = [
    "admin_epoch",
    "epoch",
    "num_updates",
    "have-quorum",
    "dc-uuid",
    "execution-date",
    "cib-last-written",
    "update-origin",
    "update-client",
    "update-user",
];

type Failure = (Act, String);

pub(super) fn check(
    before: &Document,
    after: &Document,
    old: &Marks,
    new: &Marks,
) -> Result<(), Failure> {
    let walk = Walk { old, new };
    if before.root().name() != after.root().name() {
        return Err((Act::Remove, path_of(before.root())));
    }
    walk.element(before.root(), after.root())
}

struct Walk<'m> {
    old: &'m Marks,
    new: &'m Marks,
}

impl Walk<'_> {
    fn element(&self, before: Element<'_>, after: Element<'_>) -> Result<(), Failure> {
        let is_root = before.parent().is_none();
        let counts = |name: &str| !(is_root && OWN.contains(&name));
        let changed =
            before.attrs().any(|(name, value)| counts(name) && after.attr(name) != Some(value))
                || after.attrs().any(|(name, _)| counts(name) && before.attr(name).is_none());
        // A permission that goes by what an element says does not let them make it say something else.
        if changed && !(self.old.may_write(before) && self.new.may_write(after)) {
            return Err((Act::Change, path_of(before)));
        }
        self.children(before, after)
    }

    fn children(&self, before: Element<'_>, after: Element<'_>) -> Result<(), Failure> {
        let counted = |node: &Element<'_>| node.kind() != Kind::Text;
        let old: Vec<Element<'_>> = before.nodes().filter(counted).collect();
        let new: Vec<Element<'_>> = after.nodes().filter(counted).collect();
        let Matched { partner, moved } = match_children(&old, &new);
        for (at, node) in old.iter().enumerate() {
            if !partner.contains(&Some(at)) {
                self.removed(*node)?;
            }
        }
        if !moved.is_empty() && !self.old.may_write(before) {
            return Err((Act::Reorder, path_of(before)));
        }
        for (node, was) in new.iter().zip(&partner) {
            match was.and_then(|at| old.get(at)) {
                None => {
                    // Whoever may choose an id must not choose one that gives them a role.
                    if is_about_access(*node) && !self.old.may_write(before) {
                        return Err((Act::Create, path_of(*node)));
                    }
                    self.created(*node, after)?;
                }
                Some(was) if node.kind() == Kind::Element => self.element(*was, *node)?,
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Nothing inside may be denied either: it would go too.
    fn removed(&self, node: Element<'_>) -> Result<(), Failure> {
        let holder = if node.kind() == Kind::Element { Some(node) } else { node.parent() };
        let Some(holder) = holder else { return Ok(()) };
        if !self.old.may_write(holder) {
            return Err((Act::Remove, path_of(holder)));
        }
        let denied = node.descendants().find(|inner| !self.old.may_write(*inner));
        denied.map_or(Ok(()), |inner| Err((Act::Remove, path_of(inner))))
    }

    fn created(&self, node: Element<'_>, parent: Element<'_>) -> Result<(), Failure> {
        if node.kind() != Kind::Element {
            let allowed = self.new.may_write(parent);
            return if allowed { Ok(()) } else { Err((Act::Change, path_of(parent))) };
        }
        if !is_scaffolding(node) && !self.new.may_write(node) {
            return Err((Act::Create, path_of(node)));
        }
        node.nodes().try_for_each(|inner| self.created(inner, node))
    }
}

/// An element with no more than an id holds others and says nothing itself: it comes along,
/// except among the rules of access.
fn is_scaffolding(element: Element<'_>) -> bool {
    element.attrs().all(|(name, _)| name == "id") && !is_about_access(element)
}

/// Whether it is the rules of access, or in them.
fn is_about_access(node: Element<'_>) -> bool {
    std::iter::successors(Some(node), |at| at.parent()).any(|at| at.is("acls"))
}

/// The way to an element, for messages.
fn path_of(element: Element<'_>) -> String {
    let mut steps: Vec<String> = std::iter::successors(Some(element), |at| at.parent())
        .map(|at| match at.attr("id") {
            Some(id) => format!("/{}[@id='{id}']", at.name()),
            None => format!("/{}", at.name()),
        })
        .collect();
    steps.reverse();
    steps.concat()
}

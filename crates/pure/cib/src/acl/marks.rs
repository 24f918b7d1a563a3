//! Which elements a user's permissions speak of.

use super::User;
use crate::element::Element;
use crate::sections::Section;
use crate::tree::Document;
use crate::xpath::{Value, XPath};

/// Permissions by node, as they stand on the very elements that were selected.
pub(super) struct Marks(Vec<u8>);

const READ: u8 = 1;
const WRITE: u8 = 2;
const DENY: u8 = 4;

impl Marks {
    /// The permissions that `roles` gives a user, on the elements of `document`.
    pub(super) fn of(roles: &Document, document: &Document, user: &User) -> Self {
        let mut marks = Self(vec![0; document.nodes.len()]);
        for permission in permissions(roles, user) {
            marks.apply(document, permission);
        }
        marks
    }

    /// What the permissions on this very element say about reading; none if they do not.
    pub(super) fn may_read(&self, element: Element<'_>) -> Option<bool> {
        match self.on(element) {
            0 => None,
            mark => Some(mark & DENY == 0),
        }
    }

    /// Whether an element may be changed: the nearest permission around it that speaks of
    /// writing, or denies, decides.
    pub(super) fn may_write(&self, element: Element<'_>) -> bool {
        std::iter::successors(Some(element), |at| at.parent())
            .map(|at| self.on(at))
            .find(|mark| mark & (WRITE | DENY) != 0)
            .is_some_and(|mark| mark & DENY == 0)
    }

    fn on(&self, element: Element<'_>) -> u8 {
        self.0.get(element.index as usize).copied().unwrap_or(DENY)
    }

    fn mark(&mut self, element: Element<'_>, mark: u8) {
        if let Some(slot) = self.0.get_mut(element.index as usize) {
            *slot |= mark;
        }
    }

    fn apply(&mut self, document: &Document, permission: Element<'_>) {
        let mark = match permission.attr("kind") {
            Some("read") => READ,
            Some("write") => WRITE,
            Some("deny") => DENY,
            Some(_) | None => return,
        };
        if let Some(xpath) = permission.attr("xpath") {
            self.apply_xpath(document, xpath, mark);
            return;
        }
        let attr = |name: &str| permission.attr(name);
        let (kind, id, attribute) = (attr("object-type"), attr("reference"), attr("attribute"));
        if kind.is_none() && id.is_none() {
            return;
        }
        let fits = |at: &Element<'_>| {
            kind.is_none_or(|kind| kind == "*" || at.is(kind))
                && id.is_none_or(|id| at.attr("id") == Some(id))
                && attribute.is_none_or(|name| at.attr(name).is_some())
        };
        for element in document.root().descendants().filter(fits) {
            self.mark(element, mark);
        }
    }

    /// A permission on an attribute is one on its element, one on the document one on its root.
    fn apply_xpath(&mut self, document: &Document, xpath: &str, mark: u8) {
        let nodes = match XPath::parse(xpath).and_then(|xpath| xpath.evaluate(document)) {
            Ok(Value::Nodes(nodes)) => nodes,
            Ok(Value::Text(_) | Value::Number(_) | Value::Boolean(_)) | Err(_) => {
                if mark == DENY {
                    self.mark(document.root(), DENY);
                }
                return;
            }
        };
        for node in nodes {
            let place = node.place().unwrap_or(document.root());
            let element = if place.kind() == crate::tree::Kind::Element {
                Some(place)
            } else {
                place.parent()
            };
            if let Some(element) = element {
                self.mark(element, mark);
            }
        }
    }
}

/// The permissions that a user has by roles or directly, by name or as a member of a group.
fn permissions<'d>(roles: &'d Document, user: &User) -> Vec<Element<'d>> {
    let Some(acls) = roles.section(Section::Acls) else { return Vec::new() };
    let is_theirs = |at: &Element<'_>| {
        // The name may be given apart, where an id cannot be it.
        let Some(name) = at.attr("name").or(at.attr("id")) else { return false };
        match at.name() {
            "acl_target" => name == user.name,
            "acl_group" => user.groups.iter().any(|group| group == name),
            _ => false,
        }
    };
    let role = |reference: Element<'d>| {
        let id = reference.attr("id")?;
        acls.children().find(|at| at.is("acl_role") && at.attr("id") == Some(id))
    };
    // Compatibility: a permission may stand in the user's element itself, whatever the schema says.
    let permissions = |child: Element<'d>| -> Vec<Element<'d>> {
        match role(child) {
            Some(role) if child.is("role") => role.children_named("acl_permission").collect(),
            Some(_) | None if child.is("role") => Vec::new(),
            Some(_) | None => vec![child],
        }
    };
    acls.children().filter(is_theirs).flat_map(Element::children).flat_map(permissions).collect()
}

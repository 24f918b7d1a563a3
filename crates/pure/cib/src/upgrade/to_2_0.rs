//! From 1.x: access control got targets in place of users, and one element for every permission.

use super::{all, attr};
use crate::element::Element;
use crate::tree::{Document, NodeId};

pub(super) fn migrate(document: &mut Document) -> Vec<String> {
    for reference in all(document, |at| at.is("role_ref")) {
        document.rename(reference, "role");
    }
    for user in all(document, |at| at.is("acl_user")) {
        user_to_target(document, user);
    }
    for permission in all(document, |at| matches!(at.name(), "read" | "write" | "deny")) {
        if super::parent_is(document.element(permission), &["acl_role"]) {
            rewrite_permission(document, permission);
        }
    }
    Vec::new()
}

/// A user with permissions of its own gets a role that holds them.
fn user_to_target(document: &mut Document, user: NodeId) {
    document.rename(user, "acl_target");
    let own: Vec<NodeId> = document
        .element(user)
        .children()
        .filter(|at| matches!(at.name(), "read" | "write" | "deny"))
        .map(Element::id)
        .collect();
    if own.is_empty() {
        return;
    }
    let Some(parent) = document.element(user).parent().map(Element::id) else { return };
    let after = document.element(user).next_sibling().map(Element::id);
    let role_name = format!("auto-{}", attr(document, user, "id").unwrap_or_default());
    let role = document.append(parent, "acl_role");
    document.relocate(role, parent, after);
    document.set(role, "id", &role_name);
    for permission in own {
        document.relocate(permission, role, None);
    }
    document.clear(user);
    let reference = document.append(user, "role");
    document.set(reference, "id", &role_name);
}

fn rewrite_permission(document: &mut Document, permission: NodeId) {
    let kind = document.element(permission).name().to_owned();
    let old = |name: &str| attr(document, permission, name);
    let (reference, tag, xpath, attribute) =
        (old("ref"), old("tag"), old("xpath"), old("attribute"));
    document.rename(permission, "acl_permission");
    for gone in ["ref", "tag", "xpath", "attribute"] {
        document.unset(permission, gone);
    }
    document.set(permission, "kind", &kind);
    // A reference is exact already; an XPath can carry the attribute itself.
    match (reference, tag, xpath, attribute) {
        (Some(reference), ..) => document.set(permission, "reference", &reference),
        (None, Some(tag), _, attribute) => {
            document.set(permission, "object-type", &tag);
            if let Some(attribute) = attribute {
                document.set(permission, "attribute", &attribute);
            }
        }
        (None, None, Some(xpath), Some(attribute)) => {
            document.set(permission, "xpath", &format!("{xpath}[@{attribute}]"));
        }
        (None, None, Some(xpath), None) => document.set(permission, "xpath", &xpath),
        (None, None, None, _) => {}
    }
}

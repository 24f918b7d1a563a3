//! What one must be to make a change: by what it changes, not by how it says so.

use std::collections::BTreeMap;

use cib::{Document, Element};
use wire::api::Change;

use crate::role::Role;

/// Values of a resource that an operator on duty sets.
const OF_RESOURCES: [&str; 3] = ["target-role", "is-managed", "maintenance"];

/// And of a node.
const OF_NODES: [&str; 2] = ["standby", "maintenance"];

/// What begins the names of the constraints that moving and banning make.
const MOVES: [&str; 2] = ["cli-ban-", "cli-prefer-"];

/// What `change` takes, which makes `after` of `before`.
pub(super) fn role(change: &Change, before: &Document, after: &Document) -> Role {
    match change {
        Change::Edit { .. } => of_edit(before, after),
        Change::Attribute { .. }
        | Change::AttributeDelay { .. }
        | Change::WriteAttributes
        | Change::Cleanup { .. }
        | Change::Fail { .. }
        | Change::Fence { .. }
        | Change::ConfirmOff { .. }
        | Change::Shutdown { .. }
        | Change::ForgetFencings { .. }
        | Change::Ticket { .. }
        | Change::WaitNoMore => Role::Operate,
        Change::FabricFile { .. } => Role::Full,
    }
}

/// The most that any changed element takes.
fn of_edit(before: &Document, after: &Document) -> Role {
    let (before, after) = (elements(before), elements(after));
    let differs = |(place, one): &(&String, &One<'_>), other: &BTreeMap<String, One<'_>>| {
        other.get(*place).is_none_or(|other| other.text != one.text)
    };
    let gone = before.iter().filter(|at| differs(at, &after)).map(|(_, one)| one.element);
    let new = after.iter().filter(|at| differs(at, &before)).map(|(_, one)| one.element);
    gone.chain(new).map(of_element).max().unwrap_or(Role::Operate)
}

/// One element, and what it says itself.
struct One<'d> {
    element: Element<'d>,
    text: String,
}

/// All of the configuration, by place.
fn elements(document: &Document) -> BTreeMap<String, One<'_>> {
    let mut all = BTreeMap::new();
    if let Some(configuration) = document.root().child("configuration") {
        collect(configuration, String::new(), &mut all);
    }
    all
}

fn collect<'d>(element: Element<'d>, place: String, all: &mut BTreeMap<String, One<'d>>) {
    let mut unnamed = 0_usize;
    for child in element.children() {
        let name = match child.attr("id") {
            Some(id) => format!("{place}/{}#{id}", child.name()),
            None => {
                unnamed += 1;
                format!("{place}/{}:{unnamed}", child.name())
            }
        };
        collect(child, name, all);
    }
    let text = element.attrs().map(|(name, value)| format!("{name}={value:?}\n")).collect();
    all.insert(place, One { element, text });
}

/// What it takes to add, remove or alter one element.
fn of_element(element: Element<'_>) -> Role {
    let chain = || std::iter::successors(Some(element), |at| at.parent());
    if chain().any(|at| at.is("acls")) {
        return Role::Full;
    }
    let is_move = |at: Element<'_>| {
        let id = at.attr("id").unwrap_or_default();
        at.is("rsc_location") && MOVES.iter().any(|begin| id.starts_with(begin))
    };
    if chain().any(is_move) || is_switch(element) || is_empty_set(element) {
        Role::Operate
    } else {
        Role::Configure
    }
}

/// Whether it is one of the values that an operator sets.
fn is_switch(pair: Element<'_>) -> bool {
    let Some(set) = pair.parent().filter(|_| pair.is("nvpair")) else { return false };
    let name = pair.attr("name").unwrap_or_default();
    // A reference to another's value would set that one's, or take it over.
    let is_own = pair.attr("id-ref").is_none();
    let of = |kind: &str, names: &[&str]| set.is(kind) && names.contains(&name);
    let Some(owner) = set.parent() else { return false };
    is_own
        && ((of("meta_attributes", &OF_RESOURCES) && is_resource(owner))
            || (of("instance_attributes", &OF_NODES) && owner.is("node")))
}

fn is_resource(owner: Element<'_>) -> bool {
    ["primitive", "group", "clone", "master", "bundle"].iter().any(|tag| owner.is(tag))
}

/// A set that holds nothing but an operator's values, and applies to everyone at any time.
fn is_empty_set(set: Element<'_>) -> bool {
    let is_kind = set.is("meta_attributes") || set.is("instance_attributes");
    let is_plain = set.attrs().all(|(name, _)| name == "id");
    is_kind && is_plain && set.children().all(is_switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "<cib><configuration><crm_config/><nodes><node id=\"1\" uname=\"n1\"/></nodes>\
        <resources><primitive id=\"db\" class=\"ocf\" provider=\"p\" type=\"t\">\
        <instance_attributes id=\"i\"><nvpair id=\"i-x\" name=\"x\" value=\"1\"/></instance_attributes>\
        <meta_attributes id=\"m\"><nvpair id=\"m-t\" name=\"target-role\" value=\"Started\"/></meta_attributes>\
        </primitive></resources><constraints/></configuration><status/></cib>";

    fn of(from: &str, to: &str) -> Role {
        let (before, after) = (BEFORE, BEFORE.replace(from, to));
        assert_ne!(before, after, "{from}");
        let parse = |text: &str| Document::parse(text).unwrap();
        assert_eq!(
            of_edit(&parse(&after), &parse(before)),
            of_edit(&parse(before), &parse(&after))
        );
        of_edit(&parse(before), &parse(&after))
    }

    #[test]
    fn operators_switch_and_move() {
        for (from, to) in [
            ("value=\"Started\"", "value=\"Stopped\""),
            ("<nvpair id=\"m-t\" name=\"target-role\" value=\"Started\"/>", ""),
            (
                "uname=\"n1\"/>",
                "uname=\"n1\"><instance_attributes id=\"s\"><nvpair id=\"s-s\" name=\"standby\" \
                 value=\"on\"/></instance_attributes></node>",
            ),
            (
                "<constraints/>",
                "<constraints><rsc_location id=\"cli-prefer-db\" rsc=\"db\" node=\"n1\" \
                 score=\"INFINITY\"/></constraints>",
            ),
            ("<status/>", "<status><node_state id=\"1\"/></status>"),
        ] {
            assert_eq!(of(from, to), Role::Operate, "{to}");
        }
    }

    #[test]
    fn everything_else_takes_more() {
        for (from, to) in [
            ("name=\"x\" value=\"1\"", "name=\"x\" value=\"2\""),
            ("type=\"t\"", "type=\"u\""),
            ("name=\"target-role\"", "name=\"resource-stickiness\""),
            ("<crm_config/>", "<crm_config><cluster_property_set id=\"c\"/></crm_config>"),
            ("id=\"m-t\" name", "id=\"m-t\" id-ref=\"x\" name"),
            (
                "<constraints/>",
                "<constraints><rsc_location id=\"mine\" rsc=\"db\" node=\"n1\" score=\"1\"/></constraints>",
            ),
            ("<meta_attributes id=\"m\">", "<meta_attributes id=\"m\" score=\"1\">"),
            (
                "<meta_attributes id=\"m\">",
                "<meta_attributes id=\"m\"><rule id=\"r\" score=\"0\"/>",
            ),
        ] {
            assert_eq!(of(from, to), Role::Configure, "{to}");
        }
        let acls = "<constraints/><acls><acl_role id=\"r\"/></acls>";
        assert_eq!(of("<constraints/>", acls), Role::Full);
    }
}

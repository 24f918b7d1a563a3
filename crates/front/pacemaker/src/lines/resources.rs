//! The list of resources: primitives, groups, clone sets, bundles.

use std::collections::BTreeMap;

use model::Role;
use scheduler::Resource;

use super::primitive;
use crate::natural_order::natural_order;
use crate::outline::Outline;
use crate::status::{BundleShown, CloneSetShown, GroupShown, Place, ResourceShown};

pub(super) fn write(out: &mut Outline, resources: &[ResourceShown<'_>]) {
    out.begin("Full List of Resources");
    let mut any = false;
    for resource in resources {
        any |= write_resource(out, resource);
    }
    if !any {
        out.item("No resources");
    }
    out.end();
}

/// Writes one resource of any shape; `false` if there was nothing to write.
fn write_resource(out: &mut Outline, resource: &ResourceShown<'_>) -> bool {
    match resource {
        ResourceShown::Primitive(shown) if shown.is_implied_connection() => return false,
        ResourceShown::Primitive(shown) => out.item(&primitive::line(shown, shown.id)),
        ResourceShown::Group(shown) => write_group(out, shown),
        ResourceShown::CloneSet(shown) => write_clone_set(out, shown),
        ResourceShown::Bundle(shown) => write_bundle(out, shown),
    }
    true
}

fn write_group(out: &mut Outline, shown: &GroupShown<'_>) {
    let mut remarks = Vec::new();
    if shown.disabled {
        remarks.push("disabled");
    }
    remarks.extend(management(shown.resource));
    out.begin(&format!("Resource Group: {}{}", shown.resource.id, in_brackets(&remarks)));
    for member in &shown.members {
        write_resource(out, member);
    }
    out.end();
}

fn write_clone_set(out: &mut Outline, shown: &CloneSetShown<'_>) {
    let set = shown.resource;
    let mut remarks = Vec::new();
    if set.flags.promotable {
        remarks.push("promotable");
    }
    if set.flags.unique {
        remarks.push("unique");
    }
    if shown.disabled {
        remarks.push("disabled");
    }
    remarks.extend(management(set));
    out.begin(&format!("Clone Set: {} [{}]{}", set.id, shown.child, in_brackets(&remarks)));
    for instance in shown.instances.iter().filter(|instance| instance.place == Place::Line) {
        write_resource(out, &instance.resource);
    }
    if !shown.promoted.is_empty() {
        out.item(&format!("Promoted: [ {} ]", shown.promoted.join(" ")));
    }
    if !shown.started.is_empty() {
        let word = match (set.flags.promotable, shown.configured_role()) {
            (false, _) => "Started",
            (true, Some(Role::Unpromoted)) => "Unpromoted (target-role)",
            (true, _) => "Unpromoted",
        };
        out.item(&format!("{word}: [ {} ]", shown.started.join(" ")));
    }
    write_stopped(out, &shown.stopped);
    out.end();
}

fn write_stopped(out: &mut Outline, stopped: &BTreeMap<String, String>) {
    let mut by_words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, words) in stopped {
        by_words.entry(words).or_default().push(name);
    }
    for (words, mut names) in by_words {
        names.sort_by(|a, b| natural_order(a, b));
        out.item(&format!("{words}: [ {} ]", names.join(" ")));
    }
}

/// A bundle: one line for each replica.
fn write_bundle(out: &mut Outline, shown: &BundleShown<'_>) {
    let BundleShown { resource, bundle, replicas } = shown;
    let several = if bundle.replicas_max > 1 { " set" } else { "" };
    let unique = if resource.flags.unique { " (unique)" } else { "" };
    let management: Vec<&str> = management(resource).into_iter().collect();
    out.begin(&format!(
        "Container bundle{several}: {} [{}]{unique}{}",
        resource.id,
        bundle.image,
        in_brackets(&management)
    ));
    for copy in replicas.iter().filter(|copy| !copy.face.is_implied_connection()) {
        let address = copy.replica.address.as_ref().map(|address| format!(" ({address})"));
        let name = format!("{}{}", copy.id, address.unwrap_or_default());
        out.item(&primitive::line(&copy.face, &name));
    }
    out.end();
}

/// Why the cluster leaves it alone, if it does.
fn management(resource: &Resource<'_>) -> Option<&'static str> {
    match (resource.flags.maintenance, resource.flags.managed) {
        (true, _) => Some("maintenance"),
        (false, false) => Some("unmanaged"),
        (false, true) => None,
    }
}

/// ` (a, b)`, or nothing.
pub(super) fn in_brackets(remarks: &[&str]) -> String {
    if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join(", ")) }
}

//! The list of resources: primitives, groups, clone sets, bundles.

use std::collections::BTreeMap;

use model::Role;
use scheduler::Resource;

use super::{Gap, primitive};
use crate::natural_order::natural_order;
use crate::outline::Outline;
use crate::status::{
    Brief, BundleShown, CloneSetShown, GroupShown, Look, Place, ResourceList, ResourceShown,
};

pub(super) fn write(out: &mut Outline, list: &ResourceList<'_>, look: Look, gap: &mut Gap) {
    if list.said_with_nodes {
        return;
    }
    gap.keep(out);
    let (title, nothing) = if look.has(Look::BY_NODE) {
        ("Inactive Resources", "No inactive resources")
    } else if look.has(Look::INACTIVE) {
        ("Full List of Resources", "No resources")
    } else {
        ("Active Resources", "No active resources")
    };
    out.begin(title);
    let mut any = list.brief.as_ref().is_some_and(|kinds| write_brief(out, kinds, look));
    for resource in &list.resources {
        any |= write_resource(out, resource);
    }
    if !any {
        out.item(nothing);
    }
    out.end();
}

/// Writes a line for each agent and node; `false` if there was nothing to write.
pub(super) fn write_brief(out: &mut Outline, kinds: &[Brief<'_>], look: Look) -> bool {
    let all = look.has(Look::INACTIVE);
    let mut any = false;
    for Brief { agent, total, active } in kinds {
        for (node, count) in active {
            let node = if look.has(Look::ON_NODE) { "" } else { node };
            let of = if all { format!("/{total}") } else { String::new() };
            out.item(&format!("{count}{of}\t({agent}):\tActive {node}"));
            any = true;
        }
        if active.is_empty() && all {
            out.item(&format!("0/{total}\t({agent}):\tActive"));
            any = true;
        }
    }
    any
}

/// Writes one resource of any shape; `false` if there was nothing to write.
pub(super) fn write_resource(out: &mut Outline, resource: &ResourceShown<'_>) -> bool {
    match resource {
        ResourceShown::Primitive(shown) => {
            if !shown.is_hidden() {
                out.item(&primitive::line(shown, shown.id));
            }
            !shown.is_hidden()
        }
        ResourceShown::Group(shown) => write_group(out, shown),
        ResourceShown::CloneSet(shown) => write_clone_set(out, shown),
        ResourceShown::Bundle(shown) => write_bundle(out, shown),
    }
}

fn write_group(out: &mut Outline, shown: &GroupShown<'_>) -> bool {
    if shown.members.is_empty() && shown.brief.is_none() {
        return false;
    }
    let mut remarks = Vec::new();
    let plural = if shown.missing == 1 { "" } else { "s" };
    let missing = format!("{} member{plural} inactive", shown.missing);
    if shown.missing > 0 {
        remarks.push(missing.as_str());
    }
    if shown.disabled {
        remarks.push("disabled");
    }
    remarks.extend(management(shown.resource));
    let said = said(shown.description.as_deref());
    let remarks = in_brackets(&remarks);
    out.begin(&format!("Resource Group: {}{remarks}{said}", shown.resource.id));
    match &shown.brief {
        Some(kinds) => {
            write_brief(out, kinds, Look::INACTIVE);
        }
        None => shown.members.iter().for_each(|member| {
            write_resource(out, member);
        }),
    }
    out.end();
    true
}

fn write_clone_set(out: &mut Outline, shown: &CloneSetShown<'_>) -> bool {
    let set = shown.resource;
    let lines: Vec<_> = shown.instances.iter().filter(|at| at.place == Place::Line).collect();
    let nothing = lines.is_empty() && shown.promoted.is_empty() && shown.started.is_empty();
    if nothing && !shown.named {
        return false;
    }
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
    let (remarks, said) = (in_brackets(&remarks), said(shown.description.as_deref()));
    out.begin(&format!("Clone Set: {} [{}]{remarks}{said}", set.id, shown.child));
    for instance in lines {
        write_resource(out, &instance.resource);
    }
    write_running(out, shown);
    out.end();
    true
}

fn write_running(out: &mut Outline, shown: &CloneSetShown<'_>) {
    if !shown.promoted.is_empty() {
        out.item(&format!("Promoted: [ {} ]", shown.promoted.join(" ")));
    }
    if !shown.started.is_empty() {
        let word = match (shown.resource.flags.promotable, shown.configured_role()) {
            (false, _) => "Started",
            (true, Some(Role::Unpromoted)) => "Unpromoted (target-role)",
            (true, _) => "Unpromoted",
        };
        out.item(&format!("{word}: [ {} ]", shown.started.join(" ")));
    }
    write_stopped(out, &shown.stopped);
}

/// What the operator says of it.
fn said(description: Option<&str>) -> String {
    description.map(|said| format!(" ({said})")).unwrap_or_default()
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

/// A bundle: one line for each replica, or for each of its parts.
fn write_bundle(out: &mut Outline, shown: &BundleShown<'_>) -> bool {
    let BundleShown { resource, bundle, replicas, description } = shown;
    if replicas.is_empty() {
        return false;
    }
    let several = if bundle.replicas_max > 1 { " set" } else { "" };
    let unique = if resource.flags.unique { " (unique)" } else { "" };
    let management: Vec<&str> = management(resource).into_iter().collect();
    let (said, management) = (said(description.as_deref()), in_brackets(&management));
    out.begin(&format!(
        "Container bundle{several}: {} [{}]{unique}{said}{management}",
        resource.id, bundle.image,
    ));
    for copy in replicas {
        if copy.apart {
            if bundle.replicas.len() > 1 {
                out.item(&format!("Replica[{}]", copy.replica.offset));
            }
            out.nest();
            copy.parts.iter().for_each(|part| {
                write_resource(out, part);
            });
            out.end();
        } else if !copy.face.is_hidden() {
            let address = copy.replica.address.as_ref().map(|address| format!(" ({address})"));
            let name = format!("{}{}", copy.id, address.unwrap_or_default());
            out.item(&primitive::line(&copy.face, &name));
        }
    }
    out.end();
    true
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

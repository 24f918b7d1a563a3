//! The list of resources, and groups.

use scheduler::{ResIx, Resolved, Resource, Variant};

use super::{Shown, bundle, clone_set, is_active, is_disabled, primitive};
use crate::text::Text;

pub(super) fn write(text: &mut Text, resolved: &Resolved<'_>, shown: Shown) {
    let listed = |at: &ResIx| {
        let removed = resolved.resource(*at).flags.removed;
        !removed || is_active(resolved, *at, true)
    };
    text.begin("Full List of Resources");
    let mut any = false;
    for at in resolved.top.iter().copied().filter(listed) {
        any |= write_resource(text, resolved, at, shown);
    }
    if !any {
        text.item("No resources");
    }
    text.end();
}

/// Writes one resource of any shape; `false` if there was nothing to write.
pub(super) fn write_resource(
    text: &mut Text,
    resolved: &Resolved<'_>,
    at: ResIx,
    shown: Shown,
) -> bool {
    match &resolved.resource(at).variant {
        Variant::Primitive => primitive::write(text, resolved, at, shown),
        Variant::Group(_) => write_group(text, resolved, at, shown),
        Variant::CloneSet(set) => clone_set::write(text, resolved, at, set, shown),
        Variant::Bundle(bundle) => bundle::write(text, resolved, at, bundle, shown),
    }
}

fn write_group(text: &mut Text, resolved: &Resolved<'_>, at: ResIx, shown: Shown) -> bool {
    let group = resolved.resource(at);
    let mut remarks = Vec::new();
    if is_disabled(resolved, at) {
        remarks.push("disabled");
    }
    remarks.extend(management(group));
    text.begin(&format!("Resource Group: {}{}", group.id, in_brackets(&remarks)));
    for member in &group.children {
        write_resource(text, resolved, *member, shown);
    }
    text.end();
    true
}

/// Why the cluster leaves it alone, if it does.
pub(super) fn management(resource: &Resource<'_>) -> Option<&'static str> {
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

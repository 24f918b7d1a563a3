//! Groups: primitives that run together, one after the other.

use super::super::Reading;
use super::super::types::{Group, ResIx, Variant};
use super::super::values::parse_bool;
use super::definition::{Definition, Shape, add};
use crate::report::{FindingKind, Severity};

/// Reads what only a group has, and its members. `false` if there are none.
pub(super) fn read(reading: &mut Reading<'_>, group: ResIx, definition: &Definition<'_>) -> bool {
    let element = reading.resolved.resource(group).element;
    let flag =
        |name| reading.resolved.resource(group).meta(name).and_then(parse_bool).unwrap_or(true);
    let options = Group { ordered: flag("ordered"), colocated: flag("collocated") };
    if let Some(resource) = reading.resolved.resources.get_mut(group.at()) {
        resource.variant = Variant::Group(options);
    }
    for member in element.children_named("primitive") {
        let Some(id) = member.attr("id") else { continue };
        let member = Definition {
            parent: Some(group),
            instance: definition.instance,
            ..Definition::configured(member, id, Shape::Primitive)
        };
        if let Some(added) = add(reading, member)
            && let Some(resource) = reading.resolved.resources.get_mut(group.at())
        {
            resource.children.push(added);
        }
    }
    if reading.resolved.resource(group).children.is_empty() {
        let message = format!("group {} has no members", reading.resolved.resource(group).id);
        reading.find(Severity::Error, element, FindingKind::Incomplete, message);
        return false;
    }
    true
}

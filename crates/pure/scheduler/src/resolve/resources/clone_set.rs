//! Clone sets: copies of one primitive or group.

use std::sync::Arc;

use cib::Element;

use super::super::Reading;
use super::super::types::{CloneSet, ResIx, Variant};
use super::super::values::{is_true, parse_integer};
use super::definition::{Definition, Shape, add};
use super::scores::subtree;
use crate::report::{FindingKind, Severity};

/// More instances than any cluster runs of one resource, and few enough to be planned for. Without
/// a limit one number in the configuration would take all memory of each coordinator in turn.
pub(super) const INSTANCES_MAX: u32 = 10_000;

/// Reads what only a clone set has, and makes its instances.
pub(super) fn read<'a>(reading: &mut Reading<'a>, set: ResIx, definition: &Definition<'a>) -> bool {
    let resource = reading.resolved.resource(set);
    let element = resource.element;
    let cloned = definition
        .cloned
        .or_else(|| element.children().find(|child| child.is("primitive") || child.is("group")));
    let Some(cloned) = cloned else {
        let message = format!("{} has nothing to clone", resource.id);
        reading.find(Severity::Error, element, FindingKind::Incomplete, message);
        return false;
    };
    let mut options = options(reading, set, cloned);
    if options.max > INSTANCES_MAX {
        let id = element.attr("id").unwrap_or_default();
        let message = format!("only {INSTANCES_MAX} instances are made of {id}");
        reading.find(Severity::Error, element, FindingKind::BadValue, message);
        options.max = INSTANCES_MAX;
    }
    let Some(resource) = reading.resolved.resources.get_mut(set.at()) else { return false };
    let unique = if options.unique { "true" } else { "false" };
    resource.variant = Variant::CloneSet(options);
    // Instances are a little sticky, so that they are not shuffled without need.
    resource.meta.entry("resource-stickiness".into()).or_insert("1".into());
    resource.meta.insert("globally-unique".into(), unique.into());
    reading.cloned.insert(set, cloned);
    // Even a set without instances has one: what history has left over is known by it. The
    // first instance may lower the maximum.
    loop {
        if add_instance(reading, set).is_none() {
            return false;
        }
        let set = reading.resolved.resource(set);
        let max = set.clone_set().map_or(0, |options| options.max);
        if set.children.len() >= max as usize {
            return true;
        }
    }
}

fn options(reading: &mut Reading<'_>, set: ResIx, cloned: Element<'_>) -> CloneSet {
    let resource = reading.resolved.resource(set);
    // What cannot be read is 0, what is not there the default.
    let number = |names: &[&str], default: u32| {
        let text = names.iter().find_map(|name| resource.meta(name));
        text.map_or(default, |text| {
            parse_integer(text).map_or(0, |number| number.clamp(0, i64::from(i32::MAX)) as u32)
        })
    };
    let nodes = u32::try_from(reading.resolved.nodes.len()).unwrap_or(u32::MAX);
    let flags = resource.flags;
    let node_max = number(&["clone-node-max"], 1);
    let (promoted_max, promoted_node_max) = if flags.promotable {
        (
            number(&["promoted-max", "master-max"], 1),
            number(&["promoted-node-max", "master-node-max"], 1),
        )
    } else {
        (0, 0)
    };
    CloneSet {
        max: number(&["clone-max"], nodes.max(1)),
        node_max: if flags.unique { node_max } else { node_max.min(1) },
        promoted_max,
        promoted_node_max,
        interleave: is_true(resource.meta("interleave")),
        ordered: is_true(resource.meta("ordered")),
        unique: flags.unique,
        promotable: flags.promotable,
        child_id: Arc::from(cloned.attr("id").unwrap_or("")),
    }
}

/// Adds the next instance to a clone set. One beyond the set's maximum counts as removed.
pub(in super::super) fn add_instance(reading: &mut Reading<'_>, set: ResIx) -> Option<ResIx> {
    let cloned = reading.cloned.get(&set).copied()?;
    let resource = reading.resolved.resource(set);
    let max = resource.clone_set()?.max;
    let number = u32::try_from(resource.children.len()).unwrap_or(u32::MAX);
    let definition = Definition {
        parent: Some(set),
        instance: Some(number),
        ..Definition::configured(cloned, cloned.attr("id")?, Shape::of(cloned)?)
    };
    let instance = add(reading, definition)?;
    let resources = &mut reading.resolved.resources;
    resources.get_mut(set.at())?.children.push(instance);
    resources.get_mut(instance.at())?.meta.insert("clone-max".into(), max.to_string().into());
    if number >= max {
        for part in subtree(reading, instance) {
            if let Some(part) = reading.resolved.resources.get_mut(part.at()) {
                part.flags.removed = true;
            }
        }
    }
    Some(instance)
}

/// Makes a set anonymous whose agent knows no unique instances, with all below it.
pub(super) fn force_anonymous(reading: &mut Reading<'_>, set: ResIx) {
    let nodes = u32::try_from(reading.resolved.nodes.len()).unwrap_or(u32::MAX);
    if let Some(resource) = reading.resolved.resources.get_mut(set.at())
        && let Variant::CloneSet(options) = &mut resource.variant
    {
        options.node_max = 1;
        options.max = options.max.min(nodes);
        options.unique = false;
    }
    for part in subtree(reading, set) {
        clear_unique(reading, part);
    }
}

/// Makes one resource anonymous.
pub(super) fn clear_unique(reading: &mut Reading<'_>, resource: ResIx) {
    if let Some(resource) = reading.resolved.resources.get_mut(resource.at()) {
        resource.flags.unique = false;
        resource.meta.insert("globally-unique".into(), "false".into());
    }
}

#[cfg(test)]
mod tests {
    use cib::Document;

    use super::INSTANCES_MAX;
    use crate::{Input, resolve};

    #[test]
    fn one_number_does_not_take_all_memory() {
        let document = Document::parse(
            "<cib><configuration><resources><clone id='all'><meta_attributes id='m'>
            <nvpair id='n' name='clone-max' value='99999999999'/></meta_attributes>
            <primitive id='one' class='ocf' provider='x' type='y'/></clone></resources>
            </configuration><status/></cib>",
        )
        .unwrap();
        let resolved = resolve(&document, &Input::default());
        let set = resolved.find_resource("all").unwrap();
        assert_eq!(resolved.resource(set).children.len(), INSTANCES_MAX as usize);
        assert!(resolved.findings.iter().any(|found| found.message.contains("instances")));
    }
}

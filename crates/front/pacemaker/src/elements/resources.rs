//! Resources of every shape.

use scheduler::ContainerEngine;

use crate::status::{BundleShown, CloneSetShown, GroupShown, PrimitiveShown, ResourceShown};
use crate::xml_out::XmlOut;

pub(super) fn write(out: &mut XmlOut, resource: &ResourceShown<'_>) {
    match resource {
        ResourceShown::Primitive(shown) => write_primitive(out, shown),
        ResourceShown::Group(shown) => write_group(out, shown),
        ResourceShown::CloneSet(shown) => write_clone_set(out, shown),
        ResourceShown::Bundle(shown) => write_bundle(out, shown),
    }
}

fn write_primitive(out: &mut XmlOut, shown: &PrimitiveShown<'_>) {
    let resource = shown.resource;
    let flags = &resource.flags;
    let role = shown.role.to_string();
    out.begin("resource");
    out.attr("id", shown.id);
    let agent = resource.agent.as_ref().map(ToString::to_string);
    out.attr("resource_agent", &agent.unwrap_or_default());
    out.attr("role", shown.pending.unwrap_or(&role));
    out.attr_if("target_role", resource.meta("target-role"));
    out.flag("active", shown.active);
    out.flag("orphaned", flags.removed);
    out.flag("removed", flags.removed);
    out.flag("blocked", flags.blocked);
    out.flag("maintenance", flags.maintenance);
    out.flag("managed", flags.managed);
    out.flag("failed", flags.failed);
    out.flag("failure_ignored", flags.ignore_failure);
    out.number("nodes_running_on", shown.active_on.len());
    out.attr_if("pending", shown.monitoring.then_some("Monitoring"));
    out.attr_if("locked_to", shown.locked_to);
    out.attr_if("description", shown.description.as_deref());
    for node in &shown.active_on {
        out.begin("node");
        out.attr("name", &node.name);
        out.attr("id", &node.id);
        out.flag("cached", node.online);
        out.end();
    }
    out.end();
}

fn write_group(out: &mut XmlOut, shown: &GroupShown<'_>) {
    if shown.members.is_empty() {
        return;
    }
    let flags = &shown.resource.flags;
    out.begin("group");
    out.attr("id", &shown.resource.id);
    out.number("number_resources", shown.count);
    out.flag("maintenance", flags.maintenance);
    out.flag("managed", flags.managed);
    out.flag("disabled", shown.disabled);
    out.attr_if("description", shown.description.as_deref());
    for member in &shown.members {
        write(out, member);
    }
    out.end();
}

fn write_clone_set(out: &mut XmlOut, shown: &CloneSetShown<'_>) {
    if shown.instances.is_empty() {
        return;
    }
    let flags = &shown.resource.flags;
    out.begin("clone");
    out.attr("id", &shown.resource.id);
    out.flag("multi_state", flags.promotable);
    out.flag("unique", flags.unique);
    out.flag("maintenance", flags.maintenance);
    out.flag("managed", flags.managed);
    out.flag("disabled", shown.disabled);
    out.flag("failed", flags.failed);
    out.flag("failure_ignored", flags.ignore_failure);
    out.attr_if("target_role", shown.target_role);
    out.attr_if("description", shown.description.as_deref());
    for instance in &shown.instances {
        write(out, &instance.resource);
    }
    out.end();
}

fn write_bundle(out: &mut XmlOut, shown: &BundleShown<'_>) {
    let BundleShown { resource, bundle, replicas, description } = shown;
    if replicas.is_empty() {
        return;
    }
    out.begin("bundle");
    out.attr("id", &resource.id);
    let engine = match bundle.engine {
        ContainerEngine::Docker => "docker",
        ContainerEngine::Podman => "podman",
    };
    out.attr("type", engine);
    out.attr("image", &bundle.image);
    out.flag("unique", resource.flags.unique);
    out.flag("maintenance", resource.flags.maintenance);
    out.flag("managed", resource.flags.managed);
    out.flag("failed", resource.flags.failed);
    out.attr_if("description", description.as_deref());
    for copy in replicas {
        out.begin("replica");
        out.number("id", copy.replica.offset);
        for part in &copy.parts {
            write(out, part);
        }
        out.end();
    }
    out.end();
}

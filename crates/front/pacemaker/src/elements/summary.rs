//! The cluster in a few elements.

use scheduler::{LossPolicy, Options};

use crate::shown::{Coordinator, Summary};
use crate::status::Sections;
use crate::time;
use crate::xml_out::XmlOut;

const PARTS: [Sections; 5] =
    [Sections::STACK, Sections::COORDINATOR, Sections::TIMES, Sections::COUNTS, Sections::OPTIONS];

pub(super) fn write(out: &mut XmlOut, summary: &Summary<'_>) {
    let wants = |section| summary.sections.has(section);
    if !PARTS.into_iter().any(wants) {
        return;
    }
    out.begin("summary");
    if wants(Sections::STACK) {
        out.begin("stack");
        out.attr("type", summary.stack);
        out.attr_if("pacemakerd-state", summary.running.then_some("running"));
        out.end();
    }
    if wants(Sections::COORDINATOR) {
        write_coordinator(out, summary.coordinator.as_ref());
    }
    if wants(Sections::TIMES) {
        out.begin("last_update");
        out.attr("time", &time::clock(summary.now));
        out.attr_if("origin", summary.here);
        out.end();
        let written = summary.written;
        let parts = [
            ("time", written.at),
            ("user", written.user),
            ("client", written.client),
            ("origin", written.origin),
        ];
        out.empty("last_change", &parts.map(|(name, value)| (name, value.unwrap_or_default())));
    }
    if wants(Sections::COUNTS) {
        out.empty("nodes_configured", &[("number", &summary.nodes.to_string())]);
        out.begin("resources_configured");
        out.number("number", summary.counts.instances);
        out.number("disabled", summary.counts.disabled);
        out.number("blocked", summary.counts.blocked);
        out.end();
    }
    if wants(Sections::OPTIONS) {
        write_options(out, summary.options);
    }
    out.end();
}

fn write_coordinator(out: &mut XmlOut, coordinator: Option<&Coordinator<'_>>) {
    out.begin("current_dc");
    out.flag("present", coordinator.is_some());
    if let Some(Coordinator { name, id, version, quorate, mixed, .. }) = coordinator {
        out.attr("version", version.unwrap_or_default());
        out.attr("name", name);
        out.attr("id", id);
        out.flag("with_quorum", *quorate);
        out.flag("mixed_version", *mixed);
    }
    out.end();
}

/// Each under its name of today, and the former ones that programs may look for.
fn write_options(out: &mut XmlOut, options: &Options) {
    out.begin("cluster_options");
    out.flag("fencing-enabled", options.fencing_enabled);
    out.number("fencing-timeout-ms", options.fencing_timeout_ms);
    out.flag("symmetric-cluster", options.symmetric);
    out.attr(
        "no-quorum-policy",
        match options.loss_policy {
            LossPolicy::Freeze => "freeze",
            LossPolicy::Stop => "stop",
            LossPolicy::Demote => "demote",
            LossPolicy::Ignore => "ignore",
            LossPolicy::Fence => "fence",
        },
    );
    out.flag("maintenance-mode", options.maintenance_mode);
    out.flag("stop-all-resources", options.stop_all_resources);
    out.number("priority-fencing-delay-ms", options.priority_fencing_delay_ms);
    out.flag("stonith-enabled", options.fencing_enabled);
    out.number("stonith-timeout-ms", options.fencing_timeout_ms);
    out.end();
}

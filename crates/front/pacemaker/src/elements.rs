//! Sections as XML elements, in the form of Pacemaker's API schema: what programs read.

mod changes;
mod resources;
mod scores;
mod steps;

use scheduler::NodeKind;

use crate::shown::{Section, Summary, Timing};
use crate::status::{
    AttributeShown, FailCountShown, FailedAction, Health, NodeAttributes, NodeFailures, NodeShown,
    Status,
};
use crate::xml_out::XmlOut;
use crate::{exit, time};

/// The version of the schema that the elements follow.
const API_VERSION: &str = "2.38";

/// Opens the document; `request` is the command line that it answers.
pub(crate) fn open(out: &mut XmlOut, request: &str) {
    out.begin("pacemaker-result");
    out.attr("api-version", API_VERSION);
    out.attr("request", request);
}

/// Closes it with the exit code and what went wrong.
pub(crate) fn close(mut out: XmlOut, code: u8, words: &str, errors: &[String]) -> String {
    out.begin("status");
    out.number("code", code);
    out.attr("message", words);
    if !errors.is_empty() {
        out.begin("errors");
        for error in errors {
            out.text("error", error);
        }
        out.end();
    }
    out.finish()
}

/// Writes one section.
pub(crate) fn write(out: &mut XmlOut, section: &Section<'_>) {
    match section {
        // Programs see this in the status that follows.
        Section::Maintenance | Section::Held(_) => {}
        Section::Current(status) => write_status(out, "cluster_status", status),
        Section::Revised(status) => write_status(out, "revised_cluster_status", status),
        Section::Monitored(summary, status) => {
            write_summary(out, summary);
            write_parts(out, status);
        }
        Section::Modifications(made) => steps::write_modifications(out, made),
        Section::Scores(scores) => scores::write(out, *scores),
        Section::Changes(changes) => changes::write(out, changes),
        Section::Execution(done) => steps::write(out, done),
        Section::Timings(timings) => {
            out.begin("timings");
            for Timing { file, seconds, runs } in timings {
                for run in runs {
                    run.scores.iter().for_each(|line| scores::write_line(out, line));
                }
                let duration = format!("{seconds:.6}");
                out.empty("timing", &[("file", file), ("duration", &duration)]);
            }
            out.end();
        }
        Section::Version => out.empty(
            "version",
            &[
                ("program", "Pacemaker"),
                ("version", "3.0.2"),
                ("author", "the authors of Quorate"),
                ("build", env!("CARGO_PKG_VERSION")),
                ("features", "quorate"),
            ],
        ),
    }
}

fn write_summary(out: &mut XmlOut, summary: &Summary<'_>) {
    let Summary { coordinator, quorate, nodes, counts, maintenance, now } = summary;
    out.begin("summary");
    out.empty("stack", &[("type", "quorate"), ("pacemakerd-state", "running")]);
    out.begin("current_dc");
    out.flag("present", coordinator.is_some());
    out.attr_if("name", *coordinator);
    out.flag("with_quorum", *quorate);
    out.end();
    out.empty("last_update", &[("time", &time::clock(*now))]);
    out.empty("nodes_configured", &[("number", &nodes.to_string())]);
    out.begin("resources_configured");
    out.number("number", counts.instances);
    out.number("disabled", counts.disabled);
    out.number("blocked", counts.blocked);
    out.end();
    out.begin("cluster_options");
    out.flag("maintenance-mode", *maintenance);
    out.end();
    out.end();
}

fn write_status(out: &mut XmlOut, name: &str, status: &Status<'_>) {
    out.begin(name);
    write_parts(out, status);
    out.end();
}

fn write_parts(out: &mut XmlOut, status: &Status<'_>) {
    let Status { nodes, resources, attributes, fail_counts, failed } = status;
    out.begin("nodes");
    for node in nodes {
        write_node(out, node);
    }
    out.end();
    if !resources.is_empty() {
        out.begin("resources");
        for resource in resources {
            resources::write(out, resource);
        }
        out.end();
    }
    if !attributes.is_empty() {
        out.begin("node_attributes");
        for node in attributes {
            write_attributes(out, node);
        }
        out.end();
    }
    if let Some(nodes) = fail_counts {
        out.begin("node_history");
        for node in nodes {
            write_fail_counts(out, node);
        }
        out.end();
    }
    if !failed.is_empty() {
        out.begin("failures");
        for failed in failed {
            write_failed(out, failed);
        }
        out.end();
    }
}

fn write_node(out: &mut XmlOut, shown: &NodeShown<'_>) {
    let node = shown.node;
    out.begin("node");
    out.attr("name", &node.name);
    out.attr("id", &node.id);
    out.flag("online", node.online);
    out.flag("standby", node.standby);
    out.flag("standby_onfail", node.standby_on_fail);
    out.flag("maintenance", node.maintenance);
    out.flag("pending", node.pending);
    out.flag("unclean", node.unclean);
    out.attr(
        "health",
        match shown.health {
            Health::Green => "green",
            Health::Yellow => "yellow",
            Health::Red => "red",
        },
    );
    out.attr_if("feature_set", shown.feature_set);
    out.flag("shutdown", node.shutdown);
    out.flag("expected_up", node.expected_up);
    out.flag("is_dc", node.is_coordinator);
    out.number("resources_running", node.active.len());
    let kind = match node.kind {
        NodeKind::Cluster => "member",
        NodeKind::Remote { .. } | NodeKind::Guest { .. } => "remote",
    };
    out.attr("type", kind);
    out.attr_if("id_as_resource", shown.container);
    out.end();
}

fn write_attributes(out: &mut XmlOut, shown: &NodeAttributes<'_>) {
    out.begin("node");
    out.attr("name", shown.node);
    for AttributeShown { name, value, expected } in &shown.attributes {
        out.begin("attribute");
        out.attr("name", name);
        out.attr("value", value);
        if let Some(expected) = expected {
            out.number("expected", expected);
        }
        out.end();
    }
    out.end();
}

fn write_fail_counts(out: &mut XmlOut, shown: &NodeFailures<'_>) {
    out.begin("node");
    out.attr("name", shown.node);
    for FailCountShown { resource, count, threshold, last_failure } in &shown.counts {
        out.begin("resource_history");
        out.attr("id", resource);
        out.flag("orphan", false);
        out.flag("removed", false);
        out.number("migration-threshold", threshold);
        out.number("fail-count", count);
        if *last_failure > 0 {
            out.attr("last-failure", &time::clock(*last_failure));
        }
        out.end();
    }
    out.end();
}

fn write_failed(out: &mut XmlOut, failed: &FailedAction<'_>) {
    let entry = failed.entry;
    let key = if entry.attr("operation_key").is_some() { "op_key" } else { "id" };
    out.begin("failure");
    out.attr(key, failed.key());
    out.attr("node", failed.node);
    out.attr("exitstatus", exit::words(failed.code));
    out.attr("exitreason", entry.attr("exit-reason").unwrap_or("none"));
    out.number("exitcode", failed.code.0);
    out.attr_if("call", entry.attr("call-id"));
    out.attr("status", failed.status.words());
    if let Some(at) = failed.changed_at().filter(|at| *at > 0) {
        out.attr("last-rc-change", &time::calendar(at));
        out.attr_if("queued", entry.attr("queue-time"));
        out.attr_if("exec", entry.attr("exec-time"));
        out.attr("interval", entry.attr("interval").unwrap_or("0"));
        out.attr_if("task", entry.attr("operation"));
    }
    out.end();
}

//! Sections as XML elements, in the form of Pacemaker's API schema: what programs read.

mod changes;
mod history;
mod resources;
mod scores;
mod steps;
mod summary;

use model::Role;
use scheduler::{NodeKind, Ticket};

use crate::shown::{Section, Timing};
use crate::status::{
    AttributeShown, Ban, FailedAction, FencingShown, FencingState, Health, NodeAttributes,
    NodeShown, ResourceShown, Sections, Status,
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
            summary::write(out, summary);
            write_parts(out, status);
        }
        Section::Plain(status) => write_parts(out, status),
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

/// Writes one resource.
pub(crate) fn write_resource(out: &mut XmlOut, resource: &ResourceShown<'_>) {
    resources::write(out, resource);
}

fn write_status(out: &mut XmlOut, name: &str, status: &Status<'_>) {
    out.begin(name);
    write_parts(out, status);
    out.end();
}

fn write_parts(out: &mut XmlOut, status: &Status<'_>) {
    if let Some(nodes) = &status.nodes {
        out.begin("nodes");
        nodes.iter().for_each(|node| write_node(out, node));
        out.end();
    }
    if let Some(list) = status.resources.as_ref().filter(|list| list.begun) {
        out.begin("resources");
        list.resources.iter().for_each(|resource| resources::write(out, resource));
        out.end();
    }
    if !status.attributes.is_empty() {
        out.begin("node_attributes");
        status.attributes.iter().for_each(|node| write_attributes(out, node));
        out.end();
    }
    if let Some(nodes) = &status.history {
        history::write(out, nodes, status);
    }
    if !status.failed.is_empty() {
        out.begin("failures");
        status.failed.iter().for_each(|failed| write_failed(out, failed));
        out.end();
    }
    if !status.fencing.events.is_empty() && status.fencing.sections.has(Sections::FENCING) {
        out.begin("fence_history");
        status.fencing.events.iter().for_each(|event| write_fencing(out, event));
        out.end();
    }
    if !status.tickets.is_empty() {
        out.begin("tickets");
        status.tickets.iter().for_each(|ticket| write_ticket(out, ticket));
        out.end();
    }
    if !status.bans.is_empty() {
        out.begin("bans");
        status.bans.iter().for_each(|ban| write_ban(out, ban));
        out.end();
    }
}

fn write_ticket(out: &mut XmlOut, ticket: &Ticket<'_>) {
    out.begin("ticket");
    out.attr("id", ticket.id);
    out.attr("status", if ticket.granted { "granted" } else { "revoked" });
    out.flag("standby", ticket.standby);
    if let Some(at) = ticket.last_granted.filter(|at| *at > -1) {
        out.attr("last-granted", &time::clock(at));
    }
    for (name, value) in &ticket.state {
        if !["id", "standby", "last-granted", "expires"].contains(name) {
            out.attr(name, value);
        }
    }
    out.end();
}

fn write_fencing(out: &mut XmlOut, event: &FencingShown<'_>) {
    out.begin("fence_event");
    out.attr("action", event.action);
    out.attr("target", event.target);
    out.attr("client", "quorate");
    out.attr("origin", event.origin);
    match event.state {
        FencingState::Failed => {
            out.attr("status", "failed");
            out.attr_if("exit-reason", Some(event.reason).filter(|reason| !reason.is_empty()));
        }
        FencingState::Done => out.attr("status", "success"),
        FencingState::Pending => {
            out.attr("status", "pending");
            out.attr("extended-status", "1");
        }
    }
    out.attr_if("delegate", event.delegate);
    if event.state != FencingState::Pending {
        out.attr("completed", &time::calendar(event.at));
    }
    out.end();
}

fn write_ban(out: &mut XmlOut, ban: &Ban<'_>) {
    let promoted = ban.location.role == Some(Role::Promoted);
    out.begin("ban");
    out.attr("id", ban.location.id);
    out.attr("resource", ban.resource);
    out.attr("node", &ban.node.name);
    out.number("weight", ban.score);
    out.flag("promoted-only", promoted);
    out.flag("master_only", promoted);
    out.end();
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
    shown.running.iter().for_each(|resource| resources::write(out, resource));
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

//! Sections as nested lists of lines: what people read.

mod changes;
mod fencing;
mod history;
mod nodes;
mod primitive;
mod resources;
mod steps;
mod summary;

use model::{ActionName, ExecStatus, Role};
use scheduler::{PrivateChanged, Ticket};

use crate::outline::Outline;
use crate::shown::{Scores, Section, Timing};
use crate::status::{AttributeShown, Ban, Counts, FailedAction, Look, ResourceShown, Status};
use crate::{exit, time};

/// Writes one section.
pub(crate) fn write(out: &mut Outline, section: &Section<'_>) {
    match section {
        Section::Maintenance => {
            out.line("");
            out.line("              *** Resource management is DISABLED ***");
            out.line("  The cluster will not attempt to start, stop or recover services");
        }
        Section::Held(Counts { instances, disabled, blocked }) => out.line(&format!(
            "{disabled} of {instances} resource instances DISABLED and {blocked} BLOCKED from \
             further action due to failure"
        )),
        Section::Current(status) => write_status(out, "Current cluster status", status),
        Section::Revised(status) => write_status(out, "Revised Cluster Status", status),
        Section::Monitored(summary, status) => {
            let any = summary::write(out, summary);
            write_parts(out, status, any);
        }
        Section::Plain(status) => write_parts(out, status, false),
        Section::Modifications(made) => steps::write_modifications(out, made),
        Section::Scores(scores) => {
            out.begin(scores_title(*scores));
            scores.private_changes.iter().for_each(|found| out.line(&private_change(found)));
            scores.wanted().for_each(|line| out.item(&line.to_string()));
            out.end();
        }
        Section::Changes(changes) => {
            out.begin("Transition Summary");
            changes::write(out, changes);
            out.end();
        }
        Section::Execution(done) => steps::write(out, done),
        Section::Timings(timings) => {
            out.begin("Timings");
            timings.iter().for_each(|timing| write_timing(out, timing));
            out.end();
        }
        Section::Version => {
            out.line("Pacemaker 3.0.2");
            out.line("Quorate's tools, which decide and speak as Pacemaker's do");
        }
    }
}

fn private_change(found: &PrivateChanged) -> String {
    let PrivateChanged { resource, node, task, interval_ms, magic } = found;
    let interval = time::interval(*interval_ms);
    format!(
        "Only 'private' parameters to {interval}-interval {task} for {resource} on {node} changed: \
         {magic}"
    )
}

/// What stands above the list of scores.
fn scores_title(scores: Scores<'_>) -> &'static str {
    match (scores.scores, scores.utilization) {
        (true, true) => "Assignment Scores and Utilization Information",
        (true, false) => "Assignment Scores",
        (false, _) => "Utilization Information",
    }
}

fn write_list(out: &mut Outline, title: &str, items: impl Iterator<Item = String>) {
    out.begin(title);
    for item in items {
        out.item(&item);
    }
    out.end();
}

fn write_timing(out: &mut Outline, timing: &Timing) {
    for run in &timing.runs {
        if let Some(note) = &run.note {
            out.line(note);
        }
        for line in &run.scores {
            out.item(&line.to_string());
        }
    }
    out.item(&format!("Testing {} ... {:.2} secs", timing.file, timing.seconds));
}

fn write_status(out: &mut Outline, title: &str, status: &Status<'_>) {
    out.begin(title);
    write_parts(out, status, false);
    out.end();
}

/// Writes one resource.
pub(crate) fn write_resource(out: &mut Outline, resource: &ResourceShown<'_>) {
    resources::write_resource(out, resource);
}

/// The line of a resource that has one line.
pub(crate) fn primitive_line(resource: &ResourceShown<'_>) -> Option<String> {
    match resource {
        ResourceShown::Primitive(shown) => Some(primitive::line(shown, shown.id)),
        ResourceShown::Group(_) | ResourceShown::CloneSet(_) | ResourceShown::Bundle(_) => None,
    }
}

/// Writes the sections of the status, an empty line between two; `any` if there is something
/// before them.
fn write_parts(out: &mut Outline, status: &Status<'_>, any: bool) {
    let mut gap = Gap { any };
    if let Some(nodes) = status.nodes.as_ref().filter(|nodes| !nodes.is_empty()) {
        gap.keep(out);
        nodes::write(out, nodes, status.look);
    }
    if let Some(list) = &status.resources {
        resources::write(out, list, status.look, &mut gap);
    }
    if !status.attributes.is_empty() {
        gap.keep(out);
        out.begin("Node Attributes");
        for node in &status.attributes {
            let lines = node.attributes.iter().map(attribute);
            write_list(out, &format!("Node: {}", node.display), lines);
        }
        out.end();
    }
    if let Some(nodes) = &status.history {
        gap.keep(out);
        history::write(out, nodes, status);
    }
    if !status.failed.is_empty() {
        gap.keep(out);
        let closely = status.look.has(Look::FAILED_DETAIL);
        let line = |failed| if closely { failed_action(failed) } else { in_short(failed) };
        write_list(out, "Failed Resource Actions", status.failed.iter().map(line));
    }
    let fencings = &status.fencing;
    let write_fencings = |out: &mut Outline, gap: &mut Gap, title: &str, events: &[_]| {
        if !events.is_empty() {
            gap.keep(out);
            fencing::write(out, title, events, fencings.full, status.look);
        }
    };
    write_fencings(out, &mut gap, "Failed Fencing Actions", &fencings.failed());
    if !status.tickets.is_empty() {
        gap.keep(out);
        write_list(out, "Tickets", status.tickets.iter().map(|ticket| write_ticket(ticket)));
    }
    if !status.bans.is_empty() {
        gap.keep(out);
        write_list(out, "Negative Location Constraints", status.bans.iter().map(ban));
    }
    write_fencings(out, &mut gap, "Fencing History", &fencings.not_failed());
    write_fencings(out, &mut gap, "Pending Fencing Actions", &fencings.pending());
}

/// The empty line between two sections.
#[derive(Debug)]
struct Gap {
    any: bool,
}

impl Gap {
    fn keep(&mut self, out: &mut Outline) {
        if self.any {
            out.space();
        }
        self.any = true;
    }
}

fn ban(ban: &Ban<'_>) -> String {
    let Ban { location, resource, display, .. } = ban;
    let role = if location.role == Some(Role::Promoted) { "in Promoted role " } else { "" };
    format!("{}\tprevents {resource} from running {role}on {display}", location.id)
}

fn write_ticket(ticket: &Ticket<'_>) -> String {
    let standby = if ticket.standby { " [standby]" } else { "" };
    let granted = ticket.last_granted.filter(|at| *at > -1);
    let granted = granted.map(|at| format!(" last-granted=\"{}\"", time::clock(at)));
    let state = if ticket.granted { "granted" } else { "revoked" };
    format!("{}\t{state}{standby}{}", ticket.id, granted.unwrap_or_default())
}

fn attribute(attribute: &AttributeShown<'_>) -> String {
    let AttributeShown { name, value, expected } = attribute;
    let plain = format!("{name:<32}\t: {value:<10}");
    match (expected, value.parse::<i64>().unwrap_or(0)) {
        (Some(_), reached) if reached <= 0 => format!("{plain}\t: Connectivity is lost"),
        (Some(expected), reached) if reached < *expected => {
            format!("{plain}\t: Connectivity is degraded (Expected={expected})")
        }
        _ => plain,
    }
}

/// What stands there, or `otherwise` if nothing does.
fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

fn failed_action(failed: &FailedAction<'_>) -> String {
    let mut line = format!(
        "{} on {} '{}' ({}): call={}, status='{}'",
        or(failed.key(), "unknown operation"),
        failed.node,
        exit::words(failed.code),
        failed.attr("rc-code"),
        or(failed.attr("call-id"), "unknown"),
        failed.status.words()
    );
    if !failed.attr("exit-reason").is_empty() {
        line.push_str(&format!(", exitreason='{}'", failed.attr("exit-reason")));
    }
    if let Some(at) = failed.changed_at() {
        line.push_str(&format!(", last-rc-change='{}'", time::clock(at)));
    }
    for (name, word) in [("queue-time", "queued"), ("exec-time", "exec")] {
        if !failed.attr(name).is_empty() {
            line.push_str(&format!(", {word}={}ms", failed.attr(name)));
        }
    }
    line
}

fn in_short(failed: &FailedAction<'_>) -> String {
    let (task, interval) = task_of(failed.key());
    let action = if task == "monitor" && interval == 0 { "probe" } else { task };
    let every = match interval {
        0 => String::new(),
        interval => format!("{}-interval ", time::interval(interval)),
    };
    let mut line = format!("{} {every}{action} on {}", failed.resource, failed.node);
    let reason = failed.attr("exit-reason");
    if failed.status == ExecStatus::Done {
        line.push_str(&format!(" returned '{}'", exit::words(failed.code)));
        if !reason.is_empty() {
            line.push_str(&format!(" ({reason})"));
        }
    } else {
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        line.push_str(&format!(" could not be executed ({}{reason})", failed.status.words()));
    }
    if let Some(at) = failed.changed_at() {
        line.push_str(&format!(" at {}", time::clock(at)));
    }
    if let Some(took) = failed.attr("exec-time").parse().ok().filter(|took: &u64| *took > 0) {
        line.push_str(&format!(" after {}", time::interval(took)));
    }
    line
}

/// The operation and its interval of `RESOURCE_TASK_INTERVAL`.
fn task_of(key: &str) -> (&str, u64) {
    let Some(name) = ActionName::parse(key) else { return ("unknown action", 0) };
    (name.task, name.interval.parse().unwrap_or(0))
}

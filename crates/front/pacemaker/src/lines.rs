//! Sections as nested lists of lines: what people read.

mod changes;
mod nodes;
mod primitive;
mod resources;
mod steps;

use scheduler::PrivateChanged;

use crate::outline::Outline;
use crate::shown::{Scores, Section, Summary, Timing};
use crate::status::{AttributeShown, Counts, FailCountShown, FailedAction, Status};
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
            write_summary(out, summary);
            out.space();
            write_parts(out, status);
        }
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

/// Writes the sections of the status, an empty line between two.
fn write_status(out: &mut Outline, title: &str, status: &Status<'_>) {
    out.begin(title);
    write_parts(out, status);
    out.end();
}

fn write_parts(out: &mut Outline, status: &Status<'_>) {
    if !status.nodes.is_empty() {
        nodes::write(out, &status.nodes);
        out.space();
    }
    resources::write(out, &status.resources);
    if !status.attributes.is_empty() {
        out.space();
        out.begin("Node Attributes");
        for node in &status.attributes {
            let lines = node.attributes.iter().map(attribute);
            write_list(out, &format!("Node: {}", node.node), lines);
        }
        out.end();
    }
    if let Some(nodes) = &status.fail_counts {
        out.space();
        out.begin("Migration Summary");
        for node in nodes {
            let lines = node.counts.iter().map(fail_count);
            write_list(out, &format!("Node: {}", node.node), lines);
        }
        out.end();
    }
    if !status.failed.is_empty() {
        out.space();
        write_list(out, "Failed Resource Actions", status.failed.iter().map(failed_action));
    }
}

fn write_summary(out: &mut Outline, summary: &Summary<'_>) {
    let Summary { coordinator, quorate, nodes, counts, maintenance, now } = summary;
    out.begin("Cluster Summary");
    out.item("Stack: quorate");
    let quorum = if *quorate { "with quorum" } else { "WITHOUT quorum" };
    out.item(&match coordinator {
        Some(name) => format!("Current DC: {name} - partition {quorum}"),
        None => "Current DC: NONE".to_owned(),
    });
    out.item(&format!("Last updated: {}", time::clock(*now)));
    out.item(&format!("{nodes} node{} configured", if *nodes == 1 { "" } else { "s" }));
    let Counts { instances, disabled, blocked } = counts;
    let plural = if *instances == 1 { "" } else { "s" };
    let mut line = format!("{instances} resource instance{plural} configured");
    if *disabled > 0 || *blocked > 0 {
        line.push_str(&format!(
            " ({disabled} DISABLED, {blocked} BLOCKED from further action due to failure)"
        ));
    }
    out.item(&line);
    if *maintenance {
        out.item("Resource management is DISABLED");
    }
    out.end();
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

fn fail_count(shown: &FailCountShown<'_>) -> String {
    let FailCountShown { resource, count, threshold, last_failure } = shown;
    let mut line = format!("{resource}: migration-threshold={threshold} fail-count={count}");
    if *last_failure > 0 {
        line.push_str(&format!(" last-failure='{}'", time::clock(*last_failure)));
    }
    line
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

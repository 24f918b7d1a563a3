//! The cluster in a few lines.

use scheduler::{LossPolicy, Options};

use crate::outline::Outline;
use crate::shown::{Coordinator, Summary, Written};
use crate::status::{Counts, Sections};
use crate::time;

/// Writes what is wanted; `false` if that is nothing.
pub(super) fn write(out: &mut Outline, summary: &Summary<'_>) -> bool {
    let lines = lines(summary);
    let any = !lines.is_empty();
    if any {
        out.begin("Cluster Summary");
        lines.iter().for_each(|line| out.item(line));
        out.end();
    }
    summary.sections.has(Sections::MAINTENANCE) && write_maintenance(out, summary.options) || any
}

fn lines(summary: &Summary<'_>) -> Vec<String> {
    let wants = |section| summary.sections.has(section);
    let mut lines = Vec::new();
    if wants(Sections::STACK) {
        let running = if summary.running { " (Pacemaker is running)" } else { "" };
        lines.push(format!("Stack: {}{running}", summary.stack));
    }
    if wants(Sections::COORDINATOR) {
        lines.push(format!("Current DC: {}", coordinator(summary.coordinator.as_ref())));
    }
    if wants(Sections::TIMES) {
        let here = summary.here.map(|node| format!(" on {node}")).unwrap_or_default();
        lines.push(format!("Last updated: {}{here}", time::clock(summary.now)));
        lines.push(format!("Last change:  {}", written(summary.written)));
    }
    if wants(Sections::COUNTS) {
        let nodes = summary.nodes;
        lines.push(format!("{nodes} node{} configured", if nodes == 1 { "" } else { "s" }));
        lines.push(counts(summary.counts));
    }
    if wants(Sections::OPTIONS) {
        lines.extend(options(summary.options).map(str::to_owned));
    }
    lines
}

fn coordinator(coordinator: Option<&Coordinator<'_>>) -> String {
    let Some(Coordinator { display, version, quorate, mixed, .. }) = coordinator else {
        return "NONE".to_owned();
    };
    let version = version.unwrap_or("unknown");
    let mixed = if *mixed { "MIXED-VERSION " } else { "" };
    let quorum = if *quorate { "with" } else { "WITHOUT" };
    format!("{display} (version {version}) - {mixed}partition {quorum} quorum")
}

fn written(written: Written<'_>) -> String {
    let Written { at, user, client, origin } = written;
    let mut line = at.unwrap_or_default().to_owned();
    for (word, value) in [("by", user), ("via", client), ("on", origin)] {
        if let Some(value) = value {
            line.push_str(&format!(" {word} {value}"));
        }
    }
    line
}

fn counts(counts: Counts) -> String {
    let Counts { instances, disabled, blocked } = counts;
    let plural = if instances == 1 { "" } else { "s" };
    let mut held = Vec::new();
    if disabled > 0 {
        held.push(format!("{disabled} DISABLED"));
    }
    if blocked > 0 {
        held.push(format!("{blocked} BLOCKED from further action due to failure"));
    }
    let held = if held.is_empty() { String::new() } else { format!(" ({})", held.join(", ")) };
    format!("{instances} resource instance{plural} configured{held}")
}

fn options(options: &Options) -> [&'static str; 3] {
    let fencing = if options.fencing_enabled {
        "Fencing of failed nodes enabled"
    } else {
        "Fencing of failed nodes disabled"
    };
    let symmetry = if options.symmetric { "Cluster is symmetric" } else { "Cluster is asymmetric" };
    let policy = match options.loss_policy {
        LossPolicy::Freeze => "No quorum policy: Freeze resources",
        LossPolicy::Stop => "No quorum policy: Stop ALL resources",
        LossPolicy::Demote => {
            "No quorum policy: Demote promotable resources and stop all other resources"
        }
        LossPolicy::Ignore => "No quorum policy: Ignore",
        LossPolicy::Fence => "No quorum policy: Fence nodes in partition",
    };
    [fencing, symmetry, policy]
}

/// Writes that the cluster does nothing, if it does nothing.
fn write_maintenance(out: &mut Outline, options: &Options) -> bool {
    let (indent, what) = if options.maintenance_mode {
        (14, "The cluster will not attempt to start, stop or recover services")
    } else if options.stop_all_resources {
        (4, "The cluster will keep all resources stopped")
    } else {
        return false;
    };
    out.line("");
    out.line(&format!("{:indent$}*** Resource management is DISABLED ***", ""));
    out.line(&format!("  {what}"));
    true
}

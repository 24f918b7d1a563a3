//! The status as text.

use super::{Health, NodeLine, NodeState, Place, ResourceLine, Shape, Status};
use crate::text::{RenderOptions, Table, Tone};

/// Writes the status for people: the verdict first.
pub fn render(status: &Status, options: RenderOptions) -> String {
    let mut out = String::new();
    verdict(status, options, &mut out);
    cluster(status, options, &mut out);
    nodes(status, options, &mut out);
    resources(status, options, &mut out);
    failures(status, options, &mut out);
    fencing(status, options, &mut out);
    running(status, options, &mut out);
    findings(status, options, &mut out);
    out
}

fn verdict(status: &Status, options: RenderOptions, out: &mut String) {
    let tone = match status.verdict.health {
        Health::Healthy => Tone::Good,
        Health::Weakened | Health::Working => Tone::Caution,
        Health::Impaired | Health::Down => Tone::Bad,
    };
    line(out, &options.paint(tone, &status.verdict.sentence));
    for advice in &status.verdict.advice {
        line(out, &format!("  {advice}"));
    }
    // What the sentence has said already would be said twice.
    let news = status.verdict.breaks.iter().filter(|text| !status.verdict.sentence.contains(*text));
    for text in news {
        line(out, &options.paint(Tone::Faint, &format!("  {text}")));
    }
}

fn cluster(status: &Status, options: RenderOptions, out: &mut String) {
    let mut parts = Vec::new();
    if let Some(name) = &status.cluster_name {
        parts.push(format!("cluster {name}"));
    }
    parts.push(format!("configuration {}", status.version));
    match &status.coordinator {
        Some(node) => parts.push(format!("coordinator {node}")),
        None => parts.push("no coordinator".to_owned()),
    }
    if let Some(node) = &status.seen_by {
        parts.push(format!("as {node} sees it"));
    }
    line(out, &options.paint(Tone::Faint, &parts.join(", ")));
}

fn nodes(status: &Status, options: RenderOptions, out: &mut String) {
    heading(out, options, "Nodes");
    let mut table = Table::default();
    for node in &status.nodes {
        let tone = match node.state {
            NodeState::Online if node.standby || node.maintenance => Tone::Caution,
            NodeState::Online => Tone::Good,
            NodeState::Pending | NodeState::Offline => Tone::Caution,
            NodeState::Unclean => Tone::Bad,
        };
        table.row(vec![(Tone::Plain, node.name.clone()), (tone, node_words(node))]);
    }
    table.write(out, 2, options);
}

fn node_words(node: &NodeLine) -> String {
    let mut words = vec![node.state.words().to_owned()];
    for (holds, word) in [
        (node.standby, "standby: runs nothing"),
        (node.maintenance, "maintenance: not touched"),
        (node.leaving, "is leaving"),
        (node.coordinator, "coordinator"),
    ] {
        if holds {
            words.push(word.to_owned());
        }
    }
    if node.kind != "cluster" {
        words.push(format!("{} node", node.kind));
    }
    words.join(", ")
}

fn resources(status: &Status, options: RenderOptions, out: &mut String) {
    heading(out, options, "Resources");
    if status.resources.is_empty() {
        line(out, "  none configured");
        return;
    }
    let mut table = Table::default();
    rows(&status.resources, &mut table);
    table.write(out, 2, options);
}

/// Adds a row for each resource, and for what is inside.
pub fn rows(resources: &[ResourceLine], table: &mut Table) {
    for resource in resources {
        tree(resource, 0, table);
    }
}

fn tree(resource: &ResourceLine, depth: usize, table: &mut Table) {
    let what = match (&resource.agent, resource.shape) {
        (Some(agent), _) => agent.clone(),
        (
            None,
            shape @ (Shape::Primitive
            | Shape::FenceDevice
            | Shape::Group
            | Shape::Clone
            | Shape::PromotableClone
            | Shape::Bundle),
        ) => shape.words().to_owned(),
    };
    let mut state = vec![places(&resource.places)];
    if resource.failed {
        state.push("FAILED".to_owned());
    }
    state.extend(resource.remarks.iter().cloned());
    let unsure = resource.places.iter().any(|place| place.unclean);
    let tone = if resource.missing || resource.failed || unsure {
        Tone::Bad
    } else if resource.places.is_empty() || !resource.remarks.is_empty() {
        Tone::Caution
    } else {
        Tone::Good
    };
    table.row(vec![
        (Tone::Plain, format!("{}{}", "  ".repeat(depth), resource.id)),
        (Tone::Faint, what),
        (tone, state.join(", ")),
    ]);
    for child in &resource.children {
        tree(child, depth + 1, table);
    }
}

/// `started on n1 and n2, partly on n3`: one phrase for each role.
fn places(places: &[Place]) -> String {
    if places.is_empty() {
        return "stopped".to_owned();
    }
    let mut phrases: Vec<(String, Vec<String>)> = Vec::new();
    for role in ["promoted", "unpromoted", "started", "unknown"] {
        for partly in [false, true] {
            let nodes: Vec<String> = places
                .iter()
                .filter(|place| place.role == role && place.partly == partly)
                .map(|place| {
                    let mark = if place.unclean { " (unclean)" } else { "" };
                    format!("{}{mark}", place.node)
                })
                .collect();
            let word = if partly { format!("partly {role}") } else { role.to_owned() };
            if !nodes.is_empty() {
                phrases.push((word, nodes));
            }
        }
    }
    let phrase = |(word, nodes): &(String, Vec<String>)| format!("{word} on {}", nodes.join(", "));
    phrases.iter().map(phrase).collect::<Vec<_>>().join("; ")
}

fn failures(status: &Status, options: RenderOptions, out: &mut String) {
    if status.failures.is_empty() {
        return;
    }
    heading(out, options, "Failed actions");
    for failure in &status.failures {
        line(out, &format!("  {}", options.paint(Tone::Bad, &failure.words(options.now))));
        line(out, &format!("    forget it: {}", failure.command));
    }
}

fn fencing(status: &Status, options: RenderOptions, out: &mut String) {
    if status.fencing.is_empty() {
        return;
    }
    heading(out, options, "Fencing");
    for pending in &status.fencing {
        let state = if pending.under_way { "being cut off now" } else { "must be cut off" };
        let failed = pending.failed.as_ref().map(|reason| format!("; last attempt: {reason}"));
        line(out, &format!("  {}: {state}{}", pending.node, failed.unwrap_or_default()));
    }
}

fn running(status: &Status, options: RenderOptions, out: &mut String) {
    if status.running.is_empty() {
        return;
    }
    heading(out, options, "Under way");
    for action in &status.running {
        line(out, &format!("  {action}"));
    }
}

fn findings(status: &Status, options: RenderOptions, out: &mut String) {
    if status.findings.is_empty() {
        return;
    }
    heading(out, options, "Findings");
    for finding in &status.findings {
        let tone = match finding.severity {
            "notice" => Tone::Plain,
            "warning" => Tone::Caution,
            _ => Tone::Bad,
        };
        let at = match finding.line {
            0 => String::new(),
            number => format!("line {number}: "),
        };
        line(out, &format!("  {}: {at}{}", options.paint(tone, finding.severity), finding.message));
    }
}

fn heading(out: &mut String, options: RenderOptions, title: &str) {
    out.push('\n');
    line(out, &options.paint(Tone::Strong, title));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

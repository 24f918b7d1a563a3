//! Explanations as text.

use super::{Part, PartRole, Row, Why};
use crate::text::{RenderOptions, Tone};
use crate::words;

/// Writes the explanation for people.
pub fn render(why: &Why, options: RenderOptions) -> String {
    let mut out = String::new();
    for (at, part) in why.parts.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        write_part(part, options, &mut out);
    }
    out
}

fn write_part(part: &Part, options: RenderOptions, out: &mut String) {
    out.push_str(&options.paint(Tone::Strong, &headline(part)));
    out.push('\n');
    for row in &part.nodes {
        write_row(row, options, out);
    }
}

fn headline(part: &Part) -> String {
    let Part { id, active, node, role, because, .. } = part;
    let verb = match role {
        PartRole::Stopped => None,
        PartRole::Started => Some("run"),
        PartRole::Unpromoted => Some("run unpromoted"),
        PartRole::Promoted => Some("be promoted"),
    };
    match (verb, node) {
        (Some(verb), Some(node)) if active.as_slice() == [node.clone()] => {
            let verb = match verb {
                "run" => "runs",
                "run unpromoted" => "runs unpromoted",
                _ => "is, or will be, promoted",
            };
            format!("{id} {verb} on {node}: {because}.")
        }
        (Some(verb), Some(node)) if active.is_empty() => {
            format!("{id} will {verb} on {node}: {because}.")
        }
        (Some(verb), Some(node)) => {
            format!("{id} is on {} and will {verb} on {node}: {because}.", words::list(active))
        }
        (None, _) | (_, None) if active.is_empty() => format!("{id} does not run: {because}."),
        (None, _) | (_, None) => {
            format!("{id} is on {} and will be stopped: {because}.", words::list(active))
        }
    }
}

fn write_row(row: &Row, options: RenderOptions, out: &mut String) {
    let obstacle = row.obstacle.map(|word| format!(" ({word})")).unwrap_or_default();
    let tone = match (row.score.starts_with('-'), row.obstacle) {
        (true, _) | (_, Some(_)) => Tone::Faint,
        (false, None) => Tone::Plain,
    };
    out.push_str(&options.paint(tone, &format!("  {}: {}{obstacle}", row.node, row.score)));
    out.push('\n');
    // What adds nothing explains nothing.
    for term in row.terms.iter().filter(|term| !matches!(term.value.as_str(), "+0" | "0")) {
        out.push_str(&format!("    {:>10}  {}\n", term.value, term.from));
    }
}

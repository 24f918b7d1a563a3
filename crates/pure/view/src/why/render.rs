//! Explanations as text.

use model::Score;

use super::{Part, PartRole, Row, Term, TermChange, Why};
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
    if let Some(promotion) = &part.promotion {
        let word = if promotion.promoted { "promoted" } else { "not promoted" };
        let score = score_text(promotion.score);
        out.push_str(&format!("  {word} ({score}): {}\n", promotion.because));
        write_terms(&promotion.terms, out);
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
    let tone = match (row.score, row.obstacle) {
        (None, _) | (_, Some(_)) => Tone::Faint,
        (Some(score), None) if score < 0 => Tone::Faint,
        (Some(_), None) => Tone::Plain,
    };
    let score = row.score.map_or_else(|| "not considered".to_owned(), score_text);
    out.push_str(&options.paint(tone, &format!("  {}: {score}{obstacle}", row.node)));
    out.push('\n');
    write_terms(&row.terms, out);
}

fn write_terms(terms: &[Term], out: &mut String) {
    for (at, term) in terms.iter().enumerate() {
        // A sum is told by its parts; what adds nothing explains nothing.
        if !term.terms.is_empty() {
            write_terms(&term.terms, out);
        } else if term.value != 0 {
            out.push_str(&format!("    {:>10}  {}\n", value_text(term, at == 0), term.text));
        }
    }
}

/// `+100`, `-INFINITY`, `= 0`. Where nothing was before, adding and setting are one.
fn value_text(term: &Term, is_first: bool) -> String {
    let value = score_text(term.value);
    match term.change {
        TermChange::Add if term.value >= 0 => format!("+{value}"),
        TermChange::Add => value,
        TermChange::Set if is_first && term.value >= 0 => format!("+{value}"),
        TermChange::Set if is_first => value,
        TermChange::Set => format!("= {value}"),
    }
}

fn score_text(value: i32) -> String {
    Score::new(i64::from(value)).to_string()
}

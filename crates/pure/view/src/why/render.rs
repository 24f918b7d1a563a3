//! Explanations as text.

use model::Score;

use super::{Counterfactual, Part, PartRole, Row, Term, TermChange, Why};
use crate::because::{Explained, Link, link_text};
use crate::text::{RenderOptions, Tone};
use crate::words;

/// Writes the explanation for people.
pub fn render(why: &Why, options: RenderOptions) -> String {
    let mut out = String::new();
    let mut left = why.parts.as_slice();
    let mut told: Vec<&[Counterfactual]> = Vec::new();
    while let [part, rest @ ..] = left {
        if !out.is_empty() {
            out.push('\n');
        }
        let alike = rest.iter().take_while(|other| is_idle_twin(part, other)).count();
        let (alike, rest) = rest.split_at(alike);
        write_part(part, alike, options, &mut out);
        // What brings the whole along is said once.
        if !told.contains(&part.would.as_slice()) {
            write_would(part, &mut out);
        }
        told.push(&part.would);
        left = rest;
    }
    out
}

/// Whether two instances are idle for the same reasons: they are told as one.
fn is_idle_twin(one: &Part, other: &Part) -> bool {
    let is_idle = |part: &Part| part.role == PartRole::Stopped && part.active.is_empty();
    is_idle(one)
        && is_idle(other)
        && one.rule == other.rule
        && one.nodes == other.nodes
        && one.promotion == other.promotion
        && one.comes.is_empty()
        && other.comes.is_empty()
}

fn write_part(part: &Part, alike: &[Part], options: RenderOptions, out: &mut String) {
    let headline = match alike {
        [] => headline(part),
        _ => {
            let ids = std::iter::once(part).chain(alike).map(|part| part.id.as_str());
            let ids: Vec<&str> = ids.collect();
            format!("{} do not run: {}.", words::list(&ids), part.because)
        }
    };
    out.push_str(&options.paint(Tone::Strong, &headline));
    out.push('\n');
    write_coming(part, options, out);
    write_rows(&part.nodes, options, out);
    if let Some(promotion) = &part.promotion {
        let word = if promotion.promoted { "promoted" } else { "not promoted" };
        let score = score_text(promotion.score);
        out.push_str(&format!("  {word} ({score}): {}\n", promotion.because));
        write_terms(&promotion.terms, out);
    }
}

/// What sets it in motion, or keeps it from what it should do, unless the headline says it.
fn write_coming(part: &Part, options: RenderOptions, out: &mut String) {
    let about_it = |link: &Link| link.resource.as_deref() == Some(part.id.as_str());
    let of_place = |kind: &str| matches!(kind, "not-running" | "better-place" | "moves");
    let said = |link: &Link| of_place(link.kind) && about_it(link);
    let blocked = part.comes.iter().find(|coming| coming.key.is_empty());
    let planned = part.comes.first().filter(|_| blocked.is_none());
    if let Some(blocked) = blocked.filter(|_| part.active.is_empty()) {
        out.push_str(&format!("  It cannot {} now:\n", blocked.task));
    }
    let because = blocked.or(planned).map(|coming| coming.because.as_slice()).unwrap_or_default();
    for link in because.iter().filter(|link| !said(link)) {
        out.push_str(&format!("  because {}\n", link_text(link, options)));
    }
}

fn write_would(part: &Part, out: &mut String) {
    let Some(first) = part.would.first() else { return };
    let would = match (first.promoted, &first.node) {
        (true, Some(node)) => format!("be promoted on {node}"),
        (true, None) => "be promoted".to_owned(),
        (false, Some(node)) if part.active.as_slice() == [node.clone()] => {
            format!("stay on {node}")
        }
        (false, Some(node)) => format!("run on {node}"),
        (false, None) => "run".to_owned(),
    };
    let alternatives: Vec<String> = part
        .would
        .iter()
        .map(|would| {
            let texts: Vec<&str> =
                would.changes.iter().map(|change| change.text.as_str()).collect();
            texts.join(" and ")
        })
        .collect();
    match alternatives.as_slice() {
        [one] => out.push_str(&format!("  It would {would} if {one}.\n")),
        all => {
            out.push_str(&format!("  It would {would} if\n    {}.\n", all.join(", or\n    ")));
        }
    }
}

/// Where it is, where it will be, and the rule that settled it.
fn headline(part: &Part) -> String {
    let Part { id, active, promoted_now, node, role, because, .. } = part;
    let here = words::list(active);
    let comes = |task: &str| {
        let is_it = |coming: &Explained| coming.task == task && !coming.key.is_empty();
        part.comes.iter().any(is_it)
    };
    let (stops, starts) = (comes("stop"), comes("start"));
    let cannot = part.comes.iter().any(Explained::is_start_that_cannot_be);
    let Some(node) = node.as_ref().filter(|_| *role != PartRole::Stopped) else {
        return match active.is_empty() {
            true => format!("{id} does not run: {because}."),
            false if stops => format!("{id} is on {here} and will be stopped: {because}."),
            false => format!("{id} is on {here} and should be stopped: {because}."),
        };
    };
    let verb = match role {
        PartRole::Stopped | PartRole::Started => "run",
        PartRole::Unpromoted => "run unpromoted",
        PartRole::Promoted => "be promoted",
    };
    let is_there = active.as_slice() == [node.clone()];
    match (is_there, cannot) {
        (true, true) if stops => format!("{id} is on {node} and will be stopped."),
        (false, true) if active.is_empty() => {
            format!("{id} does not run. It should {verb} on {node}: {because}.")
        }
        (true, _) if *role == PartRole::Promoted && *promoted_now => {
            let again = match (starts, comes("demote") && comes("promote")) {
                (true, _) => " It will be restarted there.",
                (false, true) => " It will be demoted and promoted again.",
                (false, false) => "",
            };
            format!("{id} is promoted on {node}: {because}.{again}")
        }
        (true, _) if *role == PartRole::Promoted => {
            format!("{id} runs on {node} and should be promoted there: {because}.")
        }
        (true, _) if *role == PartRole::Unpromoted && *promoted_now => {
            format!("{id} is promoted on {node} and will be demoted.")
        }
        (true, _) if stops && starts => {
            let verb = verb.replacen("run", "runs", 1);
            format!("{id} {verb} on {node}: {because}. It will be restarted there.")
        }
        (true, _) => format!("{id} {} on {node}: {because}.", verb.replacen("run", "runs", 1)),
        (false, _) if active.is_empty() => format!("{id} will {verb} on {node}: {because}."),
        (false, _) => format!("{id} is on {here} and will {verb} on {node}: {because}."),
    }
}

/// Names on one line; the rest is in the JSON.
const NAMES_SHOWN: usize = 8;

/// Nodes of which the same is to be said are one line.
fn write_rows(rows: &[Row], options: RenderOptions, out: &mut String) {
    let mut told: Vec<(&Row, Vec<&str>)> = Vec::new();
    for row in rows {
        match told.iter_mut().find(|(known, _)| is_same(known, row)) {
            Some((_, names)) => names.push(&row.node),
            None => told.push((row, vec![&row.node])),
        }
    }
    for (row, names) in told {
        let more = names.len().saturating_sub(NAMES_SHOWN);
        let names = match more {
            0 => words::list(&names),
            _ => {
                let shown: Vec<&str> = names.iter().take(NAMES_SHOWN).copied().collect();
                format!("{} and {more} more", shown.join(", "))
            }
        };
        write_row(row, &names, options, out);
    }
}

fn is_same(one: &Row, other: &Row) -> bool {
    (one.score, one.obstacle, &one.terms) == (other.score, other.obstacle, &other.terms)
}

fn write_row(row: &Row, names: &str, options: RenderOptions, out: &mut String) {
    let obstacle = row.obstacle.map(|word| format!(" ({word})")).unwrap_or_default();
    let tone = match (row.score, row.obstacle) {
        (None, _) | (_, Some(_)) => Tone::Faint,
        (Some(score), None) if score < 0 => Tone::Faint,
        (Some(_), None) => Tone::Plain,
    };
    let score = row.score.map_or_else(|| "not considered".to_owned(), score_text);
    out.push_str(&options.paint(tone, &format!("  {names}: {score}{obstacle}")));
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

//! Consequences as text.

use super::{Consequences, Step, Verb};
use crate::because::{Link, link_text};
use crate::moment::length;
use crate::text::{RenderOptions, Table, Tone};
use crate::words;

/// Writes what would happen, then what is risky.
pub fn render(consequences: &Consequences, options: RenderOptions) -> String {
    let mut out = String::new();
    if consequences.steps.is_empty() {
        out.push_str(match consequences.actions {
            0 => "Nothing would start, stop or move.\n",
            _ => "Nothing would start, stop or move; only probes, monitors and bookkeeping.\n",
        });
    } else {
        out.push_str("This would happen, in this order:\n");
        let mut table = Table::default();
        let mut steps = consequences.steps.iter().peekable();
        while let Some(step) = steps.next() {
            let mut places = places(step);
            // Copies of one resource that do the same one after the other are one line.
            while let Some(next) = steps.next_if(|next| is_same(step, next)) {
                places.push_str(&format!(", {}", place(next)));
            }
            table.row(vec![
                (tone(step.verb), step.verb.words().to_owned()),
                (Tone::Plain, step.what.clone()),
                (Tone::Plain, places),
            ]);
        }
        table.write(&mut out, 2, options);
        write_causes(&consequences.steps, options, &mut out);
    }
    if consequences.already_busy {
        out.push_str("Some of it would happen without the change, too.\n");
    }
    if !consequences.risks.is_empty() {
        out.push_str("Mind:\n");
        for risk in &consequences.risks {
            out.push_str(&format!("  {}\n", options.paint(Tone::Caution, risk)));
        }
    }
    if !consequences.findings.is_empty() {
        let has = if consequences.as_it_is { "has" } else { "would have" };
        out.push_str(&format!("The configuration {has} these findings:\n"));
        for finding in &consequences.findings {
            out.push_str(&format!("  {}: {}\n", finding.severity, finding.message));
        }
    }
    out
}

/// More would hide what is below.
const CAUSES_SHOWN: usize = 8;

/// Why all this: each root cause once, with what it leads to.
fn write_causes(steps: &[Step], options: RenderOptions, out: &mut String) {
    let mut causes: Vec<(&Link, Vec<&str>)> = Vec::new();
    for step in steps {
        let Some(root) = step.because.last() else { continue };
        let what = step.what.as_str();
        match causes.iter_mut().find(|(known, _)| is_one(known, root)) {
            Some((_, list)) if list.contains(&what) => {}
            Some((_, list)) => list.push(what),
            None => causes.push((root, vec![what])),
        }
    }
    let text = |(root, list): &(&Link, Vec<&str>)| match (list.as_slice(), plural(root)) {
        ([_, _, ..], Some(plural)) => plural.to_owned(),
        (_, Some(_) | None) => link_text(root, options),
    };
    if let [cause] = causes.as_slice() {
        out.push_str(&format!("Because {}.\n", text(cause)));
        return;
    }
    if !causes.is_empty() {
        out.push_str("Because:\n");
    }
    for cause in causes.iter().take(CAUSES_SHOWN) {
        out.push_str(&format!("  {}: {}\n", text(cause), words::list(&cause.1)));
    }
    if causes.len() > CAUSES_SHOWN {
        let more = words::count(causes.len() - CAUSES_SHOWN, "more cause");
        out.push_str(&format!("  and {more}: `quorate why --action` lists them all\n"));
    }
}

/// Whether two causes are told as one.
fn is_one(one: &Link, other: &Link) -> bool {
    one.kind == other.kind && (one.text == other.text || plural(one).is_some())
}

/// What is said of several resources at once, of causes that concern each by itself.
fn plural(root: &Link) -> Option<&'static str> {
    match root.kind {
        "not-running" => Some("they should run, and run nowhere"),
        "changed" => Some("their definitions changed since they were started"),
        "removed" => Some("they are not in the configuration any more"),
        _ => None,
    }
}

fn tone(verb: Verb) -> Tone {
    match verb {
        Verb::Start | Verb::Promote | Verb::Unfence => Tone::Good,
        Verb::LiveMove | Verb::Reload => Tone::Plain,
        Verb::Fence | Verb::Stop => Tone::Bad,
        Verb::Restart | Verb::Move | Verb::Demote => Tone::Caution,
    }
}

fn places(step: &Step) -> String {
    let mut text = match (step.verb, &step.from, &step.to) {
        (Verb::Move | Verb::LiveMove, Some(from), Some(to)) => format!("from {from} to {to}"),
        (_, Some(from), None) => format!("on {from}"),
        (_, _, Some(to)) => format!("on {to}"),
        (_, None, None) => String::new(),
    };
    if step.promoted {
        text.push_str(" as promoted");
    }
    if let Some(ms) = step.interrupted_ms {
        text.push_str(&format!(" (interrupted for about {})", length(ms)));
    }
    text
}

/// Whether two steps differ in the node alone.
fn is_same(step: &Step, next: &Step) -> bool {
    let single = matches!(step.verb, Verb::Start | Verb::Stop | Verb::Demote | Verb::Promote);
    single && step.verb == next.verb && step.what == next.what && step.promoted == next.promoted
}

fn place(step: &Step) -> &str {
    step.to.as_deref().or(step.from.as_deref()).unwrap_or_default()
}

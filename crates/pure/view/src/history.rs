//! What happened, a line for each event.

use wire::api::{Entry, Event};

use crate::moment;
use crate::text::{RenderOptions, Tone};
use crate::words;

/// One line for people, with its time.
pub fn render(entry: &Entry, options: RenderOptions) -> String {
    let (tone, text) = describe(&entry.event);
    format!(
        "{}  {}",
        options.paint(Tone::Faint, &moment::clock(entry.at)),
        options.paint(tone, &text)
    )
}

/// The event in words.
pub fn describe(event: &Event) -> (Tone, String) {
    match event {
        Event::Membership { members, lost, quorate } => membership(members, lost, *quorate),
        Event::Coordinator { node } => (Tone::Plain, format!("{node} is the coordinator")),
        Event::Changed { user, change, version } => {
            (Tone::Strong, format!("{user}: {change} (now {version})"))
        }
        Event::Refused { user, change, reason } => {
            (Tone::Caution, format!("refused, {user}: {change}: {reason}"))
        }
        Event::Planned { transition, cause, actions, because, findings: _ } => {
            (Tone::Plain, planned(*transition, cause, actions, because))
        }
        Event::Started { action, node } => (Tone::Faint, format!("{action} begins on {node}")),
        Event::Finished { action, node, code, status, reason, ms, expected } => {
            let took = moment::length(*ms);
            if *expected {
                (Tone::Plain, format!("{action} done on {node} in {took}"))
            } else if let Some(found) = found(action, *code, status) {
                (Tone::Caution, format!("{found} on {node}, in {took}"))
            } else {
                let code = model::OcfCode(*code);
                let said = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                let status = match status.to_lowercase().as_str() {
                    "complete" | "done" => String::new(),
                    other => format!(", {other}"),
                };
                let words = code.words();
                (
                    Tone::Bad,
                    format!(
                        "{action} FAILED on {node}: {words} ({code}){status}{said}, after {took}"
                    ),
                )
            }
        }
        Event::Fencing { target, action, device, by } => {
            (Tone::Caution, format!("cutting {target} off ({action}) with {device}, done by {by}"))
        }
        Event::Fenced { target, action, succeeded: true, by, reason } => {
            (Tone::Good, format!("{target} is proven off ({action}) by {by}{}", because(reason)))
        }
        Event::Fenced { target, action, succeeded: false, by, reason } => (
            Tone::Bad,
            format!("{target} could NOT be cut off ({action}) by {by}{}", because(reason)),
        ),
        Event::MayBeOlder { nodes } => {
            (Tone::Caution, format!("no edits: {} may have a newer one", words::list(nodes)))
        }
        Event::QuorumIsOthers { nodes } => {
            let who = words::list(nodes);
            (Tone::Caution, format!("no quorum: {who} had it last, and may have it still"))
        }
        Event::SetAside { reason } => (Tone::Caution, format!("changes set aside: {reason}")),
        Event::Idle => (Tone::Good, "nothing left to do".to_owned()),
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn membership(members: &[String], lost: &[String], quorate: bool) -> (Tone, String) {
    let mut text = format!("members: {}", words::list(members));
    if !lost.is_empty() {
        text.push_str(&format!("; lost: {}", words::list(lost)));
    }
    if !quorate {
        text.push_str("; no quorum");
    }
    (if lost.is_empty() && quorate { Tone::Good } else { Tone::Caution }, text)
}

/// Long plans are cut: the rest is in the JSON.
const ACTIONS_SHOWN: usize = 8;

/// Causes that are told; `quorate why --action` has them all.
const CAUSES_SHOWN: usize = 3;

fn planned(transition: u64, cause: &str, actions: &[String], because: &[String]) -> String {
    let shown: Vec<&str> = actions.iter().take(ACTIONS_SHOWN).map(String::as_str).collect();
    let more = match actions.len().saturating_sub(ACTIONS_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if actions.is_empty() {
        return format!("plan {transition} ({cause}): nothing to do");
    }
    let mut told: Vec<String> = because.iter().take(CAUSES_SHOWN).cloned().collect();
    match because.len().saturating_sub(CAUSES_SHOWN) {
        0 => {}
        more => told.push(words::count(more, "other cause")),
    }
    let because =
        if told.is_empty() { String::new() } else { format!("; because {}", words::list(&told)) };
    format!("plan {transition} ({cause}): {}{more}{because}", shown.join(", "))
}

/// What a probe found, if it is no failure but only was not known before.
fn found(action: &str, code: i32, status: &str) -> Option<String> {
    let resource = action.strip_suffix("_monitor_0")?;
    let code = model::OcfCode(code);
    let what = if code == model::OcfCode::OK {
        "running"
    } else if code == model::OcfCode::RUNNING_PROMOTED {
        "promoted"
    } else {
        return None;
    };
    let is_answer = matches!(status.to_lowercase().as_str(), "complete" | "done");
    is_answer.then(|| format!("{resource} was found {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_probe_finds_running_has_not_failed() {
        let probe = |code: i32, status: &str| {
            let event = Event::Finished {
                action: "db_monitor_0".to_owned(),
                node: "n3".to_owned(),
                code,
                status: status.to_owned(),
                reason: String::new(),
                ms: 24,
                expected: false,
            };
            describe(&event).1
        };
        assert_eq!(probe(0, "complete"), "db was found running on n3, in 24 ms");
        assert_eq!(probe(8, "complete"), "db was found promoted on n3, in 24 ms");
        assert!(probe(1, "complete").contains("FAILED"));
        assert!(probe(0, "Timed Out").contains("FAILED"));
    }

    fn plan(actions: &[&str], because: &[&str]) -> String {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let event = Event::Planned {
            transition: 7,
            cause: "the membership changed".to_owned(),
            actions: owned(actions),
            because: owned(because),
            findings: Vec::new(),
        };
        describe(&event).1
    }

    #[test]
    fn a_plan_is_told_with_what_began_it() {
        assert_eq!(
            plan(&["fence n1", "start db on n2"], &["n1 was lost"]),
            "plan 7 (the membership changed): fence n1, start db on n2; because n1 was lost"
        );
        assert_eq!(
            plan(&["stop db on n1"], &["a", "b", "c", "d", "e"]),
            "plan 7 (the membership changed): stop db on n1; because a, b, c and 2 other causes"
        );
        assert_eq!(
            plan(&["monitor db on n1"], &[]),
            "plan 7 (the membership changed): monitor db on n1"
        );
    }
}

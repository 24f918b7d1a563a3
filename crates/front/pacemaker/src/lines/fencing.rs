//! Fencing in a line each.

use crate::outline::Outline;
use crate::status::{FencingShown, FencingState, Look};
use crate::time;

/// Writes a list of fencings; `full` if all are told of, not only the last of each kind.
pub(super) fn write(
    out: &mut Outline,
    title: &str,
    events: &[&FencingShown<'_>],
    full: bool,
    look: Look,
) {
    out.begin(title);
    events.iter().for_each(|event| out.item(&line(event, full, look)));
    out.end();
}

fn line(event: &FencingShown<'_>, full: bool, look: Look) -> String {
    let FencingShown { target, action, state, delegate, origin, reason, at, mended_by } = event;
    let technical = look.has(Look::FAILED_DETAIL);
    let action = match *action {
        "on" => "unfencing",
        "off" => "turning off",
        other => other,
    };
    let done = *state != FencingState::Pending;
    let delegate = delegate.filter(|_| done);
    let mut line = format!("{action} of {target}");
    if !technical {
        line.push_str(&delegate.map(|node| format!(" by {node}")).unwrap_or_default());
        line.push_str(&format!(" for quorate@{origin}"));
        line.push_str(if full { "" } else { " last" });
    }
    line.push_str(match state {
        FencingState::Pending => " pending",
        FencingState::Failed => " failed",
        FencingState::Done => " successful",
    });
    if *state == FencingState::Failed && !reason.is_empty() {
        line.push_str(&format!(" ({reason})"));
    }
    if technical {
        let delegate = delegate.map(|node| format!("delegate={node}, ")).unwrap_or_default();
        line.push_str(&format!(": {delegate}client=quorate, origin={origin}"));
        let word = match (full, state) {
            (true, _) => "completed",
            (false, FencingState::Failed) => "last-failed",
            (false, _) => "last-successful",
        };
        if done {
            line.push_str(&format!(", {word}='{}'", time::calendar(*at)));
        }
    } else if done {
        line.push_str(&format!(" at {}", time::calendar(*at)));
    }
    if let Some(node) = mended_by {
        line.push_str(&format!(" (a later attempt from {node} succeeded)"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_people_and_for_who_wants_to_know_all() {
        let event = FencingShown {
            target: "n2",
            action: "off",
            state: FencingState::Failed,
            delegate: Some("n1"),
            origin: "n3",
            reason: "no answer",
            at: 0,
            mended_by: Some("n1"),
        };
        let at = time::calendar(0);
        let mended = "(a later attempt from n1 succeeded)";
        assert_eq!(
            line(&event, false, Look::PENDING),
            format!(
                "turning off of n2 by n1 for quorate@n3 last failed (no answer) at {at} {mended}"
            )
        );
        assert_eq!(
            line(&event, true, Look::DETAILS),
            format!(
                "turning off of n2 failed (no answer): delegate=n1, client=quorate, origin=n3, \
                 completed='{at}' {mended}"
            )
        );
    }
}

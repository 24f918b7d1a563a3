//! Why the cluster plans anew, in words, where an action's end is the reason.

use model::{Action, ExecStatus, OcfCode, Outcome};

/// What came of an action that was to end otherwise.
pub(crate) fn of_surprise(action: &Action, node: &str, outcome: &Outcome) -> String {
    if let (Some(resource), Some(state)) = (probed(action), found(outcome)) {
        return format!("a probe found {resource} {state} on {node}");
    }
    let what = outcome.status.told_with(outcome.code);
    let said =
        if outcome.reason.is_empty() { String::new() } else { format!(", {}", outcome.reason) };
    format!("{} failed on {node}: {what}{said}", action.key)
}

/// The resource, if the action only looks for it where it should not be.
fn probed(action: &Action) -> Option<&str> {
    let looks_for_nothing = action.expected_code() == OcfCode::NOT_RUNNING.0;
    let resource = action.primitive().filter(|_| action.is_probe() && looks_for_nothing)?;
    Some(resource.long_id.as_deref().unwrap_or(&resource.id))
}

/// An answer that is no failure.
fn found(outcome: &Outcome) -> Option<&'static str> {
    if outcome.status != ExecStatus::Done {
        return None;
    }
    [
        (OcfCode::OK, "running"),
        (OcfCode::RUNNING_PROMOTED, "promoted"),
        (OcfCode::DEGRADED, "running, degraded,"),
        (OcfCode::DEGRADED_PROMOTED, "promoted, degraded,"),
    ]
    .into_iter()
    .find_map(|(code, state)| (code == outcome.code).then_some(state))
}

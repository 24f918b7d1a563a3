//! Asking the cluster to cut a node off or let it back, and waiting until it did.

use std::time::{Duration, Instant};

use model::parse_interval;
use wire::api::{Change, Event};

use crate::exit::Exit;
use crate::time;
use crate::tool::{self, Call, Trouble};

/// Says that a node is off.
pub(super) fn confirm(node: &str) -> Result<Exit, Trouble> {
    let (client, ..) = tool::live()?;
    tool::change(&client, Change::ConfirmOff { node: node.to_owned() })?;
    Ok(Exit::Ok)
}

/// Cuts a node off (`off`, `reboot`) or lets it back (`on`), and waits for what came of it.
pub(super) fn fence(node: &str, action: &str, call: &Call) -> Result<Exit, Trouble> {
    let delay = call.number("delay")?.unwrap_or(0).max(0);
    let patience =
        Duration::from_secs(call.number("timeout")?.unwrap_or(120).max(0).unsigned_abs());
    let (client, snapshot, _document) = tool::live()?;
    let tolerance = call.value("tolerance").and_then(parse_interval).unwrap_or_default();
    let since = time::now().saturating_sub(i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX));
    let done = |target: &str, what: &str| target == node && what == action;
    let is_fresh = !tolerance.is_zero()
        && snapshot
            .cluster
            .fencings
            .iter()
            .any(|past| past.succeeded && done(&past.target, &past.action) && past.at >= since);
    if is_fresh {
        return Ok(Exit::Ok);
    }
    // Whoever waits may change their mind: until then nothing was asked.
    std::thread::sleep(Duration::from_secs(delay.unsigned_abs()));
    let known = client.history(0).map_err(tool::trouble)?;
    let before = known.last().map_or(0, |entry| entry.number);
    let mut events = client.events(before).map_err(tool::trouble)?;
    tool::change(&client, Change::Fence { node: node.to_owned(), action: action.to_owned() })?;
    let start = Instant::now();
    let verb = if action == "on" { "unfence" } else { "fence" };
    loop {
        let left = patience.saturating_sub(start.elapsed());
        let next = if left.is_zero() { None } else { events.next(left).map_err(tool::trouble)? };
        let Some(entry) = next else {
            let words = format!("Couldn't {verb} {node}: Timer expired");
            return Err(Trouble::new(Exit::Timeout, words));
        };
        if let Event::Fenced { target, action: what, succeeded, reason, .. } = entry.event
            && done(&target, &what)
        {
            if succeeded {
                return Ok(Exit::Ok);
            }
            let words = format!("Couldn't {verb} {node}: Generic Pacemaker error ({reason})");
            return Err(Trouble::new(Exit::Error, words));
        }
    }
}

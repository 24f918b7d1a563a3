//! Commands that follow what happens: `status --watch`, `history`.

use std::time::Duration;

use client::{Client, ClientError};
use view::RenderOptions;
use wire::api::Entry;

use crate::arguments::Common;
use crate::exit::Exit;
use crate::say;
use crate::source::{self, Source};
use crate::trouble::Trouble;

/// Events come in bursts; one picture for each burst is enough.
const BURST: Duration = Duration::from_millis(200);

/// With nothing happening the picture is still made anew, so that "12 s ago" stays true.
const STILL: Duration = Duration::from_secs(5);

/// Between two tries to reach a daemon that went away.
const AGAIN: Duration = Duration::from_secs(1);

/// Shows the status, again and again, until the command is interrupted.
pub(super) fn status(common: &Common) -> Result<Exit, Trouble> {
    let client = source::daemon(common, "--watch")?;
    stay(|reached| {
        let mut events = client.events(last_number(&client)?)?;
        loop {
            if !picture(common)? {
                return Ok(Exit::Done);
            }
            *reached = true;
            if events.next(STILL)?.is_some() {
                while events.next(BURST)?.is_some() {}
            }
        }
    })
}

/// Shows how it is; answers whether somebody sees it.
fn picture(common: &Common) -> Result<bool, Trouble> {
    let source = Source::read(common)?;
    let status = view::status(source.seen());
    let text = if common.json {
        json_line(&status)
    } else {
        // To the top left, then clear: no flicker.
        let clear = if say::colour() { "\u{1b}[H\u{1b}[2J" } else { "\n" };
        format!("{clear}{}", view::status::render(&status, source.options()))
    };
    Ok(say::out_if_heard(&text))
}

/// A value in a line, so that a reader sees where it ends.
fn json_line(value: &impl serde::Serialize) -> String {
    // Values of ours are maps with text for keys, lists and numbers: nothing that can fail.
    format!("{}\n", serde_json::to_string(value).unwrap_or_default())
}

/// Follows until nobody listens any more: a daemon that was there and went away, as one does
/// whose node is fenced, is waited for. `follow` says when it has reached the daemon.
fn stay(mut follow: impl FnMut(&mut bool) -> Result<Exit, Trouble>) -> Result<Exit, Trouble> {
    let mut was_reached = false;
    let mut is_told = false;
    loop {
        let mut reached = false;
        let trouble = match follow(&mut reached) {
            Ok(exit) => return Ok(exit),
            Err(trouble) => trouble,
        };
        was_reached |= reached;
        is_told &= !reached;
        if !was_reached || !is_absence(&trouble) {
            return Err(trouble);
        }
        if !is_told {
            let what = trouble.headline();
            say::talk(&format!("quorate: {what}\n  Waiting for it to come back.\n"));
            is_told = true;
        }
        std::thread::sleep(AGAIN);
    }
}

/// Whether there is no daemon, or none that answers.
fn is_absence(trouble: &Trouble) -> bool {
    let Trouble::Client(error) = trouble else { return false };
    match error {
        ClientError::Connect { .. } | ClientError::Broken { .. } | ClientError::Deadline { .. } => {
            true
        }
        ClientError::Garbled { .. } | ClientError::Refused(_) => false,
    }
}

/// Shows what happened, and with `follow` what happens.
pub(super) fn history(common: &Common, since: u64, follow: bool) -> Result<Exit, Trouble> {
    let client = source::daemon(common, "the history")?;
    let options = RenderOptions { colour: say::colour(), now: source::now(common) };
    if !follow {
        let entries = client.history(since)?;
        if common.json {
            say::json(&entries);
        } else {
            entries.iter().for_each(|entry| say::out(&line(common, entry, options)));
        }
        return Ok(Exit::Done);
    }
    let (mut after, mut life) = (since.saturating_sub(1), None);
    stay(|reached| {
        let mut events = client.events(after)?;
        if *life.get_or_insert(events.daemon()) != events.daemon() {
            // A daemon's next life counts anew.
            (after, life) = (0, Some(events.daemon()));
            events = client.events(after)?;
        }
        loop {
            let next = events.next(STILL)?;
            *reached = true;
            if let Some(entry) = next {
                if !say::out_if_heard(&line(common, &entry, options)) {
                    return Ok(Exit::Done);
                }
                after = entry.number;
            }
        }
    })
}

fn line(common: &Common, entry: &Entry, options: RenderOptions) -> String {
    if common.json {
        json_line(entry)
    } else {
        format!("{}\n", view::history::render(entry, options))
    }
}

/// The number of the newest event.
fn last_number(client: &Client) -> Result<u64, ClientError> {
    Ok(client.history(0)?.last().map_or(0, |entry| entry.number))
}

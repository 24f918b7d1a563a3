//! Commands that follow what happens: `status --watch`, `history`.

use std::time::Duration;

use client::{Client, ClientError};
use view::RenderOptions;

use crate::arguments::Common;
use crate::exit::Exit;
use crate::say;
use crate::source::{self, Source};
use crate::trouble::Trouble;

/// Events come in bursts; one picture for each burst is enough.
const BURST: Duration = Duration::from_millis(200);

/// With nothing happening the picture is still made anew, so that "12 s ago" stays true.
const STILL: Duration = Duration::from_secs(5);

/// Shows the status, again and again, until the command is interrupted or the daemon is gone.
pub(super) fn status(common: &Common) -> Result<Exit, Trouble> {
    let client = source::daemon(common, "--watch")?;
    let mut events = client.events(last_number(&client)?)?;
    loop {
        let source = Source::read(common)?;
        let status = view::status(source.seen());
        if common.json {
            // One value a line, so that a reader sees where it ends.
            match serde_json::to_string(&status) {
                Ok(line) => say::out(&format!("{line}\n")),
                Err(error) => say::talk(&format!("quorate: cannot write JSON: {error}\n")),
            }
        } else {
            // To the top left, then clear: no flicker.
            let clear = if say::colour() { "\u{1b}[H\u{1b}[2J" } else { "\n" };
            say::out(&format!("{clear}{}", view::status::render(&status, source.options())));
        }
        if events.next(STILL)?.is_some() {
            while events.next(BURST)?.is_some() {}
        }
    }
}

/// Shows what happened, and with `follow` what happens.
pub(super) fn history(common: &Common, since: u64, follow: bool) -> Result<Exit, Trouble> {
    let client = source::daemon(common, "the history")?;
    let entries = client.history(since)?;
    let options = RenderOptions { colour: say::colour(), now: source::now(common) };
    if common.json && !follow {
        say::json(&entries);
        return Ok(Exit::Done);
    }
    let mut last = since.saturating_sub(1);
    for entry in &entries {
        last = entry.number;
        show(common, entry, options);
    }
    if !follow {
        return Ok(Exit::Done);
    }
    let mut events = client.events(last)?;
    loop {
        match events.next(STILL) {
            Ok(Some(entry)) => show(common, &entry, options),
            Ok(None) => {}
            Err(error) => return Err(Trouble::Client(error)),
        }
    }
}

fn show(common: &Common, entry: &wire::api::Entry, options: RenderOptions) {
    if common.json {
        if let Ok(line) = serde_json::to_string(entry) {
            say::out(&format!("{line}\n"));
        }
    } else {
        say::out(&format!("{}\n", view::history::render(entry, options)));
    }
}

/// The number of the newest event.
fn last_number(client: &Client) -> Result<u64, ClientError> {
    Ok(client.history(0)?.last().map_or(0, |entry| entry.number))
}

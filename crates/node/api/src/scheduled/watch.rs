//! Applies plans when their time comes.

use std::sync::Arc;
use std::time::Duration;

use wire::api::{Refused, Reply};

use super::{Kept, Schedule, State};
use crate::Shared;
use crate::audit::{Deed, outcome};
use crate::snapshot::now;

/// The wall clock may jump: it is looked at so often while anything waits.
const LOOK: Duration = Duration::from_secs(1);

/// Later than this a plan is missed: whoever planned for the night does not want it in the morning. In
/// seconds.
const LATE_MAX: i64 = 300;

/// For ever.
pub(crate) async fn watch(shared: Shared) {
    let schedule = Arc::clone(&shared.schedule);
    for cut_off in of_state(&schedule, State::Begun) {
        let words = "the daemon ended while it was applied; look whether it was made";
        end(&shared, &cut_off, State::Refused, words.to_owned()).await;
    }
    loop {
        let waiting = of_state(&schedule, State::Waiting);
        let due = waiting.iter().filter(|kept| kept.at <= now()).min_by_key(|kept| kept.at);
        match due {
            Some(kept) if now() - kept.at > LATE_MAX => {
                let words = format!("missed: it was due {} s ago", now() - kept.at);
                end(&shared, kept, State::Missed, words).await;
            }
            Some(kept) => apply(&shared, kept).await,
            None if waiting.is_empty() => schedule.changed.notified().await,
            None => tokio::time::sleep(LOOK).await,
        }
    }
}

fn of_state(schedule: &Schedule, state: State) -> Vec<Kept> {
    schedule.all().values().filter(|kept| kept.state == state).cloned().collect()
}

async fn apply(shared: &Shared, kept: &Kept) {
    let caller = match kept.caller(&shared.gate) {
        Ok(caller) => caller,
        Err(words) => return end(shared, kept, State::Refused, format!("refused: {words}")).await,
    };
    if !set(shared, kept, State::Begun, None).await {
        // Not begun, so not lost; the disk may have room again.
        return tokio::time::sleep(LOOK).await;
    }
    let reply = shared.clients.ask(caller, kept.request.clone()).wait().await;
    let state = match &reply {
        // The daemon has just begun: soon there is an answer, or it is too late.
        Some(Reply::Refused(Refused::NotReady)) => {
            set(shared, kept, State::Waiting, None).await;
            return tokio::time::sleep(LOOK).await;
        }
        Some(Reply::Done { .. }) => State::Done,
        Some(_) => State::Refused,
        // The daemon is stopping: its next life says so.
        None => return,
    };
    end(shared, kept, state, outcome(reply.as_ref())).await;
}

/// Tells what came of one, and keeps it.
async fn end(shared: &Shared, kept: &Kept, state: State, words: String) {
    let deed = Deed::new(format!("scheduled: {}", kept.what));
    shared.audit.add(&kept.who(), &deed, words.clone());
    tracing::info!(user = kept.user, what = kept.what, outcome = words, "a scheduled plan ended");
    while !set(shared, kept, state, Some(words.clone())).await {
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether it is kept so.
async fn set(shared: &Shared, kept: &Kept, state: State, words: Option<String>) -> bool {
    let id = kept.id.clone();
    let set = super::changed(shared, move |all| match all.get_mut(&id) {
        Some(kept) => {
            (kept.state, kept.outcome) = (state, words);
            true
        }
        None => false,
    });
    match set.await {
        Ok(_is_there) if state != State::Begun => true,
        Ok(is_there) => is_there,
        Err(_) => false,
    }
}

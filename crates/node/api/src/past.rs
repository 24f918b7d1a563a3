//! What is served of the past, and by which moment a view goes.

use std::sync::Arc;

use wire::api::{Reply, Request};

use crate::Shared;
use crate::answer::{self, No, Outcome, Wrong, problem};
use crate::query;
use crate::reading::{bytes, not_that, now};
use crate::snapshot::Snapshot;
use crate::who::Who;

/// All moments, or those after one.
pub(crate) async fn list(shared: &Shared, who: &Who, query: Option<&str>) -> Outcome {
    let since = number(query, "since")?.unwrap_or(0);
    may_know(shared, who).await?;
    Ok(answer::ok(&shared.moments.after(since)))
}

/// One moment, and what had happened before it.
pub(crate) async fn one(shared: &Shared, who: &Who, id: &str) -> Outcome {
    let id = parsed(id).ok_or_else(|| problem(Wrong::NotFound, NONE))?;
    may_know(shared, who).await?;
    let moments = Arc::clone(&shared.moments);
    match tokio::task::spawn_blocking(move || moments.told(id)).await {
        Ok(Some(told)) => Ok(answer::ok(&told)),
        Ok(None) | Err(_) => Err(problem(Wrong::NotFound, NONE)),
    }
}

/// What differs between two moments, or between one and now.
pub(crate) async fn compare(shared: &Shared, who: &Who, query: Option<&str>) -> Outcome {
    let Some(from) = number(query, "from")? else {
        return Err(problem(Wrong::Malformed, "say from which moment on: `?from=...`"));
    };
    let to = number(query, "to")?;
    let from = at(shared, who, from).await?;
    let to = match to {
        Some(to) => at(shared, who, to).await?,
        None => now(shared, who).await?,
    };
    let compared = move || bytes(&view::compare(from.seen(), to.seen()));
    match tokio::task::spawn_blocking(compared).await {
        Ok(body) => Ok(answer::whole(hyper::StatusCode::OK, answer::JSON, body)),
        Err(_) => Err(problem(Wrong::Unavailable, "that cannot be computed")),
    }
}

/// The cluster as it is, or as it was at the moment that `?at=` names.
pub(crate) async fn asked(
    shared: &Shared,
    who: &Who,
    query: Option<&str>,
) -> Result<Arc<Snapshot>, No> {
    match number(query, "at")? {
        Some(id) => at(shared, who, id).await,
        None => now(shared, who).await,
    }
}

const NONE: &str = "there is no such moment, or none any more";

async fn at(shared: &Shared, who: &Who, id: u64) -> Result<Arc<Snapshot>, No> {
    may_know(shared, who).await?;
    let moments = Arc::clone(&shared.moments);
    let found = tokio::task::spawn_blocking(move || moments.snapshot(id)).await;
    found.ok().flatten().ok_or_else(|| problem(Wrong::NotFound, NONE))
}

/// For whom the document's access control counts may not know what happened: the brain says whether.
pub(crate) async fn may_know(shared: &Shared, who: &Who) -> Result<(), No> {
    let asked = Request::History { since: u64::MAX };
    match shared.clients.ask(who.caller.clone(), asked).wait().await {
        Some(Reply::History { .. }) => Ok(()),
        other => Err(not_that(other)),
    }
}

/// A number among the parameters.
fn number(query: Option<&str>, name: &str) -> Result<Option<u64>, No> {
    let wrong = || problem(Wrong::Malformed, format!("`{name}` must be a moment's number"));
    match query::value(query, name) {
        Ok(None) => Ok(None),
        Ok(Some(text)) => parsed(&text).map(Some).ok_or_else(wrong),
        Err(_) => Err(wrong()),
    }
}

/// Digits only: `+1` is no number of ours.
fn parsed(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

//! What only looks: computed beside the daemon's loop, by the code that the command line uses.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;
use view::metrics::Format;
use wire::api::{Refused, Reply, Request};

use crate::Shared;
use crate::answer::{self, No, Outcome, Wrong, problem};
use crate::past;
use crate::query;
use crate::secrets;
use crate::snapshot::{NoSnapshot, Snapshot};
use crate::summary::Summary;
use crate::who::Who;

const XML: &str = "application/xml; charset=utf-8";

/// What is seen of the document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View {
    Status,
    Verdict,
    Summary,
    Grid,
    Topology,
    Fencing,
}

/// Who can be cut off by what, and who was.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Fencing {
    readiness: view::Readiness,
}

impl View {
    fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Verdict => "verdict",
            Self::Summary => "summary",
            Self::Grid => "grid",
            Self::Topology => "topology",
            Self::Fencing => "fencing",
        }
    }

    fn make(self, snapshot: &Snapshot) -> Bytes {
        match self {
            Self::Status => bytes(&view::status(snapshot.seen())),
            Self::Verdict => bytes(&view::verdict(snapshot.seen())),
            Self::Summary => bytes(&Summary::of(view::status(snapshot.seen()), snapshot.now)),
            Self::Grid => bytes(&view::grid(snapshot.seen())),
            Self::Topology => bytes(&view::topology(snapshot.seen())),
            Self::Fencing => bytes(&Fencing { readiness: view::readiness(snapshot.seen()) }),
        }
    }
}

pub(crate) fn bytes(value: &impl Serialize) -> Bytes {
    // Views hold nothing that JSON cannot.
    serde_json::to_vec(value).unwrap_or_default().into()
}

/// One of the views, as it is or was.
pub(crate) async fn view(shared: &Shared, who: &Who, view: View, query: Option<&str>) -> Outcome {
    let snapshot = past::asked(shared, who, query).await?;
    compute(snapshot, view.name().to_owned(), move |snapshot| Ok(view.make(snapshot))).await
}

/// All as numbers, in the format that the reader takes.
pub(crate) async fn metrics(shared: &Shared, who: &Who, headers: &HeaderMap) -> Outcome {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept.unwrap_or_default());
    let snapshot = now(shared, who).await?;
    let counted = shared.meter.counted();
    let drbd = shared.drbd.now().await;
    let made = move || view::metrics::metrics(snapshot.seen(), &counted, &drbd, format);
    match tokio::task::spawn_blocking(made).await {
        Ok(text) => Ok(answer::whole(StatusCode::OK, format.content_type(), text)),
        // It panicked, which was logged; or all is ending.
        Err(_) => Err(problem(Wrong::Unavailable, "that cannot be computed")),
    }
}

/// Why a resource is where it is.
pub(crate) async fn why(shared: &Shared, who: &Who, query: Option<&str>) -> Outcome {
    let (resource, node) = match (query::value(query, "resource"), query::value(query, "node")) {
        (Ok(Some(resource)), Ok(node)) => (resource, node),
        (Ok(None), _) => return Err(problem(Wrong::Malformed, "say which: `?resource=...`")),
        (Err(words), _) | (_, Err(words)) => return Err(problem(Wrong::Malformed, words)),
    };
    let name = format!("why {resource} {}", node.as_deref().unwrap_or_default());
    let snapshot = past::asked(shared, who, query).await?;
    compute(snapshot, name, move |snapshot| {
        let (document, now) = (&snapshot.document, snapshot.now);
        match view::why(document, &resource, node.as_deref(), now) {
            Ok(why) => Ok(bytes(&why)),
            Err(unknown) => {
                let view::Unknown { noun, known: _, .. } = unknown;
                Err(problem(Wrong::NotFound, format!("there is no such {noun}")))
            }
        }
    })
    .await
}

async fn compute(
    snapshot: Arc<Snapshot>,
    name: String,
    make: impl FnOnce(&Snapshot) -> Result<Bytes, No> + Send + 'static,
) -> Outcome {
    let made = move || snapshot.once(&name, || make(&snapshot));
    match tokio::task::spawn_blocking(made).await {
        Ok(Ok(bytes)) => Ok(answer::whole(StatusCode::OK, answer::JSON, bytes)),
        Ok(Err(no)) => Err(no),
        // It panicked, which was logged; or all is ending.
        Err(_) => Err(problem(Wrong::Unavailable, "that cannot be computed")),
    }
}

/// The document as it is now for them.
pub(crate) async fn now(shared: &Shared, who: &Who) -> Result<Arc<Snapshot>, No> {
    shared.snapshots.now(&who.caller).await.map_err(|no| match no {
        NoSnapshot::Refused(refused) => No::Refused(refused),
        NoSnapshot::Stopping => answer::stopping(),
    })
}

/// The document's text, without secrets for those who may not know them.
pub(crate) async fn document(shared: &Shared, who: &Who, query: Option<&str>) -> Outcome {
    let snapshot = past::asked(shared, who, query).await?;
    xml(who, snapshot.xml.clone()).await
}

/// The configuration before the last change.
pub(crate) async fn earlier(shared: &Shared, who: &Who) -> Outcome {
    match shared.clients.ask(who.caller.clone(), Request::Earlier).wait().await {
        Some(Reply::Earlier { xml: text }) => xml(who, text).await,
        other => Err(not_that(other)),
    }
}

async fn xml(who: &Who, text: String) -> Outcome {
    if who.role.sees_secrets() {
        return Ok(answer::whole(StatusCode::OK, XML, text));
    }
    match tokio::task::spawn_blocking(move || secrets::masked(&text)).await {
        Ok(Some(text)) => Ok(answer::whole(StatusCode::OK, XML, text)),
        Ok(None) | Err(_) => Err(problem(Wrong::Unavailable, "the document cannot be shown")),
    }
}

/// What happened after an entry.
pub(crate) async fn history(shared: &Shared, who: &Who, query: Option<&str>) -> Outcome {
    let since = match query::value(query, "since").map(|text| text.map(|text| text.parse::<u64>()))
    {
        Ok(None) => 0,
        Ok(Some(Ok(number))) => number.saturating_add(1),
        Ok(Some(Err(_))) | Err(_) => {
            return Err(problem(Wrong::Malformed, "`since` must be an entry's number"));
        }
    };
    match shared.clients.ask(who.caller.clone(), Request::History { since }).wait().await {
        Some(Reply::History { entries }) => Ok(answer::ok(&entries)),
        other => Err(not_that(other)),
    }
}

/// A reply that says no, or that does not belong to what was asked.
pub(crate) fn not_that(reply: Option<Reply>) -> No {
    match reply {
        Some(Reply::Refused(Refused::NothingToUndo)) => {
            problem(Wrong::NotFound, "there is no earlier configuration")
        }
        Some(Reply::Refused(refused)) => No::Refused(refused),
        Some(
            Reply::Document { .. }
            | Reply::Earlier { .. }
            | Reply::History { .. }
            | Reply::Done { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Agents { .. },
        )
        | None => answer::stopping(),
    }
}

/// How the cluster is, as a page that needs no script.
pub(crate) async fn status_page(shared: &Shared, who: &Who) -> Outcome {
    let snapshot = now(shared, who).await?;
    let make = move || {
        snapshot.once::<()>("status page", || {
            let status = view::status(snapshot.seen());
            Ok(console::status_page(&status, snapshot.now).into())
        })
    };
    match tokio::task::spawn_blocking(make).await {
        Ok(Ok(page)) => {
            let answer = answer::whole(StatusCode::OK, "text/html; charset=utf-8", page);
            Ok(answer::with(answer, CONTENT_SECURITY_POLICY, console::STATUS_POLICY))
        }
        Ok(Err(())) | Err(_) => Err(problem(Wrong::Unavailable, "that cannot be computed")),
    }
}

//! From a request to its answer, whichever door it came through.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use serde::de::DeserializeOwned;

use crate::Shared;
use crate::answer::{self, No, Outcome, Wrong, problem};
use crate::audit::Deed;
use crate::events::After;
use crate::gate::token_routes;
use crate::past;
use crate::plans::{self, Wish};
use crate::reading::{self, View};
use crate::role::Role;
use crate::routes::{self, Found, Route, What};
use crate::web::cookie;
use crate::who::Who;
use crate::{agents, certificate, events, gate, openapi, others, scheduled};

/// The largest document that the fabric carries, as JSON text with its escapes.
const BODY_MAX: usize = 80 << 20;

/// A change that comes from the network; larger ones are made with the command line.
const PLAN_MAX: usize = 16 << 20;

const SMALL_MAX: usize = 4096;

/// A small body must be there so soon, a large one in a time that a slow line can keep.
const BODY_WAIT_MAX: Duration = Duration::from_secs(10);
const LARGE_BODY_WAIT_MAX: Duration = Duration::from_secs(60);

/// Answers `who`, who is `None` where nobody is logged in.
pub(crate) async fn dispatch(
    shared: &Shared,
    who: Option<Who>,
    request: hyper::Request<Incoming>,
    on_web: bool,
) -> Outcome {
    let path = request.uri().path().to_owned();
    let (route, name) = match routes::find(request.method(), &path, on_web) {
        Found::Route(route, name) => (route, name),
        Found::Only(allowed) => return Err(No::Method(allowed)),
        Found::Nothing => {
            let words = format!("there is no `{}`", printable(&path));
            return Err(problem(Wrong::NotFound, words));
        }
    };
    match (route.role, who) {
        (Some(needed), Some(who)) if who.role >= needed => {
            of_one(shared, who, route, (name, on_web), request).await
        }
        (Some(needed), Some(who)) => Err(needs(needed, &who)),
        (Some(_), None) => Err(problem(Wrong::NotLoggedIn, "log in, or bring a token")),
        (None, _) if route.what == What::Authority => certificate::authority(shared),
        // The web's door has answered those that need nobody to be known.
        (None, _) => Err(problem(Wrong::NotFound, "that is not served here")),
    }
}

/// Why they may not.
pub(crate) fn needs(role: Role, who: &Who) -> No {
    let words = format!("that takes the role `{}`; yours is `{}`", role.word(), who.role.word());
    problem(Wrong::NotPermitted, words)
}

/// What one may ask who is known, and has the route's role.
async fn of_one(
    shared: &Shared,
    who: Who,
    route: &Route,
    (name, on_web): (Option<&str>, bool),
    request: hyper::Request<Incoming>,
) -> Outcome {
    let query = request.uri().query().map(str::to_owned);
    let query = query.as_deref();
    match route.what {
        What::Status => reading::view(shared, &who, View::Status, query).await,
        What::Verdict => reading::view(shared, &who, View::Verdict, query).await,
        What::Summary => reading::view(shared, &who, View::Summary, query).await,
        What::Certificate => certificate::shown(shared),
        What::Clusters => others::list(shared, &who).await,
        What::Grid => reading::view(shared, &who, View::Grid, query).await,
        What::Topology => reading::view(shared, &who, View::Topology, query).await,
        What::Fencing => reading::view(shared, &who, View::Fencing, query).await,
        What::Metrics => reading::metrics(shared, &who, request.headers()).await,
        What::StatusPage => reading::status_page(shared, &who).await,
        What::Why => reading::why(shared, &who, query).await,
        What::Document => reading::document(shared, &who, query).await,
        What::Earlier => reading::earlier(shared, &who).await,
        What::History => reading::history(shared, &who, query).await,
        What::Agents => agents::list(shared, &who).await,
        What::Agent => agents::describe(shared, &who, name.unwrap_or_default()).await,
        What::Session => Ok(answer::ok(&who.told())),
        What::Moments => past::list(shared, &who, query).await,
        What::Moment => past::one(shared, &who, name.unwrap_or_default()).await,
        What::Compare => past::compare(shared, &who, query).await,
        What::Events => follow(shared, &who, &request, on_web),
        What::Ask => ask(shared, who, request).await,
        What::Plan => plans::make(shared, &who, parsed(request, PLAN_MAX).await?).await,
        What::Apply => plans::apply(shared, &who, name.unwrap_or_default()).await,
        What::Schedule => {
            let id = name.unwrap_or_default().to_owned();
            scheduled::add(shared, &who, &id, parsed(request, SMALL_MAX).await?).await
        }
        What::Scheduled => Ok(scheduled::list(shared)),
        What::Unschedule => scheduled::remove(shared, &who, name.unwrap_or_default()).await,
        What::Undo => {
            // What stands in the body of a request without one is not looked at.
            plans::make(shared, &who, Wish::undo()).await
        }
        What::Audit => audit(shared, &who).await,
        What::Describe => Ok(answer::ok(&openapi::description())),
        What::Tokens => token_routes::list(shared, &who),
        What::MakeToken => {
            token_routes::make(shared, &who, parsed(request, SMALL_MAX).await?).await
        }
        What::RemoveToken => token_routes::remove(shared, &who, name.unwrap_or_default()).await,
        What::Logout => Ok(gate::logout(shared, &who, cookie(request.headers()))),
        // Nobody need be known for it, so it does not come here.
        What::Authority => certificate::authority(shared),
        What::Login => Err(problem(Wrong::NotFound, "there is no login here")),
    }
}

async fn ask(shared: &Shared, who: Who, request: hyper::Request<Incoming>) -> Outcome {
    let body = body(request, BODY_MAX).await?;
    let request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            let words = format!("not a request: {error}\n");
            return Ok(answer::words(StatusCode::BAD_REQUEST, words));
        }
    };
    let deed = Deed::of(&request);
    let reply = shared.clients.ask(who.caller.clone(), request).wait().await;
    if let Some(deed) = deed {
        shared.audit.note(&who, &deed, reply.as_ref());
    }
    match reply {
        Some(reply) => Ok(answer::ok(&reply)),
        None => Err(answer::stopping()),
    }
}

/// All of a request's body, or why there is none.
pub(crate) async fn body(request: hyper::Request<Incoming>, most: usize) -> Result<Bytes, No> {
    let collected = Limited::new(request.into_body(), most).collect();
    let wait = if most > SMALL_MAX { LARGE_BODY_WAIT_MAX } else { BODY_WAIT_MAX };
    let Ok(collected) = tokio::time::timeout(wait, collected).await else {
        return Err(problem(Wrong::Slow, "the request takes too long"));
    };
    match collected {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(problem(Wrong::TooLarge, format!("a request may have {most} bytes")))
        }
        Err(_) => Err(problem(Wrong::Malformed, "the request ends early")),
    }
}

/// Who did what, for those who may know what happened.
async fn audit(shared: &Shared, who: &Who) -> Outcome {
    past::may_know(shared, who).await?;
    Ok(answer::ok(&shared.audit.shown()))
}

/// What a body asks for.
async fn parsed<T: DeserializeOwned>(
    request: hyper::Request<Incoming>,
    most: usize,
) -> Result<T, No> {
    if request.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != answer::JSON) {
        return Err(problem(Wrong::Malformed, format!("send {}", answer::JSON)));
    }
    let body = body(request, most).await?;
    // What is wrong is told by place only: the text may be long, or a secret.
    serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let words = format!("line {line}, column {column} is not what the description says");
        problem(Wrong::Malformed, words)
    })
}

fn follow(shared: &Shared, who: &Who, request: &hyper::Request<Incoming>, on_web: bool) -> Outcome {
    let after = after(request).map_err(|wrong| {
        let reason = format!("since must be an entry's number, not `{}`", printable(&wrong));
        problem(Wrong::Malformed, reason)
    })?;
    // At the socket connections are few, and the machine's own.
    let seat = match on_web {
        true => Some(Arc::clone(&shared.streams).try_acquire_owned().map_err(|_| {
            No::Later(Wrong::Unavailable, 30, "too many follow the events".to_owned())
        })?),
        false => None,
    };
    let (clients, caller) = (shared.clients.clone(), who.caller.clone());
    let (gate, who) = (Arc::clone(&shared.gate), who.clone());
    let may_stay = move || gate.lets_stay(&who);
    let body = events::stream(clients, caller, after, may_stay, seat).boxed_unsync();
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// Where to go on: a browser that reconnects says it in a header.
fn after(request: &hyper::Request<Incoming>) -> Result<Option<After>, String> {
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let query = request.uri().query().unwrap_or("");
    let parameter = query.split('&').find_map(|pair| pair.strip_prefix("since="));
    match header.or(parameter) {
        None | Some("") => Ok(None),
        Some(text) => After::parse(text).map(Some).ok_or_else(|| text.to_owned()),
    }
}

/// A stranger's word, short and without what could pass for something else.
fn printable(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(80).collect()
}

//! From a request to its answer, whichever door it came through.

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};

use crate::Shared;
use crate::answer::{self, No, Outcome, Wrong, problem};
use crate::reading::{self, View};
use crate::role::Role;
use crate::routes::{self, Found, Route, What};
use crate::web::cookie;
use crate::who::Who;
use crate::{agents, events, gate};

/// The largest document that the fabric carries, as JSON text with its escapes.
const BODY_MAX: usize = 80 << 20;

/// Answers `who`, who is `None` where nobody is logged in.
pub(crate) async fn dispatch(
    shared: &Shared,
    who: Option<Who>,
    request: Request<Incoming>,
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
            of_one(shared, who, route, name, request).await
        }
        (Some(needed), Some(who)) => Err(needs(needed, &who)),
        (Some(_), None) => Err(problem(Wrong::NotLoggedIn, "log in, or bring a token")),
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
    name: Option<&str>,
    request: Request<Incoming>,
) -> Outcome {
    let query = request.uri().query().map(str::to_owned);
    let query = query.as_deref();
    match route.what {
        What::Status => reading::view(shared, &who, View::Status).await,
        What::Verdict => reading::view(shared, &who, View::Verdict).await,
        What::Grid => reading::view(shared, &who, View::Grid).await,
        What::Topology => reading::view(shared, &who, View::Topology).await,
        What::Fencing => reading::view(shared, &who, View::Fencing).await,
        What::StatusPage => reading::status_page(shared, &who).await,
        What::Why => reading::why(shared, &who, query).await,
        What::Document => reading::document(shared, &who).await,
        What::Earlier => reading::earlier(shared, &who).await,
        What::History => reading::history(shared, &who, query).await,
        What::Agent => agents::describe(shared, &who, name.unwrap_or_default()).await,
        What::Session => Ok(answer::ok(&who.told())),
        What::Events => follow(shared, &who, &request),
        What::Ask => ask(shared, who, request).await,
        What::Logout => Ok(gate::logout(&shared.gate, cookie(request.headers()))),
        // Nobody need be known for it, so it does not come here.
        What::Login => Err(problem(Wrong::NotFound, "there is no login here")),
    }
}

async fn ask(shared: &Shared, who: Who, request: Request<Incoming>) -> Outcome {
    let body = body(request, BODY_MAX).await?;
    let request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            let words = format!("not a request: {error}\n");
            return Ok(answer::words(StatusCode::BAD_REQUEST, words));
        }
    };
    match shared.clients.ask(who.caller, request).wait().await {
        Some(reply) => Ok(answer::ok(&reply)),
        None => Err(answer::stopping()),
    }
}

/// All of a request's body, or why there is none.
pub(crate) async fn body(request: Request<Incoming>, most: usize) -> Result<Bytes, No> {
    match Limited::new(request.into_body(), most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(problem(Wrong::TooLarge, format!("a request may have {most} bytes")))
        }
        Err(_) => Err(problem(Wrong::Malformed, "the request ends early")),
    }
}

fn follow(shared: &Shared, who: &Who, request: &Request<Incoming>) -> Outcome {
    let since = match since(request) {
        Ok(since) => since,
        Err(wrong) => {
            let reason = format!("since must be an entry's number, not `{}`", printable(&wrong));
            return Err(problem(Wrong::Malformed, reason));
        }
    };
    let body = events::stream(shared.clients.clone(), who.caller.clone(), since).boxed_unsync();
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// Where to go on: a browser that reconnects says it in a header.
fn since(request: &Request<Incoming>) -> Result<Option<u64>, String> {
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let query = request.uri().query().unwrap_or("");
    let parameter = query.split('&').find_map(|pair| pair.strip_prefix("since="));
    match header.or(parameter) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| text.to_owned()),
    }
}

/// A stranger's word, short and without what could pass for something else.
fn printable(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(80).collect()
}

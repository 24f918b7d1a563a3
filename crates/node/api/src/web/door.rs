//! Who is at the other end: by the session's cookie, or by a token.
//!
//! A browser sends its cookie with whatever page makes it ask. So what another site's page makes it
//! ask is refused, and what changes something must bring the session's proof, which only our own page
//! can read.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, COOKIE as COOKIE_HEADER, HOST, ORIGIN};
use hyper::{HeaderMap, Method, Request};

use super::{files, plain};
use crate::Shared;
use crate::answer::{Answered, No, Outcome, Wrong, problem};
use crate::dispatch::dispatch;
use crate::gate::{self, COOKIE, Digest, Gate};
use crate::routes::{self, Found, What};
use crate::snapshot::now;
use crate::who::{Via, Who};

/// The header that proves that a request comes from the session's own page.
const PROOF: &str = "quorate-proof";

/// All of a request must be there so soon, and its answer so soon after; streams aside, which begin
/// at once.
const REQUEST_MAX: Duration = Duration::from_secs(120);

/// Answers one request.
pub(super) async fn answer(shared: &Shared, from: IpAddr, request: Request<Incoming>) -> Answered {
    let answered = tokio::time::timeout(REQUEST_MAX, admit(shared, from, request)).await;
    let answered =
        answered.unwrap_or_else(|_| Err(problem(Wrong::Unavailable, "that took too long")));
    answered.unwrap_or_else(No::answer)
}

async fn admit(shared: &Shared, from: IpAddr, request: Request<Incoming>) -> Outcome {
    // A link from elsewhere may lead to the console's first page: that holds nothing.
    if let Some(file) = files::file(&request) {
        return Ok(file);
    }
    if is_of_another_site(request.headers()) {
        return Err(problem(Wrong::NotProven, "that was asked by another site's page"));
    }
    if let Some(page) = plain::Page::asked(&request) {
        return plain::answer(shared, from, page, request).await;
    }
    if let Found::Route(route, _) = routes::find(request.method(), request.uri().path(), true)
        && route.what == What::Login
    {
        return gate::login(shared, from, request).await;
    }
    let who = proven_and_known(&shared.gate, from, request.method(), request.headers())?;
    if who.is_none()
        && let Some(elsewhere) = plain::to_login(&request)
    {
        return Ok(elsewhere);
    }
    dispatch(shared, who, request, true).await
}

/// Whether a browser says that another site's page made it ask.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    let is_elsewhere = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let is_other = match text(ORIGIN.as_str()) {
        None => false,
        Some(origin) => {
            let host = text(HOST.as_str()).unwrap_or_default();
            origin.strip_prefix("https://").is_none_or(|of| !of.eq_ignore_ascii_case(host))
        }
    };
    is_elsewhere || is_other
}

/// Who asks; nobody, if nobody is logged in. An error where a cookie comes without its proof.
pub(crate) fn proven_and_known(
    gate: &Gate,
    from: IpAddr,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Who>, No> {
    if let Some(given) = headers.get(AUTHORIZATION) {
        // Who brings a token means it: a cookie beside it does not count.
        return Ok(given.to_str().ok().and_then(|text| by_token(gate, from, text)));
    }
    let Some(secret) = cookie(headers) else { return Ok(None) };
    let Some(session) = gate.sessions().find(secret, Instant::now()) else { return Ok(None) };
    // Who was taken out of the group is out at once.
    let Some(caller) = gate.access.named(&session.caller.name) else {
        gate.sessions().end_all_of(&session.caller.name);
        return Ok(None);
    };
    let proof = session.proof.text().to_owned();
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    if changes {
        let given = headers.get(PROOF).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // By digests: how long the comparison takes says nothing of the proof.
        if Digest::of(given) != Digest::of(&proof) {
            let words = format!("what changes something needs the session's proof in `{PROOF}`");
            return Err(problem(Wrong::NotProven, words));
        }
    }
    let via = Via::Session { proof };
    Ok(Some(Who { caller, role: session.role, via, from: from.to_string() }))
}

fn by_token(gate: &Gate, from: IpAddr, text: &str) -> Option<Who> {
    let secret = text.strip_prefix("Bearer ")?;
    let token = gate.tokens().find(secret, now()).cloned()?;
    let caller = token.caller(&gate.access)?;
    let via = Via::Token { name: token.name };
    Some(Who { caller, role: token.role, via, from: from.to_string() })
}

/// What our cookie holds.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_of(headers, COOKIE)
}

/// What the cookie of this name holds.
pub(super) fn cookie_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE_HEADER).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

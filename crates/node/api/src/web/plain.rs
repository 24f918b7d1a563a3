//! `/status` for browsers that run no script: the forms by which one logs in and out.
//!
//! A form that logs somebody in must be ours, too: else another site's page could log an operator in as
//! somebody else. So it holds what a cookie holds, which only our own page can have set; and the form
//! that logs out holds the session's proof.
//!
//! These are pages for people, as the console's files are: the API's table does not have them.

use std::net::IpAddr;

use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, SET_COOKIE,
};
use hyper::{Method, Request, StatusCode};

use crate::Shared;
use crate::answer::{self, Answered, No, Outcome, Wrong, problem};
use crate::dispatch::body;
use crate::gate::{self, Credentials, Digest, Secret};
use crate::query;
use crate::who::{Via, Who};

use super::door;

/// The cookie of a form that nobody has sent yet.
const FORM_COOKIE: &str = "__Host-quorate-form";

const FORM_COOKIE_ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=3600";

const FORM: &str = "application/x-www-form-urlencoded";

/// A name and a password are short.
const BODY_MAX: usize = 4096;

const LOGIN: &str = "/status/login";
const LOGOUT: &str = "/status/logout";

/// One of these pages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Page {
    LoginForm,
    Login,
    LogoutForm,
    Logout,
}

impl Page {
    pub(super) fn asked(request: &Request<Incoming>) -> Option<Self> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, LOGIN) => Some(Self::LoginForm),
            (&Method::POST, LOGIN) => Some(Self::Login),
            (&Method::GET, LOGOUT) => Some(Self::LogoutForm),
            (&Method::POST, LOGOUT) => Some(Self::Logout),
            _ => None,
        }
    }
}

pub(super) async fn answer(
    shared: &Shared,
    from: IpAddr,
    page: Page,
    request: Request<Incoming>,
) -> Outcome {
    match page {
        Page::LoginForm => login_form(request.headers(), StatusCode::OK, None),
        Page::Login => login(shared, from, request).await,
        Page::LogoutForm => match session(shared, from, &request)? {
            Some((who, proof)) => {
                Ok(form(StatusCode::OK, console::logout_page(&who.caller.name, &proof)))
            }
            None => Ok(see(LOGIN)),
        },
        Page::Logout => logout(shared, from, request).await,
    }
}

/// Where somebody who is not logged in and looks at the status with a browser is sent.
pub(super) fn to_login(request: &Request<Incoming>) -> Option<Answered> {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let is_browser = accepted.is_some_and(|kinds| kinds.contains("text/html"));
    let is_status = *request.method() == Method::GET && request.uri().path() == "/status";
    (is_browser && is_status).then(|| see(LOGIN))
}

async fn login(shared: &Shared, from: IpAddr, request: Request<Incoming>) -> Outcome {
    let headers = request.headers().clone();
    let sent = fields(request).await?;
    let field = |name: &str| query::value(Some(&sent), name).ok().flatten().unwrap_or_default();
    let given = field(console::PROOF_FIELD);
    let held = door::cookie_of(&headers, FORM_COOKIE).unwrap_or_default();
    // By digests: how long the comparison takes says nothing of the proof.
    if given.is_empty() || Digest::of(&given) != Digest::of(held) {
        let words = "That form was too old. Here is a new one.";
        return login_form(&headers, StatusCode::FORBIDDEN, Some(words));
    }
    let credentials = Credentials { user: field("user"), password: field("password") };
    match gate::begin(shared, from, credentials).await {
        Ok((_, secret)) => Ok(gate::with_cookie(see("/status"), &secret)),
        Err(No::Problem(wrong, words)) => login_form(&headers, wrong.status(), Some(&words)),
        Err(No::Later(wrong, seconds, words)) => {
            let again = login_form(&headers, wrong.status(), Some(&words))?;
            Ok(answer::with(again, RETRY_AFTER, &seconds.to_string()))
        }
        Err(other) => Err(other),
    }
}

async fn logout(shared: &Shared, from: IpAddr, request: Request<Incoming>) -> Outcome {
    let Some((who, proof)) = session(shared, from, &request)? else { return Ok(see(LOGIN)) };
    let secret = door::cookie(request.headers()).map(str::to_owned);
    let sent = fields(request).await?;
    let given = query::value(Some(&sent), console::PROOF_FIELD).ok().flatten().unwrap_or_default();
    if Digest::of(&given) != Digest::of(&proof) {
        return Err(problem(Wrong::NotProven, "that form is not of this session"));
    }
    let mut ended = gate::logout(shared, &who, secret.as_deref());
    let cookie = ended.headers_mut().remove(SET_COOKIE);
    let mut answer = see(LOGIN);
    answer.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok(answer)
}

/// Whose session it is, with its proof. Who brings a token has none.
fn session(
    shared: &Shared,
    from: IpAddr,
    request: &Request<Incoming>,
) -> Result<Option<(Who, String)>, No> {
    // As one who only looks: a form has no header for the proof, it is looked at by itself.
    let who = door::proven_and_known(&shared.gate, from, &Method::GET, request.headers())?;
    Ok(who.and_then(|who| match who.via.clone() {
        Via::Session { proof } => Some((who, proof)),
        Via::Socket | Via::Token { .. } | Via::Schedule { .. } => None,
    }))
}

/// What a form sends.
async fn fields(request: Request<Incoming>) -> Result<String, No> {
    if request.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != FORM) {
        return Err(problem(Wrong::Malformed, format!("send {FORM}")));
    }
    let bytes = body(request, BODY_MAX).await?;
    String::from_utf8(bytes.into())
        .map_err(|_| problem(Wrong::Malformed, "that is not what a form sends"))
}

/// The form, with the proof that the browser has already, so that two open forms are both good.
fn login_form(headers: &HeaderMap, status: StatusCode, wrong: Option<&str>) -> Outcome {
    let is_ours =
        |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let held = door::cookie_of(headers, FORM_COOKIE).filter(is_ours).map(str::to_owned);
    let fresh = || Secret::new().map(|secret| secret.text().to_owned());
    let Some(proof) = held.or_else(fresh) else {
        return Err(problem(Wrong::Unavailable, "there are no random numbers"));
    };
    let page = form(status, console::login_page(&proof, wrong));
    Ok(answer::with(page, SET_COOKIE, &format!("{FORM_COOKIE}={proof}; {FORM_COOKIE_ATTRIBUTES}")))
}

fn form(status: StatusCode, page: String) -> Answered {
    let answer = answer::whole(status, "text/html; charset=utf-8", page);
    let answer = answer::with(answer, CONTENT_SECURITY_POLICY, console::FORM_POLICY);
    // Without any referrer a browser would not say that the form is from here.
    answer::with(answer, REFERRER_POLICY, "same-origin")
}

/// Look there, with a new question.
fn see(path: &str) -> Answered {
    let answer = answer::words(StatusCode::SEE_OTHER, String::new());
    answer::with(answer, LOCATION, path)
}

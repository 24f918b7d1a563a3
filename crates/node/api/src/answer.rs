//! Answers: their shapes, and what every one of them says besides its body.

use std::convert::Infallible;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde::Serialize;
use wire::api::{Refused, Reply};

pub(crate) type Answered = Response<UnsyncBoxBody<Bytes, Infallible>>;

pub(crate) const JSON: &str = "application/json";

/// Why there is no answer to a question that was not understood, or must not be asked.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Problem {
    /// For programs.
    pub(crate) problem: Wrong,
    /// For people.
    pub(crate) words: String,
}

/// What was wrong with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wrong {
    /// It cannot be read.
    Malformed,
    /// Nobody is logged in.
    NotLoggedIn,
    /// The one who is may not.
    NotPermitted,
    /// It comes from another site's page, or lacks the session's proof.
    NotProven,
    /// There is no such thing.
    NotFound,
    Method,
    TooLarge,
    /// It did not come in time.
    Slow,
    /// The document is not any more what it was based on.
    Stale,
    TooMany,
    /// The daemon is stopping, or cannot do that now.
    Unavailable,
}

impl Wrong {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotLoggedIn => StatusCode::UNAUTHORIZED,
            Self::NotPermitted | Self::NotProven => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Stale => StatusCode::CONFLICT,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// An answer that says no.
#[derive(Debug)]
pub(crate) enum No {
    Problem(Wrong, String),
    /// The same, and in how many seconds it is worth another try.
    Later(Wrong, u64, String),
    /// With what may be asked there.
    Method(String),
    /// The cluster's.
    Refused(Refused),
}

/// What is answered, or that it is not.
pub(crate) type Outcome = Result<Answered, No>;

impl No {
    /// As it goes out.
    pub(crate) fn answer(self) -> Answered {
        let said =
            |problem: Wrong, words: String| json(problem.status(), &Problem { problem, words });
        match self {
            Self::Problem(wrong, words) => said(wrong, words),
            Self::Later(wrong, seconds, words) => {
                with(said(wrong, words), RETRY_AFTER, &seconds.max(1).to_string())
            }
            Self::Method(allowed) => {
                with(said(Wrong::Method, format!("use {allowed}")), ALLOW, &allowed)
            }
            Self::Refused(refused) => json(status_of(&refused), &Reply::Refused(refused)),
        }
    }
}

/// Says no, in words.
pub(crate) fn problem(wrong: Wrong, words: impl Into<String>) -> No {
    No::Problem(wrong, words.into())
}

/// HTTP's dialect of refusals.
fn status_of(refused: &Refused) -> StatusCode {
    match refused {
        Refused::NoQuorum | Refused::NotReady | Refused::MayBeOlder { .. } => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Refused::NotStored { .. } => StatusCode::INSUFFICIENT_STORAGE,
        Refused::Stale { .. } | Refused::StillMember { .. } | Refused::NothingToUndo => {
            StatusCode::CONFLICT
        }
        Refused::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refused::UnknownNode { .. } => StatusCode::NOT_FOUND,
        Refused::NotPermitted => StatusCode::FORBIDDEN,
    }
}

pub(crate) fn stopping() -> No {
    problem(Wrong::Unavailable, "the daemon is stopping")
}

pub(crate) fn ok(value: &impl Serialize) -> Answered {
    json(StatusCode::OK, value)
}

pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Answered {
    // What is answered holds nothing that JSON cannot.
    whole(status, JSON, serde_json::to_vec(value).unwrap_or_default())
}

pub(crate) fn words(status: StatusCode, text: String) -> Answered {
    whole(status, "text/plain; charset=utf-8", text.into_bytes())
}

pub(crate) fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answered {
    let mut answer = Response::new(Full::new(body.into()).boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Adds a header. A value that no header can have is left out.
pub(crate) fn with(mut answer: Answered, name: HeaderName, value: &str) -> Answered {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
    answer
}

//! A session's beginning and end.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use serde::Deserialize;

use wire::api::Caller;

use super::Secret;
use crate::Shared;
use crate::answer::{self, Answered, JSON, No, Outcome, Wrong, problem};
use crate::audit::Deed;
use crate::dispatch::body;
use crate::role::Role;
use crate::who::{Via, Who};

/// The cookie's name; its first part makes browsers refuse one that another host or an unencrypted
/// page set.
pub(crate) const COOKIE: &str = "__Host-quorate";

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// A name and a password are short.
const BODY_MAX: usize = 4096;

/// A failure is told after a multiple of this: how long the look took says nothing of what was wrong,
/// and PAM's own wait after a wrong password does not show.
const FAILURE_STEP: Duration = Duration::from_secs(4);

/// Who says they are whom.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// Begins a session, if PAM and the group say so.
pub(crate) async fn login(shared: &Shared, address: IpAddr, request: Request<Incoming>) -> Outcome {
    if request.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != JSON) {
        return Err(problem(Wrong::Malformed, format!("send {JSON}")));
    }
    let body = body(request, BODY_MAX).await?;
    let Ok(credentials) = serde_json::from_slice(&body) else {
        return Err(problem(Wrong::Malformed, "expected `user` and `password`"));
    };
    let (who, secret) = begin(shared, address, credentials).await?;
    Ok(with_cookie(answer::ok(&who.told()), &secret))
}

/// The same, however the credentials came. With what the cookie is to hold.
pub(crate) async fn begin(
    shared: &Shared,
    address: IpAddr,
    Credentials { user, password }: Credentials,
) -> Result<(Who, Secret), No> {
    let gate = &shared.gate;
    let begun = Instant::now();
    // A statement of its own: the lock is not held while somebody is refused.
    let wait = gate.attempts().begin(&user, address, begun);
    if let Some(wait) = wait {
        tracing::warn!(%address, "too many wrong passwords");
        let words = "too many wrong passwords; wait before the next".to_owned();
        return Err(No::Later(Wrong::TooMany, wait.as_secs() + 1, words));
    }
    let is_right = match gate.pam.is_right(&user, &password).await {
        Ok(is_right) => is_right,
        Err(error) => {
            tracing::error!(%error, "nobody can log in");
            let words = "passwords cannot be looked at now".to_owned();
            return Err(No::Later(Wrong::Unavailable, 5, words));
        }
    };
    // Asked in any case: the group must not show by how long it takes.
    let caller = gate.access.named(&user);
    let Some(caller) = caller.filter(|_| is_right) else {
        refused(shared, &user, address);
        let passed = begun.elapsed().as_millis() / FAILURE_STEP.as_millis() + 1;
        let steps = u32::try_from(passed).unwrap_or(u32::MAX);
        tokio::time::sleep_until((begun + FAILURE_STEP.saturating_mul(steps)).into()).await;
        let words = "wrong user or password, or not a member of the group haclient";
        return Err(problem(Wrong::NotLoggedIn, words));
    };
    gate.attempts().succeeded(&user, address);
    let begun = gate.sessions().begin(caller, Role::Full, Instant::now());
    let Some((secret, session)) = begun else {
        return Err(problem(Wrong::Unavailable, "there are no random numbers"));
    };
    tracing::info!(user = ?user, %address, "logged in");
    let who = Who {
        caller: session.caller,
        role: session.role,
        via: Via::Session { proof: session.proof.text().to_owned() },
        from: address.to_string(),
    };
    shared.audit.add(&who, &Deed::new("log in"), "done");
    Ok((who, secret))
}

/// A name that is nobody's may be a password in the wrong place, and is not written down.
fn refused(shared: &Shared, user: &str, address: IpAddr) {
    let known = shared.gate.access.named(user);
    let caller = known.unwrap_or_else(|| Caller::limited("somebody", Vec::new()));
    tracing::warn!(user = caller.name, %address, "refused a login");
    let via = Via::Session { proof: String::new() };
    let who = Who { caller, role: Role::Read, via, from: address.to_string() };
    shared.audit.add(&who, &Deed::new("log in"), "refused");
}

/// Hands the session's cookie out.
pub(crate) fn with_cookie(mut answer: Answered, secret: &Secret) -> Answered {
    let text = format!("{COOKIE}={}; {ATTRIBUTES}", secret.text());
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        answer.headers_mut().insert(SET_COOKIE, value);
    }
    answer
}

/// Ends the session whose cookie came, and takes the cookie back.
pub(crate) fn logout(shared: &Shared, who: &Who, secret: Option<&str>) -> Answered {
    if let Some(secret) = secret {
        shared.gate.sessions().end(secret);
        shared.audit.add(who, &Deed::new("log out"), "done");
    }
    let expired = format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0");
    answer::with(answer::ok(&serde_json::json!({})), SET_COOKIE, &expired)
}

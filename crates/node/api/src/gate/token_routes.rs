//! Making, listing and taking away tokens.

use hyper::StatusCode;
use serde::Deserialize;

use super::tokens::{DAYS_MAX, NewToken, Token};
use crate::Shared;
use crate::answer::{self, Outcome, Wrong, problem};
use crate::audit::Deed;
use crate::dispatch::needs;
use crate::role::Role;
use crate::snapshot::now;
use crate::who::Who;

const DAYS: u32 = 30;

/// What is asked for.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Wanted {
    #[schemars(regex(pattern = "^[A-Za-z0-9_.-]{1,64}$"))]
    name: String,
    role: Role,
    /// 30 where it is not said.
    #[schemars(range(min = 1, max = 366))]
    days: Option<u32>,
}

/// The superuser sees all; others see their own.
fn is_visible(who: &Who) -> impl Fn(&Token) -> bool + use<> {
    let all = who.role == Role::Full && who.caller.groups.is_none();
    let user = who.caller.name.clone();
    move |token| all || token.user == user
}

pub(crate) fn list(shared: &Shared, who: &Who) -> Outcome {
    let all = shared.gate.tokens().list(is_visible(who));
    let all: Vec<_> = all.iter().map(|token| token.told(None)).collect();
    Ok(answer::ok(&all))
}

/// Makes a token that may no more than who makes it.
pub(crate) async fn make(shared: &Shared, who: &Who, wanted: Wanted) -> Outcome {
    let Wanted { name, role, days } = wanted;
    let days = days.unwrap_or(DAYS);
    let is_name = |name: &str| {
        (1..=64).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    if !is_name(&name) {
        let words = "a token's name has 1 to 64 letters, digits and _.-";
        return Err(problem(Wrong::Malformed, words));
    }
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(problem(Wrong::Malformed, format!("`days` may be 1 to {DAYS_MAX}")));
    }
    if who.role < role {
        return Err(needs(role, who));
    }
    let (gate, caller) = (shared.gate.clone(), who.caller.clone());
    let new = NewToken { name: name.clone(), role, days };
    let made = tokio::task::spawn_blocking(move || gate.tokens().add(new, &caller, now())).await;
    let (secret, token) = match made {
        Ok(Ok(Some(made))) => made,
        Ok(Ok(None)) => {
            return Err(problem(Wrong::Stale, "there is one of that name, or too many"));
        }
        Ok(Err(_)) | Err(_) => {
            return Err(problem(Wrong::Unavailable, "the token cannot be kept"));
        }
    };
    let deed = Deed::new(format!("make token {name} ({}, {days} days)", role.word()));
    shared.audit.add(who, &deed, "done");
    Ok(answer::json(StatusCode::CREATED, &token.told(Some(secret))))
}

/// Takes a token away.
pub(crate) async fn remove(shared: &Shared, who: &Who, name: &str) -> Outcome {
    let (gate, visible) = (shared.gate.clone(), is_visible(who));
    let wanted = name.to_owned();
    let removed = tokio::task::spawn_blocking(move || gate.tokens().remove(&wanted, visible)).await;
    match removed {
        Ok(Ok(true)) => {
            shared.audit.add(who, &Deed::new(format!("remove token {name}")), "done");
            Ok(answer::ok(&serde_json::json!({})))
        }
        Ok(Ok(false)) => Err(problem(Wrong::NotFound, "you have no such token")),
        Ok(Err(_)) | Err(_) => Err(problem(Wrong::Unavailable, "the token cannot be removed")),
    }
}

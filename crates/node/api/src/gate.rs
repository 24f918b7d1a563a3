//! Who gets in without a socket: sessions that began with a password, and tokens.

mod attempts;
mod digest;
mod login;
mod members;
mod sessions;
pub(crate) mod token_routes;
pub(crate) mod tokens;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub(crate) use attempts::Attempts;
#[cfg(feature = "traces")]
pub(crate) use digest::hex;
pub(crate) use digest::{Digest, Secret};
pub(crate) use login::{COOKIE, Credentials, begin, login, logout, with_cookie};
use members::Lately;
pub use sessions::SessionTimes;
pub(crate) use sessions::Sessions;
pub(crate) use tokens::Tokens;

use crate::access::Members;
use crate::pam::Pam;
use crate::snapshot::now;
use crate::who::{Via, Who};

/// All that is known of who may get in.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) access: Members,
    pub(crate) pam: Pam,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    tokens: Mutex<Tokens>,
    members: Mutex<Lately>,
}

impl Gate {
    pub(crate) fn new(access: Members, pam: Pam, tokens: Tokens, times: SessionTimes) -> Self {
        let (sessions, tokens) = (Mutex::new(Sessions::new(times)), Mutex::new(tokens));
        let (attempts, members) = (Mutex::default(), Mutex::default());
        Self { access, pam, sessions, attempts, tokens, members }
    }

    /// Whether who got in may stay: the session or the token has not ended meanwhile, and its user is still in the
    /// group.
    pub(crate) fn lets_stay(&self, who: &Who) -> bool {
        let goes_on = match &who.via {
            Via::Socket | Via::Schedule { .. } => return true,
            Via::Session { proof } => self.sessions().goes_on(proof, Instant::now()),
            Via::Token { name } => self.tokens().named(name, now()).is_some(),
        };
        goes_on && (who.caller.groups.is_none() || self.is_member(&who.caller.name))
    }

    fn is_member(&self, user: &str) -> bool {
        // Each use leaves it sound.
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.is_member(user, Instant::now(), || self.access.named(user).is_some())
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // Each use leaves it sound.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Who gets in without a socket: sessions that began with a password, and tokens.

mod attempts;
mod digest;
mod login;
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
pub use sessions::SessionTimes;
pub(crate) use sessions::Sessions;
pub(crate) use tokens::Tokens;

use crate::access::Members;
use crate::pam::Pam;
use crate::snapshot::now;
use crate::who::Via;

/// All that is known of who may get in.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) access: Members,
    pub(crate) pam: Pam,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    tokens: Mutex<Tokens>,
}

impl Gate {
    pub(crate) fn new(access: Members, pam: Pam, tokens: Tokens, times: SessionTimes) -> Self {
        let (sessions, tokens) = (Mutex::new(Sessions::new(times)), Mutex::new(tokens));
        Self { access, pam, sessions, attempts: Mutex::default(), tokens }
    }

    /// Whether who got in so may stay: the session or the token has not ended meanwhile.
    pub(crate) fn lets_stay(&self, via: &Via) -> bool {
        match via {
            Via::Socket | Via::Schedule { .. } => true,
            Via::Session { proof } => self.sessions().goes_on(proof, Instant::now()),
            Via::Token { name } => self.tokens().named(name, now()).is_some(),
        }
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

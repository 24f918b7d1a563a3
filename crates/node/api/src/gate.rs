//! Who gets in without a socket: sessions that began with a password, and tokens.

mod attempts;
mod digest;
mod login;
mod sessions;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use attempts::Attempts;
pub(crate) use digest::{Digest, Secret};
pub(crate) use login::{COOKIE, login, logout};
pub(crate) use sessions::Sessions;

use crate::access::Access;
use crate::pam::Pam;

/// All that is known of who may get in.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) access: Access,
    pub(crate) pam: Pam,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
}

impl Gate {
    pub(crate) fn new(access: Access, pam: Pam) -> Self {
        Self { access, pam, sessions: Mutex::default(), attempts: Mutex::default() }
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // Each use leaves it sound.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

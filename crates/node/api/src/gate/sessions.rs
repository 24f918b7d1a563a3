//! Sessions: who is logged in. They are kept in memory only; a daemon that starts anew knows of none.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use wire::api::Caller;

use super::{Digest, Secret};
use crate::role::Role;

/// How long a session lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// It ends when nothing was asked in it for so long.
    pub idle: Duration,
    /// And in any case after so long.
    pub length: Duration,
}

impl Default for SessionTimes {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30 * 60), length: Duration::from_secs(12 * 3600) }
    }
}

/// Sessions at a time; the one that was idle longest gives way.
const SESSIONS_MAX: usize = 256;

/// Of one user.
const SESSIONS_OF_USER_MAX: usize = 16;

/// One who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) role: Role,
    pub(crate) proof: Secret,
    begun: Instant,
    used: Instant,
}

/// All who are, by the digest of what their cookie holds.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: BTreeMap<Digest, Session>,
    times: SessionTimes,
}

impl Sessions {
    pub(crate) fn new(times: SessionTimes) -> Self {
        Self { all: BTreeMap::new(), times }
    }

    /// Begins one; the answer is what the cookie is to hold.
    pub(crate) fn begin(
        &mut self,
        caller: Caller,
        role: Role,
        now: Instant,
    ) -> Option<(Secret, Session)> {
        let (secret, proof) = (Secret::new()?, Secret::new()?);
        self.end_old(now);
        while self.all.values().filter(|known| known.caller.name == caller.name).count()
            >= SESSIONS_OF_USER_MAX
        {
            self.end_idlest(|known| known.caller.name == caller.name);
        }
        while self.all.len() >= SESSIONS_MAX {
            self.end_idlest(|_| true);
        }
        let session = Session { caller, role, proof, begun: now, used: now };
        self.all.insert(Digest::of(secret.text()), session.clone());
        Some((secret, session))
    }

    /// The session whose cookie holds `secret`, if it has not ended.
    pub(crate) fn find(&mut self, secret: &str, now: Instant) -> Option<Session> {
        let digest = Digest::of(secret);
        let session = self.all.get_mut(&digest)?;
        if self.times.have_ended(session, now) {
            self.all.remove(&digest);
            return None;
        }
        session.used = now;
        Some(session.clone())
    }

    /// Whether the session with this proof goes on. To follow events does not keep it from being idle.
    pub(crate) fn goes_on(&self, proof: &str, now: Instant) -> bool {
        let mut all = self.all.values();
        all.any(|one| one.proof.text() == proof && !self.times.have_ended(one, now))
    }

    pub(crate) fn end(&mut self, secret: &str) {
        self.all.remove(&Digest::of(secret));
    }

    /// Ends all of a user who may not get in any more.
    pub(crate) fn end_all_of(&mut self, user: &str) {
        self.all.retain(|_, session| session.caller.name != user);
    }

    fn end_old(&mut self, now: Instant) {
        self.all.retain(|_, session| !self.times.have_ended(session, now));
    }

    fn end_idlest(&mut self, among: impl Fn(&Session) -> bool) {
        let those = self.all.iter().filter(|(_, session)| among(session));
        if let Some(digest) = those.min_by_key(|(_, session)| session.used).map(|(at, _)| *at) {
            self.all.remove(&digest);
        }
    }
}

impl SessionTimes {
    fn have_ended(self, session: &Session, now: Instant) -> bool {
        now.duration_since(session.used) >= self.idle
            || now.duration_since(session.begun) >= self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(sessions: &mut Sessions, user: &str, now: Instant) -> String {
        let caller = Caller::limited(user, Vec::new());
        sessions.begin(caller, Role::Full, now).unwrap().0.text().to_owned()
    }

    #[test]
    fn a_session_ends_when_idle_and_when_old() {
        let SessionTimes { idle, length } = SessionTimes::default();
        let (mut sessions, start) = (Sessions::default(), Instant::now());
        let secret = begin(&mut sessions, "alice", start);
        let mut now = start;
        while now + idle / 2 < start + length {
            now += idle / 2;
            assert!(sessions.find(&secret, now).is_some());
        }
        assert!(sessions.find(&secret, start + length).is_none(), "old");
        let secret = begin(&mut sessions, "alice", start);
        assert!(sessions.find(&secret, start + idle).is_none(), "idle");
        assert!(sessions.find(&secret, start).is_none(), "for good");
    }

    #[test]
    fn a_session_that_was_ended_cannot_be_used_again() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let (first, second) = (begin(&mut sessions, "a", now), begin(&mut sessions, "a", now));
        assert_ne!(first, second);
        sessions.end(&first);
        assert!(sessions.find(&first, now).is_none());
        assert!(sessions.find(&second, now).is_some());
        sessions.end_all_of("a");
        assert!(sessions.find(&second, now).is_none());
    }

    #[test]
    fn the_number_is_bounded() {
        let (mut sessions, start) = (Sessions::default(), Instant::now());
        let first = begin(&mut sessions, "mallory", start);
        for second in 1..=1000 {
            begin(&mut sessions, "mallory", start + Duration::from_millis(second));
        }
        assert_eq!(sessions.all.len(), SESSIONS_OF_USER_MAX);
        assert!(sessions.find(&first, start).is_none());
        for user in 0..1000 {
            begin(&mut sessions, &format!("user{user}"), start + Duration::from_secs(2));
        }
        assert_eq!(sessions.all.len(), SESSIONS_MAX);
    }
}

//! Sessions: who is logged in. They are kept in memory only; a daemon that starts anew knows of none.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use wire::api::Caller;

use super::{Digest, Secret};
use crate::role::Role;

/// A session ends when nothing was asked in it for so long.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(30 * 60);

/// And in any case after so long.
pub(crate) const LENGTH_MAX: Duration = Duration::from_secs(12 * 3600);

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
pub(crate) struct Sessions(BTreeMap<Digest, Session>);

impl Sessions {
    /// Begins one; the answer is what the cookie is to hold.
    pub(crate) fn begin(
        &mut self,
        caller: Caller,
        role: Role,
        now: Instant,
    ) -> Option<(Secret, Session)> {
        let (secret, proof) = (Secret::new()?, Secret::new()?);
        self.end_old(now);
        while self.0.values().filter(|known| known.caller.name == caller.name).count()
            >= SESSIONS_OF_USER_MAX
        {
            self.end_idlest(|known| known.caller.name == caller.name);
        }
        while self.0.len() >= SESSIONS_MAX {
            self.end_idlest(|_| true);
        }
        let session = Session { caller, role, proof, begun: now, used: now };
        self.0.insert(Digest::of(secret.text()), session.clone());
        Some((secret, session))
    }

    /// The session whose cookie holds `secret`, if it has not ended.
    pub(crate) fn find(&mut self, secret: &str, now: Instant) -> Option<Session> {
        let digest = Digest::of(secret);
        let session = self.0.get_mut(&digest)?;
        if has_ended(session, now) {
            self.0.remove(&digest);
            return None;
        }
        session.used = now;
        Some(session.clone())
    }

    pub(crate) fn end(&mut self, secret: &str) {
        self.0.remove(&Digest::of(secret));
    }

    /// Ends all of a user who may not get in any more.
    pub(crate) fn end_all_of(&mut self, user: &str) {
        self.0.retain(|_, session| session.caller.name != user);
    }

    fn end_old(&mut self, now: Instant) {
        self.0.retain(|_, session| !has_ended(session, now));
    }

    fn end_idlest(&mut self, among: impl Fn(&Session) -> bool) {
        let those = self.0.iter().filter(|(_, session)| among(session));
        if let Some(digest) = those.min_by_key(|(_, session)| session.used).map(|(at, _)| *at) {
            self.0.remove(&digest);
        }
    }
}

fn has_ended(session: &Session, now: Instant) -> bool {
    now.duration_since(session.used) >= IDLE_MAX || now.duration_since(session.begun) >= LENGTH_MAX
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
        let (mut sessions, start) = (Sessions::default(), Instant::now());
        let secret = begin(&mut sessions, "alice", start);
        let mut now = start;
        while now + IDLE_MAX / 2 < start + LENGTH_MAX {
            now += IDLE_MAX / 2;
            assert!(sessions.find(&secret, now).is_some());
        }
        assert!(sessions.find(&secret, start + LENGTH_MAX).is_none(), "old");
        let secret = begin(&mut sessions, "alice", start);
        assert!(sessions.find(&secret, start + IDLE_MAX).is_none(), "idle");
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
        assert_eq!(sessions.0.len(), SESSIONS_OF_USER_MAX);
        assert!(sessions.find(&first, start).is_none());
        for user in 0..1000 {
            begin(&mut sessions, &format!("user{user}"), start + Duration::from_secs(2));
        }
        assert_eq!(sessions.0.len(), SESSIONS_MAX);
    }
}

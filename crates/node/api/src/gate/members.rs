//! Whether users are still in the group, asked often and looked up seldom.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So long an answer counts: streams ask at each event.
const FRESH: Duration = Duration::from_secs(5);

/// What was found of users lately.
#[derive(Debug, Default)]
pub(crate) struct Lately(BTreeMap<String, (Instant, bool)>);

impl Lately {
    /// What `look` finds, or found lately.
    pub(crate) fn is_member(
        &mut self,
        user: &str,
        now: Instant,
        look: impl FnOnce() -> bool,
    ) -> bool {
        self.0.retain(|_, (looked, _)| now.duration_since(*looked) < FRESH);
        if let Some((_, is_member)) = self.0.get(user) {
            return *is_member;
        }
        let is_member = look();
        self.0.insert(user.to_owned(), (now, is_member));
        is_member
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_the_group_is_noticed_soon_and_asked_for_seldom() {
        let (mut lately, begun) = (Lately::default(), Instant::now());
        assert!(lately.is_member("ann", begun, || true));
        assert!(lately.is_member("ann", begun + FRESH / 2, || panic!("too early")));
        assert!(!lately.is_member("bob", begun + FRESH / 2, || false));
        assert!(!lately.is_member("ann", begun + FRESH, || false));
    }
}

//! How often somebody tried in vain, by user and by address: each failure makes the next try wait
//! longer.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// So many failures cost nothing: people mistype.
const FREE: u32 = 4;

/// From an address there may be several people.
const FREE_OF_ADDRESS: u32 = 16;

/// The first wait; it doubles with each further failure.
const WAIT_FIRST: Duration = Duration::from_secs(1);

const WAIT_MAX: Duration = Duration::from_secs(300);

/// Failures are forgotten after so long without one.
const MEMORY: Duration = Duration::from_secs(900);

/// Users and addresses that are remembered; the oldest is forgotten first.
const KNOWN_MAX: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    User(String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

/// What was tried in vain.
#[derive(Debug, Default)]
pub(crate) struct Attempts(BTreeMap<Who, Failures>);

impl Attempts {
    /// How long these must wait before they may try. The try itself counts as a failure until it is
    /// taken back, so that trying at once many times is of no use.
    pub(crate) fn begin(&mut self, user: &str, address: IpAddr, now: Instant) -> Option<Duration> {
        self.0.retain(|_, failures| now.duration_since(failures.last) < MEMORY);
        let both = [(Who::User(shortened(user)), FREE), (net(address), FREE_OF_ADDRESS)];
        let wait = both.iter().filter_map(|(who, free)| self.wait(who, *free, now)).max();
        if wait.is_none() {
            for (who, _) in both {
                self.count(who, now);
            }
        }
        wait
    }

    /// The password was right: the user's failures are forgotten, the address's one try is taken back.
    pub(crate) fn succeeded(&mut self, user: &str, address: IpAddr) {
        self.0.remove(&Who::User(shortened(user)));
        if let Some(failures) = self.0.get_mut(&net(address)) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn wait(&self, who: &Who, free: u32, now: Instant) -> Option<Duration> {
        let failures = self.0.get(who)?;
        let beyond = failures.count.checked_sub(free)?;
        let wait = WAIT_FIRST.saturating_mul(2_u32.saturating_pow(beyond)).min(WAIT_MAX);
        let passed = now.duration_since(failures.last);
        wait.checked_sub(passed).filter(|left| !left.is_zero())
    }

    fn count(&mut self, who: Who, now: Instant) {
        if self.0.len() >= KNOWN_MAX && !self.0.contains_key(&who) {
            let oldest = self.0.iter().min_by_key(|(_, failures)| failures.last);
            if let Some(oldest) = oldest.map(|(who, _)| who.clone()) {
                self.0.remove(&oldest);
            }
        }
        let failures = self.0.entry(who).or_insert(Failures { count: 0, last: now });
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }
}

/// Whoever has one address of IPv6 has the whole network of it.
fn net(address: IpAddr) -> Who {
    Who::Address(match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(std::net::Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        address @ IpAddr::V4(_) => address,
    })
}

/// Enough to tell users apart.
fn shortened(user: &str) -> String {
    user.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn there(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn failures_make_the_user_wait_from_wherever() {
        let (mut attempts, mut now) = (Attempts::default(), Instant::now());
        for try_ in 0..4 {
            assert_eq!(attempts.begin("root", there(try_), now), None);
        }
        let mut waits = Vec::new();
        for try_ in 10..20 {
            let wait = attempts.begin("root", there(try_), now).unwrap();
            assert_eq!(attempts.begin("alice", there(try_), now), None, "others need not");
            now += wait;
            assert_eq!(attempts.begin("root", there(try_), now), None);
            waits.push(wait.as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(attempts.begin("root", HERE, now + MEMORY), None, "forgotten");
    }

    #[test]
    fn failures_make_the_address_wait_whoever_it_says() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for user in 0..16 {
            assert_eq!(attempts.begin(&format!("u{user}"), HERE, now), None);
        }
        assert!(attempts.begin("alice", HERE, now).is_some());
        assert_eq!(attempts.begin("alice", there(1), now), None);
    }

    #[test]
    fn success_is_no_failure() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(attempts.begin("alice", HERE, now), None);
            attempts.succeeded("alice", HERE);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for user in 0..3_000_u32 {
            let address = IpAddr::from(user.to_be_bytes());
            attempts.begin(&format!("{user}{}", "x".repeat(1000)), address, now);
        }
        assert_eq!(attempts.0.len(), KNOWN_MAX);
        assert!(attempts.0.keys().all(|who| !matches!(who, Who::User(user) if user.len() > 64)));
    }
}

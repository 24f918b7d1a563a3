//! One wish, and every waiting time that follows from it.
//!
//! A node that dies is noticed when the token does not come back (`token`), and given up when the
//! others have agreed that it is gone (`consensus`, at least 1.2 times the token). Only then can it
//! be fenced; only when it is fenced may its resources start elsewhere. So
//!
//! ```text
//! failover = token + consensus + forming + self-fencing
//! ```
//!
//! where the token is the real one: `token + (nodes - 2) * token_coefficient` from three nodes on.
//! The time that a fence device takes is the device's, and is not in the sum; nor is what one of two
//! nodes waits for the other's sake before it uses its own.

use std::time::Duration;

/// Corosync's default for the third and each further node.
const COEFFICIENT_DEFAULT: u64 = 650;
/// Corosync's default token.
const TOKEN_DEFAULT: u64 = 3_000;
/// Of the token, tenths: Corosync's rule for agreeing on who is left.
const CONSENSUS_TENTHS: u64 = 12;
/// Joining, telling the members, planning (ms).
const FORMING: u64 = 250;
/// A machine may be kept from running for so long without being taken for dead (ms): the scheduler
/// of a busy host, a page of memory that comes from disk.
const STALL: u64 = 250;
/// A daemon, which is a process like others, for at least so long (ms).
const STALL_MIN: u64 = 2_000;
/// What each node may add to a round of the token (ms). Written as `token_coefficient`, so that a node
/// that joins later hardly lengthens the failover.
const ROUND_PER_NODE: u64 = 25;
/// Drivers count watchdog time-outs in seconds, and the daemon writes once a second: a time-out below
/// this would reset healthy machines (s).
const WATCHDOG_MIN: u64 = 3;
/// The nodes that live on starve their watchdogs, too, until they have formed anew. So a watchdog that
/// the others count on must take longer than token and consensus together: this many times, since the
/// loss of another node meanwhile makes them begin again.
const WATCHDOG_REFORMS: u64 = 2;
/// So many nodes may join, each with its part of the token's round, before the watchdogs are too fast.
const GROWTH: u64 = 8;
/// Of two nodes that fence each other the one with less to lose waits at least so long (ms): a device
/// takes its time, and what it has been asked is not taken back.
const HEAD_START_MIN: u64 = 1_000;
/// Longer than this is not failover (ms).
const LONGEST: u64 = 600_000;
/// Below this Corosync does not start (ms).
const RETRANSMIT_MIN: u64 = 30;

/// What an operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// From a node's death until its resources may start elsewhere, fence device's time not
    /// included.
    pub failover: Duration,
    pub nodes: u64,
    pub fencing: Fencing,
}

/// The wish of who wishes nothing.
pub const FAILOVER_DEFAULT: Duration = Duration::from_secs(2);

/// How lost nodes are made sure to be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fencing {
    /// By a device. Two nodes may fence each other at once, so one gets a head start.
    Device,
    /// By their own watchdogs: the survivors wait until these must have acted.
    Watchdog,
}

/// Every waiting time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    pub wish: Wish,
    /// As written in the file (ms).
    pub token: u64,
    pub token_coefficient: u64,
    /// What Corosync makes of these two (ms).
    pub real_token: u64,
    pub consensus: u64,
    pub join: u64,
    pub token_retransmits: u64,
    pub forming: u64,
    /// By how much the node with less to lose waits before it fences the other (ms); none unless
    /// there are two nodes and a device. Not in the sum.
    pub fencing_delay: u64,
    /// After how long without a sign of life a watchdog resets its machine (s); none with a device.
    pub watchdog: u64,
    /// How long survivors wait for that (ms). Field word: `stonith-watchdog-timeout`.
    pub self_fencing_wait: u64,
    /// A daemon that takes nothing for so long is left out by the others (ms).
    pub stall: u64,
}

/// A wish that cannot be had, with the sum that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    pub asked: Duration,
    /// The shortest possible, or the longest if the wish was longer than that.
    pub bound: Duration,
    /// The sum, a line for each part.
    pub why: Vec<String>,
}

impl Timing {
    /// Derives all from the wish.
    ///
    /// # Errors
    /// When no choice of the parts adds up to it.
    pub fn derive(wish: Wish) -> Result<Self, Impossible> {
        let asked = ms(wish.failover);
        if asked > LONGEST {
            let why = vec![format!("more than {LONGEST} ms would be an outage, not a failover")];
            let bound = Duration::from_millis(LONGEST);
            return Err(Impossible { asked: wish.failover, bound, why });
        }
        let shortest = shortest(wish);
        if asked < shortest {
            let bound = Duration::from_millis(shortest);
            return Err(Impossible { asked: wish.failover, bound, why: why(wish) });
        }
        let rest = asked - FORMING;
        let watchdog = watchdog(wish, rest);
        let detection = match wish.fencing {
            Fencing::Device => rest,
            Fencing::Watchdog => reform_max(watchdog).min(rest - 2_000 * watchdog),
        };
        let real_token = token_of(detection);
        let further = wish.nodes.saturating_sub(2);
        Ok(Self {
            wish,
            token: real_token - further * ROUND_PER_NODE,
            token_coefficient: ROUND_PER_NODE,
            real_token,
            consensus: consensus_of(real_token),
            join: (real_token / 10).clamp(30, 50),
            token_retransmits: (real_token / 150).clamp(4, 10),
            forming: FORMING,
            fencing_delay: match (wish.fencing, wish.nodes) {
                (Fencing::Device, 2) => head_start(real_token),
                (Fencing::Device | Fencing::Watchdog, _) => 0,
            },
            watchdog,
            self_fencing_wait: rest - detection,
            stall: asked.max(STALL_MIN),
        })
    }

    /// From death to membership without the dead (ms).
    pub fn detection(&self) -> u64 {
        self.real_token + self.consensus
    }

    /// From death until resources may start elsewhere (ms), without the device's own time.
    pub fn failover(&self) -> u64 {
        self.detection() + self.forming + self.self_fencing_wait
    }

    /// The sum in words, a line for each part.
    pub fn lines(&self) -> Vec<String> {
        let Self { wish, token, token_coefficient, real_token, consensus, .. } = self;
        let further = wish.nodes.saturating_sub(2);
        let mut lines = vec![if further == 0 {
            format!("{real_token:>7} ms  token: a silent node is noticed")
        } else {
            format!(
                "{real_token:>7} ms  token: a silent node is noticed ({token} + {further} * \
                 {token_coefficient} for {} nodes)",
                wish.nodes
            )
        }];
        lines.push(format!(
            "{consensus:>7} ms  consensus: the others agree that it is gone (at least 1.2 * token)"
        ));
        lines.push(format!("{:>7} ms  forming: the members meet and plan", self.forming));
        if self.watchdog > 0 {
            lines.push(format!(
                "{:>7} ms  self-fencing: at least twice the watchdog's {} s",
                self.self_fencing_wait, self.watchdog
            ));
        }
        lines.push(format!("{:>7} ms  until resources may start elsewhere", self.failover()));
        if self.fencing_delay > 0 {
            let delay = self.fencing_delay;
            lines.push(format!(
                "{delay:>7} ms  more before one of two nodes fences the other, if that had more to lose"
            ));
        }
        lines
    }
}

/// The waiting times that a file leads to, whoever wrote it (ms).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    pub real_token: u64,
    pub consensus: u64,
    pub retransmit: u64,
    /// How long half of the nodes waits for a quorum device's vote when the other half has lost its power (ms); 0
    /// without a device.
    pub vote: u64,
}

impl Effective {
    /// What Corosync makes of the file. Source: the manual page, `token_coefficient`, `consensus`
    /// and `token_retransmit`.
    pub fn of(settings: &crate::Settings) -> Self {
        let totem = &settings.totem;
        let or = |said: &Option<crate::Valued<u64>>, default| {
            said.as_ref().map_or(default, |said| said.value)
        };
        let nodes = u64::try_from(settings.nodes.len()).unwrap_or(u64::MAX);
        let further = nodes.saturating_sub(2);
        let extra = further.saturating_mul(or(&totem.token_coefficient, COEFFICIENT_DEFAULT));
        let real_token = or(&totem.token, TOKEN_DEFAULT).saturating_add(extra);
        let retransmits = or(&totem.token_retransmits, 4).max(1);
        let derived =
            real_token.saturating_mul(5) / retransmits.saturating_mul(5).saturating_add(1);
        Self {
            real_token,
            consensus: or(&totem.consensus, consensus_of(real_token)),
            retransmit: or(&totem.token_retransmit, derived),
            vote: settings.device.as_ref().map_or(0, |device| ms(device.decides_within())),
        }
    }

    /// How long it takes to find that a node is lost and to go on without it (ms).
    pub fn reform(&self) -> u64 {
        self.real_token.saturating_add(self.consensus).saturating_add(self.vote)
    }

    /// Why a watchdog of this time-out must not be counted on: healthy nodes that form anew after
    /// another's loss could be reset by theirs.
    pub fn too_short_to_count_on(&self, watchdog: Duration) -> Option<String> {
        let least = self.reform().saturating_mul(WATCHDOG_REFORMS);
        let Self { real_token, consensus, vote, .. } = self;
        let vote =
            if *vote > 0 { format!(" + {vote} for the device's vote") } else { String::new() };
        (ms(watchdog) < least).then(|| {
            format!(
                "the watchdog's {} ms are less than the {least} ms that nodes may take to form anew: \
                 {WATCHDOG_REFORMS} * ({real_token} token + {consensus} consensus{vote})",
                ms(watchdog)
            )
        })
    }

    /// The shortest time-out of a watchdog that can be counted on (s).
    pub fn watchdog(&self) -> u64 {
        self.reform().saturating_mul(WATCHDOG_REFORMS).div_ceil(1_000).max(WATCHDOG_MIN)
    }

    /// By how much one of two nodes waits before it fences the other.
    pub fn head_start(&self) -> Duration {
        Duration::from_millis(head_start(self.real_token))
    }

    /// The least consensus for this token.
    pub fn least_consensus(&self) -> u64 {
        self.real_token.saturating_mul(CONSENSUS_TENTHS).div_ceil(10)
    }

    /// Whether the token can be sent again in time.
    pub fn retransmits(&self) -> bool {
        self.retransmit >= RETRANSMIT_MIN
    }
}

/// What Corosync waits for consensus unless told otherwise.
fn consensus_of(token: u64) -> u64 {
    token.saturating_mul(CONSENSUS_TENTHS) / 10
}

/// By how much the node with less to lose waits (ms): until the other has noticed the loss, too,
/// which may be a part of the token later, and its device has acted.
fn head_start(real_token: u64) -> u64 {
    HEAD_START_MIN.max(real_token / 2)
}

/// Where nobody knows of a token: by how much one of two nodes waits before it fences the other.
pub const HEAD_START: Duration = Duration::from_millis(HEAD_START_MIN);

/// What the nodes that may join add to token and consensus (ms).
fn growth() -> u64 {
    (GROWTH * ROUND_PER_NODE * (10 + CONSENSUS_TENTHS)).div_ceil(10)
}

/// How long token and consensus may take together with this watchdog (ms).
fn reform_max(watchdog: u64) -> u64 {
    (1_000 * watchdog / WATCHDOG_REFORMS).saturating_sub(growth())
}

/// The shortest watchdog's time-out (s).
fn watchdog_min(nodes: u64) -> u64 {
    let reform = detection_min(nodes).saturating_add(growth());
    reform.saturating_mul(WATCHDOG_REFORMS).div_ceil(1_000).max(WATCHDOG_MIN)
}

/// The token of which 2.2 times fit.
fn token_of(detection: u64) -> u64 {
    detection * 10 / (10 + CONSENSUS_TENTHS)
}

/// The shortest token that does not take a busy machine for a dead one (ms).
fn token_min(nodes: u64) -> u64 {
    STALL.saturating_add(nodes.saturating_mul(ROUND_PER_NODE))
}

/// Token and consensus together (ms).
fn detection_min(nodes: u64) -> u64 {
    token_min(nodes).saturating_mul(10 + CONSENSUS_TENTHS).div_ceil(10)
}

/// The shortest wish that can be had (ms).
fn shortest(wish: Wish) -> u64 {
    let formed = detection_min(wish.nodes).saturating_add(FORMING);
    match wish.fencing {
        Fencing::Watchdog => formed.saturating_add(watchdog_min(wish.nodes).saturating_mul(2_000)),
        Fencing::Device => formed,
    }
}

/// Why it cannot be shorter.
fn why(wish: Wish) -> Vec<String> {
    let nodes = wish.nodes;
    let token = token_min(nodes);
    let mut lines = vec![
        format!(
            "{token:>7} ms  token, at least: {STALL} for a busy machine and {ROUND_PER_NODE} for \
             each of {nodes} nodes"
        ),
        format!("{:>7} ms  consensus, at least 1.2 * token", detection_min(nodes) - token),
        format!("{FORMING:>7} ms  forming"),
    ];
    let shortest = shortest(wish);
    match wish.fencing {
        Fencing::Watchdog => lines.push(format!(
            "{:>7} ms  self-fencing: twice the shortest watchdog, {} s",
            2_000 * watchdog_min(nodes),
            watchdog_min(nodes)
        )),
        Fencing::Device => {}
    }
    lines.push(format!("{shortest:>7} ms  together"));
    lines
}

/// The watchdog's time-out (s): the survivors wait for twice of it, and half of it is left to notice
/// the loss.
fn watchdog(wish: Wish, rest: u64) -> u64 {
    match wish.fencing {
        Fencing::Device => 0,
        Fencing::Watchdog => watchdog_min(wish.nodes).max(rest / 2_500),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl std::fmt::Display for Impossible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { asked, bound, why: _ } = self;
        let which = if asked < bound { "shortest" } else { "longest" };
        write!(f, "{} ms cannot be had; the {which} is {} ms", ms(*asked), ms(*bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(ms: u64, nodes: u64, fencing: Fencing) -> Wish {
        Wish { failover: Duration::from_millis(ms), nodes, fencing }
    }

    #[test]
    fn three_nodes_in_two_seconds() {
        let timing = Timing::derive(wish(2_000, 3, Fencing::Device)).unwrap();
        assert_eq!(timing.real_token, 795);
        assert_eq!((timing.token, timing.token_coefficient), (770, 25));
        assert_eq!(timing.consensus, 954);
        assert_eq!(timing.failover(), 1_999);
        assert_eq!(timing.fencing_delay, 0);
    }

    #[test]
    fn the_parts_add_up_and_keep_corosyncs_rules() {
        for fencing in [Fencing::Device, Fencing::Watchdog] {
            for nodes in 1..=64 {
                for asked in (500..60_000).step_by(250).chain([600_000]) {
                    let wish = wish(asked, nodes, fencing);
                    match Timing::derive(wish) {
                        Ok(timing) => obeys(&timing, asked),
                        Err(no) => {
                            assert!(asked < ms(no.bound), "{wish:?} {no}");
                            let again = Wish { failover: no.bound, ..wish };
                            let timing = Timing::derive(again);
                            assert!(timing.is_ok(), "the bound can be had: {wish:?}");
                        }
                    }
                }
            }
        }
    }

    fn obeys(timing: &Timing, asked: u64) {
        let Timing { wish, token, token_coefficient, real_token, consensus, .. } = *timing;
        assert!((asked - 2..=asked).contains(&timing.failover()), "{timing:?}");
        assert_eq!(real_token, token + wish.nodes.saturating_sub(2) * token_coefficient);
        assert_eq!(consensus, real_token * 12 / 10, "{timing:?}");
        assert!(token >= 300 && timing.join <= consensus, "{timing:?}");
        assert!(real_token * 5 / (timing.token_retransmits * 5 + 1) >= 30, "{timing:?}");
        assert_eq!(timing.watchdog > 0, wish.fencing == Fencing::Watchdog);
        if timing.watchdog > 0 {
            let real_token = real_token + 8 * token_coefficient;
            let consensus = consensus_of(real_token);
            let effective = Effective { real_token, consensus, retransmit: 30, vote: 0 };
            let watchdog = Duration::from_secs(timing.watchdog);
            assert_eq!(effective.too_short_to_count_on(watchdog), None, "{timing:?}");
            assert!(timing.self_fencing_wait >= 2_000 * timing.watchdog, "{timing:?}");
        }
        assert_eq!(timing.fencing_delay > 0, wish.fencing == Fencing::Device && wish.nodes == 2);
    }

    #[test]
    fn a_refusal_shows_its_sum() {
        let no = Timing::derive(wish(700, 2, Fencing::Device)).unwrap_err();
        assert_eq!(no.to_string(), "700 ms cannot be had; the shortest is 910 ms");
        let numbers: Vec<u64> = no
            .why
            .iter()
            .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        let (sum, parts) = numbers.split_last().unwrap();
        assert_eq!(parts.iter().sum::<u64>(), *sum, "{:?}", no.why);
        let no = Timing::derive(wish(5_000, 64, Fencing::Watchdog)).unwrap_err();
        assert_eq!(no.why.last().unwrap(), "  24320 ms  together");
        let long = Timing::derive(wish(700_000, 2, Fencing::Device)).unwrap_err();
        assert!(long.to_string().contains("the longest is 600000 ms"));
    }
}

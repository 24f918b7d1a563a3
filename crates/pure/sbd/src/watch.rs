//! How long a disk that was read is good for, and how many disks are enough.

use std::time::Duration;

use crate::header::Header;

/// What a disk may take to answer before it counts as lost.
/// Source: sbd's `timeout_io`, 3 s.
const ANSWER: Duration = Duration::from_secs(3);

/// The waiting times of a set of disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The node's watchdog.
    pub watchdog: Duration,
    /// How often to look into the slot.
    pub every: Duration,
    pub msgwait: Duration,
    /// For so long after a look began it counts.
    pub good_for: Duration,
}

/// Disks that cannot be relied on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TimesError {
    #[error("the disks differ in their times; `sbd create` all of them with the same")]
    Differ,
    #[error("there is no disk")]
    NoDisk,
    #[error(
        "msgwait is {msgwait} s, and a node may live for {needed} s after a message to it: \
         2 * {every} loop + {feeding} between two meals + {watchdog} watchdog"
    )]
    TooShort { msgwait: f64, needed: f64, every: f64, feeding: f64, watchdog: f64 },
}

impl Times {
    /// From the headers of all disks. `feeding` is how often the watchdog is fed at least.
    ///
    /// Whoever writes a message believes the node to be off after msgwait. A look into the slot that
    /// began before the message was written may be good for [`good_for`](Self::good_for); then comes
    /// one more meal, and then the watchdog's time.
    ///
    /// # Errors
    /// When the node might live for longer than whoever fences it waits.
    pub fn of(headers: &[Header], feeding: Duration) -> Result<Self, TimesError> {
        let Some(first) = headers.first() else { return Err(TimesError::NoDisk) };
        let times = |header: &Header| (header.watchdog, header.every, header.msgwait);
        if headers.iter().any(|header| times(header) != times(first)) {
            return Err(TimesError::Differ);
        }
        let (watchdog, every, msgwait) = times(first);
        let room = msgwait.saturating_sub(watchdog).saturating_sub(feeding);
        if room < every * 2 {
            let seconds = |time: Duration| time.as_secs_f64();
            return Err(TimesError::TooShort {
                msgwait: seconds(msgwait),
                needed: seconds(every * 2 + feeding + watchdog),
                every: seconds(every),
                feeding: seconds(feeding),
                watchdog: seconds(watchdog),
            });
        }
        Ok(Self { watchdog, every, msgwait, good_for: room.min(every + ANSWER) })
    }
}

/// Whether so many of all disks are enough: whoever writes needs more than half, too, so that one
/// that was read has what was written.
pub fn has_majority(good: usize, all: usize) -> bool {
    good > all / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(watchdog: u64, msgwait: u64) -> Header {
        let seconds = Duration::from_secs;
        Header {
            minor: 0,
            slots: 255,
            sector_size: 512,
            watchdog: seconds(watchdog),
            claim: seconds(2),
            every: seconds(1),
            msgwait: seconds(msgwait),
            identity: None,
        }
    }

    #[test]
    fn a_node_is_off_before_its_fencer_believes_it() {
        let feeding = Duration::from_millis(625);
        for watchdog in 1..30 {
            for msgwait in 1..70 {
                let times = Times::of(&[header(watchdog, msgwait)], feeding);
                let off = |times: Times| times.good_for + feeding + times.watchdog;
                match times {
                    Ok(times) => {
                        assert!(off(times) <= times.msgwait && times.good_for >= times.every * 2)
                    }
                    Err(_) => assert!(msgwait * 1_000 < watchdog * 1_000 + 2_625),
                }
            }
        }
        let of_default = Times::of(&[header(5, 10)], feeding).unwrap();
        assert_eq!(of_default.good_for, Duration::from_secs(4));
        let no = Times::of(&[header(5, 6)], feeding).unwrap_err().to_string();
        assert!(no.starts_with("msgwait is 6 s, and a node may live for 7.625 s"), "{no}");
    }

    #[test]
    fn disks_must_agree_and_most_be_there() {
        let feeding = Duration::from_secs(1);
        let both = [header(5, 10), header(5, 12)];
        assert_eq!(Times::of(&both, feeding), Err(TimesError::Differ));
        assert_eq!(Times::of(&[], feeding), Err(TimesError::NoDisk));
        let enough = [(0, 1), (1, 1), (1, 2), (2, 2), (1, 3), (2, 3)];
        let enough: Vec<bool> =
            enough.into_iter().map(|(good, all)| has_majority(good, all)).collect();
        assert_eq!(enough, [false, true, false, true, false, true]);
    }
}

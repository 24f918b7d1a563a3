//! Whether one card works, by what is seen of it.

use crate::Detection;

/// So many polling intervals in a row without traffic, though some was provoked, are a failure; and so
/// many with traffic are needed to believe that it is over.
const IN_A_ROW: u32 = 3;

/// What the kernel says of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// There is a card of that name, and it is switched on.
    pub up: bool,
    /// Something is at the other end.
    pub carrier: bool,
}

/// Frames since the card is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Received.
    pub received: u64,
    /// Sent.
    pub sent: u64,
}

/// Why a card is not to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An operator wants it taken for failed.
    Disabled,
    /// It is not there, or switched off.
    Gone,
    /// Nothing at the other end.
    NoCarrier,
    /// Its counts stand still.
    Still,
    /// Nobody who should answers, while the addresses are on it.
    Silent,
}

/// One card.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    link: Option<Link>,
    counters: Option<Counters>,
    still: u32,
    moving: u32,
    stands_still: bool,
    /// Lasts whatever becomes of its link.
    pub(crate) is_disabled: bool,
    /// No answer came while the addresses were here.
    pub(crate) is_silent: bool,
}

impl Health {
    pub(crate) fn is_known(&self) -> bool {
        self.link.is_some()
    }

    /// Why it is not to be used, the plainest reason first.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let link_fault = self.link_fault();
        link_fault.or_else(|| self.is_silent.then_some(Fault::Silent))
    }

    /// The same, without asking for answers.
    pub(crate) fn link_fault(&self) -> Option<Fault> {
        if self.is_disabled {
            return Some(Fault::Disabled);
        }
        match self.link {
            None | Some(Link { up: false, .. }) => Some(Fault::Gone),
            Some(Link { carrier: false, .. }) => Some(Fault::NoCarrier),
            Some(Link { up: true, carrier: true }) => self.stands_still.then_some(Fault::Still),
        }
    }

    pub(crate) fn see(&mut self, link: Link) {
        let before = self.link.replace(link);
        if before != Some(link) {
            // Plugged in or out: whatever was counted was of another wire.
            let is_disabled = self.is_disabled;
            *self = Self { link: Some(link), is_disabled, ..Self::default() };
        }
    }

    /// Takes a sample. `others_hear` says that another card of the wire received something meanwhile.
    pub(crate) fn count(&mut self, now: Counters, others_hear: bool, detection: Detection) {
        let Some(before) = self.counters.replace(now) else { return };
        let (heard, said) = (now.received != before.received, now.sent != before.sent);
        let is_still = match detection {
            Detection::Carrier => false,
            Detection::InOut => !heard && !said,
            Detection::InOnlyOrInOut => !heard && (!said || others_hear),
        };
        if is_still {
            (self.still, self.moving) = (self.still.saturating_add(1), 0);
        } else {
            (self.still, self.moving) = (0, self.moving.saturating_add(1));
        }
        if self.still >= IN_A_ROW {
            self.stands_still = true;
        } else if self.moving >= IN_A_ROW {
            self.stands_still = false;
        }
    }

    /// Whether it received something between the last sample and this one.
    pub(crate) fn hears(&self, now: Counters) -> bool {
        self.counters.is_some_and(|before| before.received != now.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Link = Link { up: true, carrier: true };

    fn after(samples: &[(u64, u64)], others_hear: bool, detection: Detection) -> Option<Fault> {
        let mut health = Health::default();
        health.see(GOOD);
        for (received, sent) in samples {
            let counters = Counters { received: *received, sent: *sent };
            health.count(counters, others_hear, detection);
        }
        health.fault()
    }

    #[test]
    fn counts_that_stand_still_are_a_failure_as_configured() {
        let dead = [(5, 5); 4];
        let deaf = [(5, 5), (5, 6), (5, 7), (5, 8)];
        let mute = [(5, 5), (6, 5), (7, 5), (8, 5)];
        let late = [(5, 5), (5, 5), (5, 5), (6, 5)];
        use Detection::{Carrier, InOnlyOrInOut, InOut};
        for (samples, others_hear, detection, expected) in [
            (dead, true, Carrier, None),
            (dead, false, InOut, Some(Fault::Still)),
            (dead, false, InOnlyOrInOut, Some(Fault::Still)),
            (deaf, true, InOut, None),
            (deaf, true, InOnlyOrInOut, Some(Fault::Still)),
            // Where no card hears anything there may be nothing to hear.
            (deaf, false, InOnlyOrInOut, None),
            (mute, true, InOnlyOrInOut, None),
            (late, true, InOnlyOrInOut, None),
        ] {
            assert_eq!(
                after(&samples, others_hear, detection),
                expected,
                "{samples:?} {detection:?}"
            );
        }
    }

    #[test]
    fn it_is_over_when_traffic_lasts() {
        let mut samples = vec![(5, 5); 4];
        samples.extend([(6, 6), (7, 7)]);
        assert_eq!(after(&samples, true, Detection::InOut), Some(Fault::Still));
        samples.push((8, 8));
        assert_eq!(after(&samples, true, Detection::InOut), None);
    }

    #[test]
    fn a_card_that_was_plugged_in_again_is_a_new_one() {
        let mut health = Health::default();
        assert_eq!(health.fault(), Some(Fault::Gone));
        health.see(GOOD);
        health.is_silent = true;
        assert_eq!(health.fault(), Some(Fault::Silent));
        health.see(Link { up: true, carrier: false });
        assert_eq!(health.fault(), Some(Fault::NoCarrier));
        health.see(GOOD);
        assert_eq!(health.fault(), None);
    }
}

//! Which copy of the document is the cluster's: one number that orders copies.
//!
//! A quorate membership first promises: its number, higher than any that its members know, goes to
//! the disks of a majority of the cluster. Only then is anything edited in it, and edits carry its
//! number. Two quorate memberships share a member whose disk holds the earlier promise, so no two
//! edit under one number, and an acknowledged edit is on a disk of every quorum.
//!
//! Copies are compared by the membership that last edited them, then by the last promise that they
//! have been through, then by version. A promise that the disks of a minority hold alone beats no
//! edit.

use std::fmt;

/// See the module. Ordered as its number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lineage {
    /// The quorate membership that last edited this copy.
    edited: u32,
    /// The last quorate membership that this copy has been through.
    promised: u32,
}

impl Lineage {
    /// As it travels and is stored.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.edited) << 32 | u64::from(self.promised)
    }

    pub(crate) fn from_number(number: u64) -> Self {
        Self { edited: (number >> 32) as u32, promised: (number & 0xffff_ffff) as u32 }
    }

    /// The next promise after all that `others` know.
    pub(crate) fn promise(self, others: impl Iterator<Item = Self>) -> Self {
        let known = others.map(|other| other.promised).max().unwrap_or(0).max(self.promised);
        Self { promised: known.saturating_add(1), ..self }
    }

    /// Edited in the membership that it has promised.
    pub(crate) fn edit(self) -> Self {
        Self { edited: self.promised, ..self }
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.edited, self.promised)
    }
}

#[cfg(test)]
mod tests {
    use super::Lineage;

    #[test]
    fn an_edit_beats_any_promise_and_the_number_keeps_the_order() {
        let old = Lineage::default().promise(std::iter::empty()).edit();
        let promised = old.promise([Lineage::from_number(40)].into_iter());
        let edited = old.promise(std::iter::empty()).edit();
        assert!(promised > old && edited > promised);
        assert!(edited.number() > promised.number());
        assert_eq!(Lineage::from_number(edited.number()), edited);
    }
}

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

//!
//! That holds for majorities. By other rules (one of two nodes, say) two sides may promise the same
//! number and both edit. So a promise names its coordinator, too, and a copy keeps its
//! [`Pedigree`]: in which memberships it was edited, and how far. Who has to take another's copy
//! sees in it whether that has all edits of its own, or whether these are to be set aside.

use std::fmt;

use wire::peer::Edited;

/// Bits of a promise that name its coordinator, by its place among the nodes.
const WHO: u32 = 8;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

    /// The promise alone, whoever made it.
    pub(crate) fn promised(self) -> u32 {
        self.promised >> WHO
    }

    /// By which copies are compared. Who coordinated is no merit.
    pub(crate) fn rank(self) -> u64 {
        u64::from(self.edited >> WHO) << 32 | u64::from(self.promised >> WHO)
    }

    /// The next promise after all that `others` know, by the coordinator at this place.
    pub(crate) fn promise(self, others: impl Iterator<Item = Self>, place: usize) -> Self {
        let known = others.map(|other| other.promised).max().unwrap_or(0).max(self.promised);
        let who = (place as u32) & ((1 << WHO) - 1);
        Self { promised: ((known >> WHO) + 1) << WHO | who, ..self }
    }

    /// Edited in the membership that it has promised.
    pub(crate) fn edit(self) -> Self {
        Self { edited: self.promised, ..self }
    }

    /// Edited because somebody insisted, where no edit counts, under the coordinator at this place.
    /// Ranks as before, and is another copy than what others make of the same.
    pub(crate) fn edit_apart(self, place: usize) -> Self {
        let who = (place as u32) & ((1 << (WHO - 1)) - 1) | 1 << (WHO - 1);
        Self { edited: self.edited >> WHO << WHO | who, ..self }
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.edited >> WHO, self.promised >> WHO)
    }
}

/// In which memberships a copy was edited, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pedigree(Vec<Edited>);

impl Pedigree {
    /// Memberships remembered. A copy that was last edited before is taken for a strange one.
    const MAX: usize = 256;

    pub(crate) fn new(edited: Vec<Edited>) -> Self {
        Self(edited)
    }

    pub(crate) fn entries(&self) -> &[Edited] {
        &self.0
    }

    /// The copy was edited under this lineage, and is of this version since.
    pub(crate) fn edited(&mut self, lineage: Lineage, version: cib::Version) {
        let cib::Version { admin_epoch, epoch, .. } = version;
        let membership = lineage.edited;
        self.0.retain(|entry| entry.membership != membership);
        self.0.push(Edited { membership, admin_epoch, epoch });
        let surplus = self.0.len().saturating_sub(Self::MAX);
        self.0.drain(..surplus);
    }

    /// Whether all that `other` was edited by is in this one, too.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        let Some(last) = other.0.last() else { return true };
        self.0.iter().any(|entry| {
            entry.membership == last.membership
                && (entry.admin_epoch, entry.epoch) >= (last.admin_epoch, last.epoch)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(epoch: u32) -> cib::Version {
        cib::Version { admin_epoch: 0, epoch, num_updates: 0 }
    }

    #[test]
    fn an_edit_beats_any_promise_and_the_number_keeps_all() {
        let old = Lineage::default().promise(std::iter::empty(), 0).edit();
        let promised = old.promise([Lineage::from_number(40 << WHO)].into_iter(), 3);
        let edited = old.promise(std::iter::empty(), 1).edit();
        assert!(promised.rank() > old.rank() && edited.rank() > promised.rank());
        assert_eq!(Lineage::from_number(edited.number()), edited);
        assert_eq!(promised.to_string(), "1/41");
    }

    #[test]
    fn two_that_promise_apart_are_alike_in_rank_and_yet_two() {
        let old = Lineage::default().promise(std::iter::empty(), 0).edit();
        let [one, other] = [1, 2].map(|place| old.promise(std::iter::empty(), place).edit());
        assert_eq!(one.rank(), other.rank());
        assert_ne!(one, other);
        let [left, right] = [0, 1].map(|place| one.edit_apart(place));
        assert!(left != right && left != one && left.rank() == one.rank());
    }

    #[test]
    fn a_copy_includes_what_it_grew_from_and_nothing_else() {
        let first = Lineage::default().promise(std::iter::empty(), 0).edit();
        let [mine, yours] = [1, 2].map(|place| first.promise(std::iter::empty(), place).edit());
        let mut common = Pedigree::default();
        common.edited(first, version(4));
        let (mut left, mut right, mut ahead) = (common.clone(), common.clone(), common.clone());
        left.edited(mine, version(5));
        right.edited(yours, version(6));
        ahead.edited(first, version(5));
        assert!(left.includes(&common) && left.includes(&Pedigree::default()));
        assert!(!left.includes(&right) && !right.includes(&left));
        assert!(!left.includes(&ahead) && !common.includes(&left));
    }
}

//! Whose majority counts where those who had quorum last decide, and not all nodes (`last_man_standing`): the memory
//! of who that was. What comes of it is in [`previous`](crate::previous).
//!
//! Corosync counts anew after each loss, and forgets of whom: of seven nodes four go on alone and count four;
//! one of them is cut off, meets the other three as they start again, and has, as its Corosync counts, four of
//! seven. So the daemons remember *who* was there. A membership has quorum if Corosync says so, and if it has more
//! than half of those who had quorum last, as the newest memory among its members says. Then two sides never
//! have it at the same time.
//!
//! - A membership that has quorum *seeks* to be the next base. Its members write that down; from then on each of
//!   them needs more than half of the old base, and of every set that was sought since.
//! - When the disks of all its members have it, it is *settled*: it alone counts. Who does not hear of that
//!   any more needs both, which is more than what the others need, and shares a member with it.
//! - Memories are compared by how often a base was sought. Of two that are as old, a settled one was written down
//!   by all who could gainsay it. Of others all sets count that are no older than what the newest is known to have
//!   been settled last: who was in the newest, and fell over before it was written, may have been in another since.
//! - Who has lost something on its disk is nobody whose presence counts.
//! - Who leaves in peace is taken out of a settled base, one at a time: more than half of it, and more than half of
//!   it with one less, share a member. The next one waits until that is settled.
//! - An operator's word that a node is off takes it out of every set; who waits no more for any of them
//!   (`cmruncl -n`) makes those who are here the base.
//!
//! Where there is a lock on a disk besides, exactly half of a set is enough for who holds it, and then:
//!
//! - Only those count to a half whose daemons had quorum since they started: a machine may have been reset for the
//!   other half to go on, remembers that it was one of the whole, and finds a lock that nobody needs any more.
//! - Half of a base is not the next base before the others are known to be off. Until then the half keeps the lock.
//! - Half of a set that somebody was just taken out of is not enough: for who has not heard of that it has one more.
//! - Corosync is told to expect no more votes than that, and the lock's voter who counts.
//!
//! Sources: votequorum(5), `last_man_standing`; Serviceguard's *previous membership*; *dynamic voting*, as the
//! literature calls it (Jajodia and Mutchler 1990; Lotem, Keidar and Dolev 1997, for what is sought and not settled).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use model::NodeId;
use tie_breaker::Standing;
use wire::peer;

/// More often than a base is sought between two words of an operator.
const BY_AN_OPERATOR: u64 = 1 << 20;

/// Stands for who was taken out of a set, where what is left has halves: more than half is needed of as many as before.
/// No node has this number.
pub(crate) const NOBODY: NodeId = NodeId(0);

/// See the module. With no set at all nothing was sought yet: all nodes count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base {
    sought: u64,
    /// Which time it was settled last.
    settled: u64,
    /// More than half of each is needed.
    sets: Vec<BTreeSet<NodeId>>,
}

impl Base {
    /// Sets at once. Disks that refuse for ever must not make the memory grow for ever.
    const MAX: usize = 32;

    pub(crate) fn from_wire(told: &peer::Base) -> Self {
        let set = |ids: &Vec<u32>| ids.iter().copied().map(NodeId).collect();
        let peer::Base { sought, settled, sets } = told;
        Self { sought: *sought, settled: *settled, sets: sets.iter().map(set).collect() }
    }

    pub(crate) fn to_wire(&self) -> peer::Base {
        let ids = |set: &BTreeSet<NodeId>| set.iter().map(|id| id.0).collect();
        let sets = self.sets.iter().map(ids).collect();
        peer::Base { sought: self.sought, settled: self.settled, sets }
    }

    /// Nothing is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.sought > 0 && self.settled == self.sought
    }

    /// Whether these are all that counts.
    pub(crate) fn is_settled_as(&self, members: &BTreeSet<NodeId>) -> bool {
        self.is_settled() && self.sets == std::slice::from_ref(members)
    }

    /// Whether these seek to be the next one.
    pub(crate) fn is_sought_by(&self, members: &BTreeSet<NodeId>) -> bool {
        !self.is_settled() && self.sets.contains(members)
    }

    /// The newest that those who are together remember, and what it may not know.
    pub(crate) fn newest<'b>(told: impl Iterator<Item = &'b peer::Base>) -> Self {
        let mut told: Vec<Self> = told.map(Self::from_wire).collect();
        told.sort_by_key(|base| (base.sought, base.settled));
        let Some(mut newest) = told.pop() else { return Self::default() };
        let is_settled = newest.is_settled();
        for other in told {
            match other.sought.cmp(&newest.settled) {
                Ordering::Less => {}
                // What it was settled as; or one that was sought beside what is settled now.
                Ordering::Equal if is_settled && !other.is_settled() => {}
                Ordering::Equal => newest.needs(other.sets.last()),
                Ordering::Greater => newest.needs(&other.sets),
            }
        }
        newest
    }

    fn needs<'s>(&mut self, sets: impl IntoIterator<Item = &'s BTreeSet<NodeId>>) {
        for set in sets {
            if !self.sets.contains(set) {
                self.sets.push(set.clone());
            }
        }
    }

    /// More than half of each of these are needed. Who was taken out of the nodes does not count any more, and may
    /// for somebody who has not heard of it.
    pub(crate) fn counted(&self, nodes: &BTreeSet<NodeId>) -> Vec<BTreeSet<NodeId>> {
        let all = std::slice::from_ref(nodes);
        let sets = if self.sets.is_empty() { all } else { &self.sets };
        let of = |set: &BTreeSet<NodeId>| {
            let mut left: BTreeSet<NodeId> = set.intersection(nodes).copied().collect();
            if left.len() < set.len() {
                without_halves(&mut left);
            }
            left
        };
        sets.iter().map(of).collect()
    }

    /// Of the first set that these are not more than half of, who is missing.
    pub(crate) fn missing(
        &self,
        present: &BTreeSet<NodeId>,
        nodes: &BTreeSet<NodeId>,
    ) -> Option<Missing> {
        self.counted(nodes).into_iter().find_map(|set| {
            let has_most = Standing::of_sets(present, [&set]) == Standing::More;
            let absent = set.difference(present).filter(|id| **id != NOBODY);
            (!has_most).then(|| Missing(absent.copied().collect()))
        })
    }

    /// What these are of the base. `steady` are those of them whose daemons had quorum since they started.
    pub(crate) fn standing(
        &self,
        present: &BTreeSet<NodeId>,
        steady: &BTreeSet<NodeId>,
        nodes: &BTreeSet<NodeId>,
    ) -> Standing {
        let of = |set: &BTreeSet<NodeId>| match Standing::of_sets(present, [set]) {
            Standing::Half => Standing::of_sets(steady, [set]),
            standing @ (Standing::More | Standing::Less) => standing,
        };
        self.counted(nodes).iter().map(of).max().unwrap_or(Standing::Less)
    }

    pub(crate) fn seek(&mut self, members: &BTreeSet<NodeId>, nodes: &BTreeSet<NodeId>) {
        if self.sets.is_empty() {
            self.sets.push(nodes.clone());
        }
        let is_it = self.sets.last() == Some(members);
        if (is_it && self.is_settled()) || self.sets.len() >= Self::MAX {
            return;
        }
        self.sought += 1;
        self.needs([members]);
    }

    /// One that is in it leaves in peace.
    pub(crate) fn leave(&mut self, node: NodeId, nodes: &BTreeSet<NodeId>) {
        if self.sets.is_empty() {
            self.sets.push(nodes.clone());
        }
        self.sought += 1;
        for set in &mut self.sets {
            if set.remove(&node) {
                without_halves(set);
            }
        }
    }

    pub(crate) fn settle(&mut self, members: &BTreeSet<NodeId>) {
        self.sets = vec![members.clone()];
        self.settled = self.sought;
    }

    /// An operator says so. Newer than all that others, who are not asked, may have sought.
    pub(crate) fn settle_by_word(&mut self, members: &BTreeSet<NodeId>) {
        self.sought += BY_AN_OPERATOR;
        self.settle(members);
    }

    /// All nodes count again. Its number stays: of another file's bases it would not be known which were newer.
    pub(crate) fn forget(&mut self) {
        self.sets.clear();
    }
}

fn without_halves(set: &mut BTreeSet<NodeId>) {
    set.remove(&NOBODY);
    if !set.is_empty() && set.len().is_multiple_of(2) {
        set.insert(NOBODY);
    }
}

/// Too many of a base are not here: these.
pub(crate) struct Missing(pub(crate) BTreeSet<NodeId>);

#[cfg(test)]
mod tests;

//! Whose majority counts where those who had quorum last decide, and not all nodes (`last_man_standing`).
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
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fencing::Unfences;
use model::{NodeId, Quorum, QuorumBy};
use tie_breaker::Standing;
use wire::api::Event;
use wire::peer::{self, Hello};

use crate::Controller;
use crate::input::Effect;
use crate::state::Named;
use crate::timers::Ring;

/// How long who would leave waits for disks.
const PATIENCE: Duration = Duration::from_secs(10);

/// More often than a base is sought between two words of an operator.
const BY_AN_OPERATOR: u64 = 1 << 20;

/// Stands for who was taken out of a set, where what is left has halves: more than half is needed of as many as before.
/// No node has this number.
const NOBODY: NodeId = NodeId(0);

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

    fn is_settled(&self) -> bool {
        self.sought > 0 && self.settled == self.sought
    }

    /// The newest that those who are together remember, and what it may not know.
    fn newest<'b>(told: impl Iterator<Item = &'b peer::Base>) -> Self {
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
    fn counted(&self, nodes: &BTreeSet<NodeId>) -> Vec<BTreeSet<NodeId>> {
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
    fn missing(&self, present: &BTreeSet<NodeId>, nodes: &BTreeSet<NodeId>) -> Option<Missing> {
        self.counted(nodes).into_iter().find_map(|set| {
            let has_most = Standing::of_sets(present, [&set]) == Standing::More;
            let absent = set.difference(present).filter(|id| **id != NOBODY);
            (!has_most).then(|| Missing(absent.copied().collect()))
        })
    }

    /// What these are of the base. `steady` are those of them whose daemons had quorum since they started.
    fn standing(
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

    fn seek(&mut self, members: &BTreeSet<NodeId>, nodes: &BTreeSet<NodeId>) {
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
    fn leave(&mut self, node: NodeId, nodes: &BTreeSet<NodeId>) {
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

    fn settle(&mut self, members: &BTreeSet<NodeId>) {
        self.sets = vec![members.clone()];
        self.settled = self.sought;
    }
}

fn without_halves(set: &mut BTreeSet<NodeId>) {
    set.remove(&NOBODY);
    if !set.is_empty() && set.len().is_multiple_of(2) {
        set.insert(NOBODY);
    }
}

/// Too many of a base are not here: these.
struct Missing(BTreeSet<NodeId>);

impl Controller {
    /// Whether those who had quorum last decide. What is remembered counts until all nodes were together again,
    /// also when the nodes' file does not ask for it any more.
    fn counts_base(&self) -> bool {
        self.quorum_by().counts_previous() || !self.state.base.sets.is_empty()
    }

    /// Whether half of those who had quorum last is enough with the lock.
    fn has_lock(&self) -> bool {
        self.quorum_by() == QuorumBy::PreviousOrLock
    }

    /// What the fabric's word is worth before all have said what they remember.
    pub(crate) fn before_hellos(&self, said: Quorum) -> Quorum {
        if self.counts_base() { Quorum::No } else { said }
    }

    /// Whether the watchdog is fed meanwhile, by the order of before: what it says of itself in the new one does not
    /// count yet, so the others, who lost it then, wait for long enough.
    pub(crate) fn goes_on_before_hellos(&self) -> bool {
        self.counts_base() && (self.fabric.quorum.is_of_one_side() || self.fabric.goes_on)
    }

    /// Whether this node's own memory is against it.
    pub(crate) fn remembers_others(&self, members: &BTreeSet<NodeId>, said: Quorum) -> bool {
        let standing = self.state.base.standing(members, members, &self.configured());
        let is_enough = match standing {
            Standing::More => true,
            Standing::Half => self.has_lock() && said == Quorum::ByDevice,
            Standing::Less => false,
        };
        self.counts_base() && !is_enough
    }

    /// All have said what they remember. Every member judges alike.
    pub(crate) fn judge_by_base(&mut self, hellos: &BTreeMap<NodeId, Hello>) {
        self.fabric.goes_on = false;
        let told = hellos.values().map(|hello| &hello.base);
        self.state.base = Base::newest(told);
        if !self.counts_base() {
            return;
        }
        let sound = hellos.iter().filter(|(_, hello)| !hello.doubtful);
        self.fabric.sound = sound.clone().map(|(id, _)| *id).collect();
        self.fabric.steady =
            sound.filter(|(_, hello)| hello.seen_quorum).map(|(id, _)| *id).collect();
        self.fabric.quorum = self.verdict();
        if self.fabric.quorum == Quorum::OfPrevious {
            self.seek();
        }
        let nodes = self.others_who_had_quorum();
        if !nodes.is_empty() {
            self.report(self.now.wall, Event::QuorumIsOthers { nodes });
        }
        self.note_who_is_absent();
    }

    fn seek(&mut self) {
        let nodes = self.configured();
        self.state.base.seek(&self.fabric.members, &nodes);
        self.fabric.seeks = true;
        self.fabric.settles_until = self.now.tick.after(PATIENCE);
        self.set_timer(self.fabric.settles_until, Ring::Recheck);
    }

    fn standing(&self) -> Standing {
        let Self { fabric, state, .. } = self;
        state.base.standing(&fabric.sound, &fabric.steady, &self.configured())
    }

    /// The fabric's word, and what those who had quorum last make of it.
    fn verdict(&mut self) -> Quorum {
        match (self.fabric.said, self.standing()) {
            (Quorum::No, Standing::More | Standing::Half) => {
                self.expect_fewer_votes();
                Quorum::No
            }
            (Quorum::No, Standing::Less) => Quorum::No,
            (_, Standing::More) => Quorum::OfPrevious,
            (Quorum::ByDevice, Standing::Half) if self.has_lock() => Quorum::ByDevice,
            (_, Standing::Half | Standing::Less) => Quorum::No,
        }
    }

    /// Corosync expects those to be there who are not counted any more. Each member tells its own, which forgets it
    /// when it reads its file.
    fn expect_fewer_votes(&mut self) {
        if !self.has_lock() {
            return;
        }
        let sets = self.state.base.counted(&self.configured());
        let most = sets.iter().map(BTreeSet::len).max().unwrap_or(0).max(self.fabric.members.len());
        let votes = u32::try_from(most).unwrap_or(u32::MAX).saturating_add(1);
        self.effects.push(Effect::ExpectVotes { votes });
    }

    /// The lock's voter is told who counts, whenever that changes.
    pub(crate) fn tell_voter(&mut self) {
        if !self.has_lock() {
            self.voter_knows = None;
            return;
        }
        // While a membership forms it is as in the one before: halves fall apart in one that had quorum.
        let takes_lock = match &self.voter_knows {
            Some((_, takes_lock)) if !self.is_formed() => *takes_lock,
            Some(_) | None => self.seen_quorum && self.standing() != Standing::Less,
        };
        let told = (self.state.base.counted(&self.configured()), takes_lock);
        if self.voter_knows.as_ref() != Some(&told) {
            let (sets, takes_lock) = told.clone();
            self.effects.push(Effect::CountPrevious { sets, takes_lock });
            self.voter_knows = Some(told);
        }
    }

    /// Those who have half and the lock become the base when all others of it are known to be off.
    /// Answers whether they begin to.
    pub(crate) fn seek_beyond_half(&mut self) -> bool {
        let is_half = self.has_lock() && self.fabric.quorum == Quorum::ByDevice;
        let sets = self.state.base.counted(&self.configured());
        let is_other = |id: &&NodeId| **id != NOBODY && !self.fabric.members.contains(id);
        let mut others = sets.iter().flatten().filter(is_other);
        let is_known = |id: &NodeId| self.state.is_known_off(&self.name_of(*id));
        let begins =
            is_half && !self.fabric.seeks && !self.fences_from_storage() && others.all(is_known);
        if begins {
            self.seek();
        }
        begins
    }

    /// Who is only kept from the storage may live, and go on believing that it had quorum.
    fn fences_from_storage(&self) -> bool {
        let devices = fencing::devices(&self.state.document);
        devices.iter().any(|device| device.unfences == Unfences::Yes)
    }

    /// The same in the middle of a membership: a node is known to be off now.
    pub(crate) fn seek_since_one_is_off(&mut self) {
        if self.seek_beyond_half() {
            self.fabric.base_edit = self.store_whole();
        }
    }

    /// The disks of all members have what is sought.
    pub(crate) fn settle_base(&mut self) {
        let members = &self.fabric.members;
        let is_sought = self.fabric.seeks && !self.state.base.is_settled();
        let is_sought = is_sought && self.state.base.sets.contains(members);
        let edit = self.fabric.base_edit;
        if is_sought && members.iter().all(|id| self.disks.has_answered(*id, edit)) {
            self.state.base.settle(members);
            if self.fabric.quorum == Quorum::ByDevice {
                self.fabric.quorum = Quorum::OfPrevious;
                self.note_who_is_absent();
            }
            self.expect_fewer_votes();
            // Half of the old one is less than that after a start.
            if self.has_lock() {
                self.store_whole();
            }
        }
        let is_asked_for = self.quorum_by().counts_previous();
        let all = self.configured();
        if !is_asked_for && self.state.base.is_settled() && self.state.base.sets == [all] {
            // Its number stays: of another file's bases it would not be known which were newer.
            self.state.base.sets.clear();
        }
    }

    /// These have quorum by what they remember.
    fn has_base(&self) -> bool {
        match self.fabric.quorum {
            Quorum::OfPrevious => true,
            Quorum::ByDevice => self.has_lock(),
            Quorum::No | Quorum::Majority | Quorum::ByRule => false,
        }
    }

    /// An operator says that it is off: it is not waited for any more.
    pub(crate) fn strike_out_of_base(&mut self, node: NodeId) {
        if !self.counts_base() {
            return;
        }
        let nodes = self.configured();
        let is_in = self.state.base.counted(&nodes).iter().any(|set| set.contains(&node));
        if is_in {
            self.state.base.leave(node, &nodes);
            self.fabric.base_edit = self.store_whole();
            self.judge_again();
        }
    }

    fn base_is_under_way(&self) -> bool {
        let is_sought = self.counts_base() && !self.state.base.is_settled();
        self.has_base() && is_sought && self.disks.all_are_willing()
    }

    /// Whether who would leave in peace waits: who has come, or left, is not settled yet. Disks that take nothing, or
    /// take too long, are not waited for.
    pub(crate) fn waits_to_leave(&self) -> bool {
        self.base_is_under_way() && self.now.tick < self.fabric.settles_until
    }

    /// Whether another one was faster to leave, so that the membership is about to change. Alike on all members.
    pub(crate) fn another_leaves(&self) -> bool {
        self.base_is_under_way() && self.fabric.has_leaver
    }

    /// It left in peace: it does not count any more.
    pub(crate) fn leaves_base(&mut self, node: NodeId) {
        let is_base = self.fabric.quorum == Quorum::OfPrevious && self.counts_base();
        if is_base && self.state.base.is_settled() {
            let nodes = self.configured();
            self.state.base.leave(node, &nodes);
            self.fabric.has_leaver = true;
        }
    }

    /// An operator waits no more for those who had quorum last: who is here goes on, if the fabric lets them.
    pub(crate) fn go_on_without_previous(&mut self) {
        if self.counts_base() && !self.fabric.is_quorate() {
            let base = &mut self.state.base;
            // Newer than all that others, who are not asked, may have sought.
            base.sought += BY_AN_OPERATOR;
            base.settle(&self.fabric.members);
            self.judge_again();
        }
    }

    /// An operator's word may have been all that was missing. Otherwise the fabric's next word is judged by it.
    fn judge_again(&mut self) {
        let Some(coordinator) = self.phase.coordinator() else { return };
        let verdict = self.verdict();
        let had_quorum = self.fabric.is_quorate();
        let is_more = verdict == Quorum::OfPrevious && self.fabric.quorum == Quorum::ByDevice;
        if !verdict.is_quorate() || (had_quorum && !is_more) {
            return;
        }
        self.fabric.quorum = verdict;
        if verdict == Quorum::OfPrevious {
            self.seek();
        }
        if had_quorum {
            self.note_who_is_absent();
            self.fabric.base_edit = self.store_whole();
            return;
        }
        self.seen_quorum = true;
        self.note_who_is_absent();
        let keeps_edits = self.keeps_edits();
        if keeps_edits {
            self.promise(coordinator);
        }
        let nodes: Vec<Named> = self.identity.nodes.iter().map(|(id, _)| self.named(*id)).collect();
        self.state.mark_quorum_lost(false);
        self.state.mark_membership(&nodes, true, keeps_edits, &coordinator.to_string());
        self.store_promise();
        self.fabric.base_edit = self.disks.edits();
        self.report_membership(coordinator, &[]);
    }

    /// Names of the nodes for whose absence the members have no quorum, whatever the fabric says.
    pub(crate) fn others_had_quorum(&self) -> Vec<String> {
        if self.is_formed() { self.others_who_had_quorum() } else { Vec::new() }
    }

    fn others_who_had_quorum(&self) -> Vec<String> {
        let is_refused = self.fabric.said.is_quorate() && !self.fabric.is_quorate();
        if !(is_refused && self.counts_base()) {
            return Vec::new();
        }
        let missing = self.state.base.missing(&self.fabric.sound, &self.configured());
        missing.into_iter().flat_map(|Missing(nodes)| nodes).map(|id| self.name_of(id)).collect()
    }

    fn configured(&self) -> BTreeSet<NodeId> {
        self.identity.nodes.iter().map(|(id, _)| *id).collect()
    }
}

#[cfg(test)]
mod tests;

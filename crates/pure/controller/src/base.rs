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
//!   by all who could gainsay it; of unsettled ones all sets count.
//! - Who has lost something on its disk is nobody whose presence counts.
//! - Who leaves in peace is taken out of a settled base, one at a time: more than half of it, and more than half of
//!   it with one less, share a member. The next one waits until that is settled.
//! - An operator's word that a node is off takes it out of every set; who waits no more for any of them
//!   (`cmruncl -n`) makes those who are here the base.
//!
//! Sources: votequorum(5), `last_man_standing`; Serviceguard's *previous membership*; *dynamic voting*, as the
//! literature calls it (Jajodia and Mutchler 1990; Lotem, Keidar and Dolev 1997, for what is sought and not settled).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{NodeId, Quorum, QuorumBy};
use wire::api::Event;
use wire::peer::{self, Hello};

use crate::Controller;
use crate::state::Named;
use crate::timers::Ring;

/// How long who would leave waits for disks.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module. With no set at all nothing was sought yet: all nodes count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base {
    sought: u64,
    is_settled: bool,
    /// More than half of each is needed.
    sets: Vec<BTreeSet<NodeId>>,
}

impl Base {
    /// Sets at once. Disks that refuse for ever must not make the memory grow for ever.
    const MAX: usize = 32;

    pub(crate) fn from_wire(told: &peer::Base) -> Self {
        let set = |ids: &Vec<u32>| ids.iter().copied().map(NodeId).collect();
        let peer::Base { sought, is_settled, sets } = told;
        Self { sought: *sought, is_settled: *is_settled, sets: sets.iter().map(set).collect() }
    }

    pub(crate) fn to_wire(&self) -> peer::Base {
        let ids = |set: &BTreeSet<NodeId>| set.iter().map(|id| id.0).collect();
        let sets = self.sets.iter().map(ids).collect();
        peer::Base { sought: self.sought, is_settled: self.is_settled, sets }
    }

    /// The newest that those who are together remember.
    fn newest<'b>(told: impl Iterator<Item = &'b peer::Base> + Clone) -> Self {
        let sought = told.clone().map(|base| base.sought).max().unwrap_or(0);
        let mut newest = told.filter(|base| base.sought == sought).map(Self::from_wire);
        let Some(mut all) = newest.next() else { return Self::default() };
        for other in newest {
            all = match (all.is_settled, other.is_settled) {
                (true, _) => all,
                (false, true) => other,
                (false, false) => all.with_sets_of(other),
            };
        }
        all
    }

    fn with_sets_of(mut self, other: Self) -> Self {
        for set in other.sets {
            if !self.sets.contains(&set) {
                self.sets.push(set);
            }
        }
        self
    }

    /// Of the first set that these are not more than half of, who is missing.
    fn missing(&self, present: &BTreeSet<NodeId>, nodes: &BTreeSet<NodeId>) -> Option<Missing> {
        let all = std::slice::from_ref(nodes);
        let sets = if self.sets.is_empty() { all } else { &self.sets };
        sets.iter().find_map(|set| {
            // Who was taken out of the nodes does not count any more.
            let count: BTreeSet<NodeId> = set.intersection(nodes).copied().collect();
            let here = count.intersection(present).count();
            let has_most = count.is_empty() || here * 2 > count.len();
            (!has_most).then(|| Missing(count.difference(present).copied().collect()))
        })
    }

    fn seek(&mut self, members: &BTreeSet<NodeId>, nodes: &BTreeSet<NodeId>) {
        if self.sets.is_empty() {
            self.sets.push(nodes.clone());
        }
        let is_it = self.sets.last() == Some(members);
        if (is_it && self.is_settled) || self.sets.len() >= Self::MAX {
            return;
        }
        self.sought += 1;
        self.is_settled = false;
        if !self.sets.contains(members) {
            self.sets.push(members.clone());
        }
    }

    /// One that is in it leaves in peace.
    fn leave(&mut self, node: NodeId, nodes: &BTreeSet<NodeId>) {
        if self.sets.is_empty() {
            self.sets.push(nodes.clone());
        }
        self.sought += 1;
        self.is_settled = false;
        for set in &mut self.sets {
            set.remove(&node);
        }
    }

    fn settle(&mut self, members: &BTreeSet<NodeId>) {
        self.sets = vec![members.clone()];
        self.is_settled = true;
    }
}

/// Too many of a base are not here: these.
struct Missing(BTreeSet<NodeId>);

impl Controller {
    /// Whether those who had quorum last decide. What is remembered counts until all nodes were together again,
    /// also when the nodes' file does not ask for it any more.
    fn counts_base(&self) -> bool {
        self.quorum_by() == QuorumBy::Previous || self.state.base != Base::default()
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
    pub(crate) fn remembers_others(&self, members: &BTreeSet<NodeId>) -> bool {
        self.counts_base() && self.state.base.missing(members, &self.configured()).is_some()
    }

    /// All have said what they remember. Every member judges alike.
    pub(crate) fn judge_by_base(&mut self, hellos: &BTreeMap<NodeId, Hello>) {
        self.fabric.goes_on = false;
        let told = hellos.values().map(|hello| &hello.base);
        let newest = Base::newest(told);
        if newest == Base::default() && self.quorum_by() != QuorumBy::Previous {
            return;
        }
        self.state.base = newest;
        let nodes = self.configured();
        let sound = hellos.iter().filter(|(_, hello)| !hello.doubtful).map(|(id, _)| *id);
        self.fabric.sound = sound.collect();
        let missing = self.state.base.missing(&self.fabric.sound, &nodes);
        self.fabric.quorum = match (self.fabric.said, missing) {
            (Quorum::No, _) => Quorum::No,
            (_, None) => Quorum::OfPrevious,
            (_, Some(Missing(missing))) => {
                let nodes = missing.into_iter().map(|id| self.name_of(id)).collect();
                self.report(self.now.wall, Event::QuorumIsOthers { nodes });
                Quorum::No
            }
        };
        if self.fabric.is_quorate() {
            self.state.base.seek(&self.fabric.members, &nodes);
            self.fabric.settles_until = self.now.tick.after(PATIENCE);
            self.set_timer(self.fabric.settles_until, Ring::Recheck);
        }
        self.note_who_is_absent();
    }

    /// The disks of all members have what this membership started from.
    pub(crate) fn settle_base(&mut self) {
        let members = &self.fabric.members;
        let is_sought = self.fabric.quorum == Quorum::OfPrevious && !self.state.base.is_settled;
        let is_sought = is_sought && self.state.base.sets.contains(members);
        if is_sought && members.iter().all(|id| self.disks.has_answered(*id)) {
            self.state.base.settle(members);
        }
        let is_asked_for = self.quorum_by() == QuorumBy::Previous;
        let all = self.configured();
        if !is_asked_for && self.state.base.is_settled && self.state.base.sets == [all] {
            self.state.base = Base::default();
        }
    }

    /// An operator says that it is off: it is not waited for any more.
    pub(crate) fn strike_out_of_base(&mut self, node: NodeId) {
        if !self.counts_base() {
            return;
        }
        let (nodes, is_settled) = (self.configured(), self.state.base.is_settled);
        self.state.base.leave(node, &nodes);
        self.state.base.is_settled = is_settled;
        self.judge_again();
    }

    fn base_is_under_way(&self) -> bool {
        let is_sought = self.counts_base() && !self.state.base.is_settled;
        self.fabric.quorum == Quorum::OfPrevious && is_sought && self.disks.all_are_willing()
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
        if self.fabric.quorum == Quorum::OfPrevious && self.state.base.is_settled {
            let nodes = self.configured();
            self.state.base.leave(node, &nodes);
            self.fabric.has_leaver = true;
        }
    }

    /// An operator waits no more for those who had quorum last: who is here goes on, if the fabric lets them.
    pub(crate) fn go_on_without_previous(&mut self) {
        if self.counts_base() && !self.fabric.is_quorate() {
            let base = &mut self.state.base;
            base.sought += 1;
            base.settle(&self.fabric.members);
            self.judge_again();
        }
    }

    /// An operator's word may have been all that was missing. Otherwise the fabric's next word is judged by it.
    fn judge_again(&mut self) {
        let Some(coordinator) = self.phase.coordinator() else { return };
        let is_enough = self.fabric.said.is_quorate() && self.others_had_quorum().is_empty();
        if self.fabric.is_quorate() || !is_enough {
            return;
        }
        self.fabric.quorum = Quorum::OfPrevious;
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
        self.report_membership(coordinator, &[]);
    }

    /// Names of the nodes for whose absence the members have no quorum, whatever the fabric says.
    pub(crate) fn others_had_quorum(&self) -> Vec<String> {
        let is_refused = self.fabric.said.is_quorate() && !self.fabric.is_quorate();
        if !(is_refused && self.is_formed() && self.counts_base()) {
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

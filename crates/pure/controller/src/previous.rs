//! What comes of the memory of who had quorum last ([`base`](crate::base)): whether these members have it, what they write
//! down, whom they wait for, and what Corosync and the lock's voter are told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fencing::Unfences;
use model::{NodeId, Quorum, QuorumBy};
use tie_breaker::Standing;
use wire::api::Event;
use wire::peer::Hello;

use crate::Controller;
use crate::base::{Base, Missing, NOBODY};
use crate::input::Effect;
use crate::state::Named;
use crate::timers::Ring;

/// How long who would leave waits for disks.
const PATIENCE: Duration = Duration::from_secs(10);

impl Controller {
    /// Whether those who had quorum last decide. What is remembered counts until all nodes were together again,
    /// also when the nodes' file does not ask for it any more.
    fn counts_base(&self) -> bool {
        self.quorum_by().counts_previous() || !self.state.base.is_empty()
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
        let is_sought = self.fabric.seeks && self.state.base.is_sought_by(members);
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
        if !is_asked_for && self.state.base.is_settled_as(&all) {
            self.state.base.forget();
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
            self.state.base.settle_by_word(&self.fabric.members);
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

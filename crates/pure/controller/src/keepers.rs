//! Who may have a newer copy of the document than ours, or may edit it without us.
//!
//! Where only a majority ever has quorum, any two memberships share a disk, and the newest copy is
//! known by its [`lineage`](crate::lineage). By other rules (one of two nodes, the last ones
//! standing, a quorum device) a membership may share nobody with the one before it: that the other
//! machine's Corosync is there satisfies `wait_for_all`, and says nothing of what its daemon has
//! acknowledged. So a copy names its *keepers*: the nodes without whom it may not be edited.
//!
//! - A membership edits only if all keepers are members. With its promise it becomes the keepers.
//! - A keeper that is lost is struck out when it is proven off, or left in peace, and its disk is
//!   known to name one of us as a keeper: its next life cannot edit without us. Of two that strike
//!   each other out both would have to be off first.
//! - Who gets such a disk is *bound*, to the members of that moment. Only a keeper's word counts for that, and
//!   for itself: what others have heard of it, or an earlier life of its own, says nothing once that keeper
//!   was struck out elsewhere. When keepers are added, nobody is, and nothing is edited until
//!   the disks of all members have the promise.
//! - An operator's word that a node is off strikes it out in any case.
//!
//! A disk that has lost something cannot answer for what it acknowledged, so its copy is *doubtful*: it
//! is none of a majority's copies, and where not only a majority has quorum all nodes must be there.
//!
//! Until then what runs goes on, and what was lost is fenced and recovered; only edits wait, or are
//! refused with the names of those who are missed. So an older copy never outranks a newer one.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeId, QuorumBy};
use wire::api::{Event, Refused};
use wire::peer::Hello;

use crate::Controller;
use crate::lineage::Lineage;
use crate::state::Named;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keepers {
    nodes: BTreeSet<NodeId>,
    bound: BTreeSet<NodeId>,
    /// Of these, those whose disks are known to name this very life of this node.
    bound_to_me: BTreeSet<NodeId>,
}

impl Keepers {
    /// As a disk has them; a copy that names none has them all.
    pub(crate) fn restored(keepers: &[u32], configured: impl Iterator<Item = NodeId>) -> Self {
        let nodes = if keepers.is_empty() {
            configured.collect()
        } else {
            keepers.iter().copied().map(NodeId).collect()
        };
        Self { nodes, bound: BTreeSet::new(), bound_to_me: BTreeSet::new() }
    }

    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.nodes.iter().map(|id| id.0).collect()
    }

    pub(crate) fn bound_to_me(&self) -> Vec<u32> {
        self.bound_to_me.iter().map(|id| id.0).collect()
    }

    /// What those who are together know of the newest promise that any of them has heard.
    fn agreed(hellos: &BTreeMap<NodeId, Hello>, me: NodeId) -> Self {
        let promised = |hello: &Hello| Lineage::from_number(hello.lineage).promised();
        let newest = hellos.values().map(promised).max();
        let of_newest = || hellos.iter().filter(|(_, hello)| Some(promised(hello)) == newest);
        let nodes: BTreeSet<NodeId> =
            of_newest().flat_map(|(_, hello)| &hello.keepers).copied().map(NodeId).collect();
        let keepers = of_newest().filter(|(id, _)| nodes.contains(id));
        let bound = keepers.flat_map(|(_, hello)| &hello.bound).copied().map(NodeId).collect();
        let mine = hellos.get(&me).filter(|hello| Some(promised(hello)) == newest);
        let mine = mine.filter(|_| nodes.contains(&me)).into_iter().flat_map(|hello| &hello.bound);
        let bound_to_me = mine.copied().map(NodeId).collect();
        Self { nodes, bound, bound_to_me }
    }

    fn become_members(&mut self, members: &BTreeSet<NodeId>) {
        if !members.is_subset(&self.nodes) {
            self.bound.clear();
            self.bound_to_me.clear();
        }
        self.nodes.clone_from(members);
    }

    /// This node's disk has what this copy says.
    pub(crate) fn bind(&mut self, node: NodeId) {
        self.bound.insert(node);
        self.bound_to_me.insert(node);
    }
}

impl Controller {
    /// Whether nothing but a majority ever had quorum in this cluster.
    fn only_majority(&self) -> bool {
        self.identity.quorum_by == QuorumBy::Majority
    }

    /// Keepers that are not here: nothing is edited without them.
    pub(crate) fn missing_keepers(&self) -> BTreeSet<NodeId> {
        let counts = !self.only_majority() && !self.is_fencing_off();
        let configured = self.identity.nodes.iter().map(|(id, _)| *id);
        let is_missing = |id: &NodeId| {
            let knows = self.copies_missed.contains(id)
                || (counts && self.state.keepers.nodes.contains(id));
            knows && !self.fabric.members.contains(id)
        };
        configured.filter(is_missing).collect()
    }

    /// Who gives up fencing gives up what rests on it.
    pub(crate) fn is_fencing_off(&self) -> bool {
        let names = ["fencing-enabled", "stonith-enabled"];
        let value = names.into_iter().find_map(|name| self.state.option(name));
        value.is_some_and(|value| {
            matches!(value.to_ascii_lowercase().as_str(), "false" | "off" | "no" | "n" | "0")
        })
    }

    /// All who are missed are lost, and will be proven off.
    pub(crate) fn only_proofs_are_missing(&self) -> bool {
        let missing = self.missing_keepers();
        missing.is_disjoint(&self.copies_missed) && missing.is_subset(&self.state.keepers.bound)
    }

    /// Whether the disks of all members name the present keepers.
    pub(crate) fn members_are_bound(&self) -> bool {
        self.only_majority() || self.fabric.members.is_subset(&self.state.keepers.bound)
    }

    pub(crate) fn agree_on_keepers(&mut self, hellos: &BTreeMap<NodeId, Hello>) {
        self.state.keepers = Keepers::agreed(hellos, self.identity.id);
        let lineages = hellos.values().map(|hello| Lineage::from_number(hello.lineage));
        self.newest_promise = lineages.max_by_key(|lineage| lineage.promised()).unwrap_or_default();
        let sound = hellos.values().filter(|hello| !hello.doubtful).count();
        let is_known = sound == hellos.len() || (self.only_majority() && sound >= self.majority());
        let all = self.identity.nodes.iter().map(|(id, _)| *id);
        self.copies_missed = all.filter(|id| !is_known && !hellos.contains_key(id)).collect();
    }

    /// This membership promises: from now on nothing is edited without these members.
    pub(crate) fn promise(&mut self, coordinator: NodeId) {
        let place = self.place_of(coordinator);
        let known = [self.newest_promise].into_iter();
        self.doubtful = false;
        self.state.lineage = self.state.lineage.promise(known, place);
        if self.only_majority() {
            let all = self.identity.nodes.iter().map(|(id, _)| *id);
            self.state.keepers = Keepers::restored(&[], all);
        } else {
            self.state.keepers.become_members(&self.fabric.members);
        }
    }

    pub(crate) fn place_of(&self, node: NodeId) -> usize {
        self.identity.nodes.iter().position(|(id, _)| *id == node).unwrap_or_default()
    }

    /// `node` is off, or left.
    pub(crate) fn strike_out(&mut self, node: NodeId, operators_word: bool) {
        if operators_word {
            self.strike_out_of_base(node);
        }
        if !operators_word && !self.state.keepers.bound.contains(&node) {
            return;
        }
        let kept_edits = !self.missing_keepers().contains(&node);
        self.state.keepers.nodes.remove(&node);
        if operators_word {
            self.copies_missed.remove(&node);
        }
        let Some(coordinator) = self.phase.coordinator() else { return };
        if kept_edits || !self.keeps_edits() {
            return;
        }
        self.promise(coordinator);
        let nodes: Vec<Named> = self.identity.nodes.iter().map(|(id, _)| self.named(*id)).collect();
        self.state.mark_membership(&nodes, true, true, &coordinator.to_string());
        self.store_promise();
    }

    /// Tells people why edits are refused.
    pub(crate) fn report_missing_keepers(&mut self) {
        let nodes = self.awaited();
        if self.fabric.is_quorate() && !nodes.is_empty() {
            self.report(self.now.wall, Event::MayBeOlder { nodes });
        }
    }

    /// Missing keepers that no proof will strike out.
    pub(crate) fn awaited(&self) -> Vec<String> {
        if self.only_proofs_are_missing() { Vec::new() } else { self.names_of_missing_keepers() }
    }

    pub(crate) fn names_of_missing_keepers(&self) -> Vec<String> {
        self.missing_keepers().into_iter().map(|id| self.name_of(id)).collect()
    }

    /// The node was not proven off: what waited for that is told so.
    pub(crate) fn proof_failed(&mut self, node: NodeId) {
        if !self.missing_keepers().contains(&node) {
            return;
        }
        for (from, submitted) in self.disks.take_early() {
            let nodes = self.names_of_missing_keepers();
            self.refuse_change(from, &submitted, Refused::MayBeOlder { nodes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(promise: u64, keepers: &[u32], bound: &[u32]) -> Hello {
        Hello {
            membership: 1,
            incarnation: 1,
            name: String::new(),
            lineage: promise << 8,
            version: (0, 0, 0),
            digest: 0,
            coordinating: false,
            seen_quorum: false,
            still_quorate: false,
            known_to_quorum: false,
            sightings: Vec::new(),
            watchdog: false,
            formed_with: Vec::new(),
            node_state: String::new(),
            orders: Vec::new(),
            keepers: keepers.to_vec(),
            bound: bound.to_vec(),
            base: wire::peer::Base::default(),
            doubtful: false,
            settling_ms: None,
        }
    }

    #[test]
    fn the_newest_promise_names_the_keepers_and_who_promised_the_same_add_theirs() {
        let of = |hellos: [Hello; 3]| {
            let numbered = (1..).map(NodeId).zip(hellos).collect();
            let agreed = Keepers::agreed(&numbered, NodeId(1));
            (agreed.numbers(), agreed.bound.iter().map(|id| id.0).collect::<Vec<u32>>())
        };
        let old = hello(4, &[1, 2, 3, 4], &[1, 2, 3, 4]);
        let all = of([old.clone(), hello(5, &[1, 2], &[1]), hello(5, &[2, 3], &[3])]);
        assert_eq!(all, (vec![1, 2, 3], vec![1, 3]));
        assert_eq!(of([old.clone(), old.clone(), hello(5, &[3], &[])]), (vec![3], vec![]));
        let heard = of([hello(5, &[2, 3], &[2, 3]), old.clone(), old]);
        assert_eq!(heard, (vec![2, 3], vec![]), "the first is no keeper");
    }

    #[test]
    fn who_is_added_must_be_written_down_by_all_and_who_is_gone_need_not() {
        let set = |nodes: &[u32]| nodes.iter().copied().map(NodeId).collect::<BTreeSet<_>>();
        let mut keepers =
            Keepers { nodes: set(&[1, 2]), bound: set(&[1, 2]), bound_to_me: set(&[1]) };
        keepers.become_members(&set(&[1]));
        assert_eq!((&keepers.bound, &keepers.bound_to_me), (&set(&[1, 2]), &set(&[1])));
        keepers.become_members(&set(&[1, 2]));
        assert_eq!((&keepers.bound, &keepers.bound_to_me), (&set(&[]), &set(&[])));
    }

    #[test]
    fn who_hears_that_others_are_bound_cannot_say_so_when_those_are_gone() {
        // The second has just started, perhaps since it was fenced and struck out.
        let met = (1..).map(NodeId).zip([hello(5, &[1, 2, 3], &[1, 3]), hello(5, &[1, 2, 3], &[])]);
        let met: BTreeMap<NodeId, Hello> = met.collect();
        let [first, second] = [1, 2].map(|me| Keepers::agreed(&met, NodeId(me)));
        assert_eq!(first.bound, second.bound);
        assert_eq!((first.bound_to_me(), second.bound_to_me()), (vec![1, 3], vec![]));
    }
}

//! The network carries messages, forms memberships, falls apart and heals.

use std::collections::{BTreeMap, BTreeSet};

use controller::Input;
use model::{NodeId, Quorum, Tick};

use super::World;
use crate::corners::{self, Corner};
use crate::event::Event;
use crate::machine::Machine;
use crate::quorum::Rule;

impl World {
    pub(super) fn order(&mut self, from: NodeId, life: u64) {
        if !self.lives(from, life) {
            return;
        }
        let Some(ring) = self.fabric.ring_of(from).map(|ring| ring.id) else { return };
        let (now, most) = (self.clock.now(), self.faults.delay);
        let chance = &mut self.chance;
        let mut delay = || Tick(now.0 + chance.between(50, most.max(100)));
        for (to, at) in self.fabric.order(from, &mut delay) {
            self.clock.schedule(at, Event::Deliver { to, ring });
        }
    }

    pub(super) fn notice_soon(&mut self) {
        let after = self.chance.between(20_000, 1_000_000);
        self.clock.after(after, Event::Reform);
    }

    pub(super) fn reform(&mut self) {
        let rings = self.rings_to_form();
        for (members, quorum) in &rings {
            corners::at_change(self, members, *quorum);
        }
        let chance = &mut self.chance;
        let mut cut =
            |least: usize, most: usize| chance.between(least as u64, most as u64 + 1) as usize;
        let change = self.fabric.form(rings, &mut cut);
        for (to, from, message) in change.flushed {
            self.step(to, Input::Delivered { from, message: Box::new(message) });
        }
        for ring in change.formed {
            let quorum = ring.quorum;
            let members: Vec<NodeId> = ring.members.iter().copied().collect();
            for member in &members {
                // Still in this ring? A step before may have ended a daemon.
                if self.fabric.ring_of(*member).is_none_or(|now| now.id != ring.id) {
                    continue;
                }
                if let Some(machine) = self.machines.get_mut(member) {
                    machine.last_known = machine.active.keys().cloned().collect();
                    // It is back: what it lost with its power is known to the others.
                    machine.doomed_at = None;
                }
                let waiting = self.fabric.waiting(*member);
                let life = self.machines.get(member).map_or(0, |machine| machine.life);
                for _ in 0..waiting {
                    self.clock.after(100, Event::Order { from: *member, life });
                }
                let input = Input::Membership { id: ring.id, members: members.clone(), quorum };
                self.step(*member, input);
            }
        }
    }

    /// The daemons of each side that are not together as they should be, and what they have then.
    fn rings_to_form(&mut self) -> Vec<(BTreeSet<NodeId>, Quorum)> {
        let with = |is: fn(&Machine) -> bool| -> BTreeSet<NodeId> {
            self.machines.values().filter(|machine| is(machine)).map(|machine| machine.id).collect()
        };
        let mut sides = self.fabric.sides(&with(|machine| machine.powered));
        if matches!(self.scene.rule, Rule::Lock | Rule::Device) && self.chance.percent(50) {
            // Whoever asks first.
            sides.reverse();
        }
        let up = with(Machine::is_up);
        let mut rings = Vec::new();
        for side in &sides {
            let Some(quorum) = self.judge(side) else {
                self.fabric.wait_for_vote(side);
                continue;
            };
            self.fabric.has_voted(side);
            let members: BTreeSet<NodeId> = side.intersection(&up).copied().collect();
            if !members.is_empty() && !self.fabric.is_formed_as(&members, quorum) {
                rings.push((members, quorum));
            }
        }
        rings
    }

    /// `None` while it is not decided.
    fn judge(&mut self, side: &BTreeSet<NodeId>) -> Option<Quorum> {
        let now = self.clock.now();
        let is_still = side.iter().any(|node| self.fabric.is_still(*node));
        match self.scene.rule {
            Rule::Lock => self.votequorum.lock.judge(side, is_still, now),
            Rule::Device => self.votequorum.device.judge(side, now),
            Rule::Majority | Rule::TwoNode | Rule::LastManStanding | Rule::TieBreaker => {
                Some(self.votequorum.judge(side, now))
            }
        }
    }

    /// Those who vote for the cluster's lock look at the disk again, and a server at its nodes.
    pub(super) fn voters(&mut self) {
        const EVERY: u64 = 1_000_000;
        self.votequorum.lock.tick(self.clock.now());
        self.reform();
        let visited = self.votequorum.lock.visited();
        for corner in visited.into_iter().chain(self.votequorum.device.visited()) {
            self.visit(corner);
        }
        self.clock.after(EVERY, Event::Voters);
    }

    /// Two halves that both have the lock's vote.
    pub(crate) fn lock_twice(&self) -> Option<String> {
        self.votequorum.lock.twice(self.clock.now())
    }

    /// The way from a machine to what decides between halves fails for a while.
    pub(super) fn lose_decider(&mut self, node: NodeId) {
        match self.scene.rule {
            Rule::Lock => self.lose_lock_disk(node),
            Rule::Device => self.lose_device(node),
            Rule::Majority | Rule::TwoNode | Rule::LastManStanding | Rule::TieBreaker => {}
        }
    }

    /// Often of who holds the lock, and for longer than it may.
    fn lose_lock_disk(&mut self, node: NodeId) {
        let holder = self.votequorum.lock.holder().filter(|_| self.chance.percent(50));
        let node = holder.unwrap_or(node);
        self.note(node, "does not reach the lock's disk");
        self.votequorum.lock.set_reach(node, false);
        let is_long = self.chance.percent(50);
        let back = self.chance.between(1_000_000, 20_000_000);
        let back = if is_long { 80_000_000 + back } else { back };
        if is_long {
            // By then the holder must have lost it, and somebody else may want it.
            let later = self.chance.between(69_000_000, 79_000_000);
            self.clock.after(later, Event::Part);
        }
        self.clock.after(back, Event::LockMended { node });
    }

    /// Often of all who have the vote.
    fn lose_device(&mut self, node: NodeId) {
        let holders = self.votequorum.device.holders().filter(|_| self.chance.percent(70));
        let nodes = holders.cloned().unwrap_or_else(|| [node].into());
        for node in nodes {
            self.note(node, "does not reach the quorum server");
            self.votequorum.device.lose(node, &mut self.chance, self.clock.now());
            let back = self.chance.between(1_000_000, 60_000_000);
            self.clock.after(back, Event::LockMended { node });
        }
    }

    pub(super) fn stall_voter(&mut self, node: NodeId) {
        if self.scene.rule != Rule::Lock {
            return;
        }
        self.note(node, "its voter stands still");
        self.votequorum.lock.set_stalled(node, true);
        let back = self.chance.between(500_000, 40_000_000);
        self.clock.after(back, Event::LockMended { node });
    }

    pub(super) fn mend_lock(&mut self, node: NodeId) {
        self.votequorum.lock.set_reach(node, true);
        self.votequorum.lock.set_stalled(node, false);
        self.votequorum.device.mend(node);
    }

    pub(super) fn partition(&mut self) {
        self.visit(Corner::Partition);
        self.cold_start.disturbed();
        let nodes = self.nodes();
        let sides: BTreeMap<NodeId, u32> =
            nodes.iter().map(|node| (*node, u32::from(self.chance.percent(40)))).collect();
        self.note_all(&format!("partition {sides:?}"));
        self.fabric.set_sides(sides);
        self.notice_soon();
        let node = nodes.first().copied();
        if let Some(node) =
            node.filter(|_| self.scene.rule == Rule::Device && self.chance.percent(50))
        {
            // Before who lost has been reset, who won loses the vote.
            let later = self.chance.between(100_000, 10_000_000);
            self.clock.after(later, Event::DeciderLost { node });
        }
    }

    /// The node's ring is formed anew, with the same members if nothing else happens.
    pub(super) fn shake(&mut self, node: NodeId) {
        self.visit(Corner::RingFormedAnew);
        self.note(node, "its ring is lost");
        self.fabric.break_ring_of(node);
        self.notice_soon();
    }

    pub(super) fn flap(&mut self) {
        const TIMES: u64 = 6;
        self.visit(Corner::Flapped);
        let mut at = 0;
        for turn in 0..TIMES {
            at += self.chance.between(50_000, 2_000_000);
            let event = if turn.is_multiple_of(2) { Event::Part } else { Event::Heal };
            self.clock.after(at, event);
        }
    }

    pub(super) fn heal(&mut self) {
        if self.fabric.is_whole() {
            return;
        }
        self.note_all("the network heals");
        self.fabric.set_sides(BTreeMap::new());
        self.notice_soon();
    }
}

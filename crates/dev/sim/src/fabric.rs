//! The simulated fabric: one total order for each set of machines that reach one another.
//!
//! It keeps the promises of the real one: who survives a change of the membership has received the
//! same messages before it; messages of one sender keep their order; a member's own messages
//! reach it, too. Everything else (delays, where exactly the cut falls) is drawn.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::{NodeId, Quorum, Tick};
use wire::Message;

/// One set of machines with one order.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    pub(crate) id: u64,
    pub(crate) members: BTreeSet<NodeId>,
    pub(crate) quorum: Quorum,
    /// It must be formed anew.
    broken: bool,
    log: Vec<(NodeId, Message)>,
    /// How far each member has been delivered the log.
    delivered: BTreeMap<NodeId, usize>,
}

#[derive(Debug, Default)]
pub(crate) struct Fabric {
    rings: BTreeMap<u64, Ring>,
    ring_of: BTreeMap<NodeId, u64>,
    newest: u64,
    /// Sent, not yet ordered.
    unordered: BTreeMap<NodeId, VecDeque<Message>>,
    /// Which side of a partition each machine is on.
    side: BTreeMap<NodeId, u32>,
    /// Machines that stand still: nobody hears of them.
    still: BTreeSet<NodeId>,
    /// Whose Corosync waits for a vote: it carries nothing meanwhile.
    undecided: BTreeSet<NodeId>,
    /// When each sender's next message is ordered at the earliest, and each member's delivered.
    order_at: BTreeMap<NodeId, Tick>,
    deliver_at: BTreeMap<NodeId, Tick>,
}

/// A fencing that was begun and is not announced yet.
#[derive(Debug)]
pub(crate) struct Fencing {
    pub(crate) target: String,
    pub(crate) device_succeeded: bool,
}

/// What survivors of a change are handed, in this order.
#[derive(Debug)]
pub(crate) struct Change {
    /// Messages that reach members before the change.
    pub(crate) flushed: Vec<(NodeId, NodeId, Message)>,
    pub(crate) formed: Vec<Ring>,
}

impl Fabric {
    pub(crate) fn set_sides(&mut self, sides: BTreeMap<NodeId, u32>) {
        self.side = sides;
    }

    pub(crate) fn is_still(&self, node: NodeId) -> bool {
        self.still.contains(&node)
    }

    pub(crate) fn stands_still(&mut self, node: NodeId) {
        self.still.insert(node);
    }

    pub(crate) fn goes_on(&mut self, node: NodeId) {
        self.still.remove(&node);
    }

    pub(crate) fn break_ring_of(&mut self, node: NodeId) {
        let ring = self.ring_of.get(&node).and_then(|id| self.rings.get_mut(id));
        if let Some(ring) = ring {
            ring.broken = true;
        }
    }

    /// Until it is known who has quorum, nothing is carried; then the ring is formed anew in any case.
    pub(crate) fn wait_for_vote(&mut self, side: &BTreeSet<NodeId>) {
        for node in side {
            self.break_ring_of(*node);
        }
        self.undecided.extend(side);
    }

    pub(crate) fn has_voted(&mut self, side: &BTreeSet<NodeId>) {
        self.undecided.retain(|node| !side.contains(node));
    }

    pub(crate) fn is_whole(&self) -> bool {
        let mut sides = self.side.values();
        let first = sides.next();
        sides.all(|side| Some(side) == first)
    }

    pub(crate) fn rings(&self) -> impl Iterator<Item = &Ring> {
        self.rings.values()
    }

    pub(crate) fn ring_of(&self, node: NodeId) -> Option<&Ring> {
        self.rings.get(self.ring_of.get(&node)?)
    }

    /// A member sends; answers when its message is ordered.
    pub(crate) fn send(&mut self, from: NodeId, message: Message, at: Tick) -> Tick {
        self.unordered.entry(from).or_default().push_back(message);
        let slot = self.order_at.entry(from).or_default();
        *slot = at.max(*slot);
        *slot
    }

    /// The oldest unordered message of `from` gets its place. Answers who is delivered, when.
    pub(crate) fn order(
        &mut self,
        from: NodeId,
        delay: &mut dyn FnMut() -> Tick,
    ) -> Vec<(NodeId, Tick)> {
        if self.undecided.contains(&from) {
            return Vec::new();
        }
        let Some(ring) = self.ring_of.get(&from).and_then(|id| self.rings.get_mut(id)) else {
            return Vec::new();
        };
        let Some(message) = self.unordered.get_mut(&from).and_then(VecDeque::pop_front) else {
            return Vec::new();
        };
        ring.log.push((from, message));
        let mut deliveries = Vec::new();
        for member in &ring.members {
            let slot = self.deliver_at.entry(*member).or_default();
            *slot = delay().max(*slot);
            deliveries.push((*member, *slot));
        }
        deliveries
    }

    /// The next message for `to`, if it is still in that ring.
    pub(crate) fn deliver(&mut self, to: NodeId, ring: u64) -> Option<(NodeId, Message)> {
        if self.ring_of.get(&to) != Some(&ring) || self.undecided.contains(&to) {
            return None;
        }
        let ring = self.rings.get_mut(&ring)?;
        let at = ring.delivered.entry(to).or_default();
        let next = ring.log.get(*at)?.clone();
        *at += 1;
        Some(next)
    }

    /// A daemon ended: what it had not got ordered is lost.
    pub(crate) fn gone(&mut self, node: NodeId) {
        self.still.remove(&node);
        self.ring_of.remove(&node);
        self.unordered.remove(&node);
        self.order_at.remove(&node);
        self.deliver_at.remove(&node);
    }

    /// Messages that wait for a place; they are ordered in the sender's new ring.
    pub(crate) fn waiting(&self, node: NodeId) -> usize {
        self.unordered.get(&node).map_or(0, VecDeque::len)
    }

    /// Messages sent by `members` that some of them did not get yet.
    pub(crate) fn under_way(&self, members: &BTreeSet<NodeId>) -> Vec<&Message> {
        let unordered = members.iter().filter_map(|member| self.unordered.get(member)).flatten();
        let undelivered = members.iter().filter_map(|member| {
            let ring = self.ring_of(*member)?;
            ring.log.get(ring.delivered_to(*member)..)
        });
        unordered.chain(undelivered.flatten().map(|(_, message)| message)).collect()
    }

    /// The fencings of this member's ring.
    pub(crate) fn fencings_of(&self, member: NodeId) -> Vec<Fencing> {
        let Some(ring) = self.ring_of(member) else { return Vec::new() };
        let mut begun: BTreeMap<u64, Fencing> = BTreeMap::new();
        for (_, message) in &ring.log {
            if let Message::FenceRun(run) = message {
                let target = run.target.clone();
                begun.insert(run.request, Fencing { target, device_succeeded: false });
            } else if let Message::FenceRan(ran) = message {
                if let Some(fencing) = begun.get_mut(&ran.request) {
                    fencing.device_succeeded |= (ran.outcome.status, ran.outcome.code) == (0, 0);
                }
            } else if let Message::Fenced(fenced) = message {
                begun.remove(&fenced.request);
            }
        }
        begun.into_values().collect()
    }

    /// The sets of these machines that reach one another.
    pub(crate) fn sides(&self, machines: &BTreeSet<NodeId>) -> Vec<BTreeSet<NodeId>> {
        let mut groups: BTreeMap<(u32, Option<NodeId>), BTreeSet<NodeId>> = BTreeMap::new();
        for node in machines {
            let side = self.side.get(node).copied().unwrap_or(0);
            let alone = self.still.get(node).copied();
            groups.entry((side, alone)).or_default().insert(*node);
        }
        groups.into_values().collect()
    }

    /// Forms these rings. `cut` draws where, between the two bounds, the old order ends for those
    /// who survive it.
    pub(crate) fn form(
        &mut self,
        rings: Vec<(BTreeSet<NodeId>, Quorum)>,
        cut: &mut dyn FnMut(usize, usize) -> usize,
    ) -> Change {
        let mut change = Change { flushed: Vec::new(), formed: Vec::new() };
        for (members, quorum) in rings {
            for old in self.rings_of(&members) {
                self.flush(old, &members, cut, &mut change.flushed);
            }
            self.newest += 1;
            let ring = Ring {
                id: self.newest,
                members: members.clone(),
                quorum,
                broken: false,
                log: Vec::new(),
                delivered: BTreeMap::new(),
            };
            for member in &members {
                self.ring_of.insert(*member, ring.id);
                self.deliver_at.remove(member);
            }
            self.rings.insert(ring.id, ring.clone());
            change.formed.push(ring);
        }
        let used: BTreeSet<u64> = self.ring_of.values().copied().collect();
        self.rings.retain(|id, _| used.contains(id));
        change
    }

    pub(crate) fn is_formed_as(&self, members: &BTreeSet<NodeId>, quorum: Quorum) -> bool {
        let rings = self.rings_of(members);
        let all_in_one = members.iter().all(|member| self.ring_of.contains_key(member));
        match rings.iter().next() {
            Some(only) if rings.len() == 1 && all_in_one => {
                self.rings.get(only).is_some_and(|ring| {
                    ring.members == *members && ring.quorum == quorum && !ring.broken
                })
            }
            _ => false,
        }
    }

    fn rings_of(&self, members: &BTreeSet<NodeId>) -> BTreeSet<u64> {
        members.iter().filter_map(|member| self.ring_of.get(member)).copied().collect()
    }

    fn flush(
        &mut self,
        ring: u64,
        members: &BTreeSet<NodeId>,
        cut: &mut dyn FnMut(usize, usize) -> usize,
        flushed: &mut Vec<(NodeId, NodeId, Message)>,
    ) {
        let Some(ring_now) = self.rings.get(&ring) else { return };
        let survivors: Vec<NodeId> = members
            .iter()
            .copied()
            .filter(|member| self.ring_of.get(member) == Some(&ring))
            .collect();
        let reached = |node: &NodeId| ring_now.delivered.get(node).copied().unwrap_or(0);
        let least = survivors.iter().map(reached).max().unwrap_or(0);
        let end = cut(least, ring_now.log.len());
        for survivor in &survivors {
            let rest = ring_now.log.get(reached(survivor)..end).unwrap_or(&[]);
            flushed.extend(rest.iter().map(|(from, message)| (*survivor, *from, message.clone())));
        }
        // What was ordered but fell behind the cut is sent again by those who sent it.
        let behind: Vec<(NodeId, Message)> = ring_now.log.get(end..).unwrap_or(&[]).to_vec();
        for (from, message) in behind.into_iter().rev() {
            if survivors.contains(&from) {
                self.unordered.entry(from).or_default().push_front(message);
            }
        }
    }
}

impl Ring {
    /// How many messages of this ring a member has been delivered.
    pub(crate) fn delivered_to(&self, member: NodeId) -> usize {
        self.delivered.get(&member).copied().unwrap_or(0)
    }
}

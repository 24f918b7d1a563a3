//! The cluster lock on a disk: the real voters, with a disk as sanlock keeps it and votes as Corosync counts them.
//!
//! In a cluster of more than two the daemons tell their voters who counts, and Corosync how many votes to expect.
//!
//! Source: sanlock(8): a host that has not renewed for 8 io timeouts lets go of all that it holds, and after 60 s
//! more it is dead to the others; votequorum(5) and corosync.conf(5), the device's two timeouts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{NodeId, Quorum, Tick};
use tie_breaker::{
    Counted, Effect, Host, HostState, Input, Order, Owner, Ring, Seen, Settings, Standing, Timing,
    Voter,
};

use crate::corners::Corner;

mod expected;

const TIMEOUT: Duration = Duration::from_secs(10);
const SYNC_TIMEOUT: Duration = Duration::from_secs(30);
/// With an io timeout of a second.
const LETS_GO: Duration = Duration::from_secs(8);
const DEAD: Duration = Duration::from_secs(68);

/// A machine with power.
#[derive(Debug)]
struct Node {
    voter: Voter,
    ring: Option<(Ring, BTreeSet<NodeId>, Tick)>,
    /// Who was not in the ring before with it, as its voter has not heard yet.
    came: BTreeSet<NodeId>,
    /// What Corosync has of the voter for its ring, and since when.
    vote: Option<(bool, Tick)>,
    under_way: Option<Order>,
    joined: bool,
    held: bool,
    /// What its daemon says, and the voter has not heard.
    unheard: Option<Counted>,
    /// Votes that its Corosync expects, the device's included; and whether it had quorum.
    expected: usize,
    had_quorum: bool,
    /// The whole machine stands still.
    still: bool,
    /// Only its voter does, and has not heard of its ring.
    stalled: bool,
}

/// What a disk keeps of a host.
#[derive(Clone, Copy, Debug, Default)]
struct OnDisk {
    generation: u64,
    renewed: Tick,
}

/// The lock of a cluster whose nodes have a vote each.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    machines: u32,
    nodes: BTreeMap<NodeId, Node>,
    hosts: BTreeMap<NodeId, OnDisk>,
    owner: Option<Owner>,
    /// Who does not reach the disk.
    cut_off: BTreeSet<NodeId>,
    rings: u64,
    visited: Vec<Corner>,
}

impl Lock {
    pub(crate) fn new(machines: u32) -> Self {
        Self { machines, ..Self::default() }
    }

    /// Situations since the last time.
    pub(crate) fn visited(&mut self) -> Vec<Corner> {
        std::mem::take(&mut self.visited)
    }

    pub(crate) fn power_lost(&mut self, node: NodeId) {
        self.nodes.remove(&node);
    }

    /// Whom the disk names.
    pub(crate) fn holder(&self) -> Option<NodeId> {
        self.owner.map(|owner| owner.node)
    }

    /// The way to the disk fails or is mended.
    pub(crate) fn set_reach(&mut self, node: NodeId, reaches: bool) {
        if reaches {
            self.cut_off.remove(&node);
        } else {
            self.cut_off.insert(node);
        }
    }

    /// A voter stands still, or goes on.
    pub(crate) fn set_stalled(&mut self, node: NodeId, stalled: bool) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.stalled = stalled;
        }
    }

    /// What a side has now; `None` while its Corosync waits for votes.
    pub(crate) fn judge(
        &mut self,
        side: &BTreeSet<NodeId>,
        still: bool,
        now: Tick,
    ) -> Option<Quorum> {
        self.renew(now);
        let is_new = side.iter().any(|node| {
            let ring = self.nodes.get(node).and_then(|node| node.ring.as_ref());
            ring.is_none_or(|(_, members, _)| members != side)
        });
        if is_new {
            self.rings += 1;
        }
        let ring = Ring { node: side.first().map_or(0, |node| node.0), sequence: self.rings };
        let came: Vec<BTreeSet<NodeId>> = side.iter().map(|id| self.came_to(*id, side)).collect();
        for (id, came) in side.iter().zip(came) {
            let node = self.node(*id);
            node.still = still;
            if is_new {
                (node.ring, node.vote) = (Some((ring, side.clone(), now)), None);
                node.came.extend(came);
                if !node.still && !node.stalled {
                    self.tell_ring(*id, now);
                }
            }
        }
        if self.machines > 2 { self.count_expected(side, now) } else { self.count(side, now) }
    }

    /// Who of a side was not in the last ring of a node, or is in another life by now. Source: corosync's
    /// `quorum_nodelist_notification`, whose list of who joined goes by transitional memberships.
    fn came_to(&self, id: NodeId, side: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let ring_of = |id| Some(self.nodes.get(&id)?.ring.as_ref()?.0);
        let own = ring_of(id);
        side.iter().copied().filter(|other| own.is_none() || ring_of(*other) != own).collect()
    }

    /// Its voter hears of its ring, and then who came.
    fn tell_ring(&mut self, id: NodeId, now: Tick) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let Some((ring, members, _)) = node.ring.clone() else { return };
        let came = std::mem::take(&mut node.came);
        self.step(id, now, Input::Membership { ring, members });
        self.step(id, now, Input::Joined(came));
    }

    fn node(&mut self, id: NodeId) -> &mut Node {
        let settings = self.settings(id);
        self.nodes.entry(id).or_insert_with(|| Node::new(settings))
    }

    /// A node's daemon says who counts.
    pub(crate) fn tell(&mut self, id: NodeId, counted: Counted, now: Tick) {
        self.node(id).unheard = Some(counted);
        self.hear(id, now);
    }

    fn hear(&mut self, id: NodeId, now: Tick) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        if node.still || node.stalled {
            return;
        }
        if let Some(counted) = node.unheard.take() {
            self.step(id, now, Input::Counted(counted));
        }
    }

    /// Time passes: voters look and say again what they say.
    pub(crate) fn tick(&mut self, now: Tick) {
        self.renew(now);
        let ids: Vec<NodeId> = self.nodes.keys().copied().collect();
        for id in ids {
            let Some(node) = self.nodes.get(&id) else { continue };
            if node.still || node.stalled {
                continue;
            }
            self.hear(id, now);
            let Some(node) = self.nodes.get(&id) else { continue };
            // One that stood still hears now what there is.
            let ring = node.ring.as_ref().map(|(ring, ..)| *ring);
            if ring.is_some() && node.voter.ring() != ring {
                self.tell_ring(id, now);
            } else {
                self.answer(id, now);
                self.step(id, now, Input::Passed);
            }
        }
    }

    /// Two sides whose Corosyncs both have half and the vote.
    pub(crate) fn twice(&self, now: Tick) -> Option<String> {
        let voting = |node: &&Node| node.votes_by_lease(now) && !node.still;
        let halves = self.nodes.values().filter(voting);
        let mut halves =
            halves.filter_map(|node| node.ring.as_ref().map(|(_, members, _)| members));
        let first = halves.next()?;
        let other = halves.find(|members| first.is_disjoint(members))?;
        Some(format!("{first:?} and {other:?} both have the lock's vote"))
    }

    fn settings(&self, own: NodeId) -> Settings {
        Settings {
            own,
            votes: self.votes(),
            timing: Timing::derive(TIMEOUT, SYNC_TIMEOUT, LETS_GO),
        }
    }

    fn votes(&self) -> BTreeMap<NodeId, u32> {
        (1..=self.machines).map(|node| (NodeId(node), 1)).collect()
    }

    fn standing(&self, members: &BTreeSet<NodeId>) -> Standing {
        Standing::of(members, &self.votes())
    }

    fn count(&mut self, side: &BTreeSet<NodeId>, now: Tick) -> Option<Quorum> {
        match self.standing(side) {
            Standing::More => return Some(Quorum::Majority),
            Standing::Less => return Some(Quorum::No),
            Standing::Half => {}
        }
        let mut verdict = Some(Quorum::ByDevice);
        for node in side.iter().filter_map(|node| self.nodes.get(node)) {
            let waits =
                node.ring.as_ref().is_some_and(|(.., since)| now.since(*since) < SYNC_TIMEOUT);
            match node.vote {
                Some((true, at)) if now.since(at) < TIMEOUT => {}
                None if waits && !node.still => verdict = None,
                Some(_) | None => return self.refuse(side),
            }
        }
        if verdict.is_some() {
            self.visited.push(Corner::LockTaken);
        }
        verdict
    }

    fn refuse(&mut self, side: &BTreeSet<NodeId>) -> Option<Quorum> {
        let is_elsewhere = self.owner.is_some_and(|owner| !side.contains(&owner.node));
        if side.iter().all(|node| self.cut_off.contains(node)) {
            self.visited.push(Corner::LockOutOfReach);
        } else if is_elsewhere {
            self.visited.push(Corner::LockElsewhere);
        }
        if side.iter().any(|node| self.nodes.get(node).is_some_and(|node| node.stalled)) {
            self.visited.push(Corner::VoterStalled);
        }
        Some(Quorum::No)
    }

    /// Who lives and reaches the disk has just renewed; who has not for too long has let go.
    fn renew(&mut self, now: Tick) {
        for (id, node) in &mut self.nodes {
            let host = self.hosts.entry(*id).or_default();
            if node.still || !node.joined {
                continue;
            }
            if now.since(host.renewed) >= LETS_GO {
                (node.joined, node.held) = (false, false);
            } else if !self.cut_off.contains(id) {
                host.renewed = now;
            }
        }
    }

    /// Steps a voter, and does what it says until it waits.
    fn step(&mut self, id: NodeId, now: Tick, input: Input) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        for effect in node.voter.step(now, input) {
            match effect {
                Effect::Vote { ring, cast } => {
                    if node.ring.as_ref().is_some_and(|(now, ..)| *now == ring) {
                        node.vote = Some((cast, now));
                    }
                }
                Effect::Order(order) => node.under_way = Some(order),
            }
        }
        self.answer(id, now);
    }

    /// The disk's answer to what is under way, unless that hangs.
    fn answer(&mut self, id: NodeId, now: Tick) {
        if self.cut_off.contains(&id) {
            return;
        }
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let Some(order) = node.under_way.take() else { return };
        let input = match order {
            Order::Look => Input::Looked(Some(self.look(id, now))),
            Order::Join => {
                node.joined = true;
                let host = self.hosts.entry(id).or_default();
                *host = OnDisk { generation: host.generation + 1, renewed: now };
                Input::Done
            }
            Order::Take => {
                self.take(id, now);
                Input::Done
            }
            Order::GiveBack => {
                if std::mem::take(&mut node.held) {
                    self.owner = None;
                    self.visited.push(Corner::LockGivenBack);
                }
                Input::Done
            }
        };
        self.step(id, now, input);
    }

    fn look(&self, id: NodeId, now: Tick) -> Seen {
        let Some(node) = self.nodes.get(&id) else { return Seen::default() };
        let host = |(id, host): (&NodeId, &OnDisk)| {
            let state = match now.since(host.renewed) {
                silent if silent < LETS_GO => HostState::Live,
                silent if silent < DEAD => HostState::Fail,
                _long => HostState::Dead,
            };
            (*id, Host { generation: host.generation, state })
        };
        Seen {
            joined: node.joined,
            held_here: node.held,
            owner: self.owner,
            hosts: self.hosts.iter().map(host).collect(),
        }
    }

    /// As sanlock judges it, whoever asks.
    fn take(&mut self, id: NodeId, now: Tick) {
        let generation = self.hosts.get(&id).map_or(0, |host| host.generation);
        if !self.nodes.get(&id).is_some_and(|node| node.joined) {
            return;
        }
        if let Some(owner) = self.owner.filter(|owner| owner.node != id) {
            let Some(host) = self.hosts.get(&owner.node) else { return };
            let is_dead = now.since(host.renewed) >= DEAD;
            if !is_dead && host.generation == owner.generation {
                return;
            }
            self.visited.push(if is_dead {
                Corner::LockOfTheDead
            } else {
                Corner::LockOfAnEarlierLife
            });
        }
        self.owner = Some(Owner { node: id, generation });
        if let Some(node) = self.nodes.get_mut(&id) {
            node.held = true;
        }
    }
}

impl Node {
    fn new(settings: Settings) -> Self {
        Self {
            expected: settings.votes.len() + 1,
            had_quorum: false,
            unheard: None,
            voter: Voter::new(settings),
            ring: None,
            came: BTreeSet::new(),
            vote: None,
            under_way: None,
            joined: false,
            held: false,
            still: false,
            stalled: false,
        }
    }

    fn casts(&self, now: Tick) -> bool {
        self.vote.is_some_and(|(cast, at)| cast && now.since(at) < TIMEOUT)
    }

    /// Corosync has a vote of its voter that stands on the lease.
    fn votes_by_lease(&self, now: Tick) -> bool {
        let is_of_ring =
            self.ring.as_ref().is_some_and(|(ring, ..)| self.voter.ring() == Some(*ring));
        is_of_ring && self.casts(now) && self.voter.votes_by_lease()
    }
}

//! A quorum device that is a server: of two halves it votes for one, and who has lost it may not know yet.
//!
//! Source: corosync-qnetd(8) and corosync-qdevice(8): a node is gone for the server after one and a half
//! heartbeats, or at once when the server was started anew; a node misses the server when its second
//! heartbeat is not answered. Who is there is told first that it has lost, and then the other that it has won.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{NodeId, Quorum, Tick};

use crate::chance::Chance;
use crate::corners::Corner;

/// Two heartbeats, with a time-out of five seconds.
pub(crate) const OUTLASTS: Duration = Duration::from_secs(8);

/// How long Corosync waits for a vote.
const SYNC_TIMEOUT: Duration = Duration::from_secs(30);

/// A node that does not reach the server.
#[derive(Clone, Copy, Debug)]
struct CutOff {
    /// When the server takes it for gone.
    gone_at: Tick,
    /// When it knows itself.
    knows_at: Tick,
}

#[derive(Debug)]
pub(crate) struct Device {
    machines: usize,
    /// The half that was given the vote last.
    given: Option<BTreeSet<NodeId>>,
    cut_off: BTreeMap<NodeId, CutOff>,
    /// In which side each machine is, since when.
    sides: BTreeMap<NodeId, (BTreeSet<NodeId>, Tick)>,
    visited: Vec<Corner>,
}

impl Device {
    pub(crate) fn new(machines: usize) -> Self {
        let (cut_off, sides) = (BTreeMap::new(), BTreeMap::new());
        Self { machines, given: None, cut_off, sides, visited: Vec::new() }
    }

    /// Situations since the last time.
    pub(crate) fn visited(&mut self) -> Vec<Corner> {
        std::mem::take(&mut self.visited)
    }

    pub(crate) fn power_lost(&mut self, node: NodeId) {
        self.sides.remove(&node);
    }

    /// Who has the vote, if a half has.
    pub(crate) fn holders(&self) -> Option<&BTreeSet<NodeId>> {
        self.given.as_ref()
    }

    /// The way to the server fails. The server may forget the node at once, with all that it knew.
    pub(crate) fn lose(&mut self, node: NodeId, chance: &mut Chance, now: Tick) {
        let micros = u64::try_from(OUTLASTS.as_micros()).unwrap_or(u64::MAX);
        let gone_at = Tick(now.0 + chance.between(0, 2 * micros));
        let knows_at = Tick(now.0 + chance.between(0, micros));
        self.cut_off.entry(node).or_insert(CutOff { gone_at, knows_at });
    }

    pub(crate) fn mend(&mut self, node: NodeId) {
        self.cut_off.remove(&node);
    }

    /// What a side has now; `None` while its Corosync waits for the vote.
    pub(crate) fn judge(&mut self, side: &BTreeSet<NodeId>, now: Tick) -> Option<Quorum> {
        let is_new = side.iter().any(|node| self.sides.get(node).is_none_or(|(of, _)| of != side));
        if is_new {
            self.sides.extend(side.iter().map(|node| (*node, (side.clone(), now))));
            // Whoever had the vote is another ring now, or has another beside it: all votes are cast anew.
            self.given = self.given.take().filter(|given| given.is_disjoint(side));
        }
        match (side.len() * 2).cmp(&self.machines) {
            std::cmp::Ordering::Greater => return Some(Quorum::Majority),
            std::cmp::Ordering::Less => return Some(Quorum::No),
            std::cmp::Ordering::Equal => {}
        }
        if self.given.as_ref() == Some(side) {
            let knows = self.last_of(side, |cut| cut.knows_at).is_some_and(|at| at <= now);
            return Some(if knows { Quorum::No } else { Quorum::ByDevice });
        }
        if self.is_cut_off(side) {
            let since = side.first().and_then(|node| self.sides.get(node)).map(|(_, at)| *at);
            let waits = since.is_some_and(|since| now.since(since) < SYNC_TIMEOUT);
            return (!waits).then_some(Quorum::No);
        }
        if !self.may_be_given(now) {
            return Some(Quorum::No);
        }
        if self.given.replace(side.clone()).is_some() {
            self.visited.push(Corner::VoteOutlasted);
        }
        self.visited.push(Corner::VoteOfDevice);
        Some(Quorum::ByDevice)
    }

    fn is_cut_off(&self, side: &BTreeSet<NodeId>) -> bool {
        side.iter().all(|node| self.cut_off.contains_key(node))
    }

    /// When the last of a side comes to something; `None` while one of them reaches the server.
    fn last_of(&self, side: &BTreeSet<NodeId>, when: fn(&CutOff) -> Tick) -> Option<Tick> {
        let all: Option<Vec<Tick>> =
            side.iter().map(|node| self.cut_off.get(node).map(when)).collect();
        all?.into_iter().max()
    }

    /// Whether nobody has the vote, or who has is gone for the server.
    fn may_be_given(&self, now: Tick) -> bool {
        let Some(given) = &self.given else { return true };
        let has_power = given.iter().any(|node| self.sides.contains_key(node));
        !has_power || self.last_of(given, |cut| cut.gone_at).is_some_and(|at| at <= now)
    }
}

//! How Corosync counts where it is told what to expect.
//!
//! Source: votequorum's behaviour, seen with `corosync-quorumtool -e`: who joins takes the number of those who have
//! quorum; the number is never less than the votes that are there, the device's included, and only being told lowers it.

use std::collections::BTreeSet;

use model::{NodeId, Quorum, Tick};

use super::{Lock, Node, SYNC_TIMEOUT};
use crate::corners::Corner;

/// Of so many expected votes.
fn quorum(expected: usize) -> usize {
    expected / 2 + 1
}

impl Lock {
    /// What a side has now; `None` while its Corosync waits for votes.
    pub(super) fn count_expected(&mut self, side: &BTreeSet<NodeId>, now: Tick) -> Option<Quorum> {
        let all = || side.iter().filter_map(|node| self.nodes.get(node));
        let waits = |node: &Node| {
            let since = node.ring.as_ref().map(|(.., since)| *since);
            let is_new = since.is_some_and(|since| now.since(since) < SYNC_TIMEOUT);
            node.vote.is_none() && is_new && !node.still
        };
        if all().any(waits) {
            return None;
        }
        let of_quorum = all().filter(|node| node.had_quorum).map(|node| node.expected).max();
        let own = all().map(|node| node.expected).max();
        let expected = of_quorum.or(own).unwrap_or(0).max(side.len() + 1);
        let has_quorum =
            |node: &Node| side.len() + usize::from(node.casts(now)) >= quorum(expected);
        let is_quorate = all().all(has_quorum);
        let by_lease = all().any(|node| node.votes_by_lease(now));
        for id in side {
            let node = self.node(*id);
            (node.expected, node.had_quorum) = (expected, is_quorate);
        }
        match (is_quorate, by_lease) {
            (false, _) => self.refuse(side),
            (true, true) => {
                self.visited.push(Corner::LockTaken);
                Some(Quorum::ByDevice)
            }
            (true, false) => Some(Quorum::ByRule),
        }
    }

    /// A node's daemon has Corosync expect so many votes; it may refuse.
    pub(crate) fn expect(&mut self, id: NodeId, votes: u32, now: Tick) {
        let votes = votes as usize;
        let Some(node) = self.nodes.get(&id) else { return };
        let Some((_, side, _)) = node.ring.clone() else { return };
        let total = side.len() + usize::from(node.casts(now));
        let would_lose = node.had_quorum && quorum(votes) > total;
        if votes < total || would_lose {
            return;
        }
        if votes < node.expected {
            self.visited.push(Corner::FewerVotesExpected);
        }
        for id in &side {
            self.node(*id).expected = votes.max(side.len() + 1);
        }
    }
}

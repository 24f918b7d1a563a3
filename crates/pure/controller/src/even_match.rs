//! Two nodes that do not see each other, each with quorum: both fence, and the faster one lives. If
//! both are equally fast, both die.
//!
//! So the one with less to lose waits a moment, unless a delay is configured already.
//!
//! Field words: Pacemaker *priority-fencing-delay*, *pcmk_delay_base*; *fence race*.

use std::cmp::Reverse;
use std::time::Duration;

use corosync::timing::{Effective, HEAD_START};
use fencing::devices;
use model::{NodeId, Quorum};

use crate::Controller;

impl Controller {
    /// How long to wait before `target` is fenced, for the good of it.
    pub(crate) fn even_match_delay(&self, target: &str) -> Duration {
        let other = self.id_of(target).filter(|id| !self.fabric.members.contains(id));
        let is_even = self.identity.nodes.len() == 2 && self.fabric.quorum == Quorum::ByRule;
        match other {
            Some(other) if is_even && !self.delay_is_configured(target) => {
                let file = self.state.fabric_file.as_ref();
                // A node that is truly dead and had more to lose costs this much.
                let delay = file.map_or(HEAD_START, |file| Effective::head_start(file.times()));
                if self.has_more_to_lose(other) { delay } else { Duration::ZERO }
            }
            Some(_) | None => Duration::ZERO,
        }
    }

    fn delay_is_configured(&self, target: &str) -> bool {
        let document = &self.state.document;
        self.state.option("priority-fencing-delay").is_some()
            || devices(document).iter().any(|device| !device.delay(target).1.is_zero())
    }

    /// By priority, then by how much is active, then by number, so that exactly one of two has.
    fn has_more_to_lose(&self, other: NodeId) -> bool {
        self.stake(other) > self.stake(self.identity.id)
    }

    fn stake(&self, node: NodeId) -> (i32, usize, Reverse<NodeId>) {
        let name = self.name_of(node);
        let known = self.coordination.iter().flat_map(|coordination| &coordination.at_stake);
        let found = known.into_iter().find(|stake| stake.node == name);
        let (priority, active) = found.map_or((0, 0), |stake| (stake.priority, stake.active));
        (priority, active, Reverse(node))
    }
}

//! What those who have quorum know of the lives of those who are not with them.
//!
//! A copy of the state may call a node off that came back since: it met others, who had quorum for a
//! moment and began something on it, or without quorum goes on with what runs (`freeze`). Whoever has
//! quorum next must not take over anything before that node is off again. Where a majority of the
//! *daemons* makes a quorum, its promise is on their disks ([`crate::lineage`]), and the next quorum's
//! best copy has been through it. But machines give votes before their daemons run, and rules give
//! quorum to few. So:
//!
//! - who was with somebody in a quorum of which no promise tells is named in that member's
//!   introductions: a *sighting*. It is lost, whatever the best copy says;
//! - without quorum, nothing begins on a member that no promise tells of;
//! - where quorum is new and has too few daemons, that an absent node is off says nothing any more.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeId, Quorum};
use wire::peer::{Evidence, Fenced, Hello, Sighting};

use crate::Controller;
use crate::lineage::Lineage;

#[derive(Debug, Default)]
pub(crate) struct Sightings {
    /// Alike on all members, from when the membership formed.
    seen: BTreeMap<NodeId, Sighting>,
    /// Members of this membership of whom every later quorum knows that they were alive.
    known_to_quorum: BTreeSet<NodeId>,
}

impl Sightings {
    pub(crate) fn is_known_to_quorum(&self, node: NodeId) -> bool {
        self.known_to_quorum.contains(&node)
    }

    /// For this node's introduction.
    pub(crate) fn told(&self) -> Vec<Sighting> {
        self.seen.values().copied().collect()
    }

    /// A majority of disks holds the promise of these members.
    pub(crate) fn promise_is_kept(&mut self, members: &BTreeSet<NodeId>) {
        self.known_to_quorum.extend(members);
    }

    /// The node is proven to be off. What a device did may have been to an earlier life than was seen.
    pub(crate) fn ended(&mut self, node: NodeId, proof: &Fenced) {
        let by_operator = matches!(proof.evidence, Some(Evidence::Operator { .. }));
        let is_it = |seen: &Sighting| by_operator || seen.incarnation == proof.incarnation;
        if self.seen.get(&node).is_some_and(is_it) {
            self.seen.remove(&node);
        }
    }

    /// It went in peace.
    pub(crate) fn left(&mut self, node: NodeId) {
        self.seen.remove(&node);
    }
}

impl Controller {
    /// Quorum is new to the copy that all take, and not by a majority of daemons, of which one would
    /// know: a node that was proven off may have come back since, and have acted with others.
    pub(crate) fn others_may_have_acted(&self, source: Option<&Hello>) -> bool {
        let may_be_unknown = match self.fabric.quorum {
            Quorum::OfPrevious | Quorum::ByRule | Quorum::ByDevice => true,
            Quorum::No | Quorum::Majority => self.too_few_to_keep(),
        };
        may_be_unknown && !source.is_some_and(|source| source.still_quorate)
    }

    /// Everybody says whom they saw. Whose end nobody knows is lost.
    pub(crate) fn compare_sightings(&mut self, hellos: &BTreeMap<NodeId, Hello>, source: NodeId) {
        self.sightings.seen = self.open_sightings(hellos, source);
        for seen in self.sightings.told() {
            let node = self.named(NodeId(seen.node));
            if !node.member && !self.state.is_unclean(&node.name) {
                self.state.mark_lost(&node);
                // What was done to an earlier life says nothing of this one.
                let earlier = self.lives.insert(NodeId(seen.node), seen.incarnation);
                if earlier != Some(seen.incarnation) {
                    self.forget_promise(NodeId(seen.node));
                }
            }
        }
        self.sight_members(hellos);
    }

    /// What no promise tells of that the best copy has been through, the newest life of each node.
    fn open_sightings(
        &self,
        hellos: &BTreeMap<NodeId, Hello>,
        source: NodeId,
    ) -> BTreeMap<NodeId, Sighting> {
        let copy = hellos.get(&source).map_or(0, |hello| hello.lineage);
        let copy = Lineage::from_number(copy).promised();
        let mut open: BTreeMap<NodeId, Sighting> = BTreeMap::new();
        for sighting in hellos.values().flat_map(|hello| &hello.sightings) {
            let node = NodeId(sighting.node);
            let is_told = sighting.promised.is_some_and(|promised| promised <= copy);
            if is_told || !self.is_configured(node) || self.is_proven_over(sighting) {
                continue;
            }
            let newest = open.get(&node).map_or(0, |seen| seen.incarnation);
            if newest <= sighting.incarnation {
                open.insert(node, *sighting);
            }
        }
        for (id, hello) in hellos {
            if let Some(seen) = open.get_mut(id) {
                seen.incarnation = hello.incarnation;
            }
        }
        open
    }

    fn sight_members(&mut self, hellos: &BTreeMap<NodeId, Hello>) {
        let known = hellos.iter().filter(|(_, hello)| hello.known_to_quorum);
        self.sightings.known_to_quorum = known.map(|(id, _)| *id).collect();
        if !self.fabric.is_quorate() {
            return;
        }
        let promised = self.keeps_edits().then(|| self.state.lineage.promised());
        let seen = hellos.iter().map(|(id, hello)| {
            (*id, Sighting { node: id.0, incarnation: hello.incarnation, promised })
        });
        self.sightings.seen.extend(seen);
    }

    fn is_configured(&self, node: NodeId) -> bool {
        self.identity.nodes.iter().any(|(id, _)| *id == node)
    }

    fn is_proven_over(&self, seen: &Sighting) -> bool {
        let name = self.name_of(NodeId(seen.node));
        self.state.fencings.iter().any(|fenced| {
            fenced.target == name
                && fenced.incarnation == seen.incarnation
                && fencing::Confirmed::announced(fenced).is_some()
        })
    }

    /// Without quorum: members that the quorate side may not know to be up. It would not fence them
    /// before it takes over what they run, so nothing may begin on them, whatever the policy for the
    /// loss of quorum allows, unless that policy is to ignore it.
    pub(crate) fn strangers(&self) -> BTreeSet<String> {
        let ignores = self.state.option("no-quorum-policy") == Some("ignore");
        if self.fabric.is_quorate() || ignores {
            return BTreeSet::new();
        }
        let members = self.fabric.members.iter();
        let unknown = members.filter(|id| !self.sightings.is_known_to_quorum(**id));
        unknown.map(|id| self.name_of(*id)).collect()
    }
}

//! The brain: when to vote, and when to take the lease and to give it back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{NodeId, Tick};

use crate::lease::{Holder, Owner, Seen};
use crate::standing::Standing;

/// What Corosync calls a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ring {
    pub node: u32,
    pub sequence: u64,
}

/// What does not change while the voter lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub own: NodeId,
    /// Of each node of the cluster.
    pub votes: BTreeMap<NodeId, u32>,
    pub timing: Timing,
}

impl Settings {
    /// Whether those who had quorum before are counted, and not all votes: of two nodes each is one half of both.
    pub fn counts_previous(&self) -> bool {
        self.votes.len() > 2
    }
}

/// Who counts, as this node's daemon remembers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// More than half of each of these sets, or half and the lease.
    pub sets: Vec<BTreeSet<NodeId>>,
    /// The daemon would have quorum by the lease. One that has just started would not, since its machine may have been
    /// reset for others to go on: it takes the lease from nobody, and does not vote at half.
    pub takes_lock: bool,
}

/// How long what lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A vote and a look are repeated so often.
    pub period: Duration,
    /// So old a look still says who holds the lease.
    pub fresh: Duration,
    /// So long a new membership waits for a vote that is not decided yet.
    pub patience: Duration,
    /// So long after the last membership of half no vote that was cast for it stands any more.
    pub settle: Duration,
    /// Who has not renewed on the disk for so long does not show as alive there any more.
    pub fails: Duration,
}

impl Timing {
    /// From the quorum device's two timeouts: how long Corosync lets a vote stand that is not
    /// repeated, and how long it waits for one while the membership changes; and after what time a host fails.
    pub fn derive(timeout: Duration, sync_timeout: Duration, fails: Duration) -> Self {
        Self {
            period: (timeout / 5).min(Duration::from_secs(2)),
            fresh: timeout / 2,
            patience: sync_timeout / 2,
            settle: timeout + sync_timeout,
            fails,
        }
    }
}

/// What the world tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Corosync has a new membership, for which it wants a vote.
    Membership { ring: Ring, members: BTreeSet<NodeId> },
    /// Of the present members, those that were not together with this node in the membership before: also one whose
    /// machine was started anew so quickly that it was missed in none.
    Joined(BTreeSet<NodeId>),
    /// Who counts now, where those who had quorum before do.
    Counted(Counted),
    /// What came of the look; `None` if it failed.
    Looked(Option<Seen>),
    /// An order that is no look is over, whatever came of it: the next look shows that.
    Done,
    /// Nothing but time has passed.
    Passed,
}

/// What the world shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell Corosync; it refuses what is not for its present membership.
    Vote { ring: Ring, cast: bool },
    /// To be answered once, by [`Input::Looked`] or [`Input::Done`]. There is never more than one.
    Order(Order),
}

/// Work with the disk, which may take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// See who holds the lease.
    Look,
    /// Begin to show on the disk that this node lives.
    Join,
    /// Take the lease.
    Take,
    /// Give it back.
    GiveBack,
}

#[derive(Clone, Debug)]
struct Present {
    ring: Ring,
    members: BTreeSet<NodeId>,
    standing: Standing,
    since: Tick,
    /// What was voted last, and when.
    voted: Option<(bool, Tick)>,
    /// Who had the lease by the first look of this membership.
    owner_at_first: Option<Option<Owner>>,
}

/// Of which membership an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    InThis(Tick),
    Before,
}

/// One node's voter.
#[derive(Clone, Debug)]
pub struct Voter {
    settings: Settings,
    /// Until the daemon says it: all nodes.
    counted: Option<Counted>,
    present: Option<Present>,
    /// The last look of this membership that nothing was ordered since, and when it began.
    seen: Option<(Tick, Seen)>,
    /// An order is under way, begun in this membership or in an earlier one.
    busy: Option<Begun>,
    /// When the last look of this membership and the last attempt to join began.
    looked: Option<Tick>,
    tried_to_join: Option<Tick>,
    /// No membership was half since.
    apart_since: Option<Tick>,
    /// Since when each member has been in all memberships, in one life of its Corosync.
    together_since: BTreeMap<NodeId, Tick>,
}

impl Voter {
    /// One that has seen nothing.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            counted: None,
            present: None,
            seen: None,
            busy: None,
            looked: None,
            tried_to_join: None,
            apart_since: None,
            together_since: BTreeMap::new(),
        }
    }

    /// What to do now. To be called at least once in [`Timing::period`].
    pub fn step(&mut self, now: Tick, input: Input) -> Vec<Effect> {
        match input {
            Input::Membership { ring, members } => self.change(now, ring, members),
            Input::Joined(nodes) => {
                let joined =
                    self.together_since.iter_mut().filter(|(node, _)| nodes.contains(node));
                joined.for_each(|(_, since)| *since = now);
            }
            Input::Counted(counted) => self.count(now, counted),
            Input::Looked(seen) => {
                self.seen = match self.busy.take() {
                    Some(Begun::InThis(begun)) => seen.map(|seen| (begun, seen)),
                    Some(Begun::Before) | None => None,
                };
                if let (Some((_, seen)), Some(present)) = (&self.seen, &mut self.present) {
                    present.owner_at_first.get_or_insert(seen.owner);
                }
            }
            Input::Done => self.busy = None,
            Input::Passed => {}
        }
        // First what is said, so that who is about to lose its hold on the lease has said so.
        let vote = self.vote(now);
        let order = if self.busy.is_some() { None } else { self.order(now) };
        vote.into_iter().chain(order.map(Effect::Order)).collect()
    }

    /// Whether the lease is this node's and nobody needs it: whoever stops the voter may give it back
    /// first. Others of a half would still count on it.
    pub fn may_leave(&self) -> bool {
        let alone =
            |present: &Present| present.standing != Standing::Half || present.members.len() == 1;
        self.present.as_ref().is_none_or(alone)
    }

    /// The membership that it heard of last.
    pub fn ring(&self) -> Option<Ring> {
        self.present.as_ref().map(|present| present.ring)
    }

    /// Whether what is voted for this ring, or would be, stands on the lease.
    pub fn votes_by_lease(&self) -> bool {
        let is_cast = |present: &Present| {
            present.standing == Standing::Half && matches!(present.voted, Some((true, _)))
        };
        self.present.as_ref().is_some_and(is_cast)
    }

    fn count(&mut self, now: Tick, counted: Counted) {
        self.counted = Some(counted);
        if let Some(Present { members, .. }) = &self.present {
            let standing = self.standing(&members.clone(), now);
            self.present.iter_mut().for_each(|present| present.standing = standing);
        }
    }

    fn standing(&mut self, members: &BTreeSet<NodeId>, now: Tick) -> Standing {
        let Settings { votes, .. } = &self.settings;
        let standing = match &self.counted {
            Some(counted) if self.settings.counts_previous() => {
                Standing::of_sets(members, &counted.sets)
            }
            Some(_) | None => Standing::of(members, votes),
        };
        if standing == Standing::Half && self.may_take() {
            self.apart_since = None;
        } else {
            self.apart_since.get_or_insert(now);
        }
        standing
    }

    fn may_take(&self) -> bool {
        let is_meant = self.counted.as_ref().is_some_and(|counted| counted.takes_lock);
        is_meant || !self.settings.counts_previous()
    }

    fn change(&mut self, now: Tick, ring: Ring, members: BTreeSet<NodeId>) {
        let standing = self.standing(&members, now);
        self.together_since.retain(|node, _| members.contains(node));
        for member in &members {
            self.together_since.entry(*member).or_insert(now);
        }
        let (since, voted, owner_at_first) = (now, None, None);
        self.present = Some(Present { ring, members, standing, since, voted, owner_at_first });
        (self.seen, self.looked) = (None, None);
        self.busy = self.busy.map(|_| Begun::Before);
    }

    fn vote(&mut self, now: Tick) -> Option<Effect> {
        let decided = self.decide(now)?;
        let Timing { period, .. } = self.settings.timing;
        let present = self.present.as_mut()?;
        let is_said =
            present.voted.is_some_and(|(cast, at)| cast == decided && now.since(at) < period);
        if is_said {
            return None;
        }
        present.voted = Some((decided, now));
        Some(Effect::Vote { ring: present.ring, cast: decided })
    }

    /// `None` while it is not known and can be waited for.
    fn decide(&self, now: Tick) -> Option<bool> {
        let present = self.present.as_ref()?;
        match present.standing {
            Standing::More => return Some(true),
            // Everybody waits for a vote. Who may not take the lock is of no use to a half, or makes it one vote more; and
            // who holds it may be in its next life, and not know of it.
            Standing::Half if self.may_take() => {}
            Standing::Half | Standing::Less => return Some(false),
        }
        let may_wait =
            present.voted.is_none() && now.since(present.since) < self.settings.timing.patience;
        let Some(seen) = self.good_look(now) else { return (!may_wait).then_some(false) };
        let is_here = |owner: &Owner| present.members.contains(&owner.node);
        let is_undecided = match seen.holder(self.settings.own) {
            Holder::Held(node) if !present.members.contains(&node) => return Some(false),
            Holder::Held(node) if self.is_in_its_life(node, seen, now) => return Some(true),
            Holder::Held(_) => true,
            // About to be taken.
            Holder::Nobody => true,
            // Who is together with this node was not watched on the disk for long enough: one of them has just joined.
            Holder::Unsure => seen.owner.as_ref().is_some_and(is_here),
        };
        (!(may_wait && seen.joined && is_undecided)).then_some(false)
    }

    /// Whether a member that took the lease is still in the life in which it did. One whose machine was started anew may
    /// be a member again before the disk shows that, and anybody may have the lease then.
    fn is_in_its_life(&self, node: NodeId, seen: &Seen, now: Tick) -> bool {
        let owner_at_first = self.present.as_ref().and_then(|present| present.owner_at_first);
        let was_taken_since = owner_at_first.is_some_and(|owner| owner != seen.owner);
        let since = self.together_since.get(&node);
        let is_old = since.is_some_and(|since| now.since(*since) >= self.settings.timing.fails);
        node == self.settings.own || was_taken_since || is_old
    }

    /// What is seen of the lease, if that is still good.
    fn good_look(&self, now: Tick) -> Option<&Seen> {
        let is_good = |begun: Tick| now.since(begun) <= self.settings.timing.fresh;
        self.seen.as_ref().filter(|(begun, _)| is_good(*begun)).map(|(_, seen)| seen)
    }

    fn order(&mut self, now: Tick) -> Option<Order> {
        let order = self.wanted(now)?;
        match order {
            Order::Look => self.looked = Some(now),
            Order::Join => self.tried_to_join = Some(now),
            Order::Take | Order::GiveBack => {}
        }
        if order != Order::Look {
            // What comes of it shows in the next look.
            self.seen = None;
            self.looked = None;
        }
        self.busy = Some(Begun::InThis(now));
        Some(order)
    }

    fn wanted(&self, now: Tick) -> Option<Order> {
        let present = self.present.as_ref()?;
        let Timing { period, settle, .. } = self.settings.timing;
        let is_due = |last: Option<Tick>| last.is_none_or(|last| now.since(last) >= period);
        let Some(seen) = self.good_look(now) else {
            return is_due(self.looked).then_some(Order::Look);
        };
        let own = self.settings.own;
        let is_free = seen.holder(own) == Holder::Nobody;
        // What another has written for this node is not free when it was given back: it is taken once more.
        let is_left = !seen.held_here && seen.owner.is_some_and(|owner| owner.node == own);
        let is_settled = self.apart_since.is_some_and(|since| now.since(since) >= settle);
        if !seen.joined && is_due(self.tried_to_join) {
            Some(Order::Join)
        } else if seen.joined
            && (is_free && present.standing == Standing::Half && self.may_take()
                || is_left && is_settled)
        {
            Some(Order::Take)
        } else if seen.held_here && is_settled {
            Some(Order::GiveBack)
        } else {
            is_due(self.looked).then_some(Order::Look)
        }
    }
}

#[cfg(test)]
mod tests;

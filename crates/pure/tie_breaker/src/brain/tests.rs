//! One voter, and what it says in each situation.

use super::*;
use crate::lease::{Host, HostState, Owner};

const SECOND: u64 = 1_000_000;

const FAILS: Duration = Duration::from_secs(40);

/// Node 1 of so many, with Corosync's usual timeouts.
struct Bench {
    voter: Voter,
    now: Tick,
    rings: u64,
}

impl Bench {
    fn of(nodes: u32) -> Self {
        let votes = (1..=nodes).map(|node| (NodeId(node), 1)).collect();
        let timing = Timing::derive(Duration::from_secs(10), Duration::from_secs(30), FAILS);
        let settings = Settings { own: NodeId(1), votes, timing };
        Self { voter: Voter::new(settings), now: Tick(SECOND), rings: 0 }
    }

    /// All have been there for long.
    fn together(&mut self, members: &[u32]) {
        self.ring(members);
        self.looked(&seen(None));
        self.wait(FAILS.as_secs());
        self.looked(&seen(None));
    }

    fn ring(&mut self, members: &[u32]) -> Vec<Effect> {
        self.rings += 1;
        let ring = Ring { node: 1, sequence: self.rings };
        let members = members.iter().copied().map(NodeId).collect();
        self.step(Input::Membership { ring, members })
    }

    fn step(&mut self, input: Input) -> Vec<Effect> {
        self.voter.step(self.now, input)
    }

    /// Time passes, and nothing is heard.
    fn wait(&mut self, seconds: u64) -> Vec<Effect> {
        self.now = Tick(self.now.0 + seconds * SECOND);
        self.step(Input::Passed)
    }

    fn looked(&mut self, seen: &Seen) -> Vec<Effect> {
        self.step(Input::Looked(Some(seen.clone())))
    }

    fn vote(&self, cast: bool) -> Effect {
        Effect::Vote { ring: Ring { node: 1, sequence: self.rings }, cast }
    }
}

const LOOK: Effect = Effect::Order(Order::Look);

fn seen(owner: Option<u32>) -> Seen {
    let owner = owner.map(|node| Owner { node: NodeId(node), generation: 1 });
    let live = |node| (NodeId(node), Host { generation: 1, state: HostState::Live });
    Seen {
        joined: true,
        held_here: owner.is_some_and(|owner| owner.node == NodeId(1)),
        owner,
        hosts: (1..=4).map(live).collect(),
    }
}

#[test]
fn half_takes_a_free_lease_and_votes_once_it_has_it() {
    let mut bench = Bench::of(2);
    assert_eq!(bench.ring(&[1, 2]), [bench.vote(true), LOOK]);
    assert_eq!(bench.looked(&seen(None)), []);
    // Corosync waits for the vote meanwhile.
    assert_eq!(bench.ring(&[1]), [LOOK]);
    assert_eq!(bench.looked(&seen(None)), [Effect::Order(Order::Take)]);
    assert_eq!(bench.step(Input::Done), [LOOK]);
    assert_eq!(bench.looked(&seen(Some(1))), [bench.vote(true)]);
    assert_eq!(bench.wait(2), [bench.vote(true), LOOK]);
}

#[test]
fn half_without_the_holder_has_no_vote_at_once() {
    let mut bench = Bench::of(2);
    bench.ring(&[1]);
    assert_eq!(bench.looked(&seen(Some(2))), [bench.vote(false)]);
    // And takes the lease when the holder must have let go.
    bench.wait(2);
    let mut later = seen(Some(2));
    later.hosts.insert(NodeId(2), Host { generation: 1, state: HostState::Fail });
    assert_eq!(bench.looked(&later), []);
    assert_eq!(bench.wait(2), [bench.vote(false), LOOK]);
    later.hosts.insert(NodeId(2), Host { generation: 1, state: HostState::Dead });
    assert_eq!(bench.looked(&later), [Effect::Order(Order::Take)]);
}

#[test]
fn members_of_the_holder_s_half_vote_and_a_rest_of_it_does_not() {
    let mut bench = Bench::of(4);
    bench.step(counted(&[&[1, 2, 3, 4]], true));
    bench.together(&[1, 2, 3, 4]);
    bench.ring(&[1, 2]);
    assert_eq!(bench.looked(&seen(Some(2))), [bench.vote(true)]);
    assert_eq!(bench.ring(&[1]), [bench.vote(false), LOOK]);
    assert_eq!(bench.looked(&seen(Some(1))), []);
}

#[test]
fn a_member_that_took_the_lease_is_watched_for_long_enough_before_no_is_said() {
    let mut bench = Bench::of(4);
    let unknown = |owner| {
        let mut seen = seen(Some(owner));
        seen.hosts.insert(NodeId(owner), Host { generation: 1, state: HostState::Unknown });
        seen
    };
    bench.step(counted(&[&[1, 2, 3, 4]], true));
    bench.together(&[1, 2, 3, 4]);
    bench.ring(&[1, 2]);
    assert_eq!(bench.looked(&unknown(2)), []);
    assert_eq!(bench.wait(2), [LOOK]);
    assert_eq!(bench.looked(&seen(Some(2))), [bench.vote(true)]);
    // Not for ever, and nobody who is not here.
    bench.ring(&[1, 2]);
    assert_eq!(bench.looked(&unknown(2)), []);
    assert_eq!(bench.wait(15), [bench.vote(false), LOOK]);
    bench.looked(&unknown(2));
    bench.ring(&[1, 2]);
    assert_eq!(bench.looked(&unknown(3)), [bench.vote(false)]);
}

/// Its machine may have been started anew, and the disk not know that yet: anybody may have the lease then.
#[test]
fn who_came_back_holds_nothing_before_the_disk_must_show_its_new_life() {
    let mut bench = Bench::of(4);
    bench.step(counted(&[&[1, 2, 3, 4]], true));
    bench.together(&[1, 2, 3, 4]);
    bench.ring(&[1, 3, 4]);
    bench.looked(&seen(Some(2)));
    assert_eq!(bench.ring(&[1, 2]), [LOOK]);
    assert_eq!(bench.looked(&seen(Some(2))), [], "it is waited for");
    assert_eq!(bench.wait(15), [bench.vote(false), LOOK]);
    bench.looked(&seen(Some(2)));
    bench.wait(FAILS.as_secs());
    assert_eq!(bench.looked(&seen(Some(2))), [bench.vote(true)], "it has renewed since");
    // One that takes it now is alive.
    bench.ring(&[1, 3]);
    bench.looked(&seen(None));
    bench.step(Input::Done);
    assert_eq!(bench.looked(&seen(Some(3))), [bench.vote(true)]);
}

/// No membership was without it, but its Corosync is another one.
#[test]
fn who_was_started_anew_too_quickly_to_be_missed_holds_nothing_either() {
    let mut bench = Bench::of(4);
    bench.step(counted(&[&[1, 2, 3, 4]], true));
    bench.together(&[1, 2, 3, 4]);
    bench.ring(&[1, 2]);
    assert_eq!(bench.looked(&seen(Some(2))), [bench.vote(true)]);
    bench.ring(&[1, 2]);
    assert_eq!(bench.looked(&seen(Some(2))), [bench.vote(true)]);
    let joined = |node| Input::Joined([NodeId(node)].into());
    assert_eq!(bench.step(joined(3)), []);
    assert_eq!(bench.step(joined(2)), [bench.vote(false)]);
    bench.wait(FAILS.as_secs());
    assert_eq!(bench.looked(&seen(Some(2))), [bench.vote(true)], "it has renewed since");
}

#[test]
fn a_look_of_an_earlier_membership_says_nothing() {
    let mut bench = Bench::of(2);
    bench.ring(&[1, 2]);
    assert_eq!(bench.ring(&[1]), []);
    assert_eq!(bench.looked(&seen(Some(1))), [LOOK]);
    assert_eq!(bench.looked(&seen(Some(1))), [bench.vote(true)]);
}

#[test]
fn a_look_that_hangs_ends_the_vote() {
    let mut bench = Bench::of(2);
    bench.ring(&[1]);
    assert_eq!(bench.looked(&seen(Some(1))), [bench.vote(true)]);
    assert_eq!(bench.wait(3), [bench.vote(true), LOOK]);
    assert_eq!(bench.wait(3), [bench.vote(false)]);
    // In a new membership it is waited for, but not for ever.
    assert_eq!(bench.ring(&[1]), []);
    assert_eq!(bench.wait(14), []);
    assert_eq!(bench.wait(1), [bench.vote(false)]);
}

#[test]
fn the_lease_is_given_back_when_no_vote_stands_on_it() {
    let mut bench = Bench::of(2);
    bench.ring(&[1]);
    bench.looked(&seen(Some(1)));
    assert_eq!(bench.ring(&[1, 2]), [bench.vote(true), LOOK]);
    assert_eq!(bench.looked(&seen(Some(1))), []);
    assert_eq!(bench.wait(39), [bench.vote(true), LOOK]);
    assert_eq!(bench.looked(&seen(Some(1))), []);
    assert_eq!(bench.wait(2), [bench.vote(true), Effect::Order(Order::GiveBack)]);
    assert_eq!(bench.step(Input::Done), [LOOK]);
    // Of two that tried at once, the other may have written whose it is; then that stays.
    let left = Seen { held_here: false, ..seen(Some(1)) };
    assert_eq!(bench.looked(&left), [Effect::Order(Order::Take)]);
    assert_eq!(bench.step(Input::Done), [LOOK]);
    assert_eq!(bench.looked(&seen(Some(1))), [Effect::Order(Order::GiveBack)]);
    assert_eq!(bench.step(Input::Done), [LOOK]);
    assert_eq!(bench.looked(&seen(None)), []);
}

#[test]
fn who_is_not_on_the_disk_says_no_and_joins() {
    let mut bench = Bench::of(2);
    bench.ring(&[1]);
    let apart = Seen::default();
    assert_eq!(bench.looked(&apart), [bench.vote(false), Effect::Order(Order::Join)]);
    assert_eq!(bench.step(Input::Done), [LOOK]);
    // A lease manager that does not take it is not asked all the time.
    assert_eq!(bench.looked(&apart), []);
    assert_eq!(bench.wait(2), [bench.vote(false), Effect::Order(Order::Join)]);
}

fn counted(sets: &[&[u32]], takes_lock: bool) -> Input {
    let set = |nodes: &&[u32]| nodes.iter().copied().map(NodeId).collect();
    Input::Counted(Counted { sets: sets.iter().map(set).collect(), takes_lock })
}

#[test]
fn halves_of_more_than_two_are_of_those_who_are_counted() {
    let mut bench = Bench::of(4);
    bench.step(counted(&[&[1, 2]], true));
    assert_eq!(bench.ring(&[3, 4]), [bench.vote(false), LOOK], "none of them");
    bench.looked(&seen(None));
    assert_eq!(bench.ring(&[1]), [LOOK]);
    assert_eq!(bench.looked(&seen(None)), [Effect::Order(Order::Take)]);
    assert!(!bench.voter.votes_by_lease());
    bench.step(Input::Done);
    assert_eq!(bench.looked(&seen(Some(1))), [bench.vote(true)]);
    assert!(bench.voter.votes_by_lease());
    // The other one is known to be off: the lease goes when no vote stands on it any more.
    bench.step(counted(&[&[1]], true));
    assert!(!bench.voter.votes_by_lease());
    assert_eq!(bench.wait(4), [bench.vote(true), LOOK]);
    bench.looked(&seen(Some(1)));
    bench.wait(33);
    assert!(!bench.looked(&seen(Some(1))).contains(&Effect::Order(Order::GiveBack)));
    bench.wait(4);
    assert!(bench.looked(&seen(Some(1))).contains(&Effect::Order(Order::GiveBack)));
}

#[test]
fn who_may_not_take_it_does_not_vote_at_half() {
    for told in [None, Some(counted(&[&[1, 2, 3, 4]], false))] {
        let mut bench = Bench::of(4);
        told.into_iter().for_each(|told| drop(bench.step(told)));
        assert_eq!(bench.ring(&[1, 2]), [bench.vote(false), LOOK], "nobody waits for it");
        assert_eq!(bench.looked(&seen(None)), [], "and it takes nothing");
        assert_eq!(bench.ring(&[1, 3]), [bench.vote(false), LOOK]);
        assert_eq!(bench.looked(&seen(Some(3))), [], "the third may have been started anew");
        assert_eq!(bench.ring(&[1, 2, 3]), [bench.vote(true), LOOK]);
    }
}

//! The agreement of several processes in a made-up Corosync that does what it may at the worst time:
//! rings that break and join, processes that end and come back, words of the quorum service that come
//! early and late, messages that only one side of a cut delivers.

use std::collections::VecDeque;

use super::*;

const NODES: usize = 4;
const STEPS: usize = 2000;
/// Seeds of one run of the test.
const SEEDS: u64 = 400;

/// Xorshift, so that a seed is a story.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }
}

#[derive(Clone, Debug)]
enum Message {
    Say(Say),
    Part { membership: u64, number: u64 },
}

/// What Corosync delivers to a process.
#[derive(Clone, Debug)]
enum Word {
    Ring(Ring),
    Group { now: BTreeSet<Process>, left: BTreeSet<Process> },
    Message { from: Process, message: Message },
}

/// A membership, with those whom it was found by (numbers begin anew with daemons that have all been
/// started again), and what was delivered in it.
type Stay = ((u64, Vec<NodeId>, BTreeSet<Process>), Vec<(Process, u64)>);

/// A daemon and the Corosync of its node.
struct Node {
    own: Process,
    agreement: Agreement,
    joined: bool,
    inbox: VecDeque<Word>,
    verdicts: VecDeque<(Ring, Standing)>,
    outbox: VecDeque<Message>,
    number: u64,
    stays: u64,
    /// Of each life, what happened.
    lives: Vec<Vec<Stay>>,
}

impl Node {
    fn new(node: u32) -> Self {
        let own = Process { node, pid: 1 };
        Self {
            own,
            agreement: Agreement::new(own, 0, 0),
            joined: false,
            inbox: VecDeque::new(),
            verdicts: VecDeque::new(),
            outbox: VecDeque::new(),
            number: 0,
            stays: 0,
            lives: vec![Vec::new()],
        }
    }

    fn life(&mut self) -> &mut Vec<Stay> {
        self.lives.last_mut().unwrap()
    }

    fn speak(&mut self) {
        while self.joined
            && let Some(say) = self.agreement.next_word()
        {
            self.outbox.push_back(Message::Say(say));
        }
    }
}

struct World {
    dice: Dice,
    nodes: Vec<Node>,
    /// Which nodes share a ring, and its number.
    rings: Vec<(Ring, BTreeSet<usize>)>,
    sequence: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let nodes = (1..=NODES as u32).map(Node::new).collect();
        let mut world = Self { dice: Dice(seed * 2 + 1), nodes, rings: Vec::new(), sequence: 0 };
        for _ in 0..20 {
            world.dice.below(2);
        }
        world.form(vec![(0..NODES).collect()]);
        world
    }

    fn group(&self, among: &BTreeSet<usize>) -> BTreeSet<Process> {
        among.iter().filter(|at| self.nodes[**at].joined).map(|at| self.nodes[*at].own).collect()
    }

    /// New rings of these nodes; who goes from one to another together has heard the same before.
    fn form(&mut self, sides: Vec<BTreeSet<usize>>) {
        let before = std::mem::take(&mut self.rings);
        for side in sides {
            self.sequence += 4;
            let first = *side.iter().next().unwrap() as u32 + 1;
            let ring = Ring { sequence: self.sequence, representative: first };
            for (_, old) in &before {
                let together: BTreeSet<usize> = old.intersection(&side).copied().collect();
                self.lose_some(&together);
                let left: BTreeSet<usize> = old.difference(&side).copied().collect();
                let left = self.group(&left);
                let stayed = self.group(&together);
                let all = self.group(&side);
                for at in together {
                    let mut words = vec![Word::Ring(ring)];
                    // Some hear of who went and who came at once, and some in steps.
                    if self.dice.below(2) == 0 {
                        words.push(Word::Group { now: stayed.clone(), left: left.clone() });
                        words.push(Word::Group { now: all.clone(), left: BTreeSet::new() });
                    } else {
                        words.push(Word::Group { now: all.clone(), left: left.clone() });
                    }
                    if self.dice.below(2) == 0 {
                        words.rotate_left(1);
                    }
                    self.tell_if_joined(at, words);
                }
            }
            self.judge(ring, &side);
            self.rings.push((ring, side));
        }
    }

    fn tell_if_joined(&mut self, at: usize, words: Vec<Word>) {
        let node = &mut self.nodes[at];
        if node.joined {
            node.inbox.extend(words);
        }
    }

    /// The last messages of a broken ring that nobody of these has looked at yet may be lost to all
    /// of them; Corosync sends those of its own processes again.
    fn lose_some(&mut self, together: &BTreeSet<usize>) {
        let joined: Vec<usize> =
            together.iter().copied().filter(|at| self.nodes[*at].joined).collect();
        let unread = |node: &Node| {
            node.inbox.iter().rev().take_while(|word| matches!(word, Word::Message { .. })).count()
        };
        let most = joined.iter().map(|at| unread(&self.nodes[*at])).min().unwrap_or(0);
        let lost = if most == 0 { 0 } else { self.dice.below(most + 1) };
        let mut again: Vec<(Process, Message)> = Vec::new();
        for (turn, at) in joined.iter().enumerate() {
            for _ in 0..lost {
                let word = self.nodes[*at].inbox.pop_back();
                if let (0, Some(Word::Message { from, message })) = (turn, word) {
                    again.push((from, message));
                }
            }
        }
        for (from, message) in again {
            if let Some(at) = joined.iter().find(|at| self.nodes[**at].own == from) {
                self.nodes[*at].outbox.push_front(message);
            }
        }
    }

    /// The quorum service speaks to all on a ring.
    fn judge(&mut self, ring: Ring, side: &BTreeSet<usize>) {
        let standing =
            if side.len() * 2 > NODES { Standing::ByMajority } else { Standing::Inquorate };
        for at in side {
            self.nodes[*at].verdicts.push_back((ring, standing));
        }
    }

    fn ring_of(&self, at: usize) -> (Ring, BTreeSet<usize>) {
        self.rings.iter().find(|(_, side)| side.contains(&at)).cloned().unwrap()
    }

    /// Joins or leaves, in the order of the messages.
    fn regroup(&mut self, at: usize, joins: bool) {
        let (ring, side) = self.ring_of(at);
        let own = self.nodes[at].own;
        self.nodes[at].joined = joins;
        let now = self.group(&side);
        let left = if joins { BTreeSet::new() } else { BTreeSet::from([own]) };
        for other in side {
            self.tell_if_joined(other, vec![Word::Group { now: now.clone(), left: left.clone() }]);
        }
        let node = &mut self.nodes[at];
        node.inbox.retain(|_| joins);
        node.outbox.clear();
        if joins {
            let last = node.lives.last().unwrap().last().map_or(0, |((id, ..), _)| *id) + 1;
            node.stays += 1000;
            node.agreement = Agreement::new(own, last, node.stays);
            node.life().push(((last, vec![NodeId(own.node)], BTreeSet::from([own])), Vec::new()));
            // Asked for by who connects: the last word is said again.
            let quorate = self.standing_of(at);
            self.nodes[at].verdicts = VecDeque::from([(ring, quorate)]);
        }
    }

    fn standing_of(&self, at: usize) -> Standing {
        let (_, side) = self.ring_of(at);
        if side.len() * 2 > NODES { Standing::ByMajority } else { Standing::Inquorate }
    }

    /// A process ends, and another takes its place later.
    fn end(&mut self, at: usize) {
        if self.nodes[at].joined {
            self.regroup(at, false);
            let node = &mut self.nodes[at];
            node.own.pid += 1;
            node.lives.push(Vec::new());
        }
    }

    fn take(&mut self, at: usize) {
        let Some(word) = self.nodes[at].inbox.pop_front() else { return };
        let node = &mut self.nodes[at];
        let heard = match word {
            Word::Ring(ring) => {
                node.agreement.ring_changed(ring);
                Heard::Nothing
            }
            Word::Group { now, left } => {
                node.agreement.group_changed(now, &left);
                Heard::Nothing
            }
            Word::Message { from, message: Message::Say(Say::Seen(changes)) } => {
                node.agreement.seen(from, changes);
                Heard::Nothing
            }
            Word::Message { message: Message::Say(Say::Propose(tag)), .. } => {
                node.agreement.proposed(&tag)
            }
            Word::Message { from, message: Message::Say(Say::Here(here)) } => {
                node.agreement.here(from, here)
            }
            Word::Message { from, message: Message::Part { membership, number } } => {
                if node.agreement.current() == Some(membership) {
                    node.agreement.note_delivery(from, number);
                    node.life().last_mut().unwrap().1.push((from, number));
                }
                Heard::Nothing
            }
        };
        match heard {
            Heard::Nothing => {}
            Heard::Completed(memberships) => {
                for Membership { id, members, quorum: _ } in memberships {
                    let found_by = node.agreement.members();
                    node.life().push(((id, members, found_by), Vec::new()));
                }
            }
            // It leaves, and joins again as the same process.
            Heard::LeftOut => self.regroup(at, false),
        }
        self.nodes[at].speak();
    }

    /// The next message of a node's takes its place in the order of its ring.
    fn order(&mut self, at: usize) {
        let Some(message) = self.nodes[at].outbox.pop_front() else { return };
        let from = self.nodes[at].own;
        for other in self.ring_of(at).1 {
            self.tell_if_joined(other, vec![Word::Message { from, message: message.clone() }]);
        }
    }

    fn step(&mut self) {
        let at = self.dice.below(NODES);
        match self.dice.below(300) {
            0 => {
                let mut sides = vec![BTreeSet::new(); 1 + self.dice.below(3)];
                for node in 0..NODES {
                    let side = self.dice.below(sides.len());
                    sides[side].insert(node);
                }
                sides.retain(|side| !side.is_empty());
                self.form(sides);
            }
            1 => self.end(at),
            3..20 if !self.nodes[at].joined => self.regroup(at, true),
            2 => {
                let other = self.nodes[self.dice.below(NODES)].own;
                let node = &mut self.nodes[at];
                if node.joined && other != node.own && node.agreement.members().contains(&other) {
                    let proposal = node.agreement.leave_out(other);
                    node.outbox.extend(proposal.map(Message::Say));
                }
            }
            20..30 => self.hear_verdict(at),
            30..60 => {
                let node = &mut self.nodes[at];
                if let Some(membership) = node.agreement.current() {
                    let part = Message::Part { membership, number: node.number };
                    node.number += 1;
                    node.outbox.push_back(part);
                }
            }
            60..130 => self.order(at),
            _ => self.take(at),
        }
    }

    fn hear_verdict(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if node.joined
            && let Some((ring, standing)) = node.verdicts.pop_front()
        {
            node.agreement.quorum_changed(ring, standing);
            node.speak();
        }
    }

    /// All faults end; everything that is under way arrives.
    fn heal(&mut self) {
        self.form(vec![(0..NODES).collect()]);
        for _ in 0..10_000 {
            for at in 0..NODES {
                if !self.nodes[at].joined {
                    self.regroup(at, true);
                }
                self.hear_verdict(at);
                self.order(at);
                self.take(at);
            }
        }
    }
}

fn check_lives(lives: &[&Vec<Stay>]) {
    for (index, one) in lives.iter().enumerate() {
        let ids: Vec<u64> = one.iter().map(|((id, ..), _)| *id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "numbers go up: {ids:?}");
        for other in &lives[index + 1..] {
            check_pair(one, other);
        }
    }
}

fn check_pair(one: &[Stay], other: &[Stay]) {
    for (at, (membership, heard)) in one.iter().enumerate() {
        let Some(other_at) = other.iter().position(|(known, _)| known == membership) else {
            continue;
        };
        let (_, other_heard) = &other[other_at];
        let common = heard.len().min(other_heard.len());
        assert_eq!(heard[..common], other_heard[..common], "one order in {membership:?}");
        let next = one.get(at + 1).map(|(known, _)| known);
        if next.is_some() && next == other.get(other_at + 1).map(|(known, _)| known) {
            assert_eq!(heard, other_heard, "the same from {membership:?} to {next:?}");
        }
    }
}

/// Plays one seed; answers how many memberships and deliveries there were.
fn play(seed: u64) -> (usize, usize) {
    let mut world = World::new(seed);
    for at in 0..NODES {
        world.regroup(at, true);
    }
    for _ in 0..STEPS {
        world.step();
    }
    world.heal();
    let lives: Vec<&Vec<Stay>> = world.nodes.iter().flat_map(|node| &node.lives).collect();
    check_lives(&lives);
    let all: Vec<NodeId> = (1..=NODES as u32).map(NodeId).collect();
    let last: BTreeSet<_> = world
        .nodes
        .iter()
        .map(|node| node.lives.last().unwrap().last().map(|stay| &stay.0))
        .collect();
    assert_eq!(last.len(), 1, "all end in one membership: {last:?}");
    assert_eq!(last.first().unwrap().unwrap().1, all);
    let stays = || lives.iter().flat_map(|life| life.iter());
    (stays().count(), stays().map(|(_, heard)| heard.len()).sum())
}

#[test]
fn whatever_corosync_does_members_go_the_same_way() {
    let (mut memberships, mut deliveries) = (0, 0);
    for seed in 0..SEEDS {
        let played = std::panic::catch_unwind(|| play(seed));
        let (of_seed, delivered) = played.unwrap_or_else(|_| panic!("seed {seed}"));
        memberships += of_seed;
        deliveries += delivered;
    }
    // Or it would be a quiet world that shows nothing.
    assert!(memberships > 3000 && deliveries > 10_000, "{memberships}, {deliveries}");
}

#[test]
fn a_membership_has_what_its_weakest_member_says_and_the_lock_if_any_says_so() {
    use Standing::{ByDevice, ByLock, ByMajority, ByRule, Inquorate};
    for (said, quorum) in [
        ([ByMajority, ByMajority, ByMajority], Quorum::Majority),
        ([ByMajority, ByDevice, ByMajority], Quorum::ByDevice),
        ([ByRule, ByDevice, ByMajority], Quorum::ByRule),
        ([ByRule, ByRule, ByRule], Quorum::ByRule),
        ([ByRule, ByLock, ByRule], Quorum::ByDevice),
        ([ByLock, ByLock, ByLock], Quorum::ByDevice),
        // They have not read of another node or device alike.
        ([ByMajority, ByLock, ByMajority], Quorum::ByDevice),
        ([ByLock, Inquorate, ByLock], Quorum::No),
        ([ByMajority, Inquorate, ByMajority], Quorum::No),
    ] {
        assert_eq!(quorum_of(said.into_iter()), quorum, "{said:?}");
    }
    assert_eq!(quorum_of(std::iter::empty()), Quorum::No);
}

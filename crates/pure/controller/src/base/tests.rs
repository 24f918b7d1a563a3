//! Tables of what is remembered, and a made-up fabric that gives every side quorum: the bases alone must keep
//! two sides apart, and with a lock those and who holds it.

use std::collections::BTreeMap;

use super::*;

fn set(ids: &[u32]) -> BTreeSet<NodeId> {
    ids.iter().copied().map(NodeId).collect()
}

fn all(nodes: u32) -> BTreeSet<NodeId> {
    (1..=nodes).map(NodeId).collect()
}

fn settled(sought: u64, ids: &[u32]) -> Base {
    Base { sought, settled: sought, sets: vec![set(ids)] }
}

fn sought(sought: u64, sets: &[&[u32]]) -> Base {
    Base { sought, settled: 1, sets: sets.iter().map(|ids| set(ids)).collect() }
}

#[test]
fn more_than_half_of_each_set_is_needed() {
    for (base, present, enough) in [
        (Base::default(), [1, 2, 3].as_slice(), true),
        (Base::default(), &[1, 2], false),
        (settled(1, &[1, 2, 3]), &[1, 2], true),
        (settled(1, &[1, 2]), &[1], false),
        (settled(2, &[1, 2, 3]), &[3, 4, 5], false),
        (sought(2, &[&[1, 2, 3, 4, 5], &[1, 2, 3]]), &[1, 2], false),
        (sought(2, &[&[1, 2, 3, 4, 5], &[1, 2, 3]]), &[2, 3, 4], true),
        (sought(2, &[&[1, 2, 3, 4, 5], &[1, 2, 3]]), &[3, 4, 5], false),
        // The sixth and seventh were taken out of the nodes.
        (settled(1, &[4, 5, 6, 7]), &[4, 5], true),
        (settled(1, &[6, 7]), &[1], true),
    ] {
        let missing = base.missing(&set(present), &all(5));
        assert_eq!(missing.is_none(), enough, "{present:?} of {base:?}");
    }
}

#[test]
fn half_of_each_set_is_half_of_those_who_had_quorum_since_they_started() {
    for (base, present, steady, standing) in [
        (settled(1, &[1, 2]), [1].as_slice(), [1].as_slice(), Standing::Half),
        (settled(1, &[1, 2]), &[1], &[], Standing::Less),
        (settled(1, &[1, 2]), &[1, 2], &[], Standing::More),
        (settled(1, &[1, 2, 3, 4]), &[1, 2, 5], &[1, 2], Standing::Half),
        (settled(1, &[1, 2, 3, 4]), &[1, 2, 5], &[1, 5], Standing::Less),
        (sought(2, &[&[1, 2, 3, 4], &[1, 2]]), &[1, 2], &[1, 2], Standing::Half),
        (sought(2, &[&[1, 2, 3, 4], &[1, 2]]), &[1], &[1], Standing::Less),
        // The third was just taken out, and others may not know.
        (sought(2, &[&[0, 1, 2]]), &[1], &[1], Standing::Less),
        (sought(2, &[&[0, 1, 2]]), &[1, 2], &[], Standing::More),
        // The sixth was taken out of the nodes: for who has not heard of that it may count.
        (settled(1, &[1, 2, 6]), &[1], &[1], Standing::Less),
        (settled(1, &[1, 2, 6]), &[1, 2], &[], Standing::More),
        // And the sixth was taken out of the nodes.
        (sought(2, &[&[0, 1, 6]]), &[1], &[], Standing::More),
        (Base::default(), &[1, 2], &[1, 2], Standing::Less),
        (sought(2, &[&[1, 2, 3, 4]]), &[1, 2], &[1, 2], Standing::Half),
    ] {
        let found = base.standing(&set(present), &set(steady), &all(5));
        assert_eq!(found, standing, "{present:?}, of them {steady:?}, of {base:?}");
    }
}

#[test]
fn the_newest_memory_counts_and_what_is_settled_ends_what_was_sought() {
    let (old, new) = (settled(1, &[1, 2, 3]), settled(2, &[1, 2]));
    let (mine, yours) = (sought(2, &[&[1, 2, 3], &[1, 2]]), sought(2, &[&[1, 2, 3], &[2, 3]]));
    let both = sought(2, &[&[1, 2, 3], &[2, 3], &[1, 2]]);
    // The third left, and the fifth went on with others, but fell over before it had written that down; so the
    // third, which came back, and the fifth had quorum again.
    let (apart, again) = (sought(3, &[&[5], &[1, 5, 6]]), settled(1, &[3, 5]));
    let all_count = sought(3, &[&[5], &[1, 5, 6], &[3, 5]]);
    let (later, since) = (settled(2, &[2, 4]), sought(3, &[&[5], &[1, 5, 6], &[2, 4]]));
    for (told, newest) in [
        ([&old, &new], &new),
        ([&old, &mine], &mine),
        ([&new, &mine], &new),
        ([&mine, &new], &new),
        ([&mine, &yours], &both),
        ([&apart, &again], &all_count),
        ([&later, &apart], &since),
    ] {
        let told = told.map(Base::to_wire);
        assert_eq!(Base::newest(told.iter()), *newest);
    }
}

#[test]
fn who_is_the_base_already_seeks_nothing() {
    let mut base = settled(3, &[1, 2]);
    base.seek(&set(&[1, 2]), &all(3));
    assert_eq!(base, settled(3, &[1, 2]));
    base.seek(&set(&[1, 2, 3]), &all(3));
    assert_eq!(base, Base { settled: 3, ..sought(4, &[&[1, 2], &[1, 2, 3]]) });
    base.settle(&set(&[1, 2, 3]));
    assert_eq!(base, settled(4, &[1, 2, 3]));
}

#[test]
fn who_is_left_needs_more_than_half_until_that_is_settled() {
    let mut base = settled(1, &[1, 2, 3]);
    for (leaves, left) in [(3, [0, 1, 2].as_slice()), (2, &[1]), (1, &[])] {
        base.leave(NodeId(leaves), &all(3));
        assert_eq!(base.sets, [set(left)], "{leaves} left");
    }
}

/// Numbers that look drawn (an LCG; Knuth's constants).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(end)).unwrap_or(0)
    }
}

#[derive(Default)]
struct Node {
    memory: Base,
    disk: Base,
    /// The membership that it knows of, and the one that there is.
    at: Option<usize>,
    goes_to: usize,
    has_formed: bool,
    has_quorum: bool,
    /// By half and the lock; and those who are lost are known to be off.
    has_half: bool,
    seeks: bool,
    /// It had quorum since it started.
    is_steady: bool,
}

/// Nodes move between three places, notice it late, write late, hear late, and lose what they had not written.
struct World {
    nodes: BTreeMap<NodeId, Node>,
    place_of: BTreeMap<NodeId, u32>,
    memberships: Vec<BTreeSet<NodeId>>,
    hellos: BTreeMap<(usize, NodeId), (peer::Base, bool)>,
    stored: BTreeSet<(usize, NodeId)>,
    /// Who holds the lock, where there is one; and which memberships had it when they were formed.
    has_lock: bool,
    holder: Option<NodeId>,
    locked: BTreeMap<usize, bool>,
    draw: Draw,
}

impl World {
    fn new(nodes: u32, seed: u64, has_lock: bool) -> Self {
        let place_of = all(nodes).into_iter().map(|id| (id, 0)).collect();
        let nodes_at_first = all(nodes).into_iter().map(|id| (id, Node::default())).collect();
        Self {
            nodes: nodes_at_first,
            place_of,
            memberships: vec![all(nodes)],
            hellos: BTreeMap::new(),
            stored: BTreeSet::new(),
            has_lock,
            holder: None,
            locked: BTreeMap::new(),
            draw: Draw(seed),
        }
    }

    /// Those at one place are a membership.
    fn gather(&mut self, place: u32) {
        let at = |(_, of): &(&NodeId, &u32)| **of == place;
        let members: BTreeSet<NodeId> =
            self.place_of.iter().filter(at).map(|(id, _)| *id).collect();
        let goes_to = self.memberships.len();
        for id in &members {
            self.nodes.entry(*id).or_default().goes_to = goes_to;
        }
        self.memberships.push(members);
    }

    fn moves(&mut self, id: NodeId) {
        let to = self.draw.below(3);
        let from = self.place_of.insert(id, to).unwrap_or(to);
        self.gather(from);
        self.gather(to);
    }

    fn crashes(&mut self, id: NodeId) {
        let node = self.nodes.entry(id).or_default();
        let (disk, goes_to) = (node.disk.clone(), node.goes_to);
        *node = Node { memory: disk.clone(), disk, goes_to, ..Node::default() };
        self.holder = self.holder.filter(|holder| *holder != id);
        self.gather(self.place_of[&id]);
    }

    fn nodes(&self) -> BTreeSet<NodeId> {
        self.nodes.keys().copied().collect()
    }

    /// Of the half that has the lock: all others whom it counts are reset, and it hears that.
    fn fences_others(&mut self, id: NodeId) {
        let Some(at) = self.nodes[&id].at else { return };
        let (nodes, members) = (self.nodes(), self.memberships[at].clone());
        let is_there = |node: &Node| node.at == Some(at) && node.has_half && !node.seeks;
        let is_with = |node: &Node| is_there(node) && node.goes_to == at;
        if !is_with(&self.nodes[&id]) || !members.iter().all(|id| is_there(&self.nodes[id])) {
            return;
        }
        let counted: BTreeSet<NodeId> =
            self.nodes[&id].memory.counted(&nodes).into_iter().flatten().collect();
        let others = nodes.intersection(&counted).filter(|id| !members.contains(id));
        others.for_each(|other| self.crashes(*other));
        for member in &members {
            let node = self.nodes.entry(*member).or_default();
            if is_with(node) || self.draw.below(2) == 0 {
                node.memory.seek(&members, &nodes);
                node.seeks = true;
                self.stored.remove(&(at, *member));
            }
        }
    }

    /// Whether one of a half holds the lock, which is first come, first served. All of them find the same.
    fn locks(&mut self, at: usize, id: NodeId) -> bool {
        let is_mine = self.holder.is_none_or(|holder| self.memberships[at].contains(&holder));
        let is_there = self.nodes[&id].goes_to == at;
        let has_it = *self.locked.entry(at).or_insert(is_mine && is_there);
        if has_it && is_there && self.holder.is_none() {
            self.holder = Some(id);
        }
        has_it
    }

    /// Who holds the lock and needs it for nothing gives it back, or loses its disk.
    fn gives_lock_back(&mut self) {
        let Some(holder) = self.holder else { return };
        let (nodes, at) = (self.nodes(), self.nodes[&holder].goes_to);
        let members = self.memberships[at].clone();
        let standing = self.nodes[&holder].memory.standing(&members, &members, &nodes);
        if standing != Standing::Half || self.draw.below(4) == 0 {
            self.holder = None;
            if standing == Standing::Half {
                self.gather(self.place_of[&holder]);
            }
        }
    }

    /// It leaves in peace: those who are with it hear that, and perhaps those who will miss it.
    fn leaves(&mut self, id: NodeId) {
        let Some(at) = self.nodes[&id].at else { return };
        let nodes = self.nodes();
        let is_there = |node: &Node| node.at == Some(at) && node.has_quorum;
        let is_with = |node: &Node| is_there(node) && node.goes_to == at;
        let members = &self.memberships[at];
        let with = || members.iter().map(|id| &self.nodes[id]).filter(|node| is_with(node));
        if !is_with(&self.nodes[&id]) || with().any(|node| !node.memory.is_settled()) {
            return;
        }
        for member in members.iter().filter(|member| **member != id) {
            let node = self.nodes.entry(*member).or_default();
            let hears = is_with(node) || (is_there(node) && self.draw.below(2) == 0);
            if hears && node.memory.is_settled() {
                node.memory.leave(id, &nodes);
            }
        }
        self.moves(id);
        self.crashes(id);
    }

    /// It introduces itself, or, when all have, takes the newest memory; writes it down; hears that all have.
    fn goes_on(&mut self, id: NodeId) {
        let node = self.nodes.entry(id).or_default();
        let Some(at) = node.at.filter(|at| *at == node.goes_to || self.draw.below(2) == 0) else {
            (node.at, node.has_formed, node.has_quorum) = (Some(node.goes_to), false, false);
            (node.has_half, node.seeks) = (false, false);
            self.hellos.insert((node.goes_to, id), (node.memory.to_wire(), node.is_steady));
            return;
        };
        let members = self.memberships[at].clone();
        if !node.has_formed {
            self.forms(id, at, &members);
        } else if self.stored.insert((at, id)) {
            node.disk = node.memory.clone();
        } else if node.seeks
            && node.memory.sets.contains(&members)
            && members.iter().all(|id| self.stored.contains(&(at, *id)))
        {
            node.memory.settle(&members);
            node.has_half = false;
        }
    }

    fn forms(&mut self, id: NodeId, at: usize, members: &BTreeSet<NodeId>) {
        let nodes = self.nodes();
        let told: Option<Vec<_>> = members.iter().map(|id| self.hellos.get(&(at, *id))).collect();
        let Some(told) = told else { return };
        let memory = Base::newest(told.iter().map(|(base, _)| base));
        let steady = members.iter().zip(&told).filter(|(_, told)| told.1).map(|(id, _)| *id);
        let standing = memory.standing(members, &steady.collect(), &nodes);
        let has_half = self.has_lock && standing == Standing::Half && self.locks(at, id);
        let node = self.nodes.entry(id).or_default();
        node.memory = memory;
        node.has_formed = true;
        (node.has_half, node.seeks) = (has_half, standing == Standing::More);
        node.has_quorum = has_half || standing == Standing::More;
        node.is_steady |= node.has_quorum;
        if node.seeks {
            node.memory.seek(members, &nodes);
        }
    }

    /// Memberships that somebody who is up to date has quorum in.
    fn sides(&self) -> BTreeSet<usize> {
        let acts = |node: &&Node| node.has_quorum && node.at == Some(node.goes_to);
        self.nodes.values().filter(acts).map(|node| node.goes_to).collect()
    }
}

const RUNS: u64 = 1_000;

/// Answers how often few had quorum, how often nobody, and how often half.
fn two_sides_never_have_quorum(has_lock: bool) -> (u32, u32, u32) {
    let (mut small, mut apart, mut halves) = (0, 0, 0);
    for seed in 0..RUNS {
        let nodes = 3 + u32::try_from(seed % 5).unwrap_or(0);
        let mut world = World::new(nodes, seed, has_lock);
        for step in 0..1_500 {
            let id = NodeId(1 + world.draw.below(nodes));
            match world.draw.below(40) {
                0 => world.moves(id),
                1 => world.crashes(id),
                2 => world.leaves(id),
                3 if has_lock => world.fences_others(id),
                4 if has_lock => world.gives_lock_back(),
                _ => world.goes_on(id),
            }
            let sides = world.sides();
            assert!(sides.len() < 2, "seed {seed}, step {step}: {sides:?}");
            let members = sides.first().map_or(0, |side| world.memberships[*side].len());
            small += u32::from(members > 0 && members * 2 <= nodes as usize);
            apart += u32::from(sides.is_empty());
            halves += u32::from(world.nodes.values().any(|node| node.has_half));
        }
    }
    (small, apart, halves)
}

#[test]
fn two_sides_never_have_quorum_whatever_is_written_and_heard_in_time() {
    let (small, apart, _) = two_sides_never_have_quorum(false);
    assert!(small > 1_000 && apart > 1_000, "{small} steps with quorum of few, {apart} with none");
}

#[test]
fn nor_do_they_when_of_two_halves_one_has_the_lock() {
    let (small, apart, halves) = two_sides_never_have_quorum(true);
    let often = small > 1_000 && apart > 1_000 && halves > 1_000;
    assert!(often, "{small} steps with quorum of few, {apart} with none, {halves} with half");
}

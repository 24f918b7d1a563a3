//! Which membership it is: one name for it, found by all its members at the same point of the total
//! order.
//!
//! Corosync tells each process of a group the ring it is on and the processes of its group there, but
//! gives neither a number, nor the same intermediate steps to all, nor the quorum in the same order.
//! So after each change every process announces that it has seen it (with a count that only grows),
//! and when it has heard all others do so it says what it sees ([`Here`], an ordered message). When
//! all have said it of the same [`Tag`], the membership is complete: for all at the delivery of the
//! last of these, with the same number, members and quorum.
//!
//! A tag names the announcements that it stands on, so a word from before a change is never taken for
//! one after it, also where the same processes are on the same ring again: one may have left and
//! come back meanwhile.
//!
//! - The number is one more than any that a member has been through.
//! - It is quorate if every member's quorum service says so of this ring, and by a majority if all
//!   count one. By the lock on a disk it is if one of them says so, too, since then all have it.
//! - Who is with us on the ring and shows no life is left out: any member proposes a tag with that
//!   process among the left out. A change of the quorum alone is proposed as another round.
//! - Tags only grow between two changes, and all hear them in one order, so all find the same.
//! - Members that were together, lost each other, and are together again before either completed a
//!   membership may have heard different messages. Then each part goes through a membership of its
//!   own first, so that no two of them claim to have stayed together.
//!
//! **Not here:** sockets, clocks. Time is whatever order messages come in.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeId, Quorum};
use serde::{Deserialize, Serialize};

/// One life of one node's membership in the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) node: u32,
    pub(super) pid: u32,
}

/// Field word: Corosync *ring id*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Ring {
    pub(super) sequence: u64,
    pub(super) representative: u32,
}

/// What exactly a word is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tag {
    ring: Ring,
    group: BTreeSet<Process>,
    /// The last announcement of each.
    announced: BTreeMap<Process, u64>,
    round: u32,
    left_out: BTreeSet<Process>,
}

/// A membership that was completed; no two have the same number on the same ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Completed {
    pub(super) id: u64,
    ring: Ring,
}

/// What a quorum service says of a ring, and what the votes there come to: the weaker word first, but for the last one,
/// which travels so since others know those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Standing {
    Inquorate,
    ByRule,
    ByDevice,
    ByMajority,
    /// As [`Self::ByRule`], and a member holds the lock on a disk: if one has seen it, all have it.
    ByLock,
}

/// What all of the members have: no more than any of them says, but for the lock.
fn quorum_of(standings: impl Iterator<Item = Standing> + Clone) -> Quorum {
    match standings.clone().min() {
        None | Some(Standing::Inquorate) => Quorum::No,
        Some(_) if standings.into_iter().any(|said| said == Standing::ByLock) => Quorum::ByDevice,
        Some(Standing::ByRule) => Quorum::ByRule,
        Some(Standing::ByDevice | Standing::ByLock) => Quorum::ByDevice,
        Some(Standing::ByMajority) => Quorum::Majority,
    }
}

/// What a process says after each change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Here {
    tag: Tag,
    /// The last membership it has been through,
    last: Completed,
    /// who of that has been with it ever since,
    with: BTreeSet<Process>,
    /// and a digest of what was delivered in it, and in which order.
    heard: u64,
    standing: Standing,
}

/// A membership that all its members agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) id: u64,
    pub(super) members: Vec<NodeId>,
    pub(super) quorum: Quorum,
}

/// What a delivered word did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    /// The last of these is the one that the process is in now; those before are over.
    Completed(Vec<Membership>),
    /// The others have given this process up.
    LeftOut,
}

/// To be broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Say {
    /// The changes that this process has seen, counted.
    Seen(u64),
    Here(Here),
    Propose(Tag),
}

/// One process's part in the agreement.
#[derive(Debug)]
pub(super) struct Agreement {
    own: Process,
    /// `None` until Corosync told it.
    ring: Option<Ring>,
    group: BTreeSet<Process>,
    /// Changes seen, starting where no earlier stay of this process can have come to.
    changes: u64,
    /// What was announced since the last change.
    announced: BTreeMap<Process, u64>,
    has_announced: bool,
    round: u32,
    left_out: BTreeSet<Process>,
    /// Of the current tag.
    heres: BTreeMap<Process, Here>,
    complete: bool,
    last: Completed,
    with: BTreeSet<Process>,
    heard: u64,
    /// What the quorum service says, and of which ring.
    quorum: Option<(Ring, Standing)>,
    said: Option<Tag>,
    /// The highest proposal made, with the standing that it was made for.
    proposed: Option<(Tag, Option<Standing>)>,
}

impl Agreement {
    /// For a process that has been alone in membership number `last`. No earlier stay of it has seen
    /// as many as `changes`.
    pub(super) fn new(own: Process, last: u64, changes: u64) -> Self {
        Self {
            own,
            ring: None,
            group: BTreeSet::new(),
            changes,
            announced: BTreeMap::new(),
            has_announced: false,
            round: 0,
            left_out: BTreeSet::new(),
            heres: BTreeMap::new(),
            complete: false,
            last: Completed { id: last, ring: alone(own) },
            with: BTreeSet::from([own]),
            heard: 0,
            quorum: None,
            said: None,
            proposed: None,
        }
    }

    /// The number of the membership in which messages are delivered now; `None` while it forms.
    pub(super) fn current(&self) -> Option<u64> {
        self.complete.then_some(self.last.id)
    }

    /// The last number that this process has been through.
    pub(super) fn last(&self) -> u64 {
        self.last.id
    }

    /// Who must say something before the membership is complete, or is in it.
    pub(super) fn members(&self) -> BTreeSet<Process> {
        self.group.difference(&self.left_out).copied().collect()
    }

    /// Corosync formed this ring.
    pub(super) fn ring_changed(&mut self, ring: Ring) {
        // The first is not a change: others may have announced on it already.
        let changed = self.ring.is_some_and(|before| before != ring);
        self.ring = Some(ring);
        if changed {
            self.restart();
        }
    }

    /// The group has these processes now, and these have left it, perhaps to come back at once.
    pub(super) fn group_changed(&mut self, group: BTreeSet<Process>, left: &BTreeSet<Process>) {
        self.with.retain(|process| group.contains(process) && !left.contains(process));
        self.left_out.retain(|process| group.contains(process) && !left.contains(process));
        if self.group != group || !left.is_empty() {
            self.group = group;
            self.restart();
        }
    }

    /// The quorum service speaks of a ring. One that is not ours yet will be.
    pub(super) fn quorum_changed(&mut self, ring: Ring, standing: Standing) {
        self.quorum = Some((ring, standing));
        // Nobody tells a process that joins the ring that it joins on.
        if self.ring.is_none() {
            self.ring_changed(ring);
        }
    }

    /// A message was delivered: mixed into what tells those apart who heard something else.
    pub(super) fn note_delivery(&mut self, from: Process, number: u64) {
        let word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(from.node);
        self.heard = (self.heard.rotate_left(7) ^ word).wrapping_mul(0x0100_0000_01b3);
    }

    fn restart(&mut self) {
        self.changes += 1;
        self.has_announced = false;
        self.announced.clear();
        self.reopen();
    }

    /// From here on it is about another tag, which does not follow from the one before.
    fn reopen(&mut self) {
        self.round = 0;
        self.said = None;
        self.proposed = None;
        self.await_heres();
    }

    fn await_heres(&mut self) {
        self.heres.clear();
        self.complete = false;
    }

    fn tag(&self) -> Option<Tag> {
        let (group, announced) = (self.group.clone(), self.announced.clone());
        let (round, left_out) = (self.round, self.left_out.clone());
        self.ring.map(|ring| Tag { ring, group, announced, round, left_out })
    }

    /// What the quorum service says of the ring that we are on.
    fn standing(&self) -> Option<Standing> {
        self.quorum.filter(|(ring, _)| self.ring == Some(*ring)).map(|(_, standing)| standing)
    }

    /// What is to be broadcast now; each word once.
    pub(super) fn next_word(&mut self) -> Option<Say> {
        if !self.group.contains(&self.own) {
            return None;
        }
        if !self.has_announced {
            self.has_announced = true;
            return Some(Say::Seen(self.changes));
        }
        let tag = self.tag()?;
        let standing = self.standing()?;
        if !self.members().iter().all(|member| self.announced.contains_key(member)) {
            return None;
        }
        if !self.complete && self.said.as_ref() != Some(&tag) {
            self.said = Some(tag.clone());
            let (last, with, heard) = (self.last, self.with.clone(), self.heard);
            return Some(Say::Here(Here { tag, last, with, heard, standing }));
        }
        let counted = self.heres.get(&self.own).map(|here| here.standing);
        let under_way = self.proposed.as_ref().and_then(|(_, standing)| *standing);
        let changed = self.complete && counted != Some(standing) && under_way != Some(standing);
        changed.then(|| self.propose(tag, Some(standing)))
    }

    /// Proposes to go on without `process`.
    pub(super) fn leave_out(&mut self, process: Process) -> Option<Say> {
        let mut tag = self.tag()?;
        let under_way =
            self.proposed.as_ref().is_some_and(|(tag, _)| tag.left_out.contains(&process));
        (!under_way && tag.left_out.insert(process)).then(|| self.propose(tag, None))
    }

    fn propose(&mut self, mut tag: Tag, standing: Option<Standing>) -> Say {
        if let Some((before, _)) = &self.proposed {
            tag.round = tag.round.max(before.round);
            tag.left_out.extend(&before.left_out);
        }
        tag.round += 1;
        self.proposed = Some((tag.clone(), standing));
        Say::Propose(tag)
    }

    /// An announcement was delivered.
    pub(super) fn seen(&mut self, from: Process, changes: u64) {
        if self.group.contains(&from) {
            self.announced.insert(from, changes);
            self.reopen();
        }
    }

    /// A proposal was delivered.
    pub(super) fn proposed(&mut self, tag: &Tag) -> Heard {
        self.raise(tag);
        if self.left_out.contains(&self.own) { Heard::LeftOut } else { Heard::Nothing }
    }

    /// Takes a higher tag for ours. Answers whether `tag` is the current one.
    fn raise(&mut self, tag: &Tag) -> bool {
        let Tag { ring, group, announced, round: _, left_out: _ } = tag;
        if self.ring != Some(*ring) || self.group != *group || self.announced != *announced {
            return false;
        }
        let round = self.round.max(tag.round);
        let left_out: BTreeSet<Process> = self.left_out.union(&tag.left_out).copied().collect();
        if (round, &left_out) != (self.round, &self.left_out) {
            (self.round, self.left_out) = (round, left_out);
            self.proposed = self.proposed.take().filter(|(tag, _)| tag.round > round);
            self.await_heres();
        }
        (self.round, &self.left_out) == (tag.round, &tag.left_out)
    }

    /// A process's word was delivered.
    pub(super) fn here(&mut self, from: Process, here: Here) -> Heard {
        let counts = self.raise(&here.tag);
        if self.left_out.contains(&self.own) {
            return Heard::LeftOut;
        }
        if !counts || self.complete || !self.members().contains(&from) {
            return Heard::Nothing;
        }
        self.heres.insert(from, here);
        let all = self.members().iter().all(|member| self.heres.contains_key(member));
        if all { Heard::Completed(self.conclude()) } else { Heard::Nothing }
    }

    fn conclude(&mut self) -> Vec<Membership> {
        let mut id = self.heres.values().map(|here| here.last.id).max().unwrap_or(0);
        let mut passed = Vec::new();
        for part in parts_that_diverged(&self.heres) {
            id += 1;
            if part.contains(&self.own) {
                passed.push(Membership { id, members: nodes(&part), quorum: Quorum::No });
            }
        }
        id += 1;
        let with = self.members();
        let quorum = quorum_of(self.heres.values().map(|here| here.standing));
        passed.push(Membership { id, members: nodes(&with), quorum });
        self.last = Completed { id, ring: self.ring.unwrap_or_default() };
        (self.with, self.heard, self.complete) = (with, 0, true);
        passed
    }
}

/// Stands for no ring: nobody else has been in a membership of it.
fn alone(own: Process) -> Ring {
    Ring { sequence: 0, representative: own.node }
}

/// Of members that come from one membership, those that stayed together and heard the same, if that
/// is not all of them. In an order that everyone finds.
fn parts_that_diverged(heres: &BTreeMap<Process, Here>) -> Vec<BTreeSet<Process>> {
    let mut origins: BTreeMap<Completed, BTreeSet<Process>> = BTreeMap::new();
    for (process, here) in heres {
        origins.entry(here.last).or_default().insert(*process);
    }
    let mut diverged = Vec::new();
    for claimants in origins.values() {
        let mut parts: BTreeMap<(BTreeSet<Process>, u64), BTreeSet<Process>> = BTreeMap::new();
        for process in claimants {
            if let Some(here) = heres.get(process) {
                let with = here.with.intersection(claimants).copied().collect();
                parts.entry((with, here.heard)).or_default().insert(*process);
            }
        }
        if parts.len() > 1 {
            diverged.extend(parts.into_values());
        }
    }
    diverged
}

fn nodes(processes: &BTreeSet<Process>) -> Vec<NodeId> {
    let nodes: BTreeSet<NodeId> = processes.iter().map(|process| NodeId(process.node)).collect();
    nodes.into_iter().collect()
}

#[cfg(test)]
mod tests;

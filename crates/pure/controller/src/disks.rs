//! When a change may be called done: when enough disks have it.
//!
//! A quorate membership takes edits only once its promise ([`Lineage`](crate::lineage::Lineage))
//! is on the disks of a quorum; edits that come earlier wait. Each member counts the edits of a
//! membership; a disk's answer is announced by that count. Edit 0 is the promise itself, with the
//! copy that the membership starts from.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeId, Quorum};
use wire::Message;
use wire::api::{Edit, Event, Refused, Reply};
use wire::peer::{Author, Submitted};

use crate::Controller;
use crate::input::{Effect, Record};

#[derive(Debug, Default)]
pub(crate) struct Disks {
    /// Delivered edits that wait for disks: their count and client.
    unstored: Vec<Unstored>,
    /// Edits that wait until the membership may edit at all.
    early: Vec<(NodeId, Submitted)>,
    /// Edits delivered in this membership.
    edits: u64,
    /// Which of them is the promise.
    promise: u64,
    /// Up to which edit each member's disk has answered.
    stored: BTreeMap<NodeId, u64>,
    /// Why members' disks took nothing when they were last asked.
    unwilling: BTreeMap<NodeId, String>,
    /// Which members' disks refused an edit.
    refused: BTreeMap<u64, BTreeMap<NodeId, String>>,
    /// Edits of this membership that stand, oldest first.
    standing: Vec<u64>,
    /// Of these, the ones that too many disks refused.
    failed: BTreeSet<u64>,
    /// What each ticket of our own disk stands for.
    tickets: BTreeMap<u64, Written>,
    next_ticket: u64,
    /// The disk misses something. Only a whole record mends that, and until it is there nothing
    /// else that the disk took counts.
    behind: Option<Mending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mending {
    /// No whole record was written since.
    Wanted,
    /// This ticket is a whole record.
    By(u64),
}

/// What our own disk was given. Counts begin anew with each membership, and a slow disk's answer
/// may come when the next one forms: a count without its membership says nothing.
#[derive(Clone, Copy, Debug)]
struct Written {
    membership: u64,
    /// Up to this edit.
    edit: u64,
}

#[derive(Debug)]
struct Unstored {
    edit: u64,
    client: u64,
    version: String,
    /// Given without quorum on purpose: the majority of who is here is enough.
    forced: bool,
}

/// Whether an edit may be applied now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MayEdit {
    Now,
    /// The promise is under way to the disks.
    Later,
    /// Too many disks did not take the promise.
    No,
    /// Too few members could keep it.
    TooFew,
    /// Who is absent may have a newer copy.
    MayBeOlder,
}

/// Whether an edit applies to what is on disk, too, where there is no status. What only looks as if it
/// did not costs a whole record.
fn is_of_configuration(edit: &Edit) -> bool {
    match edit {
        Edit::Create { parent, .. } => parent.starts_with("/cib/configuration"),
        Edit::Patch { xml } => !xml.contains("/cib/status"),
        // What is not there need not be deleted.
        Edit::Replace { .. } | Edit::Modify { .. } | Edit::Delete { .. } => true,
    }
}

impl Disks {
    pub(crate) fn gone(&mut self, client: u64) {
        self.unstored.retain(|unstored| unstored.client != client);
    }

    /// How many there were in this membership.
    pub(crate) fn edits(&self) -> u64 {
        self.edits
    }

    /// Whether this member's disk has this edit; number 0 is what the membership started from.
    pub(crate) fn has_answered(&self, member: NodeId, edit: u64) -> bool {
        self.stored.get(&member).is_some_and(|up_to| *up_to >= edit)
    }

    /// No member's disk refused what it was asked last.
    pub(crate) fn all_are_willing(&self) -> bool {
        self.unwilling.is_empty()
    }

    pub(crate) fn wait(&mut self, from: NodeId, submitted: Submitted) {
        self.early.push((from, submitted));
    }

    /// Edits that cannot wait any longer.
    pub(crate) fn take_early(&mut self) -> Vec<(NodeId, Submitted)> {
        std::mem::take(&mut self.early)
    }

    /// Counting starts anew. Edits that are in the copy that survived wait for this membership's
    /// first record; of others this node cannot say what became of them. Answers the edits that
    /// waited in vain.
    fn membership_changed(
        &mut self,
        copy_survived: bool,
        effects: &mut Vec<Effect>,
    ) -> Vec<(NodeId, Submitted)> {
        self.edits = 0;
        self.promise = 0;
        self.stored.clear();
        self.refused.clear();
        self.unwilling.clear();
        self.standing.clear();
        self.failed.clear();
        self.tickets.clear();
        for unstored in &mut self.unstored {
            unstored.edit = 0;
        }
        if !copy_survived {
            for Unstored { client, .. } in self.unstored.drain(..) {
                effects.push(Effect::Reply { client, reply: Reply::Refused(Refused::NotReady) });
            }
        }
        self.take_early()
    }

    /// Forgets of the edits that stand those that `needed` disks have: they are never taken back.
    /// Answers how many may still be.
    fn revocable(&mut self, needed: usize) -> usize {
        let stored = &self.stored;
        let on_disks = |edit: u64| stored.values().filter(|up_to| **up_to >= edit).count();
        self.standing.retain(|edit| on_disks(*edit) < needed);
        self.standing.len()
    }

    /// Answers those whose edit `needed` disks have, or `of_members` if it was forced. Without
    /// quorum (no `needed`) the others may go on without us: what was not forced waits until there
    /// is one.
    fn acknowledge(&mut self, needed: Option<usize>, of_members: usize, effects: &mut Vec<Effect>) {
        let stored = &self.stored;
        self.unstored.retain(|unstored| {
            let disks = stored.values().filter(|up_to| **up_to >= unstored.edit).count();
            let needed = if unstored.forced { Some(of_members) } else { needed };
            if needed.is_none_or(|needed| disks < needed) {
                return true;
            }
            let version = unstored.version.clone();
            effects.push(Effect::Reply { client: unstored.client, reply: Reply::Done { version } });
            false
        });
    }
}

impl Controller {
    /// How many disks must hold what is acknowledged: a majority of the cluster, so that every
    /// later majority has one of them; of the members, where fewer have quorum by another rule.
    pub(crate) fn disks_needed(&self) -> usize {
        let majority = self.majority();
        let members = self.fabric.members.len();
        if members >= majority || self.too_few_to_keep() { majority } else { members / 2 + 1 }
    }

    /// Of all nodes, in nodes.
    pub(crate) fn majority(&self) -> usize {
        self.identity.nodes.len() / 2 + 1
    }

    /// There is a majority of machines, but not of daemons that could keep an edit: another
    /// majority of machines may come without any of these.
    pub(crate) fn too_few_to_keep(&self) -> bool {
        let members = self.fabric.members.len();
        self.fabric.quorum == Quorum::Majority && members < self.majority()
    }

    /// Whether what is edited here is the cluster's.
    pub(crate) fn keeps_edits(&self) -> bool {
        self.fabric.is_quorate() && !self.too_few_to_keep() && self.missing_keepers().is_empty()
    }

    /// Whether enough disks have what is to be there before anything is edited.
    fn has_promised(&self) -> bool {
        let disks = &self.disks;
        let stored = disks.stored.values().filter(|up_to| **up_to >= disks.promise).count();
        stored >= self.disks_needed() && self.members_are_bound()
    }

    /// Whether a client's edit may be applied now.
    pub(crate) fn may_edit(&self, force: bool) -> MayEdit {
        if force && !self.keeps_edits() {
            return MayEdit::Now;
        }
        if self.too_few_to_keep() {
            return MayEdit::TooFew;
        }
        if !self.missing_keepers().is_empty() {
            let waits = self.only_proofs_are_missing();
            return if waits { MayEdit::Later } else { MayEdit::MayBeOlder };
        }
        if self.has_promised() {
            return MayEdit::Now;
        }
        let refusing = self.disks.refused.get(&self.disks.promise).map_or(0, BTreeMap::len);
        let possible = self.fabric.members.len().saturating_sub(refusing);
        let all = refusing == 0 || self.members_are_bound();
        if all && possible >= self.disks_needed() { MayEdit::Later } else { MayEdit::No }
    }

    /// Whose disks keep all from editing, and why.
    fn refusing_promise(&self) -> Vec<(String, &str)> {
        let blocks = self.keeps_edits() && self.may_edit(false) == MayEdit::No;
        let refusing = self.disks.refused.get(&self.disks.promise).filter(|_| blocks);
        let refusing = refusing.into_iter().flatten();
        refusing.map(|(id, reason)| (self.name_of(*id), reason.as_str())).collect()
    }

    /// The names of these nodes.
    pub(crate) fn unwritten(&self) -> Vec<String> {
        self.refusing_promise().into_iter().map(|(name, _)| name).collect()
    }

    pub(crate) fn why_not_promised(&self) -> String {
        let refusing = self.refusing_promise().into_iter();
        let refusing: Vec<String> =
            refusing.map(|(name, reason)| format!("{name}: {reason}")).collect();
        let what = "what this membership starts from must be written first";
        format!("{what} ({})", refusing.join("; "))
    }

    /// The names of members whose disks take nothing, each with why.
    pub(crate) fn unwilling(&self) -> Vec<(String, String)> {
        let all = self.disks.unwilling.iter();
        all.map(|(id, reason)| (self.name_of(*id), reason.clone())).collect()
    }

    /// Our own disk misses something: it is offered the whole again, each time somebody asks, and when
    /// there is room again.
    pub(crate) fn try_promise_again(&mut self) {
        if self.disks.behind == Some(Mending::Wanted) {
            self.persist_whole();
        }
    }

    /// What this membership starts from goes to every disk; what is acknowledged builds on it.
    pub(crate) fn restart_storing(&mut self, copy_survived: bool) {
        let in_vain = self.disks.membership_changed(copy_survived, &mut self.effects);
        for (from, submitted) in in_vain {
            self.refuse_change(from, &submitted, Refused::NotReady);
        }
        self.state.keep_earlier(1);
        self.persist_whole();
    }

    /// The same in the middle of a membership, which could not promise before.
    pub(crate) fn store_promise(&mut self) {
        self.disks.promise = self.store_whole();
    }

    /// What is remembered beside the document has changed. Answers the number under which disks have it.
    pub(crate) fn store_whole(&mut self) -> u64 {
        self.disks.edits += 1;
        self.persist_whole();
        self.disks.edits
    }

    fn persist_whole(&mut self) {
        self.persist(Record::Snapshot(self.whole()));
    }

    pub(crate) fn store_edit(
        &mut self,
        (edits, author): (&[Edit], &Author),
        client: Option<u64>,
        version: String,
        forced: bool,
    ) {
        self.disks.edits += 1;
        let edit = self.disks.edits;
        self.disks.standing.push(edit);
        if let Some(client) = client {
            self.disks.unstored.push(Unstored { edit, client, version, forced });
        }
        self.state.lineage = if self.keeps_edits() {
            self.state.lineage.edit()
        } else {
            let coordinator = self.phase.coordinator().unwrap_or(self.identity.id);
            self.state.lineage.edit_apart(self.place_of(coordinator))
        };
        let edited = self.state.document.version().unwrap_or_default();
        self.state.pedigree.edited(self.state.lineage, edited);
        let is_replayable = edits.iter().all(is_of_configuration);
        if self.disks.behind == Some(Mending::Wanted) || !is_replayable {
            return self.persist_whole();
        }
        let lineage = self.state.lineage.number();
        self.persist(Record::Edits {
            edits: wire::peer::encode_edits(edits, Some(author)),
            lineage,
        });
    }

    fn persist(&mut self, record: Record) {
        self.disks.next_ticket += 1;
        let ticket = self.disks.next_ticket;
        if self.disks.behind.is_some() && matches!(record, Record::Snapshot(_)) {
            self.disks.behind = Some(Mending::By(ticket));
        }
        let written = Written { membership: self.fabric.id, edit: self.disks.edits };
        self.disks.tickets.insert(ticket, written);
        self.effects.push(Effect::Persist { ticket, record });
    }

    // ---- our own disk ---------------------------------------------------------------------

    pub(crate) fn persisted(&mut self, ticket: u64) {
        let counts = match self.disks.behind {
            None => true,
            Some(Mending::Wanted) => false,
            Some(Mending::By(whole)) => ticket >= whole,
        };
        let Some(Written { membership, edit }) = self.disks.tickets.remove(&ticket) else { return };
        if counts {
            self.disks.behind = None;
            self.broadcast(Message::Stored { membership, up_to: edit });
        } else {
            let reason = "an earlier change is missing on this disk".to_owned();
            self.broadcast(Message::NotStored { membership, number: edit, reason });
        }
    }

    pub(crate) fn not_persisted(&mut self, ticket: u64, reason: String) {
        self.disks.behind = Some(match self.disks.behind {
            Some(Mending::By(whole)) if whole > ticket => Mending::By(whole),
            Some(Mending::By(_) | Mending::Wanted) | None => Mending::Wanted,
        });
        if let Some(Written { membership, edit }) = self.disks.tickets.remove(&ticket) {
            self.broadcast(Message::NotStored { membership, number: edit, reason });
        }
    }

    // ---- everybody's disks ----------------------------------------------------------------

    pub(crate) fn stored(&mut self, from: NodeId, up_to: u64) {
        let newest = self.disks.stored.entry(from).or_default();
        *newest = up_to.max(*newest);
        self.disks.unwilling.remove(&from);
        if up_to >= self.disks.promise {
            self.state.keepers.bind(from);
        }
        self.settle_base();
        // A whole record makes good what the disk had refused before.
        for (number, refusing) in &mut self.disks.refused {
            if *number <= up_to {
                refusing.remove(&from);
            }
        }
        let needed = self.disks_needed();
        let of_members = needed.min(self.fabric.members.len() / 2 + 1);
        let has_promised = self.keeps_edits() && self.has_promised();
        if has_promised {
            self.sightings.promise_is_kept(&self.fabric.members);
        }
        let unforced = has_promised.then_some(needed);
        self.disks.acknowledge(unforced, of_members, &mut self.effects);
        let revocable = self.disks.revocable(needed);
        self.state.keep_earlier(revocable + 1);
        if self.may_edit(false) == MayEdit::Now {
            for (from, submitted) in self.disks.take_early() {
                self.changed(from, submitted);
            }
        }
    }

    /// When so many disks refused an edit that it can never be acknowledged, everyone takes it
    /// back, as soon as no later edit stands on it.
    pub(crate) fn not_stored(&mut self, from: NodeId, number: u64, reason: &str) {
        self.disks.unwilling.insert(from, reason.to_owned());
        let needed = self.disks_needed();
        let disks = self.disks.stored.values().filter(|up_to| **up_to >= number).count();
        if disks >= needed {
            return; // acknowledged already
        }
        let refusing = self.disks.refused.entry(number).or_default();
        let is_news = refusing.insert(from, reason.to_owned()).is_none();
        let possible = self.fabric.members.len().saturating_sub(refusing.len());
        let reason = format!("{}: {reason}", self.name_of(from));
        if is_news && number == self.disks.promise && self.may_edit(false) == MayEdit::No {
            for (from, submitted) in self.disks.take_early() {
                let refused = Refused::NotStored { reason: reason.clone() };
                self.refuse_change(from, &submitted, refused);
            }
        }
        if !is_news || possible >= needed {
            return;
        }
        self.take_back_failed(number, &reason);
        let (lost, kept) = std::mem::take(&mut self.disks.unstored)
            .into_iter()
            .partition::<Vec<_>, _>(|unstored| number > 0 && unstored.edit == number);
        self.disks.unstored = kept;
        for Unstored { client, .. } in lost {
            let refused = Refused::NotStored { reason: reason.clone() };
            self.reply(client, Reply::Refused(refused));
        }
    }

    fn take_back_failed(&mut self, number: u64, reason: &str) {
        if self.disks.standing.contains(&number) {
            self.disks.failed.insert(number);
        }
        while let Some(newest) = self.disks.standing.pop() {
            if !self.disks.failed.remove(&newest) {
                self.disks.standing.push(newest);
                break;
            }
            self.state.take_back();
            let change = format!("edit {newest} of this membership, taken back");
            let reason = format!("too many disks did not take it: {reason}");
            self.report(self.now.wall, Event::Refused { user: String::new(), change, reason });
            self.disks.behind = Some(Mending::Wanted);
            self.think_again("an edit was taken back: the disks did not take it".to_owned());
        }
    }
}

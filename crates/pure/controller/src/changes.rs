//! Clients: their questions, their changes, and when a change may be called done.
//!
//! A change of the configuration is done when a majority of the members has it on disk. Each
//! member counts the edits of a membership; a disk's answer is announced by that count.

use std::collections::{BTreeMap, BTreeSet};

use model::NodeId;
use wire::Message;
use wire::api::{Change, Cluster, Edit, Event, Fencing, Refused, Reply, Request};
use wire::peer::{Evidence, Fenced, Submitted};

use crate::Controller;
use crate::coordinate::Coordination;
use crate::cut_off::who;
use crate::input::{Effect, Record};
use crate::state::{Named, invalid};

#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// Submitted changes of this node's clients that have not been delivered yet.
    submitted: BTreeMap<u64, u64>,
    next_request: u64,
    /// Delivered edits that wait for disks: their count and client.
    unstored: Vec<Unstored>,
    /// Edits delivered in this membership.
    edits: u64,
    /// Up to which edit each member's disk has answered.
    stored: BTreeMap<NodeId, u64>,
    /// Which members' disks refused an edit.
    refused: BTreeMap<u64, BTreeMap<NodeId, String>>,
    /// Edits of this membership that stand, oldest first.
    standing: Vec<u64>,
    /// Of these, the ones that too many disks refused.
    failed: BTreeSet<u64>,
    /// What each ticket of our own disk stands for.
    tickets: BTreeMap<u64, u64>,
    next_ticket: u64,
    /// The disk misses something. Only a whole record mends that, and until it is there nothing
    /// else that the disk took counts: the ticket of that record, once it was written.
    disk_behind: Option<Mending>,
    waiting_for_idle: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mending {
    /// No whole record was written since.
    Wanted,
    /// This ticket is a whole record.
    By(u64),
}

#[derive(Debug)]
struct Unstored {
    edit: u64,
    client: u64,
    version: String,
    /// Given without quorum on purpose: the majority of who is here is enough.
    forced: bool,
}

impl Clients {
    pub(crate) fn gone(&mut self, client: u64) {
        self.submitted.retain(|_, of| *of != client);
        self.unstored.retain(|unstored| unstored.client != client);
        self.waiting_for_idle.retain(|of| *of != client);
    }

    pub(crate) fn became_idle(&mut self, effects: &mut Vec<Effect>) {
        for client in self.waiting_for_idle.drain(..) {
            effects.push(Effect::Reply { client, reply: Reply::Idle });
        }
    }

    /// Counting starts anew. Edits that are in the copy that survived wait for this membership's
    /// first record; of others this node cannot say what became of them.
    pub(crate) fn membership_changed(&mut self, copy_survived: bool, effects: &mut Vec<Effect>) {
        self.edits = 0;
        self.stored.clear();
        self.refused.clear();
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
    }

    /// Answers those whose edit `majority` disks have. Without quorum the others may go on without
    /// us: what was not forced waits until there is one.
    fn acknowledge(&mut self, majority: usize, quorate: bool, effects: &mut Vec<Effect>) {
        let stored = &self.stored;
        self.unstored.retain(|unstored| {
            let disks = stored.values().filter(|up_to| **up_to >= unstored.edit).count();
            if disks < majority || !(quorate || unstored.forced) {
                return true;
            }
            let version = unstored.version.clone();
            effects.push(Effect::Reply { client: unstored.client, reply: Reply::Done { version } });
            false
        });
    }
}

impl Controller {
    pub(crate) fn asked(&mut self, client: u64, user: String, request: Request) {
        match request {
            Request::Document => {
                let xml = self.state.document.to_string();
                let cluster = self.cluster();
                self.reply(client, Reply::Document { xml, cluster });
            }
            Request::History { since } => {
                let entries = self.journal.since(since);
                self.reply(client, Reply::History { entries });
            }
            Request::WaitIdle if self.is_idle() => self.reply(client, Reply::Idle),
            Request::WaitIdle => self.clients.waiting_for_idle.push(client),
            Request::Change { change, force } => self.submit(client, user, change, force),
            Request::Undo { force } => match self.state.earlier.last() {
                None => self.reply(client, Reply::Refused(Refused::NothingToUndo)),
                Some(earlier) => {
                    let edit = Edit::Replace { xml: earlier.to_string() };
                    self.submit(client, user, Change::Edit { edits: vec![edit] }, force);
                }
            },
        }
    }

    fn submit(&mut self, client: u64, user: String, change: Change, force: bool) {
        if !self.is_formed() {
            return self.reply(client, Reply::Refused(Refused::NotReady));
        }
        if matches!(change, Change::Edit { .. }) && !self.fabric.quorate && !force {
            return self.reply(client, Reply::Refused(Refused::NoQuorum));
        }
        self.clients.next_request += 1;
        let request = self.clients.next_request;
        self.clients.submitted.insert(request, client);
        let at = self.now.wall;
        self.broadcast(Message::Change(Submitted { request, change, force, user, at }));
    }

    /// A change arrives in its turn: every member applies it, or refuses it, alike.
    pub(crate) fn changed(&mut self, from: NodeId, submitted: Submitted) {
        let Submitted { request, change, user, at, force } = submitted;
        let words = words(&change);
        let change = self.with_members(change);
        let result = self.apply_change(&change, &user, at);
        let client =
            if from == self.identity.id { self.clients.submitted.remove(&request) } else { None };
        let version = self.state.version_text();
        match result {
            Err(refused) => {
                let reason = format!("{refused:?}");
                self.report(at, Event::Refused { user, change: words, reason });
                if let Some(client) = client {
                    self.reply(client, Reply::Refused(refused));
                }
            }
            Ok(()) => {
                let cause = format!("{user}: {words}");
                self.report(at, Event::Changed { user, change: words, version: version.clone() });
                if let Change::Edit { edits } = &change {
                    self.store_edit(edits, client, version, force);
                } else if let Some(client) = client {
                    self.reply(client, Reply::Done { version });
                }
                self.think_again(cause);
            }
        }
    }

    /// Members that an edit leaves out of the configuration are put back: they are there, and the
    /// scheduler must know of them. As part of the edit, so that what disks replay is the same.
    fn with_members(&self, change: Change) -> Change {
        let Change::Edit { mut edits } = change else { return change };
        let members: Vec<Named> = self.fabric.members.iter().map(|id| self.named(*id)).collect();
        edits.extend(self.state.put_back(&edits, &members));
        Change::Edit { edits }
    }

    fn apply_change(&mut self, change: &Change, user: &str, at: i64) -> Result<(), Refused> {
        match change {
            Change::Edit { edits } => self.state.edit(edits)?,
            Change::Attribute { node, name, value } => {
                let node = self.known(node)?;
                self.state.set_attribute(&node, name, value.as_deref());
            }
            Change::Cleanup { resource, node } => {
                if let Some(node) = node {
                    self.known(node)?;
                }
                self.state.cleanup(resource.as_deref(), node.as_deref());
            }
            Change::Fence { node, action } => {
                let node = self.known(node)?;
                if !matches!(action.as_str(), "off" | "reboot" | "on") {
                    return Err(invalid(0, format!("expected off, reboot or on, found {action}")));
                }
                self.begin_fencing(&node.name, &node.id, action);
            }
            Change::ConfirmOff { node } => {
                let node = self.known(node)?;
                if node.member {
                    return Err(Refused::StillMember { node: node.name });
                }
                let fenced = Fenced {
                    request: 0,
                    incarnation: 0,
                    target: node.name,
                    target_id: node.id,
                    action: "off".to_owned(),
                    evidence: Some(Evidence::Operator { user: user.to_owned() }),
                    reason: String::new(),
                    at,
                };
                self.apply(self.identity.id, Message::Fenced(Box::new(fenced)));
            }
            Change::Shutdown { node } => {
                if self.known(node)?.name == self.identity.name.as_str() {
                    self.shutdown();
                }
            }
        }
        Ok(())
    }

    fn known(&self, name: &str) -> Result<Named, Refused> {
        match self.id_of(name) {
            Some(id) => Ok(self.named(id)),
            None => Err(Refused::UnknownNode { node: name.to_owned(), nearest: None }),
        }
    }

    // ---- disks ----------------------------------------------------------------------------

    fn store_edit(&mut self, edits: &[Edit], client: Option<u64>, version: String, forced: bool) {
        self.clients.edits += 1;
        let edit = self.clients.edits;
        self.clients.standing.push(edit);
        if let Some(client) = client {
            self.clients.unstored.push(Unstored { edit, client, version, forced });
        }
        let lineage = self.state.lineage;
        let record = if self.clients.disk_behind == Some(Mending::Wanted) {
            Record::Snapshot { configuration: self.state.configuration(), lineage }
        } else {
            Record::Edits { edits: wire::peer::encode_edits(edits), lineage }
        };
        self.persist(record);
    }

    /// Puts the newest edit, or the state from which the membership starts, on disk.
    pub(crate) fn persist(&mut self, record: Record) {
        self.clients.next_ticket += 1;
        let ticket = self.clients.next_ticket;
        if self.clients.disk_behind.is_some() && matches!(record, Record::Snapshot { .. }) {
            self.clients.disk_behind = Some(Mending::By(ticket));
        }
        self.clients.tickets.insert(ticket, self.clients.edits);
        self.effects.push(Effect::Persist { ticket, record });
    }

    pub(crate) fn persisted(&mut self, ticket: u64) {
        let counts = match self.clients.disk_behind {
            None => true,
            Some(Mending::Wanted) => false,
            Some(Mending::By(whole)) => ticket >= whole,
        };
        let Some(edit) = self.clients.tickets.remove(&ticket) else { return };
        if counts {
            self.clients.disk_behind = None;
            self.broadcast(Message::Stored { membership: self.fabric.id, up_to: edit });
        } else {
            let membership = self.fabric.id;
            let reason = "an earlier change is missing on this disk".to_owned();
            self.broadcast(Message::NotStored { membership, number: edit, reason });
        }
    }

    pub(crate) fn not_persisted(&mut self, ticket: u64, reason: String) {
        self.clients.disk_behind = Some(match self.clients.disk_behind {
            Some(Mending::By(whole)) if whole > ticket => Mending::By(whole),
            _ => Mending::Wanted,
        });
        let membership = self.fabric.id;
        if let Some(number) = self.clients.tickets.remove(&ticket) {
            self.broadcast(Message::NotStored { membership, number, reason });
        }
    }

    pub(crate) fn stored(&mut self, from: NodeId, up_to: u64) {
        let newest = self.clients.stored.entry(from).or_default();
        *newest = up_to.max(*newest);
        let majority = self.fabric.members.len() / 2 + 1;
        self.clients.acknowledge(majority, self.fabric.quorate, &mut self.effects);
    }

    /// When so many disks refused an edit that it can never be acknowledged, everyone takes it
    /// back, as soon as no later edit stands on it.
    pub(crate) fn not_stored(&mut self, from: NodeId, number: u64, reason: &str) {
        let majority = self.fabric.members.len() / 2 + 1;
        let refusing = self.clients.refused.entry(number).or_default();
        let is_news = refusing.insert(from, reason.to_owned()).is_none();
        let possible = self.fabric.members.len() - refusing.len();
        if !is_news || possible + 1 != majority {
            return;
        }
        self.clients.failed.insert(number);
        while let Some(newest) = self.clients.standing.pop() {
            if !self.clients.failed.remove(&newest) {
                self.clients.standing.push(newest);
                break;
            }
            self.state.take_back();
            let change = format!("edit {newest} of this membership, taken back");
            let reason = format!("too many disks did not take it: {reason}");
            self.report(self.now.wall, Event::Refused { user: String::new(), change, reason });
            self.clients.disk_behind = Some(Mending::Wanted);
            self.think_again("an edit was taken back: the disks did not take it".to_owned());
        }
        let reason = format!("{}: {reason}", self.name_of(from));
        let refused = Refused::NotStored { reason };
        let (lost, kept) = std::mem::take(&mut self.clients.unstored)
            .into_iter()
            .partition::<Vec<_>, _>(|unstored| unstored.edit == number);
        self.clients.unstored = kept;
        for Unstored { client, .. } in lost {
            self.reply(client, Reply::Refused(refused.clone()));
        }
    }

    // ---- answers --------------------------------------------------------------------------

    fn reply(&mut self, client: u64, reply: Reply) {
        self.effects.push(Effect::Reply { client, reply });
    }

    fn cluster(&self) -> Cluster {
        let outstanding = self.state.outstanding.iter();
        let running =
            outstanding.map(|entry| format!("{} on {}", entry.action.key, entry.node())).collect();
        let fencing = self.coordination.as_ref().map_or_else(Vec::new, Coordination::fencing);
        Cluster {
            node: self.identity.name.as_str().to_owned(),
            coordinator: self.phase.coordinator().map(|id| self.name_of(id)),
            quorate: self.fabric.quorate,
            members: self.member_names(),
            formed: self.is_formed(),
            idle: self.is_idle(),
            running,
            fencing,
            fencings: self.state.fencings.iter().map(fencing_entry).collect(),
        }
    }
}

fn fencing_entry(fenced: &Fenced) -> Fencing {
    Fencing {
        target: fenced.target.clone(),
        action: fenced.action.clone(),
        succeeded: fenced.evidence.is_some(),
        by: who(fenced),
        reason: fenced.reason.clone(),
        at: fenced.at,
    }
}

/// An element as people call it: its name and id.
fn element_words(xml: &str) -> String {
    cib::Document::parse(xml).map_or_else(
        |_| "an element".to_owned(),
        |parsed| format!("{} {}", parsed.root().name(), parsed.root().attr("id").unwrap_or("")),
    )
}

/// A change in a few words, for the record.
fn words(change: &Change) -> String {
    match change {
        Change::Edit { edits } => match edits.as_slice() {
            [Edit::Replace { .. }] => "configuration replaced".to_owned(),
            [Edit::Create { xml, .. }] => format!("{} created", element_words(xml)),
            [Edit::Modify { xml }] => format!("{} modified", element_words(xml)),
            [Edit::Delete { xpath }] => format!("{xpath} deleted"),
            edits => format!("configuration changed ({} edits)", edits.len()),
        },
        Change::Attribute { node, name, value: Some(value) } => {
            format!("attribute {name}={value} of {node}")
        }
        Change::Attribute { node, name, value: None } => {
            format!("attribute {name} of {node} removed")
        }
        Change::Cleanup { resource, node } => format!(
            "cleanup of {} on {}",
            resource.as_deref().unwrap_or("all resources"),
            node.as_deref().unwrap_or("all nodes")
        ),
        Change::Fence { node, action } => format!("fence {node} ({action})"),
        Change::ConfirmOff { node } => format!("{node} confirmed off"),
        Change::Shutdown { node } => format!("shutdown of {node}"),
    }
}

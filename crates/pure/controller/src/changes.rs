//! Clients: their questions, and their changes, which every member applies or refuses alike.

use std::collections::BTreeMap;

use model::NodeId;
use wire::Message;
use wire::api::{Caller, Change, Cluster, Edit, Event, Fencing, Refused, Reply, Request};
use wire::peer::{Author, Evidence, Fenced, Submitted};

use crate::Controller;
use crate::coordinate::Coordination;
use crate::cut_off::{Wish, who};
use crate::disks::MayEdit;
use crate::input::Effect;
use crate::state::{Named, invalid};
use crate::tickets;

#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// Submitted changes of this node's clients that have not been delivered yet.
    submitted: BTreeMap<u64, u64>,
    next_request: u64,
    waiting_for_idle: Vec<u64>,
}

impl Clients {
    pub(crate) fn gone(&mut self, client: u64) {
        self.submitted.retain(|_, of| *of != client);
        self.waiting_for_idle.retain(|of| *of != client);
    }

    pub(crate) fn became_idle(&mut self, effects: &mut Vec<Effect>) {
        for client in self.waiting_for_idle.drain(..) {
            effects.push(Effect::Reply { client, reply: Reply::Idle });
        }
    }
}

impl Controller {
    pub(crate) fn asked(&mut self, client: u64, caller: Caller, request: Request) {
        if !self.may_ask(&caller, &request) {
            return self.reply(client, Reply::Refused(Refused::NotPermitted));
        }
        match request {
            Request::Document => {
                let reply = match self.text_for(&caller) {
                    Some(xml) => {
                        let sees_all = self.sees_all(&caller);
                        Reply::Document { xml, cluster: self.cluster(sees_all) }
                    }
                    None => Reply::Refused(Refused::NotPermitted),
                };
                self.reply(client, reply);
            }
            Request::History { since } => {
                let entries = self.journal.since(since);
                self.reply(client, Reply::History { entries });
            }
            Request::WaitIdle if self.is_idle() => self.reply(client, Reply::Idle),
            Request::WaitIdle => self.clients.waiting_for_idle.push(client),
            Request::Describe { agent } => {
                self.effects.push(Effect::DescribeAgent { client, agent });
            }
            Request::Agents => self.effects.push(Effect::ListAgents { client }),
            Request::Change { change, force, based_on } => {
                self.submit(client, caller, change, force, based_on);
            }
            Request::Earlier => {
                let reply = match self.state.earlier_text() {
                    Some(xml) => Reply::Earlier { xml },
                    None => Reply::Refused(Refused::NothingToUndo),
                };
                self.reply(client, reply);
            }
            Request::Undo { force, based_on } => match self.state.earlier_text() {
                None => self.reply(client, Reply::Refused(Refused::NothingToUndo)),
                Some(xml) => {
                    let change = Change::Edit { edits: vec![Edit::Replace { xml }] };
                    let based_on = based_on.unwrap_or_else(|| self.state.version_text());
                    self.submit(client, caller, change, force, Some(based_on));
                }
            },
        }
    }

    fn submit(
        &mut self,
        client: u64,
        caller: Caller,
        change: Change,
        force: bool,
        based_on: Option<String>,
    ) {
        let based_on = match based_on.map(|text| edition(&text).ok_or(text)).transpose() {
            Ok(based_on) => based_on,
            Err(text) => {
                let what = format!("expected a version such as 0.3.17, found {text}");
                return self.reply(client, Reply::Refused(invalid(0, what)));
            }
        };
        if !self.is_formed() {
            return self.reply(client, Reply::Refused(Refused::NotReady));
        }
        if change == (Change::Edit { edits: Vec::new() }) {
            // It would be in the way of undo.
            return self.reply(client, Reply::Done { version: self.state.version_text() });
        }
        let is_kept = is_edit(&change) || matches!(change, Change::FabricFile { .. });
        if is_kept && !self.fabric.is_quorate() && !force {
            return self.reply(client, Reply::Refused(Refused::NoQuorum));
        }
        self.clients.next_request += 1;
        let request = self.clients.next_request;
        self.clients.submitted.insert(request, client);
        let at = self.now.wall;
        let Caller { name: user, groups, client } = caller;
        let submitted = Submitted { request, change, based_on, force, user, groups, client, at };
        self.broadcast(Message::Change(submitted));
    }

    /// A change arrives in its turn: every member applies it, or refuses it, alike.
    pub(crate) fn changed(&mut self, from: NodeId, submitted: Submitted) {
        if is_edit(&submitted.change) {
            match self.may_edit(submitted.force) {
                MayEdit::Now => {}
                MayEdit::Later => return self.disks.wait(from, submitted),
                MayEdit::No => {
                    let reason = self.why_not_promised();
                    self.refuse_change(from, &submitted, Refused::NotStored { reason });
                    return self.try_promise_again();
                }
                MayEdit::TooFew => {
                    let reason = format!(
                        "{} of {} nodes are here with their daemon, and it takes {} to keep it",
                        self.fabric.members.len(),
                        self.identity.nodes.len(),
                        self.majority(),
                    );
                    return self.refuse_change(from, &submitted, Refused::NotStored { reason });
                }
                MayEdit::MayBeOlder => {
                    let nodes = self.names_of_missing_keepers();
                    return self.refuse_change(from, &submitted, Refused::MayBeOlder { nodes });
                }
            }
        }
        let Submitted { request, change, based_on, user, groups, client, at, force } = submitted;
        let words = words(&change);
        let origin = self.name_of(from);
        let author = Author { user: user.clone(), client: client.clone(), origin, at };
        let caller = Caller { name: user, groups, client };
        let result = self.make_change(change, (&author, &caller), based_on, force);
        let user = caller.name;
        let client =
            if from == self.identity.id { self.clients.submitted.remove(&request) } else { None };
        let version = self.state.version_text();
        match result {
            Err(refused) => {
                let reason = why_refused(&refused);
                self.report(at, Event::Refused { user, change: words, reason });
                if let Some(client) = client {
                    self.reply(client, Reply::Refused(refused));
                }
            }
            Ok(change) => {
                let cause = format!("{user}: {words}");
                self.report(at, Event::Changed { user, change: words, version: version.clone() });
                if let Change::Edit { edits } = &change {
                    self.store_edit((edits, &author), client, version, force);
                } else if matches!(change, Change::FabricFile { .. }) {
                    self.await_file_writes(client);
                } else if let Some(client) = client {
                    self.reply(client, Reply::Done { version });
                }
                self.think_again(cause);
            }
        }
    }

    /// What was changed in the end.
    fn make_change(
        &mut self,
        change: Change,
        (author, caller): (&Author, &Caller),
        based_on: Option<(u64, u64)>,
        force: bool,
    ) -> Result<Change, Refused> {
        self.check_base(based_on)?;
        let change = tickets::as_edits(&self.state.document, change, author.at)?;
        self.permit(caller, &change)?;
        let change = self.with_members(change);
        self.apply_change(&change, author, force)?;
        Ok(change)
    }

    /// Refuses what was made for another configuration than the present one.
    fn check_base(&self, based_on: Option<(u64, u64)>) -> Result<(), Refused> {
        let (admin_epoch, epoch, _) = self.state.version();
        match based_on {
            Some(base) if base != (admin_epoch, epoch) => Err(Refused::Stale {
                yours: format!("{}.{}", base.0, base.1),
                current: format!("{admin_epoch}.{epoch}"),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// A change that cannot be applied: every member says no, and its client is told.
    pub(crate) fn refuse_change(&mut self, from: NodeId, submitted: &Submitted, refused: Refused) {
        let (user, change) = (submitted.user.clone(), words(&submitted.change));
        let reason = why_refused(&refused);
        self.report(submitted.at, Event::Refused { user, change, reason });
        if from == self.identity.id
            && let Some(client) = self.clients.submitted.remove(&submitted.request)
        {
            self.reply(client, Reply::Refused(refused));
        }
    }

    /// Members that an edit leaves out of the configuration are put back: they are there, and the
    /// scheduler must know of them. As part of the edit, so that what disks replay is the same.
    fn with_members(&self, change: Change) -> Change {
        let Change::Edit { mut edits } = change else { return change };
        let members: Vec<Named> = self.fabric.members.iter().map(|id| self.named(*id)).collect();
        edits.extend(self.state.put_back(&edits, &members));
        if self.has_watchdogs() {
            edits.extend(self.state.say_that_watchdogs_are_there(&edits));
        }
        Change::Edit { edits }
    }

    fn apply_change(
        &mut self,
        change: &Change,
        author: &Author,
        force: bool,
    ) -> Result<(), Refused> {
        let at = author.at;
        match change {
            Change::Edit { edits } => self.state.edit(edits, author)?,
            Change::Attribute { node, name, value, manner } => {
                let node = self.known(node)?;
                let wait = self.state.change_attribute(&node, name, value.as_deref(), manner);
                self.wait_to_write(wait);
            }
            Change::AttributeDelay { name, delay_ms } => self.delay_attribute(name, *delay_ms)?,
            Change::WriteAttributes => self.state.write_attributes(),
            Change::Cleanup { resource, node } => {
                if let Some(node) = node {
                    self.known(node)?;
                }
                self.state.cleanup(resource.as_deref(), node.as_deref());
            }
            Change::Fail { resource, node } => {
                let node = self.known(node)?;
                if !self.state.fail(resource, &node, at) {
                    let what = format!("{} does not know {resource}", node.name);
                    return Err(invalid(0, what));
                }
            }
            Change::Fence { node, action } => {
                let node = self.known(node)?;
                if !matches!(action.as_str(), "off" | "reboot" | "on") {
                    return Err(invalid(0, format!("expected off, reboot or on, found {action}")));
                }
                // Said by everybody at once, so that nobody takes the cluster for idle meanwhile.
                self.state.unsettle();
                let wish = Wish { action: action.clone(), ..Wish::default() };
                self.begin_fencing(&node.name, &node.id, wish);
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
                    evidence: Some(Evidence::Operator { user: author.user.clone() }),
                    reason: String::new(),
                    digests_all: None,
                    digests_secure: None,
                    at,
                    forgotten: false,
                };
                self.apply(self.identity.id, Message::Fenced(Box::new(fenced)));
            }
            Change::Shutdown { node } => {
                let node = self.known(node)?;
                // Said for it at once, so that nobody takes the cluster for idle meanwhile.
                self.state.set_attribute(&node, "shutdown", Some("1"));
                if node.name == self.identity.name.as_str() {
                    self.shutdown();
                }
            }
            Change::FabricFile { text } => self.change_fabric_file(text, force)?,
            Change::ForgetFencings { node } => self.state.forget_fencings(node.as_deref()),
            Change::WaitNoMore => self.wait_no_more(),
            // Is edits by now.
            Change::Ticket { .. } => {}
        }
        Ok(())
    }

    pub(crate) fn known(&self, name: &str) -> Result<Named, Refused> {
        match self.id_of(name) {
            Some(id) => Ok(self.named(id)),
            None => Err(Refused::UnknownNode { node: name.to_owned(), nearest: None }),
        }
    }

    // ---- answers --------------------------------------------------------------------------

    pub(crate) fn reply(&mut self, client: u64, reply: Reply) {
        self.effects.push(Effect::Reply { client, reply });
    }

    fn cluster(&self, sees_all: bool) -> Cluster {
        let outstanding = self.state.outstanding.iter();
        let running =
            outstanding.map(|entry| format!("{} on {}", entry.action.key, entry.node())).collect();
        let fencing = self.coordination.as_ref().map_or_else(Vec::new, Coordination::fencing);
        Cluster {
            node: self.identity.name.as_str().to_owned(),
            coordinator: self.phase.coordinator().map(|id| self.name_of(id)),
            quorate: self.fabric.is_quorate(),
            others_had_quorum: self.others_had_quorum(),
            awaited: self.awaited(),
            unwritten: self.unwritten(),
            unwilling: self.unwilling(),
            // Who carries effects out knows it.
            unsent: Vec::new(),
            carrier: None,
            disks_needed: self.disks_needed(),
            members: self.member_names(),
            formed: self.is_formed(),
            idle: self.is_idle(),
            running,
            fencing,
            fencings: self.state.told_fencings().map(fencing_entry).collect(),
            attributes: if sees_all { self.state.attributes.unwritten() } else { Vec::new() },
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

/// Which configuration a version of the document has: `admin_epoch` and `epoch`. What follows them
/// counts changes of the status.
fn edition(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.').map(str::parse);
    match (numbers.next()?, numbers.next()?) {
        (Ok(admin_epoch), Ok(epoch)) => Some((admin_epoch, epoch)),
        _ => None,
    }
}

/// A refusal in a few words, for the record.
pub(crate) fn why_refused(refused: &Refused) -> String {
    match refused {
        Refused::NoQuorum => "no quorum".to_owned(),
        Refused::NotReady => "the nodes are agreeing on their state".to_owned(),
        Refused::Stale { yours, current } => {
            format!("made for configuration {yours}, meanwhile it is {current}")
        }
        Refused::Invalid { violations } => violations.first().map_or_else(String::new, |first| {
            let more = match violations.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            format!("line {}: {}{more}", first.line, first.what)
        }),
        Refused::UnknownNode { node, .. } => format!("there is no node {node}"),
        Refused::NothingToUndo => "there is no earlier configuration".to_owned(),
        Refused::StillMember { node } => format!("{node} is a member"),
        Refused::MayBeOlder { nodes } => {
            format!("{} may have a newer configuration", nodes.join(", "))
        }
        Refused::NotStored { reason } => format!("the disks do not take it: {reason}"),
        Refused::NotPermitted => "not permitted".to_owned(),
    }
}

/// An element as people call it: its name and id.
fn element_words(xml: &str) -> String {
    cib::Document::parse(xml).map_or_else(
        |_| "an element".to_owned(),
        |parsed| format!("{} {}", parsed.root().name(), parsed.root().attr("id").unwrap_or("")),
    )
}

/// Whether it is one of the document, which takes what that takes.
fn is_edit(change: &Change) -> bool {
    matches!(change, Change::Edit { .. } | Change::Ticket { .. })
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
        Change::Attribute { node, name, value: Some(value), .. } => {
            // Who hears of the change need not be one who may know the value.
            let is_secret = agent::is_secret_by_name(name);
            format!("attribute {name}={} of {node}", if is_secret { "******" } else { value })
        }
        Change::Attribute { node, name, value: None, .. } => {
            format!("attribute {name} of {node} removed")
        }
        Change::AttributeDelay { name, delay_ms } => {
            format!("values of the attribute {name} wait for {delay_ms} ms")
        }
        Change::WriteAttributes => "waiting attributes written".to_owned(),
        Change::Cleanup { resource, node } => format!(
            "cleanup of {} on {}",
            resource.as_deref().unwrap_or("all resources"),
            node.as_deref().unwrap_or("all nodes")
        ),
        Change::Fail { resource, node } => format!("{resource} called failed on {node}"),
        Change::Fence { node, action } => format!("fence {node} ({action})"),
        Change::ConfirmOff { node } => format!("{node} confirmed off"),
        Change::Shutdown { node } => format!("shutdown of {node}"),
        Change::FabricFile { .. } => "nodes and links changed".to_owned(),
        Change::ForgetFencings { node } => {
            format!("past fencings of {} forgotten", node.as_deref().unwrap_or("all nodes"))
        }
        Change::Ticket { ticket, deed } => format!("ticket {ticket} {}", deed.words()),
        Change::WaitNoMore => "nodes that have not come are not waited for".to_owned(),
    }
}

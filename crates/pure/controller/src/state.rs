//! What every member holds alike: the document and what belongs to it.
//!
//! Every method here is called on every member with the same arguments in the same order, so it
//! uses nothing but those: no clock, no identity of its own.

use std::collections::BTreeMap;

use agent::ParameterKinds;
use cib::{Document, Element, NodeId as At, Section};
use fencing::Confirmed;
use model::{Action, ActionKind, Outcome};
use transition::record::{self, Lifetime, NodeRef, Run};
use wire::api::{Edit, Refused, Violation};
use wire::peer::{Author, Fenced, Order, Ran};

use crate::attributes::Attributes;
use crate::base::Base;
use crate::fabric_file::FabricFile;
use crate::input::Whole;
use crate::keepers::Keepers;
use crate::lineage::{Lineage, Pedigree};
use crate::outstanding::Outstanding;

/// Field word as in Pacemaker, whose controller writes it, too.
const HAVE_WATCHDOG: &str = "have-watchdog";

/// Fencings kept for the history.
const FENCINGS_MAX: usize = 500;

#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) document: Document,
    pub(crate) lineage: Lineage,
    pub(crate) pedigree: Pedigree,
    pub(crate) keepers: Keepers,
    /// Who had quorum last, where they decide.
    pub(crate) base: Base,
    pub(crate) fencings: Vec<Fenced>,
    /// Configurations before the last changes, oldest first: the newest for undo, and those before
    /// it that are to return if disks do not take what was changed since.
    pub(crate) earlier: Vec<Document>,
    pub(crate) outstanding: Outstanding,
    /// The file that names the nodes, where there is one.
    pub(crate) fabric_file: Option<FabricFile>,
    /// Passing attributes that are not simply written.
    pub(crate) attributes: Attributes,
    /// The last plan had nothing in it and nothing happened since.
    pub(crate) idle: bool,
    /// How many messages of this membership were applied: alike on all members.
    pub(crate) applied: u64,
    /// How many they were when something happened last.
    pub(crate) unsettled_at: u64,
}

/// A node as the membership names it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) member: bool,
}

impl State {
    /// Something happened that a plan is to be made for.
    pub(crate) fn unsettle(&mut self) {
        self.idle = false;
        self.unsettled_at = self.applied;
    }

    /// A membership begins: its messages are counted anew.
    pub(crate) fn count_anew(&mut self) {
        (self.applied, self.unsettled_at) = (0, 0);
    }

    pub(crate) fn version(&self) -> (u64, u64, u64) {
        let version = self.document.version().unwrap_or_default();
        (version.admin_epoch.into(), version.epoch.into(), version.num_updates.into())
    }

    pub(crate) fn version_text(&self) -> String {
        self.document.version().unwrap_or_default().to_string()
    }

    /// Tells equal copies from different ones (FNV-1a over the text).
    pub(crate) fn digest(&self) -> u64 {
        let text = self.document.to_string();
        let orders = self.outstanding.iter().flat_map(|entry| entry.order.transition_key.bytes());
        let earlier = self.earlier_text().unwrap_or_default();
        let bytes = text.bytes().chain(self.lineage.number().to_le_bytes()).chain(orders);
        let edited = self.pedigree.entries().iter().flat_map(|entry| {
            [entry.membership, entry.admin_epoch, entry.epoch]
                .into_iter()
                .flat_map(u32::to_le_bytes)
        });
        let bytes = bytes.chain(earlier.bytes()).chain(edited);
        let attributes = match self.attributes.to_wire().as_slice() {
            [] => String::new(),
            kept => format!("{kept:?}"),
        };
        let bytes = bytes.chain(attributes.bytes());
        // Who edits it by hand need not count editions.
        let file = self.fabric_file.as_ref().map_or(0, FabricFile::digest);
        fnv(bytes.chain(file.to_le_bytes()))
    }

    /// What the disk keeps.
    pub(crate) fn whole(&self) -> Whole {
        Whole {
            configuration: self.configuration(),
            earlier: self.earlier_text(),
            lineage: self.lineage.number(),
            pedigree: self.pedigree.entries().to_vec(),
            keepers: self.keepers.numbers(),
            base: self.base.to_wire(),
            doubtful: false,
        }
    }

    /// What undo goes back to.
    pub(crate) fn earlier_text(&self) -> Option<String> {
        self.earlier.last().map(Document::to_string)
    }

    /// Forgets all but the newest `count` earlier configurations.
    pub(crate) fn keep_earlier(&mut self, count: usize) {
        let surplus = self.earlier.len().saturating_sub(count);
        self.earlier.drain(..surplus);
    }

    /// The configuration as a document of its own.
    pub(crate) fn configuration(&self) -> String {
        self.configuration_alone().to_string()
    }

    fn configuration_alone(&self) -> Document {
        let mut whole = self.document.clone();
        if let Some(status) = whole.section(Section::Status).map(Element::id) {
            whole.clear(status);
        }
        whole
    }

    // ---- membership -----------------------------------------------------------------------

    /// Whether there was quorum and is none now: only then nodes are fenced for having none
    /// (`no-quorum-policy=fence`), and not those that come up one by one.
    pub(crate) fn mark_quorum_lost(&mut self, lost: bool) {
        let root = self.document.root().id();
        if lost {
            self.document.set(root, "no-quorum-panic", "1");
        } else {
            self.document.unset(root, "no-quorum-panic");
        }
    }

    /// Writes the membership into the status section. Who is lost keeps `expected="member"`, by
    /// which the scheduler knows that it must be fenced; who left had it set to `down`. Of whom this copy has
    /// only results or attributes, which came before it formed, it never saw: the scheduler takes it for
    /// that only while nothing says that it is offline.
    pub(crate) fn mark_membership(
        &mut self,
        nodes: &[Named],
        quorate: bool,
        keeps_edits: bool,
        coordinator: &str,
    ) {
        let mut configured = false;
        // A change of the configuration: the version that it makes must not outrank what the
        // others acknowledged meanwhile.
        for node in nodes.iter().filter(|node| node.member && keeps_edits) {
            configured |= self.ensure_configured(node);
        }
        let named: BTreeMap<&str, &Named> =
            nodes.iter().map(|node| (node.name.as_str(), node)).collect();
        for node in nodes.iter().filter(|node| node.member) {
            let state = self.node_state(node);
            for (name, value) in
                [("in_ccm", "true"), ("crmd", "online"), ("join", "member"), ("expected", "member")]
            {
                self.document.set(state, name, value);
            }
        }
        for state in self.states() {
            let name = self.document.element(state).attr("uname").unwrap_or_default();
            let is_member = named.get(name).is_some_and(|node| node.member);
            let is_remote = self.document.element(state).attr("remote_node").is_some();
            let was_seen = self.document.element(state).attr("expected").is_some();
            if !is_member && !is_remote && was_seen {
                self.attributes.forget(name);
                self.document.set(state, "in_ccm", "false");
                self.document.set(state, "crmd", "offline");
                self.forget_passing_attributes(state);
            }
        }
        let root = self.document.root().id();
        self.document.set(root, "have-quorum", if quorate { "1" } else { "0" });
        self.document.set(root, "dc-uuid", coordinator);
        self.bump(configured);
        self.unsettle();
    }

    /// A node that this copy takes for off was alive later: it is lost.
    pub(crate) fn mark_lost(&mut self, node: &Named) {
        let state = self.node_state(node);
        for (name, value) in
            [("in_ccm", "false"), ("crmd", "offline"), ("join", "member"), ("expected", "member")]
        {
            self.document.set(state, name, value);
        }
    }

    /// Whether a node is lost and not proven off: it may run anything.
    pub(crate) fn is_unclean(&self, name: &str) -> bool {
        self.is_absent_as(name, "member")
    }

    /// Whether a node was here, and was proven off since, or left.
    pub(crate) fn is_known_off(&self, name: &str) -> bool {
        self.is_absent_as(name, "down")
    }

    fn is_absent_as(&self, name: &str, expected: &str) -> bool {
        let status = self.document.section(Section::Status);
        let mut states = status.into_iter().flat_map(Element::children);
        states.any(|state| {
            state.attr("uname") == Some(name)
                && state.attr("in_ccm") == Some("false")
                && state.attr("expected") == Some(expected)
        })
    }

    /// That absent nodes were fenced, or left, says nothing any more: they are as if never seen,
    /// and `startup-fencing` decides.
    pub(crate) fn forget_who_was_down(&mut self, nodes: &[Named]) {
        let members: Vec<&str> =
            nodes.iter().filter(|node| node.member).map(|node| node.name.as_str()).collect();
        for state in self.states() {
            let element = self.document.element(state);
            let is_member = members.contains(&element.attr("uname").unwrap_or_default());
            let is_remote = element.attr("remote_node").is_some();
            if !is_member && !is_remote && element.attr("expected") == Some("down") {
                self.document.remove(state);
            }
        }
    }

    /// A node went in peace.
    pub(crate) fn mark_left(&mut self, node: &Named) {
        self.attributes.forget(&node.name);
        let state = self.node_state(node);
        self.mark_down(state);
        record::remove_observed(&mut self.document, state);
        self.bump(false);
    }

    /// What a node says of itself replaces what was thought of it.
    pub(crate) fn replace_observed(&mut self, node: &Named, own: Option<Element<'_>>) {
        self.attributes.forget(&node.name);
        let state = self.node_state(node);
        record::remove_observed(&mut self.document, state);
        for part in own.into_iter().flat_map(Element::children) {
            if part.is("lrm") || part.is("transient_attributes") {
                self.document.append_copy(state, part);
            }
        }
    }

    /// The node's own `node_state`, as text.
    pub(crate) fn observed(&self, name: &str) -> String {
        let status = self.document.section(Section::Status);
        status
            .and_then(|status| status.children().find(|state| state.attr("uname") == Some(name)))
            .map_or_else(String::new, |state| state.to_string())
    }

    // ---- actions --------------------------------------------------------------------------

    /// An order was given: the history says so before anything runs.
    pub(crate) fn ordered(&mut self, order: &Order) {
        let action = Action::from(order.action.clone());
        if action.primitive().is_some() {
            self.outstanding.begin(order.clone());
        }
        self.note_pending(&action, order);
        self.bump(false);
    }

    fn note_pending(&mut self, action: &Action, order: &Order) {
        let Some(node) = &action.node else { return };
        // What no agent does would stand in the place of the last thing that one did.
        let is_agents = matches!(action.kind, ActionKind::Resource(_));
        if !is_agents || matches!(action.task.as_str(), "cancel" | "delete") {
            return;
        }
        let run = Run {
            action,
            node,
            transition_key: &order.transition_key,
            call: 0,
            at: order.at,
            kinds: &ParameterKinds::default(),
        };
        record::record_pending(&mut self.document, &run);
    }

    /// An action ended; `false` if nobody had ordered it, as with a recurring one's later runs.
    pub(crate) fn ran(&mut self, action: &Action, ran: &Ran) -> bool {
        let Some(node) = &action.node else { return false };
        let was_ordered = self.outstanding.end(&action.work_key(), node.name.as_str());
        match (action.task.as_str(), action.primitive()) {
            ("delete" | "lrm_delete", Some(primitive)) => {
                let node = NodeRef { id: &node.id, name: node.name.as_str() };
                record::forget_resource(&mut self.document, &node, &primitive.id);
            }
            ("clear_failcount", Some(primitive)) => {
                let node = NodeRef { id: &node.id, name: node.name.as_str() };
                record::forget_failures(&mut self.document, &node, &primitive.id);
            }
            ("cancel", Some(primitive)) => {
                let place = NodeRef { id: &node.id, name: node.name.as_str() };
                let state = record::node_state(&mut self.document, &place);
                let agent = &primitive.agent;
                let history =
                    record::resource_history(&mut self.document, state, &primitive.id, agent);
                let task = action.meta("operation").unwrap_or("monitor");
                let ms = u64::try_from(action.interval().as_millis()).unwrap_or(u64::MAX);
                record::cancelled(&mut self.document, history, task, ms);
            }
            _ => {
                let wire::peer::ParameterKinds { restart, secret } = ran.kinds.clone();
                let run = Run {
                    action,
                    node,
                    transition_key: &ran.transition_key,
                    call: ran.call,
                    at: ran.at,
                    kinds: &ParameterKinds { restart, secret },
                };
                record::record_outcome(
                    &mut self.document,
                    &run,
                    &Outcome::from(ran.outcome.clone()),
                );
            }
        }
        // The history has one place for a resource's last change. An answer must not hide that
        // another order is under way: its end would be unknown, not its beginning.
        for later in self.outstanding.of(action.agent_resource().unwrap_or(""), node.name.as_str())
        {
            self.note_pending(&later.action, &later.order);
        }
        self.bump(false);
        was_ordered
    }

    // ---- fencing --------------------------------------------------------------------------

    /// A fencing ended. With proof that the node is off, what it ran may run elsewhere; unless it
    /// is back already in another life, which said itself what it runs.
    pub(crate) fn fenced(&mut self, fenced: &Fenced, still_gone: bool) {
        if self.fencings.len() == FENCINGS_MAX {
            self.fencings.remove(0);
        }
        self.fencings.push(fenced.clone());
        if let Some(proof) = Confirmed::announced(fenced).filter(|_| still_gone) {
            self.release(&proof);
        }
        if fenced.action == "on" && fenced.evidence.is_some() {
            let node = NodeRef { id: &fenced.target_id, name: &fenced.target };
            let digests = (fenced.digests_all.as_deref(), fenced.digests_secure.as_deref());
            record::record_unfenced(&mut self.document, &node, digests, fenced.at);
            self.bump(false);
        }
        self.unsettle();
    }

    /// Tells no more of past fencings, of a node or of all. They stay known: a daemon that was apart
    /// meanwhile must still learn that it was declared off.
    pub(crate) fn forget_fencings(&mut self, of: Option<&str>) {
        let meant = |fenced: &&mut Fenced| of.is_none_or(|node| fenced.target == node);
        self.fencings.iter_mut().filter(meant).for_each(|fenced| fenced.forgotten = true);
    }

    /// The past fencings that operators are told of, oldest first.
    pub(crate) fn told_fencings(&self) -> impl Iterator<Item = &Fenced> {
        self.fencings.iter().filter(|fenced| !fenced.forgotten)
    }

    /// The only way to free what a lost node held.
    fn release(&mut self, proof: &Confirmed) {
        let node = Named {
            id: proof.target_id().to_owned(),
            name: proof.target().to_owned(),
            member: false,
        };
        let state = self.node_state(&node);
        self.mark_down(state);
        record::remove_observed(&mut self.document, state);
        self.bump(false);
    }

    // ---- changes --------------------------------------------------------------------------

    /// Applies edits together or not at all.
    pub(crate) fn edit(&mut self, edits: &[Edit], author: &Author) -> Result<(), Refused> {
        let mut edited = crate::edits::apply(&self.document, edits)?;
        crate::author::sign(&self.document, &mut edited, author);
        // A copy without status, and without the room that removed nodes still take in this one.
        self.earlier.push(Document::extract(self.configuration_alone().root()));
        self.document = edited;
        self.unsettle();
        Ok(())
    }

    /// Edits to add to these, so that none of the members is left out of the configuration.
    pub(crate) fn put_back(&self, edits: &[Edit], members: &[Named]) -> Vec<Edit> {
        let removes = edits.iter().any(|edit| match edit {
            Edit::Replace { .. } | Edit::Patch { .. } | Edit::Delete { .. } => true,
            Edit::Create { .. } | Edit::Modify { .. } => false,
        });
        let after = if removes { crate::edits::apply(&self.document, edits).ok() } else { None };
        let Some(after) = after else { return Vec::new() };
        let known: Vec<(Option<&str>, Option<&str>)> = after
            .section(Section::Nodes)
            .into_iter()
            .flat_map(Element::children)
            .map(|node| (node.attr("id"), node.attr("uname")))
            .collect();
        let is_missing = |member: &&Named| {
            let same = |(id, name): &(Option<&str>, Option<&str>)| {
                *id == Some(&member.id) || *name == Some(&member.name)
            };
            !known.iter().any(same)
        };
        let create = |member: &Named| Edit::Create {
            parent: "/cib/configuration/nodes".to_owned(),
            xml: format!(
                "<node id=\"{}\" uname=\"{}\"/>",
                cib::escape_attribute(&member.id),
                cib::escape_attribute(&member.name)
            ),
        };
        members.iter().filter(is_missing).map(create).collect()
    }

    /// Every member's machine has a watchdog: if the configuration that these edits leave counts on
    /// that, it must say that there is one, for the scheduler takes it for a way to fence.
    pub(crate) fn say_that_watchdogs_are_there(&self, edits: &[Edit]) -> Option<Edit> {
        let after = crate::edits::apply(&self.document, edits).ok()?;
        let names = ["fencing-watchdog-timeout", "stonith-watchdog-timeout"];
        let wanted = names.into_iter().find_map(|name| option_pair(&after, name))?.attr("value")?;
        let has = option_pair(&after, HAVE_WATCHDOG);
        let said = has.and_then(|pair| pair.attr("value")) == Some("true");
        if said || wanted.trim().trim_matches('0').is_empty() {
            return None;
        }
        if let Some(id) = has.and_then(|pair| pair.attr("id")) {
            let id = cib::escape_attribute(id);
            return Some(Edit::Modify { xml: format!("<nvpair id=\"{id}\" value=\"true\"/>") });
        }
        // Where the other one is, so the set is there.
        let set = after.section(Section::CrmConfig)?.children().next()?;
        let id = cib::escape_attribute(set.attr("id")?);
        let xml = format!(
            "<nvpair id=\"{id}-{HAVE_WATCHDOG}\" name=\"{HAVE_WATCHDOG}\" value=\"true\"/>"
        );
        Some(Edit::Create { parent: format!("//crm_config/*[@id='{id}']"), xml })
    }

    /// The same of the configuration as it is.
    pub(crate) fn note_watchdogs(&mut self) {
        let edit = self.say_that_watchdogs_are_there(&[]);
        let edited = edit.and_then(|edit| crate::edits::apply(&self.document, &[edit]).ok());
        if let Some(edited) = edited {
            self.document = edited;
        }
    }

    /// Takes back the last edit: the disks did not take it.
    pub(crate) fn take_back(&mut self) {
        let Some(before) = self.earlier.pop() else { return };
        let version = self.document.version().unwrap_or_default();
        let mut back = Document::extract(before.root());
        let status = back.section_or_new(Section::Status);
        back.clear(status);
        for state in self.document.section(Section::Status).into_iter().flat_map(Element::children)
        {
            back.append_copy(status, state);
        }
        back.set_version(version.after_configuration_change());
        self.document = back;
        self.unsettle();
    }

    pub(crate) fn set_attribute(&mut self, node: &Named, name: &str, value: Option<&str>) {
        let node = NodeRef { id: &node.id, name: &node.name };
        record::set_attribute(&mut self.document, &node, Lifetime::Passing, name, value);
        self.bump(false);
        self.unsettle();
    }

    pub(crate) fn cleanup(&mut self, resource: Option<&str>, node: Option<&str>) {
        let known: Vec<String> = match resource {
            Some(resource) => vec![resource.to_owned()],
            None => self.histories(),
        };
        for resource in known {
            record::cleanup(&mut self.document, &resource, node);
        }
        self.bump(false);
        self.unsettle();
    }

    /// Records that a resource has failed on a node, as if it had been found so; `false` if the node
    /// knows nothing of it.
    pub(crate) fn fail(&mut self, resource: &str, node: &Named, at: i64) -> bool {
        let node = NodeRef { id: &node.id, name: &node.name };
        let failed = record::record_called_failed(&mut self.document, &node, resource, at);
        if failed {
            self.bump(false);
            self.unsettle();
        }
        failed
    }

    /// The value of a cluster option, if it is set.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        option_pair(&self.document, name)?.attr("value")
    }

    // ---- parts ----------------------------------------------------------------------------

    /// Passing attributes end with the node. Above all `shutdown`: with it, the scheduler would take
    /// a node that died while it was leaving for one that left.
    fn forget_passing_attributes(&mut self, state: At) {
        let attributes = self.document.element(state).child("transient_attributes");
        if let Some(attributes) = attributes.map(Element::id) {
            self.document.remove(attributes);
        }
    }

    fn mark_down(&mut self, state: At) {
        for (name, value) in
            [("in_ccm", "false"), ("crmd", "offline"), ("join", "down"), ("expected", "down")]
        {
            self.document.set(state, name, value);
        }
    }

    /// Ids of every resource that any node remembers.
    fn histories(&self) -> Vec<String> {
        let mut found: Vec<String> = self
            .document
            .section(Section::Status)
            .into_iter()
            .flat_map(Element::descendants)
            .filter(|element| element.is("lrm_resource"))
            .filter_map(|history| history.attr("id").map(str::to_owned))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// Adds the node to the configuration when it is first seen; answers whether it did.
    fn ensure_configured(&mut self, node: &Named) -> bool {
        let nodes = self.document.section_or_new(Section::Nodes);
        let mut known = self.document.element(nodes).children();
        if known.any(|known| known.attr("uname") == Some(&node.name)) {
            return false;
        }
        let made = self.document.append(nodes, "node");
        self.document.set(made, "id", &node.id);
        self.document.set(made, "uname", &node.name);
        true
    }

    fn node_state(&mut self, node: &Named) -> At {
        record::node_state(&mut self.document, &NodeRef { id: &node.id, name: &node.name })
    }

    fn states(&self) -> Vec<At> {
        let status = self.document.section(Section::Status);
        status.into_iter().flat_map(Element::children).map(Element::id).collect()
    }

    pub(crate) fn bump(&mut self, configuration: bool) {
        let version = self.document.version().unwrap_or_default();
        self.document.set_version(if configuration {
            version.after_configuration_change()
        } else {
            version.after_status_change()
        });
    }
}

/// A refusal with one thing to say.
/// FNV-1a.
pub(crate) fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

pub(crate) fn invalid(line: u32, what: impl Into<String>) -> Refused {
    Refused::Invalid { violations: vec![Violation { line, what: what.into(), hint: None }] }
}

fn option_pair<'d>(document: &'d Document, name: &str) -> Option<Element<'d>> {
    document
        .section(Section::CrmConfig)?
        .descendants()
        .filter(|element| element.is("nvpair"))
        .find(|pair| pair.attr("name") == Some(name))
}

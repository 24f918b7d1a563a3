//! After every change of the membership: everyone says what it knows, the best copy of the state
//! is taken by all, and its owner coordinates.
//!
//! The owner of the best copy is found by every member alike: the highest lineage (a copy that was
//! with the quorum wins), then the highest version, then the old coordinator, then the lowest
//! number. If copies differ, the owner sends its own; what another had written is set aside.
//!
//! Field word: Pacemaker *DC election* and *join*.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cib::Document;
use model::{NodeId, Quorum, Tick, parse_interval};
use wire::Message;
use wire::api::Event;
use wire::peer::{Hello, Snapshot};

use crate::attributes::Attributes;
use crate::coordinate::Coordination;
use crate::input::{Effect, ExitReason};
use crate::lineage::{Lineage, Pedigree};
use crate::outstanding::Outstanding;
use crate::self_fencing::Promise;
use crate::state::Named;
use crate::timers::Ring;
use crate::{Controller, Fabric};

/// How far the membership has come.
#[derive(Debug)]
pub(crate) enum Phase {
    /// No membership yet.
    Apart,
    /// Members introduce themselves. Everything else waits in `queued`.
    Forming {
        hellos: BTreeMap<NodeId, Hello>,
        queued: Vec<(NodeId, Message)>,
    },
    Formed {
        coordinator: NodeId,
    },
}

impl Phase {
    pub(crate) fn coordinator(&self) -> Option<NodeId> {
        match self {
            Self::Apart | Self::Forming { .. } => None,
            Self::Formed { coordinator } => Some(*coordinator),
        }
    }
}

impl Controller {
    pub(crate) fn membership(&mut self, id: u64, members: Vec<NodeId>, quorum: Quorum) {
        let coordinating = self.is_coordinator();
        self.leave_ordered = None;
        self.reports_under_way = 0;
        let unheard = match std::mem::replace(&mut self.phase, Phase::Apart) {
            Phase::Forming { queued, .. } => queued,
            Phase::Apart | Phase::Formed { .. } => Vec::new(),
        };
        // The fabric delivered these to all who are still here; who comes now gets a snapshot.
        for (from, message) in unheard {
            self.apply(from, message);
        }
        let members = members.into_iter().collect();
        let counts = quorum.is_quorate() && !self.remembers_others(&members, quorum);
        let goes_on = counts && self.goes_on_before_hellos();
        let judged = self.before_hellos(quorum);
        self.fabric =
            Fabric { id, members, quorum: judged, said: quorum, goes_on, ..Fabric::default() };
        let still_quorate = self.still_quorate;
        self.still_quorate &= counts;
        self.note_who_is_absent();
        self.phase = Phase::Forming { hellos: BTreeMap::new(), queued: Vec::new() };
        let hello = Hello {
            membership: id,
            incarnation: self.identity.incarnation,
            name: self.identity.name.as_str().to_owned(),
            lineage: self.state.lineage.number(),
            version: self.state.version(),
            digest: self.state.digest(),
            coordinating,
            seen_quorum: self.seen_quorum,
            still_quorate,
            known_to_quorum: self.sightings.is_known_to_quorum(self.identity.id),
            sightings: self.sightings.told(),
            watchdog: self.identity.watchdog.is_some(),
            formed_with: self.formed_with.iter().map(|id| id.0).collect(),
            keepers: self.state.keepers.numbers(),
            bound: self.state.keepers.bound_to_me(),
            base: self.state.base.to_wire(),
            doubtful: self.doubtful,
            settling_ms: self.settling_ms(),
            node_state: self.state.observed(self.identity.name.as_str()),
            orders: self.operations.orders(),
        };
        self.broadcast(Message::Hello(Box::new(hello)));
    }

    /// What arrives while the membership forms.
    pub(crate) fn delivered_while_forming(&mut self, from: NodeId, message: Message) {
        let Phase::Forming { hellos, queued } = &mut self.phase else { return };
        match message {
            Message::Hello(hello) => {
                if hello.membership == self.fabric.id && self.fabric.members.contains(&from) {
                    hellos.insert(from, *hello);
                    self.all_introduced();
                }
            }
            Message::Snapshot(snapshot) => {
                if snapshot.membership == self.fabric.id {
                    self.adopt(&snapshot);
                }
            }
            Message::Beat { watchdog_ms, outlasts_ms, file, sent_us } => {
                let promise = Promise::said(watchdog_ms, outlasts_ms);
                self.beaten(from, promise, file, Tick(sent_us));
            }
            other @ (Message::Change(_)
            | Message::Stored { .. }
            | Message::NotStored { .. }
            | Message::Run(_)
            | Message::Ran(_)
            | Message::FenceRun(_)
            | Message::FenceRan(_)
            | Message::Fenced(_)
            | Message::Planned(_)
            | Message::ShutdownWanted
            | Message::Leaving
            | Message::FabricFileStored { .. }
            | Message::FabricFileEdited { .. }
            | Message::WriteAttribute { .. }) => queued.push((from, other)),
        }
    }

    fn all_introduced(&mut self) {
        let Phase::Forming { hellos, .. } = &self.phase else { return };
        if !self.fabric.members.iter().all(|member| hellos.contains_key(member)) {
            return;
        }
        let Some(source) = best(hellos) else { return };
        let equal = hellos.values().all(|hello| Some(hello.digest) == digest_of(hellos, source));
        if equal {
            self.form(source);
        } else if source == self.identity.id {
            let snapshot = Snapshot {
                membership: self.fabric.id,
                document: self.state.document.to_string(),
                lineage: self.state.lineage.number(),
                pedigree: self.state.pedigree.entries().to_vec(),
                earlier: self.state.earlier_text(),
                fencings: self.state.fencings.clone(),
                orders: self.state.outstanding.orders(),
                fabric_file: self.state.fabric_file.as_ref().map(|file| file.text().to_owned()),
                attributes: self.state.attributes.to_wire(),
            };
            self.broadcast(Message::Snapshot(Box::new(snapshot)));
        }
    }

    fn adopt(&mut self, snapshot: &Snapshot) {
        let Phase::Forming { hellos, .. } = &self.phase else { return };
        let Some(source) = best(hellos) else { return };
        let me = self.identity.id;
        let mine_differs = digest_of(hellos, me) != digest_of(hellos, source);
        if source != me && mine_differs {
            let Ok(document) = Document::parse(&snapshot.document) else { return };
            self.set_aside_what_others_lack(snapshot, &document);
            self.state.document = document;
            self.state.lineage = Lineage::from_number(snapshot.lineage);
            self.state.pedigree = Pedigree::new(snapshot.pedigree.clone());
            let earlier = snapshot.earlier.as_deref().map(Document::parse);
            self.state.earlier = earlier.into_iter().flatten().collect();
            self.state.fencings.clone_from(&snapshot.fencings);
            self.state.outstanding = Outstanding::from_orders(snapshot.orders.clone());
            self.adopt_fabric_file(snapshot.fabric_file.as_deref());
            self.state.attributes = Attributes::from_wire(snapshot.attributes.clone());
        }
        if self.was_declared_off() {
            self.effects.push(Effect::Exit { reason: ExitReason::Fenced });
            return;
        }
        self.form(source);
    }

    /// A configuration with edits that the others' copy has not is kept for the operator.
    fn set_aside_what_others_lack(&mut self, snapshot: &Snapshot, theirs: &Document) {
        if Pedigree::new(snapshot.pedigree.clone()).includes(&self.state.pedigree) {
            return;
        }
        let mine = self.state.document.version().unwrap_or_default();
        let theirs = theirs.version().unwrap_or_default();
        let reason = format!(
            "this node's configuration {}.{} was written apart from the others, whose copy is {}.{}",
            mine.admin_epoch, mine.epoch, theirs.admin_epoch, theirs.epoch
        );
        let document = self.state.configuration();
        self.effects.push(Effect::SetAside { document, reason: reason.clone() });
        self.report(self.now.wall, Event::SetAside { reason });
    }

    fn was_declared_off(&self) -> bool {
        self.state.fencings.iter().any(|fenced| {
            fenced.incarnation == self.identity.incarnation
                && fenced.target == self.identity.name.as_str()
                && fencing::Confirmed::announced(fenced).is_some()
        })
    }

    /// Everyone holds the same state now; what follows is done by everyone alike.
    fn form(&mut self, source: NodeId) {
        let Phase::Forming { hellos, queued } = std::mem::replace(&mut self.phase, Phase::Apart)
        else {
            return;
        };
        let copy_survived = digest_of(&hellos, self.identity.id) == digest_of(&hellos, source);
        let lost: Vec<NodeId> =
            self.formed_with.difference(&self.fabric.members).copied().collect();
        self.take_self_reports(&hellos, source);
        self.judge_by_base(&hellos);
        self.agree_on_keepers(&hellos);
        if self.keeps_edits() {
            self.promise(source);
        }
        self.state.count_anew();
        let nodes: Vec<Named> = self.identity.nodes.iter().map(|(id, _)| self.named(*id)).collect();
        if self.others_may_have_acted(hellos.get(&source)) {
            self.state.forget_who_was_down(&nodes);
        }
        self.compare_sightings(&hellos, source);
        // All write down what they start from.
        self.seek_beyond_half();
        let keeps_edits = self.keeps_edits();
        let quorate = self.fabric.is_quorate();
        let had_quorum = hellos.get(&source).is_some_and(|hello| hello.seen_quorum);
        self.state.mark_quorum_lost(had_quorum && !quorate);
        self.state.mark_membership(&nodes, quorate, keeps_edits, &source.to_string());
        self.still_quorate = quorate;
        self.seen_quorum |= quorate;
        self.all_have_watchdogs = hellos.values().all(|hello| hello.watchdog);
        if keeps_edits && self.has_watchdogs() {
            self.state.note_watchdogs();
        }
        self.note_cold_start(&hellos);
        self.formed_with = self.fabric.members.clone();
        for (id, hello) in &hellos {
            if self.lives.get(id) != Some(&hello.incarnation) {
                self.forget_promise(*id);
            }
        }
        self.lives.extend(hellos.iter().map(|(id, hello)| (*id, hello.incarnation)));
        self.phase = Phase::Formed { coordinator: source };
        self.report_membership(source, &lost);
        self.report_missing_keepers();
        self.restart_storing(copy_survived);
        self.answer_file_writes();
        if source == self.identity.id {
            self.coordination.get_or_insert_with(Coordination::default).membership_changed();
            self.await_answers();
        } else {
            self.coordination = None;
        }
        self.wait_anew();
        for (from, message) in queued {
            self.apply(from, message);
        }
        if self.stopping {
            self.broadcast(Message::ShutdownWanted);
        }
        self.offer_file();
    }

    /// Who comes anew knows better than we what it runs: nothing, after a start of its daemon.
    fn take_self_reports(&mut self, hellos: &BTreeMap<NodeId, Hello>, source: NodeId) {
        for (id, hello) in hellos {
            let fresh = hello.formed_with.is_empty();
            let apart = digest_of(hellos, *id) != digest_of(hellos, source);
            if fresh || apart {
                let node = self.named(*id);
                let own = Document::parse(&hello.node_state).ok().filter(|_| !fresh);
                self.state.replace_observed(&node, own.as_ref().map(Document::root));
                self.state.outstanding.replace(*id, hello.orders.clone());
            }
        }
        for (id, _) in &self.identity.nodes {
            if !hellos.contains_key(id) {
                self.state.outstanding.replace(*id, Vec::new());
            }
        }
    }

    /// When the whole cluster starts, nodes come one by one. Nobody is fenced for being a little
    /// later than the others: the first plan waits for all, or for `dc-deadtime`. That some have
    /// met already without quorum changes nothing.
    fn note_cold_start(&mut self, hellos: &BTreeMap<NodeId, Hello>) {
        let configured: BTreeSet<NodeId> = self.identity.nodes.iter().map(|(id, _)| *id).collect();
        if configured.is_subset(&self.fabric.members) {
            self.settle_until = None;
            return;
        }
        // Who has quorum already and still waits is no more than a little earlier.
        let starts = |hello: &Hello| !hello.seen_quorum || hello.settling_ms.is_some();
        if hellos.values().all(starts) && self.settle_until.is_none() {
            /// Source: `dc-deadtime`'s default in Pacemaker Explained.
            const DEADTIME: Duration = Duration::from_secs(20);
            let rest = hellos.values().filter_map(|hello| hello.settling_ms).min();
            let wait = self.state.option("dc-deadtime").and_then(parse_interval);
            let wait = rest.map_or(wait.unwrap_or(DEADTIME), Duration::from_millis);
            let until = self.now.tick.after(wait);
            self.settle_until = Some(until);
            self.set_timer(until, Ring::Recheck);
        }
    }

    /// Who has not come by now is lost.
    pub(crate) fn wait_no_more(&mut self) {
        self.settle_until = None;
        self.go_on_without_previous();
        self.think_again("an operator waits no more for who has not come".to_owned());
    }

    /// How long the first plan still waits.
    fn settling_ms(&self) -> Option<u64> {
        let rest = self.settle_until?.since(self.now.tick);
        u64::try_from(rest.as_millis()).ok().filter(|rest| *rest > 0)
    }

    pub(crate) fn report_membership(&mut self, coordinator: NodeId, lost: &[NodeId]) {
        let event = Event::Membership {
            members: self.member_names(),
            lost: lost.iter().map(|id| self.name_of(*id)).collect(),
            quorate: self.fabric.is_quorate(),
        };
        self.report(self.now.wall, event);
        let node = self.name_of(coordinator);
        self.report(self.now.wall, Event::Coordinator { node });
    }
}

fn digest_of(hellos: &BTreeMap<NodeId, Hello>, id: NodeId) -> Option<u64> {
    hellos.get(&id).map(|hello| hello.digest)
}

/// Whose copy of the state everyone takes.
fn best(hellos: &BTreeMap<NodeId, Hello>) -> Option<NodeId> {
    let rank = |id: &NodeId, hello: &Hello| {
        let lineage = Lineage::from_number(hello.lineage).rank();
        (lineage, hello.version, hello.coordinating, std::cmp::Reverse(*id))
    };
    hellos.iter().max_by_key(|(id, hello)| rank(id, hello)).map(|(id, _)| *id)
}

//! What a delivered message changes: first for everybody alike, then for the one it concerns.

use model::{Action, ActionKind, NodeId, Tick};
use wire::Message;
use wire::api::Event;
use wire::peer::{Evidence, Fenced, Order, Planned, Ran};

use crate::Controller;
use crate::forming::Phase;
use crate::input::{Effect, ExitReason};
use crate::self_fencing::Promise;

impl Controller {
    pub(crate) fn delivered(&mut self, from: NodeId, message: Message) {
        match &self.phase {
            Phase::Apart => {}
            Phase::Forming { .. } => self.delivered_while_forming(from, message),
            Phase::Formed { .. } => self.apply(from, message),
        }
    }

    /// Applies a message in its turn.
    pub(crate) fn apply(&mut self, from: NodeId, message: Message) {
        // Those are not kept for later while a membership forms, and would be counted by some only.
        let is_alike =
            !matches!(message, Message::Hello(_) | Message::Snapshot(_) | Message::Beat { .. });
        self.state.applied += u64::from(is_alike);
        match message {
            // These belong to a membership that is no longer being formed.
            Message::Hello(_) | Message::Snapshot(_) => {}
            Message::Change(submitted) => self.changed(from, submitted),
            // Edits are counted anew in every membership.
            Message::Stored { membership, .. } | Message::NotStored { membership, .. }
                if membership != self.fabric.id => {}
            Message::Stored { up_to, .. } => self.stored(from, up_to),
            Message::NotStored { number, reason, .. } => self.not_stored(from, number, &reason),
            Message::Run(order) => self.ordered(*order),
            Message::Ran(ran) => self.ran(from, *ran),
            Message::FenceRun(run) => self.fence_run(*run),
            Message::FenceRan(ran) => self.fence_ran(*ran),
            Message::Fenced(fenced) => self.fenced(*fenced),
            Message::Planned(planned) => self.planned(*planned),
            Message::Beat { watchdog_ms, outlasts_ms, file, sent_us } => {
                let promise = Promise::said(watchdog_ms, outlasts_ms);
                self.beaten(from, promise, file, Tick(sent_us));
            }
            Message::ShutdownWanted => self.shutdown_wanted(from),
            Message::Leaving => self.left(from),
            Message::FabricFileStored { edition, refused } => {
                self.fabric_file_stored(from, edition, refused);
            }
            Message::WriteAttribute { name, changes } => self.write_waiting(&name, changes),
            Message::FabricFileEdited { replaces, text, at } => {
                self.fabric_file_edited(from, replaces, &text, at);
            }
        }
    }

    fn ordered(&mut self, order: Order) {
        if order.membership != self.fabric.id {
            return;
        }
        let action = Action::from(order.action.clone());
        self.state.ordered(&order);
        let to_me = NodeId(order.to) == self.identity.id;
        let node = action.node.as_ref().map_or("", |node| node.name.as_str()).to_owned();
        self.report(order.at, Event::Started { action: action.key.clone(), node: node.clone() });
        if let Some(coordination) = &mut self.coordination {
            coordination.order_delivered(&action.work_key(), &node);
        }
        match (&action.kind, action.task.as_str()) {
            (ActionKind::Bookkeeping(_), "do_shutdown") if to_me => {
                self.leave_ordered = Some(order)
            }
            (ActionKind::Bookkeeping(_), "do_shutdown") => {}
            (ActionKind::Bookkeeping(_), _) => self.keep_books(&order, &action, &node),
            (ActionKind::Resource(_), _) if to_me => {
                let acts = self.operations.order(self.now.tick, order, self.now.wall);
                self.act(acts);
            }
            (ActionKind::Resource(_) | ActionKind::Milestone | ActionKind::Fence, _) => {}
        }
    }

    /// Bookkeeping runs nothing anywhere: every member does it to its own copy, at once.
    fn keep_books(&mut self, order: &Order, action: &Action, node: &str) {
        let done = Ran {
            transition_key: order.transition_key.clone(),
            action: order.action.clone(),
            call: 0,
            outcome: wire::action::Outcome::from(&model::Outcome::done(model::OcfCode::OK)),
            kinds: wire::peer::ParameterKinds::default(),
            at: order.at,
        };
        if matches!(action.task.as_str(), "clear_failcount" | "lrm_delete") {
            self.state.ran(action, &done);
        }
        self.finish_action(&action.work_key(), node, true);
    }

    fn ran(&mut self, from: NodeId, ran: Ran) {
        if from == self.identity.id {
            self.reports_under_way = self.reports_under_way.saturating_sub(1);
        }
        let action = Action::from(ran.action.clone());
        let outcome = model::Outcome::from(ran.outcome.clone());
        let was_ordered = self.state.ran(&action, &ran);
        let node = action.node.as_ref().map_or("", |node| node.name.as_str()).to_owned();
        let expected = model::OcfCode(action.expected_code());
        let failed = transition::record::failed(&outcome, expected);
        self.report(
            ran.at,
            Event::Finished {
                action: action.key.clone(),
                node: node.clone(),
                code: outcome.code.0,
                status: outcome.status.words().to_owned(),
                reason: outcome.reason.clone(),
                ms: outcome.exec_ms,
                expected: !failed,
            },
        );
        if action.task == "do_shutdown" {
            self.finish_leave(&node, false);
        }
        let was_awaited = self.finish_action(&action.work_key(), &node, !failed);
        let is_waited_for = self.is_waited_for(&action);
        if failed || !was_ordered || !was_awaited || is_waited_for {
            self.state.unsettle();
            self.think_again(if failed {
                crate::cause::of_surprise(&action, &node, &outcome)
            } else {
                format!("{} on {node} reported a change", action.key)
            });
        }
    }

    fn fenced(&mut self, fenced: Fenced) {
        // A life that is over already, perhaps one that nobody here has seen: the machine was off, and
        // is back as somebody else.
        let is_over = self.id_of(&fenced.target).is_some_and(|id| {
            self.fabric.members.contains(&id)
                && self.lives.get(&id).is_some_and(|life| *life != fenced.incarnation)
        });
        self.state.fenced(&fenced, !is_over);
        let proof = fencing::Confirmed::announced(&fenced);
        if proof.is_none() {
            self.note_fencing_failed(&fenced.target);
        }
        self.report(
            fenced.at,
            Event::Fenced {
                target: fenced.target.clone(),
                action: fenced.action.clone(),
                succeeded: fenced.evidence.is_some(),
                by: crate::cut_off::who(&fenced),
                reason: fenced.reason.clone(),
            },
        );
        let operators = matches!(fenced.evidence, Some(Evidence::Operator { .. }));
        match self.id_of(&fenced.target).filter(|id| !self.fabric.members.contains(id)) {
            Some(target) if proof.is_some() => {
                self.sightings.ended(target, &fenced);
                self.strike_out(target, operators);
                self.seek_since_one_is_off();
            }
            Some(target) => self.proof_failed(target),
            None => {}
        }
        let own_life = fenced.incarnation == self.identity.incarnation;
        if proof.is_some() && own_life && fenced.target == self.identity.name.as_str() {
            self.effects.push(Effect::Exit { reason: ExitReason::Fenced });
            return;
        }
        self.fencing_ended(&fenced);
        self.offer_file();
    }

    fn planned(&mut self, planned: Planned) {
        let Planned { membership, applied, transition, cause, actions, because, findings, at } =
            planned;
        // What was applied while it was under way leads to a new one, as does what still runs from an earlier one
        // when it ends.
        let is_newest = membership == self.fabric.id && applied >= self.state.unsettled_at;
        self.state.idle = is_newest && actions.is_empty() && self.state.outstanding.is_empty();
        if self.state.idle {
            self.report(at, Event::Idle);
            self.clients.became_idle(&mut self.effects);
        } else if !actions.is_empty() {
            self.report(at, Event::Planned { transition, cause, actions, because, findings });
        }
    }
}

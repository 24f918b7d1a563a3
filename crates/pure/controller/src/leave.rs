//! Leaving in peace: the node's resources move away first, and it goes only when it is sure that
//! nothing runs here any more.

use model::{NodeId, OcfCode, Outcome};
use wire::Message;
use wire::peer::{Order, Ran};

use crate::Controller;
use crate::forming::Phase;
use crate::input::{Effect, ExitReason};
use crate::timers::Ring;

impl Controller {
    /// The operator wants this daemon to stop.
    pub(crate) fn shutdown(&mut self) {
        /// Source: `shutdown-escalation`'s default in Pacemaker Explained.
        const LIMIT: std::time::Duration = std::time::Duration::from_secs(20 * 60);
        if self.stopping {
            return;
        }
        self.stopping = true;
        let limit = self.state.option("shutdown-escalation").and_then(model::parse_interval);
        self.set_timer(self.now.tick.after(limit.unwrap_or(LIMIT)), Ring::ShutdownLimit);
        match self.phase {
            // It is said again when the membership is formed. Something may still run here from an
            // earlier life: going at once would leave it to nobody.
            Phase::Apart | Phase::Forming { .. } => {}
            Phase::Formed { .. } => self.broadcast(Message::ShutdownWanted),
        }
    }

    pub(crate) fn shutdown_wanted(&mut self, from: NodeId) {
        let node = self.named(from);
        // The scheduler asks only whether it is there and not zero; a time would differ by clock.
        self.state.set_attribute(&node, "shutdown", Some("1"));
        self.think_again(format!("{} is to shut down", node.name));
    }

    pub(crate) fn left(&mut self, from: NodeId) {
        // The next membership, without that one, lets it go.
        if self.another_leaves() {
            return;
        }
        let node = self.named(from);
        self.state.mark_left(&node);
        self.leaves_base(from);
        if from == self.identity.id {
            self.effects.push(Effect::Exit { reason: ExitReason::ShutDown });
            return;
        }
        self.strike_out(from, false);
        // It disarms its watchdog: nothing would reset it.
        self.forget_promise(from);
        self.sightings.left(from);
        // The next membership is without it, and has not lost it.
        self.formed_with.remove(&from);
        self.finish_leave(&node.name, true);
        self.think_again(format!("{} left", node.name));
    }

    /// The plan lets this node go. It was made before the last probes and stops of this node were
    /// known, perhaps: so the order waits for them, and is declined if something still runs.
    pub(crate) fn leave_if_empty(&mut self) {
        let is_busy = !self.operations.is_quiet() || self.reports_under_way > 0;
        if self.leave_ordered.is_none() || is_busy || self.waits_to_leave() {
            return;
        }
        let Some(order) = self.leave_ordered.take() else { return };
        if order.membership != self.fabric.id {
            return;
        }
        match self.still_active() {
            None => self.broadcast(Message::Leaving),
            Some(resource) => self.decline_to_leave(&order, &resource),
        }
    }

    fn decline_to_leave(&mut self, order: &Order, resource: &str) {
        let mut outcome = Outcome::done(OcfCode::GENERIC);
        outcome.reason = format!("{resource} is active here");
        let ran = Ran {
            transition_key: order.transition_key.clone(),
            action: order.action.clone(),
            call: 0,
            outcome: (&outcome).into(),
            kinds: wire::peer::ParameterKinds::default(),
            at: self.now.wall,
        };
        self.reports_under_way += 1;
        self.broadcast(Message::Ran(Box::new(ran)));
    }

    /// A resource that the cluster manages and that is active on this node, as far as the history
    /// knows. Fence devices hold nothing.
    fn still_active(&self) -> Option<String> {
        let input = scheduler::Input { now: self.now.wall, ..scheduler::Input::default() };
        let resolved = scheduler::resolve(&self.state.document, &input);
        let me = resolved.nodes.iter().find(|node| &*node.name == self.identity.name.as_str())?;
        me.active
            .iter()
            .map(|resource| resolved.resource(*resource))
            .find(|resource| resource.flags.managed && !resource.flags.fence_device)
            .map(|resource| resource.id.as_ref().to_owned())
    }
}

//! Fencing, carried out: the coordinator leads each request through its devices, any member may
//! be asked to use one.

use std::collections::BTreeMap;
use std::time::Duration;

use fencing::{Answer, Attempt, Fencing, Next, Target, devices, levels_for};
use model::{Action, AgentRef, ExecStatus, NodeId, OcfCode, Outcome, Tick, parse_interval};
use wire::Message;
use wire::api::Event;
use wire::peer::{Evidence, FenceRan, FenceRun, Fenced};

use crate::Controller;
use crate::device_users::Failures;
use crate::input::{AgentRun, Effect, RunToken, TimerToken};
use crate::timers::Ring;

/// After a fencing failed, the node's next one waits this long, so that a broken device is not
/// hammered. Everything else goes on meanwhile.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// What a device's answer may take beyond its own timeout.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// The fencings that this coordinator leads, by the target's name.
#[derive(Debug, Default)]
pub(crate) struct Fencings {
    by_target: BTreeMap<String, Leading>,
    /// When a target whose fencing failed may be tried again.
    again_at: BTreeMap<String, Tick>,
    pub(crate) failures: Failures,
}

#[derive(Debug)]
struct Leading {
    fencing: Fencing,
    request: u64,
    /// The target's last known life when this began: an answer that comes late must not be taken for
    /// the end of the life that it boots into.
    life: u64,
    overdue: Option<TimerToken>,
    /// The one that was asked last, and who was to use it.
    device: String,
    user: NodeId,
    digests: Digests,
}

/// Of the parameters of the devices that let a node back to shared storage: of all, and of those
/// that are not secret.
type Digests = (Option<String>, Option<String>);

/// What is to be done to a node.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// `off`, `reboot` or `on`.
    pub(crate) action: String,
    /// Before the node is touched, beyond the device's own delay.
    pub(crate) delay: Duration,
    pub(crate) digests: Digests,
}

impl Fencings {
    pub(crate) fn is_under_way(&self, target: &str) -> bool {
        self.by_target.contains_key(target)
    }

    /// Whether the target's last fencing failed a moment ago.
    pub(crate) fn rests(&self, target: &str, now: Tick) -> bool {
        self.again_at.get(target).is_some_and(|moment| now < *moment)
    }

    /// Other members may have more luck.
    pub(crate) fn try_all_again(&mut self) {
        self.again_at.clear();
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        self.by_target.keys().map(String::as_str)
    }
}

/// Fence agents running on this node.
#[derive(Debug, Default)]
pub(crate) struct DeviceRuns {
    runs: BTreeMap<RunToken, (u64, u32)>,
    next: u64,
    /// Fencings begun by this node as coordinator.
    requests: u64,
}

/// Tokens of fence agents' runs are told from resources' by this bit.
const DEVICE_RUN: u64 = 1 << 63;

impl Controller {
    /// The plan asks for a fencing.
    pub(crate) fn order_fencing(&mut self, action: &Action) {
        let Some(node) = &action.node else { return };
        let (name, id) = (node.name.as_str().to_owned(), node.id.clone());
        let seconds = action.meta("priority-fencing-delay").and_then(|text| text.parse().ok());
        let delay = seconds.map(Duration::from_secs);
        let digest = |name: &str| action.meta(name).map(str::to_owned);
        let wish = Wish {
            action: action.meta("stonith_action").unwrap_or("reboot").to_owned(),
            delay: delay.unwrap_or_else(|| self.even_match_delay(&name)),
            digests: (digest("digests_all"), digest("digests_secure")),
        };
        self.begin_fencing(&name, &id, wish);
    }

    /// Starts a fencing, unless one of this node is under way. Only the coordinator does.
    pub(crate) fn begin_fencing(&mut self, target: &str, id: &str, wish: Wish) {
        let Some(coordination) = &self.coordination else { return };
        if coordination.fencings.is_under_way(target) {
            return;
        }
        self.devices.requests += 1;
        // Unique over nodes and their lives: an answer to an earlier coordinator finds nothing.
        let life = self.identity.incarnation & 0xffff_ffff;
        let request = u64::from(self.identity.id.0) << 56 | life << 24 | self.devices.requests;
        let last_life = self.id_of(target).map_or(0, |id| self.last_life(id));
        let timeout = self.fencing_timeout();
        let document = &self.state.document;
        let levels = levels_for(document, target, &wish.action, &devices(document));
        let target_ref = Target { name: target.to_owned(), id: id.to_owned() };
        let mut fencing =
            Fencing::new(target_ref, &wish.action, timeout, levels).delayed(wish.delay);
        let next = fencing.begin();
        let Some(coordination) = &mut self.coordination else { return };
        let leading = Leading {
            fencing,
            request,
            life: last_life,
            overdue: None,
            device: String::new(),
            user: self.identity.id,
            digests: wish.digests,
        };
        coordination.fencings.by_target.insert(target.to_owned(), leading);
        self.lead(target, next);
    }

    fn lead(&mut self, target: &str, next: Next) {
        match next {
            Next::Use(_) if self.is_back(target) => {
                let reason = "it is back, and says itself what it runs".to_owned();
                self.announce_fenced(target, None, reason);
            }
            Next::Use(attempt) => self.use_device(target, attempt),
            Next::Done(devices) => {
                let evidence = devices.evidence(self.identity.name.as_str());
                self.announce_fenced(target, Some(evidence), String::new());
            }
            Next::Failed(reason) => {
                if !self.await_reset(target) {
                    self.announce_fenced(target, None, reason);
                }
            }
            Next::Nothing => {}
        }
    }

    /// The target is a member in a later life than the one to be ended: a device that was slow, or that
    /// worked and said otherwise, has done its work, and another try would hit the wrong one.
    fn is_back(&self, target: &str) -> bool {
        let life = self.coordination.as_ref().and_then(|all| all.fencings.by_target.get(target));
        self.id_of(target)
            .filter(|id| self.fabric.members.contains(id))
            .is_some_and(|id| life.is_some_and(|leading| leading.life != self.last_life(id)))
    }

    fn use_device(&mut self, target: &str, attempt: Attempt) {
        let by = self.who_can_use(&attempt, target);
        let users = self.coordination.as_ref().map_or(0, |all| {
            let others = all.fencings.by_target.iter().filter(|(other, _)| *other != target);
            others.filter(|(_, leading)| leading.device == attempt.device).count()
        });
        // A device is used for one node at a time: those before this one may take theirs first.
        let turns = u32::try_from(users + 1).unwrap_or(u32::MAX);
        let limit = (attempt.delay + attempt.timeout).saturating_mul(turns) + ANSWER_TIME;
        let ring = Ring::FenceOverdue { target: target.to_owned(), attempt: attempt.number };
        let token = self.set_timer(self.now.tick.after(limit), ring);
        let Some(coordination) = &mut self.coordination else { return };
        let Some(leading) = coordination.fencings.by_target.get_mut(target) else { return };
        if let Some(old) = leading.overdue.replace(token) {
            self.timers.forget(old);
        }
        leading.device.clone_from(&attempt.device);
        leading.user = by;
        let run = FenceRun {
            request: leading.request,
            attempt: attempt.number,
            by: by.0,
            target: target.to_owned(),
            action: attempt.action,
            device: attempt.device,
            agent: attempt.agent,
            parameters: attempt.parameters,
            delay_ms: u64::try_from(attempt.delay.as_millis()).unwrap_or(u64::MAX),
            timeout_ms: u64::try_from(attempt.timeout.as_millis()).unwrap_or(u64::MAX),
        };
        self.broadcast(Message::FenceRun(Box::new(run)));
    }

    // ---- on the member that is asked ------------------------------------------------------

    pub(crate) fn fence_run(&mut self, run: FenceRun) {
        let by = self.name_of(NodeId(run.by));
        let FenceRun { target, action, device, parameters, .. } = run.clone();
        self.note_fence_run(&target, &action);
        // What is only asked, and perhaps nothing comes of, is no news.
        if !parameters.iter().any(|(name, value)| name == fencing::UNFENCING && value == "true") {
            self.report(self.now.wall, Event::Fencing { target, action, device, by });
        }
        if NodeId(run.by) != self.identity.id {
            return;
        }
        self.devices.next += 1;
        let token = RunToken(DEVICE_RUN | self.devices.next);
        self.devices.runs.insert(token, (run.request, run.attempt));
        self.effects.push(Effect::RunAgent(Box::new(AgentRun {
            run: token,
            resource: run.device,
            agent: AgentRef {
                standard: "stonith".into(),
                provider: None,
                kind: run.agent.as_str().into(),
            },
            task: run.action,
            interval: Duration::ZERO,
            timeout: Duration::from_millis(run.timeout_ms),
            parameters: run.parameters,
            delay: Duration::from_millis(run.delay_ms),
        })));
    }

    /// A fence agent ended; `false` if the run was no fence agent's.
    pub(crate) fn device_done(&mut self, run: RunToken, outcome: &Outcome, output: &str) -> bool {
        if run.0 & DEVICE_RUN == 0 {
            return false;
        }
        if let Some((request, attempt)) = self.devices.runs.remove(&run) {
            let outcome = outcome.into();
            let output = output.to_owned();
            let answer = FenceRan { request, attempt, outcome, output };
            self.broadcast(Message::FenceRan(Box::new(answer)));
        }
        true
    }

    // ---- back at the coordinator ----------------------------------------------------------

    pub(crate) fn fence_ran(&mut self, ran: FenceRan) {
        let outcome = Outcome::from(ran.outcome);
        let reason = failure(&outcome);
        let answer = match (outcome.status, outcome.code) {
            // "Off" is an answer like "on" to who asks whether the device knows the node.
            (ExecStatus::Done, OcfCode::OK | OcfCode::NOT_RUNNING) => Answer::Done(&ran.output),
            (ExecStatus::NotSupported, _) => Answer::Unsupported(&reason),
            _ => Answer::Failed(&reason),
        };
        let Some(coordination) = &mut self.coordination else { return };
        let found = coordination
            .fencings
            .by_target
            .iter_mut()
            .find(|(_, leading)| leading.request == ran.request);
        let Some((target, leading)) = found else { return };
        let target = target.clone();
        match answer {
            Answer::Done(_) => coordination.fencings.failures.worked(&leading.device, leading.user),
            Answer::Failed(_) => {
                coordination.fencings.failures.failed(&leading.device, leading.user);
            }
            Answer::Unsupported(_) => {}
        }
        let next = leading.fencing.answered(ran.attempt, answer);
        self.lead(&target, next);
    }

    pub(crate) fn fence_overdue(&mut self, target: &str, attempt: u32) {
        let Some(coordination) = &mut self.coordination else { return };
        let Some(leading) = coordination.fencings.by_target.get_mut(target) else { return };
        coordination.fencings.failures.failed(&leading.device, leading.user);
        let next = leading.fencing.answered(attempt, Answer::Failed("no answer in time"));
        self.lead(target, next);
    }

    pub(crate) fn announce_fenced(
        &mut self,
        target: &str,
        evidence: Option<Evidence>,
        reason: String,
    ) {
        let at = self.now.wall;
        let id = self.id_of(target);
        let is_lost = id.is_some_and(|id| !self.fabric.members.contains(&id));
        let last_life = id.map_or(0, |id| self.last_life(id));
        let Some(coordination) = &mut self.coordination else { return };
        let Some(leading) = coordination.fencings.by_target.get_mut(target) else { return };
        // What was done to the life before says nothing of one that was lost since.
        let (evidence, reason) = if is_lost && leading.life != last_life && evidence.is_some() {
            (None, "it was back meanwhile, and was lost again".to_owned())
        } else {
            (evidence, reason)
        };
        if let Some(token) = leading.overdue.take() {
            self.timers.forget(token);
        }
        let (digests_all, digests_secure) = leading.digests.clone();
        let fenced = Fenced {
            digests_all,
            digests_secure,
            request: leading.request,
            target: target.to_owned(),
            target_id: leading.fencing.target().id.clone(),
            incarnation: leading.life,
            action: leading.fencing.action().to_owned(),
            evidence,
            reason,
            at,
            forgotten: false,
        };
        self.broadcast(Message::Fenced(Box::new(fenced)));
    }

    /// An announced fencing reached everyone; the plan goes on, or waits and tries again.
    pub(crate) fn fencing_ended(&mut self, fenced: &Fenced) {
        let succeeded = fenced.evidence.is_some();
        let retry_at = self.now.tick.after(RETRY_AFTER);
        let Some(coordination) = &mut self.coordination else { return };
        let by_operator = matches!(fenced.evidence, Some(Evidence::Operator { .. }));
        let led = coordination.fencings.by_target.get(&fenced.target);
        if led.is_some_and(|leading| leading.request == fenced.request || by_operator) {
            coordination.fencings.by_target.remove(&fenced.target);
        }
        coordination.finish_fencing(&fenced.target, succeeded);
        if succeeded {
            coordination.fencings.again_at.remove(&fenced.target);
            return self.think_again(format!("{} was fenced", fenced.target));
        }
        coordination.fencings.again_at.insert(fenced.target.clone(), retry_at);
        self.set_timer(retry_at, Ring::FenceAgain { target: fenced.target.clone() });
    }

    /// The device had its rest.
    pub(crate) fn fence_again(&mut self, target: &str) {
        self.think_again(format!("{target} could not be fenced, and is still to be"));
    }

    fn last_life(&self, id: NodeId) -> u64 {
        self.lives.get(&id).copied().unwrap_or(0)
    }

    fn fencing_timeout(&self) -> Duration {
        const TIMEOUT: Duration = Duration::from_secs(60);
        ["fencing-timeout", "stonith-timeout"]
            .into_iter()
            .find_map(|name| parse_interval(self.state.option(name)?))
            .unwrap_or(TIMEOUT)
    }
}

fn failure(outcome: &Outcome) -> String {
    if !outcome.reason.is_empty() {
        return outcome.reason.clone();
    }
    match outcome.status {
        ExecStatus::Done => format!("exit code {}", outcome.code),
        ExecStatus::Pending
        | ExecStatus::Cancelled
        | ExecStatus::TimedOut
        | ExecStatus::NotSupported
        | ExecStatus::Error
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::NotInstalled
        | ExecStatus::NotConnected
        | ExecStatus::Invalid
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets => outcome.status.words().to_owned(),
    }
}

/// Who fenced, for people.
pub(crate) fn who(fenced: &Fenced) -> String {
    match &fenced.evidence {
        Some(Evidence::Devices { devices, by }) => format!("{} by {by}", devices.join("+")),
        Some(Evidence::Operator { user }) => format!("{user}'s word"),
        Some(Evidence::Watchdog { waited_ms, by }) => {
            format!("its own watchdog, {} s after its loss, as {by} counted", waited_ms / 1000)
        }
        None => String::new(),
    }
}

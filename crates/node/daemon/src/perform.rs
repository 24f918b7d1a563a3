//! Carries the brain's effects out: each is handed over at once to who does the work.

use std::time::Duration;

use alert::Alerts;
use api::{Api, Meter};
use controller::{AgentRun, Controller, Effect, ExitReason};
use exec::{Described, Executor, OperationToken, RunRequest};
use fabric::{Counted, Fabric};
use model::{AgentRef, ResourceId};
use wire::api::{Agent, Description, Event, Reply};

use crate::carrier::Carriers;
use crate::checkpoints::Checkpoints;
use crate::disk::Disk;
use crate::fabric_file::FabricFileWriter;
use crate::report;
use crate::sbd_disks::SbdDisks;
use crate::timers::Timers;
use crate::watchdog::Watchdog;

/// Everything that does work for the brain.
#[derive(Debug)]
pub(crate) struct Performer {
    pub(crate) fabric: Fabric,
    pub(crate) executor: Executor,
    pub(crate) timers: Timers,
    pub(crate) disk: Disk,
    pub(crate) api: Api,
    pub(crate) fabric_file: FabricFileWriter,
    pub(crate) watchdog: Option<Watchdog>,
    pub(crate) sbd: Option<SbdDisks>,
    pub(crate) meter: Meter,
    pub(crate) alerts: Alerts,
    pub(crate) carriers: Carriers,
    pub(crate) checkpoints: Checkpoints,
}

impl Performer {
    /// Hands one effect over. Answers with a reason if the daemon is to end.
    pub(crate) fn perform(
        &mut self,
        effect: Effect,
        controller: &Controller,
    ) -> Option<ExitReason> {
        match effect {
            Effect::Broadcast(message) => {
                if let Err(error) = self.fabric.broadcast(wire::encode(&message)) {
                    tracing::error!(%error, "a message was not sent");
                }
            }
            Effect::RunAgent(run) => self.executor.run(request(*run)),
            Effect::KillAgent { run } => self.executor.cancel(OperationToken(run.0)),
            Effect::Watch { resource } => self.executor.watch(ResourceId::new(resource)),
            Effect::Unwatch { resource } => self.executor.unwatch(&ResourceId::new(resource)),
            Effect::SetTimer { token, at } => self.timers.set(token, at),
            Effect::Persist { ticket, record } => {
                let former = self.disk.persist(ticket, &record, controller.whole());
                self.checkpoints.keep(former.configuration, self.disk.configuration());
            }
            Effect::SetAside { document, reason: _ } => self.disk.set_aside(document),
            Effect::WriteFabricFile { edition, text } => self.fabric_file.write(edition, text),
            Effect::PromiseReset { outlasts } => self.promise_reset(outlasts),
            Effect::WithdrawReset => {
                if let Some(watchdog) = &mut self.watchdog {
                    watchdog.withdraw();
                }
            }
            Effect::Reply { client, reply } => self.api.reply(client, self.completed(reply)),
            Effect::DescribeAgent { client, agent } => {
                let described = self.executor.describe(agent_ref(&agent));
                let reply = async { Reply::Description(description(described.await)) };
                self.api.reply_later(client, reply);
            }
            Effect::ListAgents { client } => {
                let listed = self.executor.agents();
                let reply = async { Reply::Agents { agents: agents(listed.await) } };
                self.api.reply_later(client, reply);
            }
            Effect::CountPrevious { sets, takes_lock } => {
                self.fabric.count_previous(Counted { sets, takes_lock });
            }
            Effect::ExpectVotes { votes } => self.fabric.expect_votes(votes),
            Effect::Report(entry) => {
                report::log(&entry);
                self.measure_detection(&entry.event, controller);
                let coordinates = controller.is_coordinator();
                self.alerts.hear(&entry, controller.document(), coordinates);
                self.api.publish(entry);
            }
            Effect::Exit { reason } => return Some(reason),
        }
        None
    }

    /// How long ago lost nodes were last heard of.
    fn measure_detection(&self, event: &Event, controller: &Controller) {
        let Event::Membership { lost, .. } = event else { return };
        for name in lost {
            let heard = controller.id_of(name).and_then(|id| self.fabric.last_heard(id));
            if let Some(heard) = heard {
                self.meter.lost_after(name, heard.elapsed());
            }
        }
    }

    /// The brain does not know who could not be told, nor how the links are.
    fn completed(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Document { xml, mut cluster } => {
                cluster.unsent = self.alerts.unsent();
                cluster.carrier = self.carriers.seen().map(Box::new);
                Reply::Document { xml, cluster }
            }
            other @ (Reply::Earlier { .. }
            | Reply::History { .. }
            | Reply::Done { .. }
            | Reply::Idle
            | Reply::Description(_)
            | Reply::Agents { .. }
            | Reply::Refused(_)) => other,
        }
    }

    /// What cannot be remembered must not be promised, and the promise is what comes next.
    fn promise_reset(&mut self, outlasts: Duration) {
        let promised = self.watchdog.as_mut().map(|watchdog| watchdog.promise(outlasts));
        if let Some(Err(error)) = promised {
            tracing::error!(%error, "cannot remember that others count on the watchdog: ending");
            std::process::abort();
        }
    }
}

fn agent_ref(agent: &Agent) -> AgentRef {
    AgentRef {
        standard: agent.standard.as_str().into(),
        provider: agent.provider.as_deref().map(Into::into),
        kind: agent.kind.as_str().into(),
    }
}

fn agents(found: Vec<AgentRef>) -> Vec<Agent> {
    let agent = |agent: AgentRef| Agent {
        standard: agent.standard.to_string(),
        provider: agent.provider.map(|provider| provider.to_string()),
        kind: agent.kind.to_string(),
    };
    found.into_iter().map(agent).collect()
}

fn description(described: Described) -> Description {
    match described {
        Described::Metadata(xml) => Description::Metadata { xml },
        Described::Plain => Description::Plain,
        Described::NotInstalled { others } => Description::NotInstalled { others: agents(others) },
        Described::Speechless(reason) => Description::Speechless { reason },
    }
}

fn request(run: AgentRun) -> RunRequest {
    // The interval is also among the parameters, where the executor looks for it.
    let AgentRun { run, resource, agent, task, interval: _, timeout, parameters, delay } = run;
    RunRequest {
        token: OperationToken(run.0),
        resource: ResourceId::new(resource),
        agent,
        action: task,
        parameters,
        timeout,
        delay,
    }
}

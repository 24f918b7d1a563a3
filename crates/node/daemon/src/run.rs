//! The loop: the only place that waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use api::{FromClient, Meter};
use controller::{Controller, Effect, ExitReason, Input, RunToken};
use exec::{Finished, Report};
use fabric::Event;
use sbd::Message;
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use wire::api::Event::Planned;

use crate::clock::Clock;
use crate::disk::Word;
use crate::notify::Notify;
use crate::perform::Performer;
use crate::sbd_disks::SbdDisks;
use crate::watchdog::Watchdog;

/// What the loop works with.
pub(crate) struct Running {
    pub(crate) controller: Controller,
    pub(crate) performer: Performer,
    pub(crate) clock: Clock,
    pub(crate) reports: mpsc::UnboundedReceiver<Report>,
    pub(crate) terminate: Signal,
    pub(crate) interrupt: Signal,
    pub(crate) notify: Notify,
}

/// Why the loop ended.
#[derive(Debug)]
pub(crate) enum Ended {
    AsDecided(ExitReason),
    /// Somebody has written to sbd's disk that this machine is to be off.
    ToldToDie(Message),
    /// Something that must never end did.
    Broken(&'static str),
}

/// What the loop heard.
enum Heard {
    Input(Input),
    /// Nothing for the brain.
    Nothing,
    ToldToDie(Message),
    Broken(&'static str),
}

/// Steps the brain until it decides to leave.
pub(crate) async fn run(running: &mut Running) -> Ended {
    let mut alive = interval(running.notify.alive_every());
    let mut feed = interval(running.performer.watchdog.as_ref().map(Watchdog::feeding));
    let mut heard = Heard::Input(Input::Started);
    loop {
        match heard {
            Heard::Input(input) => {
                if let Some(reason) = step(running, input) {
                    return Ended::AsDecided(reason);
                }
            }
            Heard::Nothing => {}
            Heard::ToldToDie(message) => return Ended::ToldToDie(message),
            Heard::Broken(what) => return Ended::Broken(what),
        }
        // The runtime would let this go on for as long as there is something to hear, a hundred steps at a
        // time. Who serves clients and carries messages has a turn after each.
        tokio::task::yield_now().await;
        heard = listen(running, &mut alive, &mut feed).await;
    }
}

fn step(running: &mut Running, input: Input) -> Option<ExitReason> {
    let Running { controller, performer, clock, .. } = running;
    let now = clock.now();
    // The scheduler's panics are caught inside and hold everything. Any other leaves a brain that
    // may have forgotten something, so the process ends; the others and the watchdog see to it.
    let begun = Instant::now();
    let effects = catch_unwind(AssertUnwindSafe(|| controller.step(now, input)))
        .unwrap_or_else(|_logged| std::process::abort());
    measure(performer, begun.elapsed(), &effects);
    effects.into_iter().find_map(|effect| performer.perform(effect, controller))
}

/// For `/metrics`.
fn measure(performer: &Performer, took: Duration, effects: &[Effect]) {
    let is_plan = |effect: &Effect| matches!(effect, Effect::Report(entry) if matches!(entry.event, Planned { .. }));
    let made_plan = effects.iter().any(is_plan);
    performer.meter.stepped(took, made_plan);
    performer.meter.queue("disk", performer.disk.waiting());
}

async fn listen(running: &mut Running, alive: &mut Interval, feed: &mut Interval) -> Heard {
    let Running { controller, performer, clock, reports, terminate, interrupt, notify } = running;
    let Performer {
        fabric,
        timers,
        disk,
        api,
        fabric_file,
        watchdog,
        sbd,
        executor: _,
        meter,
        alerts: _,
        carriers: _,
        checkpoints: _,
    } = performer;
    tokio::select! {
        event = fabric.next() => match event {
            Some(event) => from_fabric(event),
            None => Heard::Broken("the fabric"),
        },
        report = reports.recv() => match report {
            Some(report) => Heard::Input(from_executor(report, meter)),
            None => Heard::Broken("the executor"),
        },
        word = disk.next() => match word {
            Word::Ack(ack) => disk.take(ack).map_or(Heard::Nothing, Heard::Input),
            Word::Refused(input) => Heard::Input(input),
            Word::RetryIsDue => {
                disk.fold();
                Heard::Nothing
            }
            Word::Ended => Heard::Broken("the store"),
        },
        want = api.next() => Heard::Input(match want {
            FromClient::Asked { client, caller, request } => {
                Input::Asked { client, caller, request }
            },
            FromClient::Gone { client } => Input::ClientGone { client },
        }),
        input = fabric_file.next() => Heard::Input(input),
        token = timers.next(*clock) => Heard::Input(Input::Timer(token)),
        message = word_by_disk(sbd.as_mut()) => match message.is_deadly() {
            true => Heard::ToldToDie(message),
            false => asked_to_stop(notify),
        },
        _ = terminate.recv() => asked_to_stop(notify),
        _ = interrupt.recv() => asked_to_stop(notify),
        _ = alive.tick() => {
            notify.alive();
            Heard::Nothing
        }
        _ = feed.tick() => {
            if let Some(watchdog) = watchdog {
                let by_disks =
                    sbd.as_mut().is_none_or(|disks| disks.may_live(controller.is_left_alone()));
                watchdog.feed(by_disks && controller.may_live(clock.now().tick));
            }
            if let Some(disks) = sbd {
                meter.sbd(disks.told());
            }
            Heard::Nothing
        }
    }
}

/// Ready when a message on sbd's disks asks this node to leave, or to die.
async fn word_by_disk(disks: Option<&mut SbdDisks>) -> Message {
    match disks {
        Some(disks) => disks.asked().await.message,
        None => std::future::pending().await,
    }
}

fn asked_to_stop(notify: &Notify) -> Heard {
    tracing::info!("asked to stop: moving resources away first");
    notify.stopping();
    Heard::Input(Input::Shutdown)
}

fn from_fabric(event: Event) -> Heard {
    match event {
        Event::Membership { id, members, quorum } => {
            Heard::Input(Input::Membership { id, members, quorum })
        }
        Event::Delivered { from, payload } => match wire::decode(&payload) {
            Ok(message) => Heard::Input(Input::Delivered { from, message: Box::new(message) }),
            Err(error) => {
                tracing::error!(%from, %error, "a message cannot be read and is left out");
                Heard::Nothing
            }
        },
    }
}

fn from_executor(report: Report, meter: &Meter) -> Input {
    match report {
        Report::Finished(finished) => {
            let Finished { token, resource, outcome, stdout, stderr, exit, kinds } = finished;
            tracing::debug!(%resource, ?outcome, ?exit, stderr, "an agent ended");
            Input::AgentDone { run: RunToken(token.0), outcome, output: stdout, kinds }
        }
        Report::WatchedDied { resource } => {
            meter.ended(resource.as_str());
            Input::Suspect { resource: resource.as_str().to_owned() }
        }
    }
}

/// Ticks every `period`; without one, never in this machine's life.
fn interval(period: Option<Duration>) -> Interval {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
    let period = period.map_or(NEVER, |period| period.max(Duration::from_millis(1)));
    let mut interval = tokio::time::interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

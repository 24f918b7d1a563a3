//! Carries one request out, whatever its agent's standard.

use std::future::pending;
use std::time::Duration;

use agent::{Invocation, Program, Run, Standard, UnitJob, is_secret_by_name};
use model::{ExecStatus, OcfCode, Outcome};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::config::{ExecConfig, OPERATIONS_MAX};
use crate::locate;
use crate::operation::{self, Hanging};
use crate::request::{Cancelled, Finished, RunRequest};
use crate::unit::Bus;
use crate::watch::Traces;

/// What operations have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: ExecConfig,
    pub(crate) bus: Bus,
    turns: Semaphore,
}

impl Shared {
    pub(crate) fn new(config: ExecConfig) -> Self {
        let bus = Bus::new(config.system_bus.clone());
        Self { config, bus, turns: Semaphore::new(OPERATIONS_MAX) }
    }
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) finished: Finished,
    /// Where the resource's processes may be found, if this run may have told.
    pub(crate) traces: Option<Traces>,
    pub(crate) hanging: Option<Hanging>,
}

impl Carried {
    fn without_run(request: &RunRequest, outcome: Outcome) -> Self {
        let finished = Finished::without_run(request, outcome);
        Self { finished, traces: None, hanging: None }
    }
}

/// Carries `request` out. `asked` is when it came, `in_use` whether its fence device is in use.
pub(crate) async fn out(
    shared: &Shared,
    request: &RunRequest,
    asked: Instant,
    in_use: bool,
    mut cancelled: Cancelled,
) -> Carried {
    let turn = async {
        sleep(request.delay).await;
        shared.turns.acquire().await
    };
    let turn = tokio::select! {
        turn = turn => turn,
        () = cancelled.wait() => {
            let outcome = Outcome::failed(ExecStatus::Cancelled, OcfCode::UNKNOWN, "");
            return Carried::without_run(request, outcome);
        }
    };
    let begun = Instant::now();
    let mut carried = match Standard::parse(&request.agent.standard) {
        Some(standard) => by_standard(shared, request, standard, in_use, &mut cancelled).await,
        None => {
            let reason = format!("there are no agents of standard `{}`", request.agent.standard);
            let status = ExecStatus::NotInstalled;
            Carried::without_run(request, Outcome::failed(status, OcfCode::NOT_INSTALLED, reason))
        }
    };
    drop(turn);
    let outcome = &mut carried.finished.outcome;
    outcome.exec_ms = milliseconds(begun.elapsed());
    outcome.queue_ms = milliseconds(begun.duration_since(asked).saturating_sub(request.delay));
    hide_secrets(request, &mut carried.finished);
    carried
}

async fn by_standard(
    shared: &Shared,
    request: &RunRequest,
    standard: Standard,
    in_use: bool,
    cancelled: &mut Cancelled,
) -> Carried {
    if standard == Standard::Fence
        && let Some(outcome) = without_agent(request, in_use)
    {
        return Carried::without_run(request, outcome);
    }
    let run = Run {
        resource: request.resource.as_str(),
        agent: &request.agent,
        action: &request.action,
        parameters: &request.parameters,
    };
    let standard =
        match (standard, Invocation::of(Standard::Systemd, &run)) {
            (Standard::Service, Invocation::Unit { unit, .. }) => {
                if shared.bus.has_unit(&unit).await { Standard::Systemd } else { Standard::Lsb }
            }
            (known, _) => known,
        };
    match Invocation::of(standard, &run) {
        Invocation::Program(program) => {
            by_program(shared, request, standard, &program, cancelled).await
        }
        Invocation::Unit { unit, job } => by_unit(shared, request, &unit, job, cancelled).await,
    }
}

/// What a fence device as a resource answers without its agent: it is nothing but the cluster's
/// readiness to use it.
fn without_agent(request: &RunRequest, in_use: bool) -> Option<Outcome> {
    match request.action.as_str() {
        "stop" => Some(Outcome::done(OcfCode::OK)),
        "monitor" if !in_use => Some(Outcome::done(OcfCode::NOT_RUNNING)),
        "monitor" if request.is_probe() => Some(Outcome::done(OcfCode::OK)),
        "start" | "monitor" | "meta-data" | "on" | "off" | "reboot" | "status" | "list" => None,
        other => {
            let reason = format!("fence devices have no action `{other}`");
            Some(Outcome::failed(ExecStatus::NotSupported, OcfCode::UNIMPLEMENTED, reason))
        }
    }
}

async fn by_program(
    shared: &Shared,
    request: &RunRequest,
    standard: Standard,
    program: &Program,
    cancelled: &mut Cancelled,
) -> Carried {
    let config = &shared.config;
    let Some(path) = locate::program(config, standard, &program.name) else {
        let reason = format!("there is no agent {}", request.agent);
        let status = ExecStatus::NotInstalled;
        let outcome = Outcome::failed(status, OcfCode::NOT_INSTALLED, reason);
        return Carried::without_run(request, outcome);
    };
    match operation::run(config, request, program, &path, cancelled).await {
        Ok(ran) => {
            let outcome = operation::outcome(standard, request, &ran);
            let finished = Finished {
                token: request.token,
                resource: request.resource.clone(),
                outcome,
                stdout: ran.stdout,
                stderr: ran.stderr,
                exit: ran.exit,
            };
            Carried { finished, traces: Some(Traces::of(request)), hanging: ran.hanging }
        }
        Err(error) => Carried::without_run(request, operation::not_started(&path, &error)),
    }
}

async fn by_unit(
    shared: &Shared,
    request: &RunRequest,
    unit: &str,
    job: UnitJob,
    cancelled: &mut Cancelled,
) -> Carried {
    let RunRequest { action, resource, timeout, .. } = request;
    let (outcome, stdout) = tokio::select! {
        answer = shared.bus.carry_out(unit, job) => answer,
        () = limit(*timeout) => {
            if job == UnitJob::Start {
                shared.bus.cancel(unit).await;
            }
            let reason = format!("{action} of {resource} did not end within {timeout:?}");
            (Outcome::failed(ExecStatus::TimedOut, OcfCode::GENERIC, reason), String::new())
        }
        () = cancelled.wait() => {
            (Outcome::failed(ExecStatus::Cancelled, OcfCode::UNKNOWN, ""), String::new())
        }
    };
    let mut carried = Carried::without_run(request, outcome);
    carried.finished.stdout = stdout;
    carried.traces = Some(Traces::of_unit(unit));
    carried
}

async fn limit(timeout: Duration) {
    if timeout.is_zero() { pending().await } else { sleep(timeout).await }
}

/// Agents say in their output what they were given; what is said there ends in logs and in the
/// document.
fn hide_secrets(request: &RunRequest, finished: &mut Finished) {
    for (name, value) in &request.parameters {
        // A value of a character or two would turn the output into asterisks.
        if value.len() >= 4 && is_secret_by_name(name) {
            for text in [&mut finished.outcome.reason, &mut finished.stdout, &mut finished.stderr] {
                *text = text.replace(value.as_str(), "******");
            }
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

//! Carries one request out, whatever its agent's standard.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent::{
    Invocation, Metadata, ParameterKinds, Reload, Run, Standard, UnitJob, is_secret_by_name,
};
use model::{ExecStatus, OcfCode, Outcome};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::config::{ExecConfig, OPERATIONS_MAX};
use crate::describe::{Descriptions, describe};
use crate::device;
use crate::locate;
use crate::operation::{self, Hanging};
use crate::request::{Cancelled, Finished, RunRequest};
use crate::unit::Bus;
use crate::units;
use crate::watch::Traces;

/// What operations have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: ExecConfig,
    pub(crate) bus: Bus,
    pub(crate) descriptions: Descriptions,
    turns: Semaphore,
}

impl Shared {
    pub(crate) fn new(config: ExecConfig) -> Self {
        let bus = Bus::new(config.system_bus.clone());
        Self {
            config,
            bus,
            descriptions: Descriptions::default(),
            turns: Semaphore::new(OPERATIONS_MAX),
        }
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
    shared: &Arc<Shared>,
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
    hide_secrets(request, &mut carried.finished, is_secret_by_name);
    carried
}

async fn by_standard(
    shared: &Arc<Shared>,
    request: &RunRequest,
    standard: Standard,
    in_use: bool,
    cancelled: &mut Cancelled,
) -> Carried {
    if standard == Standard::Fence
        && let Some(outcome) = device::without_agent(request, in_use)
    {
        return Carried::without_run(request, outcome);
    }
    let unit = match Invocation::of(Standard::Systemd, &run_of(request)) {
        Invocation::Unit { unit, job } => Some((unit, job)),
        Invocation::Program(_) => None,
    };
    let is_script =
        standard == Standard::Lsb || (standard == Standard::Service && has_script(shared, request));
    if is_script && let Some((unit, job)) = unit {
        return by_script(shared, request, &unit, job, cancelled).await;
    }
    match (standard, unit) {
        (Standard::Systemd, Some((unit, job))) => {
            by_unit(shared, request, &unit, job, cancelled).await
        }
        // An init script comes before a unit, as it does in Pacemaker: a configuration that worked
        // there means the same here.
        (Standard::Service, Some((unit, job))) if shared.bus.has_unit(&unit).await => {
            by_unit(shared, request, &unit, job, cancelled).await
        }
        (Standard::Service, _) => by_program(shared, request, Standard::Lsb, cancelled).await,
        (
            Standard::Ocf
            | Standard::Lsb
            | Standard::Systemd
            | Standard::Heartbeat
            | Standard::Fence,
            _,
        ) => by_program(shared, request, standard, cancelled).await,
    }
}

/// It may do nothing but ask systemd for the unit of its name, where there is one.
async fn by_script(
    shared: &Arc<Shared>,
    request: &RunRequest,
    unit: &str,
    job: UnitJob,
    cancelled: &mut Cancelled,
) -> Carried {
    let changes = matches!(job, UnitJob::Start | UnitJob::Stop | UnitJob::Restart);
    let is_unit = changes && shared.bus.has_unit(unit).await;
    if is_unit {
        units::begin(&shared.config, unit, job);
    }
    let carried = by_program(shared, request, Standard::Lsb, cancelled).await;
    if is_unit {
        units::ended(&shared.config, unit, job, &carried.finished.outcome);
    }
    carried
}

fn has_script(shared: &Shared, request: &RunRequest) -> bool {
    locate::program(&shared.config, Standard::Lsb, &request.agent.kind).is_some()
}

async fn by_program(
    shared: &Arc<Shared>,
    request: &RunRequest,
    standard: Standard,
    cancelled: &mut Cancelled,
) -> Carried {
    let config = &shared.config;
    let wanted = Invocation::of(standard, &run_of(request));
    let path = match &wanted {
        Invocation::Program(program) => locate::program(config, standard, &program.name),
        Invocation::Unit { .. } => None,
    };
    let Some(path) = path else {
        let reason = format!("there is no agent {}", request.agent);
        let status = ExecStatus::NotInstalled;
        let outcome = Outcome::failed(status, OcfCode::NOT_INSTALLED, reason);
        return Carried::without_run(request, outcome);
    };
    let fitted = match fitted(shared, request, standard, &path, cancelled).await {
        Ok(fitted) => fitted,
        Err(outcome) => return Carried::without_run(request, outcome),
    };
    let Invocation::Program(program) = Invocation::of(standard, &run_of(&fitted)) else {
        return Carried::without_run(request, Outcome::done(OcfCode::UNIMPLEMENTED));
    };
    let description = Description::begin(shared, request, standard, &path);
    match operation::run(config, request, &program, &path, cancelled).await {
        Ok(ran) => {
            let outcome = operation::outcome(standard, request, &ran);
            let metadata = description.wait(shared, request, &outcome, cancelled).await;
            let mut finished = Finished {
                token: request.token,
                resource: request.resource.clone(),
                outcome,
                stdout: ran.stdout,
                stderr: ran.stderr,
                exit: ran.exit,
                kinds: metadata.as_deref().map(ParameterKinds::of).unwrap_or_default(),
            };
            if let Some(metadata) = &metadata {
                hide_secrets(request, &mut finished, |name| metadata.is_secret(name));
            }
            Carried { finished, traces: Some(Traces::of(request)), hanging: ran.hanging }
        }
        Err(error) => Carried::without_run(request, operation::not_started(&path, &error)),
    }
}

/// The request in the words of this agent: what it can do is in its description alone.
async fn fitted(
    shared: &Arc<Shared>,
    request: &RunRequest,
    standard: Standard,
    path: &Path,
    cancelled: &mut Cancelled,
) -> Result<RunRequest, Outcome> {
    match standard {
        Standard::Fence if device::needs_description(request) => {
            let metadata = describe(shared, request, standard, path, cancelled).await;
            device::fitted(request, shared.config.node.as_str(), metadata.as_deref())
        }
        Standard::Ocf if request.action == Reload::Agent.action() => {
            let metadata = describe(shared, request, standard, path, cancelled).await;
            let reload = metadata.and_then(|data| data.reload()).unwrap_or(Reload::Agent);
            let mut fitted = request.clone();
            reload.action().clone_into(&mut fitted.action);
            Ok(fitted)
        }
        Standard::Ocf
        | Standard::Lsb
        | Standard::Service
        | Standard::Systemd
        | Standard::Heartbeat
        | Standard::Fence => Ok(request.clone()),
    }
}

/// The agent's description, for the history: asked for while the agent works.
#[derive(Debug)]
enum Description {
    NotWanted,
    /// Of a monitor that is not repeated: most say that there is nothing to describe.
    IfActive(Standard, PathBuf),
    Asked(JoinHandle<Option<Arc<Metadata>>>, oneshot::Sender<()>),
}

impl Description {
    fn begin(shared: &Arc<Shared>, request: &RunRequest, standard: Standard, path: &Path) -> Self {
        if !agent::are_recorded(standard, &request.action) {
            return Self::NotWanted;
        }
        if request.is_probe() {
            return Self::IfActive(standard, path.to_owned());
        }
        let (shared, request, path) = (Arc::clone(shared), request.clone(), path.to_owned());
        let (cancel, mut cancelled) = Cancelled::new();
        let task = tokio::spawn(async move {
            describe(&shared, &request, standard, &path, &mut cancelled).await
        });
        Self::Asked(task, cancel)
    }

    /// If the operation failed the answer is not wanted, and nothing that hangs is left.
    async fn wait(
        self,
        shared: &Shared,
        request: &RunRequest,
        outcome: &Outcome,
        cancelled: &mut Cancelled,
    ) -> Option<Arc<Metadata>> {
        let is_active = outcome.status == ExecStatus::Done
            && matches!(outcome.code, OcfCode::OK | OcfCode::RUNNING_PROMOTED);
        match self {
            Self::IfActive(standard, path) if is_active => {
                describe(shared, request, standard, &path, cancelled).await
            }
            Self::NotWanted | Self::IfActive(..) => None,
            Self::Asked(task, cancel) => {
                if !is_active {
                    let _ended = cancel.send(());
                }
                task.await.ok().flatten()
            }
        }
    }
}

fn run_of(request: &RunRequest) -> Run<'_> {
    Run {
        resource: request.resource.as_str(),
        agent: &request.agent,
        action: &request.action,
        parameters: &request.parameters,
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
    units::begin(&shared.config, unit, job);
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
    units::ended(&shared.config, unit, job, &outcome);
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
fn hide_secrets(request: &RunRequest, finished: &mut Finished, is_secret: impl Fn(&str) -> bool) {
    for (name, value) in &request.parameters {
        // A value of a character or two would turn the output into asterisks.
        if value.len() >= 4 && is_secret(name) {
            for text in [&mut finished.outcome.reason, &mut finished.stdout, &mut finished.stderr] {
                *text = text.replace(value.as_str(), "******");
            }
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

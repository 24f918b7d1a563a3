//! One run of an agent by hand.

use std::io;
use std::process::Command;
use std::time::Duration;

use agent::{Invocation, Program, Run, Standard, UnitJob, codes};
use model::{AgentRef, OcfCode};

use crate::child::{self, Ended};
use crate::installed::{is_unit, ocf_root, program};

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct ByHand<'a> {
    /// The resource's or the instance's id, as the agent sees it.
    pub resource: &'a str,
    pub agent: &'a AgentRef,
    /// `start`, `stop`, `monitor`, `promote`, `demote`, `validate-all`, ...
    pub task: &'a str,
    /// As [`parameters`](crate::parameters()) has them.
    pub parameters: &'a [(String, String)],
    /// On top of this process's environment.
    pub environment: &'a [(String, String)],
    pub timeout: Duration,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// As the agent's standard means it.
    pub code: OcfCode,
    /// What the program itself answered; `None` if a signal ended it.
    pub exit: Option<i32>,
    /// It was ended because its time was over.
    pub late: bool,
    /// What it wrote to its standard output and error.
    pub output: String,
    pub errors: String,
}

/// Why nothing was run.
#[derive(Debug)]
pub enum CannotRun {
    /// The agent's standard is not known, or is nothing that could be run by hand.
    Standard(String),
    /// The standard has no such action.
    Task(String),
    /// There is no such agent here.
    NotInstalled,
    /// The program could not be run.
    Failed(io::Error),
}

impl Ran {
    /// The agent's own words about its failure.
    pub fn reason(&self) -> &str {
        codes::exit_reason(&self.errors)
    }
}

/// Runs an agent once, here and now.
///
/// # Errors
/// If there was nothing that could be run.
pub fn run(what: &ByHand<'_>) -> Result<Ran, CannotRun> {
    run_as(standard(what.agent)?, what)
}

/// Runs a fence agent once, here and now: to ask it something, since who fences is the cluster.
///
/// # Errors
/// If there was nothing that could be run.
pub fn ask_fence_agent(what: &ByHand<'_>) -> Result<Ran, CannotRun> {
    match what.task {
        "monitor" | "status" | "list" | "validate-all" => run_as(Standard::Fence, what),
        other => Err(CannotRun::Task(other.to_owned())),
    }
}

fn run_as(standard: Standard, what: &ByHand<'_>) -> Result<Ran, CannotRun> {
    let ordered = Run {
        resource: what.resource,
        agent: what.agent,
        action: what.task,
        parameters: what.parameters,
    };
    let (mut command, input) = match Invocation::of(standard, &ordered) {
        Invocation::Program(named) => (agent(standard, &named)?, named.stdin),
        Invocation::Unit { unit, job } => (unit_job(&unit, job, what.task)?, None),
    };
    command.current_dir("/").envs(what.environment.iter().map(|(name, value)| (name, value)));
    let ended = child::run(command, input.as_deref(), what.timeout).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            CannotRun::NotInstalled
        } else {
            CannotRun::Failed(error)
        }
    })?;
    let Ended { code: exit, late, output, errors } = ended;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = exit
        .map_or(OcfCode::GENERIC, |exit| codes::to_ocf(standard, what.task, exit, &text(&output)));
    let code = if late { OcfCode::GENERIC } else { code };
    Ok(Ran { code, exit, late, output: text(&output), errors: text(&errors) })
}

/// `service` is a unit if there is one of that name, else an init script.
fn standard(agent: &AgentRef) -> Result<Standard, CannotRun> {
    let unknown = || CannotRun::Standard(agent.standard.to_string());
    Ok(match Standard::parse(&agent.standard).ok_or_else(unknown)? {
        Standard::Service if is_unit(&agent.kind) => Standard::Systemd,
        Standard::Service => Standard::Lsb,
        // A device is used by who fences.
        Standard::Fence => return Err(unknown()),
        known @ (Standard::Ocf | Standard::Lsb | Standard::Systemd | Standard::Heartbeat) => known,
    })
}

fn agent(standard: Standard, named: &Program) -> Result<Command, CannotRun> {
    let path = program(&standard.to_string(), &named.name).ok_or(CannotRun::NotInstalled)?;
    if !path.exists() {
        return Err(CannotRun::NotInstalled);
    }
    let mut command = Command::new(path);
    command.args(&named.arguments).env("PATH", search_path());
    if let Some(root) = ocf_root().parent() {
        command.env("OCF_ROOT", root);
    }
    // Without a terminal, agents that trace would do so into a file.
    command.env("OCF_TRACE_FILE", "/dev/stderr");
    command.envs(named.environment.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

/// Agents need the directories of system programs.
fn search_path() -> String {
    let inherited = std::env::var("PATH").unwrap_or_default();
    let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    if inherited.is_empty() { system.to_owned() } else { format!("{inherited}:{system}") }
}

fn unit_job(unit: &str, job: UnitJob, task: &str) -> Result<Command, CannotRun> {
    let verb = match job {
        UnitJob::Start => "start",
        UnitJob::Stop => "stop",
        UnitJob::Restart => "restart",
        UnitJob::Reload => "reload",
        // It answers as init scripts do to `status`.
        UnitJob::Status => "is-active",
        UnitJob::Metadata | UnitJob::Unknown => return Err(CannotRun::Task(task.to_owned())),
    };
    let mut command = Command::new("systemctl");
    command.args([verb, unit]);
    Ok(command)
}

//! A package's control script, or one of its external scripts: run to start and to halt, and what its
//! exit code says of the package.
//!
//! Exit 0 is done. Of a run script 1 means: nowhere else either, and 2: on another node. Of a halt
//! script 1 means: the package may run nowhere until somebody looked, and nowhere else before they say
//! so, since what was not halted may still be in use here.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use process::Identity;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::ocf::{self, Code, Failure, failed};
use crate::package_service;

/// What only a reset makes good.
const UNRESET: &str = "this node must be reset before the package runs elsewhere";
/// How long the kernel may take to end what is killed.
const KILL_MAX: Duration = Duration::from_secs(20);
/// Where a script may take for ever.
const FOR_EVER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(crate) fn main(action: &str) -> ExitCode {
    ocf::answer(match action {
        "start" => start(),
        "stop" => stop(),
        "monitor" => monitor(),
        "validate-all" => script("run_script").map(|_| Code::Ok),
        _ => Ok(Code::Unimplemented),
    })
}

/// What was done here last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// The run script said so: the halt script is not run.
    Failed,
    /// Nor is it here; and with fail fast, nothing goes on before this node is reset. So it is while a run script
    /// runs, too: of one whose agent is killed nobody knows how it ends.
    Unreset,
}

fn state_file() -> PathBuf {
    ocf::run_dir().join(format!("package-script-{}", ocf::instance()))
}

fn state() -> Option<State> {
    match fs::read_to_string(state_file()).ok()?.as_str() {
        "running" => Some(State::Running),
        "unreset" => Some(State::Unreset),
        _ => Some(State::Failed),
    }
}

fn set(state: Option<State>) -> Result<(), Failure> {
    let cannot = |error: io::Error| failed(format!("cannot remember what runs: {error}"));
    let text = match state {
        Some(State::Running) => "running",
        Some(State::Failed) => "failed",
        Some(State::Unreset) => "unreset",
        None => {
            return match fs::remove_file(state_file()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot(error)),
                Ok(()) | Err(_) => Ok(()),
            };
        }
    };
    fs::create_dir_all(ocf::run_dir()).map_err(cannot)?;
    fs::write(state_file(), text).map_err(cannot)
}

/// The script has started it, and no service that it left to a keeper has failed.
fn monitor() -> Result<Code, Failure> {
    if left_over().is_some_and(|script| script.is_alive()) {
        return Err(failed("a script of it still runs"));
    }
    match state() {
        Some(State::Failed) | None => return Ok(Code::NotRunning),
        Some(State::Unreset) => return Err(failed(UNRESET)),
        Some(State::Running) => {}
    }
    let services = services();
    match services.iter().find(|service| !package_service::is_kept(service)) {
        Some(failed_one) => Err(failed(format!("the service {failed_one} has failed"))),
        None => Ok(Code::Ok),
    }
}

/// Services that the script has run and not halted, as instances of their agent: `PACKAGE:SERVICE`.
fn services() -> Vec<String> {
    let package = ocf::parameter("package").unwrap_or_default();
    package_service::instances(&format!("{package}:"))
}

/// Ends what the script has left. What cannot be ended here may still run.
fn end_services() -> Result<(), Failure> {
    for service in services() {
        ask(&["agent-helper", "package-service", "stop"], Some(&service))
            .map_err(|error| failed(format!("the service {service} does not end: {error}")))?;
    }
    Ok(())
}

/// The script that runs.
fn script_file() -> PathBuf {
    ocf::run_dir().join(format!("package-script-{}.script", ocf::instance()))
}

fn left_over() -> Option<Identity> {
    fs::read_to_string(script_file()).ok()?.trim().parse().ok()
}

/// Ends a script whose agent was killed: it would go on beside what is done next, here or elsewhere.
fn end_left_over() -> Result<(), Failure> {
    left_over().map_or(Ok(()), kill)
}

/// Kills a script and what it started, but for what has left its group.
fn kill(script: Identity) -> Result<(), Failure> {
    if !script.is_alive() {
        return Ok(());
    }
    if let Some(group) = i32::try_from(script.pid).ok().and_then(Pid::from_raw) {
        let _gone = kill_process_group(group, Signal::KILL);
    }
    match process::wait_end(script, KILL_MAX) {
        Ok(true) => Ok(()),
        Ok(false) => Err(failed("the script cannot be killed")),
        Err(error) => Err(failed(format!("cannot see whether the script has ended: {error}"))),
    }
}

fn start() -> Result<Code, Failure> {
    end_left_over()?;
    if state() == Some(State::Running) {
        return Ok(Code::Ok);
    }
    let is_fast = is_fast();
    let script = script("run_script")?;
    // A start that does not come to its end counts as one that failed.
    set(Some(if is_fast { State::Unreset } else { State::Failed }))?;
    let begun = begin(&script, "start").or_else(|failure| {
        set(Some(State::Failed))?;
        Err(failure)
    });
    match end(begun?, "run_timeout")? {
        Ended::With(0) => set(Some(State::Running)).map(|()| Code::Ok),
        Ended::With(2) => elsewhere("the run script ended with 2", is_fast),
        Ended::With(code) => nowhere(&format!("the run script ended with {code}")),
        Ended::TooLate if is_fast => elsewhere("the run script took too long", true),
        Ended::TooLate => nowhere("the run script took too long"),
    }
}

fn stop() -> Result<Code, Failure> {
    end_left_over()?;
    let ended = match state() {
        None => return Ok(Code::Ok),
        Some(State::Failed) => Ended::With(0),
        // With fail fast, this is what has the node fenced.
        Some(State::Unreset) => return Err(failed(UNRESET)),
        Some(State::Running) => end(begin(&script("halt_script")?, "stop")?, "halt_timeout")?,
    };
    end_services()?;
    let why = match ended {
        Ended::With(0) => return set(None).map(|()| Code::Ok),
        Ended::TooLate if is_fast() => return Err(failed("the halt script took too long")),
        Ended::With(code) => format!("the halt script ended with {code}"),
        Ended::TooLate => "the halt script took too long".to_owned(),
    };
    switch_off(Some(&ocf::node())).map_err(|error| failed(format!("{why}; and {error}")))?;
    set(None).map(|()| Code::Ok)
}

fn is_fast() -> bool {
    ocf::parameter("fail_fast").as_deref() == Some("yes")
}

/// The package shall be tried on another node; with fail fast this one is reset before.
fn elsewhere(why: &str, is_fast: bool) -> Result<Code, Failure> {
    if is_fast && let Err(error) = ask(&["attrd_updater", "-n", "terminate", "-U", "true"], None) {
        return Err(failed(format!("{why}; this node cannot be given up: {error}")));
    }
    Err(failed(why))
}

/// The package shall not run anywhere.
fn nowhere(why: &str) -> Result<Code, Failure> {
    set(Some(State::Failed))?;
    match switch_off(None) {
        Ok(()) => Err((Code::NotConfigured, why.to_owned())),
        Err(error) => Err(failed(format!("{why}; and {error}"))),
    }
}

/// Switches the package off; with the node on which it was not halted whole, it is kept from others.
fn switch_off(unhalted: Option<&str>) -> Result<(), String> {
    let package = ocf::parameter("package").ok_or("parameter package is not set")?;
    let mut words = vec!["cmmodpkg", "-d", "-x"];
    words.extend(unhalted.iter().flat_map(|node| ["-n", node]));
    words.push(&package);
    ask(&words, None).map_err(|error| format!("the package cannot be switched off: {error}"))
}

/// Runs one of our own commands, if need be as another instance.
pub(crate) fn ask(words: &[&str], instance: Option<&str>) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    if let Some(instance) = instance {
        // They have had their time: that of the halt script.
        command.env("OCF_RESOURCE_INSTANCE", instance).env("OCF_RESKEY_halt_timeout", "0");
    }
    let done = command.output().map_err(|error| error.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
}

/// How a script ended.
enum Ended {
    With(i32),
    TooLate,
}

fn script(name: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(ocf::required(name)?);
    if path.is_file() {
        return Ok(path);
    }
    Err((Code::NotConfigured, format!("there is no script {}", path.display())))
}

/// A script that runs.
struct Begun {
    child: Child,
    script: PathBuf,
}

fn begin(script: &Path, action: &str) -> Result<Begun, Failure> {
    let log = ocf::parameter("log").map_or_else(
        || {
            let mut name = script.as_os_str().to_owned();
            name.push(".log");
            PathBuf::from(name)
        },
        PathBuf::from,
    );
    let log = OpenOptions::new().create(true).append(true).open(&log);
    // A log that cannot be written is no reason not to run.
    let [out, err] = match log.and_then(|log| Ok([log.try_clone()?, log])) {
        Ok(files) => files.map(Stdio::from),
        Err(_) => [Stdio::null(), Stdio::null()],
    };
    let mut command = Command::new(script);
    command.arg(action).process_group(0).stdin(Stdio::null()).stdout(out).stderr(err);
    let package = ocf::parameter("package").unwrap_or_default();
    command.env("SG_PACKAGE", &package).env("SG_PACKAGE_NAME", &package);
    command.env("SG_NODE", ocf::node()).env("SG_SCRIPT_ACTION", action);
    let halts = ocf::parameter("service_halt_timeouts").unwrap_or_default();
    command.env("SG_SERVICE_HALT_TIMEOUTS", halts);
    for line in ocf::parameter("variables").unwrap_or_default().lines() {
        if let Some((name, value)) = line.split_once('=') {
            command.env(name, value);
        }
    }
    let child = command.spawn().map_err(|error| unable(script, &error))?;
    Ok(Begun { child, script: script.to_owned() })
}

fn unable(script: &Path, error: &io::Error) -> Failure {
    failed(format!("cannot run {}: {error}", script.display()))
}

/// Waits until it has ended, and ends it after so many seconds as the parameter `limit` says.
fn end(begun: Begun, limit: &str) -> Result<Ended, Failure> {
    let Begun { mut child, script } = begun;
    let cannot = |error: io::Error| unable(&script, &error);
    let patience = ocf::parameter(limit).and_then(|text| text.parse().ok());
    let patience = patience.map_or(FOR_EVER, Duration::from_secs);
    if let Some(process) = Identity::of(child.id()) {
        if let Err(error) = fs::write(script_file(), process.to_string()) {
            kill(process)?;
            return Err(cannot(error));
        }
        if !process::wait_end(process, patience).map_err(cannot)? {
            kill(process)?;
            child.wait().map_err(cannot)?;
            return Ok(Ended::TooLate);
        }
    }
    let status = child.wait().map_err(cannot)?;
    // Killed by somebody: as if it had said that the package is no good here.
    Ok(Ended::With(status.code().unwrap_or(1)))
}

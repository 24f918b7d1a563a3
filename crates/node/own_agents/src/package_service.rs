//! A package's service: a command that is kept running by a keeper, which runs it again so many times,
//! and ends when it may not any more. The keeper's end is the service's failure.
//!
//! Field words: Serviceguard *service*, `cmrunserv`, `cmhaltserv`.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use process::Identity;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::ocf::{self, Code, Failure, failed};
use crate::service::Service;

/// A command that ends at once is not run again at once.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the kernel may take to end what is killed.
const KILL_MAX: Duration = Duration::from_secs(20);
/// The kernel's clock takes no longer time.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
/// All that a command finds of the environment, besides the marks by which it is found.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

pub(crate) fn main(action: &str) -> ExitCode {
    let service = Service::new("package-service");
    ocf::answer(match action {
        "start" => start(&service),
        "stop" => stop(&service),
        "monitor" => monitor(&service),
        "validate-all" => ocf::required("cmd").map(|_| Code::Ok),
        "serve" => keep(&service),
        _ => Ok(Code::Unimplemented),
    })
}

/// What a keeper's pid file is called, around its instance.
const PID_FILE: (&str, &str) = ("package-service-", ".pid");

/// Instances that were started and not stopped, whose names begin so.
pub(crate) fn instances(start: &str) -> Vec<String> {
    let files = fs::read_dir(ocf::run_dir()).into_iter().flatten().flatten();
    let instance = |file: fs::DirEntry| {
        let name = file.file_name().into_string().ok()?;
        let instance = name.strip_prefix(PID_FILE.0)?.strip_suffix(PID_FILE.1)?;
        instance.starts_with(start).then(|| instance.to_owned())
    };
    let mut found: Vec<String> = files.filter_map(instance).collect();
    found.sort();
    found
}

/// Whether an instance's keeper lives.
pub(crate) fn is_kept(instance: &str) -> bool {
    let path = ocf::run_dir().join(format!("{}{instance}{}", PID_FILE.0, PID_FILE.1));
    let keeper = fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
    keeper.is_some_and(|keeper: Identity| keeper.is_alive())
}

/// What the keeper and who stops it tell each other, beside its pid file.
fn file(what: &str) -> PathBuf {
    ocf::run_dir().join(format!("package-service-{}.{what}", ocf::instance()))
}

fn start(service: &Service) -> Result<Code, Failure> {
    ocf::required("cmd")?;
    if service.process().is_some() {
        return Ok(Code::Ok);
    }
    for what in ["halting", "failed"] {
        remove(&file(what)).map_err(|error| failed(format!("cannot start: {error}")))?;
    }
    service.start()
}

fn monitor(service: &Service) -> Result<Code, Failure> {
    if service.process().is_some() {
        return Ok(Code::Ok);
    }
    match fs::read_to_string(file("failed")) {
        Ok(why) => Err(failed(why.trim_end())),
        Err(_) if command().is_some() => Err(failed("its keeper is gone, the command is not")),
        Err(_) => Ok(Code::NotRunning),
    }
}

/// The command's process, if it is alive.
fn command() -> Option<Identity> {
    let text = fs::read_to_string(file("command")).ok()?;
    text.trim().parse().ok().filter(|process: &Identity| process.is_alive())
}

/// Asks the command and what it started to end; after the time-out they are killed.
fn stop(service: &Service) -> Result<Code, Failure> {
    let cannot = |error: io::Error| failed(format!("cannot halt the service: {error}"));
    fs::create_dir_all(ocf::run_dir()).map_err(cannot)?;
    fs::write(file("halting"), "").map_err(cannot)?;
    let patience = ocf::parameter("halt_timeout").and_then(|text| text.parse().ok()).unwrap_or(0);
    let patience = Duration::from_secs(patience);
    if let Some(command) = command() {
        signal(command, Signal::TERM);
        if !process::wait_end(command, patience).map_err(cannot)? {
            signal(command, Signal::KILL);
            process::wait_end(command, KILL_MAX).map_err(cannot)?;
        }
        // What of its group is left has had its time.
        signal_group(command, Signal::KILL);
    }
    if let Some(keeper) = service.process()
        && !process::wait_end(keeper, PAUSE + KILL_MAX).map_err(cannot)?
    {
        return Err(failed("the service's keeper does not end"));
    }
    let code = service.stop()?;
    for what in ["command", "halting", "failed"] {
        remove(&file(what)).map_err(cannot)?;
    }
    Ok(code)
}

fn remove(path: &std::path::Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn signal(leader: Identity, signal: Signal) {
    if leader.is_alive() {
        signal_group(leader, signal);
    }
}

/// The group has its leader's number as long as any member lives.
fn signal_group(leader: Identity, signal: Signal) {
    let group = i32::try_from(leader.pid).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        let _gone = kill_process_group(group, signal);
    }
}

/// In the keeper's own process.
fn keep(service: &Service) -> Result<Code, Failure> {
    let cannot = |error: io::Error| failed(format!("cannot keep the service: {error}"));
    let words = ocf::required("cmd")?;
    let limit = match ocf::parameter("restarts").as_deref() {
        Some("unlimited") => None,
        Some(count) => Some(count.parse::<u64>().map_err(|_| {
            (Code::NotConfigured, format!("restarts is {count}: it takes a count or unlimited"))
        })?),
        None => Some(0),
    };
    service.become_ready().map_err(cannot)?;
    let mut restarts = 0;
    loop {
        let begun = Instant::now();
        let mut child = run(&words).map_err(cannot)?;
        if let Some(command) = Identity::of(child.id()) {
            fs::write(file("command"), format!("{command}\n")).map_err(cannot)?;
            // Who halts it may have looked before there was a command.
            if file("halting").exists() {
                signal(command, Signal::KILL);
            }
            process::wait_end(command, FOR_EVER).map_err(cannot)?;
            // Its children would run beside those of the next one. Until it is waited for, its number is
            // nobody else's.
            signal_group(command, Signal::KILL);
        }
        let ended = child.wait().map_err(cannot)?;
        if file("halting").exists() {
            return Ok(Code::Ok);
        }
        if restarts > 0 && is_reset() {
            restarts = 0;
        }
        if limit.is_some_and(|limit| restarts >= limit) {
            let why = format!("the command ended ({ended}) after {restarts} restarts");
            fs::write(file("failed"), &why).map_err(cannot)?;
            return Err(failed(why));
        }
        restarts += 1;
        tell(restarts);
        std::thread::sleep(PAUSE.saturating_sub(begun.elapsed()));
        if file("halting").exists() {
            return Ok(Code::Ok);
        }
    }
}

fn run(words: &str) -> io::Result<Child> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", words]).env_clear().env("PATH", PATH).process_group(0);
    for mark in [process::NODE_MARK, process::RESOURCE_MARK, process::OPERATION_MARK] {
        if let Some(value) = std::env::var_os(mark) {
            command.env(mark, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Tells the cluster how often the service was run again here, for those who look.
fn tell(restarts: u64) {
    let _not_told = attribute(&["-U", &restarts.to_string()]).is_none();
}

/// Whether an operator has set the count back (`cmmodpkg -R`). A cluster that does not answer, or has forgotten the
/// count with a former life of its daemon, says nothing of that.
fn is_reset() -> bool {
    attribute(&["-Q"]).is_some_and(|said| said.contains("value=\"0\""))
}

/// What the cluster says to an act on the count.
fn attribute(words: &[&str]) -> Option<String> {
    let service = ocf::parameter("service")?;
    let mut updater = Command::new(std::env::current_exe().ok()?);
    updater.args(["attrd_updater", "-n", &format!("sg-restarts-{service}")]).args(words);
    let output = updater.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

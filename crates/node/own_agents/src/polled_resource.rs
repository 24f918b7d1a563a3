//! A resource of packages that is polled: each monitor reads its value and tells it as a passing node attribute, by
//! which packages run here or do not. A value that is not known is taken back, and is no failure: nothing is fenced,
//! stopped or blocked for want of an answer.
//!
//! Field words: Serviceguard *EMS resource*, `RESOURCE_NAME`, `RESOURCE_POLLING_INTERVAL`.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use polled::Native;
use process::Identity;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::ocf::{self, Code, Failure, failed};

/// What of the agent's time is not the program's: for telling the value, on a busy machine.
const SPARE: Duration = Duration::from_secs(10);
/// How long a program may take where nobody says.
const PATIENCE: Duration = Duration::from_secs(10);
/// Its last words are on their way when it has ended.
const DRAIN_MAX: Duration = Duration::from_secs(1);
/// All that a program finds of the environment, besides the marks by which it is found.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

pub(crate) fn main(action: &str) -> ExitCode {
    ocf::answer(match action {
        "start" => start(),
        "stop" => stop(),
        "monitor" => monitor(),
        "validate-all" => Settings::read().map(|_| Code::Ok),
        _ => Ok(Code::Unimplemented),
    })
}

struct Settings {
    resource: String,
    attribute: String,
    is_number: bool,
    directory: String,
}

impl Settings {
    fn read() -> Result<Self, Failure> {
        let yes = ["yes", "true", "on", "1"];
        Ok(Self {
            resource: ocf::required("resource")?,
            attribute: ocf::required("attribute")?,
            is_number: ocf::parameter("number").is_some_and(|said| yes.contains(&said.as_str())),
            directory: ocf::parameter("directory").unwrap_or_else(|| polled::PROGRAMS.to_owned()),
        })
    }
}

/// Says that it is polled here: the attribute, and in a second line why its value is not known, if it is not.
fn file() -> PathBuf {
    ocf::run_dir().join(format!("polled-resource-{}", ocf::instance()))
}

/// Packages need not wait for an interval.
fn start() -> Result<Code, Failure> {
    poll(&Settings::read()?)
}

/// Nobody looks any more, so nothing is known. It is taken back also where the configuration has forgotten its name.
fn stop() -> Result<Code, Failure> {
    let kept = fs::read_to_string(file()).unwrap_or_default();
    let kept = kept.lines().next().map(str::to_owned);
    if let Some(name) = kept.or_else(|| ocf::parameter("attribute")) {
        // A daemon that is ending forgets it by itself.
        let _ = attribute(&name, &["-D"]);
    }
    match fs::remove_file(file()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error.to_string())),
        Ok(()) | Err(_) => Ok(Code::Ok),
    }
}

/// A probe only looks.
fn monitor() -> Result<Code, Failure> {
    let recurs = ocf::parameter("CRM_meta_interval").is_some_and(|interval| interval != "0");
    match (file().exists(), recurs) {
        (false, _) => Ok(Code::NotRunning),
        (true, false) => Ok(Code::Ok),
        (true, true) => poll(&Settings::read()?),
    }
}

fn poll(settings: &Settings) -> Result<Code, Failure> {
    let cannot = |error: io::Error| failed(format!("cannot remember that it is polled: {error}"));
    let value = read(settings);
    let why = value.as_ref().err().map(String::as_str).unwrap_or_default();
    let before = fs::read_to_string(file()).unwrap_or_default();
    let before = before.lines().nth(1).unwrap_or_default();
    if why != before {
        let resource = &settings.resource;
        let known = || format!("{resource} is known again");
        let line = if why.is_empty() { known() } else { format!("{resource} is not known: {why}") };
        ocf::log("resource", &line);
    }
    fs::create_dir_all(ocf::run_dir()).map_err(cannot)?;
    fs::write(file(), format!("{}\n{why}\n", settings.attribute)).map_err(cannot)?;
    if !tell(&settings.attribute, value.as_deref().ok()) {
        // The next one tells it.
        note("the cluster does not take the value");
    }
    if !why.is_empty() {
        note(&format!("{} is not known: {why}", settings.resource));
    }
    Ok(Code::Ok)
}

#[expect(clippy::print_stderr, reason = "the agent's standard error, which the executor reads")]
fn note(line: &str) {
    eprintln!("{line}");
}

/// Whether the cluster has the value now. What it has already is not said again.
fn tell(name: &str, value: Option<&str>) -> bool {
    let has = attribute(name, &["-Q"]);
    match value {
        Some(value) if has.as_deref().is_some_and(|has| says(has, value)) => true,
        Some(value) => attribute(name, &["-U", value]).is_some(),
        None => attribute(name, &["-D"]).is_some(),
    }
}

/// Whether an answer is this value. Quotes come back otherwise: it is said again then, which does no harm.
fn says(answer: &str, value: &str) -> bool {
    answer.trim_end().ends_with(&format!("value=\"{value}\""))
}

/// What the cluster says to an act on an attribute of this node; nothing where it does not answer.
fn attribute(name: &str, words: &[&str]) -> Option<String> {
    let mut updater = Command::new(std::env::current_exe().ok()?);
    updater.args(["attrd_updater", "-n", name]).args(words).stdin(Stdio::null());
    let output = updater.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The value: of the operator's program, else what the machine knows itself.
fn read(settings: &Settings) -> Result<String, String> {
    match source(&settings.directory, &settings.resource) {
        Source::Program(path) => printed(&path, &settings.resource)
            .and_then(|printed| polled::value(&printed, settings.is_number))
            .map_err(|why| format!("{}: {why}", path.display())),
        Source::NotExecutable(path) => Err(format!("{} is not executable", path.display())),
        Source::Native(_) => known_in_time(&settings.resource),
        Source::None => Err("nobody says its value".to_owned()),
    }
}

/// Where a value comes from.
pub(crate) enum Source<'r> {
    Program(PathBuf),
    NotExecutable(PathBuf),
    Native(Native<'r>),
    None,
}

/// A program that is there is meant, also if it cannot be run.
pub(crate) fn source<'r>(directory: &str, resource: &'r str) -> Source<'r> {
    let program = polled::program(directory, resource).map(PathBuf::from);
    if let Some(program) = program
        && let Ok(meta) = fs::metadata(&program)
        && !meta.is_dir()
    {
        let is_executable = meta.is_file() && meta.permissions().mode() & 0o111 != 0;
        return if is_executable {
            Source::Program(program)
        } else {
            Source::NotExecutable(program)
        };
    }
    Native::of(resource).map_or(Source::None, Source::Native)
}

/// How long a program may take: what the operation may, but for what comes after.
fn limit() -> Duration {
    let said = ocf::parameter("CRM_meta_timeout").and_then(|text| text.parse().ok());
    let all = said.map_or(PATIENCE + SPARE, Duration::from_millis);
    all.saturating_sub(SPARE).max(Duration::from_secs(1))
}

/// What a program prints. One that takes too long is killed, with what it has started.
fn printed(path: &Path, resource: &str) -> Result<String, String> {
    let mut command = Command::new(path);
    command.arg(resource).env_clear().env("PATH", PATH).process_group(0);
    for mark in [process::NODE_MARK, process::RESOURCE_MARK, process::OPERATION_MARK] {
        if let Some(value) = std::env::var_os(mark) {
            command.env(mark, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let said = child.stdout.take().map(listen);
    let limit = limit();
    let program = Identity::of(child.id());
    let has_ended = program.is_none_or(|one| process::wait_end(one, limit).unwrap_or(false));
    // Until it is waited for, its number is nobody else's.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _gone = kill_process_group(group, Signal::KILL);
    }
    if !has_ended {
        // It ends as soon as the kernel lets it; the executor looks after what does not.
        return Err(too_late(limit));
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    match status.code() {
        Some(0) => said
            .and_then(|said| said.recv_timeout(DRAIN_MAX).ok())
            .ok_or_else(|| "it prints no value".to_owned()),
        Some(code) => Err(format!("it ended with {code}")),
        None => Err("it was killed".to_owned()),
    }
}

/// The first line, as soon as it is there. The rest is read, so that the program does not wait for that.
fn listen(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(stdout);
        let mut line = Vec::new();
        let read = (&mut pipe).take(polled::VALUE_MAX as u64).read_until(b'\n', &mut line);
        if read.is_ok() {
            let _nobody_waits = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
        let _all = io::copy(&mut pipe, &mut io::sink());
    });
    receiver
}

/// What the machine says, unless it hangs: a file system whose server is gone holds whoever asks.
fn known_in_time(resource: &str) -> Result<String, String> {
    let (sender, receiver) = mpsc::channel();
    let resource = resource.to_owned();
    std::thread::spawn(move || {
        let answer = Native::of(&resource).ok_or_else(String::new).and_then(known);
        let _nobody_waits = sender.send(answer);
    });
    let limit = limit();
    receiver.recv_timeout(limit).unwrap_or_else(|_| Err(too_late(limit)))
}

fn too_late(limit: Duration) -> String {
    format!("it takes longer than {} s", limit.as_secs())
}

/// What the machine says by itself.
///
/// # Errors
/// Why it cannot, in words.
pub(crate) fn known(native: Native<'_>) -> Result<String, String> {
    let cannot = |error: io::Error| error.to_string();
    match native {
        Native::LanStatus(name) => {
            let cards = network::survey().map_err(cannot)?;
            let card = cards.iter().find(|card| card.name == name);
            let card = card.ok_or_else(|| format!("there is no network card {name}"))?;
            let is_in_use = !card.addresses.is_empty() || card.part_of.is_some();
            Ok(polled::lan_status(card.works, is_in_use).to_owned())
        }
        Native::JobQueue(minutes) => {
            let text = fs::read_to_string("/proc/loadavg").map_err(cannot)?;
            polled::job_queue(&text, minutes).ok_or_else(|| "/proc/loadavg says none".to_owned())
        }
        Native::Users => {
            let said = Command::new("uptime").env("LC_ALL", "C").stdin(Stdio::null()).output();
            let said = said.map_err(|error| format!("cannot run uptime: {error}"))?;
            polled::users(&String::from_utf8_lossy(&said.stdout))
                .ok_or_else(|| "uptime does not say it".to_owned())
        }
        Native::AvailableMb(place) => {
            let mounts = fs::read_to_string("/proc/self/mounts").map_err(cannot)?;
            if !polled::is_mount_point(&mounts, place) {
                return Err(format!("nothing is mounted at {place}"));
            }
            let found = rustix::fs::statvfs(place).map_err(|error| error.to_string())?;
            Ok(polled::available_mb(found.f_bavail, found.f_frsize))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_this_value_only_as_a_whole() {
        let answer = "name=\"sg-resource-load\" host=\"n1\" value=\"12\"\n";
        assert!(says(answer, "12"));
        assert!(!says(answer, "2"));
        assert!(!says(answer, "1"));
    }

    #[test]
    fn what_linux_knows_is_read() {
        for resource in ["/system/jobQueue5Min", "/system/filesystem/availMb/proc"] {
            let Source::Native(native) = source("/nowhere", resource) else {
                panic!("{resource} is native");
            };
            known(native).unwrap().parse::<u64>().unwrap();
        }
        let of = |resource| match source("/nowhere", resource) {
            Source::Native(native) => known(native).unwrap_err(),
            Source::Program(_) | Source::NotExecutable(_) | Source::None => "no".to_owned(),
        };
        assert_eq!(of("/net/interfaces/lan/status/nic"), "there is no network card nic");
        assert_eq!(of("/system/filesystem/availMb/proc/self"), "nothing is mounted at /proc/self");
        assert_eq!(of("/net/lines"), "no");
        assert!(matches!(source("/etc", "/passwd"), Source::NotExecutable(_)));
        assert!(matches!(source("/bin", "/sh"), Source::Program(_)));
    }
}

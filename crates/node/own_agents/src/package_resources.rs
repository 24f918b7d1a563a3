//! Polled resources of a modular package that count from its start on, until it is halted: there they are started by the
//! package, here they are polled always, and this says from when on the package needs them.
//!
//! Field words: Serviceguard *deferred resource*, `resource_start`, `cmstartres`, `cmstopres`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use process::Identity;

use crate::ocf::{self, Code, Failure, failed};
use crate::package_script;

/// How long a package waits for its resources, before it is tried elsewhere.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn main(action: &str) -> ExitCode {
    ocf::answer(match action {
        "start" => start(),
        "stop" => stop(),
        "monitor" => Ok(if file().exists() { Code::Ok } else { Code::NotRunning }),
        "validate-all" => package_and_resources().map(|_| Code::Ok),
        _ => Ok(Code::Unimplemented),
    })
}

fn file() -> PathBuf {
    ocf::run_dir().join(format!("package-resources-{}", ocf::instance()))
}

/// A resource in each line.
fn package_and_resources() -> Result<(String, Vec<String>), Failure> {
    let resources = ocf::required("resources")?.lines().map(str::to_owned).collect();
    Ok((ocf::required("package")?, resources))
}

fn start() -> Result<Code, Failure> {
    let cannot = |error: io::Error| failed(format!("cannot remember that they count: {error}"));
    let (package, resources) = package_and_resources()?;
    let until = Instant::now() + PATIENCE;
    for resource in &resources {
        if let Err(why) = count(&package, resource, until) {
            // Where it does not run it needs nothing.
            no_longer(&package, &resources);
            return Err(failed(why));
        }
    }
    fs::create_dir_all(ocf::run_dir()).map_err(cannot)?;
    fs::write(file(), "").map(|()| Code::Ok).map_err(cannot)
}

fn stop() -> Result<Code, Failure> {
    if let Ok((package, resources)) = package_and_resources() {
        no_longer(&package, &resources);
    }
    match fs::remove_file(file()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error.to_string())),
        Ok(()) | Err(_) => Ok(Code::Ok),
    }
}

/// What cannot be told now passes with the node's life.
fn no_longer(package: &str, resources: &[String]) {
    for resource in resources {
        let words = ["cmstopres", "-n", &ocf::node(), "-p", package, resource];
        let _ = package_script::ask(&words, None);
    }
}

/// Waits until it is up, and has it count.
fn count(package: &str, resource: &str, until: Instant) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["cmstartres", "-u", "-n", &ocf::node(), "-p", package, resource]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let left = until.saturating_duration_since(Instant::now());
    let asked = Identity::of(child.id());
    if asked.is_some_and(|asked| !process::wait_end(asked, left).unwrap_or(true)) {
        let _gone = child.kill();
        let _waited = child.wait();
        return Err(format!("the resource {resource} is not up here"));
    }
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
}

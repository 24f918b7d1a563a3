//! A service that is a process: started in the background, found by its pid file, stopped.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use process::{Identity, Signal};

use crate::ocf::{self, Code, Failure, failed};

/// How long a service may take to end when asked, before it is killed.
const END_MAX: Duration = Duration::from_secs(5);

/// What the background process says on its standard output when it is ready.
const READY: &str = "ready";

/// The service of one resource.
#[derive(Debug)]
pub(crate) struct Service {
    program: &'static str,
}

impl Service {
    /// `program` is the word after `agent-helper`.
    pub(crate) fn new(program: &'static str) -> Self {
        Self { program }
    }

    fn pid_file(&self) -> PathBuf {
        // Instances of clones have a colon in their names.
        ocf::run_dir().join(format!("{}-{}.pid", self.program, ocf::instance()))
    }

    /// Its process, if it is alive.
    pub(crate) fn process(&self) -> Option<Identity> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        text.trim().parse().ok().filter(|process: &Identity| process.is_alive())
    }

    /// Starts `agent-helper PROGRAM serve` and waits until it is ready or has failed.
    pub(crate) fn start(&self) -> Result<Code, Failure> {
        if self.process().is_some() {
            return Ok(Code::Ok);
        }
        let cannot = |error: io::Error| failed(format!("cannot start the service: {error}"));
        let binary = std::env::current_exe().map_err(cannot)?;
        let mut child = Command::new(binary)
            .args(["agent-helper", self.program, "serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(cannot)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(cannot)?;
        }
        if line.trim_end() == READY {
            return Ok(Code::Ok);
        }
        // Without the word it is on its way out, and has said why.
        let status = child.wait().map_err(cannot)?;
        let code = match status.code() {
            Some(code) if code == Code::NotConfigured as i32 => Code::NotConfigured,
            Some(_) | None => Code::Generic,
        };
        Err((code, String::new()))
    }

    /// In the background process: leaves the agent's session, writes the pid file, and lets the
    /// agent go.
    #[expect(clippy::print_stdout, reason = "the pipe to the agent that waits for this word")]
    pub(crate) fn become_ready(&self) -> io::Result<()> {
        rustix::process::setsid()?;
        fs::create_dir_all(ocf::run_dir())?;
        let new = self.pid_file().with_extension("new");
        fs::write(&new, format!("{}\n", Identity::own()))?;
        fs::rename(new, self.pid_file())?;
        println!("{READY}");
        // The agent's pipes are not ours to keep open.
        let null = fs::OpenOptions::new().write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdout(&null)?;
        rustix::stdio::dup2_stderr(&null)?;
        Ok(())
    }

    /// Ends the process and waits until it is gone.
    pub(crate) fn stop(&self) -> Result<Code, Failure> {
        let cannot = |error: io::Error| failed(format!("cannot stop the service: {error}"));
        if let Some(process) = self.process() {
            process::send(process, Signal::End).map_err(cannot)?;
            if !process::wait_end(process, END_MAX).map_err(cannot)? {
                let find = || if process.is_alive() { vec![process] } else { Vec::new() };
                process::end_now(END_MAX, find).map_err(cannot)?;
            }
        }
        match fs::remove_file(self.pid_file()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot(error)),
            Ok(()) | Err(_) => Ok(Code::Ok),
        }
    }
}

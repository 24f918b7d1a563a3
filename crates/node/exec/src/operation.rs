//! One run of a program: start it in a session of its own, read what it says, end it in time.

use std::fmt::Write as _;
use std::future::{Future, pending};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use agent::{Program, Standard, codes};
use model::{ExecStatus, OcfCode, Outcome};
use process::{NODE_MARK, OPERATION_MARK, RESOURCE_MARK, RUN_DIRECTORY};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::{Instant, sleep};

use crate::capture::Capture;
use crate::config::{DRAIN_MAX, ExecConfig, METADATA_MAX, OUTPUT_HEAD_MAX, OUTPUT_TAIL_MAX};
use crate::kill::end_session;
use crate::orphans;
use crate::record::Record;
use crate::request::{Cancelled, Exit, RunRequest};

/// What a run came to, before anyone says what that means.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) ending: Ending,
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The run's first process, if not even SIGKILL ended it.
    pub(crate) hanging: Option<Hanging>,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Itself,
    Deadline,
    Caller,
}

/// A process that does not die, and the record that says so.
#[derive(Debug)]
pub(crate) struct Hanging {
    child: Child,
    record: Record,
}

impl Hanging {
    /// Returns when it is gone after all.
    pub(crate) async fn gone(mut self) {
        let pid = self.child.id();
        let _ = self.child.wait().await;
        orphans::forget(pid);
        self.record.remove();
    }
}

/// Runs `program`, found at `path`.
///
/// # Errors
/// When it cannot be started; nothing runs then.
pub(crate) async fn run(
    config: &ExecConfig,
    request: &RunRequest,
    program: &Program,
    path: &Path,
    cancelled: &mut Cancelled,
) -> io::Result<Ran> {
    let begun = Instant::now();
    let mut record = Record::create(config, request);
    let mut child = match start(config, request, program, path, &record) {
        Ok(child) => child,
        Err(error) => {
            record.remove();
            return Err(error);
        }
    };
    if let Some(pid) = child.id() {
        record.started(pid);
    }
    if let (Some(mut stdin), Some(text)) = (child.stdin.take(), program.stdin.clone()) {
        // An agent that does not read its input is no reason to wait; the task ends with the pipe.
        tokio::spawn(async move {
            let _ = stdin.write_all(text.as_bytes()).await;
        });
    }
    let pid = child.id();
    let mut output = Output::of(&mut child, &request.action);
    let deadline = deadline(begun, request.timeout);
    let (ending, status, gone) =
        follow(config, &mut child, &mut output, deadline, cancelled).await?;
    output.drain();
    let (stdout, stderr) = output.into_text();
    let hanging = if gone {
        orphans::forget(pid);
        record.remove();
        None
    } else {
        Some(Hanging { child, record })
    };
    let exit = status.map_or(Exit::None, exit_of);
    Ok(Ran { ending, exit, stdout, stderr, hanging })
}

/// Reads and waits until the first process has ended and, where it had to be made to, all of its
/// session with it.
async fn follow(
    config: &ExecConfig,
    child: &mut Child,
    output: &mut Output,
    mut deadline: Pin<Box<dyn Future<Output = ()> + Send>>,
    cancelled: &mut Cancelled,
) -> io::Result<(Ending, Option<ExitStatus>, bool)> {
    let leader = child.id().unwrap_or(0);
    let mut killing: Option<Pin<Box<dyn Future<Output = bool> + Send>>> = None;
    let mut ending = Ending::Itself;
    let mut status = None;
    loop {
        let ended_by = tokio::select! {
            biased;
            killed = step(&mut killing) => {
                if killed && status.is_none() {
                    status = Some(child.wait().await?);
                }
                return Ok((ending, status, killed));
            }
            ended = child.wait(), if status.is_none() => {
                status = Some(ended?);
                if killing.is_none() {
                    return Ok((ending, status, true));
                }
                continue;
            }
            () = &mut deadline, if killing.is_none() => Ending::Deadline,
            () = cancelled.wait(), if killing.is_none() => Ending::Caller,
            () = output.read() => continue,
        };
        ending = ended_by;
        killing = Some(Box::pin(end_session(leader, config.kill_grace)));
    }
}

async fn step(killing: &mut Option<Pin<Box<dyn Future<Output = bool> + Send>>>) -> bool {
    match killing {
        Some(killing) => killing.await,
        None => pending().await,
    }
}

fn deadline(begun: Instant, timeout: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    if timeout.is_zero() {
        return Box::pin(pending());
    }
    Box::pin(async move { sleep(timeout.saturating_sub(begun.elapsed())).await })
}

fn start(
    config: &ExecConfig,
    request: &RunRequest,
    program: &Program,
    path: &Path,
    record: &Record,
) -> io::Result<Child> {
    let mut command = Command::new(path);
    command
        .args(&program.arguments)
        .env_clear()
        .envs(config.environment.iter().map(|(name, value)| (name, value)))
        .env("OCF_ROOT", &config.ocf_root)
        .env("QUORATE_NODE", config.node.as_str())
        .env(NODE_MARK, &config.state_dir)
        .env(RESOURCE_MARK, request.resource.as_str())
        .env(OPERATION_MARK, &record.mark)
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        // A service started here must not keep a file system busy.
        .current_dir("/")
        .stdin(if program.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(directory) = &config.run_dir {
        command.env(RUN_DIRECTORY, directory);
    }
    if let Some(directory) = &config.scratch_dir {
        // If it cannot be made, the agent will say what it misses.
        let _ = std::fs::create_dir_all(directory);
        command.env("HA_RSCTMP", directory);
    }
    in_own_session(&mut command, record.descriptor());
    orphans::spawn(&mut command)
}

/// The new process founds a session, which its children stay in unless they leave it on purpose,
/// and puts itself on record, before it becomes the agent.
fn in_own_session(command: &mut Command, record: Option<OwnedFd>) {
    let prepare = move || {
        rustix::process::setsid()?;
        if let Some(record) = &record {
            let mut line = Line::default();
            let _ = writeln!(line, "pid {}", rustix::process::getpid().as_raw_nonzero());
            // A full disk is no reason not to run.
            let _ = rustix::io::write(record, line.text());
        }
        Ok(())
    };
    #[expect(unsafe_code, reason = "there is no safe way to found a session between fork and exec")]
    // SAFETY: between fork and exec only async-signal-safe work is allowed. `prepare` makes three
    // system calls and formats a number into an array of its own: no allocation, no lock.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// Text in a fixed place: writing to it never allocates.
#[derive(Default)]
struct Line {
    bytes: [u8; 32],
    len: usize,
}

impl Line {
    fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl std::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Both pipes of a running agent, and what came out of them.
struct Output {
    stdout: Pipe<ChildStdout>,
    stderr: Pipe<ChildStderr>,
}

struct Pipe<P> {
    /// `None` once the other end is closed.
    pipe: Option<P>,
    capture: Capture,
}

impl Output {
    fn of(child: &mut Child, action: &str) -> Self {
        let is_metadata = matches!(action, "meta-data" | "metadata");
        let head_max = if is_metadata { METADATA_MAX } else { OUTPUT_HEAD_MAX };
        Self {
            stdout: Pipe {
                pipe: child.stdout.take(),
                capture: Capture::new(head_max, OUTPUT_TAIL_MAX),
            },
            stderr: Pipe {
                pipe: child.stderr.take(),
                capture: Capture::new(OUTPUT_HEAD_MAX, OUTPUT_TAIL_MAX),
            },
        }
    }

    /// Waits for one piece of output.
    async fn read(&mut self) {
        tokio::select! {
            () = self.stdout.read() => {}
            () = self.stderr.read() => {}
        }
    }

    /// Takes what the pipes still hold, without waiting for who else may have them open.
    fn drain(&mut self) {
        self.stdout.drain();
        self.stderr.drain();
    }

    fn into_text(self) -> (String, String) {
        (self.stdout.capture.into_text(), self.stderr.capture.into_text())
    }
}

impl<P: AsyncRead + AsFd + Unpin> Pipe<P> {
    async fn read(&mut self) {
        let mut bytes = [0; 8192];
        let Some(pipe) = &mut self.pipe else { return pending().await };
        match pipe.read(&mut bytes).await {
            Ok(0) | Err(_) => self.pipe = None,
            Ok(count) => self.capture.write(bytes.get(..count).unwrap_or_default()),
        }
    }

    fn drain(&mut self) {
        let Some(pipe) = &self.pipe else { return };
        let mut bytes = [0; 8192];
        let mut total = 0;
        while total < DRAIN_MAX
            && let Ok(count @ 1..) = rustix::io::read(pipe, &mut bytes)
        {
            self.capture.write(bytes.get(..count).unwrap_or_default());
            total += count;
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::None,
    }
}

/// What `ran` means as an answer to `request`.
pub(crate) fn outcome(standard: Standard, request: &RunRequest, ran: &Ran) -> Outcome {
    let RunRequest { action, resource, timeout, .. } = request;
    match ran.ending {
        Ending::Deadline if ran.hanging.is_some() => Outcome::failed(
            ExecStatus::TimedOut,
            OcfCode::GENERIC,
            format!("{action} of {resource} did not end within {timeout:?} and cannot be killed"),
        ),
        Ending::Deadline => Outcome::failed(
            ExecStatus::TimedOut,
            OcfCode::GENERIC,
            format!("{action} of {resource} did not end within {timeout:?}"),
        ),
        Ending::Caller => Outcome::failed(ExecStatus::Cancelled, OcfCode::UNKNOWN, ""),
        Ending::Itself => match ran.exit {
            Exit::Code(code) => answered(standard, action, code, ran),
            Exit::Signal(signal) => Outcome::failed(
                ExecStatus::Error,
                OcfCode::GENERIC,
                format!("{action} of {resource} was ended by signal {signal}"),
            ),
            Exit::None => Outcome::failed(ExecStatus::Error, OcfCode::GENERIC, "no exit status"),
        },
    }
}

fn answered(standard: Standard, action: &str, code: i32, ran: &Ran) -> Outcome {
    let mut outcome = Outcome::done(codes::to_ocf(standard, action, code, &ran.stdout));
    outcome.reason = match standard {
        Standard::Ocf => codes::exit_reason(&ran.stderr).to_owned(),
        Standard::Fence if code != 0 => last_line(&ran.stderr).to_owned(),
        Standard::Fence
        | Standard::Lsb
        | Standard::Service
        | Standard::Systemd
        | Standard::Heartbeat => String::new(),
    };
    if outcome.reason.is_empty() && !codes::is_meaningful(standard, action, code) {
        outcome.reason = format!("the agent ended with {code}, which has no meaning");
    }
    outcome
}

fn last_line(text: &str) -> &str {
    let line = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("").trim();
    // Long enough for any message, short enough for the document.
    line.char_indices().nth(200).and_then(|(end, _)| line.get(..end)).unwrap_or(line)
}

/// The outcome of a program that could not be started.
pub(crate) fn not_started(path: &Path, error: &io::Error) -> Outcome {
    let reason = format!("{}: {error}", path.display());
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(
            rustix::io::Errno::NOENT
            | rustix::io::Errno::ISDIR
            | rustix::io::Errno::NOTDIR
            | rustix::io::Errno::INVAL
            | rustix::io::Errno::NOEXEC,
        ) => Outcome::failed(ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED, reason),
        Some(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => {
            Outcome::failed(ExecStatus::Error, OcfCode::INSUFFICIENT_PRIVILEGE, reason)
        }
        _ => Outcome::failed(ExecStatus::Error, OcfCode::GENERIC, reason),
    }
}

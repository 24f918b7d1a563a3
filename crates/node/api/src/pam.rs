//! Passwords, by PAM: the machine's own rules say whether one is right.
//!
//! PAM's modules are other people's code in our process: they wait for networks, keep what they
//! were told, and crash. So they run in a process of their own (`quorate pam-check`), which lives
//! for one question and is killed when it takes too long.
//!
//! **Always:** a password goes through a pipe, never through arguments, environment or a log.

mod library;

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// One question may take so long: a directory server's answer, and the delay after a wrong one.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);

/// Questions at a time; more wait for a moment and are refused then.
const QUESTIONS_MAX: usize = 4;

/// How long a question waits for its turn.
const TURN_WAIT_MAX: Duration = Duration::from_secs(5);

/// Longer names and passwords are wrong. Source: Linux-PAM's `PAM_MAX_RESP_SIZE`.
const TEXT_MAX: usize = 512;

/// What the process says by its end.
const RIGHT: u8 = 0;
const WRONG: u8 = 1;
const UNUSABLE: u8 = 2;

/// How PAM is asked.
#[derive(Clone, Debug)]
pub struct PamSettings {
    /// The program that has the subcommand `pam-check`.
    pub program: PathBuf,
    /// The name of the file with the rules, in `/etc/pam.d`.
    pub service: String,
    /// Where that file is instead.
    pub rules: Option<PathBuf>,
}

/// PAM could not say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PamError {
    #[error("cannot start the process that asks PAM")]
    Start(#[source] io::Error),
    #[error("PAM cannot be used on this machine, or has crashed")]
    Unusable,
    #[error("PAM did not answer within {} s", ANSWER_WAIT_MAX.as_secs())]
    Deadline,
    #[error("too many passwords are being looked at")]
    Busy,
}

/// Asks PAM, a few questions at a time.
#[derive(Debug)]
pub(crate) struct Pam {
    settings: PamSettings,
    turns: Semaphore,
}

impl Pam {
    pub(crate) fn new(settings: PamSettings) -> Self {
        Self { settings, turns: Semaphore::new(QUESTIONS_MAX) }
    }

    /// Whether it is this user's password, and the user may log in now.
    pub(crate) async fn is_right(&self, user: &str, password: &str) -> Result<bool, PamError> {
        let is_text =
            |text: &str| !text.is_empty() && text.len() < TEXT_MAX && !text.contains('\0');
        if !is_text(user) || !is_text(password) {
            return Ok(false);
        }
        let turn = tokio::time::timeout(TURN_WAIT_MAX, self.turns.acquire());
        let _turn = turn.await.map_err(|_| PamError::Busy)?.map_err(|_| PamError::Busy)?;
        let mut child = self.command().spawn().map_err(PamError::Start)?;
        let asked = tokio::time::timeout(ANSWER_WAIT_MAX, ask(&mut child, user, password)).await;
        if asked.is_err() {
            end(&mut child).await;
        }
        asked.map_err(|_| PamError::Deadline)?
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.settings.program);
        command.arg("pam-check").arg(&self.settings.service).args(&self.settings.rules);
        command.env_clear().env("LC_ALL", "C.UTF-8").process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

async fn ask(child: &mut Child, user: &str, password: &str) -> Result<bool, PamError> {
    if let Some(mut question) = child.stdin.take() {
        let text = format!("{user}\0{password}");
        // One that is gone already says why by its end.
        let _gone = question.write_all(text.as_bytes()).await;
    }
    let status = child.wait().await.map_err(PamError::Start)?;
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(RIGHT) => Ok(true),
        Some(WRONG) => Ok(false),
        Some(_) | None => Err(PamError::Unusable),
    }
}

/// Ends the process and what its modules started.
async fn end(child: &mut Child) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _gone = kill_process_group(pid, Signal::KILL);
    }
    let _gone = child.wait().await;
}

/// `quorate pam-check SERVICE [DIRECTORY]`: reads a name, a zero byte and a password, and says by
/// its exit code whether they belong together.
pub fn pam_check(words: Vec<OsString>) -> ExitCode {
    let mut words = words.into_iter().map(|word| word.into_string().unwrap_or_default());
    let (service, rules) = (words.next().unwrap_or_default(), words.next());
    let mut text = String::new();
    let most = u64::try_from(2 * TEXT_MAX).unwrap_or(u64::MAX);
    if io::stdin().lock().take(most).read_to_string(&mut text).is_err() {
        return ExitCode::from(WRONG);
    }
    let Some((user, password)) = text.split_once('\0') else { return ExitCode::from(WRONG) };
    ExitCode::from(match library::is_right(&service, rules.as_deref(), user, password) {
        Some(true) => RIGHT,
        Some(false) => WRONG,
        None => UNUSABLE,
    })
}

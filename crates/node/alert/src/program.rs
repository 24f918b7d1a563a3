//! One run of a program that tells somebody: with a deadline, in a process group of its own, so that
//! all of it can be ended.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// What a program says of its failure at most.
const SAID_MAX: u64 = 2_000;

/// Who keeps the standard error open longer than the program lives is not waited for longer.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Runs it; why it did not do it, if so.
pub(crate) async fn run(
    mut command: Command,
    input: &[u8],
    timeout: Duration,
) -> Result<(), String> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true).current_dir("/");
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    // Both on their own: a program need not read, nor close what it was given when it ends.
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let input = input.to_vec();
    let feeding = tokio::spawn(async move {
        if let Some(mut stdin) = stdin {
            // One that does not want to read is no failure; its exit code tells.
            let _closed = stdin.write_all(&input).await;
        }
    });
    let listening = tokio::spawn(async move {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            let _cut = (&mut stderr).take(SAID_MAX).read_to_end(&mut said).await;
            // What floods is read on, so that it can end.
            if said.len() as u64 == SAID_MAX {
                tokio::spawn(
                    async move { tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await },
                );
            }
        }
        said
    });
    let ended = tokio::time::timeout(timeout, child.wait()).await;
    feeding.abort();
    let Ok(ended) = ended else {
        if let Some(group) = group {
            let _gone = kill_process_group(group, Signal::KILL);
        }
        return Err(format!("it took longer than {} s", timeout.as_secs_f64()));
    };
    let said = tokio::time::timeout(LAST_WORDS, listening).await;
    let said = said.ok().and_then(Result::ok).unwrap_or_default();
    let status = ended.map_err(|error| format!("cannot be waited for: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said).trim().replace('\n', "; ");
    Err(if said.is_empty() { status.to_string() } else { said })
}

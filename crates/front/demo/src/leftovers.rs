//! Ends every process of a demo in a directory, however it came to be.
//!
//! Daemons mark what they start by an environment variable with their state directory, and the
//! demo marks what it starts by another; a process is ours if its environment says so.

use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::trouble::Trouble;
use crate::{NODES, network};

/// The demo's mark.
pub(crate) const MARK: &str = "QUORATE_DEMO";
/// The executor's mark.
const NODE_MARK: &str = "QUORATE_STATE_DIR";

/// Killed processes are gone in less; one that hangs in the kernel is not waited for.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// Longer than becoming another program takes, unless its file cannot be read.
const BECOMING_MAX: Duration = Duration::from_secs(1);

/// Bytes; more than environments usually have.
const AT_ONE_GO: usize = 64 * 1024;

/// A process may start another while we look; each round finds fewer.
const ROUNDS: usize = 20;

/// Removes what an earlier run in this directory left, because it was killed itself.
pub(crate) fn remove(directory: &Path) -> Result<(), Trouble> {
    kill_all(directory);
    network::remove_leftovers(directory);
    Ok(())
}

/// Kills all processes of a demo in this directory, and waits until they are gone.
pub(crate) fn kill_all(directory: &Path) {
    for _ in 0..ROUNDS {
        let ours: Vec<OwnedFd> = processes()
            .into_iter()
            .filter(|pid| is_ours(*pid, directory))
            .filter_map(|pid| {
                let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
                // The number may have gone to another process before we had the handle.
                is_ours(pid, directory).then_some(handle)
            })
            .collect();
        if ours.is_empty() {
            return;
        }
        for handle in &ours {
            let _ = pidfd_send_signal(handle, Signal::KILL);
        }
        for handle in &ours {
            let _ = poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&PATIENCE));
        }
    }
}

/// Numbers of processes of `node` whose command line has all of `words`.
pub(crate) fn find(directory: &Path, node: &str, words: &[&str]) -> Vec<Pid> {
    let mark = format!("{NODE_MARK}={}", directory.join(node).display());
    let has_words = |pid: Pid| {
        let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        let parts: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.iter().all(|word| parts.contains(&word.as_bytes()))
    };
    let marked = |pid: &Pid| environment(*pid).contains(&mark);
    processes().into_iter().filter(marked).filter(|pid| has_words(*pid)).collect()
}

/// Kills one process by its number, at once.
pub(crate) fn kill(pid: Pid) {
    let _ = rustix::process::kill_process(pid, Signal::KILL);
}

fn is_ours(pid: Pid, directory: &Path) -> bool {
    if pid == rustix::process::getpid() {
        return false;
    }
    let demo = format!("{MARK}={}", directory.display());
    let nodes: Vec<String> = NODES
        .iter()
        .map(|node| format!("{NODE_MARK}={}", directory.join(node).display()))
        .collect();
    environment(pid).iter().any(|entry| *entry == demo || nodes.contains(entry))
}

fn environment(pid: Pid) -> Vec<String> {
    let until = Instant::now() + BECOMING_MAX;
    let bytes = loop {
        let bytes = read_environment(pid).unwrap_or_default();
        if !bytes.is_empty() || has_no_environment(pid) || Instant::now() > until {
            break bytes;
        }
        std::thread::yield_now();
    };
    let entries = bytes.split(|byte| *byte == 0);
    entries.map(|entry| String::from_utf8_lossy(entry).into_owned()).collect()
}

/// Reads at one go what there is: the file is the memory of when it was opened, and its next part
/// is empty once the process has another.
fn read_environment(pid: Pid) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(format!("/proc/{}/environ", pid.as_raw_nonzero()))?;
    let mut text = vec![0; AT_ONE_GO];
    let length = file.read(&mut text)?;
    text.truncate(length);
    if length == AT_ONE_GO {
        file.read_to_end(&mut text)?;
    }
    Ok(text)
}

/// Whether it is gone, has no memory (as who is ending), or was started with no variable at all. Else
/// an empty environment is that of one who is just becoming another program.
fn has_no_environment(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let Ok(line) = stat else { return true };
    let Some((_, rest)) = line.rsplit_once(") ") else { return true };
    // Counted as in the file, whose field 3 is the first of these: 23 is the memory, 27 where the
    // code ends (0 until the program is laid out), 50 and 51 where the environment begins and ends.
    let field = |number: usize| rest.trim_end().split(' ').nth(number - 3);
    field(23) == Some("0") || (field(27) != Some("0") && field(50) == field(51))
}

fn processes() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(Pid::from_raw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_becomes_another_program_is_still_ours() {
        let again = "exec sh -c \"$0\" \"$0\"";
        let directory = Path::new("/nowhere/becomes");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", again, again]).env(MARK, directory);
        let mut child = command.spawn().unwrap();
        let pid = Pid::from_child(&child);
        let missed = (0..20_000).filter(|_| !is_ours(pid, directory)).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(missed, 0);
    }
}

//! Ends every process of a demo in a directory, however it came to be.
//!
//! Daemons mark what they start by an environment variable with their state directory, and the
//! demo marks what it starts by another; a process is ours if its environment says so.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;

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
    let bytes = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
    let entries = bytes.split(|byte| *byte == 0);
    entries.map(|entry| String::from_utf8_lossy(entry).into_owned()).collect()
}

fn processes() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(Pid::from_raw).collect()
}

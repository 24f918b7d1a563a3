//! One run of a program: how long it took and how much memory it had at most.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) wall: f64,
    /// In the program and in the kernel for it, seconds.
    pub(super) cpu: f64,
    pub(super) peak_kib: i64,
    /// How it ended, as the kernel tells: the exit code, or the signal.
    pub(super) status: i32,
}

impl Measured {
    /// The run whose CPU time is the median.
    pub(super) fn middle(mut runs: Vec<Self>) -> Option<Self> {
        runs.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
        runs.get(runs.len() / 2).copied()
    }
}

/// Runs `program` as `crm_simulate`; `None` if it took longer than `patience` seconds. A corpus
/// holds documents that are refused, too, so any exit code will do.
pub(super) fn run(
    program: &Path,
    schemas: Option<&Path>,
    words: &[String],
    folder: &Path,
    patience: u64,
) -> Result<Option<Measured>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", program.display());
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg0("crm_simulate")
        .args(words)
        .envs([("LC_ALL", "C"), ("TZ", "UTC")])
        // Pacemaker's keeps its working copy there.
        .env("CIB_shadow_dir", folder)
        .envs(schemas.map(|schemas| ("PCMK_schema_directory", schemas)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(told)?;
    let in_time = ends_within(&child, Duration::from_secs(patience)).map_err(told)?;
    let wall = started.elapsed().as_secs_f64();
    if !in_time {
        child.kill().map_err(told)?;
    }
    let measured = reap(child, wall).map_err(told)?;
    Ok(in_time.then_some(measured))
}

/// Waits until the child has ended, but does not reap it.
fn ends_within(child: &Child, limit: Duration) -> std::io::Result<bool> {
    let pid = Pid::from_child(child);
    let ended = pidfd_open(pid, PidfdFlags::empty())?;
    let limit = Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: 0 };
    Ok(poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&limit))? > 0)
}

/// Takes the ended child's exit and what it used.
#[expect(unsafe_code, reason = "no safe wrapper tells what one child used")]
#[expect(clippy::needless_pass_by_value, reason = "nobody may wait for the child after this")]
fn reap(child: Child, wall: f64) -> std::io::Result<Measured> {
    let pid = libc::pid_t::try_from(child.id()).map_err(std::io::Error::other)?;
    // SAFETY: all zeros is a valid `rusage`, and both pointers are to locals that outlive the call.
    let (reaped, status, used) = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        let mut status = 0;
        let reaped = libc::wait4(pid, &raw mut status, 0, &raw mut used);
        (reaped, status, used)
    };
    if reaped != pid {
        return Err(std::io::Error::last_os_error());
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
    Ok(Measured { wall, cpu, peak_kib: used.ru_maxrss, status })
}

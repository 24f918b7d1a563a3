//! Adopting what agents leave running, and burying it.
//!
//! A daemon's process that an agent started and left belongs to the first process of the system,
//! which in many a container takes no notice of deaths: then the dead service stays in the process
//! table, and every agent that looks with `kill -0` takes it for alive. So this process takes the
//! orphans of its own descendants (it is their *subreaper*), and asks for the end of each.
//!
//! **Always:** only processes of other sessions are buried, and not the operations' own first
//! processes, for which somebody else waits. What other code of this process starts stays in its
//! session, and is left alone.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use process::Stat;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// First processes of operations. A fact about this process, and so are its children.
static LEADERS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Becomes the parent of orphans, and from then on buries them. Starts a task on the current
/// runtime; where the kernel refuses, everything works as well as the system's first process does.
pub(crate) fn adopt() {
    static IS_DONE: OnceLock<bool> = OnceLock::new();
    IS_DONE.get_or_init(|| {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok()
    });
    if let Ok(mut deaths) = signal(SignalKind::child()) {
        tokio::spawn(async move {
            while deaths.recv().await.is_some() {
                bury();
            }
        });
    }
}

/// Starts an operation's first process.
pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Child> {
    // Held until the number is known: it may be dead by then, and must not be buried here.
    let mut leaders = leaders();
    let child = command.spawn()?;
    leaders.extend(child.id());
    Ok(child)
}

/// An operation's first process was waited for. It may have hidden other deaths.
pub(crate) fn forget(leader: Option<u32>) {
    if let Some(pid) = leader {
        leaders().remove(&pid);
    }
    bury();
}

/// Whether `pid` is the first process of a running operation.
pub(crate) fn is_leader(pid: u32) -> bool {
    leaders().contains(&pid)
}

fn bury() {
    let leaders = leaders();
    let own = Stat::of(std::process::id());
    while let Some(pid) = dead_child() {
        let is_orphan = Stat::of(pid).is_some_and(|dead| {
            own.is_some_and(|own| dead.session != own.session) && !leaders.contains(&pid)
        });
        if !is_orphan {
            // The kernel always shows the same one first. Once its own waiter has it, there is
            // another look: deaths are rarely many, and nobody waits for these.
            return;
        }
        let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
            return;
        };
        let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG);
    }
}

/// One dead child, which stays as it is.
fn dead_child() -> Option<u32> {
    #[expect(unsafe_code, reason = "the safe wrappers do not tell the child's number")]
    // SAFETY: an all-zero `siginfo_t` is a valid one; the call writes only to it, and `si_pid` may
    // be read because this call fills that part, or leaves it zero when there is no dead child.
    let (code, pid) = unsafe {
        let mut found: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        let code = libc::waitid(libc::P_ALL, 0, &raw mut found, options);
        (code, found.si_pid())
    };
    u32::try_from(pid).ok().filter(|pid| code == 0 && *pid != 0)
}

fn leaders() -> MutexGuard<'static, BTreeSet<u32>> {
    LEADERS.lock().unwrap_or_else(PoisonError::into_inner)
}

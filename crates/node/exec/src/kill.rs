//! Ending an operation that does not end by itself: ask, wait, kill.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use process::{Identity, Signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, timeout_at};

use crate::config::{BURIAL_MAX, DEATH_MAX};

/// Ends every process of the session that `leader` founded: asks them, waits at most `grace`, then
/// kills. Answers whether all are gone; what does not vanish hangs in the kernel.
///
/// A process that left the session, as daemons do, is a service, and for the agent's own `stop`.
pub(crate) async fn end_session(leader: u32, grace: Duration) -> bool {
    let find = || members(leader);
    for member in find() {
        // A refusal shows below: the process is still there.
        let _ = process::send(member, Signal::End);
    }
    if all_gone(Instant::now() + grace, find, None).await {
        return true;
    }
    all_gone(Instant::now() + DEATH_MAX, find, Some(Signal::Kill)).await
}

/// Waits until `find` finds nothing, and sends each newly found process `signal`, if any.
async fn all_gone(
    deadline: Instant,
    find: impl Fn() -> Vec<Identity>,
    signal: Option<Signal>,
) -> bool {
    loop {
        let found = find();
        let Some(first) = found.first() else { return true };
        if let Some(signal) = signal {
            for member in &found {
                let _ = process::send(*member, signal);
            }
        }
        if Instant::now() >= deadline || timeout_at(deadline, ended(*first)).await.is_err() {
            return find().is_empty();
        }
    }
}

/// Returns when `process` has ended.
pub(crate) async fn ended(process: Identity) {
    match process::open(process) {
        Ok(Some(fd)) => {
            if wait_readable(fd).await.is_err() {
                poll_ended(process).await;
            }
        }
        Ok(None) => {}
        // Out of descriptors: looking now and then is the way left.
        Err(_) => poll_ended(process).await,
    }
}

/// Returns when `process` has ended and its parent has taken note: until then `kill -0`, with which
/// agents look whether their service runs, says that it does.
pub(crate) async fn buried(process: Identity) {
    ended(process).await;
    let deadline = Instant::now() + BURIAL_MAX;
    while Identity::of(process.pid) == Some(process) && Instant::now() < deadline {
        // There is no event for it. Our own children are gone by now.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn wait_readable(fd: OwnedFd) -> io::Result<()> {
    #[expect(unsafe_code, reason = "every way to register a descriptor is unsafe or deprecated")]
    // SAFETY: an `OwnedFd` stays open, and the same descriptor, for as long as the `AsyncFd` owns it.
    let fd = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?;
    let _ = fd.readable().await?;
    Ok(())
}

async fn poll_ended(process: Identity) {
    while process.is_alive() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn members(leader: u32) -> Vec<Identity> {
    process::in_session(leader).iter().map(|stat| stat.identity()).collect()
}

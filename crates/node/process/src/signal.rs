//! Signals that reach only whom they are meant for.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

use crate::identity::Identity;

/// What to tell a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please end. SIGTERM.
    End,
    /// End at once. SIGKILL.
    Kill,
}

/// A descriptor of the process that becomes readable when it ends; `None` if it has ended.
///
/// # Errors
/// When the kernel refuses for another reason: too many open files, a kernel before 5.3.
pub fn open(process: Identity) -> io::Result<Option<OwnedFd>> {
    let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else {
        return Ok(None);
    };
    match pidfd_open(pid, PidfdFlags::NONBLOCK) {
        // Looked at after opening: from here on the number cannot pass to another process unseen.
        Ok(fd) => Ok(process.is_alive().then_some(fd)),
        Err(rustix::io::Errno::SRCH) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Sends `signal`; `false` if the process has ended.
///
/// # Errors
/// When we may not, or the kernel refuses to open the process.
pub fn send(process: Identity, signal: Signal) -> io::Result<bool> {
    let Some(fd) = open(process)? else { return Ok(false) };
    let signal = match signal {
        Signal::End => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    match pidfd_send_signal(&fd, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Kills whatever `find` finds, and looks again, until it finds nothing: a process may fork
/// between being found and being killed. Blocks, at most for `limit`.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when some are still there after `limit`, with their numbers.
pub fn end_now(limit: Duration, mut find: impl FnMut() -> Vec<Identity>) -> io::Result<()> {
    let deadline = Instant::now() + limit;
    loop {
        let found = find();
        if found.is_empty() {
            return Ok(());
        }
        let mut refused = None;
        let mut dying = Vec::new();
        for process in &found {
            // Opened before the signal, so that its end cannot be missed.
            if let Some(fd) = open(*process)? {
                match send(*process, Signal::Kill) {
                    Ok(_) => dying.push(fd),
                    Err(error) => refused = Some(error),
                }
            }
        }
        if let Some(error) = refused {
            return Err(error);
        }
        wait_all(&dying, deadline)?;
        if Instant::now() >= deadline {
            let numbers: Vec<_> = found.iter().map(|process| process.pid.to_string()).collect();
            let text = format!("processes {} do not end", numbers.join(", "));
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
    }
}

/// Waits until `process` has ended, at most for `limit`; `false` if it has not. Blocks.
///
/// # Errors
/// When the kernel refuses to open the process, or to wait.
pub fn wait_end(process: Identity, limit: Duration) -> io::Result<bool> {
    if let Some(fd) = open(process)? {
        wait_all(&[fd], Instant::now() + limit)?;
    }
    Ok(!process.is_alive())
}

fn wait_all(processes: &[OwnedFd], deadline: Instant) -> io::Result<()> {
    for fd in processes {
        let left = deadline.saturating_duration_since(Instant::now());
        let limit = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let mut ends = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)];
        match poll(&mut ends, Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::scan::{environment_value, marked};

    fn sleeper(mark: &str) -> std::process::Child {
        Command::new("sleep")
            .arg("1000")
            .env("PROCESS_TEST", mark)
            .process_group(0)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    #[test]
    fn what_is_marked_is_found_and_ended() {
        let mark = format!("a{}", std::process::id());
        let mut children = [sleeper(&mark), sleeper(&mark)];
        let find =
            || marked(&[("PROCESS_TEST", &mark)]).iter().map(|s| s.identity()).collect::<Vec<_>>();
        assert_eq!(find().len(), 2);
        assert_eq!(environment_value(children[0].id(), "PROCESS_TEST"), Some(mark.clone()));
        end_now(Duration::from_secs(60), find).unwrap();
        assert!(find().is_empty());
        for child in &mut children {
            assert!(!child.wait().unwrap().success());
        }
    }

    #[test]
    fn nobody_else_is_signalled() {
        let mut child = sleeper("b");
        let real = Identity::of(child.id()).unwrap();
        let reused = Identity { started: real.started + 1, ..real };
        assert!(!send(reused, Signal::Kill).unwrap());
        assert!(real.is_alive());
        assert!(send(real, Signal::End).unwrap());
        child.wait().unwrap();
        assert!(!send(real, Signal::Kill).unwrap());
    }
}

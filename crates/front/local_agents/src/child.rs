//! One program, run to its end or to its deadline.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// What is kept of each stream; who writes more is read, and not kept.
const KEPT: usize = 1 << 20;
/// Between asking a late program to end and killing it.
const GRACE: Duration = Duration::from_secs(2);

/// How a program ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// It was ended because its time was over.
    pub(crate) late: bool,
    pub(crate) output: Vec<u8>,
    pub(crate) errors: Vec<u8>,
}

/// Runs a program in a process group of its own.
pub(crate) fn run(
    mut command: Command,
    input: Option<&str>,
    patience: Duration,
) -> io::Result<Ended> {
    let mut child = command
        .stdin(standard_input(input)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let group = group.ok_or_else(|| io::Error::other("a process without a number"))?;
    let end = pidfd_open(group, PidfdFlags::empty())?;
    let mut streams = Streams::of(&mut child)?;
    let late = !streams.read_until_end(end.as_fd(), patience)?;
    if late {
        // What has ended meanwhile cannot be asked to.
        let _gone = kill_process_group(group, Signal::TERM);
        if !streams.read_until_end(end.as_fd(), GRACE)? {
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
    let code = child.wait()?.code();
    streams.read_what_is_there()?;
    let Streams { output, errors } = streams;
    Ok(Ended { code, late, output: output.kept, errors: errors.kept })
}

/// A file, so that nobody waits for a program that does not read it.
fn standard_input(text: Option<&str>) -> io::Result<Stdio> {
    let Some(text) = text else { return Ok(Stdio::null()) };
    let mut file = File::from(memfd_create("input", MemfdFlags::CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file.into())
}

struct Streams {
    output: Stream,
    errors: Stream,
}

/// What a program writes; what it leaves running may hold the other end for ever.
struct Stream {
    /// `None` once nobody writes any more.
    pipe: Option<File>,
    kept: Vec<u8>,
}

impl Streams {
    fn of(child: &mut Child) -> io::Result<Self> {
        let output = child.stdout.take().map(std::os::fd::OwnedFd::from);
        let errors = child.stderr.take().map(std::os::fd::OwnedFd::from);
        Ok(Self { output: Stream::of(output)?, errors: Stream::of(errors)? })
    }

    /// Answers whether the process ended before the time was over.
    fn read_until_end(&mut self, end: BorrowedFd<'_>, patience: Duration) -> io::Result<bool> {
        let begun = Instant::now();
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            let mut waited = vec![PollFd::from_borrowed_fd(end, PollFlags::IN)];
            for stream in [&self.output, &self.errors] {
                waited.extend(stream.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            }
            let limit = Timespec::try_from(left).ok();
            match poll(&mut waited, limit.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let has_ended = waited.first().is_some_and(|end| !end.revents().is_empty());
            self.read_what_is_there()?;
            if has_ended {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    fn read_what_is_there(&mut self) -> io::Result<()> {
        self.output.read()?;
        self.errors.read()
    }
}

impl Stream {
    fn of(pipe: Option<std::os::fd::OwnedFd>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Self { pipe: pipe.map(File::from), kept: Vec::new() })
    }

    fn read(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4096];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut bytes) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    let room = KEPT.saturating_sub(self.kept.len()).min(count);
                    self.kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_it_reads_writes_and_answers() {
        let script = "read line; echo \"heard $line\"; echo oh >&2; exit 7";
        let ended = run(shell(script), Some("a word\n"), Duration::from_secs(60)).unwrap();
        assert_eq!((ended.code, ended.late), (Some(7), false));
        assert_eq!((&*ended.output, &*ended.errors), (&b"heard a word\n"[..], &b"oh\n"[..]));
    }

    #[test]
    fn what_it_leaves_running_is_not_waited_for() {
        let begun = Instant::now();
        let ended = run(shell("sleep 300 & echo $!"), None, Duration::from_secs(60)).unwrap();
        assert_eq!(ended.code, Some(0));
        let left: i32 = String::from_utf8(ended.output).unwrap().trim().parse().unwrap();
        rustix::process::kill_process(Pid::from_raw(left).unwrap(), Signal::KILL).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn who_is_late_is_ended_with_its_group_and_a_flood_is_cut() {
        let script = "trap '' TERM; yes & yes >&2 & wait; wait";
        // On a busy machine it takes a while until it floods.
        let mut flooded = false;
        for patience in [Duration::from_millis(50), Duration::from_secs(1), Duration::from_secs(20)]
        {
            let ended = run(shell(script), None, patience).unwrap();
            assert_eq!((ended.code, ended.late), (None, true));
            assert!(ended.output.len() <= KEPT);
            flooded = !ended.errors.is_empty();
            if flooded {
                break;
            }
        }
        assert!(flooded);
        let quick = run(shell("exec sleep 300"), None, Duration::from_millis(50)).unwrap();
        assert!(quick.late);
    }
}

//! The program at a terminal of its own, and the hands before it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Longer than anything here takes on a busy machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Terminal {
    /// Keyboard and screen. The terminal is there as long as this is open.
    hands: Option<File>,
    program: Child,
    screen: String,
}

/// How the program ended.
pub struct Ended {
    pub code: Option<i32>,
    pub screen: String,
}

impl Terminal {
    /// Starts `quorate WORDS` with some variables in its environment.
    pub fn start<'w>(
        words: impl IntoIterator<Item = &'w OsStr>,
        environment: &[(&str, &OsStr)],
    ) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        // As large as terminals have always been; without a size nothing is drawn.
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let open = || File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let program = Command::new("setsid")
            .args(["--ctty", env!("CARGO_BIN_EXE_quorate")])
            .args(words)
            .envs(environment.iter().copied())
            .stdin(open())
            .stdout(open())
            .stderr(open())
            .spawn()
            .unwrap();
        Self { hands: Some(File::from(master)), program, screen: String::new() }
    }

    /// Takes in what is shown within `patience`, if anything is.
    fn look(&mut self, patience: Duration) {
        let Some(hands) = &mut self.hands else { return std::thread::sleep(patience) };
        let patience = Timespec::try_from(patience).unwrap();
        let ready = poll(&mut [PollFd::new(hands, PollFlags::IN)], Some(&patience)).unwrap();
        let mut bytes = [0; 4096];
        // When nobody has the terminal open any more, reading is an error.
        if ready > 0
            && let Ok(length) = hands.read(&mut bytes)
        {
            self.screen.push_str(&String::from_utf8_lossy(bytes.get(..length).unwrap()));
        }
    }

    /// Waits until it shows `text`.
    pub fn wait_for(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.screen.contains(text) {
            assert!(begun.elapsed() < PATIENCE, "`{text}` is not shown:\n{}", self.screen);
            self.look(Duration::from_millis(100));
        }
    }

    /// Waits until something is so; looks all the time, not to miss the moment.
    pub fn wait_until(&mut self, so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !so() {
            assert!(begun.elapsed() < PATIENCE, "it does not come:\n{}", self.screen);
            self.look(Duration::ZERO);
        }
    }

    pub fn type_in(&mut self, keys: &str) {
        self.hands.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Types it again and again until the program has ended.
    pub fn hammer(mut self, keys: &str) -> Ended {
        while self.program.try_wait().unwrap().is_none() {
            // It may have ended just now.
            let _gone = self.hands.as_mut().unwrap().write_all(keys.as_bytes());
            self.look(Duration::from_millis(1));
        }
        self.end()
    }

    /// Sends the program a signal.
    pub fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.program.id()).unwrap());
        kill_process(pid.unwrap(), signal).unwrap();
    }

    /// Kills it: it cannot remove anything.
    pub fn kill(mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            self.look(Duration::from_millis(10));
            if let Some(status) = self.program.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.screen);
        };
        self.look(Duration::ZERO);
        assert!(status.signal().is_none(), "{status}\n{}", self.screen);
        Ended { code: status.code(), screen: std::mem::take(&mut self.screen) }
    }

    /// The window is closed, or the line cut; waits for its end.
    pub fn close(mut self) -> Ended {
        self.hands = None;
        self.end()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test failed. Not killed: what it has made, it removes.
        if matches!(self.program.try_wait(), Ok(None)) {
            self.send(Signal::TERM);
        }
    }
}

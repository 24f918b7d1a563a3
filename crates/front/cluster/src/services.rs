//! Starting and stopping what makes a machine a member: by systemd where it runs, else directly.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use client::Client;
use corosync::Settings;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::own::Own;
use crate::places::{COROSYNC_PID, DEVICE_NAME, DEVICE_PID, DEVICE_RUN, LOCK_PID, Places};
use crate::trouble::{Kind, Trouble};

/// How long starting may take; stopping moves resources away first.
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(600);
/// After so long there is a process, or there will be none.
const APPEAR_MAX: Duration = Duration::from_secs(15);
/// How often is looked.
const EVERY: Duration = Duration::from_millis(50);
/// An answer on this machine.
const ANSWER_MAX: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Corosync,
    /// What speaks to the quorum device for this node.
    Device,
    /// What votes for the cluster's lock on a disk, where that is the quorum device.
    Lock,
    Daemon,
    Door,
}

impl Service {
    /// What cares for the quorum device that the file names, if it names one.
    pub(crate) fn of_device(settings: &Settings) -> Option<Self> {
        let device = settings.device.as_ref()?;
        Some(if device.is_lock() { Self::Lock } else { Self::Device })
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Corosync => "corosync.service",
            Self::Device => "corosync-qdevice.service",
            Self::Lock => "quorate-lock.service",
            Self::Daemon => "quorate.service",
            Self::Door => "quorate-door.service",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Corosync => "Corosync",
            Self::Device => "corosync-qdevice",
            Self::Lock => "the cluster lock",
            Self::Daemon => "the daemon",
            Self::Door => "the door",
        }
    }
}

/// How things are started here.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    systemd: bool,
    own: Own,
    places: Places,
    socket: PathBuf,
}

impl Services {
    pub(crate) fn new(own: &Own, places: &Places, socket: Option<&Path>) -> Self {
        Self {
            systemd: Path::new("/run/systemd/system").is_dir(),
            own: own.clone(),
            places: places.clone(),
            socket: client::socket_path(socket.map(Path::to_owned)),
        }
    }

    /// The daemon here.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.socket.clone(), Duration::from_secs(60))
    }

    /// Whether it runs and answers.
    pub(crate) fn runs(&self, service: Service) -> bool {
        match service {
            Service::Corosync => {
                pid_of(Path::new(COROSYNC_PID), "corosync").is_some()
                    && output("corosync-cfgtool", &["-s"]).is_ok()
            }
            Service::Device => output("corosync-qdevice-tool", &["-s"]).is_ok(),
            Service::Lock => self.is_there(service),
            Service::Daemon => Client::new(self.socket.clone(), ANSWER_MAX).document().is_ok(),
            Service::Door => {
                let here = SocketAddr::from(([127, 0, 0, 1], self.own.port));
                TcpStream::connect_timeout(&here, ANSWER_MAX).is_ok()
            }
        }
    }

    /// Whether there is a process, be it that it does not answer.
    pub(crate) fn is_there(&self, service: Service) -> bool {
        match service {
            Service::Corosync => pid_of(Path::new(COROSYNC_PID), "corosync").is_some(),
            Service::Device => pid_of(Path::new(DEVICE_PID), DEVICE_NAME).is_some(),
            Service::Lock => identity(Path::new(LOCK_PID)).is_some(),
            Service::Daemon => identity(&self.daemon_pid()).is_some(),
            Service::Door => self.runs(Service::Door),
        }
    }

    /// The command that starts it.
    pub(crate) fn starting(&self, service: Service) -> String {
        if self.systemd {
            return format!("systemctl enable --now {}", service.unit());
        }
        self.command(service).join(" ")
    }

    /// The command that stops it.
    pub(crate) fn stopping(&self, service: Service) -> String {
        if self.systemd {
            return format!("systemctl stop {}", service.unit());
        }
        format!("kill {} (SIGTERM), and wait until it is gone", service.words())
    }

    /// The command after which it does not start with the machine any more, where there is one.
    pub(crate) fn disabling(&self, service: Service) -> Option<String> {
        self.systemd.then(|| format!("systemctl disable {}", service.unit()))
    }

    /// Whether it starts with the machine.
    pub(crate) fn is_enabled(&self, service: Service) -> bool {
        // It fails, too, where there is no such unit.
        self.systemd && output("systemctl", &["is-enabled", "--quiet", service.unit()]).is_ok()
    }

    /// It does not start with the machine any more.
    pub(crate) fn disable(&self, service: Service) -> Result<(), Trouble> {
        if !self.systemd {
            return Ok(());
        }
        output("systemctl", &["disable", service.unit()]).map(drop)
    }

    fn command(&self, service: Service) -> Vec<String> {
        let program = || {
            std::env::current_exe()
                .map_or_else(|_| "quorate".to_owned(), |path| path.display().to_string())
        };
        let own = &self.own.start;
        let (configured, default) = match service {
            Service::Corosync => (&own.corosync, vec!["corosync".to_owned()]),
            Service::Device => (&None, vec!["corosync-qdevice".to_owned()]),
            Service::Lock => (&None, vec![program(), "lock".into(), "serve".into()]),
            Service::Daemon => {
                let config = self.places.daemon().display().to_string();
                let words = [program(), "daemon".into(), "--config".into(), config];
                (&own.daemon, words.to_vec())
            }
            Service::Door => (&own.door, vec![program(), "cluster".into(), "listen".into()]),
        };
        configured.clone().unwrap_or(default)
    }

    /// Starts it, and waits until it answers. What runs already is left alone.
    pub(crate) fn start(&self, service: Service) -> Result<(), Trouble> {
        if self.systemd {
            // Also where it runs: it shall start with the machine.
            output("systemctl", &["enable", "--now", service.unit()])?;
        } else if !self.runs(service) {
            self.spawn(service)?;
        }
        let begun = Instant::now();
        while !self.runs(service) {
            let is_gone = begun.elapsed() > APPEAR_MAX && !self.is_there(service);
            if is_gone || begun.elapsed() > START_MAX {
                let how = if is_gone { "ended" } else { "does not answer" };
                let what = format!("{} was started and {how}", service.words());
                return Err(Trouble::new(Kind::Failed, what).help(self.where_to_look(service)));
            }
            std::thread::sleep(EVERY);
        }
        Ok(())
    }

    fn where_to_look(&self, service: Service) -> String {
        if self.systemd {
            return format!("`journalctl -u {}` has its words.", service.unit());
        }
        let path = self.log(service);
        let words = fs::read_to_string(&path).unwrap_or_default();
        let last = words.trim_end().lines().next_back().unwrap_or_default();
        format!("The last of its words in {}: {last}", path.display())
    }

    fn log(&self, service: Service) -> PathBuf {
        self.places.state().join(match service {
            Service::Corosync => "corosync.out",
            Service::Device => "corosync-qdevice.out",
            Service::Lock => "lock.out",
            Service::Daemon => "daemon.out",
            Service::Door => "door.out",
        })
    }

    /// Starts it in a session of its own, so that it outlives this command and its terminal.
    fn spawn(&self, service: Service) -> Result<(), Trouble> {
        let command = self.command(service);
        let log = self.log(service);
        let run = self.socket.parent().unwrap_or(Path::new("/"));
        let opened = fs::create_dir_all(self.places.state())
            .and_then(|()| fs::create_dir_all(run))
            .and_then(|()| match service {
                // A machine without systemd may have no such directory after its start.
                Service::Device => fs::create_dir_all(DEVICE_RUN),
                Service::Corosync | Service::Lock | Service::Daemon | Service::Door => Ok(()),
            })
            .and_then(|()| fs::OpenOptions::new().create(true).append(true).open(&log))
            .and_then(|out| Ok((out.try_clone()?, out)));
        let (out, err) = opened.map_err(|error| Trouble::write(&log, &error))?;
        let status = Command::new("setsid")
            .arg("--fork")
            .args(&command)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                Err(Trouble::new(Kind::Failed, format!("`{}`: {status}", command.join(" "))))
            }
            Err(error) => Err(Trouble::new(Kind::Failed, format!("cannot run setsid: {error}"))),
        }
    }

    /// Stops it, and waits until it is gone. What does not run is left alone.
    pub(crate) fn stop(&self, service: Service) -> Result<(), Trouble> {
        if !self.is_there(service) {
            return Ok(());
        }
        if self.systemd {
            return output("systemctl", &["stop", service.unit()]).map(drop);
        }
        let pid = match service {
            Service::Corosync => pid_of(Path::new(COROSYNC_PID), "corosync"),
            Service::Device => pid_of(Path::new(DEVICE_PID), DEVICE_NAME),
            Service::Lock => identity(Path::new(LOCK_PID)),
            Service::Daemon => identity(&self.daemon_pid()),
            Service::Door => None,
        };
        if let Some(pid) = pid {
            terminate(pid).map_err(|error| {
                Trouble::new(Kind::Failed, format!("cannot stop {}: {error}", service.words()))
            })?;
        }
        Ok(())
    }

    fn daemon_pid(&self) -> PathBuf {
        self.places.state().join("daemon.pid")
    }
}

/// The process that a file names by its number and the moment of its start, if it still is.
fn identity(file: &Path) -> Option<Pid> {
    let text = fs::read_to_string(file).ok()?;
    let (number, start) = text.trim().split_once(' ')?;
    let about = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // Source: proc(5): the name is in brackets and may have any; the start is the 20th word after.
    let (_, behind) = about.rsplit_once(')')?;
    let is_same = behind.split_whitespace().nth(19) == Some(start);
    if is_same { Pid::from_raw(number.parse().ok()?) } else { None }
}

/// The process of that number, if it is still that program.
fn pid_of(file: &Path, program: &str) -> Option<Pid> {
    let number: i32 = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    let name = fs::read_to_string(format!("/proc/{number}/comm")).ok()?;
    if name.trim() == program { Pid::from_raw(number) } else { None }
}

/// Asks a process to end, and waits until it has.
fn terminate(pid: Pid) -> std::io::Result<()> {
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    pidfd_send_signal(&process, Signal::TERM)?;
    let deadline = Instant::now() + STOP_MAX;
    loop {
        let mut poll = [rustix::event::PollFd::new(&process, rustix::event::PollFlags::IN)];
        let left = deadline.saturating_duration_since(Instant::now());
        let left = rustix::event::Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: 0,
        };
        match rustix::event::poll(&mut poll, Some(&left)) {
            Ok(0) => return Err(std::io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a program says, if it succeeds.
pub(crate) fn output(program: &str, words: &[&str]) -> Result<String, Trouble> {
    let failed = |what: String| Trouble::new(Kind::Failed, what);
    let output = Command::new(program).args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(format!("cannot run {program}: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = if said.trim().is_empty() {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    } else {
        said.trim().to_owned()
    };
    Err(failed(format!("`{program} {}` failed: {said}", words.join(" "))))
}

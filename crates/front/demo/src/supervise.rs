//! What the machines' power is to real nodes: starts the daemon of a node that is switched on.
//!
//! A daemon that dies is left dead, as a machine that crashed is: only the fence agent switches
//! it off and on, by writing to the node's `power` file.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;

use rustix::fs::inotify;

use crate::directory::{Directory, file};
use crate::follow::follow;
use crate::network::Network;
use crate::trouble::Trouble;
use crate::world::Message;
use crate::{child, leftovers};

/// One node's machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: &'static str,
    number: usize,
    state: State,
    /// The power switch was touched since the daemon was started.
    switched: bool,
    /// Booting takes as long as the demo wants.
    held: bool,
}

/// The daemon's exit code when the others declared its node off. Its machine boots again.
const DECLARED_OFF: i32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Down,
    Up { process: u32 },
}

/// What machines need to be started.
#[derive(Debug)]
pub(crate) struct Plant<'d> {
    pub(crate) directory: &'d Directory,
    pub(crate) network: &'d Network,
    pub(crate) world: Sender<Message>,
}

impl Machine {
    pub(crate) fn new(number: usize, name: &'static str) -> Self {
        Self { name, number, state: State::Down, switched: false, held: false }
    }

    /// The daemon's process, if it runs.
    pub(crate) fn process(&self) -> Option<u32> {
        match self.state {
            State::Down => None,
            State::Up { process } => Some(process),
        }
    }

    /// Starts the daemon.
    pub(crate) fn switch_on(&mut self, plant: &Plant<'_>) -> Result<(), Trouble> {
        plant.network.plug_in(self.name)?;
        let socket = plant.directory.socket(self.name);
        // A socket of the life before would be taken for this one's.
        let _ = fs::remove_file(&socket);
        let folder = plant.directory.node(self.name);
        let configuration = folder.join("quorate.toml");
        let words = ["daemon".into(), "--config".into(), configuration];
        let namespace = plant.network.namespace_path(self.name);
        let process =
            plant.spawn(namespace, &words, &folder.join("daemon.log"), Some(self.number))?;
        self.state = State::Up { process };
        self.switched = false;
        follow(self.number, socket, plant.world.clone());
        Ok(())
    }

    /// The daemon ended.
    pub(crate) fn ended(
        &mut self,
        process: u32,
        code: Option<i32>,
        plant: &Plant<'_>,
    ) -> Result<(), Trouble> {
        if self.state == (State::Up { process }) {
            self.state = State::Down;
            self.switched |= code == Some(DECLARED_OFF);
        }
        self.follow_switch(plant)
    }

    /// The power switch was touched.
    pub(crate) fn touched(&mut self, plant: &Plant<'_>) -> Result<(), Trouble> {
        self.switched = true;
        self.follow_switch(plant)
    }

    /// Keeps the machine from booting, as a slow one would be.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Lets the machine boot if it is switched on.
    pub(crate) fn release(&mut self, plant: &Plant<'_>) -> Result<(), Trouble> {
        self.held = false;
        self.follow_switch(plant)
    }

    fn follow_switch(&mut self, plant: &Plant<'_>) -> Result<(), Trouble> {
        let power = fs::read_to_string(plant.directory.node(self.name).join("power"));
        let on = power.is_ok_and(|text| text.trim() == "on");
        if self.switched && on && !self.held && self.state == State::Down {
            return self.switch_on(plant);
        }
        Ok(())
    }
}

impl Plant<'_> {
    /// Starts `quorate WORDS` so that it dies with the demo. Call it from the demo's first thread:
    /// that thread's end is what the process dies of.
    pub(crate) fn spawn(
        &self,
        namespace: Option<PathBuf>,
        words: &[PathBuf],
        log: &std::path::Path,
        machine: Option<usize>,
    ) -> Result<u32, Trouble> {
        let said = File::options()
            .create(true)
            .append(true)
            .open(log)
            .map_err(|source| file("open", log, source))?;
        let also = said.try_clone().map_err(|source| file("open", log, source))?;
        let failed = |source| Trouble::System { what: "start a process", source };
        let program = std::env::current_exe().map_err(failed)?;
        let mut process = Command::new(program)
            .arg("demo")
            .arg(child::WORD)
            .arg(std::process::id().to_string())
            .arg(namespace.unwrap_or_else(|| PathBuf::from(child::HOST_NETWORK)))
            .args(words)
            .env(leftovers::MARK, self.directory.path())
            .stdin(Stdio::null())
            .stdout(said)
            .stderr(also)
            // Ctrl-C at the terminal is for the demo alone, which then ends them.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let number = process.id();
        let world = self.world.clone();
        std::thread::spawn(move || {
            let code = process.wait().ok().and_then(|status| status.code());
            // The world may be gone; then nobody needs to know.
            let _ = world.send(Message::Ended { machine, process: number, code });
        });
        Ok(number)
    }
}

/// Tells the world whenever the switch of one of the machines is touched.
pub(crate) fn watch_switches(plant: &Plant<'_>, machines: &[Machine]) -> Result<(), Trouble> {
    let failed = |source: rustix::io::Errno| Trouble::System {
        what: "watch the power switches",
        source: source.into(),
    };
    let handle = inotify::init(inotify::CreateFlags::CLOEXEC).map_err(failed)?;
    let mut watches: Vec<(i32, usize)> = Vec::new();
    for machine in machines {
        let events = inotify::WatchFlags::CLOSE_WRITE | inotify::WatchFlags::MOVED_TO;
        let folder = plant.directory.node(machine.name);
        let watch = inotify::add_watch(&handle, folder, events).map_err(failed)?;
        watches.push((watch, machine.number));
    }
    let world = plant.world.clone();
    std::thread::spawn(move || read_switches(&handle, &watches, &world));
    Ok(())
}

fn read_switches(handle: &OwnedFd, watches: &[(i32, usize)], world: &Sender<Message>) {
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(handle, &mut buffer);
    loop {
        let Ok(event) = reader.next() else { return };
        let is_switch = event.file_name().is_some_and(|name| name.to_bytes() == b"power");
        let machine = watches.iter().find(|(watch, _)| *watch == event.wd());
        if let Some((_, machine)) = machine.filter(|_| is_switch)
            && world.send(Message::Switched { machine: *machine }).is_err()
        {
            return;
        }
    }
}

//! A thread that looks into this node's slot on one disk. A disk that hangs hangs only its thread.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sbd::{Header, Letter, Message, StartMode};
use tokio::sync::mpsc::UnboundedSender;

use super::device::Device;

/// Wait until a disk is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What a watcher has seen of its disk.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) header: Option<Header>,
    /// When the last look began that found everything in order.
    pub(super) looked: Option<Instant>,
    /// What this life must die of.
    pub(super) order: Option<Letter>,
    /// What a former life died of, where that keeps the node from starting.
    pub(super) fenced: Option<Letter>,
}

/// Shared between a watcher and the loop.
pub(super) type Shared = Arc<Mutex<Seen>>;

pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, Seen> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One disk's.
pub(super) struct Watcher {
    pub(super) disk: PathBuf,
    pub(super) node: String,
    pub(super) start_mode: StartMode,
    /// This node has been watching since the machine started: what is in its slot is for this life.
    pub(super) is_watched: bool,
    pub(super) shared: Shared,
    /// Who is told that the node is to leave in peace, or to die.
    pub(super) exits: UnboundedSender<Letter>,
}

impl Watcher {
    /// Looks for as long as the process lives.
    pub(super) fn run(mut self) {
        let mut said = String::new();
        loop {
            let Err(error) = self.watch();
            let why = error.to_string();
            if why != said {
                tracing::error!(disk = %self.disk.display(), %error, "lost a disk of sbd's");
                said = why;
            }
            std::thread::sleep(RETRY);
        }
    }

    /// Until something is wrong with the disk.
    fn watch(&mut self) -> io::Result<std::convert::Infallible> {
        let device = Device::open(&self.disk)?;
        let header = device.header()?;
        let slot = device.claim(&header, &self.node)?;
        let owner = device.owner(slot)?;
        if !self.is_watched {
            self.begin(&device, &header, slot)?;
        }
        self.is_watched = true;
        tracing::info!(disk = %self.disk.display(), slot, "watching a slot of sbd's");
        loop {
            let began = Instant::now();
            if device.header()? != header || device.owner(slot)? != owner {
                return Err(io::Error::other("somebody has made it anew or taken the slot"));
            }
            let letter = device.letter(slot)?;
            let is_for_me = letter.message != Message::Clear;
            if is_for_me && self.obey(letter) == Kept::No {
                device.clear(slot)?;
            }
            let mut seen = lock(&self.shared);
            seen.header = Some(header);
            seen.looked = Some(began);
            drop(seen);
            std::thread::sleep(header.every);
        }
    }

    /// The first look of a machine's life: what is in the slot was for an earlier one.
    fn begin(&self, device: &Device, header: &Header, slot: u8) -> io::Result<()> {
        let letter = device.letter(slot)?;
        if letter.message.is_deadly() && self.start_mode == StartMode::Clean {
            let mut seen = lock(&self.shared);
            seen.header = Some(*header);
            seen.fenced = Some(letter);
            return Err(io::Error::other("this node was fenced through it"));
        }
        device.clear(slot)
    }

    fn obey(&self, letter: Letter) -> Kept {
        let Letter { message, from } = &letter;
        let (disk, word) = (self.disk.display(), message.word());
        match message {
            Message::Clear => Kept::Yes,
            Message::Test => {
                tracing::info!(%disk, from, "a test by sbd's disk");
                Kept::No
            }
            Message::Unknown(code) => {
                tracing::error!(%disk, from, code, "nonsense in the slot of this node");
                Kept::No
            }
            Message::Exit => {
                tracing::warn!(%disk, from, "asked by sbd's disk to stop");
                let _ends_anyway = self.exits.send(letter);
                Kept::No
            }
            Message::Reset | Message::Off | Message::CrashDump => {
                let mut seen = lock(&self.shared);
                if seen.order.is_none() {
                    tracing::error!(
                        %disk, from, word,
                        "told to die by sbd's disk: the watchdog is not fed any more"
                    );
                    seen.order = Some(letter.clone());
                    let _ends_anyway = self.exits.send(letter);
                }
                // Until the next life: so everybody sees it, and that finds it.
                Kept::Yes
            }
        }
    }
}

/// Whether a message stays in the slot.
#[derive(PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

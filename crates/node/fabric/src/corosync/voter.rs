//! The voter of the lock on a disk, a process of its own on this machine (`cluster_lock`): it is told who counts, and says
//! for which ring it votes on the lease.
//!
//! Who counts is a value in Corosync's map, which lives as long as that Corosync, so to each new one it is said again. The
//! ring is in a file.
//!
//! **Always:** the voter has named the ring before Corosync has the vote, and so before anybody hears of a quorum by it.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rust_corosync::CsError;
use rust_corosync::cmap::{self, Map};
use rustix::fs::inotify;
use tie_breaker::{COUNTED, Counted, RING, RUN};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::agreement::Ring;
use super::keys;

/// Wait until what was not taken is said again, or what was not heard is listened to again.
const RETRY: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Debug)]
pub(super) struct Voter {
    counted: Sender<Said>,
    told: UnboundedReceiver<()>,
    /// Until it is told for the first time: not every cluster has a lock.
    tell: Option<UnboundedSender<()>>,
}

/// What the writing thread hears.
enum Said {
    Counted(Counted),
    /// Corosync may be another one, or somebody else has written.
    Again,
}

impl Voter {
    /// Follows Corosync on this machine, through its lives, on threads of its own.
    pub(super) fn follow() -> io::Result<Self> {
        let (counted, inbox) = channel();
        std::thread::Builder::new().name("corosync".to_owned()).spawn(move || write(&inbox))?;
        let again = counted.clone();
        keys::follow(COUNTED, move |_| again.send(Said::Again).is_ok())?;
        let (tell, told) = unbounded_channel();
        Ok(Self { counted, told, tell: Some(tell) })
    }

    /// Tells it who counts. Returns at once.
    pub(super) fn count(&mut self, counted: Counted) {
        // The thread ends only with this.
        let _gone = self.counted.send(Said::Counted(counted));
        if let Some(tell) = self.tell.take() {
            let spawned = std::thread::Builder::new()
                .name("corosync".to_owned())
                .spawn(move || watch(Path::new(RUN), &tell));
            if let Err(error) = spawned {
                tracing::error!(%error, "the lock's voter is not heard");
            }
        }
    }

    /// Ready when it may name another ring than when this was last ready. May be dropped before it is ready without
    /// losing one.
    pub(super) async fn next(&mut self) {
        keys::told(&mut self.told).await;
    }
}

/// The ring for which the voter votes on the lease.
pub(super) fn ring_of_lock() -> Option<Ring> {
    let said = std::fs::read_to_string(Path::new(RUN).join(RING)).ok()?;
    match said.parse::<tie_breaker::Ring>() {
        Ok(ring) => Some(Ring { sequence: ring.sequence, representative: ring.node }),
        Err(_malformed) => {
            tracing::warn!(said, "{RUN}/{RING} names no ring");
            None
        }
    }
}

/// Writes what was last said, until it is taken, and to each Corosync anew.
fn write(inbox: &Receiver<Said>) {
    let mut last = None;
    let mut is_due = false;
    loop {
        let heard = if is_due {
            inbox.recv_timeout(RETRY)
        } else {
            inbox.recv().map_err(|_gone| RecvTimeoutError::Disconnected)
        };
        match heard {
            Ok(Said::Counted(counted)) => last = Some(counted),
            Ok(Said::Again) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        is_due = last.as_ref().is_some_and(|counted| set(counted).is_err());
    }
}

fn set(counted: &Counted) -> Result<(), CsError> {
    let map = cmap::initialize(Map::Icmap)?;
    cmap::set_string(&map, COUNTED, &counted.to_string())
}

/// Tells of each ring that is named there, until nobody listens.
fn watch(directory: &Path, tell: &UnboundedSender<()>) {
    let mut is_said = false;
    while !tell.is_closed() {
        if let Err(error) = listen(directory, tell)
            && !std::mem::replace(&mut is_said, true)
        {
            tracing::error!(%error, "the lock's voter is not heard");
        }
        std::thread::sleep(RETRY);
    }
}

fn listen(directory: &Path, tell: &UnboundedSender<()>) -> io::Result<()> {
    // The voter may begin later.
    std::fs::create_dir_all(directory)?;
    let handle = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    let events = inotify::WatchFlags::MOVED_TO
        | inotify::WatchFlags::DELETE
        | inotify::WatchFlags::DELETE_SELF;
    inotify::add_watch(&handle, directory, events)?;
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(handle, &mut buffer);
    while tell.send(()).is_ok() {
        let is_over = loop {
            let event = reader.next()?;
            let gone = inotify::ReadFlags::DELETE_SELF | inotify::ReadFlags::IGNORED;
            if event.events().intersects(gone) {
                break true;
            }
            if event.file_name().is_some_and(|name| name.to_bytes() == RING.as_bytes()) {
                break false;
            }
        };
        if is_over {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// As the voter does it.
    fn name(directory: &Path, ring: &str) {
        let beside = directory.join("ring.new");
        fs::write(&beside, ring).unwrap();
        fs::rename(&beside, directory.join(RING)).unwrap();
    }

    #[test]
    fn each_ring_that_is_named_is_told_also_when_the_directory_is_a_new_one() {
        let directory = std::env::temp_dir().join(format!("voter-{}", std::process::id()));
        let (tell, mut told) = unbounded_channel();
        let watched = directory.clone();
        std::thread::spawn(move || watch(&watched, &tell));
        assert_eq!(told.blocking_recv(), Some(()), "of what was there at first");
        for _again in 0..2 {
            name(&directory, "1.8");
            assert_eq!(told.blocking_recv(), Some(()));
            fs::write(directory.join("sanlock.pid"), "7").unwrap();
            fs::remove_file(directory.join("sanlock.pid")).unwrap();
            fs::remove_file(directory.join(RING)).unwrap();
            assert_eq!(told.blocking_recv(), Some(()));
            assert!(told.try_recv().is_err(), "other files are no news");
            fs::remove_dir(&directory).unwrap();
            assert_eq!(told.blocking_recv(), Some(()), "it is there again");
        }
        fs::remove_dir_all(&directory).unwrap();
    }
}

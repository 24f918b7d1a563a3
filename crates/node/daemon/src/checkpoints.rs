//! Former editions of the configuration as files, where `pcs config checkpoint` looks for Pacemaker's.
//!
//! When an edition takes another's place, the former one becomes `cib-N.raw`, dated by when it was written; N
//! counts to 99 and begins anew. `cib.last` holds the next N, as there, so that a series which Pacemaker began
//! goes on.
//!
//! **Not here:** undo, and what the cluster relies on: that is the store's. No `cib.xml` is written: what somebody
//! changed in it while the daemon is stopped would be lost.
//!
//! **Always:** the loop does not wait. A file that cannot be written is logged, and nothing else.
//!
//! Field words: pcs *checkpoint*, Pacemaker *CIB backup*.

use std::fs::{File, FileTimes};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

/// Pacemaker's directory, by default of its configure script and in every distribution.
pub(crate) const DIRECTORY: &str = "/var/lib/pacemaker/cib";

/// Pacemaker keeps so many.
const KEPT: u32 = 100;

/// Editions that wait for the disk. More are left out: a slow disk must not fill the memory.
const WAITING_MAX: usize = 16;

/// It may hold passwords.
const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Far more than a number needs.
const READ_MAX: u64 = 64;

/// Keeps former editions, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    editions: Option<SyncSender<String>>,
}

impl Checkpoints {
    /// Into no directory, nothing is kept.
    pub(crate) fn start(directory: Option<&'static Path>) -> Self {
        let editions = directory.map(|directory| {
            let (editions, waiting) = sync_channel(WAITING_MAX);
            std::thread::spawn(move || serve(directory, &waiting));
            editions
        });
        Self { editions }
    }

    /// Keeps `former` if `now` says otherwise. Documents without a former one are the first.
    pub(crate) fn keep(&self, former: String, now: &str) {
        let Some(editions) = &self.editions else { return };
        if former.is_empty() || body(&former) == body(now) {
            return;
        }
        if editions.try_send(former).is_err() {
            tracing::warn!(
                "a former configuration is not kept as a file: too many wait for the disk"
            );
        }
    }
}

/// What administrators write: all but the attributes of the document itself.
fn body(document: &str) -> &str {
    document.split_once("<configuration").map_or(document, |(_root, body)| body)
}

fn serve(directory: &Path, waiting: &Receiver<String>) {
    while let Ok(document) = waiting.recv() {
        if let Err(error) = write(directory, &document) {
            tracing::warn!(
                directory = %directory.display(), %error,
                "a former configuration is not kept as a file"
            );
        }
    }
}

fn write(directory: &Path, document: &str) -> io::Result<()> {
    let place = Place::open(directory)?;
    let said = place.read("cib.last").and_then(|text| text.trim().parse().ok());
    // Without a series the first document takes the number 0, and becomes no file.
    let number: u32 = said.unwrap_or(1) % KEPT;
    let name = format!("cib-{number}.raw");
    // Of a series that Pacemaker began: it would take the new file for a damaged one.
    place.remove(&format!("{name}.sig"))?;
    place.put(&name, document)?.set_times(FileTimes::new().set_modified(written(document)))?;
    place.put("cib.last", &format!("{}\n", (number + 1) % KEPT))?;
    Ok(())
}

/// The open directory. Pacemaker's user owns it, and we are root: nothing in it is trusted, and no symbolic link
/// is followed, or that user could have any file of the machine written and given to it.
struct Place {
    directory: OwnedFd,
    owner: Uid,
    group: Gid,
}

impl Place {
    fn open(directory: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = rustix::fs::open(directory, flags, Mode::empty())?;
        let status = rustix::fs::fstat(&directory)?;
        let (owner, group) = (Uid::from_raw(status.st_uid), Gid::from_raw(status.st_gid));
        Ok(Self { directory, owner, group })
    }

    fn open_at(&self, name: &str, flags: OFlags, mode: Mode) -> rustix::io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.directory, name, flags, mode).map(File::from)
    }

    fn read(&self, name: &str) -> Option<String> {
        // What waits for a writer would hold us up.
        let file = self.open_at(name, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).ok()?;
        let mut text = String::new();
        file.take(READ_MAX).read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.directory, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A file with this text, whole or not at all, which the directory's owner may read.
    fn put(&self, name: &str, text: &str) -> io::Result<File> {
        let new = format!("{name}.new");
        self.remove(&new)?;
        let mut file = self.open_at(&new, OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY, MODE)?;
        rustix::fs::fchown(&file, Some(self.owner), Some(self.group))?;
        file.write_all(text.as_bytes())?;
        rustix::fs::renameat(&self.directory, &new, &self.directory, name)?;
        Ok(file)
    }
}

/// When the document was written, as it says.
fn written(document: &str) -> SystemTime {
    let (root, _body) = document.split_once("<configuration").unwrap_or((document, ""));
    let said =
        root.split_once(" cib-last-written=\"").and_then(|(_before, rest)| rest.split_once('"'));
    let seconds = said.and_then(|(text, _after)| model::seconds_of_clock(text));
    let since = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    since.map_or_else(SystemTime::now, |since| SystemTime::UNIX_EPOCH + since)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::path::PathBuf;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("quorate-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        root
    }

    fn edition(epoch: u32, options: &str) -> String {
        format!(
            "<cib epoch=\"{epoch}\" cib-last-written=\"Thu Jan  1 00:0{epoch}:00 1970\"><configuration>{options}\
             </configuration><status/></cib>"
        )
    }

    #[test]
    fn former_editions_are_numbered_and_dated() {
        let root = scratch("checkpoints");
        fs::write(root.join("cib.last"), "99\n").unwrap();
        fs::write(root.join("cib-99.raw.sig"), "of another file").unwrap();
        write(&root, &edition(1, "<a/>")).unwrap();
        write(&root, &edition(2, "<b/>")).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["cib-0.raw", "cib-99.raw", "cib.last"]);
        assert_eq!(fs::read_to_string(root.join("cib-0.raw")).unwrap(), edition(2, "<b/>"));
        assert_eq!(fs::read_to_string(root.join("cib.last")).unwrap(), "1\n");
        let file = fs::metadata(root.join("cib-99.raw")).unwrap();
        assert_eq!(file.mtime(), 60);
        assert_eq!(file.mode() & 0o777, 0o600);
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn what_links_lead_to_is_left_as_it_is() {
        let root = scratch("checkpoint-links");
        let directory = root.join("cib");
        fs::create_dir(&directory).unwrap();
        let precious = root.join("precious");
        fs::write(&precious, "57\n").unwrap();
        let names = ["cib.last", "cib.last.new", "cib-1.raw", "cib-1.raw.new", "cib-1.raw.sig"];
        for name in names {
            symlink(&precious, directory.join(name)).unwrap();
        }
        write(&directory, &edition(1, "<a/>")).unwrap();
        assert_eq!(fs::read_to_string(&precious).unwrap(), "57\n");
        assert_eq!(fs::read_to_string(directory.join("cib-1.raw")).unwrap(), edition(1, "<a/>"));
        assert_eq!(fs::read_to_string(directory.join("cib.last")).unwrap(), "2\n");

        let elsewhere = root.join("elsewhere");
        symlink(&directory, &elsewhere).unwrap();
        write(&elsewhere, &edition(2, "<b/>")).unwrap_err();
        assert!(!directory.join("cib-2.raw").exists());
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn only_what_administrators_write_makes_an_edition() {
        let (editions, waiting) = sync_channel(WAITING_MAX);
        let checkpoints = Checkpoints { editions: Some(editions) };
        checkpoints.keep(String::new(), &edition(1, "<a/>"));
        checkpoints.keep(edition(1, "<a/>"), &edition(2, "<a/>"));
        checkpoints.keep(edition(2, "<a/>"), &edition(3, "<b/>"));
        let kept: Vec<String> = waiting.try_iter().collect();
        assert_eq!(kept, [edition(2, "<a/>")]);
    }
}

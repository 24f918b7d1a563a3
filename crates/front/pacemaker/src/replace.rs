//! Puts a new text in a file's place, in folders that others may write to.
//!
//! **Not here:** what the text is.
//!
//! **Always:** who opens the file sees the old text or the new one, also after a crash; nothing but a
//! plain file is replaced, and nothing is left behind. Who has the old one open sees it become the new one.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// Writes `bytes` beside the file, and lets that take the file's place. It keeps owner and mode.
///
/// All happens in the folder that was opened at first, so that nobody can put another one, or a
/// link, in its place meanwhile.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| strange("it is no file"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = fs::open(folder.unwrap_or(Path::new(".")), flags, Mode::empty())?;
    let old = match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(old) => Some(plain(old)?),
        Err(Errno::NOENT) => None,
        Err(error) => return Err(error.into()),
    };
    // Until its owner is the old one's, nobody else may look into it.
    let mode = if old.is_some() { 0o600 } else { 0o666 };
    let (mut beside, mut file) = Beside::create(&folder, name, Mode::from_raw_mode(mode))?;
    file.write_all(bytes)?;
    if let Some(old) = old {
        take_after(&file, &old)?;
    }
    file.sync_all()?;
    let held = old.and_then(|old| held_open(&folder, name, &old));
    fs::renameat(&folder, &beside.name, &folder, name)?;
    beside.is_left = false;
    fs::fsync(&folder)?;
    // The file is written; this is for readers of the one that was there, who see no error of ours.
    if let Some(mut held) = held {
        let _old_text = held.set_len(0).and_then(|()| held.write_all(bytes));
    }
    Ok(())
}

/// The old file, for whoever has it open: pcs makes a temporary one, has a tool change it, and reads on
/// where it began, in the file that it made.
fn held_open(folder: &OwnedFd, name: &OsStr, old: &Stat) -> Option<File> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = fs::openat(folder, name, flags, Mode::empty()).ok()?;
    let now = fs::fstat(&file).ok()?;
    // Under another name it is not ours to change.
    let same = (now.st_dev, now.st_ino) == (old.st_dev, old.st_ino) && now.st_nlink == 1;
    same.then(|| File::from(file))
}

/// A file that goes away again unless it has taken its place.
struct Beside<'f> {
    folder: &'f OwnedFd,
    name: OsString,
    is_left: bool,
}

impl<'f> Beside<'f> {
    /// A new file of a name that nobody can guess.
    fn create(folder: &'f OwnedFd, name: &OsStr, mode: Mode) -> io::Result<(Self, File)> {
        let mut number = [0; 16];
        getrandom(&mut number, GetRandomFlags::empty())?;
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{:032x}", u128::from_ne_bytes(number)));
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(folder, &beside, flags, mode)?;
        Ok((Self { folder, name: beside, is_left: true }, File::from(file)))
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        if self.is_left {
            // What went wrong before is what is told.
            let _kept = fs::unlinkat(self.folder, &self.name, AtFlags::empty());
        }
    }
}

/// Only a plain file can be replaced by one: who writes to a device or through a link means
/// something else.
fn plain(old: Stat) -> io::Result<Stat> {
    match FileType::from_raw_mode(old.st_mode) {
        FileType::RegularFile => Ok(old),
        FileType::Symlink => Err(strange("it is a link; name the file that it leads to")),
        FileType::Directory => Err(strange("it is a folder")),
        FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => Err(strange("it is not a plain file")),
    }
}

fn strange(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.to_owned())
}

/// Owner, group and mode become those of the old file. Who may not give files away keeps it: that
/// they could write into the folder is all that was asked before, too.
fn take_after(file: &File, old: &Stat) -> io::Result<()> {
    let (owner, group) = (Uid::from_raw(old.st_uid), Gid::from_raw(old.st_gid));
    match fs::fchown(file, Some(owner), Some(group)) {
        Err(Errno::PERM) => match fs::fchown(file, None, Some(group)) {
            // Another group must not be let in by bits that were meant for the old one.
            Err(Errno::PERM) => {
                let own = Mode::from_raw_mode(old.st_mode) & (Mode::RWXU | Mode::ROTH);
                return Ok(fs::fchmod(file, own)?);
            }
            other => other?,
        },
        other => other?,
    }
    let bits = Mode::RWXU | Mode::RWXG | Mode::RWXO;
    Ok(fs::fchmod(file, Mode::from_raw_mode(old.st_mode) & bits)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::PathBuf;

    /// A folder that goes away with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("replace-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<OsString> {
            let entries = std::fs::read_dir(&self.0).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn who_has_it_open_reads_the_new_text() {
        let folder = Folder::new("held");
        let path = folder.0.join("file");
        std::fs::write(&path, "the old text").unwrap();
        let mut held = File::open(&path).unwrap();
        replace(&path, b"new").unwrap();
        let mut text = String::new();
        io::Read::read_to_string(&mut held, &mut text).unwrap();
        assert_eq!((text.as_str(), std::fs::read(&path).unwrap()), ("new", b"new".to_vec()));
    }

    #[test]
    fn a_second_name_keeps_the_old_text() {
        let folder = Folder::new("second");
        let (path, second) = (folder.0.join("file"), folder.0.join("second"));
        std::fs::write(&path, "old").unwrap();
        std::fs::hard_link(&path, &second).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&second).unwrap(), b"old");
    }

    #[test]
    fn a_file_keeps_its_mode_and_is_replaced_by_another_file() {
        let folder = Folder::new("mode");
        let path = folder.0.join("cib.xml");
        replace(&path, b"one").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let first = std::fs::metadata(&path).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let second = std::fs::metadata(&path).unwrap();
        assert_eq!(second.permissions().mode() & 0o7777, 0o640);
        assert_eq!((second.uid(), second.gid()), (first.uid(), first.gid()));
        assert_ne!(second.ino(), first.ino());
        assert_eq!(folder.names(), ["cib.xml"]);
    }

    #[test]
    fn what_is_no_plain_file_stays_as_it_is() {
        let folder = Folder::new("kinds");
        let (target, link) = (folder.0.join("target"), folder.0.join("link"));
        std::fs::write(&target, "old").unwrap();
        symlink(&target, &link).unwrap();
        let refused = replace(&link, b"new").unwrap_err();
        assert!(refused.to_string().contains("link"), "{refused}");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
        let fifo = folder.0.join("fifo");
        fs::mknodat(fs::CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert!(replace(&fifo, b"new").is_err());
        assert!(replace(&folder.0, b"new").is_err());
        assert!(replace(Path::new("/dev/null"), b"new").is_err());
        assert_eq!(folder.names().len(), 3);
    }

    #[test]
    fn the_old_guessable_name_is_not_written_through() {
        let folder = Folder::new("guess");
        let (path, trap) = (folder.0.join("cib.xml"), folder.0.join("trap"));
        std::fs::write(&path, "old").unwrap();
        std::fs::write(&trap, "precious").unwrap();
        let guess = folder.0.join(format!("cib.xml.{}", std::process::id()));
        symlink(&trap, &guess).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&trap).unwrap(), b"precious");
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn nothing_is_left_of_what_fails() {
        let folder = Folder::new("fails");
        let path = folder.0.join("cib.xml");
        std::fs::create_dir_all(path.join("inside")).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert!(replace(&folder.0.join("nowhere/cib.xml"), b"new").is_err());
        // It fails after the new file was made: a folder is not replaced by a file.
        let opened = fs::open(&folder.0, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
        let opened = opened.unwrap();
        drop(Beside::create(&opened, "x".as_ref(), Mode::RWXU).unwrap());
        assert_eq!(folder.names(), ["cib.xml"]);
    }
}

//! The few things that the store asks of a file system, behind a trait so that tests can cut the
//! power between any two of them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// One directory. Names are plain file names in it.
pub(crate) trait Disk: Send {
    fn list(&self) -> io::Result<Vec<String>>;
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// An empty file, whatever was there before.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// An existing file, to be written at its end.
    fn append_to(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync(&self) -> io::Result<()>;
}

/// An open file, written only at its end.
pub(crate) trait DiskFile: Send {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    /// Makes contents and length durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Writes a whole file so that after a crash there is the old one or the new one.
pub(crate) fn write_whole(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = format!("{name}{TEMPORARY}");
    let mut file = disk.create(&temporary)?;
    file.append(bytes)?;
    file.sync()?;
    drop(file);
    disk.rename(&temporary, name)?;
    disk.sync()
}

/// Ending of files that are not complete; removed when the directory is opened.
pub(crate) const TEMPORARY: &str = ".tmp";

/// A real directory, locked for as long as this lives. The kernel lets go of the lock when the
/// process ends, however it ends.
pub(crate) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing the file is not enough: a child that was just forked, and has not yet become the
        // program that it will be, has the file open too, and the lock is held until both close it.
        let _closed_all_the_same = self.lock.unlock();
    }
}

impl Directory {
    /// Creates the directory if need be and takes its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|source| OpenError::Create { path: path.to_owned(), source })?;
        let lock = take_lock(path)?;
        Ok(Self { path: path.to_owned(), lock })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn take_lock(path: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Lock { path: path.to_owned(), source };
    let name = path.join("lock");
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(&name)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&name).ok().and_then(|text| text.trim().parse().ok());
            return Err(OpenError::InUse { path: path.to_owned(), pid });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    // The number only makes the refusal of a second daemon readable. On a full disk the lock
    // holds all the same, so a failure here is no reason to stop.
    let _unwritten = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

impl Disk for Directory {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.at(name))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        // Append mode, so that a write after `truncate` lands at the new end.
        let path = self.at(name);
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        file.set_len(0)?;
        Ok(Box::new(RealFile(file)))
    }

    fn append_to(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RealFile(OpenOptions::new().append(true).open(self.at(name))?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.at(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_was_just_forked_does_not_keep_the_directory_in_use() {
        let path =
            std::env::temp_dir().join(format!("quorate-store-forked-{}", std::process::id()));
        let directory = Directory::open(&path).unwrap();
        let as_a_child_has_it = directory.lock.try_clone().unwrap();
        drop(directory);
        Directory::open(&path).unwrap();
        drop(as_a_child_has_it);
        fs::remove_dir_all(&path).unwrap();
    }
}

//! The demo's directory: ours alone, and what an earlier run left in it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::NODES;
use crate::trouble::Trouble;

/// Unix socket addresses hold 107 bytes; the longest name below the directory is `fabric.sock` or
/// `n1/api.sock`, and daemons may make names a little longer.
const PATH_MAX: usize = 80;

/// What was in the directory after an earlier run; only these are removed.
const KNOWN: [&str; 6] = ["agents", "shared", "fabric.sock", "fabric.log", "network", "web.xml"];

/// The demo's directory, ours alone while this lives.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Directory {
    /// Makes the directory, or takes an earlier run's.
    pub(crate) fn take(path: &Path) -> Result<Self, Trouble> {
        let made = fs::DirBuilder::new().mode(0o700).create(path);
        match made {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_ours(path)?,
            Err(source) => return Err(file("make", path, source)),
        }
        let path = path.canonicalize().map_err(|source| file("find", path, source))?;
        if path.as_os_str().len() > PATH_MAX {
            return Err(Trouble::TooLong { path });
        }
        let lock_path = path.join("lock");
        let lock = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|source| file("open", &lock_path, source))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Trouble::InUse { path: path.clone() })?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what an earlier run wrote.
    pub(crate) fn empty(&self) -> Result<(), Trouble> {
        for name in KNOWN.iter().chain(&NODES) {
            let path = self.path.join(name);
            let removed = match path.symlink_metadata() {
                Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
                Ok(_) => fs::remove_file(&path),
                Err(_) => continue,
            };
            removed.map_err(|source| file("remove", &path, source))?;
        }
        Ok(())
    }

    /// A node's state directory.
    pub(crate) fn node(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.node(name).join("api.sock")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.path.join("shared/lock")
    }

    pub(crate) fn write(&self, path: &Path, text: &str) -> Result<(), Trouble> {
        if let Some(folder) = path.parent() {
            self.make_folder(folder)?;
        }
        File::create(path)
            .and_then(|mut open| open.write_all(text.as_bytes()))
            .map_err(|source| file("write", path, source))
    }

    pub(crate) fn make_folder(&self, path: &Path) -> Result<(), Trouble> {
        fs::create_dir_all(path).map_err(|source| file("make", path, source))
    }
}

/// Somebody else's directory, or a link to one, could make us write anywhere.
fn check_ours(path: &Path) -> Result<(), Trouble> {
    let found = path.symlink_metadata().map_err(|source| file("look at", path, source))?;
    let ours = found.uid() == rustix::process::getuid().as_raw();
    let closed = found.mode() & 0o022 == 0;
    if found.is_dir() && ours && closed {
        Ok(())
    } else {
        Err(Trouble::NotOurs { path: path.to_owned() })
    }
}

pub(crate) fn file(what: &'static str, path: &Path, source: io::Error) -> Trouble {
    Trouble::File { what, path: path.to_owned(), source }
}

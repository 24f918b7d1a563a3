//! What a command does to this machine, step by step: shown, or carried out.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::say;
use crate::services::{Service, Services};
use crate::trouble::Trouble;

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write {
        path: PathBuf,
        mode: u32,
        bytes: Vec<u8>,
        secret: bool,
    },
    /// A file or directory gets another name, under which nobody looks for it.
    SetAside(PathBuf),
    Start(Service),
    Stop(Service),
    /// It does not start with the machine any more.
    Disable(Service),
    /// Done by somebody else; only shown.
    Others(String),
}

impl Step {
    /// A file for everybody's eyes.
    pub(crate) fn file(path: PathBuf, text: impl Into<String>) -> Self {
        Self::Write { path, mode: 0o644, bytes: text.into().into_bytes(), secret: false }
    }

    /// A file for root's eyes only.
    pub(crate) fn secret(path: PathBuf, mode: u32, bytes: Vec<u8>) -> Self {
        Self::Write { path, mode, bytes, secret: true }
    }
}

/// Shows the steps with the files' contents, but for secrets.
pub(crate) fn show(steps: &[Step], services: &Services) {
    for step in steps {
        match step {
            Step::Write { path, mode, bytes, secret } => {
                let path = path.display();
                say::out(&format!("write {path} ({mode:04o}, {} bytes)", bytes.len()));
                if *secret {
                    say::out("    (secret)");
                    continue;
                }
                for line in String::from_utf8_lossy(bytes).lines() {
                    say::out(format!("    {line}").trim_end());
                }
            }
            Step::SetAside(path) => {
                say::out(&format!("rename {} to {}", path.display(), free_name(path).display()))
            }
            Step::Start(service) => say::out(&format!("run {}", services.starting(*service))),
            Step::Stop(service) => say::out(&format!("run {}", services.stopping(*service))),
            Step::Disable(service) => {
                if let Some(command) = services.disabling(*service) {
                    say::out(&format!("run {command}"));
                }
            }
            Step::Others(words) => say::out(words),
        }
    }
}

/// Takes the steps, in order, and ends at the first that fails.
pub(crate) fn take(steps: &[Step], services: &Services) -> Result<(), Trouble> {
    for step in steps {
        match step {
            Step::Write { path, mode, bytes, .. } => {
                put(path, bytes, *mode).map_err(|error| Trouble::write(path, &error))?;
            }
            Step::SetAside(path) => {
                let aside = free_name(path);
                fs::rename(path, &aside).map_err(|error| Trouble::write(&aside, &error))?;
                say::talk(&format!("{} is kept as {}", path.display(), aside.display()));
            }
            Step::Start(service) => services.start(*service)?,
            Step::Stop(service) => services.stop(*service)?,
            Step::Disable(service) => services.disable(*service)?,
            Step::Others(_) => {}
        }
    }
    Ok(())
}

/// Puts a file in place whole: after a crash there is the old one or the new one.
pub(crate) fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = directory.join(name);
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(&temporary)?;
    // One that a crash left may have other rights, and the mask takes some away.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(directory)?.sync_all()
}

/// `NAME.old`, `NAME.old2`, ...: the first that is free.
fn free_name(path: &Path) -> PathBuf {
    let named = |number: u32| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(if number < 2 { ".old".to_owned() } else { format!(".old{number}") });
        path.with_file_name(name)
    };
    let free = |name: &PathBuf| fs::symlink_metadata(name).is_err();
    (1..u32::MAX).map(named).find(free).unwrap_or_else(|| named(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_put_in_place_and_aside() {
        let directory = std::env::temp_dir().join(format!("quorate-steps-{}", std::process::id()));
        let path = directory.join("sub/authkey");
        put(&path, b"one", 0o400).unwrap();
        put(&path, b"two", 0o400).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400);
        assert_eq!(free_name(&path), directory.join("sub/authkey.old"));
        fs::rename(&path, free_name(&path)).unwrap();
        assert_eq!(free_name(&path), directory.join("sub/authkey.old2"));
        fs::remove_dir_all(&directory).unwrap();
    }
}

//! Single files of other programs, put in place whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::disk::TEMPORARY;

/// Makes this the file's content, so that after a crash there is the old one or the new one.
///
/// # Errors
/// When the disk does not take it; then the old one is there.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(TEMPORARY);
    let temporary = directory.join(name);
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(&temporary)?;
    // One that a crash left may have other rights, and the mask takes some away.
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&temporary, path)?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_content_takes_the_old_ones_place() {
        let path = std::env::temp_dir().join(format!("quorate-replace-{}", std::process::id()));
        replace(&path, b"one", 0o644).unwrap();
        replace(&path, b"two", 0o400).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400);
        std::fs::remove_file(&path).unwrap();
        assert!(replace(Path::new("/nonexistent/file"), b"", 0o644).is_err());
    }
}

//! `quorate links DIR`: makes the names that other systems' users and scripts call.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::ExitCode;

use crate::COMPATIBLE;

#[expect(clippy::print_stderr, reason = "a command of two lines says its own failure")]
pub(crate) fn links(words: &[OsString]) -> ExitCode {
    let [folder] = words else {
        eprintln!("quorate: `links` takes one folder, in which to make the names");
        return ExitCode::from(64);
    };
    match make(Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quorate: cannot make links in {}: {error}", Path::new(folder).display());
            ExitCode::FAILURE
        }
    }
}

/// A link that is there already is made anew; anything else of that name is left and refused.
fn make(folder: &Path) -> io::Result<()> {
    let program = std::env::current_exe()?;
    std::fs::create_dir_all(folder)?;
    for (name, _) in COMPATIBLE.into_iter().flatten() {
        let link = folder.join(name);
        if link.is_symlink() {
            std::fs::remove_file(&link)?;
        }
        symlink(&program, &link)?;
    }
    Ok(())
}

//! What tests need of the machine besides packages, looked at before anything takes long: a directory
//! for temporary files in which they can do what they do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::Mode;

/// Names of sockets hold 107 bytes; the longest that tests make below the directory is shorter than the
/// rest.
const NAME_MAX: usize = 50;

/// Makes the surroundings what tests are written for, and says what it cannot change.
pub(crate) fn prepare() -> Result<(), String> {
    // Some servers that tests start give up root, and must reach their files all the same.
    rustix::process::umask(Mode::from_raw_mode(0o022));
    let directory = std::env::temp_dir();
    usable(&directory)
        .map_err(|why| format!("{}: {why}; name another one in TMPDIR", directory.display()))
}

fn usable(directory: &Path) -> Result<(), String> {
    let real = directory.canonicalize().map_err(|error| error.to_string())?;
    let length = real.as_os_str().len().max(directory.as_os_str().len());
    if length > NAME_MAX {
        return Err(format!("its name has {length} bytes, and sockets need most of their 107"));
    }
    let is_root = rustix::process::geteuid().is_root();
    for part in real.ancestors() {
        let about = fs::metadata(part).map_err(|error| error.to_string())?;
        // Only root starts servers that become somebody else.
        if is_root && about.permissions().mode() & 0o001 == 0 {
            return Err(format!("other users cannot enter {}", part.display()));
        }
    }
    runs_programs(&real)
}

/// Not where it is mounted with `noexec`.
fn runs_programs(directory: &Path) -> Result<(), String> {
    let path = directory.join(format!("quorate-check-{}", std::process::id()));
    let write = "printf '#!/bin/sh\\nexit 0\\n' >\"$0\" && chmod 700 \"$0\"";
    let written = Command::new("sh").args(["-c", write]).arg(&path).stderr(Stdio::null()).status();
    let ran = Command::new(&path).status();
    // There may be none.
    let _gone = fs::remove_file(&path);
    match (written, ran) {
        (Ok(written), _) if !written.success() => Err("nothing can be written there".to_owned()),
        (Ok(_), Ok(ran)) if ran.success() => Ok(()),
        (Ok(_), Ok(ran)) => Err(format!("a program there ended with {ran}")),
        (Ok(_), Err(error)) => Err(format!("a program there does not run: {error}")),
        (Err(error), _) => Err(format!("sh does not run: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_will_not_do_is_told() {
        assert!(usable(Path::new("/nowhere")).is_err());
        let here = std::env::temp_dir().join(format!("quorate-closed-{}", std::process::id()));
        let long = here.join("x".repeat(NAME_MAX));
        fs::create_dir_all(&long).unwrap();
        assert!(usable(&long).unwrap_err().starts_with("its name has "));
        fs::remove_dir_all(&here).unwrap();
        let kernel_s = runs_programs(Path::new("/proc"));
        assert_eq!(kernel_s, Err("nothing can be written there".to_owned()));
    }
}

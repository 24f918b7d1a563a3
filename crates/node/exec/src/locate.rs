//! Finding an agent's program.

use std::path::{Path, PathBuf};

use agent::Standard;

use crate::config::ExecConfig;

/// The program `name` of an agent of `standard`: the first that exists, executable or not.
/// Otherwise `None`.
pub(crate) fn program(config: &ExecConfig, standard: Standard, name: &str) -> Option<PathBuf> {
    if !is_plain(name) {
        return None;
    }
    let init_dir = std::slice::from_ref(&config.init_dir);
    let directories = match standard {
        Standard::Ocf => &config.ocf_dirs,
        Standard::Fence => &config.fence_dirs,
        Standard::Lsb | Standard::Service => init_dir,
        Standard::Systemd => return None,
    };
    directories.iter().map(|directory| directory.join(name)).find(|path| exists(path))
}

/// A dangling link is there, too: running it says what is wrong with it.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Names come from the document: none may lead out of its directory.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.contains('\0')
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn names_stay_in_their_directory() {
        assert!(is_plain("heartbeat/IPaddr2"));
        for bad in ["", "../passwd", "a/../../b", "/bin/sh", "a//b", "."] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}

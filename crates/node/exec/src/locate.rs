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

/// Names of all programs of a standard, as [`program`] takes them.
pub(crate) fn programs(config: &ExecConfig, standard: Standard) -> Vec<String> {
    let names = |directories: &[PathBuf]| -> Vec<(PathBuf, String)> {
        let entries = directories.iter().filter_map(|at| at.read_dir().ok()).flatten().flatten();
        entries
            .filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?)))
            .filter(|(_, name)| !name.starts_with('.'))
            .collect()
    };
    let mut found: Vec<String> = match standard {
        Standard::Ocf => names(&config.ocf_dirs)
            .into_iter()
            .flat_map(|(path, provider)| {
                let agents = names(&[path]).into_iter();
                agents.map(move |(_, kind)| format!("{provider}/{kind}"))
            })
            .collect(),
        Standard::Fence => names(&config.fence_dirs)
            .into_iter()
            .map(|(_, name)| name)
            .filter(|name| name.starts_with("fence_"))
            .collect(),
        Standard::Lsb | Standard::Service => {
            let scripts = names(std::slice::from_ref(&config.init_dir)).into_iter();
            scripts.map(|(_, name)| name).collect()
        }
        Standard::Systemd => Vec::new(),
    };
    found.sort();
    found.dedup();
    found
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

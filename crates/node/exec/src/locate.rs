//! Finding an agent's program.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use agent::Standard;

use crate::config::ExecConfig;

/// Where the service manager has its units' files; it reads none where [`SYSTEMD`] is missing.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const SYSTEMD: &str = "/run/systemd/system";

/// The program `name` of an agent of `standard`: the first that exists, executable or not.
/// Otherwise `None`.
pub(crate) fn program(config: &ExecConfig, standard: Standard, name: &str) -> Option<PathBuf> {
    if !is_plain(name) {
        return None;
    }
    let init_dir = std::slice::from_ref(&config.init_dir);
    let heartbeat_dirs = [config.heartbeat_dir.clone(), config.init_dir.clone()];
    let directories: &[PathBuf] = match standard {
        Standard::Ocf => &config.ocf_dirs,
        Standard::Fence => &config.fence_dirs,
        Standard::Lsb | Standard::Service => init_dir,
        Standard::Heartbeat => &heartbeat_dirs,
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
    let scripts = || -> Vec<String> {
        let scripts = names(std::slice::from_ref(&config.init_dir)).into_iter();
        scripts.filter(|(path, _)| is_program(path)).map(|(_, name)| name).collect()
    };
    let units = || -> Vec<String> {
        if !Path::new(SYSTEMD).is_dir() {
            return Vec::new();
        }
        let files = names(&UNITS.map(PathBuf::from)).into_iter();
        files.filter_map(|(_, name)| Some(name.strip_suffix(".service")?.to_owned())).collect()
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
        Standard::Lsb => scripts(),
        Standard::Service => scripts().into_iter().chain(units()).collect(),
        Standard::Systemd => units(),
        Standard::Heartbeat => {
            let scripts = names(std::slice::from_ref(&config.heartbeat_dir)).into_iter();
            scripts.map(|(_, name)| name).collect()
        }
    };
    found.sort();
    found.dedup();
    found
}

fn is_program(path: &Path) -> bool {
    let about = path.metadata();
    about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
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

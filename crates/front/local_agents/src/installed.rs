//! Which agents there are.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const INIT_SCRIPTS: &str = "/etc/init.d";
const HEARTBEAT_SCRIPTS: &str = "/etc/ha.d/resource.d";
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const FENCE_AGENTS: &str = "/usr/sbin";

/// The directory with a directory for each provider of OCF agents.
pub fn ocf_root() -> PathBuf {
    let root = std::env::var_os("OCF_ROOT").filter(|root| !root.is_empty());
    PathBuf::from(root.unwrap_or_else(|| "/usr/lib/ocf".into())).join("resource.d")
}

/// Where the program of an agent is: `heartbeat/IPaddr2` for OCF, else a plain name. `None` for what
/// has no programs, and for what is no name.
pub(crate) fn program(standard: &str, name: &str) -> Option<PathBuf> {
    let is_plain = !name.is_empty() && name.split('/').all(|part| !["", ".", ".."].contains(&part));
    let folder = match standard {
        "ocf" => ocf_root(),
        "stonith" => PathBuf::from(FENCE_AGENTS),
        "lsb" | "service" => PathBuf::from(INIT_SCRIPTS),
        "heartbeat" => [HEARTBEAT_SCRIPTS, INIT_SCRIPTS]
            .map(PathBuf::from)
            .into_iter()
            .find(|folder| folder.join(name).exists())
            .unwrap_or_else(|| HEARTBEAT_SCRIPTS.into()),
        _ => return None,
    };
    is_plain.then(|| folder.join(name))
}

/// The standards that agents of this machine may follow.
pub fn standards() -> Vec<&'static str> {
    let (scripts, units) = (Path::new(INIT_SCRIPTS).is_dir(), has_systemd());
    let all = [
        (scripts, "lsb"),
        (true, "ocf"),
        (scripts || units, "service"),
        (units, "systemd"),
        (Path::new(HEARTBEAT_SCRIPTS).is_dir(), "heartbeat"),
        (true, "stonith"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect()
}

/// Who provides OCF agents.
pub fn providers() -> Vec<String> {
    entries(&ocf_root(), Path::is_dir)
}

/// The agents of a standard, sorted; for OCF those of a provider, without one those of `heartbeat`.
pub fn agents(standard: &str, provider: Option<&str>) -> Vec<String> {
    match standard {
        "ocf" => {
            // Compatibility: without a provider, only this one's are told.
            entries(&ocf_root().join(provider.unwrap_or("heartbeat")), is_program)
        }
        "stonith" => {
            let mut found = entries(Path::new(FENCE_AGENTS), is_program);
            found.retain(|name| {
                name.starts_with("fence_") && !["fence_node", "fence_tool"].contains(&name.as_str())
            });
            found
        }
        "lsb" => entries(Path::new(INIT_SCRIPTS), is_program),
        "heartbeat" => entries(Path::new(HEARTBEAT_SCRIPTS), is_program),
        "systemd" if has_systemd() => units(),
        "service" => {
            let mut found = agents("lsb", None);
            found.extend(agents("systemd", None));
            found.sort();
            found.dedup();
            found
        }
        _ => Vec::new(),
    }
}

/// Whether the service manager has a unit of that name.
pub fn is_unit(name: &str) -> bool {
    agents("systemd", None).iter().any(|unit| unit == name)
}

fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

fn units() -> Vec<String> {
    let all = UNITS.iter().flat_map(|folder| entries(Path::new(folder), |_path| true));
    let mut names: Vec<String> =
        all.filter_map(|name| name.strip_suffix(".service").map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

/// Names in a folder, sorted; hidden ones are not told.
fn entries(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = found
        .filter_map(Result::ok)
        .filter(|entry| wanted(&entry.path()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

fn is_program(path: &Path) -> bool {
    let about = std::fs::metadata(path);
    about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_directory() {
        assert!(program("ocf", "heartbeat/Dummy").is_some());
        for bad in ["", "../x", "a/../../b", "/bin/sh", "a//b", "."] {
            assert_eq!(program("ocf", bad), None, "{bad}");
        }
        assert_eq!(program("systemd", "cron"), None);
    }
}

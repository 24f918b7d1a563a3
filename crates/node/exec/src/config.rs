//! Where agents live, and the limits of running them.

use std::path::PathBuf;
use std::time::Duration;

use model::NodeName;

/// How much of the beginning of an agent's output is kept.
pub(crate) const OUTPUT_HEAD_MAX: usize = 16 * 1024;

/// How much of the end: the reason for a failure is usually said last.
pub(crate) const OUTPUT_TAIL_MAX: usize = 16 * 1024;

/// Metadata must be whole to be read; the longest known one is about 100 kB.
pub(crate) const METADATA_MAX: usize = 1024 * 1024;

/// After the agent's end, at most this much of what still stands in each pipe is read: a process
/// left behind may write for ever.
pub(crate) const DRAIN_MAX: usize = 256 * 1024;

/// Most operations at once; more wait. Only a bound on memory and process numbers: how many make
/// sense is the coordinator's decision, and a node full of hanging monitors must still be able to
/// run a stop.
pub(crate) const OPERATIONS_MAX: usize = 512;

/// Most fencings through one device at once, whatever it is said to take.
pub(crate) const DEVICE_LANES_MAX: u32 = 64;

/// How long a killed process may take to vanish before its operation is answered all the same.
pub(crate) const DEATH_MAX: Duration = Duration::from_secs(5);

/// How long the parent of a dead process, where that is not us, may take to ask for its end before
/// the death is reported all the same.
pub(crate) const BURIAL_MAX: Duration = Duration::from_secs(2);

/// What an executor must know about its node.
#[derive(Clone, Debug)]
pub struct ExecConfig {
    pub node: NodeName,
    /// The node's own directory, absolute. Its path marks every process of the node.
    pub state_dir: PathBuf,
    /// Directories with a directory for each provider, searched in this order.
    /// Field word: `OCF_RA_PATH`.
    pub ocf_dirs: Vec<PathBuf>,
    /// What OCF agents get as `OCF_ROOT`; their shell library lies below it.
    pub ocf_root: PathBuf,
    /// Init scripts.
    pub init_dir: PathBuf,
    /// Scripts of Heartbeat; init scripts are looked at after them.
    pub heartbeat_dir: PathBuf,
    /// Directories of fence agents, searched in this order.
    pub fence_dirs: Vec<PathBuf>,
    /// The environment of every agent, before what its standard asks for.
    pub environment: Vec<(String, String)>,
    /// Where agents of our own keep what must not survive a power-off, on a machine that is the node's alone. Without
    /// it that is below the state directory, which does survive it.
    pub run_dir: Option<PathBuf>,
    /// Where agents of the resource-agents package keep what must not survive a power-off, if not
    /// where they do by themselves: nodes that share a machine must not share that.
    /// Field word: `HA_RSCTMP`.
    pub scratch_dir: Option<PathBuf>,
    /// D-Bus address of the service manager's bus; `None` is the system's usual one.
    pub system_bus: Option<String>,
    /// Time between asking a late agent to end and killing it.
    pub kill_grace: Duration,
}

impl ExecConfig {
    /// The usual places, plus the agents of our own below `own_agents` if given.
    pub fn new(node: NodeName, state_dir: PathBuf, own_agents: Option<PathBuf>) -> Self {
        let mut ocf_dirs = vec![PathBuf::from("/usr/lib/ocf/resource.d")];
        let mut fence_dirs = vec![PathBuf::from("/usr/sbin")];
        if let Some(own) = own_agents {
            ocf_dirs.push(own.join("ocf"));
            fence_dirs.push(own.join("fence"));
        }
        Self {
            node,
            // One path for one directory: it is the mark of the node's processes.
            state_dir: std::fs::canonicalize(&state_dir).unwrap_or(state_dir),
            ocf_dirs,
            ocf_root: PathBuf::from("/usr/lib/ocf"),
            init_dir: PathBuf::from("/etc/init.d"),
            heartbeat_dir: PathBuf::from("/etc/ha.d/resource.d"),
            fence_dirs,
            environment: inherited_environment(),
            run_dir: None,
            scratch_dir: None,
            system_bus: None,
            kill_grace: Duration::from_secs(2),
        }
    }

    /// Where running operations are on record.
    pub(crate) fn operations_dir(&self) -> PathBuf {
        self.state_dir.join("operations")
    }

    /// Where units that run are on record.
    pub(crate) fn units_dir(&self) -> PathBuf {
        self.state_dir.join("units")
    }
}

/// This process's environment without what was meant for it alone, and with the directories of
/// system programs on the search path, which agents need.
pub fn inherited_environment() -> Vec<(String, String)> {
    const OURS: [&str; 8] = [
        "NOTIFY_SOCKET",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
        "LISTEN_FDS",
        "LISTEN_PID",
        "PATH",
        "QUORATE_BINARY",
        process::RUN_DIRECTORY,
    ];
    let mut environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !OURS.contains(&name.as_str()) && !name.starts_with("OCF_"))
        .collect();
    if let Some(binary) =
        std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok())
    {
        // The repository's own agents call the program that runs them.
        environment.push(("QUORATE_BINARY".to_owned(), binary));
    }
    environment.push(("PATH".to_owned(), search_path(std::env::var("PATH").ok().as_deref())));
    environment
}

fn search_path(inherited: Option<&str>) -> String {
    let mut directories: Vec<&str> =
        inherited.unwrap_or("").split(':').filter(|directory| !directory.is_empty()).collect();
    for system in ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"] {
        if !directories.contains(&system) {
            directories.push(system);
        }
    }
    directories.join(":")
}

#[cfg(test)]
mod tests {
    use super::search_path;

    #[test]
    fn system_programs_are_always_found() {
        assert!(search_path(None).starts_with("/usr/local/sbin:"));
        let path = search_path(Some("/opt/x::/usr/bin"));
        assert!(path.starts_with("/opt/x:/usr/bin:") && path.contains("/usr/sbin"), "{path}");
    }
}

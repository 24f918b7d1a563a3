//! What a node's `quorate daemon` reads and keeps, and the way to it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::plan::Plan;
use crate::run::{run, words};
use crate::{Bed, Result};

/// What a node's daemon is told. Who the nodes are says Corosync's configuration.
const CONFIGURATION: &str = "state_dir = \"/var/lib/quorate\"
api_socket = \"/run/quorate/api.sock\"
log_file = \"/var/log/quorate/daemon.log\"
";

/// Makes the directories, the configuration and the disk of a node.
pub(crate) fn prepare(plan: &Plan, directory: &Path) -> Result<()> {
    let failed = |error| format!("{}: {error}", directory.display());
    for own in ["etc/quorate", "var/lib/quorate", "var/log/quorate"] {
        fs::create_dir_all(directory.join(own)).map_err(failed)?;
    }
    let agents = directory.join("../../agents").canonicalize().map_err(failed)?;
    let agents = format!("agents = \"{}\"\n", agents.display());
    let text = format!("{CONFIGURATION}{agents}\n[fabric]\nkind = \"corosync\"\n");
    fs::write(directory.join("etc/quorate/quorate.toml"), text).map_err(failed)?;
    let disk = directory.join("disk");
    let Some(megabytes) = plan.disk.filter(|_| !disk.exists()) else { return Ok(()) };
    run(words("truncate", &["-s", &format!("{megabytes}M")]).arg(&disk))?;
    run(words("mkfs.ext4", &["-q", "-F"]).arg(&disk)).map(drop)
}

impl Bed {
    /// Kills a node's daemon, and nothing else: what it started lives on.
    ///
    /// # Errors
    /// When the node is off, or none runs.
    pub fn kill_daemon(&self, node: u32) -> Result<()> {
        let script = "kill -9 $(cut -d' ' -f1 /var/lib/quorate/daemon.pid)";
        run(self.command(node, "sh")?.args(["-c", script])).map(drop)
    }

    /// Where a node's daemon is asked, seen from the machine; `None` when the node is off.
    pub fn api_socket(&self, node: u32) -> Option<PathBuf> {
        let first = self.first_process(node)?;
        Some(PathBuf::from(format!("/proc/{first}/root/run/quorate/api.sock")))
    }
}

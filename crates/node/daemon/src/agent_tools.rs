//! Names that agents call while they run, such as `crm_master`: links to this program.
//!
//! A directory of the node's own comes first on the agents' search path, so that they reach this
//! node's daemon also where another cluster stack is installed, or several nodes share a machine.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use exec::ExecConfig;

/// The program answers to these.
const NAMES: [&str; 10] = [
    "attrd_updater",
    "cibadmin",
    "crm_attribute",
    "crm_master",
    "crm_mon",
    "crm_node",
    "crm_resource",
    "crm_simulate",
    "pacemakerd",
    "stonith_admin",
];

/// Makes the names, and tells agents of them and of the daemon's socket.
pub(crate) fn give(exec: &mut ExecConfig, api_socket: &Path) -> io::Result<()> {
    let directory = exec.state_dir.join("run/bin");
    link(&directory, &std::env::current_exe()?)?;
    let directory = directory.to_string_lossy().into_owned();
    for (name, value) in &mut exec.environment {
        if name == "PATH" {
            *value = format!("{directory}:{value}");
        }
    }
    exec.environment.retain(|(name, _)| name != "HA_SBIN_DIR" && name != "QUORATE_SOCKET");
    // The shell library of the resource-agents package looks here, not on the search path.
    exec.environment.push(("HA_SBIN_DIR".to_owned(), directory));
    let socket = api_socket.to_string_lossy().into_owned();
    exec.environment.push(("QUORATE_SOCKET".to_owned(), socket));
    Ok(())
}

fn link(directory: &Path, program: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for name in NAMES {
        let link = directory.join(name);
        match fs::read_link(&link) {
            // Nothing is written, so that it works on a full disk too.
            Ok(target) if target == program => continue,
            Ok(_older) => fs::remove_file(&link)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        symlink(program, &link)?;
    }
    Ok(())
}

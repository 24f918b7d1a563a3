//! The package, installed on a copy of this machine and removed again.

use std::path::Path;
use std::process::Command;

/// Layers over the machine's file system take what changes; they go with their namespace.
const SCRIPT: &str = include_str!("trial.sh");

/// Makes the package of `program` and tries it, where that can be done.
pub(crate) fn trial(program: &Path) -> Result<(), String> {
    if !rustix::process::geteuid().is_root() || !Path::new("/etc/debian_version").exists() {
        return crate::check::left_out("the package; that needs root, and Debian");
    }
    let out = xtask::tidy::root().join("target/debian");
    let package = super::make(program, &out)?;
    let layers = out.join("layers");
    std::fs::create_dir_all(&layers).map_err(super::at(&layers))?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "--", "sh", "-c", SCRIPT, "trial"]);
    let words = super::said(command.arg(&package).arg(&layers))?;
    println!("{words}");
    Ok(())
}

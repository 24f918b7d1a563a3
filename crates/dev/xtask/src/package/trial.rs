//! The package, installed on a copy of this machine and removed again.

use std::path::Path;
use std::process::Command;

use crate::check::RELEASE_BUILD;
use crate::check::steps::{Load, Step};

/// Layers over the machine's file system take what changes; they go with their namespace.
const SCRIPT: &str = include_str!("trial.sh");

/// What `check` does with the program as it is shipped, where that can be done.
pub(crate) fn step(shipped: &Path) -> Result<Option<Step>, String> {
    if !rustix::process::geteuid().is_root() || !Path::new("/etc/debian_version").exists() {
        crate::check::left_out("the package; that needs root, and Debian")?;
        return Ok(None);
    }
    let out = xtask::tidy::root().join("target/debian").display().to_string();
    let program = shipped.display().to_string();
    let words = ["package", "--trial", "--out", &out, "--program", &program];
    Ok(Some(Step::own("package", Load::Computes, RELEASE_BUILD, &words)))
}

/// Tries a package, with what changes below `out`.
pub(super) fn trial(package: &Path, out: &Path) -> Result<(), String> {
    let layers = out.join("layers");
    std::fs::create_dir_all(&layers).map_err(super::at(&layers))?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "--", "sh", "-c", SCRIPT, "trial"]);
    let words = super::said(command.arg(package).arg(&layers))?;
    println!("{words}");
    Ok(())
}

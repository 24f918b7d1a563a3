//! Part of a package that prefers its site: says that the site of the node where the package runs is the package's from
//! now on, so that it does not go back to another one at the next failure.
//!
//! Field words: Serviceguard `failover_policy site_preferred`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::ocf::{self, Code, Failure, failed};
use crate::package_script;

/// Not said yet, and said.
const NEW: &str = "new";
const SAID: &str = "said";

pub(crate) fn main(action: &str) -> ExitCode {
    ocf::answer(match action {
        "start" => remember(NEW).map(|()| Code::Ok),
        "stop" => stop(),
        "monitor" => monitor(),
        "validate-all" => ocf::required("package").map(|_| Code::Ok),
        _ => Ok(Code::Unimplemented),
    })
}

fn file() -> PathBuf {
    ocf::run_dir().join(format!("package-site-{}", ocf::instance()))
}

fn remember(what: &str) -> Result<(), Failure> {
    let cannot = |error: io::Error| failed(format!("cannot remember that it runs: {error}"));
    ocf::required("package")?;
    fs::create_dir_all(ocf::run_dir()).map_err(cannot)?;
    fs::write(file(), what).map_err(cannot)
}

fn stop() -> Result<Code, Failure> {
    match fs::remove_file(file()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error.to_string())),
        Ok(()) | Err(_) => Ok(Code::Ok),
    }
}

/// The package is up when it recurs. That it cannot be said, as without quorum, is no failure of the package: the next
/// one tries again.
fn monitor() -> Result<Code, Failure> {
    let Ok(state) = fs::read_to_string(file()) else { return Ok(Code::NotRunning) };
    let recurs = ocf::parameter("CRM_meta_interval").is_some_and(|interval| interval != "0");
    if recurs && state != SAID {
        let package = ocf::required("package")?;
        let node = ocf::required("CRM_meta_on_node")?;
        let words = ["cmmodpkg", "-e", "-x", "-n", &node, &package];
        match package_script::ask(&words, None) {
            Ok(()) => remember(SAID)?,
            Err(why) => ocf::log("package-site", &format!("cannot keep its site: {why}")),
        }
    }
    Ok(Code::Ok)
}

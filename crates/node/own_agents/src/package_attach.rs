//! Takes up the packages that a node left running when it left the cluster: once their resources have been
//! looked for, they are the cluster's again. It is asked until it has, and is taken out of the configuration then.
//!
//! Field words: Serviceguard *Live Application Detach*, `cmhaltnode -d`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::ocf::{self, Code, Failure, failed};
use crate::package_script;

pub(crate) fn main(action: &str) -> ExitCode {
    ocf::answer(match action {
        "start" => start(),
        "stop" => stop(),
        "monitor" => monitor(),
        "validate-all" => ocf::required("node").map(|_| Code::Ok),
        _ => Ok(Code::Unimplemented),
    })
}

fn file() -> PathBuf {
    ocf::run_dir().join(format!("package-attach-{}", ocf::instance()))
}

fn start() -> Result<Code, Failure> {
    let cannot = |error: io::Error| failed(format!("cannot remember that it runs: {error}"));
    ocf::required("node")?;
    fs::create_dir_all(ocf::run_dir()).map_err(cannot)?;
    fs::write(file(), "").map(|()| Code::Ok).map_err(cannot)
}

fn stop() -> Result<Code, Failure> {
    match fs::remove_file(file()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error.to_string())),
        Ok(()) | Err(_) => Ok(Code::Ok),
    }
}

/// A probe only looks.
fn monitor() -> Result<Code, Failure> {
    if !file().exists() {
        return Ok(Code::NotRunning);
    }
    let recurs = ocf::parameter("CRM_meta_interval").is_some_and(|interval| interval != "0");
    if recurs {
        let node = ocf::required("node")?;
        let done = package_script::ask(&["cmmodpkg", "-e", "-x", "-n", &node], None);
        done.map_err(|why| failed(format!("cannot take up detached packages: {why}")))?;
    }
    Ok(Code::Ok)
}

//! An address of a package: on whichever card it is, since the watch over the cards hands it on while this looks.
//!
//! `ocf:heartbeat:IPaddr2` puts it there. It asks the routes for the card, and then whether that card has the address:
//! where the card fails in between, its monitor says that the address is not there, and its stop leaves it where it is.
//!
//! Field words: Serviceguard *relocatable IP address*.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::address_lock;
use crate::ocf::{self, Code, Failure, failed};

pub(crate) fn main(action: &str) -> ExitCode {
    ocf::answer(match action {
        "start" => start(),
        "stop" => stop(),
        "monitor" => monitor(),
        "validate-all" => validate(),
        _ => Ok(Code::Unimplemented),
    })
}

fn address() -> Result<IpAddr, Failure> {
    let text = ocf::required("ip")?;
    text.parse().map_err(|_| (Code::NotConfigured, format!("`{text}` is no address")))
}

fn start() -> Result<Code, Failure> {
    let ip = address()?;
    if is_held(ip)? {
        return Ok(Code::Ok);
    }
    match of_distribution(ip, "start") {
        // What it says stands as it is.
        Ok(0) => Ok(Code::Ok),
        Ok(6) => Err((Code::NotConfigured, String::new())),
        Ok(_) => Err((Code::Generic, String::new())),
        Err(error) => Err(failed(format!("{}: {error}", path_of(which(ip).0).display()))),
    }
}

fn stop() -> Result<Code, Failure> {
    let ip = address()?;
    let cannot = |error: io::Error| failed(format!("{ip} cannot be taken off: {error}"));
    // It may announce the address still. Whether it takes that off goes by the routes; so that is done once more.
    let _told = of_distribution(ip, "stop");
    let _alone = address_lock::hold().map_err(cannot)?;
    network::take_off(ip).map_err(cannot)?;
    Ok(Code::Ok)
}

fn monitor() -> Result<Code, Failure> {
    Ok(if is_held(address()?)? { Code::Ok } else { Code::NotRunning })
}

fn validate() -> Result<Code, Failure> {
    let path = path_of(which(address()?).0);
    if path.exists() {
        return Ok(Code::Ok);
    }
    Err((Code::NotInstalled, format!("{} is not there (package resource-agents)", path.display())))
}

fn is_held(ip: IpAddr) -> Result<bool, Failure> {
    network::is_held(ip).map_err(|error| failed(format!("the cards cannot be seen: {error}")))
}

/// Has the distribution's agent do it; gives its answer.
fn of_distribution(ip: IpAddr, action: &str) -> io::Result<i32> {
    let (agent, parameter) = which(ip);
    let mut command = Command::new(path_of(agent));
    command.arg(action).env("OCF_RESOURCE_TYPE", agent);
    command.env(format!("OCF_RESKEY_{parameter}"), ip.to_string());
    // Without a code it was killed.
    Ok(command.status()?.code().unwrap_or(1))
}

/// The agent that puts it there, and what that calls it.
fn which(ip: IpAddr) -> (&'static str, &'static str) {
    if ip.is_ipv4() { ("IPaddr2", "ip") } else { ("IPv6addr", "ipv6addr") }
}

fn path_of(agent: &str) -> PathBuf {
    let root = std::env::var_os("OCF_ROOT").unwrap_or_else(|| "/usr/lib/ocf".into());
    PathBuf::from(root).join("resource.d/heartbeat").join(agent)
}

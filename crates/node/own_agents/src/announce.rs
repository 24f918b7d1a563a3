//! Tells the neighbours on a link that an address is here now.

use std::net::IpAddr;
use std::process::ExitCode;

use crate::ocf::{self, Code, Failure, failed};

/// How often it is said: frames may be lost.
const TIMES: u32 = 3;

pub(crate) fn main(interface: &str, address: &str) -> ExitCode {
    ocf::answer(announce(interface, address))
}

fn announce(interface: &str, address: &str) -> Result<Code, Failure> {
    let ip: IpAddr = address.parse().map_err(|_| failed(format!("{address} is no address")))?;
    for _ in 0..TIMES {
        network::announce(interface, &[ip])
            .map_err(|error| failed(format!("cannot announce {address}: {error}")))?;
    }
    Ok(Code::Ok)
}

//! Whole machines on one: each node a set of namespaces (network, mount, processes, names, messages)
//! with links on bridges and a Corosync of its own. As root, with Debian's packages.
//!
//! A bed is a directory; every command finds there what it needs, so that one process may build a
//! bed and another use it. Nothing of it is seen by the machine outside that directory: its bridges
//! are in a namespace, too, and what it mounts, it mounts in its nodes.
//!
//! **Always:** a node that is powered off runs nothing: its first process is killed, and the kernel
//! kills the rest before that call is over.

mod bed;
mod corosync;
mod faults;
mod init;
mod keeper;
mod machine;
mod network;
mod plan;
mod power;
mod quorate;
mod run;
mod watchdog;

pub use bed::Bed;
pub use keeper::{Keeper, Mood};
pub use plan::{Init, Life, Plan, address};
pub use power::{ask as ask_power, serve as serve_power, stop as stop_power};
pub use watchdog::Watchdog;

/// What went wrong, in words.
pub type Result<T> = std::result::Result<T, String>;

/// Whether this process may build a bed; if not, why.
///
/// # Errors
/// With the reason.
pub fn possible() -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let root = std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
    if !root {
        return Err("a bed of namespaces needs root".to_owned());
    }
    let missing: Vec<&str> = NEEDED.into_iter().filter(|file| !exists(file)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("missing: {}", missing.join(", "))) }
}

/// Whether nodes here may have systemd as their first process.
pub fn has_systemd() -> bool {
    exists(init::SYSTEMD) && init::has_groups()
}

/// What a bed needs of the machine, besides root.
pub const NEEDED: [&str; 6] = [
    "/usr/sbin/corosync",
    "/usr/bin/unshare",
    "/usr/bin/nsenter",
    "/usr/bin/setpriv",
    "/usr/sbin/ip",
    "/usr/sbin/nft",
];

fn exists(file: &str) -> bool {
    std::path::Path::new(file).exists()
}

//! What this machine is: its name, its addresses, what is installed and what is in the way.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use corosync::{Conf, Settings};

use crate::places::Places;
use crate::steps::Step;
use crate::trouble::{Kind, Trouble};

/// The name that was given, or the machine's without its domain.
pub(crate) fn name(given: Option<&str>) -> Result<String, Trouble> {
    let name = match given {
        Some(name) => name.to_owned(),
        None => {
            let path = Path::new("/proc/sys/kernel/hostname");
            let whole =
                std::fs::read_to_string(path).map_err(|error| Trouble::read(path, error))?;
            whole.trim().split('.').next().unwrap_or_default().to_owned()
        }
    };
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if !is_name || name == "localhost" {
        return Err(Trouble::usage(format!("`{name}` is no name for a node"))
            .help("Say one with --node: letters, digits, `-`, `.` and `_`."));
    }
    Ok(name)
}

/// Seconds since 1970.
pub(crate) fn clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The address with which this machine reaches that one.
pub(crate) fn address_towards(other: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = match other {
        IpAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        IpAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(any).ok()?;
    // Nothing is sent: the kernel only chooses the way.
    socket.connect((other, 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// Refuses an address that is not this machine's.
pub(crate) fn is_own(address: &str) -> Result<(), Trouble> {
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err(Trouble::usage(format!("`{address}` is no address"))
            .help("Say numbers, such as 10.0.0.1: names may resolve otherwise tomorrow."));
    };
    if UdpSocket::bind((address, 0)).is_err() {
        return Err(Trouble::usage(format!("{address} is not an address of this machine"))
            .help("`ip address` shows which there are."));
    }
    if address.is_loopback() {
        return Err(Trouble::usage(format!("{address} is not seen by other machines"))
            .help("Say the address of a network that the nodes share, with --addr."));
    }
    Ok(())
}

/// The one address that other machines can reach, if there is only one.
pub(crate) fn only_address() -> Result<String, Trouble> {
    // Source: proc(5): the kernel's table of routes names every address of its own as `host LOCAL`.
    let path = Path::new("/proc/net/fib_trie");
    let table = std::fs::read_to_string(path).map_err(|error| Trouble::read(path, error))?;
    let mut found: Vec<IpAddr> = Vec::new();
    let mut last = None;
    for line in table.lines() {
        if let Some((_, address)) = line.split_once("|-- ") {
            last = address.trim().parse::<IpAddr>().ok();
        } else if line.contains("host LOCAL") {
            found.extend(last.filter(|address| !address.is_loopback()));
        }
    }
    found.sort();
    found.dedup();
    match found.as_slice() {
        [one] => Ok(one.to_string()),
        [] => Err(Trouble::usage("this machine has no IPv4 address but the loopback's")
            .help("Say one with --addr.")),
        several => {
            let several: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(Trouble::usage(format!(
                "this machine has {} addresses: {}",
                several.len(),
                several.join(", ")
            ))
            .help("Say with --addr by which the nodes meet; once for each link."))
        }
    }
}

/// Refuses to go on where Corosync is not installed.
pub(crate) fn has_corosync() -> Result<(), Trouble> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let also = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let has = |program: &str| {
        std::env::split_paths(&search).chain(also.clone()).any(|at| at.join(program).exists())
    };
    if has("corosync") && has("corosync-cfgtool") {
        return Ok(());
    }
    Err(Trouble::new(Kind::Failed, "Corosync is not installed")
        .help("Install the package `corosync` (3.0 or later), then try again."))
}

/// Refuses to go on where somebody else has Corosync's port.
pub(crate) fn port_is_free(address: &str, port: u16) -> Result<(), Trouble> {
    let Ok(address) = address.parse::<IpAddr>() else { return Ok(()) };
    match UdpSocket::bind((address, port)) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Err(Trouble::new(Kind::Failed, format!("UDP port {port} of {address} is in use"))
                .help(format!("`ss -ulpn sport = {port}` shows by whom.")))
        }
        _ => Ok(()),
    }
}

/// What is left of another cluster, and goes aside if that is wished; a file that only the package
/// brought is no cluster's.
pub(crate) fn leftovers(
    places: &Places,
    keep: &[PathBuf],
    force: bool,
) -> Result<Vec<Step>, Trouble> {
    let found: Vec<PathBuf> =
        [places.nodes_file(), places.authkey(), places.door_key(), places.store()]
            .into_iter()
            .filter(|path| path.exists() && !keep.contains(path))
            .filter(|path| *path != places.nodes_file() || !is_example(path))
            .collect();
    if found.is_empty() || force {
        return Ok(found.into_iter().map(Step::SetAside).collect());
    }
    let names: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
    let what = format!("there are files of another cluster: {}", names.join(", "));
    Err(Trouble::refused(what)
        .help("`quorate cluster leave` ends it properly; --force renames the files."))
}

/// Whether a file is the package's example: all its nodes are the loopback's.
pub(crate) fn is_example(path: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    let settings = Settings::of(&Conf::parse(&text));
    let mut addresses = settings.nodes.iter().flat_map(|node| &node.addresses).peekable();
    let is_loopback =
        |address: &str| address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let bound = settings.interfaces.iter().filter_map(|of| of.bindnetaddr.as_ref());
    let only_bound =
        bound.clone().next().is_some() && bound.clone().all(|of| of.value == "127.0.0.1");
    if addresses.peek().is_none() {
        return only_bound;
    }
    addresses.all(|(_, address)| is_loopback(&address.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(name(Some("web-1.b_c")).unwrap(), "web-1.b_c");
        for wrong in ["", "two words", "localhost", "a\nb", "ä"] {
            assert!(name(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_own_addresses_are_taken() {
        let said = |address| is_own(address).unwrap_err().into_words().0;
        assert_eq!(said("192.0.2.77"), "192.0.2.77 is not an address of this machine");
        assert_eq!(said("127.0.0.1"), "127.0.0.1 is not seen by other machines");
        assert_eq!(said("db1"), "`db1` is no address");
    }
}

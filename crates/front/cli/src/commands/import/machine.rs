//! What this machine knows: its interfaces, its scripts, what names resolve to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::ToSocketAddrs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use heartbeat::{Machines, Parameters, Program, Settings, Surroundings};

use crate::trouble::Trouble;

const INIT_SCRIPTS: &str = "/etc/init.d";
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// Looks around on behalf of the files in `folder`; `said` are the operator's `NODE=ADDRESS,...`. On a node, names
/// without an address are told.
pub(super) fn look(
    folder: &Path,
    settings: &Settings,
    said: &[String],
    is_node: bool,
) -> Result<Machines, Trouble> {
    let mut machines = Machines { local: local(), ..Machines::default() };
    for word in said {
        let (node, addresses) = word.split_once('=').ok_or_else(|| Trouble::Usage {
            what: format!("--address {word}: say NODE=ADDRESS, or NODE=ADDRESS,ADDRESS"),
        })?;
        let node = node.to_lowercase();
        if !settings.nodes.contains(&node) {
            return Err(Trouble::unknown("node", &node, settings.nodes.clone()));
        }
        machines.addresses.insert(node, addresses.split(',').map(str::to_owned).collect());
    }
    machines.interfaces = interfaces();
    let nodes = settings.nodes.iter().filter(|node| !machines.addresses.contains_key(*node));
    let pings = settings.pings.iter().flat_map(|ping| &ping.addresses);
    for name in nodes.chain(pings) {
        match (name.as_str(), 0).to_socket_addrs() {
            Ok(found) => {
                let found = found.map(|address| address.ip().to_string()).collect();
                machines.resolved.insert(name.clone(), found);
            }
            Err(_) if is_node => drop(machines.unresolved.insert(name.clone())),
            Err(_) => {}
        }
    }
    let (resource_d, init_d) = (folder.join("resource.d"), Path::new(INIT_SCRIPTS));
    machines.resource_d = scripts(&resource_d, &mut machines.not_executable);
    machines.init_d = scripts(init_d, &mut machines.not_executable);
    let units = UNITS.iter().flat_map(|folder| names(Path::new(folder)));
    machines.units =
        units.filter_map(|name| name.strip_suffix(".service").map(str::to_owned)).collect();
    for device in &settings.devices {
        if let Parameters::File(path) = &device.parameters
            && let Ok(text) = std::fs::read_to_string(path)
        {
            machines.files.insert(path.clone(), text);
        }
    }
    Ok(machines)
}

/// What this machine, which is one of the nodes, knows of what `ha.cf` names.
pub(super) fn around(settings: &Settings, machines: &Machines) -> Surroundings {
    let users = settings.children.iter().map(|child| Some((&child.user, is_user(&child.user)?)));
    let users: Option<Vec<(&String, bool)>> = users.collect();
    let users = users.map(|users| {
        users.into_iter().filter(|(_, is)| *is).map(|(user, _)| user.clone()).collect()
    });
    let programs = settings.children.iter().map(|child| &child.program);
    let cards = names(Path::new("/sys/class/net"));
    let services = std::fs::read_to_string("/etc/services").unwrap_or_default();
    Surroundings {
        local: machines.local.clone(),
        has_resources: false,
        users,
        programs: Some(programs.map(|path| (path.clone(), program(Path::new(path)))).collect()),
        cards: Some(cards).filter(|cards| !cards.is_empty()),
        services: udp_services(&services),
    }
}

/// Whether there is such a user; nothing where nobody can say.
fn is_user(name: &str) -> Option<bool> {
    let asked = Command::new("getent").args(["passwd", "--", name]).stdout(Stdio::null()).status();
    match asked.ok()?.code()? {
        0 => Some(true),
        2 => Some(false),
        _ => None,
    }
}

fn program(path: &Path) -> Program {
    match std::fs::metadata(path) {
        Ok(about) if about.is_file() && about.permissions().mode() & 0o111 != 0 => Program::Runs,
        Ok(_) => Program::NotExecutable,
        Err(_) => Program::Missing,
    }
}

/// As `services(5)` has them.
fn udp_services(text: &str) -> BTreeMap<u16, String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let known = lines.filter_map(|line| {
        let (name, rest) = line.split_once([' ', '\t'])?;
        let port = rest.split_whitespace().next()?.strip_suffix("/udp")?;
        Some((port.parse().ok()?, name.to_owned()))
    });
    known.collect()
}

/// What `uname -n` says, in lower case.
fn local() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_lowercase()).filter(|name| !name.is_empty())
}

/// The first address of each interface of this machine.
pub(super) fn interfaces() -> BTreeMap<String, String> {
    let shown = Command::new("ip").args(["-o", "addr", "show"]).output();
    shown.map(|shown| first_addresses(&String::from_utf8_lossy(&shown.stdout))).unwrap_or_default()
}

/// As `ip -o addr show` tells; IPv4 before IPv6.
fn first_addresses(shown: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for wanted in ["inet", "inet6"] {
        for line in shown.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, device, kind, address, ..] = words.as_slice() else { continue };
            let bare = address.split('/').next().unwrap_or_default();
            if *kind == wanted && !bare.starts_with("fe80:") {
                found.entry((*device).to_owned()).or_insert_with(|| bare.to_owned());
            }
        }
    }
    found
}

/// What can be run there; the rest is told apart.
fn scripts(folder: &Path, rest: &mut BTreeSet<String>) -> BTreeSet<String> {
    let runs = |name: &String| program(&folder.join(name)) == Program::Runs;
    let (found, others) = names(folder).into_iter().partition(runs);
    rest.extend::<BTreeSet<String>>(others);
    found
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_udp_ports() {
        let text = "# comment\nssh\t22/tcp\nha-cluster\t694/udp\t# Heartbeat\nmdns 5353/udp x\n";
        let found: Vec<_> = udp_services(text).into_iter().collect();
        assert_eq!(found, [(694, "ha-cluster".to_owned()), (5353, "mdns".to_owned())]);
    }

    #[test]
    fn users_and_programs_are_looked_for() {
        assert_eq!(is_user("root"), Some(true));
        assert_eq!(is_user("no such user"), Some(false));
        for (path, is) in [
            ("/bin/sh", Program::Runs),
            ("/etc/passwd", Program::NotExecutable),
            ("/etc", Program::NotExecutable),
            ("/nothing", Program::Missing),
        ] {
            assert_eq!(program(Path::new(path)), is, "{path}");
        }
    }

    #[test]
    fn each_interface_has_its_first_address() {
        let shown = "1: lo    inet 127.0.0.1/8 scope host lo\\ valid_lft\n\
                     2: eth0    inet6 fe80::1/64 scope link\n2: eth0    inet6 fd00::1/64 scope global\n\
                     2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\n\
                     2: eth0    inet 10.0.0.9/24 scope global secondary eth0\n\
                     3: eth1    inet6 fd01::1/64 scope global\n";
        let found = first_addresses(shown);
        assert_eq!(found.get("eth0").map(String::as_str), Some("10.0.0.1"));
        assert_eq!(found.get("eth1").map(String::as_str), Some("fd01::1"));
    }
}

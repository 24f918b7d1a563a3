//! The nodes' network: as root a namespace for each node and a bridge between them; otherwise
//! loopback, and words about what that leaves out.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::directory::Directory;
use crate::namespaces::{Folder, NAMESPACES};
use crate::trouble::Trouble;
use crate::{NODES, namespaces};

/// The port of the service in namespaces.
const PORT: u16 = 8080;

/// The port of the nodes' consoles there.
const CONSOLE_PORT: u16 = 7630;

/// In the demo's directory: the number of its network.
const FILE: &str = "network";

/// The nodes' network, there while this lives.
#[derive(Debug)]
pub(crate) struct Network {
    names: Option<Names>,
    ip: Ipv4Addr,
    port: u16,
    /// Why there are no namespaces.
    left_out: Option<String>,
    folder: Option<Folder>,
}

/// Names of what was made. They tell demos in different directories apart, and where one was killed,
/// what is its from what is another's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    /// From the directory: the same for each run in it.
    mark: u32,
    /// Which of the [networks](NUMBERS) that demos on one machine can have at the same time.
    number: u16,
}

/// Addresses are from the block for tests between networks (RFC 2544), which no real network
/// routes: so many networks of 256 addresses.
const NUMBERS: u16 = 512;

impl Names {
    fn of(directory: &Path, number: u16) -> Self {
        Self { mark: mark_of(directory), number }
    }

    /// Names that begin so are of demos in the network with this number. Names of interfaces hold 15
    /// bytes.
    fn start(number: u16) -> String {
        format!("qr{number:03x}")
    }

    fn bridge(&self) -> String {
        format!("{}{:08x}", Self::start(self.number), self.mark)
    }

    fn link(&self, node: &str) -> String {
        format!("{}{node}", self.bridge())
    }

    fn namespace(&self, node: &str) -> String {
        format!("quorate-{:03x}{:08x}-{node}", self.number, self.mark)
    }

    fn own_address(&self, node: &str) -> Ipv4Addr {
        self.address((1..).zip(NODES).find(|(_, name)| *name == node).map_or(0, |(last, _)| last))
    }

    fn address(&self, last: u8) -> Ipv4Addr {
        let [high, low] = self.number.to_be_bytes();
        Ipv4Addr::new(198, 18 + (high & 1), low, last)
    }
}

fn mark_of(directory: &Path) -> u32 {
    let text = directory.as_os_str().as_encoded_bytes();
    text.iter()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// A number that no demo has, given the names of all links. The one to begin with is the
/// directory's own, so that mostly the address of the service stays as it was.
fn free_number(mark: u32, links: &str) -> Option<u16> {
    let first = (mark % u32::from(NUMBERS)) as u16;
    let taken = |number: &u16| {
        let start = Names::start(*number);
        links.split_whitespace().any(|word| word.starts_with(&start))
    };
    (0..NUMBERS).map(|step| (first + step) % NUMBERS).find(|number| !taken(number))
}

impl Network {
    /// Makes the network, or says what is left out.
    pub(crate) fn set_up(directory: &Directory) -> Result<Self, Trouble> {
        if !rustix::process::geteuid().is_root() {
            return Self::loopback("only root may make network namespaces");
        }
        if Command::new("ip").arg("-V").output().is_err() {
            return Self::loopback("there is no `ip` (Debian package iproute2)");
        }
        let mut network = Self {
            ip: Ipv4Addr::UNSPECIFIED,
            port: PORT,
            names: None,
            left_out: None,
            folder: None,
        };
        match network.make(directory) {
            Ok(()) => Ok(network),
            Err(Trouble::Interrupted) => Err(Trouble::Interrupted),
            // In containers root may be short of that right.
            Err(trouble) => {
                let reason = trouble.to_string();
                drop(network);
                Self::loopback(&reason)
            }
        }
    }

    fn loopback(reason: &str) -> Result<Self, Trouble> {
        // The system picks a port that is free now; the server takes it a moment later.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(|source| Trouble::System { what: "find a free port", source })?;
        let left_out = Some(reason.to_owned());
        Ok(Self { names: None, ip: Ipv4Addr::LOCALHOST, port: free.port(), left_out, folder: None })
    }

    fn make(&mut self, directory: &Directory) -> Result<(), Trouble> {
        self.folder = Some(Folder::take()?);
        let names = claim(directory)?;
        let bridge = names.bridge();
        self.ip = names.address(100);
        // What is made from here on goes with this.
        let names = self.names.insert(names).clone();
        ip(&["addr", "add", &format!("{}/24", names.address(254)), "dev", &bridge])?;
        ip(&["link", "set", &bridge, "up"])?;
        for node in NODES {
            let (namespace, link) = (names.namespace(node), names.link(node));
            ip(&["netns", "add", &namespace])?;
            let peer = ["type", "veth", "peer", "name", "qr0", "netns", &namespace];
            ip(&[["link", "add", &link].as_slice(), &peer].concat())?;
            ip(&["link", "set", &link, "master", &bridge, "up"])?;
            ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
            self.plug_in(node)?;
        }
        Ok(())
    }

    /// Gives a node that is switched on its own address, and no other.
    pub(crate) fn plug_in(&self, node: &str) -> Result<(), Trouble> {
        let Some(names) = &self.names else { return Ok(()) };
        let namespace = names.namespace(node);
        ip(&["-n", &namespace, "addr", "flush", "dev", "qr0"])?;
        let address = format!("{}/24", names.own_address(node));
        ip(&["-n", &namespace, "addr", "add", &address, "dev", "qr0"])?;
        ip(&["-n", &namespace, "link", "set", "qr0", "up"]).map(drop)
    }

    /// The namespace's name.
    pub(crate) fn namespace(&self, node: &str) -> Option<String> {
        self.names.as_ref().map(|names| names.namespace(node))
    }

    /// The namespace's file.
    pub(crate) fn namespace_path(&self, node: &str) -> Option<PathBuf> {
        self.namespace(node).map(|name| Path::new(NAMESPACES).join(name))
    }

    /// Where the service answers.
    pub(crate) fn service(&self) -> (IpAddr, u16) {
        (IpAddr::V4(self.ip), self.port)
    }

    /// Where a node serves its console: on loopback at whatever port is free.
    pub(crate) fn console(&self, node: &str) -> (IpAddr, u16) {
        match &self.names {
            Some(names) => (IpAddr::V4(names.own_address(node)), CONSOLE_PORT),
            None => (IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        }
    }

    /// Why there are no namespaces, if there are none.
    pub(crate) fn left_out(&self) -> Option<&str> {
        self.left_out.as_deref()
    }
}

/// Makes the bridge of a network that no other demo has. Two would answer at each other's addresses.
fn claim(directory: &Directory) -> Result<Names, Trouble> {
    let _alone =
        namespaces::alone().map_err(|source| Trouble::System { what: "lock /run", source })?;
    // Not by `/sys`, which may show another namespace's.
    let links = ip(&["-o", "link", "show"])?;
    let number = free_number(mark_of(directory.path()), &links).ok_or_else(|| {
        let said = format!("{NUMBERS} other demos have a network each");
        Trouble::Command { command: "ip link show".to_owned(), said }
    })?;
    let names = Names::of(directory.path(), number);
    // Written down before anything is made, for who cleans up after a demo that was killed.
    directory.write(&directory.path().join(FILE), &format!("{number}\n"))?;
    match ip(&["link", "add", &names.bridge(), "type", "bridge"]) {
        Ok(_) => Ok(names),
        Err(trouble) => {
            // Who was interrupted may have made it all the same.
            tear_down(&names);
            Err(trouble)
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(names) = &self.names {
            tear_down(names);
        }
    }
}

/// Removes what a run in this directory has made, as far as it is there.
pub(crate) fn remove_leftovers(directory: &Path) {
    let number = fs::read_to_string(directory.join(FILE)).ok();
    if let Some(number) = number.and_then(|text| text.trim().parse().ok())
        && rustix::process::geteuid().is_root()
    {
        tear_down(&Names::of(directory, number));
        namespaces::let_go();
    }
}

/// Nothing is left that could be told of a failure; the next run tries again.
fn tear_down(names: &Names) {
    for node in NODES {
        remove(&["netns", "delete", &names.namespace(node)]);
        remove(&["link", "delete", &names.link(node)]);
    }
    remove(&["link", "delete", &names.bridge()]);
}

/// Who is impatient types Ctrl-C again, which may end one command; hardly the next one, too.
fn remove(words: &[&str]) {
    while matches!(ip(words), Err(Trouble::Interrupted)) {}
}

/// Answers with what it prints.
fn ip(words: &[&str]) -> Result<String, Trouble> {
    let command = || format!("ip {}", words.join(" "));
    let output = Command::new("ip")
        .args(words)
        // Ctrl-C at the terminal is for the demo alone.
        .process_group(0)
        .output()
        .map_err(|error| Trouble::Command { command: command(), said: error.to_string() })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    // Ctrl-C came before the command had its own process group.
    if output.status.signal() == Some(Signal::INT.as_raw()) {
        return Err(Trouble::Interrupted);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Trouble::Command { command: command(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_demos_never_share_a_network() {
        let one = Names::of(Path::new("/tmp/one"), free_number(1, "").unwrap());
        let link = format!("7: {}: <UP>\n8: {}@if2: <UP>\n", one.bridge(), one.link("n1"));
        // Its directory has the same number to begin with.
        let two = Names::of(Path::new("/tmp/two"), free_number(513, &link).unwrap());
        assert_ne!(one.address(100), two.address(100));
        assert_eq!(free_number(511, "9: qr1ffdeadbeefn1@if2:"), Some(0), "round the end");
        assert!(one.link("n1").len() <= 15);
        let all: Vec<String> = (0..NUMBERS).map(Names::start).collect();
        assert_eq!(free_number(7, &all.join(" ")), None);
    }
}

//! The nodes' network: as root a namespace for each node and a bridge between them; otherwise
//! loopback, and words about what that leaves out.

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

/// Names of what was made, from one mark: the same for each run in the same directory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    mark: u16,
}

impl Names {
    fn of(directory: &Path) -> Self {
        let text = directory.as_os_str().as_encoded_bytes();
        let hash = text.iter().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        Self { mark: (hash ^ (hash >> 16)) as u16 }
    }

    fn bridge(&self) -> String {
        format!("qr{:04x}", self.mark)
    }

    fn link(&self, node: &str) -> String {
        format!("qr{:04x}{node}", self.mark)
    }

    fn namespace(&self, node: &str) -> String {
        format!("quorate-{:04x}-{node}", self.mark)
    }

    /// Addresses are from the block for tests between networks (RFC 2544), which no real network
    /// routes.
    fn address(&self, last: u8) -> Ipv4Addr {
        let [high, low] = self.mark.to_be_bytes();
        Ipv4Addr::new(198, 18 + (high & 1), low, last)
    }
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
        let names = Names::of(directory.path());
        let mut network = Self {
            ip: names.address(100),
            port: PORT,
            names: Some(names),
            left_out: None,
            folder: None,
        };
        // Written down before anything is made, for who cleans up after a demo that was killed.
        directory.write(&directory.path().join("network"), "made\n")?;
        match network.make() {
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

    fn make(&mut self) -> Result<(), Trouble> {
        self.folder = Some(Folder::take()?);
        let Some(names) = &self.names else { return Ok(()) };
        let bridge = names.bridge();
        ip(&["link", "add", &bridge, "type", "bridge"])?;
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
        let last = (1..).zip(NODES).find(|(_, name)| *name == node).map_or(0, |(last, _)| last);
        ip(&["-n", &namespace, "addr", "flush", "dev", "qr0"])?;
        let address = format!("{}/24", names.address(last));
        ip(&["-n", &namespace, "addr", "add", &address, "dev", "qr0"])?;
        ip(&["-n", &namespace, "link", "set", "qr0", "up"])
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

    /// Why there are no namespaces, if there are none.
    pub(crate) fn left_out(&self) -> Option<&str> {
        self.left_out.as_deref()
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
    if directory.join("network").exists() && rustix::process::geteuid().is_root() {
        tear_down(&Names::of(directory));
        namespaces::let_go();
    }
}

/// Nothing is left that could be told of a failure; the next run tries again.
fn tear_down(names: &Names) {
    for node in NODES {
        let _ = ip(&["netns", "delete", &names.namespace(node)]);
        let _ = ip(&["link", "delete", &names.link(node)]);
    }
    let _ = ip(&["link", "delete", &names.bridge()]);
}

fn ip(words: &[&str]) -> Result<(), Trouble> {
    let command = || format!("ip {}", words.join(" "));
    let output = Command::new("ip")
        .args(words)
        // Ctrl-C at the terminal is for the demo alone.
        .process_group(0)
        .output()
        .map_err(|error| Trouble::Command { command: command(), said: error.to_string() })?;
    if output.status.success() {
        return Ok(());
    }
    // Ctrl-C came before the command had its own process group.
    if output.status.signal() == Some(Signal::INT.as_raw()) {
        return Err(Trouble::Interrupted);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Trouble::Command { command: command(), said })
}

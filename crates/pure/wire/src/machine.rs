//! What a machine sees of itself, for who sets up a cluster of several: its network cards, its disks, and
//! whether a file is there.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What is to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Send frames from card to card, to see which are on one wire.
    pub wires: bool,
    /// Look for volume groups and disks.
    pub storage: bool,
    /// Absolute paths of programs that must be there.
    pub programs: Vec<String>,
    /// Users who should be in the group that the daemon lets in.
    pub users: Vec<String>,
    /// Servers, as `HOST:PORT`, to which a connection must be made over TCP.
    pub servers: Vec<String>,
    /// Who is asked for an answer.
    pub reach: Vec<IpAddr>,
    /// Absolute paths of disks that may have the cluster's lock.
    #[serde(default)]
    pub locks: Vec<String>,
    /// Resources that are polled there, by their paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// All cards but the loopback, in the kernel's order.
    pub cards: Vec<Card>,
    pub groups: Vec<Group>,
    /// What this machine's LVM calls itself, where it does.
    #[serde(default)]
    pub system_id: Option<String>,
    pub disks: Vec<Disk>,
    /// Those that were asked for, in that order.
    pub programs: Vec<Program>,
    /// Of those who should be in the daemon's group, who are not.
    pub outside: Vec<String>,
    /// Of the servers, those that cannot be reached.
    pub unreached: Vec<Unreached>,
    /// Of those who were asked, who did not answer.
    pub silent: Vec<IpAddr>,
    /// What could not be looked at, in words.
    pub unseen: Vec<String>,
    /// Disks for a lock that were asked for, in that order.
    #[serde(default)]
    pub locks: Vec<LockPlace>,
    /// Resources that were asked for, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Polled>,
}

/// A resource that is to be polled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    pub name: String,
    pub source: PolledSource,
}

/// Where its value would come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolledSource {
    /// From a program that can be run.
    Program,
    /// From a program that cannot.
    NotExecutable,
    /// From the machine itself.
    Native,
    /// From the machine itself, and it has none now.
    Unknown { why: String },
    /// Nobody says it.
    None,
}

/// A disk that may have the cluster's lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockPlace {
    pub path: String,
    pub state: LockState,
}

/// What is where a lock may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockState {
    /// There can be none.
    Unusable { why: String },
    /// Somebody's data, such as `ext4`.
    Holds { what: String },
    /// Nothing but zeros.
    Free,
    /// A cluster's lock.
    Locked { cluster: String },
}

/// A server that cannot be reached, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached {
    pub server: String,
    pub why: String,
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub name: String,
    /// Switched on, and with a link.
    pub works: bool,
    /// The bond or bridge that it is a part of.
    pub part_of: Option<String>,
    /// Without those of a link alone; those that only resources have come last.
    pub addresses: Vec<Address>,
    /// Cards of the same number heard each other's frames. `None` where nobody listened.
    pub wire: Option<u32>,
}

/// An address of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub ip: IpAddr,
    /// Length of its network's prefix, in bits.
    pub prefix: u8,
    /// The address of its network.
    pub network: IpAddr,
}

/// A volume group of LVM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    /// The same on every machine that sees it.
    pub uuid: String,
    /// Of the one machine whose LVM may use it. Source: lvmsystemid(7).
    #[serde(default)]
    pub system_id: Option<String>,
    /// Where its physical volumes are.
    pub devices: Vec<String>,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// What it calls itself, where it does: the same on every machine that sees it.
    pub serial: Option<String>,
    /// What is on it, such as `ext4` or `LVM2_member`; nothing if nobody knows.
    pub holds: Option<String>,
}

/// A program that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    pub path: String,
    pub state: ProgramState,
}

/// Whether it can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramState {
    Runnable,
    NotExecutable,
    Missing { why: String },
}

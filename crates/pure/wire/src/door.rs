//! What machines say to each other beside the cluster, which may not run: how one is let in, what
//! runs where, and which edition of the nodes' file each has. As JSON.

use serde::{Deserialize, Serialize};

use crate::machine::{Look, Machine};

/// What one machine asks another's door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// Let me in. All else is for members only.
    Join(Join),
    /// Which file of the nodes do you have?
    File,
    /// What runs at yours?
    Running,
    /// The cluster is down at yours: which configuration is on your disk?
    Stored,
    /// Which cards, disks and programs do you have?
    Look(Look),
    /// Start what makes you a member.
    Start,
    /// Move your resources away and stop it.
    Stop,
    /// Take this node, which has stopped, out of the cluster.
    Remove { node: String },
    /// You are no member any more: put the cluster's files aside.
    Forget,
    /// The cluster is down: this is the next edition of the nodes' file.
    Take { text: String },
}

/// A machine that wants to become a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Which invitation, and the proof of having it, as hexadecimal digits.
    pub invitation: String,
    pub secret: String,
    pub name: String,
    /// Its address on each link.
    pub addresses: Vec<String>,
    /// Its wall clock, seconds since 1970.
    pub clock: i64,
    /// Its program's version.
    pub version: String,
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Welcome(Box<Welcome>),
    File {
        text: String,
    },
    Running(Running),
    /// The document; empty where there is none.
    Stored {
        document: String,
    },
    Machine(Box<Machine>),
    Done,
    /// Understood, and no.
    Refused {
        what: String,
        help: Vec<String>,
    },
}

/// All that makes a machine a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// `corosync.conf`.
    pub file: String,
    /// Corosync's shared key, as hexadecimal digits, if the file wants one.
    pub authkey: Option<String>,
    /// The key of the members' doors.
    pub door_key: String,
    /// Where the members' doors are.
    pub port: u16,
    /// The daemon's configuration, but for the machine's watchdog.
    pub daemon: String,
    /// The time-out of the others' watchdogs, in seconds.
    #[serde(default)]
    pub watchdog: Option<u64>,
    /// Who signs the certificates of the nodes.
    #[serde(default)]
    pub authority: Option<Authority>,
}

/// A certificate and its key, as PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    pub certificate: String,
    pub key: String,
}

/// What runs on a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub corosync: bool,
    pub daemon: bool,
    /// Of its file of the nodes.
    pub edition: u64,
}

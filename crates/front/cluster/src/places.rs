//! Where things are on a machine.

use std::path::{Path, PathBuf};

/// The one place where these are named.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    corosync: PathBuf,
    quorate: PathBuf,
    state: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            corosync: "/etc/corosync".into(),
            quorate: "/etc/quorate".into(),
            state: "/var/lib/quorate".into(),
        }
    }
}

impl Places {
    /// `corosync.conf`.
    pub(crate) fn nodes_file(&self) -> PathBuf {
        self.corosync.join("corosync.conf")
    }

    /// Corosync's shared key, unless the file says otherwise.
    pub(crate) fn authkey(&self) -> PathBuf {
        self.corosync.join("authkey")
    }

    /// The key and the certificate that a quorum device knows this cluster by.
    pub(crate) fn device_certificates(&self) -> PathBuf {
        self.corosync.join("qdevice/net/nssdb")
    }

    /// The daemon's configuration.
    pub(crate) fn daemon(&self) -> PathBuf {
        self.quorate.join("quorate.toml")
    }

    /// What this machine's door needs to know.
    pub(crate) fn own(&self) -> PathBuf {
        self.quorate.join("door.toml")
    }

    /// The key of the members' doors.
    pub(crate) fn door_key(&self) -> PathBuf {
        self.quorate.join("door.key")
    }

    /// The daemon's state.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// What the daemon keeps of the cluster.
    pub(crate) fn store(&self) -> PathBuf {
        self.state.join("store")
    }

    /// Who signs the certificates that the nodes show to the network, and the key with which that is done.
    pub(crate) fn authority(&self) -> [PathBuf; 2] {
        ["authority.pem", "authority-key.pem"].map(|name| self.state.join("web").join(name))
    }

    /// Tokens that are out.
    pub(crate) fn invitations(&self) -> PathBuf {
        self.state.join("invitations")
    }
}

/// Where the process whose number is in this file is told from another of that number.
pub(crate) const COROSYNC_PID: &str = "/run/corosync.pid";

/// The same of what speaks to the quorum device, and its name as the kernel cuts it.
pub(crate) const DEVICE_RUN: &str = "/run/corosync-qdevice";
pub(crate) const LOCK_PID: &str = "/run/quorate-lock/voter.pid";
pub(crate) const DEVICE_PID: &str = "/run/corosync-qdevice/corosync-qdevice.pid";
pub(crate) const DEVICE_NAME: &str = "corosync-qdevic";

#[cfg(test)]
impl Places {
    /// The same below another directory.
    pub(crate) fn below(root: &Path) -> Self {
        Self {
            corosync: root.join("etc/corosync"),
            quorate: root.join("etc/quorate"),
            state: root.join("var/lib/quorate"),
        }
    }
}

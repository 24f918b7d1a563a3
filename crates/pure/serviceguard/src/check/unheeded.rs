//! What is read, and has no counterpart: it is said, so that nobody relies on it.

use super::Findings;
use crate::cluster::Cluster;
use crate::package::{Package, Type};

pub(super) fn of_cluster(cluster: &Cluster, found: &mut Findings) {
    if let Some(said) = &cluster.io_timeout_extension {
        let what = "CONFIGURED_IO_TIMEOUT_EXTENSION is not heeded";
        found.warning(said.line, what, "what fences or resets a node waits for its disks");
    }
    if let Some(said) = cluster.optimized.as_ref().filter(|said| said.value) {
        let what = "FAILOVER_OPTIMIZATION changes nothing";
        found.note(said.line, what, "MEMBER_TIMEOUT says how fast a failover is");
    }
}

pub(super) fn of_package(package: &Package, found: &mut Findings) {
    if let Some(said) = &package.successor_halt_timeout {
        let what = "successor_halt_timeout is not heeded";
        found.note(said.line, what, "packages that depend on it halt by their own timeouts");
    }
    let is_failover = package.kind.as_ref().is_none_or(|kind| kind.value == Type::Failover);
    let stays = package.local_lan_failover.as_ref().filter(|said| is_failover && !said.value);
    if let Some(said) = stays {
        let what = "its addresses move to a standby card with all others of the wire";
        found.warning(said.line, what, "name no card that stands by for that wire");
    }
}

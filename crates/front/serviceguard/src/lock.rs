//! The cluster's lock on a disk: made where there is none, and seen by all before anything relies on it.

use serviceguard::{Cluster, lower};
use wire::machine::{LockState, Look};

use crate::call::{Said, Trouble, in_words};

/// Makes a lock of the disk that the file names, if it is not one yet, and has every node look for it.
pub(crate) fn prepare(cluster: &Cluster, said: &mut Said<'_>) -> Result<(), Trouble> {
    let name = cluster::cluster_name().map_err(in_words)?;
    let called = cluster.name.as_ref().map_or("", |name| name.value.as_str());
    if name != called {
        return Err(Trouble(format!(
            "The lock is the cluster {called}'s, and corosync.conf calls this one {name}"
        )));
    }
    if unmade(cluster, &name)?.is_empty() {
        return Ok(());
    }
    let (_, own) = cluster::members().map_err(in_words)?;
    let Some(path) = lower::lock_paths(cluster).remove(&own) else {
        return Err(Trouble(format!("The file names no lock disk for {own}")));
    };
    said.line(format!("Initializing the cluster lock on {path}"));
    cluster::initialise_lock(&path).map_err(in_words)?;
    match unmade(cluster, &name)?.as_slice() {
        [] => Ok(()),
        nodes => Err(Trouble(format!(
            "The lock was written to {path} here, and is not seen by {}: not the same disk",
            view::words::list(nodes)
        ))),
    }
}

/// Nodes whose disk has no lock of the cluster. Nobody's data is on any of them.
fn unmade(cluster: &Cluster, name: &str) -> Result<Vec<String>, Trouble> {
    let paths = lower::lock_paths(cluster);
    let nodes: Vec<String> = paths.keys().cloned().collect();
    let mut locks: Vec<String> = paths.values().cloned().collect();
    locks.dedup();
    let look = Look { locks, ..Look::default() };
    let mut without = Vec::new();
    for node in cluster::look(&nodes, &look).map_err(in_words)? {
        let machine = node.machine.map_err(in_words)?;
        let place = machine.locks.iter().find(|place| Some(&place.path) == paths.get(&node.name));
        match place.map(|place| &place.state) {
            Some(LockState::Locked { cluster }) if cluster == name => {}
            Some(LockState::Free) => without.push(node.name),
            state => {
                return Err(Trouble(format!("The lock disk of {} is none: {state:?}", node.name)));
            }
        }
    }
    Ok(without)
}

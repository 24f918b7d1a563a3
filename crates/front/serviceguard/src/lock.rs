//! The cluster's lock on a disk: made where there is none, and seen by all before anything relies on it.

use std::collections::BTreeSet;

use serviceguard::{Cluster, lower};
use wire::machine::{LockPlace, LockState, Look};

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
    let places = places(cluster)?;
    if !is_to_be_made(&places, &name)? {
        return Ok(());
    }
    let (_, own) = cluster::members().map_err(in_words)?;
    let Some(path) = lower::lock_paths(cluster).remove(&own) else {
        return Err(Trouble(format!("The file names no lock disk for {own}")));
    };
    said.line(format!("Initializing the cluster lock on {path}"));
    cluster::initialise_lock(&path).map_err(in_words)?;
    match without(&self::places(cluster)?, &name)?.as_slice() {
        [] => Ok(()),
        nodes => Err(Trouble(format!(
            "The lock was written to {path} here, and is not seen by {}: not the same disk",
            view::words::list(nodes)
        ))),
    }
}

/// What each node finds where the file has its lock disk.
fn places(cluster: &Cluster) -> Result<Vec<(String, LockPlace)>, Trouble> {
    let paths = lower::lock_paths(cluster);
    let nodes: Vec<String> = paths.keys().cloned().collect();
    let locks: BTreeSet<String> = paths.values().cloned().collect();
    let look = Look { locks: locks.into_iter().collect(), ..Look::default() };
    let mut places = Vec::new();
    for node in cluster::look(&nodes, &look).map_err(in_words)? {
        let machine = node.machine.map_err(in_words)?;
        let path = paths.get(&node.name);
        let place = machine.locks.into_iter().find(|place| Some(&place.path) == path);
        let place = place
            .ok_or_else(|| Trouble(format!("{} does not say what its lock disk is", node.name)))?;
        places.push((node.name, place));
    }
    Ok(places)
}

/// A lock that any node has may be in use, and writing it anew takes it from who holds it. So it is made only
/// where all see an empty disk.
fn is_to_be_made(places: &[(String, LockPlace)], cluster: &str) -> Result<bool, Trouble> {
    let without = without(places, cluster)?;
    if without.is_empty() || without.len() == places.len() {
        return Ok(!without.is_empty());
    }
    Err(Trouble(format!(
        "The lock is on the disk of some nodes, and not on that of {}: not the same disk\n\
         Nothing was written: it may be in use",
        view::words::list(&without)
    )))
}

/// Nodes whose disk has no lock of the cluster, and nobody's data.
fn without(places: &[(String, LockPlace)], cluster: &str) -> Result<Vec<String>, Trouble> {
    let mut without = Vec::new();
    for (node, place) in places {
        let what = match &place.state {
            LockState::Locked { cluster: of } if of == cluster => continue,
            LockState::Free => {
                without.push(node.clone());
                continue;
            }
            LockState::Locked { cluster: of } => format!("has the lock of the cluster {of}"),
            LockState::Holds { what } => format!("holds {what}"),
            LockState::Unusable { why } => format!("cannot be used: {why}"),
        };
        return Err(Trouble(format!("The lock disk {} of {node} {what}", place.path)));
    }
    Ok(without)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_made_only_where_no_node_has_one() {
        let locked = |of: &str| LockState::Locked { cluster: of.to_owned() };
        let asked = |first: LockState, second: LockState| {
            let place = |state| LockPlace { path: "/dev/sdd1".to_owned(), state };
            let places = [("n1".to_owned(), place(first)), ("n2".to_owned(), place(second))];
            is_to_be_made(&places, "web").map_err(|Trouble(why)| why)
        };
        assert_eq!(asked(LockState::Free, LockState::Free), Ok(true));
        assert_eq!(asked(locked("web"), locked("web")), Ok(false));
        let why = "The lock is on the disk of some nodes, and not on that of n2: not the same disk\n\
                   Nothing was written: it may be in use";
        assert_eq!(asked(locked("web"), LockState::Free), Err(why.to_owned()));
        let table = [
            (locked("mail"), "has the lock of the cluster mail"),
            (LockState::Holds { what: "xfs".to_owned() }, "holds xfs"),
            (
                LockState::Unusable { why: "No such device".to_owned() },
                "cannot be used: No such device",
            ),
        ];
        for (state, expected) in table {
            let why = format!("The lock disk /dev/sdd1 of n2 {expected}");
            assert_eq!(asked(LockState::Free, state), Err(why));
        }
    }
}

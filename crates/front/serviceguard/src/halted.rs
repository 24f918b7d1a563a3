//! `cmapplyconf` while the cluster is down: no document can be changed then, but what may not change while it runs
//! can: by which addresses heartbeats go, and what breaks ties.

use corosync::Conf;
use serviceguard::lower;

use crate::apply::agreed;
use crate::call::{Call, Said, Trouble, in_words};
use crate::check::{self, Files, Known};
use crate::engine::JOIN;
use crate::home::Home;
use crate::lock;

/// Whether the files are for the cluster of this machine, which does not run here.
pub(crate) fn is_ours(home: &Home, files: &Files) -> bool {
    let known = Known::of(files, None);
    let members = cluster::members().map(|(members, _)| members).unwrap_or_default();
    matches!(home, Home::Cluster(_))
        && (files.cluster.is_none() && !members.is_empty()
            || known.cluster.nodes.iter().any(|node| members.contains(&node.name)))
}

/// Gives every node the file's heartbeats and lock.
pub(crate) fn apply(
    home: &Home,
    call: &Call,
    files: &Files,
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    if !files.packages.is_empty() {
        let why = "The cluster is down, and packages are applied while it runs\n\
                   Run it with cmruncl; other heartbeats come first, with -C alone";
        return Err(Trouble::new(why));
    }
    let known = Known::of(files, None);
    nodes(&known)?;
    cluster::require_halted().map_err(in_words)?;
    check::verify((home, None), (files, &known), call.has('v'), said)?;
    let mut conf = cluster::file().map_err(in_words)?;
    let certified = cluster::is_certified();
    let adjust = |conf: &mut Conf| {
        let mut changes = lower::relink(conf, &known.cluster);
        changes.extend(lower::replace_lock(conf, &known.cluster, certified));
        changes
    };
    let changes = adjust(&mut conf);
    if changes.is_empty() {
        let why = "The cluster is down, and its heartbeats and lock are the file's already\n\
                   Run it with cmruncl, then apply the file: the rest changes while it runs";
        return Err(Trouble::new(why));
    }
    changes.iter().for_each(|change| said.line(change));
    if !call.has('f') && !agreed("Modify the cluster configuration", said)? {
        return Err(Trouble::new("Nothing was changed"));
    }
    if lower::uses_lock(&known.cluster) {
        lock::prepare(&known.cluster, said)?;
    }
    cluster::change_halted(|conf| drop(adjust(conf))).map_err(in_words)?;
    said.line("Completed the cluster update.");
    said.line("Only heartbeats and the lock were changed, since the cluster is down. Run it with cmruncl,");
    said.line("then apply the file again for what else it says.");
    Ok(())
}

/// The file names the machine's nodes, and no others.
fn nodes(known: &Known) -> Result<(), Trouble> {
    let conf = cluster::file().map_err(in_words)?;
    let (members, _) = cluster::members().map_err(in_words)?;
    let mut named = known.cluster.nodes.iter();
    if let Some(node) = named.find(|node| !members.contains(&node.name)) {
        let name = &node.name;
        return Err(Trouble(format!(
            "The cluster has no node {name}; let it join first, while the cluster runs\n{JOIN}"
        )));
    }
    match lower::unnamed(&conf, &known.cluster).first() {
        Some(name) => Err(Trouble(format!(
            "The file does not name the node {name}, and nodes go while the cluster runs\n\
             Run it, halt the node (cmhaltnode {name}), and apply the file"
        ))),
        None => Ok(()),
    }
}

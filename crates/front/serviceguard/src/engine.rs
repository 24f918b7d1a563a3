//! Which nodes the cluster has, and what `corosync.conf` has to do with a file.

use corosync::Conf;
use serviceguard::{Cluster, Package, lower};
use view::status::NodeState;

use crate::call::{Trouble, in_words};
use crate::check::{Files, Known};
use crate::detach::advice;
use crate::seen::World;

/// How a machine becomes a node.
pub(crate) const JOIN: &str =
    "`quorate cluster invite` here prints what is typed there to join (`quorate cluster join ...`)";

/// The nodes that the cluster has and its file does not name. All that it names there are, and whoever is not named
/// is down.
pub(crate) fn leaving(known: &Known, world: &World) -> Result<Vec<String>, Trouble> {
    if known.cluster.nodes.is_empty() {
        return Err(Trouble::new("There is no cluster file yet; apply it with -C, too"));
    }
    let there = || world.status.nodes.iter().filter(|node| node.kind == "cluster");
    let mut named = known.cluster.nodes.iter().map(|node| node.name.as_str());
    if let Some(name) = named.find(|name| !there().any(|node| node.name == *name)) {
        return Err(Trouble(format!("The cluster has no node {name}; let it join first\n{JOIN}")));
    }
    let gone = there().filter(|node| known.cluster.node(&node.name).is_none());
    let may_go = gone.map(|node| {
        let name = &node.name;
        let names = |package: &&Package| package.nodes.iter().any(|node| node.value == *name);
        if let Some(package) = known.packages.iter().find(names) {
            return Err(Trouble(format!(
                "The file does not name the node {name}, which package {} names\n\
                 Apply the package's file without it, too (-P)",
                package.called()
            )));
        }
        match node.state {
            NodeState::Offline => match lower::detach::packages(&world.document, name).first() {
                Some(package) => Err(Trouble(advice(package, name))),
                None => Ok(name.clone()),
            },
            NodeState::Online | NodeState::Pending => Err(Trouble(format!(
                "The file does not name the node {name}, which runs\nHalt it first: cmhaltnode {name}"
            ))),
            NodeState::Unclean => Err(Trouble(format!(
                "The file does not name the node {name}, which is lost and not proven to be off\n\
                 Who has seen that it is off says so with `quorate node confirm-off {name}`"
            ))),
        }
    });
    may_go.collect()
}

/// `corosync.conf` of this machine, if it is of the cluster that answers and has all nodes of the file.
pub(crate) fn conf_of(running: Option<&wire::api::Cluster>, wanted: &Cluster) -> Option<Conf> {
    let (nodes, own) = cluster::members().ok()?;
    let has_all = wanted.nodes.iter().all(|node| nodes.contains(&node.name));
    if running?.node != own || !has_all || wanted.nodes.is_empty() {
        return None;
    }
    cluster::file().ok()
}

/// What `corosync.conf` has to do with it. On paper nothing, nor where this machine's names other nodes than the
/// cluster that answers: that one has another, or none.
#[derive(Default)]
pub(crate) struct Engine {
    pub(crate) is_ours: bool,
    pub(crate) changes: Vec<String>,
    /// It names a quorum device, and nobody asks it here: as after a call that failed for that.
    is_silent: bool,
    before: Option<Conf>,
}

impl Engine {
    pub(crate) fn of(running: Option<&wire::api::Cluster>, files: &Files) -> Self {
        let Some(file) = &files.cluster else { return Self::default() };
        let said = Cluster::of(&file.text);
        let Some(before) = conf_of(running, &said) else { return Self::default() };
        let changes = lower::adjust(&mut before.clone(), &said, cluster::is_certified());
        let is_silent = changes.is_empty() && cluster::device_is_silent().unwrap_or_default();
        Self { is_ours: true, changes, is_silent, before: Some(before) }
    }

    /// What is done about that.
    pub(crate) fn silence(&self, cluster: &Cluster) -> Option<String> {
        let words = if lower::uses_lock(cluster) {
            "Starting what votes for the cluster lock"
        } else {
            "Starting the daemon that asks the quorum server"
        };
        self.is_silent.then(|| words.to_owned())
    }

    /// Has machines that are nodes no more forget the cluster; answers what is left to do there.
    pub(crate) fn forget(&self, nodes: &[String]) -> Result<Vec<String>, Trouble> {
        match &self.before {
            Some(before) if !nodes.is_empty() => {
                cluster::forget_on(before, nodes).map_err(in_words)
            }
            _ => Ok(Vec::new()),
        }
    }
}

//! `cmviewcl`: the cluster as Serviceguard's users look at it.

mod lines;
pub(crate) mod table;

use crate::call::{Call, Said, Trouble};
use crate::home::Home;
use crate::seen::World;

/// What of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    All,
    Cluster,
    Node,
    Package,
}

/// Which parts of the cluster.
pub(crate) struct Shown<'c> {
    pub(crate) level: Level,
    pub(crate) verbose: bool,
    /// Only these; all if there are none.
    pub(crate) nodes: Vec<&'c str>,
    pub(crate) packages: Vec<&'c str>,
}

/// Shows the cluster, as a table or, with `-f line`, a fact in each line.
pub(crate) fn cmviewcl(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vf:s:l:r:c:n:p:S:")?;
    let level = match call.value('l') {
        None if call.has('p') => Level::Package,
        None if call.has('n') => Level::Node,
        None => Level::All,
        Some("cluster") => Level::Cluster,
        Some("node") => Level::Node,
        Some("package") => Level::Package,
        Some(other) => {
            return Err(Trouble::new(format!("`{other}` is no level: cluster, node or package")));
        }
    };
    let world = World::read(&Home::find())?;
    let shown = Shown {
        level,
        verbose: call.has('v'),
        nodes: call.values('n').collect(),
        packages: call.values('p').collect(),
    };
    for node in &shown.nodes {
        world.node(node)?;
    }
    for package in &shown.packages {
        world.package(package)?;
    }
    said.text(match call.value('f') {
        None | Some("table") => table::render(&world, &shown),
        Some("line") => lines::render(&world, &shown),
        Some(other) => {
            return Err(Trouble::new(format!("`{other}` is no format: table or line")));
        }
    });
    Ok(())
}

/// Status and state of a node.
pub(crate) fn node_state(node: &view::status::NodeLine) -> (&'static str, &'static str) {
    use view::status::NodeState;
    match node.state {
        NodeState::Online if node.leaving => ("up", "halting"),
        NodeState::Online => ("up", "running"),
        NodeState::Pending => ("up", "reforming"),
        NodeState::Offline => ("down", "halted"),
        NodeState::Unclean => ("down", "failed"),
    }
}

/// Status of the cluster: up while any node is.
pub(crate) fn cluster_status(world: &World) -> &'static str {
    if world.up().next().is_some() { "up" } else { "down" }
}

/// `enabled` or `disabled`.
pub(crate) fn switch(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

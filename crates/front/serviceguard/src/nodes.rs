//! `cmhaltnode`: nodes leave in order; their packages move away first.

use std::time::{Duration, Instant};

use wire::api::Change;

use crate::call::{Call, Said, Trouble};
use crate::detach::Parting;
use crate::home::Home;
use crate::preview;
use crate::roles::{self, Needs};
use crate::seen::World;

/// Halts nodes, or this one. Where packages run, only with `-f`, or with `-d`: then they run on without the cluster.
pub(crate) fn cmhaltnode(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "fvtd")?;
    let home = Home::find().for_call(&call)?;
    let world = World::read(&home)?;
    roles::needs(&world.document, &Needs::Nodes)?;
    let mut nodes = call.words.clone();
    if nodes.is_empty() {
        nodes.extend(world.here.clone());
    }
    if nodes.is_empty() {
        return Err(Trouble::new("No node specified"));
    }
    // This one is asked to tell the others, and goes last.
    nodes.sort_by_key(|node| Some(node) == world.here.as_ref());
    for node in &nodes {
        world.node(node)?;
    }
    if call.has('d') {
        let parting = Parting::of(&world, &nodes, call.has('f'))?;
        return part(&home, &world, &parting, &call, &nodes, said);
    }
    for node in &nodes {
        let packages = packages_on(&world, node);
        if !packages.is_empty() && !call.has('f') {
            let list = view::words::list(&packages);
            let why = format!(
                "Unable to halt node {node}, packages run on it: {list}\nUse -f to halt it all the same, or -d to leave them running"
            );
            return Err(Trouble(why));
        }
    }
    if call.has('t') {
        return preview_halt(&home, &world, &nodes, said);
    }
    halt(&home, &nodes, said, || Ok(()))
}

/// What would become of packages.
fn preview_halt(
    home: &Home,
    world: &World,
    nodes: &[String],
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    for node in nodes {
        home.attribute(node, "shutdown", Some("1"))?;
    }
    preview::tell(home, world, said)
}

/// Has nodes leave without their packages.
fn part(
    home: &Home,
    world: &World,
    parting: &Parting,
    call: &Call,
    nodes: &[String],
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    parting.tell(said);
    if !parting.is_empty() {
        parting.carry_out(home, world)?;
    }
    if call.has('t') {
        return preview_halt(home, world, nodes, said);
    }
    halt(home, nodes, said, || Ok(()))
}

/// Has nodes leave, and says so in Serviceguard's words. `last` is what is left to do when none of them is up.
pub(crate) fn halt(
    home: &Home,
    nodes: &[String],
    said: &mut Said<'_>,
    last: impl FnOnce() -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    if !home.is_running() {
        return Err(Trouble::new("Only a running cluster has nodes that can be halted"));
    }
    said.line("Disabling all packages from starting on nodes to be halted.");
    for node in nodes {
        said.line(format!("Disabling all packages from running on {node}."));
    }
    said.line("Warning: Do not modify or enable packages until the halt operation is\ncompleted.");
    said.text("Waiting for nodes to halt ");
    // All are told before the first has halted anything: nothing is started on one to be halted there again.
    for node in nodes {
        home.change(Change::Shutdown { node: node.clone() })?;
        said.text(".");
    }
    wait_halted(home, nodes)?;
    last()?;
    said.line(" done");
    said.line("Successfully halted all nodes specified.");
    said.line("Halt operation complete.");
    Ok(())
}

/// The packages that run on a node.
pub(crate) fn packages_on<'w>(world: &'w World, node: &str) -> Vec<&'w str> {
    let here = |name: &&str| world.places(name).iter().any(|(place, _)| *place == node);
    world.packages.iter().map(serviceguard::Package::called).filter(here).collect()
}

/// Waits until none of the nodes is up. That nobody answers any more says that this node is halted.
fn wait_halted(home: &Home, nodes: &[String]) -> Result<(), Trouble> {
    /// Packages may take as long as their halt scripts.
    const PATIENCE: Duration = Duration::from_secs(3600);
    const PAUSE: Duration = Duration::from_millis(200);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let Ok(world) = World::read(home) else { return Ok(()) };
        if !world.up().any(|up| nodes.iter().any(|node| node == up)) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(Trouble::new("The nodes are still halting; look at cmviewcl"))
}

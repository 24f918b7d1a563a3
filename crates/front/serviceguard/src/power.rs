//! `cmruncl`, `cmrunnode`, `cmhaltcl`: what makes machines members starts and ends.
//!
//! Nodes that start by themselves wait for all others as long as AUTO_START_TIMEOUT says. Only an operator's word forms a
//! cluster without some of them; who is missing is fenced all the same.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use cluster::{Heard, Order};
use serviceguard::lower;

use crate::call::{Call, Said, Trouble, in_words};
use crate::detach::{Parting, wait_attached};
use crate::home::Home;
use crate::nodes::{halt, packages_on};
use crate::roles::{self, Needs};
use crate::seen::World;

/// `AUTO_START_TIMEOUT` of a file that names none.
const AUTO_START: Duration = Duration::from_micros(lower::AUTO_START_TIMEOUT);
const PAUSE: Duration = Duration::from_millis(200);

/// Starts the cluster, on all nodes or on those of `-n`, where it runs on none.
pub(crate) fn cmruncl(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "fvtn:w:")?;
    if let Some(word) = call.words.first() {
        return Err(Trouble(format!("Unexpected `{word}`; nodes are named with -n")));
    }
    if let Ok(world) = World::read(&Home::find())
        && let Some(node) = world.up().next()
    {
        let why =
            format!("The cluster is already running, on node {node}\nUse cmrunnode for others");
        return Err(Trouble(why));
    }
    let mut nodes: Vec<String> = call.values('n').map(str::to_owned).collect();
    let (all, own) = cluster::members().map_err(in_words)?;
    if nodes.is_empty() {
        nodes.clone_from(&all);
    }
    let waiting = "Waiting for cluster to form ....";
    let others: Vec<String> = all.iter().filter(|node| !nodes.contains(node)).cloned().collect();
    if call.has('t') {
        return start(&call, &nodes, waiting, said, || Ok(()));
    }
    roles::needs_root("starting nodes")?;
    all_answer(&nodes, &own)?;
    if others.is_empty() {
        return start(&call, &nodes, waiting, said, || Ok(()));
    }
    if others.contains(&own) {
        let why =
            format!("Node {own} is left out\nGive the command on one of the nodes that are to run");
        return Err(Trouble(why));
    }
    warn(&others, said)?;
    if !call.has('f') && !is_sure(said)? {
        return Err(Trouble::new("Nothing was started"));
    }
    let mut later = None;
    start(&call, &nodes, waiting, said, || {
        later = cluster::go_on_without().map_err(in_words)?;
        Ok(())
    })?;
    later.iter().for_each(|words| said.line(words));
    let missing = view::words::list(&others);
    said.line(format!(
        "Packages start when {missing} is fenced. Where no fence device can do that, say that it"
    ));
    said.line("is off: quorate node confirm-off NODE. Changes of the configuration may wait for that, too.");
    Ok(())
}

/// Refuses where a node that is to run does not answer, and says how it goes without it.
fn all_answer(nodes: &[String], own: &str) -> Result<(), Trouble> {
    let heard = cluster::hear(nodes).map_err(in_words)?;
    let silent = |node: &String| heard.contains(&(node.clone(), Heard::Nothing));
    let missing: Vec<&String> = nodes.iter().filter(|node| silent(node)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let rest = nodes.iter().filter(|node| !silent(node)).map(|node| format!(" -n {node}"));
    Err(Trouble(format!(
        "{} cannot be asked to start, and nothing was started\n\
         Without it the cluster is formed by: cmruncl{} (on {own})",
        view::words::list(&missing),
        rest.collect::<String>()
    )))
}

/// What an operator has to be sure of.
fn warn(others: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    for (name, heard) in cluster::hear(others).map_err(in_words)? {
        let what = match heard {
            Heard::Halted => "is halted",
            Heard::Nothing => "does not answer: nobody knows what runs there",
            Heard::Runs => {
                return Err(Trouble(format!(
                    "Node {name} runs its part of the cluster\nUse cmrunnode for the others, or halt it first"
                )));
            }
        };
        said.line(format!("Warning: node {name} is left out, and {what}."));
    }
    said.line(
        "The cluster is formed without knowing what is left out. Be sure that no package, and no",
    );
    said.line("other part of the cluster, runs there; if in doubt, switch the machine off first.");
    Ok(())
}

/// Unlike other questions, nothing said means no.
fn is_sure(said: &mut Said<'_>) -> Result<bool, Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err(Trouble::new("Nobody can be asked; use -f to form the cluster all the same"));
    }
    said.text("Are you sure (y/[n])? ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Starts nodes, or this one: they join the cluster, or form it.
pub(crate) fn cmrunnode(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vtw:")?;
    let mut nodes = call.words.clone();
    if nodes.is_empty() {
        nodes.push(cluster::members().map_err(in_words)?.1);
    }
    start(&call, &nodes, "Waiting for nodes to join ....", said, || Ok(()))
}

/// `formed` is what is left to do when all of them are there.
fn start(
    call: &Call,
    nodes: &[String],
    waiting: &str,
    said: &mut Said<'_>,
    formed: impl FnOnce() -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    if call.has('t') {
        said.line(format!("Would start on {}", view::words::list(nodes)));
        return Ok(());
    }
    roles::needs_root("starting nodes")?;
    said.text(waiting);
    bring_up(nodes, formed)?;
    said.line(" done");
    wait_attached(&Home::find(), nodes, said)?;
    said.line("Cluster successfully formed.");
    said.line("Check the syslog files on all nodes in the cluster to verify that no warnings");
    said.line("occurred during startup.");
    Ok(())
}

/// Starts nodes. `formed` is done as soon as all of them are members: it may be what gives them the quorum that their
/// start would wait for otherwise.
fn bring_up(nodes: &[String], formed: impl FnOnce() -> Result<(), Trouble>) -> Result<(), Trouble> {
    std::thread::scope(|scope| {
        let mut starts = Some(scope.spawn(|| switch(Order::Start, nodes)));
        wait_up(nodes, || starts.take_if(|starts| starts.is_finished()).map_or(Ok(()), outcome))?;
        formed()?;
        starts.map_or(Ok(()), outcome)
    })
}

fn outcome(starts: ScopedJoinHandle<'_, Result<(), Trouble>>) -> Result<(), Trouble> {
    starts.join().unwrap_or_else(|_| Err(Trouble::new("Starting the nodes ended in a panic")))
}

/// Waits until all of them are members, as long as the cluster's file says, and as nothing `fails`.
fn wait_up(
    nodes: &[String],
    mut fails: impl FnMut() -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let begun = Instant::now();
    loop {
        let world = World::read(&Home::find());
        let up: BTreeSet<&str> = world.iter().flat_map(World::up).collect();
        let missing: Vec<&str> =
            nodes.iter().map(String::as_str).filter(|node| !up.contains(node)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        fails()?;
        let said = world.as_ref().ok().and_then(|world| world.cluster.auto_start_timeout.as_ref());
        let patience = said.map_or(AUTO_START, |timeout| Duration::from_micros(timeout.value));
        if begun.elapsed() > patience {
            let list = view::words::list(&missing);
            return Err(Trouble(format!("AUTO_START_TIMEOUT passed without {list}")));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Halts the cluster on all nodes. Where packages run, only with `-f`; they move nowhere. With
/// `-d` they run on.
pub(crate) fn cmhaltcl(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "fvtd")?;
    let home = Home::find();
    let world = World::read(&home)?;
    roles::needs(&world.document, &Needs::Nodes)?;
    let mut nodes: Vec<String> = world.up().map(str::to_owned).collect();
    // This one is asked to tell the others, and goes last.
    nodes.sort_by_key(|node| Some(node) == world.here.as_ref());
    let parting = match call.has('d') {
        true => Some(Parting::of(&world, &nodes, call.has('f'))?),
        false => None,
    };
    let running: BTreeSet<&str> = nodes.iter().flat_map(|node| packages_on(&world, node)).collect();
    if parting.is_none() && !running.is_empty() && !call.has('f') {
        let list = view::words::list(&running.into_iter().collect::<Vec<_>>());
        let why = format!(
            "Unable to halt the cluster, packages run: {list}\nUse -f to halt them, too, or -d to leave them running"
        );
        return Err(Trouble(why));
    }
    parting.iter().for_each(|parting| parting.tell(said));
    if call.has('t') {
        return Ok(());
    }
    let members = cluster::members().map_err(in_words)?.0;
    if let Some(parting) = parting.filter(|parting| !parting.is_empty()) {
        parting.carry_out(&home, &world)?;
    }
    // Who is not root has the nodes leave; Corosync is left to root.
    let last = || if roles::is_root() { switch(Order::Stop, &members) } else { Ok(()) };
    halt(&home, &nodes, said, last)
}

/// Gives the order; an error names each node that could not follow it.
fn switch(order: Order, nodes: &[String]) -> Result<(), Trouble> {
    let mut lines = Vec::new();
    for (node, result) in cluster::switch(order, nodes).map_err(in_words)? {
        if let Err(trouble) = result {
            lines.push(format!("Node {node}: {}", in_words(trouble).0));
        }
    }
    if lines.is_empty() { Ok(()) } else { Err(Trouble(lines.join("\n"))) }
}

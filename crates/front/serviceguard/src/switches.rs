//! `cmmodpkg`: whether packages may start and move by themselves, and on which nodes.

use serviceguard::lower::{names, switching};

use crate::call::{Call, Said, Trouble};
use crate::detach::attach;
use crate::home::Home;
use crate::maintain;
use crate::packages::settle;
use crate::preview;
use crate::roles::{self, Needs};
use crate::seen::{World, is_multi};

/// Switches packages on (`-e`) or off (`-d`), everywhere or for nodes; `-m on|off` is maintenance.
/// Agents say `-d -x`; with `-n`, that this node's halt script failed; `-e -x -n` that it is back.
pub(crate) fn cmmodpkg(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vedxn:m:tRs:")?;
    let home = Home::find().for_call(&call)?;
    let world = World::read(&home)?;
    if let (true, true, Some(node)) = (call.has('e'), call.has('x'), call.value('n')) {
        return match call.words.as_slice() {
            [] => attach(&home, &world, node),
            packages => packages.iter().try_for_each(|name| settle(&home, &world, name, node)),
        };
    }
    if call.words.is_empty() {
        return Err(Trouble::new("No package specified"));
    }
    for name in &call.words {
        world.package(name)?;
        roles::needs(&world.document, &Needs::Package(name))?;
    }
    let nodes: Vec<&str> = call.values('n').collect();
    for node in &nodes {
        world.node(node)?;
    }
    if call.has('R') {
        return reset(&home, &world, &call, said);
    }
    let act = match (call.has('e'), call.has('d'), call.value('m')) {
        (true, false, None) => Act::Enable,
        // The agents' own: not even where it runs, since it is just ending there.
        (false, true, None) if call.has('x') => Act::DisableEverywhere,
        (false, true, None) => Act::Disable,
        (false, false, Some("on")) => Act::Maintain(true),
        (false, false, Some("off")) => Act::Maintain(false),
        _ => return Err(Trouble::new("Specify one of -e, -d, -m on, -m off")),
    };
    if call.has('t') && matches!(act, Act::Maintain(_)) {
        return Err(Trouble::new("Maintenance is not previewed (-t)"));
    }
    for name in &call.words {
        match (act, nodes.as_slice()) {
            (Act::Enable, []) => enable(&home, &world, name)?,
            (Act::Enable, nodes) => allow(&home, &world, name, nodes)?,
            (Act::DisableEverywhere, nodes) => disable_everywhere(&home, &world, name, nodes)?,
            (Act::Disable, []) => disable(&home, &world, name, &[])?,
            (Act::Disable, nodes) => disable(&home, &world, name, nodes)?,
            (Act::Maintain(true), nodes) => maintain::begin(&home, &world, name, nodes)?,
            (Act::Maintain(false), nodes) => maintain::end(&home, &world, name, nodes)?,
        }
    }
    if call.has('t') {
        return preview::tell(&home, &world, said);
    }
    said.line("cmmodpkg: Completed successfully on all packages specified");
    Ok(())
}

/// Sets the count of a service's restarts back, wherever it was run again: `-R -s SERVICE PACKAGE`.
fn reset(home: &Home, world: &World, call: &Call, said: &mut Said<'_>) -> Result<(), Trouble> {
    let (Some(service), [name]) = (call.value('s'), call.words.as_slice()) else {
        return Err(Trouble::new("Specify a service with -s, and one package"));
    };
    let counted = names::restarts(service);
    let nodes: Vec<&str> = world
        .status
        .nodes
        .iter()
        .map(|node| node.name.as_str())
        .filter(|node| world.attribute(node, &counted).is_some())
        .collect();
    let services = &world.package(name)?.services;
    // Which services a control script runs, only its counts tell.
    let is_known = services.iter().any(|known| known.name.value == service);
    if !is_known && (nodes.is_empty() || !services.is_empty()) {
        return Err(Trouble(format!("Unable to find service {service} in package {name}")));
    }
    if call.has('t') {
        return Ok(());
    }
    for node in nodes {
        home.attribute(node, &counted, Some("0"))?;
    }
    said.line("cmmodpkg: Completed successfully on all packages specified");
    Ok(())
}

#[derive(Clone, Copy)]
enum Act {
    Enable,
    Disable,
    DisableEverywhere,
    Maintain(bool),
}

/// What a run script said against all nodes is taken back, too.
fn enable(home: &Home, world: &World, name: &str) -> Result<(), Trouble> {
    const NOWHERE: i32 = 6;
    for node in &world.status.nodes {
        for (member, code) in world.failures(name, &node.name) {
            if code == NOWHERE {
                home.cleanup(member, &node.name)?;
            }
        }
    }
    home.edit(|document| {
        switching::enable(document, name);
        switching::release(document, name);
    })?;
    for node in world.runs_by_hand(name) {
        home.attribute(&node, &names::runs(name), None)?;
    }
    Ok(())
}

/// The nodes may take the package again, whatever failed there.
fn allow(home: &Home, world: &World, name: &str, nodes: &[&str]) -> Result<(), Trouble> {
    for node in nodes {
        for (member, _) in world.failures(name, node) {
            home.cleanup(member, node)?;
        }
    }
    home.edit(|document| nodes.iter().for_each(|node| switching::allow(document, name, node)))
}

/// Where it runs it stays: that is said before it is switched off.
fn disable(home: &Home, world: &World, name: &str, nodes: &[&str]) -> Result<(), Trouble> {
    let places = world.places(name);
    for node in world.runs_by_hand(name) {
        if nodes.is_empty() && !places.iter().any(|(place, _)| *place == node) {
            home.attribute(&node, &names::runs(name), None)?;
        }
    }
    for (node, _) in places {
        if nodes.is_empty() || nodes.contains(&node) {
            home.attribute(node, &names::runs(name), Some("1"))?;
        }
    }
    home.edit(|document| {
        if nodes.is_empty() {
            switching::disable(document, name);
        }
        nodes.iter().for_each(|node| switching::ban(document, name, node));
    })
}

/// Of a package that may run on one node only, what `nodes` did not halt must not be started elsewhere.
fn disable_everywhere(
    home: &Home,
    world: &World,
    name: &str,
    nodes: &[&str],
) -> Result<(), Trouble> {
    let held: Vec<String> = nodes.iter().map(|node| (*node).to_owned()).collect();
    let is_alone = !is_multi(world.package(name)?);
    home.edit(|document| {
        switching::disable(document, name);
        if is_alone && !held.is_empty() {
            switching::hold(document, name, &held);
        }
    })?;
    for node in world.runs_by_hand(name) {
        home.attribute(&node, &names::runs(name), None)?;
    }
    Ok(())
}

//! `cmstartres` and `cmstopres`: from when on a deferred resource of a package counts, and until when. Control scripts
//! call them.

use std::time::{Duration, Instant};

use serviceguard::PolledResource;
use serviceguard::lower::{names, switching};

use crate::call::{Call, Said, Trouble};
use crate::home::Home;
use crate::seen::World;

/// From now on the package needs it on this node: `[-u] -p PACKAGE RESOURCE`; with `-u` it is waited for first.
pub(crate) fn cmstartres(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vup:n:")?;
    let home = Home::find();
    let (node, resource) = named(&World::read(&home)?, &call)?;
    let name = resource.name.value.as_str();
    if call.has('u') {
        wait_well(&home, &node, &resource)?;
    }
    home.attribute(&node, &names::deferred(name), Some("1"))?;
    if call.has('v') {
        said.line(format!("Resource {name} counts on node {node}"));
    }
    Ok(())
}

/// It does not any more: `-p PACKAGE RESOURCE`. A package that is halted for want of it may not come back by itself.
pub(crate) fn cmstopres(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vp:n:")?;
    let home = Home::find();
    let world = World::read(&home)?;
    let (node, resource) = named(&world, &call)?;
    let name = resource.name.value.as_str();
    let package = call.value('p').unwrap_or_default();
    if is_lost(&world, package, &node, &resource) {
        // Before it counts no longer, or the package would be started where it is just being halted.
        home.edit(|document| switching::ban(document, package, &node))?;
        home.attribute(&node, &names::runs(package), None)?;
        said.line(format!(
            "Resource {name} is not up: switching of package {package} is disabled for node {node}"
        ));
    }
    home.attribute(&node, &names::deferred(name), None)?;
    if call.has('v') {
        said.line(format!("Resource {name} does not count on node {node}"));
    }
    Ok(())
}

/// Whether a package that may run leaves a node since it needs what is not up there. Source: the manual, of deferred
/// resources: it is not allowed there again.
fn is_lost(world: &World, package: &str, node: &str, resource: &PolledResource) -> bool {
    let (name, runs) = (resource.name.value.as_str(), names::runs(package));
    let counts = world.attribute(node, &names::deferred(name)).is_some();
    let stays = world.status.nodes.iter().any(|one| one.name == node && !one.leaving);
    let may_run = world.is_switched_on(package) || world.attribute(node, &runs).is_some();
    let is_well = resource.is_well(world.attribute(node, &names::resource(name)));
    counts && stays && may_run && !is_well
}

/// The node that it is about, and the deferred resource.
fn named(world: &World, call: &Call) -> Result<(String, PolledResource), Trouble> {
    let ([name], Some(package)) = (call.words.as_slice(), call.value('p')) else {
        return Err(Trouble::new("Specify a package with -p, and one of its resources"));
    };
    let own = &world.package(package)?.resources;
    let found = own.iter().find(|resource| resource.name.value == *name);
    let found = found
        .ok_or_else(|| Trouble(format!("Unable to find resource {name} in package {package}")))?;
    if !found.deferred {
        let why = "its resource_start is automatic: it counts before the package runs";
        return Err(Trouble(format!("Unable to switch resource {name}, {why}")));
    }
    let of_script = || std::env::var("SG_NODE").ok().filter(|node| !node.is_empty());
    let node = call.value('n').map(str::to_owned).or_else(of_script).or(world.here.clone());
    let node = node.ok_or_else(|| Trouble::new("Specify a node with -n"))?;
    world.node(&node)?;
    Ok((node, found.clone()))
}

/// Scripts have a time-out of their own.
fn wait_well(home: &Home, node: &str, resource: &PolledResource) -> Result<(), Trouble> {
    const PATIENCE: Duration = Duration::from_secs(3600);
    const PAUSE: Duration = Duration::from_millis(500);
    let begun = Instant::now();
    let attribute = names::resource(&resource.name.value);
    while !resource.is_well(World::read(home)?.attribute(node, &attribute)) {
        if begun.elapsed() > PATIENCE || !home.is_running() {
            let name = &resource.name.value;
            return Err(Trouble(format!("Resource {name} is not up on node {node}")));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

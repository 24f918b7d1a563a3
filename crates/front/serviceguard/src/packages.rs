//! `cmrunpkg` and `cmhaltpkg`.

use serviceguard::lower::{names, switching};

use crate::call::{Call, Said, Trouble};
use crate::detach::{advice, give_up};
use crate::home::Home;
use crate::roles::{self, Needs};
use crate::seen::{World, is_multi};

/// Runs packages, on the nodes that are named, on this one, or with `-a` on the best.
pub(crate) fn cmrunpkg(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "van:tm:e:")?;
    if call.has('m') || call.has('e') {
        let why = "Packages are not started in part (-m, -e): their members are one group\n\
                   With cmmodpkg -m on PACKAGE the cluster leaves them alone; start what is needed by hand";
        return Err(Trouble::new(why));
    }
    let packages = named(&call)?;
    let home = Home::find();
    let world = World::read(&home)?;
    let mut wanted = Vec::new();
    for name in packages {
        roles::needs(&world.document, &Needs::Package(name))?;
        wanted.push((name, targets(&world, &call, name)?));
    }
    for (name, nodes) in &wanted {
        for node in nodes {
            said.line(format!("Running package {name} on node {node}"));
        }
    }
    if call.has('t') {
        return Ok(());
    }
    for (name, nodes) in &wanted {
        let runs = names::runs(name);
        for node in world.runs_by_hand(name) {
            home.attribute(&node, &runs, None)?;
        }
        for node in nodes {
            home.attribute(node, &runs, Some("1"))?;
        }
    }
    home.wait()?;
    if matches!(home, Home::File(_)) {
        return Ok(());
    }
    let after = World::read(&home)?;
    let mut failed = Vec::new();
    for (name, nodes) in &wanted {
        for node in nodes {
            if after.places(name).contains(&(node.as_str(), true)) {
                said.line(format!("Successfully started package {name} on node {node}"));
            } else {
                failed.push(format!("Unable to run package {name} on node {node}"));
            }
        }
    }
    if !failed.is_empty() {
        return Err(Trouble(failed.join("\n")));
    }
    said.line("All specified packages are running.");
    Ok(())
}

fn named(call: &Call) -> Result<&[String], Trouble> {
    if call.words.is_empty() { Err(Trouble::new("No package specified")) } else { Ok(&call.words) }
}

/// On which nodes the package is to run.
fn targets(world: &World, call: &Call, name: &str) -> Result<Vec<String>, Trouble> {
    let package = world.package(name)?;
    let nodes = world.nodes_of(package);
    let asked: Vec<&str> = call.values('n').collect();
    let many = is_multi(package);
    if let Some(node) = world.detached(name).first() {
        return Err(Trouble(advice(name, node)));
    }
    if !many && !world.places(name).is_empty() {
        let (node, _) = world.places(name).first().copied().unwrap_or_default();
        return Err(Trouble::new(format!("Package {name} is already running on node {node}")));
    }
    if !many && asked.len() > 1 {
        return Err(Trouble::new(format!("Package {name} can only run on one node")));
    }
    let good = |node: &&str| world.up().any(|up| up == *node) && world.is_allowed(name, node);
    let chosen: Vec<String> = if !asked.is_empty() {
        asked.iter().map(|node| (*node).to_owned()).collect()
    } else if many || call.has('a') {
        let all = nodes.iter().filter(|node| good(node)).map(|node| (*node).to_owned());
        all.take(if many { usize::MAX } else { 1 }).collect()
    } else {
        // The node where the command is given.
        let here = world.here.as_deref().or_else(|| nodes.first().copied());
        here.map(str::to_owned).into_iter().collect()
    };
    if chosen.is_empty() {
        return Err(Trouble::new(format!("Unable to run package {name}, no node is eligible")));
    }
    for node in &chosen {
        world.node(node)?;
        if !nodes.contains(&node.as_str()) {
            let why = format!("Package {name} is not configured to run on node {node}");
            return Err(Trouble(why));
        }
        if !world.up().any(|up| up == node) {
            return Err(Trouble(format!(
                "Unable to run package {name}, node {node} is not running"
            )));
        }
        if let Some(place) = world.held(name, node) {
            let why = format!(
                "Unable to run package {name} on node {node}, its halt script failed on node {place}\n\
                 What was not halted may still be in use there. Look at it, then use cmmodpkg -e -n {node} {name}"
            );
            return Err(Trouble(why));
        }
        if !world.is_allowed(name, node) {
            let why = format!(
                "Unable to run package {name} on node {node}, node switching is disabled\n\
                 Use cmmodpkg -e -n {node} {name} first"
            );
            return Err(Trouble(why));
        }
    }
    Ok(chosen)
}

/// Halts packages, and switches them off, so that they stay halted. With `-f -n NODE` one that is detached there is
/// taken for halted.
pub(crate) fn cmhaltpkg(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vn:tf")?;
    let packages = named(&call)?;
    let home = Home::find();
    let world = World::read(&home)?;
    let asked: Vec<&str> = call.values('n').collect();
    if let ([name], true, false) = (packages, call.has('f'), call.has('t')) {
        roles::needs_root("giving up what is detached")?;
        if !world.detached(name).is_empty() {
            give_up(&home, &world, name, &asked)?;
            home.wait()?;
            return halted(&home, packages, &asked, said);
        }
    }
    for name in packages {
        roles::needs(&world.document, &Needs::Package(name))?;
        may_be_halted(&world, name, &asked, packages)?;
    }
    for name in packages {
        said.line(format!("Halting package {name}"));
    }
    if call.has('t') {
        return Ok(());
    }
    for name in packages {
        let package = world.package(name)?;
        if is_multi(package) && !asked.is_empty() {
            for node in &asked {
                home.attribute(node, &names::runs(name), None)?;
            }
            home.edit(|document| {
                asked.iter().for_each(|node| switching::ban(document, name, node));
            })?;
            continue;
        }
        for node in world.runs_by_hand(name) {
            home.attribute(&node, &names::runs(name), None)?;
        }
        home.edit(|document| switching::disable(document, name))?;
    }
    home.wait()?;
    halted(&home, packages, &asked, said)
}

fn may_be_halted(
    world: &World,
    name: &str,
    asked: &[&str],
    together: &[String],
) -> Result<(), Trouble> {
    world.package(name)?;
    if let Some(node) = world.detached(name).first() {
        return Err(Trouble(advice(name, node)));
    }
    let places = world.places(name);
    if places.is_empty() {
        return Err(Trouble::new(format!("Package {name} is not running")));
    }
    for node in asked {
        world.node(node)?;
        if !places.iter().any(|(place, _)| place == node) {
            return Err(Trouble::new(format!("Package {name} is not running on node {node}")));
        }
    }
    let left: Vec<&str> =
        world.dependents(name).filter(|other| !together.iter().any(|one| one == other)).collect();
    if left.is_empty() {
        return Ok(());
    }
    let list = view::words::list(&left);
    Err(Trouble::new(format!("Unable to halt package {name}, {list} depends on it")))
}

fn halted(
    home: &Home,
    packages: &[String],
    asked: &[&str],
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    if matches!(home, Home::File(_)) {
        return Ok(());
    }
    let after = World::read(home)?;
    let still = |name: &&String| {
        after.places(name).iter().any(|(node, _)| asked.is_empty() || asked.contains(node))
    };
    let left: Vec<String> = packages
        .iter()
        .filter(still)
        .map(|name| format!("Unable to halt package {name}"))
        .collect();
    if !left.is_empty() {
        return Err(Trouble(left.join("\n")));
    }
    said.line("One or more packages or package instances have been halted");
    said.line("cmhaltpkg: Completed successfully on all packages specified");
    Ok(())
}

//! `cmrunpkg` and `cmhaltpkg`.

use cib::Document;
use serviceguard::lower::partly::{self, Extent};
use serviceguard::lower::{self, names, switching};
use serviceguard::{Package, Text};

use crate::call::{Call, Said, Trouble};
use crate::detach::{advice, give_up};
use crate::home::Home;
use crate::maintain;
use crate::preview;
use crate::roles::{self, Needs};
use crate::seen::{World, is_multi};

/// Runs packages, on the nodes that are named, on this one, or with `-a` on the best.
pub(crate) fn cmrunpkg(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "van:tm:e:")?;
    let packages = named(&call)?;
    let home = Home::find().for_call(&call)?;
    let world = World::read(&home)?;
    let is_maintained = packages.iter().any(|name| world.is_maintained(name));
    if call.has('m') || call.has('e') || is_maintained {
        return run_maintained((&home, &world), &call, packages, said);
    }
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
    let mut held = Vec::new();
    for (name, nodes) in &wanted {
        if let [node] = nodes.as_slice()
            && choose_site((&home, &world), world.package(name)?, node)?
        {
            held.push(*name);
        }
        let runs = names::runs(name);
        for node in world.runs_by_hand(name) {
            home.attribute(&node, &runs, None)?;
        }
        for node in nodes {
            home.attribute(node, &runs, Some("1"))?;
        }
    }
    home.wait()?;
    if call.has('t') {
        return preview::tell(&home, &world, said);
    }
    if !home.is_running() {
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
    home.edit(|document| held.iter().for_each(|name| switching::enable(document, name)))?;
    said.line("All specified packages are running.");
    Ok(())
}

/// Where an operator runs a package that prefers its site, that is its site from now on. Its other nodes are not to
/// start it before that one: answers whether it was switched off for that.
fn choose_site(
    (home, world): (&Home, &World),
    package: &Package,
    node: &str,
) -> Result<bool, Trouble> {
    let name = package.called();
    let is_other = keep_site((home, world), package, node, |document| {
        switching::disable(document, name);
    })?;
    Ok(is_other && world.is_switched_on(name))
}

/// A package runs on a node, be it that it went there by itself: for its agent.
pub(crate) fn settle(home: &Home, world: &World, name: &str, node: &str) -> Result<(), Trouble> {
    let package = world.package(name)?;
    let runs = world.places(name).iter().any(|(place, _)| *place == node);
    if runs && package.takes_its_site_along() {
        keep_site((home, world), package, node, |_| {})?;
    }
    Ok(())
}

/// The site of a node is a package's from now on. Whether it was another one before; then `more` is done with it.
fn keep_site(
    (home, world): (&Home, &World),
    package: &Package,
    node: &str,
    more: impl Fn(&mut Document),
) -> Result<bool, Trouble> {
    let name = package.called();
    let choose =
        |document: &mut Document| lower::sites::choose(document, &world.cluster, package, node);
    if !choose(&mut world.document.clone()) {
        return Ok(false);
    }
    let text = Text::parse(&lower::package_text(&world.document, name).unwrap_or_default());
    home.edit(|document| {
        choose(document);
        lower::write_package(document, &world.cluster, &text, &world.packages);
        more(document);
    })?;
    Ok(true)
}

/// One package, whole or in part, and the cluster leaves it alone then.
fn run_maintained(
    (home, world): (&Home, &World),
    call: &Call,
    packages: &[String],
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    let [name] = packages else {
        return Err(Trouble::new("A package in maintenance is run by itself: specify only one"));
    };
    if call.has('t') {
        return Err(Trouble::new("Runs in maintenance are not previewed (-t)"));
    }
    roles::needs(&world.document, &Needs::Package(name))?;
    let extent = maintain::extent(call)?;
    let nodes = targets(world, call, name)?;
    let node = nodes.first().map_or("", String::as_str);
    maintain::run((home, world), (name, node), &extent, said)
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
        let order = lower::sites::in_order(&world.document, &world.cluster, package, nodes.clone());
        let all = order.into_iter().filter(good).map(str::to_owned);
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
    let call = Call::read(words, "vn:tfs")?;
    let packages = named(&call)?;
    let home = Home::find().for_call(&call)?;
    let world =
        home.read_when(|world| packages.iter().all(|name| !world.places(name).is_empty()))?;
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
        if call.has('s') && partly::missing(&world.document, name).is_empty() {
            let why = format!("Unable to halt package {name} in part (-s), it was started whole");
            return Err(Trouble(why));
        }
        may_be_halted(&world, name, &asked, packages)?;
    }
    for name in packages {
        said.line(format!("Halting package {name}"));
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
        if world.is_maintained(name) {
            maintain::forget(&home, &world, name)?;
        }
        home.edit(|document| {
            switching::disable(document, name);
            switching::maintain(document, name, false);
            if !partly::missing(document, name).is_empty() {
                partly::write(document, name, &Extent::default());
            }
        })?;
    }
    home.wait()?;
    if call.has('t') {
        return preview::tell(&home, &world, said);
    }
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
    if places.is_empty() && !world.is_maintained(name) {
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
    if !home.is_running() {
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

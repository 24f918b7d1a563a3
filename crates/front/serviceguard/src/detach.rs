//! Packages run on while their nodes leave the cluster (`cmhaltnode -d`, `cmhaltcl -d`), and are taken up again when
//! these are back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serviceguard::Package;
use serviceguard::lower::{detach, names, switching};

use crate::call::{Said, Trouble};
use crate::home::Home;
use crate::maintain::needs_own_set;
use crate::nodes::packages_on;
use crate::roles;
use crate::seen::World;

/// What becomes of the packages of nodes that leave.
pub(crate) struct Parting {
    /// They run on: each with the nodes on which it does.
    detached: BTreeMap<String, Vec<String>>,
    /// They are halted: each with why it cannot run on.
    halted: BTreeMap<String, String>,
}

impl Parting {
    /// Of all that run on the nodes. Where some cannot run on, only if they may be halted.
    pub(crate) fn of(world: &World, nodes: &[String], may_halt: bool) -> Result<Self, Trouble> {
        roles::needs_root("detaching packages")?;
        if let Some(node) = nodes.iter().find(|node| !world.up().any(|up| up == node.as_str())) {
            return Err(Trouble(format!("Unable to detach packages, node {node} is not running")));
        }
        let whole = world.up().all(|up| nodes.iter().any(|node| node == up));
        let mut parting = Self { detached: BTreeMap::new(), halted: BTreeMap::new() };
        for node in nodes {
            for name in packages_on(world, node) {
                match hindrance(world, name, nodes, whole)? {
                    Some(why) => drop(parting.halted.insert(name.to_owned(), why)),
                    None => parting.detached.entry(name.to_owned()).or_default().push(node.clone()),
                }
            }
        }
        parting.halt_dependents(world)?;
        if parting.halted.is_empty() || may_halt {
            return Ok(parting);
        }
        let mut lines: Vec<String> = parting
            .halted
            .iter()
            .map(|(name, why)| format!("Unable to detach package {name}, {why}"))
            .collect();
        lines.push("Halt it first with cmhaltpkg, or use -f to have it halted".to_owned());
        Err(Trouble(lines.join("\n")))
    }

    /// What needs a package that is halted cannot go on without it.
    fn halt_dependents(&mut self, world: &World) -> Result<(), Trouble> {
        loop {
            let mut more = BTreeMap::new();
            for name in self.detached.keys() {
                let needs = needs(world.package(name)?);
                if let Some(gone) = needs.iter().find(|other| self.halted.contains_key(**other)) {
                    more.insert(name.clone(), format!("it depends on {gone}, which cannot be"));
                }
            }
            if more.is_empty() {
                return Ok(());
            }
            self.detached.retain(|name, _| !more.contains_key(name));
            self.halted.extend(more);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.detached.is_empty()
    }

    pub(crate) fn tell(&self, said: &mut Said<'_>) {
        for (name, nodes) in &self.detached {
            said.line(format!("Detaching package {name} on {}", view::words::list(nodes)));
        }
        for (name, why) in &self.halted {
            said.line(format!("Halting package {name}: {why}"));
        }
    }

    /// Has the cluster leave them alone. The nodes must not take them up again before they have left.
    pub(crate) fn carry_out(&self, home: &Home, world: &World) -> Result<(), Trouble> {
        let mut of_node: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
        for (name, nodes) in &self.detached {
            for node in nodes {
                let kept = of_node.entry(node).or_default();
                kept.extend(attributes(world, world.package(name)?, node));
            }
        }
        for node in of_node.keys() {
            home.attribute(node, names::DETACHING, Some("1"))?;
        }
        home.edit_if(|document| {
            for (name, nodes) in &self.detached {
                needs_own_set(document, name, "detach")?;
                detach::mark(document, name, nodes);
            }
            for (node, kept) in &of_node {
                detach::wait_for(document, node, kept);
            }
            Ok(())
        })
    }
}

fn needs(package: &Package) -> Vec<&str> {
    let conditions = package.dependencies.iter().filter_map(|one| one.condition.as_ref());
    let up = conditions.filter(|condition| condition.value.up);
    up.map(|condition| condition.value.package.as_str()).collect()
}

/// Why a package of one of these nodes cannot run on without the cluster.
fn hindrance(
    world: &World,
    name: &str,
    nodes: &[String],
    whole: bool,
) -> Result<Option<String>, Trouble> {
    let package = world.package(name)?;
    // It would not be halted either.
    if world.is_maintained(name) {
        let why = format!(
            "Unable to detach package {name}, it is in maintenance\nUse cmmodpkg -m off {name} first"
        );
        return Err(Trouble(why));
    }
    needs_own_set(&world.document, name, "detach")?;
    let leaves = |node: &str| nodes.iter().any(|one| one == node);
    if let Some(why) = detach::hindrance(package, &world.packages, whole) {
        return Ok(Some(why));
    }
    if world.places(name).iter().any(|(node, is_whole)| leaves(node) && !is_whole) {
        return Ok(Some("not all of it is up".to_owned()));
    }
    let stays = world.dependents(name).find_map(|other| {
        let places = world.places(other);
        let (node, _) = places.iter().find(|(node, _)| !leaves(node))?;
        Some(format!("{other} depends on it and runs on node {node}, which stays"))
    });
    Ok(stays)
}

/// What is said of a package's resources and services on a node, and passes with the node's life.
fn attributes(world: &World, package: &Package, node: &str) -> Vec<(String, String)> {
    let pair = |name: &String| Some((name.clone(), world.attribute(node, name)?.to_owned()));
    attribute_names(package).iter().filter_map(pair).collect()
}

fn attribute_names(package: &Package) -> Vec<String> {
    let generic = package.generic_resources.iter().map(|one| names::resource(&one.name.value));
    let polled = package.resources.iter().map(|one| names::resource(&one.name.value));
    let services = package.services.iter().map(|one| names::restarts(&one.name.value));
    let deferred = package.resources.iter().map(|one| names::deferred(&one.name.value));
    generic.chain(polled).chain(deferred).chain(services).collect()
}

/// A node that is back takes up what was detached on it, as far as it has looked: for its agent, which asks until
/// nothing is left.
pub(crate) fn attach(home: &Home, world: &World, node: &str) -> Result<(), Trouble> {
    if world.attribute(node, names::DETACHING).is_some() {
        return Ok(());
    }
    let ready = detach::ready(&world.document, node);
    let kept = detach::kept(&world.document, node);
    for name in &ready {
        // What does not run any more, as after a reset, is started as any other package.
        if !world.places(name).iter().any(|(place, _)| *place == node) {
            continue;
        }
        let own = attribute_names(world.package(name)?);
        for (key, value) in kept.iter().filter(|(key, _)| own.contains(key)) {
            if world.attribute(node, key).is_none() {
                home.attribute(node, key, Some(value))?;
            }
        }
        let is_banned = switching::banned(&world.document, name).iter().any(|one| one == node);
        if is_banned || !world.is_switched_on(name) {
            home.attribute(node, &names::runs(name), Some("1"))?;
        }
    }
    home.edit(|document| {
        let ready_still = detach::ready(document, node);
        for name in ready.iter().filter(|name| ready_still.contains(name)) {
            detach::attach(document, name);
        }
        detach::tidy(document);
    })
}

/// Has nodes take up their packages that were to leave without them, and waits until they all have. What waits
/// for another node's package is not waited for.
pub(crate) fn wait_attached(
    home: &Home,
    nodes: &[String],
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    /// Longer than nodes take to look at what runs on them.
    const PATIENCE: Duration = Duration::from_secs(120);
    const PAUSE: Duration = Duration::from_millis(200);
    let begun = Instant::now();
    loop {
        let world = World::read(home)?;
        let mut left = Vec::new();
        for node in nodes {
            let is_leaving = world.status.nodes.iter().any(|one| one.name == *node && one.leaving);
            if !is_leaving && world.attribute(node, names::DETACHING).is_some() {
                home.attribute(node, names::DETACHING, None)?;
            }
            let here = detach::packages(&world.document, node).into_iter();
            left.extend(here.map(|name| (detach::awaited(&world.document, &name, node), name)));
        }
        if left.iter().all(|(awaited, _)| awaited.is_some()) || begun.elapsed() > PATIENCE {
            for (awaited, name) in left {
                let why = awaited.map(|other| format!(": it depends on {other}, which is, too"));
                said.line(format!("Package {name} is detached still{}", why.unwrap_or_default()));
            }
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

/// What is to be done about a package that is detached.
pub(crate) fn advice(name: &str, node: &str) -> String {
    format!(
        "Package {name} is detached on node {node}, and may run there\n\
         cmrunnode {node} has the node take it up again\n\
         If nothing of it runs there any more, say so: cmhaltpkg -f -n {node} {name}"
    )
}

/// Takes an operator's word that a detached package does not run any more where it was left.
pub(crate) fn give_up(
    home: &Home,
    world: &World,
    name: &str,
    asked: &[&str],
) -> Result<(), Trouble> {
    let nodes = world.detached(name);
    for node in &nodes {
        if world.up().any(|up| up == node) {
            let why = format!("Node {node} is up, and about to take up package {name} itself");
            return Err(Trouble(why));
        }
        if !asked.contains(&node.as_str()) {
            return Err(Trouble(advice(name, node)));
        }
    }
    home.edit(|document| {
        detach::attach(document, name);
        detach::tidy(document);
        switching::disable(document, name);
    })
}

//! Maintenance: a package is left alone while somebody works on it, started whole, in part (`cmrunpkg -m`, `-e`),
//! or not at all.

use cib::Document;
use serviceguard::lower::partly::{self, Extent};
use serviceguard::lower::{names, switching};
use serviceguard::{Package, modules};

use crate::call::{Call, Said, Trouble};
use crate::home::Home;
use crate::roles;
use crate::seen::World;

/// Which modules are to be started.
pub(crate) fn extent(call: &Call) -> Result<Extent, Trouble> {
    let up_to = call.value('m').map(module).transpose()?;
    let without = call.values('e').map(module).collect::<Result<_, _>>()?;
    Ok(Extent { up_to, without })
}

fn module(name: &str) -> Result<&'static str, Trouble> {
    if let Some(known) = partly::module(name) {
        return Ok(known);
    }
    let lowered = name.to_lowercase();
    let starts_nothing = modules::MODULES.iter().find(|(other, _)| *other == lowered);
    let known = partly::MODULES.iter().copied();
    let hint = match (starts_nothing, view::words::nearest(&lowered, known)) {
        (Some(_), _) => "it starts nothing by itself".to_owned(),
        (None, Some(near)) => format!("did you mean {near}?"),
        (None, None) => "it is in no release".to_owned(),
    };
    let list = view::words::list(&partly::MODULES);
    Err(Trouble(format!("Unable to use the module {name}: {hint}\nModules are {list}")))
}

/// Runs a package that is down so far, and has the cluster leave it alone once that is done.
pub(crate) fn run(
    (home, world): (&Home, &World),
    (name, node): (&str, &str),
    extent: &Extent,
    said: &mut Said<'_>,
) -> Result<(), Trouble> {
    may_be_maintained(world, world.package(name)?)?;
    let is_partial = *extent != Extent::default();
    if is_partial {
        roles::needs_root("starting packages in part")?;
    }
    let members = partly::write(&mut world.document.clone(), name, extent);
    if members.is_empty() {
        return Err(Trouble(format!(
            "Unable to run package {name}, it has nothing of these modules"
        )));
    }
    said.line(format!("Running package {name} on node {node}: {}", view::words::list(&members)));
    home.edit(|document| {
        switching::disable(document, name);
        switching::maintain(document, name, false);
        partly::write(document, name, extent);
    })?;
    for other in world.runs_by_hand(name) {
        home.attribute(&other, &names::runs(name), None)?;
    }
    home.attribute(node, &names::runs(name), Some("1"))?;
    home.wait()?;
    if !home.is_running() {
        return Ok(());
    }
    if !World::read(home)?.places(name).contains(&(node, true)) {
        home.attribute(node, &names::runs(name), None)?;
        home.edit(|document| drop(partly::write(document, name, &Extent::default())))?;
        home.wait()?;
        return Err(Trouble(format!("Unable to run package {name} on node {node}")));
    }
    maintain(home, name)?;
    said.line(format!("Successfully started package {name} on node {node}, in maintenance"));
    Ok(())
}

/// `cmmodpkg -m on`: whatever runs of it, and wherever, is left alone.
pub(crate) fn begin(home: &Home, world: &World, name: &str, nodes: &[&str]) -> Result<(), Trouble> {
    let package = world.package(name)?;
    may_be_maintained(world, package)?;
    if let Some((place, _)) = world.places(name).iter().find(|(place, _)| is_other(nodes, place)) {
        return Err(Trouble(format!("Package {name} is running on node {place}")));
    }
    let configured = world.nodes_of(package);
    if let Some(node) = nodes.iter().find(|node| !configured.contains(node)) {
        return Err(Trouble(format!("Package {name} is not configured to run on node {node}")));
    }
    maintain(home, name)
}

fn maintain(home: &Home, name: &str) -> Result<(), Trouble> {
    home.edit_if(|document| {
        needs_own_set(document, name, "maintain")?;
        switching::maintain(document, name, true);
        Ok(())
    })
}

/// Refuses a package whose resource has lost what would say that it is left alone, as by an edit by hand.
pub(crate) fn needs_own_set(document: &Document, name: &str, deed: &str) -> Result<(), Trouble> {
    if switching::is_maintainable(document, name) {
        return Ok(());
    }
    Err(Trouble(format!(
        "Unable to {deed} package {name}, its meta attributes ({name}-meta) were taken out of the configuration,\n\
         and the cluster would go on watching and halting it\n\
         Write it anew first: cmgetconf -p {name} FILE, then cmapplyconf -P FILE"
    )))
}

fn is_other(nodes: &[&str], place: &str) -> bool {
    !nodes.is_empty() && !nodes.contains(&place)
}

/// Modular failover packages, on which nothing depends that is up or would start.
fn may_be_maintained(world: &World, package: &Package) -> Result<(), Trouble> {
    let name = package.called();
    if !partly::is_maintainable(package) {
        let why = "only modular failover packages can be in maintenance";
        return Err(Trouble(format!("Unable to maintain package {name}, {why}")));
    }
    needs_own_set(&world.document, name, "maintain")?;
    let needs = |other: &&Package| {
        let conditions = other.dependencies.iter().filter_map(|one| one.condition.as_ref());
        conditions.into_iter().any(|said| said.value.up && said.value.package == name)
    };
    for other in world.packages.iter().filter(needs).map(Package::called) {
        let why = match (world.places(other).is_empty(), world.is_switched_on(other)) {
            (true, false) => continue,
            (false, _) => format!("{other} depends on it and is up\nUse cmhaltpkg {other} first"),
            (true, true) => {
                format!("{other} depends on it and may start\nUse cmmodpkg -d {other} first")
            }
        };
        return Err(Trouble(format!("Unable to maintain package {name}, {why}")));
    }
    Ok(())
}

/// `cmmodpkg -m off`: the cluster looks after it again, if it runs whole or not at all.
pub(crate) fn end(home: &Home, world: &World, name: &str, nodes: &[&str]) -> Result<(), Trouble> {
    world.package(name)?;
    if let Some((place, _)) = world.places(name).iter().find(|(place, _)| is_other(nodes, place)) {
        return Err(Trouble(format!("Package {name} is running on node {place}")));
    }
    let missing = partly::missing(&world.document, name);
    if world.is_maintained(name) && !world.places(name).is_empty() {
        if !missing.is_empty() {
            return Err(not_whole(name, &missing));
        }
        looked(home, world, name)?;
    }
    forget(home, &World::read(home)?, name)?;
    home.edit(|document| {
        switching::maintain(document, name, false);
        if !partly::missing(document, name).is_empty() {
            partly::write(document, name, &Extent::default());
        }
    })
}

/// What failed in maintenance does not count.
pub(crate) fn forget(home: &Home, world: &World, name: &str) -> Result<(), Trouble> {
    for node in &world.status.nodes {
        for member in world.members(name) {
            if world.has_count(&node.name, &member) {
                home.cleanup(&member, &node.name)?;
            }
        }
    }
    Ok(())
}

fn not_whole(name: &str, missing: &[String]) -> Trouble {
    let list = view::words::list(missing);
    Trouble(format!(
        "Unable to end the maintenance of package {name}, not all of it runs: {list}\n\
         Use cmhaltpkg {name}, which ends it, too"
    ))
}

/// What nobody has watched is looked at before the cluster counts on it.
fn looked(home: &Home, world: &World, name: &str) -> Result<(), Trouble> {
    if !home.is_running() {
        return Ok(());
    }
    let members = world.members(name);
    for (node, _) in world.places(name) {
        for member in &members {
            home.cleanup(member, node)?;
        }
    }
    home.wait()?;
    let after = World::read(home)?;
    let runs = |id: &&String| {
        let failed = after.status.failures.iter().any(|failure| failure.resource == **id);
        failed || !after.runs(name, id)
    };
    let missing: Vec<String> = members.iter().filter(runs).cloned().collect();
    if missing.is_empty() || missing.len() == members.len() {
        return Ok(());
    }
    Err(not_whole(name, &missing))
}

//! `cmdeleteconf`: packages are taken out of the configuration, or all of it from all nodes.

use serviceguard::{Package, lower};

use crate::apply::agreed;
use crate::call::{Call, Said, Trouble, in_words};
use crate::detach::advice;
use crate::home::Home;
use crate::roles;
use crate::seen::World;

/// Takes out packages that are down and that no other depends on, or a cluster that is down; asks unless `-f`.
pub(crate) fn cmdeleteconf(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "fvc:p:")?;
    let packages: Vec<&str> =
        call.values('p').chain(call.words.iter().map(String::as_str)).collect();
    roles::needs_root("changing the configuration")?;
    let home = Home::find();
    if packages.is_empty() {
        return whole(&home, &call, said);
    }
    let world = World::read(&home)?;
    for name in &packages {
        may_go(&world, name, &packages)?;
    }
    for name in &packages {
        said.line(format!("Deleting package {name}"));
    }
    if !call.has('f') && !agreed("Modify the package configuration", said)? {
        return Err(Trouble::new("Nothing was changed"));
    }
    home.edit(|document| packages.iter().for_each(|name| lower::delete_package(document, name)))?;
    said.line("Completed the package deletion.");
    Ok(())
}

/// The whole cluster, where it runs on no node.
fn whole(home: &Home, call: &Call, said: &mut Said<'_>) -> Result<(), Trouble> {
    if matches!(home, Home::File(_)) || home.read().is_ok() {
        let why = "The cluster is running, and its configuration stays\n\
                   Halt it first, with cmhaltcl; packages are named with -p";
        return Err(Trouble::new(why));
    }
    let name = cluster::cluster_name().map_err(in_words)?;
    if let Some(other) = call.value('c').filter(|other| *other != name) {
        return Err(Trouble(format!("This node is of the cluster {name}, and not of {other}")));
    }
    cluster::require_halted().map_err(in_words)?;
    let nodes = cluster::members().map_err(in_words)?.0;
    said.line(format!("Deleting cluster {name} from {}", view::words::list(&nodes)));
    if !call.has('f') && !agreed(&format!("Delete the configuration of cluster {name}"), said)? {
        return Err(Trouble::new("Nothing was changed"));
    }
    cluster::delete().map_err(in_words)?;
    said.line("Completed the cluster deletion.");
    said.line(
        "On each node stay: packages' scripts and directories, and what was taken away, under",
    );
    said.line("names that end in .old.");
    Ok(())
}

fn may_go(world: &World, name: &str, together: &[&str]) -> Result<(), Trouble> {
    world.package(name)?;
    if let Some(node) = world.detached(name).first() {
        return Err(Trouble(advice(name, node)));
    }
    if let Some((node, _)) = world.places(name).first() {
        return Err(Trouble(format!(
            "Unable to delete package {name}, it is running on node {node}"
        )));
    }
    let needs = |other: &&Package| {
        let conditions = other.dependencies.iter().filter_map(|one| one.condition.as_ref());
        conditions.into_iter().any(|condition| condition.value.package == name)
    };
    let left = world.packages.iter().filter(needs).map(Package::called);
    match left.into_iter().find(|other| !together.contains(other)) {
        Some(other) => {
            Err(Trouble(format!("Unable to delete package {name}, {other} has a dependency on it")))
        }
        None => Ok(()),
    }
}

//! `cmdeleteconf`: packages are taken out of the configuration.

use serviceguard::{Package, lower};

use crate::apply::agreed;
use crate::call::{Call, Said, Trouble};
use crate::home::Home;
use crate::roles;
use crate::seen::World;

/// Takes out packages that are down and that no other depends on; asks unless `-f`.
pub(crate) fn cmdeleteconf(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "fvc:p:")?;
    let packages: Vec<&str> =
        call.values('p').chain(call.words.iter().map(String::as_str)).collect();
    if packages.is_empty() {
        let why = "The cluster is running, and its configuration stays\n\
                   Name packages with -p; nodes leave for good with `quorate cluster leave`";
        return Err(Trouble::new(why));
    }
    roles::needs_root("changing the configuration")?;
    let home = Home::find();
    let world = World::read(&home)?;
    for name in &packages {
        may_go(&world, name, &packages)?;
    }
    for name in &packages {
        said.line(format!("Deleting package {name}"));
    }
    if !call.has('f') && !agreed("package", said)? {
        return Err(Trouble::new("Nothing was changed"));
    }
    home.edit(|document| packages.iter().for_each(|name| lower::delete_package(document, name)))?;
    said.line("Completed the package deletion.");
    Ok(())
}

fn may_go(world: &World, name: &str, together: &[&str]) -> Result<(), Trouble> {
    world.package(name)?;
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

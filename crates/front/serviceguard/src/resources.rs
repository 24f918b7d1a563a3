//! `cmsetresource` and `cmgetresource`: the value of a generic resource on a node. Packages that name it run only
//! where it is well.

use serviceguard::GenericResource;
use serviceguard::lower::names;

use crate::call::{Call, Said, Trouble};
use crate::home::Home;
use crate::seen::World;

/// Sets it: `-r RESOURCE [-p PACKAGE] {-s up|down | VALUE}`, on this node or on that of `-n`.
pub(crate) fn cmsetresource(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vr:p:s:n:")?;
    let home = Home::find();
    let world = World::read(&home)?;
    let (name, resource) = resource(&world, &call)?;
    let node = node(&world, &call)?;
    let value = value(&call, name, resource)?;
    home.attribute(&node, &names::resource(name), Some(value))?;
    if call.has('v') {
        said.line(format!("Generic resource {name} is {value} on node {node}"));
    }
    Ok(())
}

/// Says it: `-r RESOURCE`, of this node or of that of `-n`.
pub(crate) fn cmgetresource(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "vr:p:n:")?;
    let world = World::read(&Home::find())?;
    let (name, _) = resource(&world, &call)?;
    let node = node(&world, &call)?;
    said.line(world.attribute(&node, &names::resource(name)).unwrap_or("unknown"));
    Ok(())
}

/// The resource that is meant, as the first package has it that names it.
fn resource<'w>(
    world: &'w World,
    call: &'w Call,
) -> Result<(&'w str, &'w GenericResource), Trouble> {
    let name = call.value('r').ok_or_else(|| Trouble::new("Specify a generic resource with -r"))?;
    if let Some(package) = call.value('p') {
        world.package(package)?;
    }
    let is_asked = |package: &&serviceguard::Package| {
        call.value('p').is_none_or(|asked| asked == package.called())
    };
    let all = world.packages.iter().filter(is_asked).flat_map(|package| &package.generic_resources);
    let found = all.into_iter().find(|resource| resource.name.value == name);
    let none = || Trouble(format!("No package has the generic resource {name}"));
    found.map(|resource| (name, resource)).ok_or_else(none)
}

fn node(world: &World, call: &Call) -> Result<String, Trouble> {
    let node = call.value('n').map(str::to_owned).or_else(|| world.here.clone());
    let node = node.ok_or_else(|| Trouble::new("Specify a node with -n"))?;
    world.node(&node)?;
    Ok(node)
}

/// A resource that is compared has a number, any other is up or down.
fn value<'c>(call: &'c Call, name: &str, resource: &GenericResource) -> Result<&'c str, Trouble> {
    match (call.value('s'), call.words.as_slice(), resource.is_compared()) {
        (Some(state @ ("up" | "down")), [], false) => Ok(state),
        (None, [number], true) if number.parse::<i64>().is_ok() => Ok(number),
        (_, _, false) => Err(Trouble(format!(
            "The generic resource {name} is up or down: specify -s up or -s down"
        ))),
        (_, _, true) => Err(Trouble(format!("The generic resource {name} takes a number"))),
    }
}

//! A daemon that shut down in peace left nothing running.

use crate::world::World;

pub(super) fn check(world: &mut World) -> Option<String> {
    let left = world.just_left.take()?;
    let machine = world.machines.get(&left)?;
    let still: Vec<&str> = world
        .scene
        .wanted
        .iter()
        .map(|wanted| wanted.id.as_str())
        .filter(|id| machine.active.contains_key(*id))
        .collect();
    (!still.is_empty()).then(|| format!("{} left while {} ran", machine.name, still.join(", ")))
}

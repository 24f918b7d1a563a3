//! Devices here do what they say, and so do watchdogs. So no living daemon finds itself declared off:
//! what was meant was its machine's life before, and to end this one for it would leave the node out.

use crate::world::World;

pub(super) fn check(world: &mut World) -> Option<String> {
    let node = world.just_exited_as_fenced.take()?;
    (!world.devices_lie()).then(|| format!("n{node} ends itself for a fencing of an earlier life"))
}

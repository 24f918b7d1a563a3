//! A change that was acknowledged is never lost. Disks survive every fault here, and a quorum of
//! them is up in the end, so every document must have it.

use crate::world::World;

pub(super) fn check(world: &World) -> Option<String> {
    for machine in world.machines.values() {
        let Some(daemon) = &machine.daemon else { continue };
        let lost = world
            .clients
            .acknowledged
            .iter()
            .find(|edit| daemon.document().find_id(&format!("edit-{edit}")).is_none());
        if let Some(edit) = lost {
            return Some(format!("{} lost the acknowledged edit {edit}", machine.name));
        }
    }
    None
}

//! A change that was acknowledged is never lost, whatever gives quorum. Disks survive every fault
//! here, and all are there in the end, so every document must have it.

use crate::world::World;

pub(super) fn check(world: &World) -> Option<String> {
    for machine in world.machines.values() {
        let Some(daemon) = &machine.daemon else { continue };
        let has = |edit: &u64| daemon.document().find_id(&format!("edit-{edit}")).is_some();
        let lost = world.clients.acknowledged.iter().find(|edit| !has(edit));
        if let Some(edit) = lost {
            return Some(format!("{} lost the acknowledged edit {edit}", machine.name));
        }
    }
    None
}

//! A change that was acknowledged is never lost. Disks survive every fault here, and all are there
//! in the end, so every document must have it. Where two sides may have had quorum at once, the one
//! that gives way must have put it in a file and said so.

use crate::quorum::Rule;
use crate::world::World;

pub(super) fn check(world: &World) -> Option<String> {
    let clients = &world.clients;
    let may_give_way = world.scene.rule != Rule::Majority;
    let is_kept = |edit: u64| may_give_way && clients.is_aside(edit);
    for machine in world.machines.values() {
        let Some(daemon) = &machine.daemon else { continue };
        let has = |edit: u64| daemon.document().find_id(&format!("edit-{edit}")).is_some();
        let lost = clients.acknowledged.iter().find(|edit| !has(**edit) && !is_kept(**edit));
        if let Some(edit) = lost {
            return Some(format!("{} lost the acknowledged edit {edit}", machine.name));
        }
    }
    None
}

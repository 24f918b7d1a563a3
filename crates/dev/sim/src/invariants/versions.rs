//! On one node, in one life of its daemon, the document never goes back: neither its lineage, nor
//! within a lineage its version.

use std::collections::BTreeMap;

use model::NodeId;

use crate::world::World;

/// The newest edition seen on each node: its daemon's life, lineage and version.
pub(crate) type Seen = BTreeMap<NodeId, (u64, u64, (u32, u32, u32))>;

pub(super) fn check(world: &mut World) -> Option<String> {
    let id = world.touched?;
    let machine = world.machines.get(&id)?;
    let daemon = machine.daemon.as_ref()?;
    let version = daemon.document().version().ok()?;
    let now =
        (machine.life, daemon.lineage(), (version.admin_epoch, version.epoch, version.num_updates));
    let before = world.seen.insert(id, now);
    match before {
        Some(before) if before.0 == now.0 && now < before => Some(format!(
            "{} went back from lineage {} version {:?} to lineage {} version {:?}",
            machine.name, before.1, before.2, now.1, now.2
        )),
        _ => None,
    }
}

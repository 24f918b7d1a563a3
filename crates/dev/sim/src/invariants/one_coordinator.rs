//! A membership has at most one coordinator.

use std::collections::BTreeMap;

use crate::world::World;

pub(super) fn check(world: &World) -> Option<String> {
    let mut by_ring: BTreeMap<u64, &str> = BTreeMap::new();
    for machine in world.machines.values() {
        // Who stands still has not heard of the ring that it is in.
        let goes = machine.paused.is_none();
        let coordinates =
            goes && machine.daemon.as_ref().is_some_and(|daemon| daemon.is_coordinator());
        let ring = world.fabric.ring_of(machine.id).filter(|_| coordinates);
        let Some(ring) = ring else { continue };
        if let Some(other) = by_ring.insert(ring.id, &machine.name) {
            return Some(format!("{other} and {} both coordinate", machine.name));
        }
    }
    None
}

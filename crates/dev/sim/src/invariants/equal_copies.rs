//! Members of one membership that were delivered the same messages hold equal documents, and would
//! undo to the same one.

use std::collections::BTreeMap;

use crate::world::World;

pub(super) fn check(world: &World) -> Option<String> {
    let mut seen: BTreeMap<(u64, usize), (&str, String)> = BTreeMap::new();
    for machine in world.machines.values() {
        let Some(daemon) = machine.daemon.as_ref().filter(|daemon| daemon.is_formed()) else {
            continue;
        };
        if machine.paused.is_some() {
            continue; // It has not looked at what it was delivered.
        }
        let Some(ring) = world.fabric.ring_of(machine.id) else { continue };
        let place = (ring.id, ring.delivered_to(machine.id));
        let earlier = daemon.earlier().unwrap_or_default();
        let text = format!("{}\nearlier: {earlier}", daemon.document());
        match seen.get(&place) {
            Some((other, theirs)) if *theirs != text => {
                let line = theirs.lines().zip(text.lines()).find(|(a, b)| a != b);
                return Some(format!("{other} and {} differ: {line:?}", machine.name));
            }
            Some(_) => {}
            None => {
                seen.insert(place, (&machine.name, text));
            }
        }
    }
    None
}

//! The promises (DESIGN §4), one file each. Each looks at the world and says what it saw broken.

mod acknowledged_changes;
mod active_copies;
mod cold_start_fences_nobody;
mod equal_copies;
mod liveness;
mod lock_has_one_half;
mod one_coordinator;
mod quiet_after_leaving;
mod recovery_has_proof;
mod versions;
mod who_is_fenced_is_off;

use crate::Violation;
use crate::world::World;

pub(crate) use versions::Seen;

/// Checked after every event.
pub(crate) fn always(world: &mut World) -> Option<Violation> {
    let broken = active_copies::check(world)
        .map(|what| ("active_copies", what))
        .or_else(|| lock_has_one_half::check(world).map(|what| ("lock_has_one_half", what)))
        .or_else(|| one_coordinator::check(world).map(|what| ("one_coordinator", what)))
        .or_else(|| quiet_after_leaving::check(world).map(|what| ("quiet_after_leaving", what)))
        .or_else(|| recovery_has_proof::check(world).map(|what| ("recovery_has_proof", what)))
        .or_else(|| versions::check(world).map(|what| ("versions", what)))
        .or_else(|| {
            cold_start_fences_nobody::check(world).map(|what| ("cold_start_fences_nobody", what))
        })
        .or_else(|| who_is_fenced_is_off::check(world).map(|what| ("who_is_fenced_is_off", what)));
    broken.map(|(invariant, what)| world.violation(invariant, what))
}

/// Checked now and then: they look at whole documents.
pub(crate) fn sometimes(world: &mut World) -> Option<Violation> {
    equal_copies::check(world).map(|what| world.violation("equal_copies", what))
}

/// Whether the cluster has healed: `None` if it has, else what is missing.
pub(crate) fn healed(world: &World) -> Option<String> {
    liveness::check(world)
}

/// Checked once everything has healed.
pub(crate) fn finally(world: &mut World) -> Option<Violation> {
    acknowledged_changes::check(world).map(|what| world.violation("acknowledged_changes", what))
}

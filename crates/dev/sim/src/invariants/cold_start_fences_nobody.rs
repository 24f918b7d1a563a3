//! Where all daemons went in peace and came back, with no fault since, nobody who is up is fenced:
//! start-up fencing is for those who are not seen.

use crate::machine::Machine;
use crate::world::World;

pub(super) fn check(world: &mut World) -> Option<String> {
    let target = world.just_fenced.take()?;
    let is_up = world.machines.get(&target).is_some_and(Machine::is_up);
    (is_up && world.cold_start.spares(target))
        .then(|| format!("n{target} is fenced, though all had stopped in peace and it is back"))
}

//! Once faults end, every wanted resource runs, every member agrees, and no plan has work left.

use model::Role;

use crate::world::World;

pub(super) fn check(world: &World) -> Option<String> {
    for machine in world.machines.values() {
        let Some(daemon) = &machine.daemon else {
            return Some(format!("{} is down", machine.name));
        };
        if !daemon.is_idle() {
            return Some(format!("{} is not idle", machine.name));
        }
    }
    for wanted in &world.scene.wanted {
        let running = |role: Option<Role>| {
            let copies =
                world.machines.values().filter_map(|machine| machine.active.get(&wanted.id));
            copies.filter(|found| role.is_none_or(|role| **found == role)).count()
        };
        if running(None) != wanted.copies as usize {
            return Some(format!(
                "{} runs {} times of {}",
                wanted.id,
                running(None),
                wanted.copies
            ));
        }
        if running(Some(Role::Promoted)) != wanted.promoted as usize {
            return Some(format!("{} is not promoted as wanted", wanted.id));
        }
    }
    None
}

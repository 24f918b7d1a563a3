//! A resource is active on at most its allowed number of nodes, and promoted on at most its
//! allowed number. Counted over what really runs, from the first moment of a start.

use model::Role;

use crate::world::World;

pub(super) fn check(world: &World) -> Option<String> {
    for wanted in &world.scene.wanted {
        let nodes = |role: Option<Role>| -> Vec<&str> {
            world
                .machines
                .values()
                .filter(|machine| {
                    let found = machine.active.get(&wanted.id);
                    found.is_some_and(|found| role.is_none_or(|role| *found == role))
                })
                .map(|machine| machine.name.as_str())
                .collect()
        };
        let active = nodes(None);
        if active.len() > wanted.copies as usize {
            return Some(format!("{} is active on {}", wanted.id, active.join(" and ")));
        }
        let promoted = nodes(Some(Role::Promoted));
        if wanted.promoted > 0 && promoted.len() > wanted.promoted as usize {
            return Some(format!("{} is promoted on {}", wanted.id, promoted.join(" and ")));
        }
    }
    None
}

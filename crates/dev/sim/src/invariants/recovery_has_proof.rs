//! What a lost node ran starts nowhere else before that node was turned off by a fence device, or
//! is a member again and says itself what it runs. Also where the lost node is dead by luck: the
//! others cannot know that.

use crate::world::World;

pub(super) fn check(world: &mut World) -> Option<String> {
    let (starter, resource) = world.just_started.take()?;
    let wanted = world.scene.wanted.iter().find(|wanted| wanted.id == resource)?;
    if wanted.copies > 1 {
        return None;
    }
    let ring = world.fabric.ring_of(starter);
    let is_lost = |node| ring.is_none_or(|ring| !ring.members.contains(&node));
    let unproven = world
        .machines
        .values()
        .find(|machine| is_lost(machine.id) && machine.last_known.contains(&resource))?;
    Some(format!("{resource} starts on n{starter}, and {} was not fenced", unproven.name))
}

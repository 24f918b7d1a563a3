//! Actions of groups, clone sets and bundles: those of their members, and the milestones around
//! them.

use model::Score;

use super::acting::Acting;
use super::flags::ActFlags;
use super::notify;
use super::primitive;
use super::probes::is_active_anywhere;
use super::task::Task;
use crate::resolve::values::is_true;
use crate::{ResIx, Variant};

/// Plans every action of a resource and of what is in it.
pub(crate) fn create(acting: &mut Acting<'_, '_>, resource: ResIx) {
    match &acting.resource(resource).variant {
        Variant::Primitive => primitive::create(acting, resource),
        Variant::Group(_) => create_group(acting, resource),
        Variant::CloneSet(_) => create_clone(acting, resource),
        Variant::Bundle(_) => create_bundle(acting, resource),
    }
}

fn create_group(acting: &mut Acting<'_, '_>, group: ResIx) {
    for member in acting.children(group).iter() {
        create(acting, *member);
    }
    let mut tasks = vec![Task::Start, Task::Running, Task::Stop, Task::Stopped];
    if is_true(acting.resource(group).meta("promotable")) {
        tasks.extend([Task::Demote, Task::Demoted, Task::Promote, Task::Promoted]);
    }
    for task in tasks {
        let act = acting.act(group, task, None, true);
        acting.arena[act].flags.set(ActFlags::PSEUDO | ActFlags::RUNNABLE);
    }
}

fn create_clone(acting: &mut Acting<'_, '_>, clone: ResIx) {
    let instances = acting.children(clone);
    create_instances(acting, clone, &instances);
    if !acting.now(clone).flags.promotable {
        return;
    }
    let mut changes = RoleChanges::default();
    for instance in instances.iter() {
        create(acting, *instance);
        changes.look_at(acting, *instance);
    }
    create_role_milestones(acting, clone, changes);
    for instance in instances.iter() {
        acting.now_mut(*instance).priority = acting.now(clone).priority;
    }
}

/// What the instances of a collective are about to do.
#[derive(Clone, Copy, Debug, Default)]
struct Activity {
    starting: bool,
    stopping: bool,
    /// One and the same instance stops and starts.
    restarting: bool,
    active: bool,
}

impl Activity {
    fn look_at(&mut self, acting: &Acting<'_, '_>, instance: ResIx) {
        if !acting.resource(instance).is_primitive() {
            for child in acting.children(instance).iter() {
                self.look_at(acting, *child);
            }
            return;
        }
        let (mut starting, mut stopping) = (false, false);
        for act in acting.arena.of(instance) {
            let act = &acting.arena[*act];
            if act.is(ActFlags::OPTIONAL) {
                continue;
            }
            // A stop that fencing implies is a milestone, whether or not it could run.
            starting |= act.task == Task::Start && act.is(ActFlags::RUNNABLE);
            stopping |=
                act.task == Task::Stop && act.flags.any(ActFlags::PSEUDO | ActFlags::RUNNABLE);
        }
        self.active |= is_active_anywhere(acting, instance);
        self.starting |= starting;
        self.stopping |= stopping;
        self.restarting |= starting && stopping;
    }
}

fn create_instances(acting: &mut Acting<'_, '_>, collective: ResIx, instances: &[ResIx]) {
    let mut activity = Activity::default();
    for instance in instances {
        create(acting, *instance);
        activity.look_at(acting, *instance);
    }
    let start = acting.milestone(collective, Task::Start, !activity.starting, true);
    let running = acting.milestone(collective, Task::Running, !activity.starting, false);
    acting.arena[running].priority = Score::INFINITY.value();
    if activity.active || activity.starting {
        acting.arena[running].flags.set(ActFlags::RUNNABLE);
    }
    let stop = acting.milestone(collective, Task::Stop, !activity.stopping, true);
    let stopped = acting.milestone(collective, Task::Stopped, !activity.stopping, true);
    acting.arena[stopped].priority = Score::INFINITY.value();
    if !activity.restarting {
        acting.arena[stop].flags.set(ActFlags::MIGRATABLE);
    }
    if acting.is_clone(collective) {
        notify::create_for_starts(acting, collective, (start, running), (stop, stopped));
    }
}

/// Whether any instance is promoted or demoted.
#[derive(Clone, Copy, Debug, Default)]
struct RoleChanges {
    promoting: bool,
    demoting: bool,
}

impl RoleChanges {
    fn look_at(&mut self, acting: &Acting<'_, '_>, resource: ResIx) {
        let children = acting.children(resource);
        for child in children.iter() {
            self.look_at(acting, *child);
        }
        if !children.is_empty() {
            return;
        }
        for act in acting.arena.of(resource) {
            let act = &acting.arena[*act];
            if !act.is(ActFlags::OPTIONAL) {
                self.demoting |= act.task == Task::Demote;
                self.promoting |= act.task == Task::Promote;
            }
        }
    }
}

fn create_role_milestones(acting: &mut Acting<'_, '_>, clone: ResIx, changes: RoleChanges) {
    let promote = acting.milestone(clone, Task::Promote, !changes.promoting, true);
    let promoted = acting.milestone(clone, Task::Promoted, !changes.promoting, true);
    acting.arena[promoted].priority = Score::INFINITY.value();
    notify::create_for_promotions(acting, clone, promote, promoted);
    let demote = acting.milestone(clone, Task::Demote, !changes.demoting, true);
    let demoted = acting.milestone(clone, Task::Demoted, !changes.demoting, true);
    acting.arena[demoted].priority = Score::INFINITY.value();
    notify::create_for_demotions(acting, clone, demote, demoted);
}

fn create_bundle(acting: &mut Acting<'_, '_>, bundle: ResIx) {
    let Some(parts) = acting.resource(bundle).bundle() else { return };
    for replica in &parts.replicas {
        for part in [replica.ip, Some(replica.container), replica.remote].into_iter().flatten() {
            create(acting, part);
        }
    }
    let containers = acting.instances(bundle);
    create_instances(acting, bundle, &containers);
    let Some(child) = parts.child else { return };
    create(acting, child);
    if !acting.now(child).flags.promotable {
        return;
    }
    for (task, done) in [(Task::Promote, Task::Promoted), (Task::Demote, Task::Demoted)] {
        acting.milestone(bundle, task, true, true);
        let done = acting.milestone(bundle, done, true, true);
        acting.arena[done].priority = Score::INFINITY.value();
    }
}

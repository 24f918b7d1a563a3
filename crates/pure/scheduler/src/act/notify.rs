//! Clone notifications: every instance is told before and after others start, stop, are promoted
//! or demoted, with the names of all who do.
//!
//! The milestones are made with the clone set's other milestones; whom to tell what is known
//! only when all actions are, so the rest is done as the clone set enters the plan.

use std::borrow::Cow;
use std::collections::BTreeSet;

use model::{Role, Score};

use super::acting::Acting;
use super::arena::ActIx;
use super::flags::{ActFlags, Relation};
use super::task::{NotifyKind, Task};
use crate::{NodeIx, NodeKind, ResIx};

/// A clone set's notifications, one for each sort of work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices {
    start: Option<Notice>,
    stop: Option<Notice>,
    promote: Option<Notice>,
    demote: Option<Notice>,
}

/// The milestones of one notification, and what is told.
#[derive(Clone, Debug)]
struct Notice {
    of: Task,
    pre: Option<ActIx>,
    pre_done: Option<ActIx>,
    post: Option<ActIx>,
    post_done: Option<ActIx>,
    facts: Vec<(&'static str, String)>,
    /// Which sorts of work anybody does.
    work: Vec<Task>,
}

/// Milestones around a clone set's starts and stops.
pub(crate) fn create_for_starts(
    acting: &mut Acting<'_, '_>,
    clone: ResIx,
    (start, running): (ActIx, ActIx),
    (stop, stopped): (ActIx, ActIx),
) {
    if acting.now(clone).notices.start.is_none() {
        let notice = add_milestones(acting, clone, Task::Start, Some(start), Some(running));
        acting.now_mut(clone).notices.start = notice;
    }
    if acting.now(clone).notices.stop.is_none() {
        let notice = add_milestones(acting, clone, Task::Stop, Some(stop), Some(stopped));
        acting.now_mut(clone).notices.stop = notice;
        let notices = &acting.now(clone).notices;
        let ends = (post_done(&notices.stop), pre(&notices.start));
        order(acting, ends);
    }
}

/// Milestones around a clone set's promotions.
pub(crate) fn create_for_promotions(
    acting: &mut Acting<'_, '_>,
    clone: ResIx,
    promote: ActIx,
    promoted: ActIx,
) {
    if acting.now(clone).notices.promote.is_none() {
        let notice = add_milestones(acting, clone, Task::Promote, Some(promote), Some(promoted));
        acting.now_mut(clone).notices.promote = notice;
    }
}

/// Milestones around a clone set's demotions.
pub(crate) fn create_for_demotions(
    acting: &mut Acting<'_, '_>,
    clone: ResIx,
    demote: ActIx,
    demoted: ActIx,
) {
    if acting.now(clone).notices.demote.is_some() {
        return;
    }
    let notice = add_milestones(acting, clone, Task::Demote, Some(demote), Some(demoted));
    acting.now_mut(clone).notices.demote = notice;
    let notices = &acting.now(clone).notices;
    if notices.promote.is_none() {
        return;
    }
    let (start, stop) = (&notices.start, &notices.stop);
    let (promote, demote) = (&notices.promote, &notices.demote);
    for ends in [
        (post_done(stop), pre(promote)),
        (post_done(start), pre(promote)),
        (post_done(demote), pre(promote)),
        (post_done(demote), pre(start)),
        (post_done(demote), pre(stop)),
    ] {
        order(acting, ends);
    }
}

fn pre(notice: &Option<Notice>) -> Option<ActIx> {
    notice.as_ref()?.pre
}

fn post_done(notice: &Option<Notice>) -> Option<ActIx> {
    notice.as_ref()?.post_done
}

fn order(acting: &mut Acting<'_, '_>, ends: (Option<ActIx>, Option<ActIx>)) {
    if let (Some(first), Some(then)) = ends {
        acting.arena.order(first, then, Relation::ORDERED);
    }
}

/// Adds the milestones before `action` and after `complete`; nothing without `notify=true`.
fn add_milestones(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    of: Task,
    action: Option<ActIx>,
    complete: Option<ActIx>,
) -> Option<Notice> {
    if !acting.now(resource).flags.notify {
        return None;
    }
    let mut notice = Notice {
        of,
        pre: None,
        pre_done: None,
        post: None,
        post_done: None,
        facts: Vec::new(),
        work: Vec::new(),
    };
    if let Some(action) = action {
        add_pre(acting, resource, action, &mut notice);
    }
    if let Some(complete) = complete {
        add_post(acting, resource, complete, &mut notice);
    }
    if action.is_some() {
        order(acting, (notice.pre_done, notice.post));
    }
    Some(notice)
}

fn add_pre(acting: &mut Acting<'_, '_>, resource: ResIx, action: ActIx, notice: &mut Notice) {
    let pre = add_milestone(acting, resource, action, NotifyKind::Pre, notice);
    let done = add_milestone(acting, resource, action, NotifyKind::ConfirmedPre, notice);
    for act in [pre, done] {
        acting.set_runnable(act, true);
    }
    acting.arena.order(pre, done, Relation::ORDERED);
    acting.arena.order(done, action, Relation::ORDERED);
    notice.pre = Some(pre);
    notice.pre_done = Some(done);
}

fn add_post(acting: &mut Acting<'_, '_>, resource: ResIx, complete: ActIx, notice: &mut Notice) {
    let post = add_milestone(acting, resource, complete, NotifyKind::Post, notice);
    let done = add_milestone(acting, resource, complete, NotifyKind::ConfirmedPost, notice);
    let runnable = acting.is(complete, ActFlags::RUNNABLE);
    for act in [post, done] {
        acting.arena[act].priority = Score::INFINITY.value();
        acting.set_runnable(act, runnable);
    }
    acting.arena.order(complete, post, Relation::FIRST_IMPLIES_THEN);
    acting.arena.order(post, done, Relation::FIRST_IMPLIES_THEN);
    notice.post = Some(post);
    notice.post_done = Some(done);
}

fn add_milestone(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    around: ActIx,
    kind: NotifyKind,
    notice: &Notice,
) -> ActIx {
    let (task, when) = match kind {
        NotifyKind::Pre => (Task::Notify, "pre"),
        NotifyKind::ConfirmedPre => (Task::Notified, "pre"),
        NotifyKind::Post => (Task::Notify, "post"),
        NotifyKind::ConfirmedPost => (Task::Notified, "post"),
    };
    let of = acting.arena[around].task.clone();
    let optional = acting.is(around, ActFlags::OPTIONAL);
    let act = acting.notice(resource, (kind, of.clone()), task, None, optional);
    acting.arena[act].flags.set(ActFlags::PSEUDO);
    acting.arena[act].wanted_by.get_or_insert(around);
    acting.set_meta(act, "notify_key_type", kind.word());
    acting.set_meta(act, "notify_key_operation", of.word());
    acting.set_meta(act, "notify_type", when);
    acting.set_meta(act, "notify_operation", notice.of.word());
    act
}

/// Tells each instance what all of them do. For a clone set that enters the plan.
pub(crate) fn fill_in(acting: &mut Acting<'_, '_>, clone: ResIx) {
    let notices = acting.now(clone).notices.clone();
    let all = [notices.start, notices.stop, notices.promote, notices.demote];
    for mut notice in all.into_iter().flatten() {
        let mut crowd = Crowd::default();
        crowd.gather(acting, clone);
        notice.work = crowd.work();
        if crowd.requires(&notice.of) {
            let milestones = [notice.pre, notice.pre_done, notice.post, notice.post_done];
            for act in milestones.into_iter().flatten() {
                acting.arena[act].flags.clear(ActFlags::OPTIONAL);
            }
        }
        notice.facts = crowd.facts(acting, clone);
        add_actions(acting, clone, &notice);
    }
}

/// Notifications of a stop that fencing implies come after the fencing.
pub(crate) fn order_after_fencing(
    acting: &mut Acting<'_, '_>,
    stop: ActIx,
    resource: ResIx,
    fencing: ActIx,
) {
    let Some(mut notice) = add_milestones(acting, resource, Task::Stop, None, Some(fencing)) else {
        return;
    };
    let given = acting.given;
    notice.facts.push(("notify_stop_resource", given.resource(resource).id.as_ref().to_owned()));
    if let Some(node) = acting.arena[stop].node {
        notice.facts.push(("notify_stop_uname", given.node(node).name.as_ref().to_owned()));
    }
    let top = acting.top(resource);
    add_actions(acting, top, &notice);
}

/// An instance, with where it is or where something happens to it.
type Entry = (ResIx, Option<NodeIx>);

/// Who is what and who does what in a clone set.
#[derive(Debug, Default)]
struct Crowd {
    inactive: Vec<Entry>,
    active: Vec<Entry>,
    unpromoted: Vec<Entry>,
    promoted: Vec<Entry>,
    start: Vec<Entry>,
    stop: Vec<Entry>,
    promote: Vec<Entry>,
    demote: Vec<Entry>,
}

impl Crowd {
    fn gather(&mut self, acting: &Acting<'_, '_>, resource: ResIx) {
        let children = acting.children(resource);
        for child in children.iter() {
            self.gather(acting, *child);
        }
        if !children.is_empty() {
            return;
        }
        let entry = (resource, acting.resource(resource).active.first().copied());
        match acting.now(resource).role {
            Role::Stopped => self.inactive.push(entry),
            Role::Started => self.active.push(entry),
            Role::Unpromoted => {
                self.unpromoted.push(entry);
                self.active.push(entry);
            }
            Role::Promoted => {
                self.promoted.push(entry);
                self.active.push(entry);
            }
            Role::Unknown => {}
        }
        for act in acting.arena.of(resource) {
            self.add_work(acting, resource, *act);
        }
    }

    fn add_work(&mut self, acting: &Acting<'_, '_>, resource: ResIx, act: ActIx) {
        let act = &acting.arena[act];
        let Some(node) = act.node else { return };
        if act.is(ActFlags::OPTIONAL) {
            return;
        }
        // What stops with its lost node is told, even if the node cannot be fenced.
        let implied = act.task == Task::Stop && acting.node_now(node).unclean;
        if !implied && !act.is(ActFlags::RUNNABLE) {
            return;
        }
        if let Some(list) = self.list_mut(&act.task) {
            list.push((resource, Some(node)));
        }
    }

    fn list_mut(&mut self, task: &Task) -> Option<&mut Vec<Entry>> {
        if *task == Task::Start {
            Some(&mut self.start)
        } else if *task == Task::Stop {
            Some(&mut self.stop)
        } else if *task == Task::Promote {
            Some(&mut self.promote)
        } else if *task == Task::Demote {
            Some(&mut self.demote)
        } else {
            None
        }
    }

    /// The sorts of work that anybody does.
    fn work(&mut self) -> Vec<Task> {
        [Task::Start, Task::Stop, Task::Promote, Task::Demote]
            .into_iter()
            .filter(|task| self.list_mut(task).is_some_and(|list| !list.is_empty()))
            .collect()
    }

    /// Whether anybody does what the notification is about.
    fn requires(&mut self, of: &Task) -> bool {
        self.list_mut(of).is_some_and(|list| !list.is_empty())
    }

    fn facts(&self, acting: &Acting<'_, '_>, clone: ResIx) -> Vec<(&'static str, String)> {
        let lists = [
            ("notify_stop_resource", "notify_stop_uname", &self.stop),
            ("notify_start_resource", "notify_start_uname", &self.start),
            ("notify_demote_resource", "notify_demote_uname", &self.demote),
            ("notify_promote_resource", "notify_promote_uname", &self.promote),
            ("notify_active_resource", "notify_active_uname", &self.active),
            ("notify_unpromoted_resource", "notify_unpromoted_uname", &self.unpromoted),
            ("notify_slave_resource", "notify_slave_uname", &self.unpromoted),
            ("notify_promoted_resource", "notify_promoted_uname", &self.promoted),
            ("notify_master_resource", "notify_master_uname", &self.promoted),
        ];
        let mut facts = Vec::new();
        for (resources, nodes, entries) in lists {
            let named = named_once(acting, entries, true);
            facts.push((resources, words(named.iter().map(|(resource, _)| *resource))));
            facts.push((nodes, words(named.iter().filter_map(|(_, node)| *node))));
        }
        let inactive = named_once(acting, &self.inactive, false);
        facts.push(("notify_inactive_resource", words(inactive.iter().map(|entry| entry.0))));
        let name = |node: NodeIx| acting.given.node(node).name.as_ref();
        let nodes = || acting.given.node_indices();
        let available = nodes().filter(|node| acting.has_allowed(clone, *node)).map(name);
        facts.push(("notify_available_uname", words(available)));
        facts.push(("notify_all_uname", words(nodes().map(name))));
        if acting.resource(clone).meta("container-attribute-target") == Some("host") {
            let hosts = nodes().map(|node| name(host_of(acting, node)));
            facts.push(("notify_all_hosts", words(hosts)));
        }
        facts
    }
}

/// The cluster node that a guest is on; the node itself if it is no guest, or not known to be
/// anywhere.
fn host_of(acting: &Acting<'_, '_>, node: NodeIx) -> NodeIx {
    match acting.node(node).kind {
        NodeKind::Guest { container, .. } => acting.current_node(container).unwrap_or(node),
        NodeKind::Cluster | NodeKind::Remote { .. } => node,
    }
}

/// Names in order, each instance once.
fn named_once<'r>(
    acting: &Acting<'r, '_>,
    entries: &[Entry],
    need_node: bool,
) -> Vec<(&'r str, Option<&'r str>)> {
    let mut sorted: Vec<Entry> = entries.to_vec();
    sorted.sort_by_key(|(resource, node)| {
        (&acting.resource(*resource).id, node.map(|node| &acting.given.node(node).id))
    });
    let mut seen = BTreeSet::new();
    sorted
        .into_iter()
        .filter(|(resource, node)| (node.is_some() || !need_node) && seen.insert(*resource))
        .map(|(resource, node)| {
            let name = node.map(|node| acting.given.node(node).name.as_ref());
            (acting.resource(resource).id.as_ref(), name)
        })
        .collect()
}

/// Words with blanks between; one blank if there are none.
fn words<'t>(words: impl Iterator<Item = &'t str>) -> String {
    let joined = words.collect::<Vec<_>>().join(" ");
    if joined.is_empty() { " ".to_owned() } else { joined }
}

/// Adds the instances' own notifications, and tells their starts, stops, promotions and
/// demotions the same.
fn add_actions(acting: &mut Acting<'_, '_>, resource: ResIx, notice: &Notice) {
    let children = acting.children(resource);
    if !children.is_empty() {
        for child in children.iter() {
            add_actions(acting, *child, notice);
        }
        return;
    }
    for act in acting.arena.of(resource).to_vec() {
        let found = &acting.arena[act];
        let told = !found.is(ActFlags::OPTIONAL)
            && found.node.is_some()
            && matches!(found.task, Task::Start | Task::Stop | Task::Promote | Task::Demote);
        if told {
            add_facts(acting, act, notice);
        }
    }
    // A stop may be implied by fencing, which is not in the list.
    if notice.of != Task::Stop && !notice.work.contains(&notice.of) {
        return;
    }
    if matches!(notice.of, Task::Stop | Task::Demote) {
        tell_where_active(acting, resource, notice);
    } else {
        tell_where_assigned(acting, resource, notice);
    }
}

fn tell_where_active(acting: &mut Acting<'_, '_>, resource: ResIx, notice: &Notice) {
    if acting.now(resource).role == Role::Stopped {
        return;
    }
    let stop = acting.arena.newest(resource, &Task::Stop, None);
    for node in acting.resource(resource).active.clone() {
        let now = acting.node_now(node);
        let implied = stop.is_some_and(|stop| acting.is(stop, ActFlags::PSEUDO));
        if implied && (now.unclean || now.remote_reset) {
            continue;
        }
        tell(acting, resource, node, notice, NotifyKind::Pre);
        let stays = stop.is_none_or(|stop| acting.is(stop, ActFlags::OPTIONAL));
        if notice.of == Task::Demote || stays {
            tell_after(acting, resource, node, notice);
        }
    }
}

fn tell_where_assigned(acting: &mut Acting<'_, '_>, resource: ResIx, notice: &Notice) {
    if acting.now(resource).next_role == Role::Stopped {
        return;
    }
    let start = acting.arena.newest(resource, &Task::Start, None);
    if start.is_some_and(|start| connection_is_blocked(acting, start)) {
        return;
    }
    let Some(node) = acting.now(resource).assigned else { return };
    let runs = start.is_none_or(|start| acting.is(start, ActFlags::OPTIONAL));
    if notice.of != Task::Start || runs {
        tell(acting, resource, node, notice, NotifyKind::Pre);
    }
    tell_after(acting, resource, node, notice);
}

/// Whether a start is behind a connection that cannot start.
fn connection_is_blocked(acting: &Acting<'_, '_>, start: ActIx) -> bool {
    let node = acting.arena[start].node;
    let connection = node.and_then(|node| acting.node(node).kind.connection());
    connection
        .and_then(|connection| acting.arena.newest(connection, &Task::Start, None))
        .is_some_and(|start| !acting.is(start, ActFlags::RUNNABLE))
}

fn tell_after(acting: &mut Acting<'_, '_>, resource: ResIx, node: NodeIx, notice: &Notice) {
    if let Some(told) = tell(acting, resource, node, notice, NotifyKind::Post) {
        acting.arena[told].priority = Score::INFINITY.value();
    }
    let Some(done) = notice.post_done else { return };
    for act in acting.arena.of(resource).to_vec().into_iter().rev() {
        let found = &acting.arena[act];
        if found.meta_interval().is_some() && found.task != Task::Cancel {
            acting.arena.order(done, act, Relation::ORDERED);
        }
    }
}

/// The notification of one instance on one node, between the clone set's milestones.
fn tell(
    acting: &mut Acting<'_, '_>,
    resource: ResIx,
    node: NodeIx,
    notice: &Notice,
    kind: NotifyKind,
) -> Option<ActIx> {
    let (begin, done) = match kind {
        NotifyKind::Pre | NotifyKind::ConfirmedPre => (notice.pre?, notice.pre_done?),
        NotifyKind::Post | NotifyKind::ConfirmedPost => (notice.post?, notice.post_done?),
    };
    if !acting.node_now(node).online || !acting.is(begin, ActFlags::RUNNABLE) {
        return None;
    }
    let optional = acting.is(begin, ActFlags::OPTIONAL);
    let of = notice.of.clone();
    let told = acting.notice(resource, (kind, of), Task::Notify, Some(node), optional);
    for (name, value) in acting.arena[begin].meta.clone() {
        acting.arena[told].meta.entry(name).or_insert(value);
    }
    acting.arena[told].wanted_by.get_or_insert(begin);
    add_facts(acting, told, notice);
    acting.arena.order(begin, told, Relation::ORDERED);
    acting.arena.order(told, done, Relation::ORDERED);
    Some(told)
}

fn add_facts(acting: &mut Acting<'_, '_>, act: ActIx, notice: &Notice) {
    for (name, value) in &notice.facts {
        acting.arena[act].meta.insert(Cow::Borrowed(*name), Cow::Owned(value.clone()));
    }
}

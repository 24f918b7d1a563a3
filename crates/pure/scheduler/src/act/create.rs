//! Finds or makes actions, and keeps up to date whether they are required and can run.
//!
//! **Always:** an action is asked for by resource, key and node; asking again gives the same one,
//! looked at afresh.

use std::borrow::Cow;
use std::sync::Arc;

use model::Role;

use super::acting::Acting;
use super::arena::{Act, ActIx, Requires};
use super::fencing::fence_node;
use super::flags::ActFlags;
use super::task::{Key, NotifyKind, Task};
use crate::{LossPolicy, NodeIx, ResIx, Resource};

impl Acting<'_, '_> {
    /// The action of `resource` that does `task` once.
    pub(crate) fn act(
        &mut self,
        resource: ResIx,
        task: Task,
        node: Option<NodeIx>,
        optional: bool,
    ) -> ActIx {
        self.act_with_key(resource, Key::once(task.clone()), task, node, optional)
    }

    /// The action of `resource` with `key`; if it is made now, it does `task`.
    pub(crate) fn act_with_key(
        &mut self,
        resource: ResIx,
        key: Key,
        task: Task,
        node: Option<NodeIx>,
        optional: bool,
    ) -> ActIx {
        let known = self.arena.matching(resource, &key, node).first().copied();
        let act = match known {
            Some(known) => known,
            None => self.add_for_resource(resource, key, task, node, optional),
        };
        self.update_optional(act, optional);
        self.learn_parameters(act);
        self.update_runnable(act);
        act
    }

    /// A milestone of `resource`.
    pub(crate) fn milestone(
        &mut self,
        resource: ResIx,
        task: Task,
        optional: bool,
        runnable: bool,
    ) -> ActIx {
        let act = self.act(resource, task, None, optional);
        self.arena[act].flags.set(ActFlags::PSEUDO);
        if runnable {
            self.arena[act].flags.set(ActFlags::RUNNABLE);
        }
        act
    }

    /// A milestone of no resource, known by its name.
    pub(crate) fn named_milestone(&mut self, name: &str) -> ActIx {
        if let Some(known) = self.arena.named(name) {
            return known;
        }
        let act = self.add_named(name, Task::parse(name), None);
        self.arena[act].flags.set(ActFlags::PSEUDO | ActFlags::OPTIONAL);
        act
    }

    /// A new action of no resource, required and runnable.
    pub(crate) fn add_named(&mut self, name: &str, task: Task, node: Option<NodeIx>) -> ActIx {
        self.arena.add(Act { key: Key::Name(Arc::from(name)), node, ..Act::new(task) })
    }

    fn add_for_resource(
        &mut self,
        resource: ResIx,
        key: Key,
        task: Task,
        node: Option<NodeIx>,
        optional: bool,
    ) -> ActIx {
        let operation = self.operation_for(resource, &key, &task);
        let configured =
            operation.and_then(|position| self.resource(resource).operations.get(position));
        let interval_ms = key.interval_ms();
        let meta = self.given.action_meta(resource, node, task.word(), interval_ms, configured);
        let needs = self.requires(resource, &task);
        let mut flags = ActFlags::RUNNABLE;
        if optional {
            flags.set(ActFlags::OPTIONAL);
        }
        if task == Task::LrmDelete {
            flags.set(ActFlags::ON_COORDINATOR);
        }
        self.arena.add(Act {
            resource: Some(resource),
            node,
            key,
            flags,
            needs,
            operation,
            meta,
            ..Act::new(task)
        })
    }

    /// The configured operation that an action follows: its own, or `notify` for what has to do
    /// with notifications.
    fn operation_for(&self, resource: ResIx, key: &Key, task: &Task) -> Option<usize> {
        let resource = self.resource(resource);
        let own = find_operation(resource, task.word(), key.interval_ms(), true);
        match key {
            Key::Notify { .. } if own.is_none() => find_operation(resource, "notify", 0, true),
            Key::Notify { .. } | Key::Operation { .. } | Key::Name(_) => own,
        }
    }

    /// What must hold before a start or promotion that recovers a lost node's resource.
    fn requires(&self, resource: ResIx, task: &Task) -> Requires {
        let flags = &self.now(resource).flags;
        if !matches!(task, Task::Start | Task::Promote) {
            Requires::Nothing
        } else if flags.needs_fencing {
            Requires::Fencing
        } else if flags.needs_quorum {
            Requires::Quorum
        } else {
            Requires::Nothing
        }
    }

    /// Work on an unmanaged resource is not wanted, except for recurring operations.
    fn update_optional(&mut self, act: ActIx, optional: bool) {
        let found = &self.arena[act];
        let untouchable = found.node.is_some()
            && !found.is(ActFlags::PSEUDO)
            && !found.meta.contains_key("interval")
            && found.resource.is_some_and(|resource| !self.now(resource).flags.managed);
        if untouchable {
            self.arena[act].flags.set(ActFlags::OPTIONAL);
        } else if !optional {
            self.arena[act].flags.clear(ActFlags::OPTIONAL);
        }
    }

    /// The operation's own parameters can depend on the node, which may become known late.
    fn learn_parameters(&mut self, act: ActIx) {
        let found = &self.arena[act];
        let (Some(resource), Some(node), Some(operation)) =
            (found.resource, found.node, found.operation)
        else {
            return;
        };
        if found.is(ActFlags::PARAMETERS_KNOWN) {
            return;
        }
        let configured = self.resource(resource).operations.get(operation);
        let parameters = self.given.operation_parameters(configured, Some(node));
        self.arena[act].parameters = parameters;
        self.arena[act].flags.set(ActFlags::PARAMETERS_KNOWN);
    }

    /// Whether an action can run, as far as its node and quorum say.
    fn update_runnable(&mut self, act: ActIx) {
        let found = &self.arena[act];
        let Some(resource) = found.resource else { return };
        if found.is(ActFlags::PSEUDO) {
            return;
        }
        let Some(node) = found.node else {
            self.arena[act].flags.clear(ActFlags::RUNNABLE);
            return;
        };
        let anywhere = found.is(ActFlags::ON_COORDINATOR);
        let now = self.node_now(node);
        let guest = self.node(node).is_guest();
        if !anywhere && !now.online && (!guest || now.remote_reset) {
            self.arena[act].flags.clear(ActFlags::RUNNABLE);
            let is_stop = self.arena[act].task == Task::Stop;
            if is_stop && self.now(resource).flags.managed && !now.unclean {
                fence_node(self, node, "stop is unrunnable", false);
            }
        } else if !anywhere && self.node(node).pending {
            self.arena[act].flags.clear(ActFlags::RUNNABLE);
        } else if found.needs == Requires::Nothing {
            self.set_reason(act, None, true);
            let stuck = guest && !self.can_fence(node);
            self.set_runnable(act, !stuck);
        } else {
            self.update_runnable_by_quorum(act, resource);
        }
    }

    fn update_runnable_by_quorum(&mut self, act: ActIx, resource: ResIx) {
        match self.effective_loss_policy(resource) {
            LossPolicy::Stop => {
                self.set_runnable(act, false);
                self.set_reason(act, Some("no quorum"), true);
            }
            LossPolicy::Freeze => {
                let now = self.now(resource);
                if !self.is_active(resource) || now.next_role > now.role {
                    self.set_runnable(act, false);
                    self.set_reason(act, Some("quorum freeze"), true);
                }
            }
            LossPolicy::Ignore | LossPolicy::Demote | LossPolicy::Fence => {
                self.set_runnable(act, true);
            }
        }
    }

    /// `no-quorum-policy` as it bears on one resource.
    fn effective_loss_policy(&mut self, resource: ResIx) -> LossPolicy {
        let options = &self.given.options;
        if options.quorate {
            return LossPolicy::Ignore;
        }
        if options.loss_policy != LossPolicy::Demote {
            return options.loss_policy;
        }
        let now = self.now_mut(resource);
        if !matches!(now.role, Role::Promoted | Role::Unpromoted) {
            return LossPolicy::Stop;
        }
        now.next_role = now.next_role.min(Role::Unpromoted);
        LossPolicy::Ignore
    }

    /// Sets or clears one flag.
    pub(crate) fn set_runnable(&mut self, act: ActIx, runnable: bool) {
        if runnable {
            self.arena[act].flags.set(ActFlags::RUNNABLE);
        } else {
            self.arena[act].flags.clear(ActFlags::RUNNABLE);
        }
    }

    /// Says why an action is required, unless something said so before (or always, to
    /// `overwrite`).
    pub(crate) fn set_reason(&mut self, act: ActIx, reason: Option<&str>, overwrite: bool) {
        let known = &mut self.arena[act].reason;
        if overwrite || known.is_none() {
            *known = reason.map(str::to_owned);
        }
    }

    /// Adds a meta attribute, over any of the same name.
    pub(crate) fn set_meta(&mut self, act: ActIx, name: &str, value: &str) {
        self.arena[act].meta.insert(Cow::Owned(name.to_owned()), Cow::Owned(value.to_owned()));
    }

    /// The exit code that the action should have.
    pub(crate) fn expect_code(&mut self, act: ActIx, code: model::OcfCode) {
        self.set_meta(act, "op_target_rc", &code.to_string());
    }

    /// The notification action or milestone of `resource`; a new one does `task`.
    pub(crate) fn notice(
        &mut self,
        resource: ResIx,
        (kind, of): (NotifyKind, Task),
        task: Task,
        node: Option<NodeIx>,
        optional: bool,
    ) -> ActIx {
        self.act_with_key(resource, Key::Notify { kind, of }, task, node, optional)
    }
}

/// The position of the operation that is configured for a task.
pub(crate) fn find_operation(
    resource: &Resource<'_>,
    task: &str,
    interval_ms: u64,
    include_disabled: bool,
) -> Option<usize> {
    let found = resource.operation(task, interval_ms, include_disabled)?;
    resource.operations.iter().position(|operation| std::ptr::eq(operation, found))
}

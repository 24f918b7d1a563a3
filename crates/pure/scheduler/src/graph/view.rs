//! Every action and ordering, in the plan or not, for those who draw or explain them.

use crate::act::acting::Acting;
use crate::act::arena::{Act, ActIx};
use crate::act::flags::{ActFlags, Relation};
use crate::act::task::Task;

use super::raise::history_key;

/// One action as it was left after planning.
#[derive(Clone, Debug)]
pub struct ActView {
    /// The action's number; in the plan's, if it is in it.
    pub id: u32,
    /// What it does, to what, where: `db_start_0 node1`. As `crm_simulate`'s dot output names it.
    pub name: String,
    /// Why it is required, if something says so.
    pub reason: Option<String>,
    pub pseudo: bool,
    pub optional: bool,
    pub runnable: bool,
    /// `false` for an action of a resource that the cluster does not act on.
    pub managed: bool,
    pub in_plan: bool,
    /// By number.
    pub inputs: Vec<InputView>,
}

/// One action's knowledge of another that comes before it.
#[derive(Clone, Copy, Debug)]
pub struct InputView {
    pub id: u32,
    /// It is an input in the plan.
    pub in_plan: bool,
    /// It turned out not to apply.
    pub disabled: bool,
    /// It applies only on one node, whichever that is.
    pub same_node: bool,
}

/// The view of everything, newest first.
pub(crate) fn view(acting: &Acting<'_, '_>) -> Vec<ActView> {
    acting.arena.all().rev().map(|act| view_of(acting, act)).collect()
}

fn view_of(acting: &Acting<'_, '_>, ix: ActIx) -> ActView {
    let act = &acting.arena[ix];
    let managed = act.resource.is_none_or(|resource| acting.now(resource).flags.managed);
    let inputs = act.before.iter().map(|edge| InputView {
        id: edge.other.number(),
        in_plan: edge.in_plan,
        disabled: edge.relation == Relation::NONE,
        same_node: edge.relation == Relation::IF_ON_SAME_NODE_OR_TARGET,
    });
    ActView {
        id: ix.number(),
        name: name_of(acting, ix),
        reason: act.reason.clone(),
        pseudo: act.is(ActFlags::PSEUDO),
        optional: act.is(ActFlags::OPTIONAL),
        runnable: act.is(ActFlags::RUNNABLE),
        managed,
        in_plan: act.is(ActFlags::IN_PLAN),
        inputs: inputs.collect(),
    }
}

/// What it does, to what, where.
pub(super) fn name_of(acting: &Acting<'_, '_>, ix: ActIx) -> String {
    let act = &acting.arena[ix];
    let host = match act.node {
        Some(node) => format!(" {}", acting.node(node).name),
        None if act.is(ActFlags::PSEUDO) => String::new(),
        None => " <none>".to_owned(),
    };
    let prefix = if act.task == Task::Cancel { "Cancel " } else { "" };
    if let Some(resource) = act.resource {
        let found = acting.resource(resource);
        let key = match &found.history_id {
            Some(history) => history_name(act, history),
            None => act.key.text(&found.id),
        };
        return format!("{prefix}{key}{host}");
    }
    if act.task == Task::Fence {
        let operation = act.meta.get("stonith_action").map_or("", |operation| operation.as_ref());
        return format!("{} '{operation}'{host}", act.task);
    }
    if host.is_empty() { act.key.text("") } else { format!("{}{host}", act.task) }
}

/// Notifications go by what the clone set's milestone is about (`post_notify_running`), others
/// as in the plan.
fn history_name(act: &Act<'_>, history: &str) -> String {
    let meta = |name: &str| act.meta.get(name).map(AsRef::as_ref);
    match (meta("notify_key_type"), meta("notify_key_operation")) {
        (Some(kind), Some(of)) if matches!(act.task, Task::Notify | Task::Notified) => {
            format!("{history}_{kind}_notify_{of}_0")
        }
        _ => history_key(act, history),
    }
}

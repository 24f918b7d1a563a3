//! One primitive.

use cib::Element;
use model::{ActionName, ExecStatus, OcfCode, Role};
use scheduler::{NodeIx, ResIx, Resolved, Resource, Variant};

use super::{Look, Shown, current_node, shown_id, target_role};

/// A primitive, on its own or as a part of something.
#[derive(Clone, Debug)]
pub(crate) struct PrimitiveShown<'r> {
    pub(crate) resource: &'r Resource<'r>,
    pub(crate) look: Look,
    pub(crate) description: Option<String>,
    /// The id that people know.
    pub(crate) id: &'r str,
    /// A promotable instance that is merely started is unpromoted.
    pub(crate) role: Role,
    /// The operation under way, in place of the role; only if those are shown.
    pub(crate) pending: Option<&'static str>,
    /// A monitor is under way; only if those are shown.
    pub(crate) monitoring: bool,
    pub(crate) active: bool,
    pub(crate) active_on: Vec<&'r scheduler::Node<'r>>,
    /// The node that holds it during a clean shutdown.
    pub(crate) locked_to: Option<&'r str>,
    /// The one node where it is or should be; none if it is on several.
    pub(crate) node: Option<&'r scheduler::Node<'r>>,
    /// What a probe said that could not tell.
    pub(crate) probe_failed: Option<OcfCode>,
    pub(crate) limit: Option<Limit<'r>>,
}

/// What the operator lets it be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit<'r> {
    Stopped,
    /// The role as it was written.
    Unpromoted(&'r str),
}

impl PrimitiveShown<'_> {
    /// Connections that guests imply are seen as nodes, but for who looks closely.
    pub(crate) fn is_hidden(&self) -> bool {
        self.resource.meta("internal_rsc") == Some("true") && !self.look.has(Look::PARTS)
    }

    /// Held by a clean shutdown on the node where it is shown.
    pub(crate) fn is_locked_here(&self) -> bool {
        self.node.is_some_and(|node| self.locked_to == Some(&*node.name))
    }
}

/// A primitive where it is.
pub(super) fn read<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    shown: Shown<'_>,
) -> PrimitiveShown<'r> {
    let resource = resolved.resource(at);
    let pending_on = || resource.pending.as_ref().and_then(|pending| pending.node);
    read_on(resolved, at, current_node(resolved, at).or_else(pending_on), shown)
}

/// A primitive as if it were on `node`.
pub(super) fn read_on<'r>(
    resolved: &'r Resolved<'_>,
    at: ResIx,
    node: Option<NodeIx>,
    shown: Shown<'_>,
) -> PrimitiveShown<'r> {
    let resource = resolved.resource(at);
    let locked = resource.shutdown_lock.map(|lock| lock.node);
    let nowhere = resource.active.len() > 1 || shown.look.has(Look::ON_NODE);
    let node = if nowhere { None } else { node.or(locked) };
    let role = shown_role(resolved, at);
    let pending = resource.pending.as_ref().filter(|_| shown.look.has(Look::PENDING));
    PrimitiveShown {
        resource,
        look: shown.look,
        description: shown.describes(resolved, at),
        id: shown_id(resource),
        role,
        pending: pending.and_then(|pending| pending_state(&pending.task)),
        monitoring: pending.is_some_and(|pending| &*pending.task == "monitor"),
        active: super::is_active(resolved, at, true),
        active_on: resource.active.iter().map(|node| resolved.node(*node)).collect(),
        locked_to: locked.map(|node| &*resolved.node(node).name),
        node: node.map(|node| resolved.node(node)),
        probe_failed: match role {
            Role::Stopped => failed_probe(resolved, at, node),
            Role::Unknown | Role::Started | Role::Unpromoted | Role::Promoted => None,
        },
        limit: limit(resolved, at),
    }
}

fn limit<'r>(resolved: &'r Resolved<'_>, at: ResIx) -> Option<Limit<'r>> {
    let resource = resolved.resource(at);
    match target_role(resource)? {
        Role::Stopped => Some(Limit::Stopped),
        Role::Unpromoted => resolved
            .resource(resolved.top_of(at, false))
            .flags
            .promotable
            .then(|| Limit::Unpromoted(resource.meta("target-role").unwrap_or_default())),
        // The others limit nothing.
        Role::Unknown | Role::Started | Role::Promoted => None,
    }
}

fn shown_role(resolved: &Resolved<'_>, at: ResIx) -> Role {
    let role = resolved.resource(at).role;
    let promotable = resolved.resource(resolved.top_of(at, false)).flags.promotable;
    if role == Role::Started && promotable { Role::Unpromoted } else { role }
}

fn pending_state(task: &str) -> Option<&'static str> {
    match task {
        "start" => Some("Starting"),
        "stop" => Some("Stopping"),
        "migrate_to" | "migrate_from" => Some("Migrating"),
        "promote" => Some("Promoting"),
        "demote" => Some("Demoting"),
        _ => None,
    }
}

/// The code of a probe that could not tell, on `node` or on any.
pub(super) fn failed_probe(
    resolved: &Resolved<'_>,
    at: ResIx,
    node: Option<NodeIx>,
) -> Option<OcfCode> {
    let top = resolved.resource(resolved.top_of(at, false));
    let name = match (&top.variant, top.children.first()) {
        (Variant::CloneSet(_), Some(child)) => resolved.resource(*child).config_id.as_ref(),
        _ => resolved.resource(at).id.as_ref(),
    };
    let wanted = node.map(|node| &*resolved.node(node).name);
    resolved
        .failed
        .iter()
        .map(|failed| failed.element)
        .filter(|entry| is_masked_probe(*entry))
        .filter(|entry| {
            let there = entry.attr("on_node");
            there.is_some_and(|there| wanted.is_none_or(|node| there.eq_ignore_ascii_case(node)))
        })
        .find(|entry| resource_of_key(*entry) == Some(name))
        .map(code_of)
}

/// A probe whose answer means that the agent is not there, not that the resource failed.
pub(super) fn is_masked_probe(entry: Element<'_>) -> bool {
    let interval = entry.attr("interval").unwrap_or("0");
    if entry.attr("operation") != Some("monitor") || interval != "0" {
        return false;
    }
    let status = entry.attr("op-status").and_then(|text| text.parse().ok());
    let status = status.map_or(ExecStatus::Error, ExecStatus::from_number);
    matches!(code_of(entry), OcfCode::NOT_INSTALLED | OcfCode::INVALID_PARAMETER)
        || status == ExecStatus::NotInstalled
}

pub(super) fn code_of(entry: Element<'_>) -> OcfCode {
    OcfCode(entry.attr("rc-code").and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The resource part of `RESOURCE_TASK_INTERVAL`.
pub(super) fn resource_of_key(entry: Element<'_>) -> Option<&str> {
    let key = entry.attr("operation_key").or_else(|| entry.attr("id"))?;
    ActionName::parse(key).map(|name| name.resource)
}

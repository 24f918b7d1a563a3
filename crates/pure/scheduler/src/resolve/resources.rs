//! Resources, from the `resources` section.

use std::collections::BTreeMap;
use std::sync::Arc;

use cib::Element;
use model::{AgentRef, Role, Score};

use super::types::{Flags, MultipleActive, ResIx, Resolved, Resource, Variant};

/// Adds every configured resource.
pub(super) fn read(resolved: &mut Resolved<'_>) {
    let Some(section) = resolved.document.root().path(&["configuration", "resources"]) else {
        return;
    };
    for element in section.children_named("primitive") {
        let Some(id) = element.attr("id") else { continue };
        let agent = agent_of(element);
        let added = add(resolved, new_resource(id, element, Variant::Primitive));
        if let Some(resource) = resolved.resources.get_mut(added.at()) {
            resource.agent = agent;
        }
        resolved.top.push(added);
    }
}

fn agent_of(element: Element<'_>) -> Option<AgentRef> {
    Some(AgentRef {
        standard: Arc::from(element.attr("class")?),
        provider: element.attr("provider").map(Arc::from),
        kind: Arc::from(element.attr("type")?),
    })
}

fn add<'a>(resolved: &mut Resolved<'a>, resource: Resource<'a>) -> ResIx {
    let added = ResIx::new(resolved.resources.len());
    resolved.by_id.insert(Arc::clone(&resource.id), added);
    resolved.resources.push(resource);
    added
}

/// A resource with every option at its default.
fn new_resource<'a>(id: &str, element: Element<'a>, variant: Variant) -> Resource<'a> {
    let id: Arc<str> = Arc::from(id);
    Resource {
        config_id: Arc::clone(&id),
        id,
        history_id: None,
        variant,
        parent: None,
        children: Vec::new(),
        agent: None,
        element,
        template: None,
        flags: Flags { managed: true, critical: true, ..Flags::default() },
        meta: BTreeMap::new(),
        demand: BTreeMap::new(),
        operations: Vec::new(),
        implied: None,
        priority: 0,
        stickiness: Score::ZERO,
        failure_timeout_ms: 0,
        migration_threshold: Score::INFINITY.value(),
        multiple_active: MultipleActive::Restart,
        remote_reconnect_ms: 0,
        launcher: None,
        launched: Vec::new(),
        role: Role::Stopped,
        next_role: Role::Unknown,
        active: Vec::new(),
        known_on: Vec::new(),
        pending: None,
        shutdown_lock: None,
        partial_move: None,
        dangling_sources: Vec::new(),
        allowed: Vec::new(),
    }
}

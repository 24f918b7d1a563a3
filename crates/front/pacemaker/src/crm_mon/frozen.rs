//! Resources that a lost ticket freezes: who looks at tickets sees them as blocked.
//!
//! Compatibility: Pacemaker marks them only while it looks at tickets.

use model::Role;
use scheduler::{ResIx, Resolved, TicketLossPolicy};

/// Marks what is active, and depends on a lost ticket whose loss leaves it as it is.
pub(super) fn mark(resolved: &mut Resolved<'_>) {
    let mut frozen = Vec::new();
    for constraint in &resolved.ticket_constraints {
        let ticket = resolved.tickets.get(constraint.ticket.at());
        let is_lost = ticket.is_none_or(|ticket| !ticket.granted);
        if is_lost && constraint.loss_policy == TicketLossPolicy::Freeze {
            collect(resolved, constraint.resource, constraint.role, &mut frozen);
        }
    }
    for at in frozen {
        if let Some(resource) = resolved.resources.get_mut(at.at()) {
            resource.flags.managed = false;
            resource.flags.blocked = true;
        }
    }
}

/// The parts of a resource that are active, in that role if it matters.
fn collect(resolved: &Resolved<'_>, at: ResIx, role: Option<Role>, frozen: &mut Vec<ResIx>) {
    let resource = resolved.resource(at);
    if !resource.children.is_empty() {
        resource.children.iter().for_each(|child| collect(resolved, *child, role, frozen));
        return;
    }
    let named = role.filter(|role| !matches!(role, Role::Unknown | Role::Started));
    if !resource.active.is_empty() && named.is_none_or(|role| role == resource.role) {
        frozen.push(at);
    }
}

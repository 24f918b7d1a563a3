//! Causes for programs: a word for the kind, and the names of what is concerned.

use std::sync::Arc;

use super::{Cause, Failure, Root};

/// What a link is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// A word that stays.
    pub kind: &'static str,
    pub resource: Option<Arc<str>>,
    /// The resource that it hangs on.
    pub other: Option<Arc<str>>,
    pub node: Option<Arc<str>>,
    /// The constraint or ticket.
    pub id: Option<Arc<str>>,
    /// Seconds since 1970, where it is an event whose time is known.
    pub at: Option<i64>,
}

impl Cause {
    /// What it is about.
    pub fn facts(&self) -> Facts {
        match self {
            Self::Action(action) => Facts {
                kind: if action.blocked { "blocked-action" } else { "action" },
                resource: action.resource.clone(),
                node: action.node.clone(),
                id: action.constraint.clone(),
                ..Facts::default()
            },
            Self::Moves { resource, from: _, to } => {
                Facts { node: to.clone(), ..about("moves", resource) }
            }
            Self::Follows { resource, other, colocation, apart: _ } => {
                let other = Some(Arc::clone(other));
                Facts { other, id: colocation.clone(), ..about("follows", resource) }
            }
            Self::RoleMoves { resource, from } => on("role-moves", resource, from),
            Self::NodeOf { node, resource } => on("node-of", resource, node),
            Self::Root(root) => root.facts(),
        }
    }
}

impl Root {
    /// What it is about.
    pub fn facts(&self) -> Facts {
        match self {
            Self::NodeLost { node } => of_node("node-lost", node),
            Self::NodeUntrusted { node, .. } => of_node("node-untrusted", node),
            Self::NodeOffline { node } => of_node("node-offline", node),
            Self::NodeJoining { node } => of_node("node-joining", node),
            Self::NodeLeaving { node } => of_node("node-leaving", node),
            Self::Standby { node } => of_node("standby", node),
            Self::NodeMaintenance { node } => of_node("node-maintenance", node),
            Self::Failed(failure) => of_failure("failed", failure),
            Self::TooManyFailures { resource, node, .. } => on("too-many-failures", resource, node),
            Self::FailuresForgotten { resource, node, .. } => {
                on("failures-forgotten", resource, node)
            }
            Self::TargetRole { resource, .. } => about("target-role", resource),
            Self::StopAll => of("stop-all"),
            Self::Removed { resource } => about("removed", resource),
            Self::NoQuorum { .. } => of("no-quorum"),
            Self::Ticket { ticket } => Facts { id: Some(Arc::clone(ticket)), ..of("ticket") },
            Self::Location { constraint, resource, node, .. } => {
                Facts { id: Some(Arc::clone(constraint)), ..on("location", resource, node) }
            }
            Self::Colocation { constraint, resource, other } => {
                let other = Some(Arc::clone(other));
                Facts { other, id: constraint.clone(), ..about("colocation", resource) }
            }
            Self::Health { node } => of_node("health", node),
            Self::NoRoom { resource, node } => on("no-room", resource, node),
            Self::NotAllowed { resource } => about("not-allowed", resource),
            Self::BetterPlace { resource, node, .. } => on("better-place", resource, node),
            Self::WrongKindOfNode { resource, node } => on("wrong-kind-of-node", resource, node),
            Self::EnoughCopies { resource, full } => {
                Facts { node: full.clone(), ..about("enough-copies", resource) }
            }
            Self::NotRunning { resource, last: Some(last) } => {
                let resource = Some(Arc::clone(resource));
                Facts { resource, ..of_failure("not-running", last) }
            }
            Self::NotRunning { resource, last: None } => about("not-running", resource),
            Self::MultipleActive { resource } => about("multiple-active", resource),
            Self::Changed { resource } => about("changed", resource),
            Self::AgentChanged { resource } => about("agent-changed", resource),
            Self::NotKnown { resource, node } => on("not-known", resource, node),
            Self::OperationMissing { resource, .. } => about("operation-missing", resource),
            Self::OperationUnwanted { resource, .. } => about("operation-unwanted", resource),
            Self::PromotionScore { resource, .. } => about("promotion-score", resource),
            Self::HalfMoved { resource } => about("half-moved", resource),
            Self::Unfencing { node, .. } => of_node("unfencing", node),
            Self::LockOver { resource } => about("lock-over", resource),
            Self::MaintenanceRecord => of("maintenance-record"),
            Self::PlacementStrategy => of("placement-strategy"),
            Self::Blocked { resource } => about("blocked", resource),
            Self::Unmanaged { resource } => about("unmanaged", resource),
            Self::MaintenanceMode => of("maintenance-mode"),
            Self::NoFenceDevice => of("no-fence-device"),
            Self::UnderWay { resource, .. } => about("under-way", resource),
            Self::Unexplained { resource } => about("unexplained", resource),
        }
    }
}

fn of(kind: &'static str) -> Facts {
    Facts { kind, ..Facts::default() }
}

fn about(kind: &'static str, resource: &Arc<str>) -> Facts {
    Facts { resource: Some(Arc::clone(resource)), ..of(kind) }
}

fn of_node(kind: &'static str, node: &Arc<str>) -> Facts {
    Facts { node: Some(Arc::clone(node)), ..of(kind) }
}

fn on(kind: &'static str, resource: &Arc<str>, node: &Arc<str>) -> Facts {
    Facts { node: Some(Arc::clone(node)), ..about(kind, resource) }
}

fn of_failure(kind: &'static str, failure: &Failure) -> Facts {
    Facts { at: failure.at, ..on(kind, &failure.resource, &failure.node) }
}

//! The rows, one a resource that people know.

use model::Role;
use scheduler::{Assigned, NodeIx, ResIx, Resolved, Resource, Variant};

use super::{Cell, CellState, Row, obstacle};
use crate::status::{is_missing, is_shown, role_word, shape, shown_id};
use crate::survival::leaves;

pub(super) fn rows(resolved: &Resolved<'_>, assigned: &Assigned) -> Vec<Row> {
    let decision = Decision { resolved, assigned };
    let mut rows = Vec::new();
    for at in resolved.top.iter().copied().filter(|at| is_shown(resolved, *at)) {
        decision.add(at, 0, &mut rows);
    }
    rows
}

#[derive(Clone, Copy)]
pub(super) struct Decision<'d, 'a> {
    pub(super) resolved: &'d Resolved<'a>,
    pub(super) assigned: &'d Assigned,
}

impl Decision<'_, '_> {
    fn add(self, at: ResIx, depth: usize, rows: &mut Vec<Row>) {
        let resource = self.resolved.resource(at);
        rows.push(self.row(at, depth));
        let inside = match &resource.variant {
            Variant::Primitive => false,
            Variant::Group(_) | Variant::Bundle(_) => true,
            // Instances that do not differ are one row.
            Variant::CloneSet(options) => options.unique,
        };
        for child in resource.children.iter().copied().filter(|_| inside) {
            self.add(child, depth + 1, rows);
        }
    }

    fn row(self, at: ResIx, depth: usize) -> Row {
        let resource = self.resolved.resource(at);
        let parts = Parts::of(self.resolved, at);
        let cells = self.resolved.node_indices().map(|node| self.cell(&parts, node)).collect();
        let settled = self.assigned.resource(at);
        Row {
            id: shown_id(resource),
            shape: shape(resource),
            depth,
            missing: is_missing(self.resolved, at),
            unmanaged: !settled.managed,
            because: resource.is_primitive().then(|| settled.reason.words()),
            cells,
        }
    }

    fn cell(self, parts: &Parts, node: NodeIx) -> Cell {
        let own = self.assigned.resource(parts.whole);
        let wants = |leaf: &ResIx| {
            let settled = self.assigned.resource(*leaf);
            settled.node == Some(node) && settled.next_role != Role::Stopped
        };
        let wanted = parts.leaves.iter().any(wants);
        let (state, role) = self.state(parts, node);
        let (banned, cannot_run_because) = if wanted && !self.is_out(node) {
            (false, None)
        } else {
            obstacle::obstacle(self, parts, node)
        };
        let score = own.scores.get(node).map(|cell| cell.score().value());
        Cell {
            state,
            role: role.map(|role| role_word(role, parts.promotable)),
            score,
            wanted,
            banned,
            cannot_run_because,
        }
    }

    /// Whether the node takes nothing, whatever it is.
    pub(super) fn is_out(self, node: NodeIx) -> bool {
        let node = self.resolved.node(node);
        !node.online || node.unclean || node.pending || node.standby || node.shutdown
    }

    fn state(self, parts: &Parts, node: NodeIx) -> (CellState, Option<Role>) {
        let here = |leaf: &&ResIx| self.resolved.resource(**leaf).active.contains(&node);
        let (mut active, mut failed, mut changing, mut role) = (0, false, false, None);
        for leaf in parts.leaves.iter().filter(here) {
            let resource = self.resolved.resource(*leaf);
            active += 1;
            failed |= resource.flags.failed;
            changing |= is_pending(resource);
            role = role.max(Some(resource.role));
        }
        let state = if active == 0 {
            CellState::Stopped
        } else if self.resolved.node(node).unclean {
            CellState::Unsure
        } else if failed {
            CellState::Failed
        } else if changing {
            CellState::Changing
        } else if active < parts.whole_count {
            CellState::Partly
        } else {
            CellState::Active
        };
        (state, role)
    }
}

fn is_pending(resource: &Resource<'_>) -> bool {
    // A look at it changes nothing.
    resource.pending.as_ref().is_some_and(|pending| &*pending.task != "monitor")
}

/// What a row is about.
pub(super) struct Parts {
    pub(super) whole: ResIx,
    pub(super) leaves: Vec<ResIx>,
    /// So many parts on a node are the whole.
    whole_count: usize,
    promotable: bool,
}

impl Parts {
    fn of(resolved: &Resolved<'_>, at: ResIx) -> Self {
        let resource = resolved.resource(at);
        let leaves = leaves(resolved, at);
        let whole_count = match &resource.variant {
            Variant::Group(_) => leaves.len(),
            Variant::CloneSet(_) => {
                // An instance of a group may be half there.
                let first = resource.children.first();
                first.map_or(1, |instance| self::leaves(resolved, *instance).len())
            }
            Variant::Primitive | Variant::Bundle(_) => 1,
        };
        let promotable = resolved.resource(resolved.top_of(at, false)).flags.promotable;
        Self { whole: at, leaves, whole_count, promotable }
    }
}

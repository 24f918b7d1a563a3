//! Why an instance is promoted or demoted.

use std::sync::Arc;

use model::Role;

use super::{Cause, Finder, Root};
use crate::assign::RoleReason;
use crate::{EarlyAction, NodeIx, ResIx};

impl Finder<'_, '_, '_> {
    /// A promotion that nothing else asks for.
    pub(super) fn promoted(&mut self, resource: ResIx) {
        let now = self.acting.now(resource);
        // Promoted again after something was done to it.
        if now.role == Role::Promoted && !self.resources.contains(&resource) {
            return self.leaves(resource);
        }
        let sibling = self.siblings(resource).into_iter().find(|sibling| {
            let now = self.acting.now(*sibling);
            now.role == Role::Promoted
                && (now.next_role != Role::Promoted || now.assigned != self.on(*sibling))
        });
        if let Some(sibling) = sibling.filter(|sibling| !self.resources.contains(sibling)) {
            let from = self.on(sibling).map_or_else(|| Arc::from(""), |node| self.name(node));
            let id = self.id(resource);
            self.push(Cause::RoleMoves { resource: id, from });
            self.resources.insert(resource);
            return self.demoted(sibling, self.on(sibling));
        }
        self.promotion_score(resource);
    }

    /// A demotion that nothing else asks for.
    pub(super) fn demoted(&mut self, resource: ResIx, node: Option<NodeIx>) {
        let now = self.acting.now(resource);
        let at = node.or_else(|| self.on(resource));
        let leaves = now.assigned.is_none()
            || now.next_role == Role::Stopped
            || (at.is_some() && now.assigned != at);
        if leaves {
            return self.leaves(resource);
        }
        let demotes = |early: &EarlyAction| matches!(early, EarlyAction::Demote { resource: of, .. } if *of == resource);
        if (now.flags.failed || self.acting.given.early.iter().any(demotes))
            && let Some(failure) = self.failure(resource, at)
        {
            return self.root(Root::Failed(failure));
        }
        if let Some(at) = at
            && self.node_out(at)
        {
            return;
        }
        if now.next_role == Role::Promoted {
            return self.leaves(resource);
        }
        let options = &self.acting.given.options;
        let configured = self.acting.resource(resource).next_role;
        let id = self.id(resource);
        if matches!(configured, Role::Unpromoted | Role::Stopped) {
            return self.root(Root::TargetRole { resource: id, role: configured });
        }
        let frozen = self.role_reason(resource) == Some(RoleReason::Frozen);
        if !options.quorate && (frozen || now.next_role == Role::Unpromoted) {
            return self.root(Root::NoQuorum { policy: options.loss_policy });
        }
        self.promotion_score(resource);
    }

    fn promotion_score(&mut self, resource: ResIx) {
        let instance = self.instance(resource);
        let score = self.acting.assigned.resource(instance).promotion_priority;
        let resource = self.id(resource);
        self.root(Root::PromotionScore { resource, score });
    }

    fn role_reason(&self, resource: ResIx) -> Option<RoleReason> {
        self.acting.assigned.resource(self.instance(resource)).role_reason
    }

    /// The instance that a member of a cloned group belongs to.
    fn instance(&self, resource: ResIx) -> ResIx {
        let assigned = self.acting.assigned;
        std::iter::successors(Some(resource), |at| self.acting.resource(*at).parent)
            .find(|at| assigned.resource(*at).role_reason.is_some())
            .unwrap_or(resource)
    }

    /// The same primitive in the other instances.
    fn siblings(&self, resource: ResIx) -> Vec<ResIx> {
        let config = &self.acting.resource(resource).config_id;
        let top = self.acting.given.top_of(resource, true);
        self.acting
            .given
            .resource_indices()
            .filter(|at| {
                *at != resource
                    && self.acting.resource(*at).config_id == *config
                    && self.acting.given.top_of(*at, true) == top
            })
            .collect()
    }

    fn on(&self, resource: ResIx) -> Option<NodeIx> {
        self.acting.current_node(resource)
    }
}

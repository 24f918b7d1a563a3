//! Why an instance is promoted or demoted.

use std::sync::Arc;

use model::Role;

use super::place::{favouring, forbidding};
use super::{Cause, Finder, Root};
use crate::assign::{RoleReason, ScoreSource, ScoreTerm};
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
        if matches!(configured, Role::Unpromoted | Role::Stopped) {
            return self.target_role(resource, configured);
        }
        let frozen = self.role_reason(resource) == Some(RoleReason::Frozen);
        if !options.quorate && (frozen || now.next_role == Role::Unpromoted) {
            return self.root(Root::NoQuorum { policy: options.loss_policy });
        }
        self.promotion_score(resource);
    }

    /// Of the instances that could be promoted, others have better scores, or this one has: what
    /// makes the difference?
    fn promotion_score(&mut self, resource: ResIx) {
        let assigned = self.acting.assigned;
        let instance = self.instance(resource);
        let own = assigned.resource(instance);
        let rival = self.rival(resource);
        let (winner, loser) = match rival {
            Some(rival) if own.next_role == Role::Promoted => (Some(instance), Some(rival)),
            Some(rival) => (Some(rival), Some(instance)),
            None => (None, None),
        };
        let terms = |of: Option<ResIx>| of.map(|of| self.promotion_terms(of)).unwrap_or_default();
        let decisive = if own.role_reason == Some(RoleReason::NegativeScore) {
            forbidding(&terms(Some(instance))).map(|term| (term, Some(instance)))
        } else {
            let most = favouring(&terms(winner), &terms(loser));
            most.map(|(term, of_winner)| (term, if of_winner { winner } else { loser }))
        };
        if let Some((term, Some(of))) = decisive
            && is_of_others(term.source)
            && let Some(node) = assigned.resource(of).node.or_else(|| self.on(of))
        {
            return self.term(of, node, term);
        }
        let score_of = |of: ResIx| assigned.resource(of).promotion_priority;
        let rival = rival.map(|rival| (self.id(rival), score_of(rival)));
        let (resource, score) = (self.id(resource), own.promotion_priority);
        self.root(Root::PromotionScore { resource, score, rival });
    }

    /// The instance that takes the promoted role from this one, or gives it.
    fn rival(&self, resource: ResIx) -> Option<ResIx> {
        let will_be = |of: ResIx| self.acting.now(of).next_role == Role::Promoted;
        let is = |of: ResIx| self.acting.now(of).role == Role::Promoted;
        let (was, wins) = (is(resource), will_be(resource));
        let siblings = self.siblings(resource).into_iter();
        let mut rivals =
            siblings.filter(|of| (is(*of), will_be(*of)) == (wins, was) && was != wins);
        rivals.next().map(|of| self.instance(of))
    }

    /// What made the instance's promotion score, its own claim term by term.
    fn promotion_terms(&self, instance: ResIx) -> Vec<ScoreTerm> {
        let assigned = self.acting.assigned;
        let expanded = |term: ScoreTerm| {
            if let ScoreSource::Claim(of) = term.source {
                assigned.claim_terms(of)
            } else {
                vec![term]
            }
        };
        assigned.promotion_terms(instance).into_iter().flat_map(expanded).collect()
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

/// Whether a term of a promotion score comes from elsewhere than the instance's own agent.
fn is_of_others(source: ScoreSource) -> bool {
    matches!(
        source,
        ScoreSource::Location(_)
            | ScoreSource::WithPrimary(_)
            | ScoreSource::OfDependent(_)
            | ScoreSource::Ticket(_)
            | ScoreSource::NotPlaced
    )
}

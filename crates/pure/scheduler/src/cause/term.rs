//! From a term of a score to what it comes from: a constraint, a failure, another resource.

use std::sync::Arc;

use model::{Role, Score};

use super::{Cause, Finder, Root};
use crate::assign::{ColocationIx, ScoreSource, ScoreTerm};
use crate::{FailCountScope, NodeIx, ResIx, WishSource};

impl Finder<'_, '_, '_> {
    /// Goes on with what a term of the score comes from.
    pub(super) fn term(&mut self, resource: ResIx, node: NodeIx, term: ScoreTerm) {
        let (id, name) = (self.id(resource), self.name(node));
        match term.source {
            ScoreSource::Found(wish) => self.found(resource, node, wish),
            ScoreSource::Location(at) => {
                let found = self.acting.given.locations.get(at.at());
                let constraint = found.map_or_else(|| Arc::from(""), |found| Arc::from(found.id));
                let score = term.value;
                self.root(Root::Location { constraint, resource: id, node: name, score });
            }
            ScoreSource::WithPrimary(at) => self.follows(resource, at, true),
            ScoreSource::OfDependent(at) => self.follows(resource, at, false),
            ScoreSource::Health => self.root(Root::Health { node: name }),
            ScoreSource::FailLimit => {
                let scope = FailCountScope { effective: true, launched: true };
                let count = self.acting.given.fail_count(node, resource, scope, None).count;
                self.root(Root::TooManyFailures { resource: id, node: name, count });
            }
            ScoreSource::ShutdownLock => self.root(Root::NodeLeaving { node: name }),
            ScoreSource::Ticket(at) => {
                let found = self.acting.given.tickets.get(at.at());
                let ticket = found.map_or_else(|| Arc::from(""), |found| Arc::from(found.id));
                self.root(Root::Ticket { ticket });
            }
            ScoreSource::Node => {
                if !self.node_out(node) {
                    self.better_place(resource, name);
                }
            }
            ScoreSource::TargetRole => match self.stopped_by_failure(resource) {
                Some(failed) => self.root(failed),
                None => self.target_role(resource, Role::Stopped),
            },
            ScoreSource::Capacity => self.root(Root::NoRoom { resource: id, node: name }),
            ScoreSource::InstanceLimit | ScoreSource::CollectiveLimit => {
                if !self.node_out(node) {
                    let full = (term.source == ScoreSource::InstanceLimit).then_some(name);
                    let resource = Arc::clone(&self.acting.resource(resource).config_id);
                    self.root(Root::EnoughCopies { resource, full });
                }
            }
            ScoreSource::Promotion | ScoreSource::Claim(_) | ScoreSource::NoPromotionScore => {
                self.root(Root::PromotionScore { resource: id, score: term.value, rival: None });
            }
            ScoreSource::NotOnRemoteNode => {
                self.root(Root::WrongKindOfNode { resource: id, node: name });
            }
            ScoreSource::InsideContainer => self.inside_container(resource),
            ScoreSource::Stickiness | ScoreSource::ExclusiveDiscovery | ScoreSource::NotPlaced => {
                self.better_place(resource, name);
            }
        }
    }

    fn found(&mut self, resource: ResIx, node: NodeIx, wish: WishSource) {
        let id = self.id(resource);
        match wish {
            WishSource::StopFailure
            | WishSource::HardError
            | WishSource::FatalError
            | WishSource::MaskedProbe
            | WishSource::Ban
            | WishSource::FailureStops => {
                let failure = self.failure(resource, Some(node));
                match failure.or_else(|| self.failure(resource, None)) {
                    Some(failure) => self.root(Root::Failed(failure)),
                    None => self.unmanaged(resource),
                }
            }
            WishSource::MultipleActive => self.root(Root::MultipleActive { resource: id }),
            WishSource::Removed => self.root(Root::Removed { resource: id }),
            WishSource::Bundle => {
                let node = self.name(node);
                self.root(Root::WrongKindOfNode { resource: id, node });
            }
            WishSource::Unmanaged => self.unmanaged(resource),
        }
    }

    /// What runs in a container, or is launched by something, goes where that goes.
    fn inside_container(&mut self, resource: ResIx) {
        let id = self.id(resource);
        let top = self.acting.given.top_of(resource, true);
        let bundle = self.acting.resource(top).bundle();
        let replica = bundle.and_then(|bundle| {
            let inside = |replica: &&crate::Replica| {
                replica.child.is_some_and(|child| {
                    child == resource || self.acting.is_ancestor(child, resource)
                })
            };
            bundle.replicas.iter().find(inside).or_else(|| bundle.replicas.first())
        });
        let launcher = self.acting.resource(resource).launcher;
        match replica.map(|replica| replica.container).or(launcher) {
            Some(other) if !self.resources.contains(&other) && self.changes(other) => {
                let other_id = self.id(other);
                let (colocation, apart) = (None, false);
                self.push(Cause::Follows { resource: id, other: other_id, colocation, apart });
                self.leaves(other);
            }
            Some(other) => {
                let other = self.id(other);
                self.root(Root::Colocation { constraint: None, resource: id, other });
            }
            None => self.root(Root::NotAllowed { resource: id }),
        }
    }

    /// The place hangs on another resource's: what is the matter with that?
    fn follows(&mut self, resource: ResIx, at: ColocationIx, as_dependent: bool) {
        let id = self.id(resource);
        let Some(found) = self.acting.assigned.colocation(at) else {
            return self.root(Root::NotAllowed { resource: id });
        };
        let other = if as_dependent { found.primary } else { found.dependent };
        let constraint = found.explicit.then(|| Arc::clone(&found.id));
        let apart = found.score < Score::ZERO;
        let part = self.telling_part(other);
        let other_id = self.id(other);
        if self.changes(part) && !self.resources.contains(&part) {
            let colocation = constraint;
            self.push(Cause::Follows { resource: id, other: other_id, colocation, apart });
            self.leaves(part);
        } else {
            self.root(Root::Colocation { constraint, resource: id, other: other_id });
        }
    }
}

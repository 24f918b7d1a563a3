//! Why a score is what it is: the list of terms behind each cell of a [`Row`](super::Row).
//!
//! Cells share their history: a term knows the one before it, so that copying a row copies one
//! number a node, and a row that is put back takes its old history with it.

use model::Score;

use super::row::add_scores;
use super::types::{ColocationIx, LocationIx};
use crate::resolve::types::{ResIx, TicketIx, WishSource};

/// What put a term into a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreSource {
    /// Found while the document was read: the cluster's default, a failure that forbids the node,
    /// an unmanaged resource that must stay.
    Found(WishSource),
    /// A location constraint.
    Location(LocationIx),
    /// The node's health.
    Health,
    /// The wish to stay where it is.
    Stickiness,
    /// The migration threshold was reached.
    FailLimit,
    /// `resource-discovery="exclusive"` elsewhere.
    ExclusiveDiscovery,
    /// The resource waits for the node that was shut down.
    ShutdownLock,
    /// A ticket is not granted, was lost, or is in standby.
    Ticket(TicketIx),
    /// The node's own `score`.
    Node,
    /// The resource is to be stopped.
    TargetRole,
    /// The node has no room.
    Capacity,
    /// The clone has no instance left for the node, or the node has its share.
    InstanceLimit,
    /// All instances of the clone are assigned already.
    CollectiveLimit,
    /// The promotion score that the agent set.
    Promotion,
    /// No promotion score was set: without one, others must speak for the promotion.
    NoPromotionScore,
    /// An instance's own claim to be promoted, itself a sum: see
    /// [`Assigned::claim_terms`](super::Assigned::claim_terms).
    Claim(ResIx),
    /// An instance without a node cannot be promoted.
    NotPlaced,
    /// A colocation where this resource is the dependent.
    WithPrimary(ColocationIx),
    /// A colocation where this resource is the primary: the wishes of the dependent, and of all
    /// that is tied to it.
    OfDependent(ColocationIx),
    /// What only a node with an operating system of its own may run.
    NotOnRemoteNode,
    /// What runs in a container or guest runs on that container's node only.
    InsideContainer,
}

/// How a term acts on what was there before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreChange {
    Add,
    Set,
}

/// One part of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreTerm {
    pub source: ScoreSource,
    pub change: ScoreChange,
    pub value: Score,
}

/// The newest term of a score, and with it all that came before. What it stands for:
/// [`Assigned::terms_up_to`](super::Assigned::terms_up_to).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermIx(u32);

impl TermIx {
    /// Before the first term.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// All terms of all scores.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms(Vec<(TermIx, ScoreTerm)>);

impl Terms {
    pub(super) fn added(&mut self, before: TermIx, source: ScoreSource, value: i32) -> TermIx {
        self.push(before, source, ScoreChange::Add, value)
    }

    pub(super) fn replaced(&mut self, before: TermIx, source: ScoreSource, value: i32) -> TermIx {
        self.push(before, source, ScoreChange::Set, value)
    }

    /// The terms up to `last`, oldest first.
    pub(super) fn up_to(&self, last: TermIx) -> Vec<ScoreTerm> {
        let mut terms = Vec::new();
        let mut at = last;
        while let Some((before, term)) = self.0.get(at.0 as usize) {
            terms.push(*term);
            at = *before;
        }
        terms.reverse();
        terms
    }

    fn push(
        &mut self,
        before: TermIx,
        source: ScoreSource,
        change: ScoreChange,
        value: i32,
    ) -> TermIx {
        let index = TermIx(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        if index == TermIx::NONE {
            return before;
        }
        let value = Score::new(i64::from(value));
        self.0.push((before, ScoreTerm { source, change, value }));
        index
    }
}

/// The score that `terms` make, oldest first.
pub fn sum_of(terms: &[ScoreTerm]) -> Score {
    let sum = terms.iter().fold(0, |sum, term| match term.change {
        ScoreChange::Add => add_scores(sum, term.value.value()),
        ScoreChange::Set => term.value.value(),
    });
    Score::new(i64::from(sum))
}

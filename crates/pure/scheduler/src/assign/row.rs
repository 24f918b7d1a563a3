//! One resource's scores over the nodes, and the arithmetic of scores.
//!
//! **Always:** a row has one cell a node of the cluster, in node order; a node that the resource
//! does not know at all is a cell that is not `listed` (in a cluster that is not symmetric,
//! nodes without a location constraint stay so).

use model::Score;

use super::terms::{ScoreSource, TermIx, Terms};
use crate::resolve::types::{NodeIx, ProbeMode};

/// Marks a cell as unusable while scores of dependents are summed up. Far below any real score.
pub(super) const SET_ASIDE: i32 = -100_000_000;

/// A resource's score for one node.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Whether the resource knows the node. Field word: Pacemaker *allowed nodes*.
    pub listed: bool,
    pub probe: ProbeMode,
    /// Instances that this collective resource has on the node so far (promoted ones, once roles
    /// are chosen). Field word: Pacemaker *count*.
    pub(super) count: u32,
    pub(super) score: i32,
    pub(super) term: TermIx,
}

impl Cell {
    /// Of a node that the resource does not know.
    pub(super) const UNLISTED: Self =
        Self { listed: false, probe: ProbeMode::Always, count: 0, score: 0, term: TermIx::NONE };

    /// The score as it stands.
    pub fn score(&self) -> Score {
        Score::new(i64::from(self.score))
    }

    /// Adds `value`, by Pacemaker's rules of infinity.
    pub(super) fn add(&mut self, value: i32, source: ScoreSource, terms: &mut Terms) {
        if value == 0 {
            return;
        }
        self.score = add_scores(self.score, value);
        self.term = terms.added(self.term, source, value);
    }

    /// Replaces the score, whatever it was.
    pub(super) fn set(&mut self, value: i32, source: ScoreSource, terms: &mut Terms) {
        self.score = value;
        self.term = terms.replaced(self.term, source, value);
    }
}

/// A resource's scores, one cell a node.
#[derive(Clone, Debug, Default)]
pub struct Row(Vec<Cell>);

impl Row {
    /// A row of `nodes` cells, none of them listed.
    pub(super) fn unlisted(nodes: usize) -> Self {
        Self(vec![Cell::UNLISTED; nodes])
    }

    /// The node's cell, if the resource knows the node.
    pub fn get(&self, node: NodeIx) -> Option<&Cell> {
        self.0.get(node.at()).filter(|cell| cell.listed)
    }

    /// The node's cell, if the resource knows the node.
    pub(super) fn get_mut(&mut self, node: NodeIx) -> Option<&mut Cell> {
        self.0.get_mut(node.at()).filter(|cell| cell.listed)
    }

    /// The node's cell, listed or not.
    pub(super) fn slot(&mut self, node: NodeIx) -> Option<&mut Cell> {
        self.0.get_mut(node.at())
    }

    /// The nodes that the resource knows.
    pub fn listed(&self) -> impl Iterator<Item = (NodeIx, &Cell)> {
        self.0
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.listed)
            .map(|(index, cell)| (NodeIx::new(index), cell))
    }

    /// All cells, in node order.
    pub(super) fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.0.iter()
    }

    /// The nodes that the resource knows, to be changed.
    pub(super) fn listed_mut(&mut self) -> impl Iterator<Item = (NodeIx, &mut Cell)> {
        self.0
            .iter_mut()
            .enumerate()
            .filter(|(_, cell)| cell.listed)
            .map(|(index, cell)| (NodeIx::new(index), cell))
    }
}

/// Minus infinity beats infinity, infinity beats numbers, and sums keep to the bounds.
///
/// As [`Score::plus`], but total over any number, since a cell may hold [`SET_ASIDE`].
pub(super) fn add_scores(left: i32, right: i32) -> i32 {
    let (bottom, top) = (Score::MINUS_INFINITY.value(), Score::INFINITY.value());
    if left <= bottom || right <= bottom {
        bottom
    } else if left >= top || right >= top {
        top
    } else {
        (left + right).clamp(bottom, top)
    }
}

#[cfg(test)]
mod tests {
    use super::{SET_ASIDE, add_scores};

    #[test]
    fn infinities_hold() {
        assert_eq!(add_scores(1_000_000, -1_000_000), -1_000_000);
        assert_eq!(add_scores(1_000_000, -5), 1_000_000);
        assert_eq!(add_scores(999_999, 5), 1_000_000);
        assert_eq!(add_scores(-999_999, -5), -1_000_000);
        assert_eq!(add_scores(SET_ASIDE, 7), -1_000_000);
        assert_eq!(add_scores(-3, 7), 4);
    }
}

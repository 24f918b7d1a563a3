//! Resources by nodes: what each is there, how much speaks for it, and what keeps it off.
//!
//! **Not here:** all terms of a score (`why`); the grid says the one that forbids.
//!
//! **Always:** every row has one cell a node, in the order of [`Grid::nodes`].
//!
//! Field words: Pacemaker *allocation scores*, `crm_mon --group-by-node`.

mod obstacle;
mod render;
mod rows;

use scheduler::{Assigned, Input, Resolved};
use serde::Serialize;

use crate::status::{NodeLine, Seen, Shape, node_lines};

pub use render::{mark, render};

/// Resources by nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Grid {
    /// Edition of the document.
    pub version: String,
    pub nodes: Vec<NodeLine>,
    /// Each resource before what is inside.
    pub rows: Vec<Row>,
}

/// One resource. An anonymous clone's instances are one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    pub id: String,
    pub shape: Shape,
    /// How many resources it is inside of.
    pub depth: usize,
    /// Wanted, managed, and active nowhere.
    pub missing: bool,
    /// The cluster does not act on it.
    pub unmanaged: bool,
    /// Only of primitives: what settled its place, in a sentence.
    pub because: Option<&'static str>,
    pub cells: Vec<Cell>,
}

/// One resource on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    pub state: CellState,
    /// `started`, `unpromoted`, `promoted`; only where it is active.
    pub role: Option<&'static str>,
    /// 1000000 is INFINITY; nothing where the node is not considered.
    pub score: Option<i32>,
    /// The scheduler wants it here.
    pub wanted: bool,
    /// A location constraint forbids it here.
    pub banned: bool,
    /// What keeps it off, in a sentence; nothing where it could run.
    pub cannot_run_because: Option<String>,
}

/// What a resource is on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CellState {
    Stopped,
    Active,
    /// A part of it is active, and a part is not.
    Partly,
    /// An operation is under way.
    Changing,
    /// Active, with a failure that counts.
    Failed,
    /// The node is lost: this may or may not be.
    Unsure,
}

impl CellState {
    /// In a word.
    pub fn words(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Active => "active",
            Self::Partly => "partly active",
            Self::Changing => "changing",
            Self::Failed => "failed",
            Self::Unsure => "unsure: its node is lost",
        }
    }
}

/// Looks at every resource on every node.
pub fn grid(seen: Seen<'_>) -> Grid {
    let input = Input { now: seen.now, ..Input::default() };
    let resolved = scheduler::resolve(seen.document, &input);
    let assigned = scheduler::assign(&resolved);
    of_decision(&resolved, &assigned)
}

/// As [`grid`], for who has decided already.
pub fn of_decision(resolved: &Resolved<'_>, assigned: &Assigned) -> Grid {
    Grid {
        version: resolved.document.version().unwrap_or_default().to_string(),
        nodes: node_lines(resolved),
        rows: rows::rows(resolved, assigned),
    }
}

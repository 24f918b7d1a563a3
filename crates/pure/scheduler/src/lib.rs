//! Decides what the cluster should do next: `plan(document, now) -> Planned`.
//! (Interface only for now.)

use cib::Document;
use model::{NodeName, Plan, ResourceId, Score};

/// What the scheduler is told besides the document.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Seconds since 1970: what rules and failure timeouts are measured against.
    pub now: i64,
}

/// The decision: what to do, and everything needed to explain it.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    pub plan: Plan,
    pub scores: Vec<ScoreLine>,
}

/// One line of `crm_simulate -s`.
#[derive(Clone, Debug)]
pub struct ScoreLine {
    pub resource: ResourceId,
    pub node: NodeName,
    pub score: Score,
}

/// Decides. Total: any document yields a plan.
pub fn plan(_document: &Document, _input: &Input) -> Planned {
    Planned::default()
}

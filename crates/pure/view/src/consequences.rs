//! What a plan would do, in words, and what is risky about it.
//!
//! Made before a change from two documents, the one that is and the one that would be; so it needs
//! no daemon.

mod changes;
mod render;
mod risks;

use cib::Document;
use scheduler::{FindingKind, Input};
use serde::Serialize;

pub(crate) use changes::times;
pub use changes::{Step, Verb};
pub use render::render;

use crate::status::{Finding, findings};

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Consequences {
    /// What becomes of nodes and resources, in the order in which it begins.
    pub steps: Vec<Step>,
    /// What an operator should think about, a sentence each; the grave ones first.
    pub risks: Vec<String>,
    /// How many of the risks are grave: a node is cut off, or something is worse afterwards than before. The others
    /// are what the change is about: what is without service meanwhile, or was asked to stop.
    pub grave: usize,
    /// Findings that the configuration has after, and had not before; or all, if there is no change.
    pub findings: Vec<Finding>,
    /// Actions in the plan, probes and bookkeeping included.
    pub actions: usize,
    /// The cluster has work to do even without the change.
    pub already_busy: bool,
    /// It is what happens anyway: there is no change.
    #[serde(skip)]
    pub as_it_is: bool,
}

/// What happens anyway, at `now`.
pub fn as_it_is(document: &Document, now: i64) -> Consequences {
    let mut happens = consequences(document, document, now);
    let planned = scheduler::plan(document, &Input { now, ..Input::default() });
    happens.findings = findings(of_the_configuration(&planned.findings));
    happens.already_busy = false;
    happens.as_it_is = true;
    happens
}

/// Where resources are active while a change is not done yet says nothing of the configuration.
fn of_the_configuration(all: &[scheduler::Finding]) -> impl Iterator<Item = &scheduler::Finding> {
    all.iter().filter(|finding| finding.kind != FindingKind::UnexpectedlyActive)
}

/// What would happen if `before` became `after`, at `now`.
pub fn consequences(before: &Document, after: &Document, now: i64) -> Consequences {
    let input = Input { now, ..Input::default() };
    let (resolved, resolved_before) =
        (scheduler::resolve(after, &input), scheduler::resolve(before, &input));
    let planned = scheduler::plan(after, &input);
    let planned_before = scheduler::plan(before, &input);
    let explained = scheduler::explain(&resolved, &scheduler::assign(&resolved));
    let steps = changes::steps(&resolved, &explained);
    // What keeps everything from happening is said each time.
    let known = planned_before.findings.iter().filter(|known| known.kind != FindingKind::NoFencing);
    let known = findings(known);
    let mut new = findings(of_the_configuration(&planned.findings));
    new.retain(|finding| !known.iter().any(|known| known.message == finding.message));
    let risks::Risks { grave, passing } = risks::risks(
        &risks::Side { resolved: &resolved_before },
        &risks::Side { resolved: &resolved },
        &steps,
    );
    Consequences {
        grave: grave.len(),
        risks: [grave, passing].concat(),
        steps,
        findings: new,
        actions: planned.plan.steps.len(),
        already_busy: !planned_before.plan.steps.is_empty(),
        as_it_is: false,
    }
}

//! Carry a plan out on paper and plan again: nothing is left to do. A cluster for which that is
//! not so moves its services for ever.

use cib::Document;
use model::ActionKind;
use scheduler::{Input, Planned, plan, resolve};
use transition::rehearse::{Ending, FaithfulTo, Rehearsing, rehearse};

use super::Case;

/// More rounds than that are taken for going on for ever.
pub const ROUNDS_MAX: usize = 8;

/// How planning and carrying out ended.
#[derive(Clone, Debug)]
pub enum Rest {
    /// Nothing was left to do after so many rounds.
    After(usize),
    /// A plan could not be carried out.
    Stuck { round: usize },
    /// There was always something left: the last plan's actions that do something.
    Never { left: Vec<String> },
}

pub(super) fn check(case: Case<'_>) -> Result<(), String> {
    let mut document = case.document.clone();
    match come_to_rest(&mut document, case.input) {
        Rest::After(_) => Ok(()),
        Rest::Stuck { round } => Err(format!("the plan of round {round} cannot be carried out")),
        Rest::Never { left } => {
            Err(format!("after {ROUNDS_MAX} rounds still: {}", left.join(", ")))
        }
    }
}

/// Plans and carries out until nothing is left to do.
pub fn come_to_rest(document: &mut Document, input: &Input) -> Rest {
    let mut planned = Planned::default();
    for round in 0..=ROUNDS_MAX {
        planned = plan(document, input);
        // Some milestones are always there; they do nothing.
        if planned.plan.steps.iter().all(|step| step.action.kind == ActionKind::Milestone) {
            return Rest::After(round);
        }
        if !carry_out(document, input, &planned) {
            return Rest::Stuck { round };
        }
    }
    let steps = planned.plan.steps.iter();
    let steps = steps.filter(|step| step.action.kind != ActionKind::Milestone);
    let named = steps.map(|step| match &step.action.node {
        Some(node) => format!("{} {}", step.action.key, node.name),
        None => step.action.key.clone(),
    });
    Rest::Never { left: named.take(8).collect() }
}

/// Carries a plan out on paper; whether all of it could be.
fn carry_out(document: &mut Document, input: &Input, planned: &Planned) -> bool {
    let before = document.clone();
    let resolved = resolve(&before, input);
    let is_known = |name: &str| {
        resolved
            .resources
            .iter()
            .any(|resource| &*resource.id == name || resource.history_id.as_deref() == Some(name))
    };
    let how = Rehearsing {
        now: input.now,
        origin: "rehearsal",
        faithful_to: FaithfulTo::Cluster,
        failures: &[],
        is_known: &is_known,
    };
    rehearse(document, &planned.plan, &how).ending == Ending::Complete
}

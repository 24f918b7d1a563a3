//! Every plan can be carried out: whatever a step waits for is in the plan, and no steps wait for
//! one another. A cluster that gets another plan does nothing at all.

use std::collections::{BTreeMap, BTreeSet};

use model::ActionId;

use super::Case;

pub(super) fn check(case: Case<'_>) -> Result<(), String> {
    let steps = &case.planned.plan.steps;
    let mut waits: BTreeMap<ActionId, BTreeSet<ActionId>> = BTreeMap::new();
    for step in steps {
        if waits.insert(step.action.id, step.inputs.iter().copied().collect()).is_some() {
            return Err(format!("two steps have the number {}", step.action.id.0));
        }
    }
    for step in steps {
        if let Some(input) = step.inputs.iter().find(|input| !waits.contains_key(input)) {
            let (key, number) = (&step.action.key, input.0);
            return Err(format!("{key} waits for {number}, which is not in the plan"));
        }
    }
    loop {
        let before = waits.len();
        let ready: Vec<ActionId> =
            waits.iter().filter(|(_, left)| left.is_empty()).map(|(id, _)| *id).collect();
        for done in ready {
            waits.remove(&done);
            waits.values_mut().for_each(|left| {
                left.remove(&done);
            });
        }
        if waits.is_empty() {
            return Ok(());
        }
        if waits.len() == before {
            let stuck = steps.iter().filter(|step| waits.contains_key(&step.action.id));
            let names: Vec<&str> = stuck.map(|step| step.action.key.as_str()).take(6).collect();
            return Err(format!("these wait for one another: {}", names.join(", ")));
        }
    }
}

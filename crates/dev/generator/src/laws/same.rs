//! The same document and time give the same decision, and so does a document that says the same in
//! another order. Otherwise two coordinators could undo each other's work.

use model::Plan;
use scheduler::plan;

use super::Case;
use crate::chance::Chance;
use crate::reorder::{Unordered, reorder};

pub(super) fn deterministic(case: Case<'_>) -> Result<(), String> {
    let again = plan(case.document, case.input);
    if again.plan != case.planned.plan || again.findings != case.planned.findings {
        return Err("planning twice gives two decisions".to_owned());
    }
    Ok(())
}

pub(super) fn order_does_not_matter(case: Case<'_>, chance: &mut Chance) -> Result<(), String> {
    for part in Unordered::ALL {
        let document = reorder(case.document, part, chance);
        let other = plan(&document, case.input);
        if other.plan != case.planned.plan {
            let what = difference(&case.planned.plan, &other.plan);
            return Err(format!("it matters in which order {part:?} stand: {what}"));
        }
    }
    Ok(())
}

fn difference(one: &Plan, other: &Plan) -> String {
    if one.settings != other.settings {
        return "settings".to_owned();
    }
    let mut pairs = one.steps.iter().zip(&other.steps);
    match pairs.find(|(one, other)| one != other) {
        Some((one, other)) if one.action.key == other.action.key => {
            format!("{} differs", one.action.key)
        }
        Some((one, other)) => format!("{} or {}", one.action.key, other.action.key),
        None => format!("{} or {} steps", one.steps.len(), other.steps.len()),
    }
}

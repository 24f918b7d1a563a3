//! Order constraints. Sets stay sets: what they mean for actions is the actions' matter.

use cib::Element;
use model::Score;

use super::super::Reading;
use super::super::types::{
    Order, OrderKind, OrderPair, OrderSet, OrderSets, ResIx, Resolved, Symmetry,
};
use super::super::values::{at_least, is_true, parse_bool, parse_score};
use super::references::{self, Set, Source, Target};
use super::{id_of, report_unknown};
use crate::report::{FindingKind, Severity};

/// Reads one constraint.
pub(super) fn read<'a>(reading: &mut Reading<'a>, element: Element<'a>) {
    let sets = references::sets(&reading.resolved, element);
    if sets.is_empty() {
        read_pair(reading, element);
    } else {
        let actions = [None, None];
        read_sets(reading, element, &sets, actions);
    }
}

fn read_sets<'a>(
    reading: &mut Reading<'a>,
    element: Element<'a>,
    sets: &[Set<'a>],
    actions: [Option<&'a str>; 2],
) {
    let kind = kind(reading, element);
    let mut lowered = Vec::new();
    for (position, set) in sets.iter().enumerate() {
        if let Some(missing) = set.missing() {
            report_unknown(reading, element, missing);
            break;
        }
        let given = actions.get(position).copied().flatten();
        lowered.push(lower(reading, element, set, kind, given));
    }
    if lowered.is_empty() {
        return;
    }
    let symmetry = symmetry(reading, element, kind, None);
    let sets = OrderSets { id: id_of(element), kind, symmetry, sets: lowered };
    reading.resolved.orders.push(Order::Sets(sets));
}

fn lower<'a>(
    reading: &mut Reading<'a>,
    constraint: Element<'a>,
    set: &Set<'a>,
    parent: OrderKind,
    action: Option<&'a str>,
) -> OrderSet<'a> {
    let inherited = constraint.attr("symmetrical");
    let made = |sequential| OrderSet {
        id: set.id,
        resources: set.resources().collect(),
        action: action.unwrap_or("start"),
        sequential,
        require_all: true,
        kind: parent,
        symmetry: inherited_symmetry(parent, inherited),
    };
    let element = match set.source {
        Source::Written(element) => element,
        Source::Tag => return made(Some(false)),
        Source::Single => return made(None),
    };
    let own_kind = if element.attr("kind").is_some() { kind(reading, element) } else { parent };
    OrderSet {
        id: set.id,
        resources: set.resources().collect(),
        action: set.attr("action").unwrap_or("start"),
        sequential: set.attr("sequential").map(|text| is_true(Some(text))),
        require_all: set.attr("require-all").and_then(parse_bool).unwrap_or(true),
        kind: own_kind,
        symmetry: symmetry(reading, element, parent, inherited),
    }
}

fn read_pair<'a>(reading: &mut Reading<'a>, element: Element<'a>) {
    let mut targets = Vec::new();
    for attribute in ["first", "then"] {
        let name = element.attr(attribute).unwrap_or("");
        match references::target(&reading.resolved, name) {
            Some(target) => targets.push((name, target)),
            None => return report_unknown(reading, element, name),
        }
    }
    let first_action = element.attr("first-action");
    let then_action = element.attr("then-action");
    if let [(_, Target::Resource(first)), (_, Target::Resource(then))] = targets.as_slice() {
        let (first, then) = (*first, *then);
        let kind = kind(reading, element);
        let first_task = first_action.unwrap_or("start");
        let pair = OrderPair {
            id: id_of(element),
            first,
            first_task,
            then,
            then_task: then_action.unwrap_or(first_task),
            kind,
            symmetry: symmetry(reading, element, kind, None),
            min_runnable: min_runnable(&reading.resolved, element, first),
        };
        reading.resolved.orders.push(Order::Pair(pair));
        return;
    }
    let sets: Vec<_> = targets
        .iter()
        .map(|(name, target)| match target {
            Target::Resource(resource) => Set::single(name, *resource),
            Target::Several(names) => Set::tagged(&reading.resolved, name, names),
        })
        .collect();
    read_sets(reading, element, &sets, [first_action, then_action]);
}

/// How many instances of a clone set are enough.
fn min_runnable(resolved: &Resolved<'_>, element: Element<'_>, first: ResIx) -> u32 {
    let first = resolved.resource(first);
    if first.clone_set().is_none() {
        return 0;
    }
    if let Some(least) = first.meta("clone-min") {
        return at_least(Some(least), 0);
    }
    // The old way to say "one is enough"; what is not true is false here.
    u32::from(element.attr("require-all").is_some_and(|text| !is_true(Some(text))))
}

fn kind(reading: &mut Reading<'_>, element: Element<'_>) -> OrderKind {
    match (element.attr("kind"), element.attr("score")) {
        (None, None) | (Some("Mandatory"), _) => OrderKind::Mandatory,
        (Some("Optional"), _) => OrderKind::Optional,
        (Some("Serialize"), _) => OrderKind::Serialize,
        // Before there were kinds, a score of zero meant optional.
        (None, Some(score)) => match parse_score(score) {
            None | Some(Score::ZERO) => OrderKind::Optional,
            Some(_) => OrderKind::Mandatory,
        },
        (Some(other), _) => {
            let id = id_of(element);
            let message = format!("constraint {id} is mandatory: {other} is not a kind of order");
            reading.find(Severity::Error, element, FindingKind::BadValue, message);
            OrderKind::Mandatory
        }
    }
}

fn symmetry(
    reading: &mut Reading<'_>,
    element: Element<'_>,
    parent: OrderKind,
    inherited: Option<&str>,
) -> Symmetry {
    let own = element.attr("kind").or_else(|| element.attr("score")).is_some();
    let kind = if own { kind(reading, element) } else { parent };
    match element.attr("symmetrical").and_then(parse_bool) {
        Some(true) if kind != OrderKind::Serialize => Symmetry::Symmetric,
        Some(_) => Symmetry::Asymmetric,
        None => inherited_symmetry(kind, inherited),
    }
}

/// What never happens at once has no reverse.
fn inherited_symmetry(kind: OrderKind, inherited: Option<&str>) -> Symmetry {
    let wanted = inherited.is_none_or(|text| is_true(Some(text)));
    if wanted && kind != OrderKind::Serialize { Symmetry::Symmetric } else { Symmetry::Asymmetric }
}

//! What is said of steps that cannot be carried out as asked: which, because of which constraints,
//! and what comes of it.

use std::collections::{BTreeMap, BTreeSet};

use cib::Element;
use model::Score;

use super::members;
use crate::act::acting::Acting;
use crate::act::arena::ActIx;
use crate::act::flags::ActFlags;
use crate::graph::view::name_of;
use crate::report::{Finding, FindingKind, Severity};
use crate::{NodeIx, Order, ResIx};

/// More names than that help nobody.
const NAMED_AT_MOST: usize = 6;

/// Which order constraints each resource has.
#[derive(Debug)]
pub(super) struct Constraints {
    /// By resource: positions in the list of orders, ascending.
    by_resource: Vec<Vec<usize>>,
}

impl Constraints {
    pub(super) fn of(acting: &Acting<'_, '_>) -> Self {
        let mut by_resource = vec![Vec::new(); acting.given.resources.len()];
        for (position, order) in acting.given.orders.iter().enumerate() {
            for member in members(order) {
                let Some(list) = by_resource.get_mut(member.at()) else { continue };
                if list.last() != Some(&position) {
                    list.push(position);
                }
            }
        }
        Self { by_resource }
    }

    fn of_resource(&self, resource: ResIx) -> &[usize] {
        self.by_resource.get(resource.at()).map_or(&[], Vec::as_slice)
    }

    /// Whether a constraint orders two resources, or what they are in.
    pub(super) fn order(&self, acting: &Acting<'_, '_>, one: ResIx, other: ResIx) -> bool {
        lineage(acting, one).into_iter().any(|one| {
            lineage(acting, other).into_iter().any(|other| {
                let (one, other) = (self.of_resource(one), self.of_resource(other));
                let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
                few.iter().any(|position| many.binary_search(position).is_ok())
            })
        })
    }

    /// Ids of the constraints that order some of `resources` among themselves.
    fn among<'a>(&self, acting: &Acting<'a, '_>, resources: &BTreeSet<ResIx>) -> Vec<&'a str> {
        let positions: BTreeSet<usize> =
            resources.iter().flat_map(|resource| self.of_resource(*resource)).copied().collect();
        let orders = positions.iter().filter_map(|position| acting.given.orders.get(*position));
        let inside = orders.filter(|order| {
            members(order).iter().filter(|member| resources.contains(member)).count() > 1
        });
        inside.map(|order| id_of(order)).collect()
    }
}

fn id_of<'a>(order: &Order<'a>) -> &'a str {
    match order {
        Order::Pair(pair) => pair.id,
        Order::Sets(sets) => sets.id,
    }
}

/// A resource and all that it is in.
fn lineage(acting: &Acting<'_, '_>, resource: ResIx) -> Vec<ResIx> {
    let mut found = vec![resource];
    while let Some(parent) = found.last().and_then(|last| acting.resource(*last).parent) {
        found.push(parent);
    }
    found
}

/// One circle: what became of it.
pub(super) fn of_circle(
    acting: &Acting<'_, '_>,
    constraints: &Constraints,
    circle: &[ActIx],
    opened: &[(ActIx, ActIx)],
    left_out: &[ActIx],
) -> Finding {
    let (named, line) = constraints_among(acting, constraints, circle);
    let mut message = format!("these wait for one another: {}", names(acting, circle));
    if named.is_empty() {
        let parts = circle.iter().filter_map(|act| acting.arena[*act].resource);
        let wholes = parts.filter_map(|part| lineage(acting, part).last().copied());
        let wholes: BTreeSet<ResIx> =
            wholes.filter(|it| !acting.resource(*it).is_primitive()).collect();
        let wholes: Vec<&str> = wholes.iter().map(|it| &*acting.resource(*it).id).collect();
        if !wholes.is_empty() {
            message.push_str("; that is in no constraint, but in how these are made: ");
            message.push_str(&some_of(&wholes));
        }
    } else {
        message.push_str("; see the constraints ");
        message.push_str(&some_of(&named));
    }
    if !opened.is_empty() {
        let waits: Vec<String> = opened
            .iter()
            .map(|(first, then)| {
                format!("{} does not wait for {}", name_of(acting, *then), name_of(acting, *first))
            })
            .collect();
        message.push_str("; to go on, ");
        message.push_str(&some_of(&waits));
    }
    if !left_out.is_empty() {
        message.push_str("; no order among these may be broken, so they are left out: ");
        message.push_str(&names(acting, left_out));
    }
    Finding { severity: Severity::Error, line, kind: FindingKind::Contradiction, message }
}

/// Steps that would run on nodes that nobody can reach; one finding for each node.
pub(super) fn of_unreachable(acting: &Acting<'_, '_>, acts: &[ActIx]) -> Vec<Finding> {
    let mut by_node: BTreeMap<NodeIx, Vec<ActIx>> = BTreeMap::new();
    for act in acts {
        if let Some(node) = acting.arena[*act].node {
            by_node.entry(node).or_default().push(*act);
        }
    }
    let told = by_node.into_iter().map(|(node, acts)| Finding {
        severity: Severity::Warning,
        line: 0,
        kind: FindingKind::Contradiction,
        message: format!(
            "{} is not there and nothing brings it up, so these are left out: {}",
            acting.node(node).name,
            names(acting, &acts)
        ),
    });
    told.collect()
}

/// Steps that were left out, each with what it waits for; one finding for each thing that is not in
/// the plan.
pub(super) fn of_unmet(acting: &Acting<'_, '_>, unmet: &[(ActIx, ActIx)]) -> Vec<Finding> {
    let out: BTreeSet<ActIx> = unmet.iter().map(|(_, then)| *then).collect();
    let constraints = Constraints::of(acting);
    let mut findings = Vec::new();
    let mut rest = unmet;
    // What was left out because of one thing stands together, its cause first.
    while let Some(((cause, _), _)) = rest.split_first() {
        let more = rest.iter().skip(1).position(|(next, _)| !out.contains(next));
        let (these, others) = rest.split_at(more.map_or(rest.len(), |more| more + 1));
        rest = others;
        let steps: Vec<ActIx> = these.iter().map(|(_, then)| *then).collect();
        let all: Vec<ActIx> = steps.iter().copied().chain([*cause]).collect();
        let (named, line) = constraints_among(acting, &constraints, &all);
        let mut message = format!(
            "{} cannot be done now, so what waits for it is left out: {}",
            name_of(acting, *cause),
            names(acting, &steps)
        );
        if !named.is_empty() {
            message.push_str("; see the constraints ");
            message.push_str(&some_of(&named));
        }
        findings.push(Finding {
            severity: Severity::Warning,
            line,
            kind: FindingKind::Contradiction,
            message,
        });
    }
    findings
}

/// The constraints between the resources of some actions, and where the first one stands.
fn constraints_among<'a>(
    acting: &Acting<'a, '_>,
    constraints: &Constraints,
    acts: &[ActIx],
) -> (Vec<&'a str>, u32) {
    let own = acts.iter().filter_map(|act| acting.arena[*act].resource);
    let resources: BTreeSet<ResIx> = own.flat_map(|resource| lineage(acting, resource)).collect();
    let mut named: Vec<&str> = constraints.among(acting, &resources);
    let apart = acting.given.colocations.iter().filter(|found| {
        found.score == Score::MINUS_INFINITY
            && resources.contains(&found.dependent)
            && resources.contains(&found.primary)
    });
    named.extend(apart.map(|found| found.id.as_ref()));
    let mut seen = BTreeSet::new();
    named.retain(|id| seen.insert(*id));
    let line = named.first().map_or(0, |id| line_of(acting, id));
    (named, line)
}

/// Names of what is really done; of milestones only if there is nothing else.
fn names(acting: &Acting<'_, '_>, acts: &[ActIx]) -> String {
    let real: Vec<ActIx> =
        acts.iter().copied().filter(|act| !acting.is(*act, ActFlags::PSEUDO)).collect();
    let from = if real.is_empty() { acts } else { &real };
    let names: Vec<String> =
        from.iter().take(NAMED_AT_MOST).map(|act| name_of(acting, *act)).collect();
    with_rest(names.join(", "), from.len())
}

fn some_of<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED_AT_MOST).map(AsRef::as_ref).collect();
    with_rest(shown.join(", "), names.len())
}

fn with_rest(shown: String, count: usize) -> String {
    match count.saturating_sub(NAMED_AT_MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn line_of(acting: &Acting<'_, '_>, id: &str) -> u32 {
    let configuration = acting.given.document.root().child("configuration");
    let constraints = configuration.and_then(|found| found.child("constraints"));
    let mut all = constraints.into_iter().flat_map(Element::children);
    all.find(|element| element.attr("id") == Some(id)).map_or(0, |element| element.line())
}

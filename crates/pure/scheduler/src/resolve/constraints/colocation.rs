//! Colocation constraints, sets lowered to pairs.

use std::sync::Arc;

use cib::Element;
use model::{Role, Score};

use super::super::Reading;
use super::super::types::{Colocation, ResIx};
use super::super::values::{parse_bool, parse_score};
use super::references::{self, Member, Set, Source, Target};
use super::{id_of, report_unknown};
use crate::report::{FindingKind, Severity};

/// What all pairs of one constraint share.
#[derive(Clone, Copy)]
struct Shared<'a> {
    element: Element<'a>,
    score: Score,
}

/// Reads one constraint.
pub(super) fn read<'a>(reading: &mut Reading<'a>, element: Element<'a>) {
    let score = match element.attr("score").map(parse_score) {
        None => Score::ZERO,
        Some(Some(score)) => score,
        Some(None) => {
            let message = format!("constraint {} is left out: bad score", id_of(element));
            reading.find(Severity::Error, element, FindingKind::BadValue, message);
            return;
        }
    };
    let shared = Shared { element, score };
    let sets = references::sets(&reading.resolved, element);
    if sets.is_empty() {
        read_pair(reading, shared);
    } else {
        read_sets(reading, shared, &sets, [None, None]);
    }
}

/// `roles` are those of the sets where they are made of a pair's tags.
fn read_sets<'a>(
    reading: &mut Reading<'a>,
    shared: Shared<'a>,
    sets: &[Set<'a>],
    roles: [Option<&'a str>; 2],
) {
    let role_of = |position: usize, set: &Set<'a>| {
        set.attr("role").or_else(|| roles.get(position).copied().flatten())
    };
    let mut last: Option<(&Set<'a>, Option<&'a str>)> = None;
    for (position, set) in sets.iter().enumerate() {
        let role = role_of(position, set);
        within(reading, shared, set, role);
        if let Some((last, last_role)) = last {
            between(reading, shared, (last, last_role), (set, role));
        }
        if let Some(missing) = set.missing() {
            report_unknown(reading, shared.element, missing);
        }
        last = Some((set, role));
    }
}

fn read_pair<'a>(reading: &mut Reading<'a>, shared: Shared<'a>) {
    let element = shared.element;
    let mut targets = Vec::new();
    for attribute in ["rsc", "with-rsc"] {
        let name = element.attr(attribute).unwrap_or("");
        match references::target(&reading.resolved, name) {
            Some(target) => targets.push((name, target)),
            None => return report_unknown(reading, element, name),
        }
    }
    let roles = [element.attr("rsc-role"), element.attr("with-rsc-role")];
    match targets.as_slice() {
        [(_, Target::Resource(dependent)), (_, Target::Resource(primary))] => {
            let (dependent, primary) = (*dependent, *primary);
            let influence = influence(reading, element, dependent);
            let attribute = element.attr("node-attribute");
            let ends = Ends { dependent, primary, roles, influence };
            add(reading, element, id_of(element), attribute, shared.score, ends);
        }
        [(_, Target::Several(_)), (_, Target::Several(_))] => {
            let message = format!(
                "constraint {} is left out: two tags or templates cannot be colocated",
                id_of(element)
            );
            reading.find(Severity::Error, element, FindingKind::Contradiction, message);
        }
        targets => {
            let sets: Vec<_> = targets
                .iter()
                .map(|(name, target)| match target {
                    Target::Resource(resource) => Set::single(name, *resource),
                    Target::Several(names) => Set::tagged(&reading.resolved, name, names),
                })
                .collect();
            read_sets(reading, shared, &sets, roles);
        }
    }
}

/// In a set, each follows the one before it (where the score is negative, all stay apart).
fn within<'a>(reading: &mut Reading<'a>, shared: Shared<'a>, set: &Set<'a>, role: Option<&'a str>) {
    let Some(score) = set.attr("score").map_or(Some(shared.score), parse_score) else { return };
    if score == Score::ZERO || !is_sequence(set) {
        return;
    }
    let with_previous =
        set.attr("ordering").is_none_or(|ordering| ordering.eq_ignore_ascii_case("group"));
    let roles = [role, role];
    let resources: Vec<_> = set.resources().collect();
    for (position, resource) in resources.iter().copied().enumerate() {
        let influence = influence(reading, shared.element, resource);
        if score > Score::ZERO {
            let before = position.checked_sub(1);
            let Some(other) = before.and_then(|at| resources.get(at)).copied() else { continue };
            let (dependent, primary) =
                if with_previous { (resource, other) } else { (other, resource) };
            let ends = Ends { dependent, primary, roles, influence };
            add(reading, shared.element, set.id, None, score, ends);
        } else {
            for other in kept_apart(reading, set, resource) {
                let ends = Ends { dependent: resource, primary: other, roles, influence };
                add(reading, shared.element, set.id, None, score, ends);
            }
        }
    }
}

/// From which of its set a resource keeps away: those that are named before it. Compatibility: one
/// that is named by a part of it is not found in the list, so the list does not end before it.
fn kept_apart(reading: &Reading<'_>, set: &Set<'_>, resource: ResIx) -> Vec<ResIx> {
    let id = &*reading.resolved.resource(resource).id;
    let earlier = set.members.iter().take_while(|member| member.name != id);
    earlier.filter_map(|member| member.resource).collect()
}

/// A set follows the next: its first member the last of the other, or, where a set is no sequence,
/// each member.
fn between<'a>(
    reading: &mut Reading<'a>,
    shared: Shared<'a>,
    (dependents, dependent_role): (&Set<'a>, Option<&'a str>),
    (primaries, primary_role): (&Set<'a>, Option<&'a str>),
) {
    let Some(dependents) = ends(dependents, |members| members.first()) else { return };
    let Some(primaries) = ends(primaries, |members| members.last()) else { return };
    let roles = [dependent_role, primary_role];
    for dependent in dependents {
        let influence = influence(reading, shared.element, dependent);
        for primary in primaries.iter().copied() {
            let ends = Ends { dependent, primary, roles, influence };
            add(reading, shared.element, id_of(shared.element), None, shared.score, ends);
        }
    }
}

fn is_sequence(set: &Set<'_>) -> bool {
    match set.source {
        Source::Written(element) => element.attr("sequential").and_then(parse_bool) != Some(false),
        Source::Tag => false,
        Source::Single => true,
    }
}

/// The resources of a set that are tied to those of another: the outermost of a sequence, and
/// `None` if that does not exist; all that exist of others.
fn ends<'a>(
    set: &Set<'a>,
    outermost: for<'m> fn(&'m [Member<'a>]) -> Option<&'m Member<'a>>,
) -> Option<Vec<ResIx>> {
    if is_sequence(set) {
        outermost(&set.members)?.resource.map(|resource| vec![resource])
    } else {
        Some(set.members.iter().filter_map(|member| member.resource).collect())
    }
}

/// Who follows whom, in which roles.
struct Ends<'a> {
    dependent: ResIx,
    primary: ResIx,
    roles: [Option<&'a str>; 2],
    influence: bool,
}

fn add<'a>(
    reading: &mut Reading<'a>,
    element: Element<'a>,
    id: &str,
    attribute: Option<&str>,
    score: Score,
    ends: Ends<'a>,
) {
    let mut roles = Vec::new();
    for text in ends.roles {
        match text.map(Role::parse) {
            Some(None) => {
                let message = format!("constraint {} is left out: bad role", id_of(element));
                reading.find(Severity::Error, element, FindingKind::BadValue, message);
                return;
            }
            role => roles.push(role.flatten()),
        }
    }
    if score == Score::ZERO {
        return;
    }
    reading.resolved.colocations.push(Colocation {
        id: Arc::from(id),
        attribute: Arc::from(attribute.unwrap_or("#uname")),
        dependent: ends.dependent,
        primary: ends.primary,
        dependent_role: roles.first().copied().flatten(),
        primary_role: roles.get(1).copied().flatten(),
        score,
        influence: Some(ends.influence),
    });
}

/// Whether the dependent may move the primary: as written, else as `critical` says.
fn influence(reading: &mut Reading<'_>, element: Element<'_>, dependent: ResIx) -> bool {
    let written = element.attr("influence");
    let critical = reading.resolved.resource(dependent).flags.critical;
    match written.map(parse_bool) {
        Some(Some(influence)) => influence,
        Some(None) => {
            let id = id_of(element);
            let message = format!("influence of constraint {id} is not true or false");
            reading.find(Severity::Error, element, FindingKind::BadValue, message);
            critical
        }
        None => critical,
    }
}

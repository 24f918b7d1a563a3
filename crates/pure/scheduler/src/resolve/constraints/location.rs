//! Location constraints: for a resource, a set, a tag or a pattern; by node or by rule.

use super::super::values::parse_score;
use cib::Element;
use model::{Role, Score};
use regex_lite::Regex;

use super::super::Reading;
use super::super::types::{Location, NodeIx, ProbeMode, ResIx, Resolved};
use super::references::{self, Set, Target};
use super::{id_of, report_unknown};
use crate::report::{FindingKind, Severity};
use crate::rules::{NextChange, RuleInput, dereference, expand, passes};

/// For whom a constraint is meant, apart from what it says itself.
#[derive(Clone, Copy, Debug, Default)]
struct Scope<'s> {
    role: Option<&'s str>,
    score: Option<&'s str>,
    /// What a pattern's parts matched.
    submatches: &'s [Option<String>],
}

/// Reads one constraint.
pub(super) fn read<'a>(reading: &mut Reading<'a>, element: Element<'a>) {
    let sets = references::sets(&reading.resolved, element);
    if !sets.is_empty() {
        for set in sets {
            let scope = Scope { role: set.attr("role"), score: set.attr("score"), submatches: &[] };
            for resource in set.resources() {
                add(reading, element, resource, scope);
            }
            if let Some(missing) = set.missing() {
                report_unknown(reading, element, missing);
                return;
            }
        }
        return;
    }
    if let Some(name) = element.attr("rsc") {
        for_name(reading, element, name);
    }
    if let Some(pattern) = element.attr("rsc-pattern") {
        for_pattern(reading, element, pattern);
    }
}

fn for_name<'a>(reading: &mut Reading<'a>, element: Element<'a>, name: &'a str) {
    match references::target(&reading.resolved, name) {
        Some(Target::Resource(resource)) => add(reading, element, resource, Scope::default()),
        Some(Target::Several(names)) => {
            for resource in Set::tagged(&reading.resolved, name, &names).resources() {
                add(reading, element, resource, Scope::default());
            }
        }
        None => report_unknown(reading, element, name),
    }
}

/// A pattern is about resources that are nobody's part; "!" takes those that do not match.
fn for_pattern<'a>(reading: &mut Reading<'a>, element: Element<'a>, pattern: &'a str) {
    let (inverted, pattern) = match pattern.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let Ok(regex) = Regex::new(pattern) else {
        let message = format!("constraint {} is left out: bad pattern", id_of(element));
        reading.find(Severity::Error, element, FindingKind::BadValue, message);
        return;
    };
    for resource in reading.resolved.top.clone() {
        let id = reading.resolved.resource(resource).id.clone();
        let matched = regex.captures(&id);
        let submatches: Vec<_> = matched
            .iter()
            .filter(|_| !inverted)
            .flat_map(|captures| captures.iter())
            .map(|part| part.map(|part| part.as_str().to_owned()))
            .collect();
        if matched.is_some() != inverted {
            let scope = Scope { submatches: &submatches, ..Scope::default() };
            add(reading, element, resource, scope);
        }
    }
}

/// Adds the constraint for one resource.
fn add<'a>(reading: &mut Reading<'a>, element: Element<'a>, resource: ResIx, scope: Scope<'_>) {
    let location = match (element.attr("node"), scope.score.or_else(|| element.attr("score"))) {
        (Some(node), Some(score)) => by_node(reading, element, resource, scope, node, score),
        (None, _) | (_, None) => by_rule(reading, element, resource, scope),
    };
    reading.resolved.locations.extend(location);
}

fn by_node<'a>(
    reading: &mut Reading<'a>,
    element: Element<'a>,
    resource: ResIx,
    scope: Scope<'_>,
    node: &str,
    score: &str,
) -> Option<Location<'a>> {
    // An unknown node is no mistake: it may join later.
    let node = find_node(&reading.resolved, node)?;
    let Some(score) = parse_score(score) else {
        return refuse(reading, element, "its score is not a number");
    };
    let Some(role) = role(scope.role.or_else(|| element.attr("role"))) else {
        return refuse(reading, element, "its role is unknown");
    };
    Some(Location {
        id: id_of(element),
        resource,
        role,
        probes: probes(element),
        scores: vec![(node, score)],
    })
}

fn by_rule<'a>(
    reading: &mut Reading<'a>,
    element: Element<'a>,
    resource: ResIx,
    scope: Scope<'_>,
) -> Option<Location<'a>> {
    let rule = element.child("rule").and_then(dereference)?;
    let Some(id) = rule.attr("id") else {
        return refuse(reading, element, "its rule has no id");
    };
    let Some(role) = role(rule.attr("role")) else {
        return refuse(reading, element, "its rule's role is unknown");
    };
    let word = rule.attr("boolean-op").unwrap_or("and");
    if !["and", "or"].iter().any(|known| word.eq_ignore_ascii_case(known)) {
        return refuse(reading, element, "its rule's boolean-op is neither and nor or");
    }
    let attribute = rule.attr("score-attribute").map(|name| expand(name, scope.submatches));
    let score = rule.attr("score").and_then(parse_score);
    if attribute.is_none() && score.is_none() {
        return refuse(reading, element, "its rule has no score");
    }
    let resolved = &reading.resolved;
    let mut next = reading.next;
    let mut scores = Vec::new();
    for node in resolved.node_indices() {
        if !rule_passes(resolved, rule, resource, node, scope, &mut next) {
            continue;
        }
        let score = match &attribute {
            Some(attribute) => score_attribute(resolved, resource, node, attribute),
            None => score,
        };
        scores.extend(score.map(|score| (node, score)));
    }
    reading.next = next;
    Some(Location { id, resource, role, probes: probes(element), scores })
}

fn rule_passes(
    resolved: &Resolved<'_>,
    rule: Element<'_>,
    resource: ResIx,
    node: NodeIx,
    scope: Scope<'_>,
    next: &mut NextChange,
) -> bool {
    let asks_parameters = rule
        .descendants()
        .any(|part| part.attr("value-source").is_some_and(|s| s.eq_ignore_ascii_case("param")));
    // Parameters that depend on rules may set the time of the next decision.
    let matter = asks_parameters || resolved.parameters_have_rules(resource);
    let parameters = matter.then(|| resolved.parameters(resource, Some(node)));
    let input = RuleInput {
        now: resolved.now,
        node_attributes: Some(&resolved.node(node).attributes),
        parameters: parameters.as_ref(),
        meta: Some(&resolved.resource(resource).meta),
        submatches: scope.submatches,
        ..RuleInput::default()
    };
    passes(rule, &input, next)
}

/// The score that the node itself gives.
fn score_attribute(
    resolved: &Resolved<'_>,
    resource: ResIx,
    node: NodeIx,
    name: &str,
) -> Option<Score> {
    let target = resolved.resource(resource).meta("container-attribute-target");
    let from_host = target.is_some_and(|target| target.eq_ignore_ascii_case("host"));
    let container = match resolved.node(node).kind {
        super::super::types::NodeKind::Guest { container, .. } if from_host => Some(container),
        super::super::types::NodeKind::Guest { .. }
        | super::super::types::NodeKind::Cluster
        | super::super::types::NodeKind::Remote { .. } => None,
    };
    let asked = match container {
        Some(container) => *resolved.resource(container).active.first()?,
        None => node,
    };
    resolved.node(asked).attribute(name).and_then(parse_score)
}

/// A node by name, or by id.
fn find_node(resolved: &Resolved<'_>, name: &str) -> Option<NodeIx> {
    let ignoring_case = || {
        resolved.node_indices().find(|node| resolved.node(*node).name.eq_ignore_ascii_case(name))
    };
    let by_id = || resolved.find_node_by_id(name);
    resolved.find_node(name).or_else(by_id).or_else(ignoring_case)
}

/// `None` for what is no role. Whatever runs is started or unpromoted, so these ask nothing.
#[expect(clippy::option_option, reason = "no role asked for is not the same as a bad one")]
fn role(text: Option<&str>) -> Option<Option<Role>> {
    let Some(text) = text else { return Some(None) };
    match Role::parse(text)? {
        Role::Unknown | Role::Started | Role::Unpromoted => Some(None),
        role @ (Role::Stopped | Role::Promoted) => Some(Some(role)),
    }
}

fn probes(element: Element<'_>) -> ProbeMode {
    match element.attr("resource-discovery") {
        Some(text) if text.eq_ignore_ascii_case("never") => ProbeMode::Never,
        Some(text) if text.eq_ignore_ascii_case("exclusive") => ProbeMode::Exclusive,
        Some(_) | None => ProbeMode::Always,
    }
}

fn refuse<'a>(reading: &mut Reading<'a>, element: Element<'_>, why: &str) -> Option<Location<'a>> {
    let message = format!("constraint {} is left out: {why}", id_of(element));
    reading.find(Severity::Error, element, FindingKind::BadValue, message);
    None
}

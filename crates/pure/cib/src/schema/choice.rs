//! Alternatives: which one was meant, and what it lacks.

use super::check::{Check, bad_value, count_problem};
use super::kind::Kind;
use super::nearest::nearest;
use super::table::{Alternative, Attribute, Child, Choice};
use super::version::Schema;
use super::violation::Problem;
use crate::element::Element;

/// Checks an element against the alternative that it comes closest to.
pub(super) fn check<'d>(check: &mut Check<'d>, element: Element<'d>, choice: &'static Choice) {
    let schema = check.schema;
    let all = choice.alternatives;
    let (chosen, problems) = match live(all, schema).find(|one| is_met(one, all, element, schema)) {
        Some(met) => (met, Vec::new()),
        None if live(all, schema).any(|one| mentions_something_in(one, element, schema)) => {
            let each = live(all, schema).map(|one| (one, problems(one, all, element, schema)));
            let Some(best) = each.min_by_key(|(_, problems)| problems.len()) else { return };
            best
        }
        None => {
            if choice.required {
                check.report(element, nothing_chosen(all, schema));
            }
            return;
        }
    };
    for attribute in attributes_of(chosen, schema) {
        if let Some(value) = element.attr(attribute.name)
            && attribute.kind.accepts(value, schema)
        {
            check.value(element, attribute, value);
        }
    }
    problems.into_iter().for_each(|problem| check.report(element, problem));
}

/// The alternatives that this schema knows.
fn live(all: &'static [Alternative], schema: Schema) -> impl Iterator<Item = &'static Alternative> {
    all.iter().filter(move |one| one.life.covers(schema))
}

/// Whether nothing keeps the element from being this alternative: whether there would be no
/// [`problems`], without saying which.
fn is_met(
    one: &'static Alternative,
    all: &'static [Alternative],
    element: Element<'_>,
    schema: Schema,
) -> bool {
    let has = |child: &Child| element.child(child.rule.name).is_some();
    attributes_of(one, schema).all(|attribute| match element.attr(attribute.name) {
        Some(value) => attribute.kind.accepts(value, schema),
        None => !attribute.required,
    }) && children_of(one, schema).all(|child| count_problem(element, child).is_none())
        && (!one.not_empty || children_of(one, schema).any(has))
        && too_much(one, all, element, schema).next().is_none()
}

fn attributes_of(
    one: &Alternative,
    schema: Schema,
) -> impl Iterator<Item = &'static Attribute> + use<> {
    one.attributes.iter().filter(move |attribute| attribute.life.covers(schema))
}

fn children_of(one: &Alternative, schema: Schema) -> impl Iterator<Item = &'static Child> + use<> {
    one.children.iter().filter(move |child| child.life.covers(schema))
}

fn mentions_something_in(one: &Alternative, element: Element<'_>, schema: Schema) -> bool {
    attributes_of(one, schema).any(|attribute| element.attr(attribute.name).is_some())
        || children_of(one, schema).any(|child| element.child(child.rule.name).is_some())
}

/// What keeps the element from being this alternative.
fn problems(
    one: &'static Alternative,
    all: &'static [Alternative],
    element: Element<'_>,
    schema: Schema,
) -> Vec<Problem> {
    let mut found = Vec::new();
    for attribute in attributes_of(one, schema) {
        match element.attr(attribute.name) {
            Some(value) if !attribute.kind.accepts(value, schema) => {
                found.push(bad_in_all(attribute, value, all, schema));
            }
            None if attribute.required => {
                found.push(Problem::MissingAttribute(vec![attribute.name.to_owned()]));
            }
            Some(_) | None => {}
        }
    }
    found.extend(children_of(one, schema).filter_map(|child| count_problem(element, child)));
    let has_child = children_of(one, schema).any(|c| element.child(c.rule.name).is_some());
    if one.not_empty && !has_child {
        let names = children_of(one, schema).map(|child| child.rule.name.to_owned()).collect();
        found.push(Problem::MissingElement(names));
    }
    let mut names: Vec<&str> = too_much(one, all, element, schema).collect();
    names.sort_unstable();
    names.dedup();
    let with = distinguishing(one, element, schema);
    let not_together =
        |name: &str| Problem::NotTogether { name: name.to_owned(), with: with.clone() };
    found.extend(names.into_iter().map(not_together));
    found
}

/// Names of what is there and only other alternatives have.
fn too_much(
    one: &'static Alternative,
    all: &'static [Alternative],
    element: Element<'_>,
    schema: Schema,
) -> impl Iterator<Item = &'static str> {
    live(all, schema).flat_map(move |other| {
        let attributes = attributes_of(other, schema)
            .map(|attribute| attribute.name)
            .filter(move |name| !attributes_of(one, schema).any(|own| own.name == *name))
            .filter(move |name| element.attr(name).is_some());
        let children = children_of(other, schema)
            .map(|child| child.rule.name)
            .filter(move |name| !children_of(one, schema).any(|own| own.rule.name == *name))
            .filter(move |name| element.child(name).is_some());
        attributes.chain(children)
    })
}

/// What shows that this alternative was meant, for messages.
fn distinguishing(one: &Alternative, element: Element<'_>, schema: Schema) -> String {
    let attribute = attributes_of(one, schema)
        .filter(|attribute| attribute.required && attribute.name != "id")
        .find_map(|attribute| {
            let value = element.attr(attribute.name)?;
            Some(format!("{}=\"{value}\"", attribute.name))
        });
    let child = || {
        children_of(one, schema)
            .find(|child| element.child(child.rule.name).is_some())
            .map(|child| format!("<{}>", child.rule.name))
    };
    attribute.or_else(child).unwrap_or_else(|| "what else is here".to_owned())
}

/// A value that this alternative refuses: the message names what any alternative would take.
fn bad_in_all(
    attribute: &Attribute,
    value: &str,
    all: &'static [Alternative],
    schema: Schema,
) -> Problem {
    let mut words: Vec<&str> = Vec::new();
    for other in live(all, schema) {
        let same = attributes_of(other, schema).filter(|other| other.name == attribute.name);
        for other in same {
            for word in other.kind.words(schema) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
    }
    if words.len() < 2 || !matches!(attribute.kind, Kind::Words(_)) {
        return bad_value(attribute, value, schema);
    }
    Problem::BadValue {
        attribute: attribute.name.to_owned(),
        found: value.to_owned(),
        wanted: format!("one of {}", words.join(", ")),
        nearest: nearest(value, words.iter().copied()).map(str::to_owned),
    }
}

fn nothing_chosen(all: &'static [Alternative], schema: Schema) -> Problem {
    let attributes: Vec<String> = live(all, schema)
        .filter_map(|one| attributes_of(one, schema).find(|attribute| attribute.required))
        .map(|attribute| attribute.name.to_owned())
        .collect();
    if attributes.is_empty() {
        let children = live(all, schema).flat_map(|one| children_of(one, schema).take(1));
        return Problem::MissingElement(children.map(|c| c.rule.name.to_owned()).collect());
    }
    let mut distinct = attributes;
    distinct.dedup();
    Problem::MissingAttribute(distinct)
}

//! Conditions on node attributes, agents and operations.

use std::borrow::Cow;
use std::cmp::Ordering;

use cib::Element;
use model::parse_interval;

use super::RuleInput;
use super::compare::{Comparison, Kind, order};

/// Whether a condition on a node attribute passes.
pub(super) fn attribute(expression: Element<'_>, input: &RuleInput<'_, '_>) -> bool {
    let Some(name) = expression.attr("attribute") else { return false };
    let name = expand(name, input.submatches);
    let Some(comparison) = expression.attr("operation").and_then(Comparison::parse) else {
        return false;
    };
    let actual = input
        .node_attributes
        .and_then(|attributes| attributes.get(name.as_ref()))
        .map(AsRef::as_ref);
    let value = expression.attr("value");
    match comparison {
        Comparison::Defined => return value.is_none() && actual.is_some(),
        Comparison::NotDefined => return value.is_none() && actual.is_none(),
        Comparison::Equal
        | Comparison::NotEqual
        | Comparison::Less
        | Comparison::LessOrEqual
        | Comparison::Greater
        | Comparison::GreaterOrEqual => {}
    }
    let Some(value) = value else { return false };
    let Some(reference) = reference(expression, value, input) else { return false };
    let Some(kind) = kind(expression, comparison, actual, reference) else { return false };
    let found = order(actual, reference, kind);
    let meaningful = actual.is_some() && reference.is_some();
    match comparison {
        Comparison::Equal => found == Ordering::Equal,
        Comparison::NotEqual => found != Ordering::Equal,
        Comparison::Less => meaningful && found == Ordering::Less,
        Comparison::LessOrEqual => meaningful && found != Ordering::Greater,
        Comparison::Greater => meaningful && found == Ordering::Greater,
        Comparison::GreaterOrEqual => meaningful && found != Ordering::Less,
        Comparison::Defined | Comparison::NotDefined => false,
    }
}

/// The value to compare with; the outer `None` means that its source cannot be understood.
fn reference<'i>(
    expression: Element<'i>,
    value: &'i str,
    input: &RuleInput<'i, '_>,
) -> Option<Option<&'i str>> {
    let source = expression.attr("value-source").unwrap_or("literal");
    let table = match source.to_ascii_lowercase().as_str() {
        "literal" => return Some(Some(value)),
        "param" => input.parameters,
        "meta" => input.meta,
        _ => return None,
    };
    Some(table.and_then(|table| table.get(value)).map(AsRef::as_ref))
}

fn kind(
    expression: Element<'_>,
    comparison: Comparison,
    actual: Option<&str>,
    reference: Option<&str>,
) -> Option<Kind> {
    if let Some(text) = expression.attr("type") {
        return Kind::parse(text);
    }
    if !comparison.is_relative() {
        return Some(Kind::Text);
    }
    let has_dot = |text: Option<&str>| text.is_some_and(|text| text.contains('.'));
    Some(if has_dot(actual) || has_dot(reference) { Kind::Number } else { Kind::Integer })
}

/// Replaces `%0` to `%9` by the parts of the id that a constraint's pattern matched.
pub(crate) fn expand<'t>(text: &'t str, submatches: &[Option<String>]) -> Cow<'t, str> {
    if submatches.is_empty() || !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek().and_then(|next| next.to_digit(10)) {
            Some(digit) if c == '%' => {
                rest.next();
                if let Some(Some(part)) = submatches.get(digit as usize) {
                    expanded.push_str(part);
                }
            }
            Some(_) | None => expanded.push(c),
        }
    }
    Cow::Owned(expanded)
}

/// Whether a condition on the agent passes.
pub(super) fn resource(expression: Element<'_>, input: &RuleInput<'_, '_>) -> bool {
    let agent = input.agent;
    [("class", agent.standard), ("provider", agent.provider), ("type", agent.kind)]
        .into_iter()
        .all(|(name, actual)| expression.attr(name).is_none_or(|wanted| actual == Some(wanted)))
}

/// Whether a condition on the operation passes.
pub(super) fn operation(expression: Element<'_>, input: &RuleInput<'_, '_>) -> bool {
    let (Some(wanted), Some((name, interval_ms))) = (expression.attr("name"), input.operation)
    else {
        return false;
    };
    wanted == name
        && expression.attr("interval").is_none_or(|text| {
            parse_interval(text).is_some_and(|found| found.as_millis() == u128::from(interval_ms))
        })
}

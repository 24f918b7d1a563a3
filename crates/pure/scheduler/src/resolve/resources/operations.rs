//! Configured operations of a resource.

use std::borrow::Cow;

use cib::Element;

use super::super::types::Operation;
use super::super::values::{is_any_of, milliseconds, parse_bool};
use crate::rules::dereference;

/// The operations of `element`, completed by those of `template` that it does not redefine.
pub(super) fn read<'a>(element: Element<'a>, template: Option<Element<'a>>) -> Vec<Operation<'a>> {
    let own = list(element);
    let inherited = template.and_then(list);
    let (Some(own), Some(inherited)) = (&own, &inherited) else {
        return own.or(inherited).unwrap_or_default();
    };
    let redefined = |operation: &Operation<'_>| own.iter().any(|other| same(other, operation));
    let rest = inherited.iter().filter(|operation| !redefined(operation));
    own.iter().chain(rest).cloned().collect()
}

fn list(element: Element<'_>) -> Option<Vec<Operation<'_>>> {
    let operations = dereference(element.child("operations")?)?;
    Some(operations.children_named("op").map(one).collect())
}

fn one(element: Element<'_>) -> Operation<'_> {
    let own = |name| Cow::Borrowed(element.attr(name).unwrap_or(""));
    Operation {
        element: Some(element),
        id: own("id"),
        name: own("name"),
        interval_ms: milliseconds(element.attr("interval")),
        attributes: element.attrs().map(|(name, value)| (name.into(), value.into())).collect(),
        enabled: element.attr("enabled").and_then(parse_bool).unwrap_or(true),
    }
}

/// Whether two operations are for the same work: name and role; the lesser roles are as none.
fn same(one: &Operation<'_>, other: &Operation<'_>) -> bool {
    fn role<'o>(operation: &'o Operation<'_>) -> Option<&'o str> {
        operation.role().filter(|role| !is_any_of(role, &["Started", "Unpromoted", "Slave"]))
    }
    one.name == other.name && role(one) == role(other)
}

/// An operation of an implied resource.
pub(super) fn implied<'a>(
    prefix: &str,
    name: &'static str,
    interval: &'static str,
    timeout: Option<Cow<'a, str>>,
) -> Operation<'a> {
    let id: Cow<'a, str> = format!("{prefix}-{name}-{interval}").into();
    let mut attributes = vec![
        ("id".into(), id.clone()),
        ("interval".into(), interval.into()),
        ("name".into(), name.into()),
    ];
    attributes.extend(timeout.map(|timeout| ("timeout".into(), timeout)));
    let interval_ms = milliseconds(Some(interval));
    Operation { element: None, id, name: name.into(), interval_ms, attributes, enabled: true }
}

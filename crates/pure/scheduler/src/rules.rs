//! Rules: conditions on the time, on a node's attributes, on a resource's agent and on an
//! operation that decide whether a block of the configuration applies.
//!
//! **Not here:** what a block contains (`resolve::blocks`), which node a location prefers.
//!
//! **Always:** a condition that cannot be understood does not pass.
//!
//! Field word: Pacemaker *rule*; source of the rules: Pacemaker Explained, "Rules".

mod compare;
pub mod date;
mod expression;
mod when;

use std::borrow::Cow;
use std::collections::BTreeMap;

use cib::Element;

pub(crate) use compare::versions;
pub(crate) use expression::expand;
pub use when::{Verdict, judge_date};

/// Named values, as [`Values`](crate::Values).
type Table<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

/// What a rule is evaluated against. Conditions on what is `None` do not pass.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RuleInput<'i, 'a> {
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) node_attributes: Option<&'i Table<'a>>,
    pub(crate) agent: AgentParts<'i>,
    /// Name and interval (milliseconds) of the operation.
    pub(crate) operation: Option<(&'i str, u64)>,
    /// For `value-source="param"`.
    pub(crate) parameters: Option<&'i Table<'a>>,
    /// For `value-source="meta"`.
    pub(crate) meta: Option<&'i Table<'a>>,
    /// What `%0` to `%9` stand for in attribute names: parts of the id that a pattern matched.
    pub(crate) submatches: &'i [Option<String>],
}

/// A resource's agent, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AgentParts<'i> {
    pub(crate) standard: Option<&'i str>,
    pub(crate) provider: Option<&'i str>,
    pub(crate) kind: Option<&'i str>,
}

/// The soonest moment (seconds since 1970) at which some rule's answer changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NextChange(pub(crate) Option<i64>);

impl NextChange {
    /// Remembers `at`, if that is sooner.
    pub(crate) fn consider(&mut self, at: i64) {
        self.0 = Some(self.0.map_or(at, |known| known.min(at)));
    }
}

/// How deep rules may nest; deeper ones do not pass. Real ones are two or three deep.
const DEPTH_MAX: u32 = 64;

/// Whether `rule` (or the rule that its `id-ref` names) passes.
pub(crate) fn passes(rule: Element<'_>, input: &RuleInput<'_, '_>, next: &mut NextChange) -> bool {
    rule_passes(rule, input, next, 0)
}

fn rule_passes(
    rule: Element<'_>,
    input: &RuleInput<'_, '_>,
    next: &mut NextChange,
    depth: u32,
) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    let Some(rule) = dereference(rule) else { return false };
    let any = match rule.attr("boolean-op").map(str::to_ascii_lowercase).as_deref() {
        None | Some("and") => false,
        Some("or") => true,
        Some(_) => return false,
    };
    let mut empty = true;
    for condition in rule.children() {
        empty = false;
        let passed = match condition.name() {
            "rule" => rule_passes(condition, input, next, depth + 1),
            "expression" => expression::attribute(condition, input),
            "date_expression" => when::passes(condition, input.now, next),
            "rsc_expression" => expression::resource(condition, input),
            "op_expression" => expression::operation(condition, input),
            _ => false,
        };
        // The first pass settles "or", the first failure settles "and".
        if passed == any {
            return passed;
        }
    }
    empty || !any
}

/// The element that `element` stands for: the one of the same name whose id its `id-ref` gives,
/// or itself.
pub(crate) fn dereference(element: Element<'_>) -> Option<Element<'_>> {
    let Some(id) = element.attr("id-ref") else { return Some(element) };
    element
        .document()
        .root()
        .descendants()
        .find(|other| other.is(element.name()) && other.attr("id") == Some(id))
}

#[cfg(test)]
mod tests;

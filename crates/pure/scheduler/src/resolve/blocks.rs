//! Blocks of name-value pairs (`meta_attributes`, `instance_attributes`, ...) with their rules,
//! scores and references.

use super::values::parse_score;
use std::borrow::Cow;
use std::cmp::Reverse;

use cib::Element;

use super::types::Values;
use crate::rules::{NextChange, RuleInput, dereference, passes};

/// Adds the pairs of every block called `name` among the children of `parents` (a template before
/// the resource that uses it). What is already in `into` stays.
///
/// Blocks with higher scores count first; among equals the later one does. The block with id
/// `first` counts before all others.
pub(super) fn unpack<'a>(
    parents: &[Element<'a>],
    name: &str,
    first: Option<&str>,
    input: &RuleInput<'_, '_>,
    into: &mut Values<'a>,
    next: &mut NextChange,
) {
    let mut blocks: Vec<Element<'a>> = parents
        .iter()
        .flat_map(|parent| parent.children_named(name))
        .filter_map(dereference)
        .collect();
    if blocks.is_empty() {
        return;
    }
    blocks.reverse();
    blocks.sort_by_key(|block| {
        let score = block.attr("score").and_then(parse_score).unwrap_or_default();
        (Reverse(first.is_some() && block.attr("id") == first), Reverse(score))
    });
    for block in blocks {
        if let Some(rule) = block.child("rule")
            && !passes(rule, input, next)
        {
            continue;
        }
        // Configurations of the 0.x series have one more level.
        let pairs = block.child("attributes").unwrap_or(block);
        for pair in pairs.children_named("nvpair") {
            let Some(pair) = dereference(pair) else { continue };
            let (Some(name), Some(value)) = (pair.attr("name"), pair.attr("value")) else {
                continue;
            };
            add(into, name, value);
        }
    }
}

/// Adds one pair unless there is one of that name. `#default` takes away what was there.
fn add<'a>(into: &mut Values<'a>, name: &'a str, value: &'a str) {
    if value.eq_ignore_ascii_case("#default") {
        into.remove(name);
    } else {
        into.entry(Cow::Borrowed(name)).or_insert(Cow::Borrowed(value));
    }
}

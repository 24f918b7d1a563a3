//! Passing values of a running cluster: the cluster keeps them, in a change of their own kind.
//!
//! Field word: Pacemaker *attribute manager*.

use cib::edit::counted;
use client::Client;
use transition::record::{self, Lifetime, NodeRef};
use wire::api::{Change, Manner};

use super::node::{self, Node};
use super::pattern::Names;
use super::place::Place;
use super::{Select, reworded};
use crate::home::Found;
use crate::tool::{self, Trouble};

/// Sets the values that are meant, or removes them if there is none to set.
///
/// Agents say the same with each monitor, and the cluster need not think about it each time: what is
/// so already is not sent.
pub(super) fn update(
    client: &Client,
    found: &Found,
    node: &Node,
    select: &Select,
    (value, manner): (Option<&str>, Manner),
) -> Result<(), Trouble> {
    let found = with_unwritten(found.clone());
    for (name, old) in each(&found, node, select) {
        let new = value.map(|value| {
            counted("value", old.as_deref(), value).unwrap_or_else(|| value.to_owned())
        });
        // Before the members agreed, the document may be an old one.
        let is_known = found.cluster.as_ref().is_some_and(|cluster| cluster.formed);
        if new == old && is_known && !manner.sets_delay {
            continue;
        }
        let node = node.name.clone();
        let change = Change::Attribute { node, name, value: new, manner };
        tool::change(client, change).map_err(reworded)?;
    }
    Ok(())
}

/// The document with the values that wait to be written, or never are.
pub(super) fn with_unwritten(mut found: Found) -> Found {
    let unwritten = found.cluster.as_mut().map(|cluster| std::mem::take(&mut cluster.attributes));
    for value in unwritten.unwrap_or_default() {
        let Ok(node) = node::find(Some(&value.node), &found, &|_| None) else { continue };
        let of = NodeRef { id: &node.id, name: &node.name };
        let pairs = Place::Passing.pairs(&found.document, Some(&node), &named(&value.name));
        let capacity =
            pairs.first().and_then(|pair| pair.parent()).is_some_and(|set| set.is("utilization"));
        let lifetime = if capacity { Lifetime::PassingCapacity } else { Lifetime::Passing };
        let text = value.value.as_deref();
        record::set_attribute(&mut found.document, &of, lifetime, &value.name, text);
    }
    found
}

/// The names that are meant, of the values that a node has.
pub(super) fn names(found: &Found, node: &Node, select: &Select) -> Vec<String> {
    each(found, node, select).into_iter().map(|(name, _)| name).collect()
}

fn named(name: &str) -> Select {
    Select { name: Some(name.to_owned()), ..Select::default() }
}

/// Names, and the values that they have now.
fn each(found: &Found, node: &Node, select: &Select) -> Vec<(String, Option<String>)> {
    let by_name = Select { name: select.name.clone(), ..Select::default() };
    let pairs = Place::Passing.pairs(&found.document, Some(node), &by_name);
    let value = |pair: &cib::Element<'_>| pair.attr("value").map(str::to_owned);
    if let Some(name) = &select.name {
        return vec![(name.clone(), pairs.first().and_then(value))];
    }
    let names = Names::of(select);
    let known = pairs.iter().filter_map(|pair| Some((pair.attr("name")?, value(pair))));
    let known = known.filter(|(name, _)| names.take(name));
    known.map(|(name, value)| (name.to_owned(), value)).collect()
}

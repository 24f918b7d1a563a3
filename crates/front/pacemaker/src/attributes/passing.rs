//! Passing values of a running cluster: the cluster keeps them, in a change of their own kind.
//!
//! Field word: Pacemaker *attribute manager*.

use cib::edit::counted;
use client::Client;
use wire::api::Change;

use super::node::Node;
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
    value: Option<&str>,
) -> Result<(), Trouble> {
    for (name, old) in each(found, node, select) {
        let new = value.map(|value| {
            counted("value", old.as_deref(), value).unwrap_or_else(|| value.to_owned())
        });
        // Before the members agreed, the document may be an old one.
        let is_known = found.cluster.as_ref().is_some_and(|cluster| cluster.formed);
        if new == old && is_known {
            continue;
        }
        let change = Change::Attribute { node: node.name.clone(), name, value: new };
        tool::change(client, change).map_err(reworded)?;
    }
    Ok(())
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

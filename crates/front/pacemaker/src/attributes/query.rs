//! Asking for values in the document.

use super::node::{self, Node};
use super::pattern::Names;
use super::shown::{Value, show};
use super::{Environment, NOT_REACHED, Wanted, failed, reworded};
use crate::exit::Exit;
use crate::home::{Found, Home};
use crate::output::Output;
use crate::tool::Trouble;

/// The node whose values are meant, where nodes have values of their own.
pub(super) fn node_of(
    wanted: &Wanted,
    found: &Found,
    environment: Environment<'_>,
) -> Result<Option<Node>, Trouble> {
    if !wanted.place.is_of_nodes() {
        return Ok(None);
    }
    node::find(wanted.node.as_deref(), found, environment).map(Some)
}

/// Shows the values that are meant, or `default` if there are none.
pub(super) fn query(
    home: &Home,
    wanted: &Wanted,
    default: Option<&str>,
    environment: Environment<'_>,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let found = home.open(NOT_REACHED).map_err(reworded)?;
    let node = node_of(wanted, &found, environment)?;
    let (place, select) = (wanted.place, &wanted.select);
    let names = Names::of(select);
    let shown = Value { scope: Some(place.scope()), id: select.id.as_deref(), ..Value::default() };
    let mut any = false;
    for pair in place.pairs(&found.document, node.as_ref(), select) {
        let name = pair.attr("name").unwrap_or_default();
        if names.take(name) {
            show(&Value { name, value: pair.attr("value"), ..shown }, wanted.quiet, said);
            any = true;
        }
    }
    match default {
        _ if any => Ok(Exit::Ok),
        Some(default) => {
            let name = select.name.as_deref().or(select.pattern.as_deref()).unwrap_or("(null)");
            show(&Value { name, value: Some(default), ..shown }, wanted.quiet, said);
            Ok(Exit::Ok)
        }
        None => Err(failed(Exit::NoSuch, "")),
    }
}

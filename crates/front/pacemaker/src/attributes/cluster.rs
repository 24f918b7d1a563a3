//! Asking the cluster.

use cib::{Document, escape_attribute};
use client::Snapshot;
use wire::api::Change;

use super::place::{self, Place};
use super::{Deed, Environment, Shown, Wanted};
use crate::exit::Exit;
use crate::tool::{self, Trouble};

/// Does what is wanted, and answers what to write.
pub(super) fn carry_out(wanted: &Wanted, environment: Environment<'_>) -> Result<String, Trouble> {
    let (client, snapshot, document) = tool::live()?;
    let node = target(wanted.node.as_deref(), environment)
        .unwrap_or_else(|| snapshot.cluster.node.clone());
    let value = match &wanted.deed {
        Deed::Nothing => return Ok(String::new()),
        Deed::Query { default, all_nodes } => {
            return query(wanted, &document, &node, default.as_deref(), *all_nodes);
        }
        Deed::Update(value) => Some(value.as_str()),
        Deed::Delete => None,
    };
    let name = wanted.name.as_deref().unwrap_or_default();
    if let Some(change) = change(wanted, &snapshot, &document, &node, (name, value))? {
        tool::change(&client, change)?;
    }
    Ok(String::new())
}

/// The node that is meant by name, or by what the environment of an agent says.
fn target(given: Option<&str>, environment: Environment<'_>) -> Option<String> {
    let is_here =
        |name: &&str| name.eq_ignore_ascii_case("auto") || name.eq_ignore_ascii_case("localhost");
    if let Some(name) = given.filter(|name| !is_here(name)) {
        return Some(name.to_owned());
    }
    let wants_host = environment("OCF_RESKEY_CRM_meta_container_attribute_target")
        .is_some_and(|target| target.eq_ignore_ascii_case("host"));
    let host = environment("OCF_RESKEY_CRM_meta_physical_host").filter(|_| wants_host);
    host.or_else(|| environment("OCF_RESKEY_CRM_meta_on_node"))
}

/// What must change; nothing if all is as wanted. Agents say the same with each monitor, and the
/// cluster need not think about it each time.
fn change(
    wanted: &Wanted,
    snapshot: &Snapshot,
    document: &Document,
    node: &str,
    (name, value): (&str, Option<&str>),
) -> Result<Option<Change>, Trouble> {
    let (place, within) = (wanted.place, wanted.set.as_deref());
    let owner = place.owner(document, node);
    let pairs = place.pairs(owner, Some(name), within);
    let found: Vec<&str> = pairs.iter().filter_map(|pair| pair.attr("value")).collect();
    let is_so = found.iter().copied().eq(value);
    // Before the members agreed, the document may be an old one.
    if is_so && snapshot.cluster.formed {
        return Ok(None);
    }
    if place == Place::Passing {
        let (node, name) = (node.to_owned(), name.to_owned());
        return Ok(Some(Change::Attribute { node, name, value: value.map(str::to_owned) }));
    }
    let owner = owner.ok_or_else(|| unknown_node(node))?;
    let edits = match value {
        Some(value) => vec![place.set_value(document, owner, (name, value), within)],
        None => place::remove(&pairs),
    };
    Ok(Some(Change::Edit { edits }))
}

fn query(
    wanted: &Wanted,
    document: &Document,
    node: &str,
    default: Option<&str>,
    all_nodes: bool,
) -> Result<String, Trouble> {
    let nodes: Vec<&str> = if all_nodes { names(document) } else { vec![node] };
    let name = wanted.name.as_deref();
    let mut out = String::new();
    for node in nodes {
        let owner = wanted.place.owner(document, node);
        let pairs = wanted.place.pairs(owner, name, wanted.set.as_deref());
        for pair in pairs {
            let value = pair.attr("value").unwrap_or_default();
            out += &line(wanted, node, pair.attr("name").unwrap_or_default(), value);
        }
    }
    if !out.is_empty() {
        return Ok(out);
    }
    if wanted.place != Place::Options && !all_nodes && !names(document).contains(&node) {
        return Err(unknown_node(node));
    }
    match (default, wanted.shown) {
        (Some(value), _) => Ok(line(wanted, node, name.unwrap_or_default(), value)),
        (None, Shown::WithHost) => Err(Trouble::new(
            Exit::Config,
            format!(
                "Could not query value of {}: attribute does not exist",
                name.unwrap_or_default()
            ),
        )),
        (None, Shown::Bare | Shown::WithScope) => {
            Err(Trouble::new(Exit::NoSuch, "Error performing operation: No such device or address"))
        }
    }
}

fn names(document: &Document) -> Vec<&str> {
    let nodes = document.section(cib::Section::Nodes);
    let nodes = nodes.into_iter().flat_map(|nodes| nodes.children_named("node"));
    nodes.filter_map(|node| node.attr("uname")).collect()
}

fn line(wanted: &Wanted, node: &str, name: &str, value: &str) -> String {
    match wanted.shown {
        Shown::Bare => format!("{value}\n"),
        Shown::WithScope => format!("scope={} name={name} value={value}\n", wanted.place.scope()),
        Shown::WithHost => {
            format!("name=\"{name}\" host=\"{node}\" value=\"{}\"\n", escape_attribute(value))
        }
    }
}

fn unknown_node(node: &str) -> Trouble {
    Trouble::new(Exit::NoSuch, format!("Could not map name={node} to a UUID"))
}

//! `quorate attribute`: a node's named values.

use wire::api::Change;

use crate::arguments::{Attribute, Changing, Common};
use crate::change::{Wanted, carry_out};
use crate::edits;
use crate::exit::Exit;
use crate::source::Source;
use crate::trouble::Trouble;
use crate::{find, say};

pub(super) fn run(common: &Common, verb: &Attribute) -> Result<Exit, Trouble> {
    match verb {
        Attribute::Set { node, name, value, kept, changing } => {
            let named = Named { node, name, value: Some(value) };
            change(common, *changing, named, *kept)
        }
        Attribute::Unset { node, name, kept, changing } => {
            let named = Named { node, name, value: None };
            change(common, *changing, named, *kept)
        }
    }
}

struct Named<'w> {
    node: &'w str,
    name: &'w str,
    value: Option<&'w str>,
}

fn change(
    common: &Common,
    changing: Changing,
    named: Named<'_>,
    kept: bool,
) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let Named { node, name, value } = named;
    let element = find::node(&source.document, node)?;
    let what = match value {
        Some(value) => format!("Set {name}={value} on {node}"),
        None => format!("Remove {name} from {node}"),
    };
    if value.is_none() && !has(&source, element, (name, kept)) {
        let other = if has(&source, element, (name, !kept)) {
            if kept {
                ", but a passing one: leave --kept out"
            } else {
                ", but a kept one: say --kept"
            }
        } else {
            ""
        };
        let kind = if kept { "kept" } else { "passing" };
        say::out(&format!("{node} has no {kind} attribute `{name}`{other}. Nothing to change.\n"));
        return Ok(Exit::Done);
    }
    let wanted = if kept {
        let edits = match value {
            Some(value) => vec![kept_value(&source, element, (name, value))],
            None => edits::unset_value(element, "instance_attributes", name),
        };
        Wanted::edits(&source, changing, what, edits)?
    } else {
        let change = Change::Attribute {
            node: node.to_owned(),
            name: name.to_owned(),
            value: value.map(str::to_owned),
            manner: wire::api::Manner::default(),
        };
        let after = edits::after(&source.document, &change, source.now)?;
        Wanted::change(what, changing, change, after)
    };
    carry_out(common, changing, &source, &wanted)
}

/// Whether a node has an attribute, kept or passing.
fn has(source: &Source, node: cib::Element<'_>, (name, kept): (&str, bool)) -> bool {
    let is_it = |at: &cib::Element<'_>| at.is("nvpair") && at.attr("name") == Some(name);
    if kept {
        let sets = node.children_named("instance_attributes");
        return sets.flat_map(cib::Element::children).any(|at| is_it(&at));
    }
    let states = source.document.section(cib::Section::Status).into_iter();
    let states = states.flat_map(cib::Element::children);
    states
        .filter(|state| state.attr("uname") == node.attr("uname"))
        .filter_map(|state| state.child("transient_attributes"))
        .flat_map(cib::Element::descendants)
        .any(|at| is_it(&at))
}

/// A value in the configuration's entry of a node.
pub(super) fn kept_value(
    source: &Source,
    node: cib::Element<'_>,
    pair: (&str, &str),
) -> wire::api::Edit {
    let set_id = format!("nodes-{}", node.attr("id").unwrap_or_default());
    edits::set_value(&source.document, node, "instance_attributes", &set_id, pair)
}

//! Devices and levels that are to be known besides the configuration's: there are none.
//!
//! In Pacemaker a single node can know more of them, until its daemon ends. Here all members fence with what
//! the configuration has, so what it has already is registered, and what it has not is refused. To forget
//! what was never registered is done, as there; there, too, a device of the configuration survives it.

use std::collections::BTreeMap;

use cib::{Document, Element};

use super::parameters;
use crate::exit::Exit;
use crate::home::Home;
use crate::tool::{Call, Trouble};

const NOT_REACHED: &str = "Could not connect to fencer: ";

fn refused() -> Trouble {
    Trouble::new(
        Exit::Unimplemented,
        "Devices and levels are those of the configuration, on every node: one that a single node knew until \
         its daemon ends would be used by that node alone. cibadmin, pcs and crm change the configuration",
    )
}

fn document() -> Result<Document, Trouble> {
    Ok(Home::find().open(NOT_REACHED)?.document)
}

/// A device, done if the configuration has the same.
pub(super) fn device(id: &str, call: &Call) -> Result<Exit, Trouble> {
    let agent = call.value("agent").ok_or_else(|| {
        Trouble::usage("Please specify an agent to query using -a,--agent [value]")
    })?;
    let wanted: BTreeMap<String, String> = parameters(call)?.into_iter().collect();
    let all = fencing::devices(&document()?);
    let same = |device: &fencing::Device| {
        device.id == id
            && device.agent.eq_ignore_ascii_case(agent)
            && device.parameters.len() == wanted.len()
            && wanted.iter().all(|(name, value)| {
                device.parameters.get(name).is_some_and(|has| has.eq_ignore_ascii_case(value))
            })
    };
    if all.iter().any(same) { Ok(Exit::Ok) } else { Err(refused()) }
}

/// A device less: whoever cleans up after themselves is content.
pub(super) fn no_device() -> Result<Exit, Trouble> {
    document().map(|_reached| Exit::Ok)
}

/// A level, done if the configuration has one of the same devices.
pub(super) fn level(target: &str, call: &Call) -> Result<Exit, Trouble> {
    let index = index(call)?;
    let given = call.given.iter().filter(|given| given.name == "device");
    let wanted: Vec<&str> = given.map(|given| given.value.as_str()).collect();
    let same = |level: Element<'_>| {
        let devices = level.attr("devices").unwrap_or_default().split(',').map(str::trim);
        devices.eq(wanted.iter().copied())
    };
    if levels(&document()?, target, index).any(same) { Ok(Exit::Ok) } else { Err(refused()) }
}

/// A level less, done if there is none.
pub(super) fn no_level(target: &str, call: &Call) -> Result<Exit, Trouble> {
    let index = index(call)?;
    if levels(&document()?, target, index).next().is_some() { Err(refused()) } else { Ok(Exit::Ok) }
}

/// The levels that Pacemaker counts.
const LEVELS: std::ops::RangeInclusive<i64> = 1..=9;

fn index(call: &Call) -> Result<i64, Trouble> {
    let index = call.number("index")?.unwrap_or(0);
    if LEVELS.contains(&index) {
        return Ok(index);
    }
    let words = format!("Invalid argument: levels are 1 to 9, and --index says {index}");
    Err(Trouble::new(Exit::InvalidParameter, words))
}

/// The configuration's levels of this number for a target: a node's name, `@PATTERN` or `NAME=VALUE`.
fn levels<'d>(
    document: &'d Document,
    target: &'d str,
    index: i64,
) -> impl Iterator<Item = Element<'d>> {
    let topology = document.root().path(&["configuration", "fencing-topology"]);
    let is_for = move |level: &Element<'d>| match (target.strip_prefix('@'), target.split_once('='))
    {
        (Some(pattern), _) => level.attr("target-pattern") == Some(pattern),
        (None, Some((name, value))) => {
            level.attr("target-attribute") == Some(name)
                && level.attr("target-value") == Some(value)
        }
        (None, None) => level.attr("target") == Some(target),
    };
    let number =
        |level: &Element<'d>| level.attr("index").and_then(|text| text.trim().parse().ok());
    let all = topology.into_iter().flat_map(|topology| topology.children());
    all.filter(move |level| number(level) == Some(index) && is_for(level))
}

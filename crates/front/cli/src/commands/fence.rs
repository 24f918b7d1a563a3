//! `quorate fence`: devices and past fencings.

use cib::Element;
use scheduler::{Input, NodeIx, Resolved};
use serde::Serialize;
use view::moment;
use view::text::{Table, Tone};

use crate::arguments::{Common, Fence};
use crate::exit::Exit;
use crate::say;
use crate::source::{self, Source};
use crate::trouble::Trouble;

pub(super) fn run(common: &Common, verb: &Fence) -> Result<Exit, Trouble> {
    match verb {
        Fence::Devices => devices(common),
        Fence::History => history(common),
    }
}

/// A fence device as people see it.
#[derive(Debug, Serialize)]
struct Device {
    id: String,
    agent: String,
    /// Nodes where it is active.
    active: Vec<String>,
    /// Whom it can cut off, as far as the configuration tells.
    targets: String,
}

fn devices(common: &Common) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let resolved =
        scheduler::resolve(&source.document, &Input { now: source.now, ..Input::default() });
    let devices: Vec<Device> = resolved
        .resources
        .iter()
        .filter(|resource| resource.flags.fence_device && resource.is_primitive())
        .map(|resource| Device {
            id: resource.id.as_ref().to_owned(),
            agent: resource.agent.as_ref().map(ToString::to_string).unwrap_or_default(),
            active: resource.active.iter().map(|node| name(&resolved, *node)).collect(),
            targets: targets(resource.element),
        })
        .collect();
    if common.json {
        say::json(&devices);
        return Ok(Exit::Done);
    }
    if devices.is_empty() {
        say::out("There is no fence device: lost nodes' resources are not recovered.\n");
        return Ok(Exit::Done);
    }
    let mut table = Table::default();
    for device in devices {
        let active = match device.active.as_slice() {
            [] => "inactive".to_owned(),
            nodes => format!("watched by {}", view::words::list(nodes)),
        };
        table.row(vec![
            (Tone::Plain, device.id),
            (Tone::Faint, device.agent),
            (Tone::Plain, format!("for {}", device.targets)),
            (Tone::Plain, active),
        ]);
    }
    let mut text = String::new();
    table.write(&mut text, 0, source.options());
    say::out(&text);
    Ok(Exit::Done)
}

fn name(resolved: &Resolved<'_>, node: NodeIx) -> String {
    resolved.node(node).name.as_ref().to_owned()
}

/// Whom a device serves, by its own parameters.
fn targets(device: Element<'_>) -> String {
    let parameter = |name: &str| {
        device
            .children_named("instance_attributes")
            .flat_map(Element::children)
            .find(|pair| pair.attr("name") == Some(name))
            .and_then(|pair| pair.attr("value"))
    };
    parameter("pcmk_host_list")
        .or_else(|| parameter("pcmk_host_map"))
        .unwrap_or("the nodes that its agent lists")
        .to_owned()
}

fn history(common: &Common) -> Result<Exit, Trouble> {
    source::daemon(common, "the fencing history")?;
    let source = Source::read(common)?;
    let fencings = source.cluster.map(|cluster| cluster.fencings).unwrap_or_default();
    if common.json {
        say::json(&fencings);
        return Ok(Exit::Done);
    }
    if fencings.is_empty() {
        say::out("No node was ever fenced.\n");
    }
    for fencing in fencings {
        let end = if fencing.succeeded { "done" } else { "FAILED" };
        let reason =
            if fencing.reason.is_empty() { String::new() } else { format!(": {}", fencing.reason) };
        let by = if fencing.by.is_empty() { String::new() } else { format!(" by {}", fencing.by) };
        say::out(&format!(
            "{}  {} of {} {end}{by}{reason}\n",
            moment::calendar(fencing.at),
            fencing.action,
            fencing.target,
        ));
    }
    Ok(Exit::Done)
}

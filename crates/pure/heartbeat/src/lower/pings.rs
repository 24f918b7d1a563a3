//! Ping nodes: a clone that counts who answers, and a rule that prefers who sees more.
//!
//! `ipfail` compares: resources move to the node that reaches more ping nodes, and stay where they
//! are if nobody reaches any. A ban of nodes that reach none would stop everything everywhere then,
//! so the rule adds the count to the node's score.

use super::xml::{Primitive, id_of};
use super::{File, Kind, Making};
use crate::settings::Ping;

/// What a ping node counts: far above any wish to stay of a group.
const EACH: &str = "50000";

/// Makes the clones; whether `ipfail` or its like moved resources.
pub(super) fn lower(making: &mut Making<'_>, has_resources: bool) -> bool {
    let settings = making.settings;
    if settings.pings.is_empty() {
        return false;
    }
    for ping in &settings.pings {
        for name in ping.addresses.iter().filter(|name| making.machines.unresolved.contains(*name))
        {
            let what = format!("the ping node {name} has no address here");
            making.findings.warning(ping.line, what, "nobody would ever reach it: say an address");
        }
    }
    let singles: Vec<&Ping> = settings.pings.iter().filter(|ping| ping.group.is_none()).collect();
    let addresses: Vec<&str> =
        singles.iter().flat_map(|ping| &ping.addresses).map(String::as_str).collect();
    if let Some(first) = singles.first() {
        counted(making, "connected", "pingd", &addresses);
        let text = format!(
            "ping {} becomes the clone connected of ocf:pacemaker:ping, which counts in the node attribute \
             pingd who answers",
            addresses.join(" ")
        );
        making.say(File::HaCf, first.line, Kind::Becomes, text);
    }
    for ping in &settings.pings {
        let Some(group) = &ping.group else { continue };
        let (clone, attribute) = (clone_of(group), attribute_of(group));
        let addresses: Vec<&str> = ping.addresses.iter().map(String::as_str).collect();
        counted(making, &clone, &attribute, &addresses);
        let text = format!(
            "ping_group {group} becomes the clone {clone}: reached if its node attribute {attribute} is \
             above 0"
        );
        making.say(File::HaCf, ping.line, Kind::Becomes, text);
    }
    let mover = settings.children.iter().find(|child| matches!(child.name(), "ipfail" | "pingd"));
    let moves = mover.is_some() && has_resources;
    if let Some(child) = mover {
        let text = if moves {
            "ipfail becomes a rule for each group: it is where more ping nodes answer; if none answers \
             anywhere, nothing moves"
        } else {
            "the clone takes its place; rules of the configuration that read pingd go on"
        };
        making.say(File::HaCf, child.line, Kind::Becomes, text);
    } else {
        let line = settings.pings.first().map_or(0, |ping| ping.line);
        let text =
            "without ipfail nobody heeded ping nodes: they are counted, and no rule reads it";
        making.say(File::HaCf, line, Kind::Differs, text);
    }
    moves
}

/// The constraint that has a resource where more ping nodes answer.
pub(super) fn prefer(making: &mut Making<'_>, resource: &str) {
    let settings = making.settings;
    let mut rules = String::new();
    if settings.pings.iter().any(|ping| ping.group.is_none()) {
        let id = format!("connected_{resource}_rule");
        rules.push_str(&format!(
            "<rule id=\"{id}\" score-attribute=\"pingd\"><expression id=\"{id}-expr\" attribute=\"pingd\" \
             operation=\"defined\"/></rule>"
        ));
    }
    for group in settings.pings.iter().filter_map(|ping| ping.group.as_ref()) {
        let id = format!("{}_{resource}_rule", clone_of(group));
        rules.push_str(&format!(
            "<rule id=\"{id}\" score=\"{EACH}\"><expression id=\"{id}-expr\" attribute=\"{}\" \
             operation=\"gt\" value=\"0\" type=\"number\"/></rule>",
            attribute_of(group)
        ));
    }
    making.constraints.push_str(&format!(
        "<rsc_location id=\"connected_{resource}\" rsc=\"{resource}\">{rules}</rsc_location>"
    ));
}

fn clone_of(group: &str) -> String {
    format!("connected_{}", id_of(group))
}

fn attribute_of(group: &str) -> String {
    format!("pingd-{}", id_of(group))
}

fn counted(making: &mut Making<'_>, clone: &str, attribute: &str, addresses: &[&str]) {
    let settings = making.settings;
    let interval = (settings.deadping / 2_000_000).clamp(2, 60);
    // As long as ipfail waited before it gave up resources.
    let dampen = (2 * settings.keepalive).div_ceil(1_000_000).max(1);
    let parameters = [
        ("host_list", addresses.join(" ")),
        ("multiplier", EACH.to_owned()),
        ("name", attribute.to_owned()),
        ("dampen", format!("{dampen}s")),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let id = format!("{clone}_ping");
    let primitive = Primitive {
        id: &id,
        agent: ("ocf", Some("pacemaker"), "ping"),
        parameters: &parameters,
        monitor: (&format!("{interval}s"), "60s"),
    };
    making.resources.push_str(&format!("<clone id=\"{clone}\">{primitive}</clone>"));
}

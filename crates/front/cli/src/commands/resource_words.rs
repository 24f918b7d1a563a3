//! Words of `quorate resource add` that the document's schema takes as they come: a slip of the
//! pen in one of them would mean nothing, silently.

use model::Role;
use view::words::nearest;

use super::resource_add::Said;
use crate::trouble::Trouble;

/// What agents are asked to do. Source: OCF's resource agent API, and what Pacemaker adds to it.
const TASKS: [&str; 12] = [
    "monitor",
    "start",
    "stop",
    "promote",
    "demote",
    "notify",
    "migrate_to",
    "migrate_from",
    "reload",
    "reload-agent",
    "validate-all",
    "meta-data",
];

/// Source: "Resource Meta-Attributes", and those of clones, in Pacemaker Explained.
const META: [&str; 28] = [
    "priority",
    "critical",
    "target-role",
    "is-managed",
    "maintenance",
    "resource-stickiness",
    "requires",
    "migration-threshold",
    "failure-timeout",
    "multiple-active",
    "allow-migrate",
    "allow-unhealthy-nodes",
    "container-attribute-target",
    "remote-node",
    "remote-addr",
    "remote-port",
    "remote-connect-timeout",
    "remote-allow-migrate",
    "clone-max",
    "clone-node-max",
    "clone-min",
    "promoted-max",
    "promoted-node-max",
    "globally-unique",
    "notify",
    "ordered",
    "interleave",
    "promotable",
];

/// Options of operations that are lengths of time.
const TIMES: [&str; 3] = ["interval", "timeout", "start-delay"];

/// Refuses what was probably meant otherwise. Names that are like no known one are the agent's own.
pub(super) fn check(said: &Said) -> Result<(), Trouble> {
    for (task, options) in &said.operations {
        meant("action of agents", task, &TASKS)?;
        for (name, value) in options {
            if TIMES.contains(&name.as_str()) && model::parse_interval(value).is_none() {
                let what = format!("{name}={value} is no time: say 10s, 5min or 1h");
                return Err(Trouble::Usage { what });
            }
        }
    }
    for (name, value) in &said.meta {
        meant("meta attribute", name, &META)?;
        if name == "target-role" && Role::parse(value).is_none() {
            let roles = ["Started", "Stopped", "Promoted", "Unpromoted"];
            let known = roles.map(str::to_owned).to_vec();
            return Err(Trouble::unknown("role", value, known));
        }
    }
    Ok(())
}

/// Refuses a word that is nearly, but not, one of the known.
fn meant(noun: &'static str, word: &str, known: &[&str]) -> Result<(), Trouble> {
    match nearest(word, known.iter().copied()) {
        Some(near) if near != word => Err(Trouble::unknown(noun, word, vec![near.to_owned()])),
        Some(_) | None => Ok(()),
    }
}

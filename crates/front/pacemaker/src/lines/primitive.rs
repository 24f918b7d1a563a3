//! One line for one primitive.

use std::borrow::Cow;

use model::{AgentRef, Role};

use super::resources::in_brackets;
use crate::exit;
use crate::status::{Limit, Look, PrimitiveShown};

/// A primitive under the name `name`.
pub(super) fn line(shown: &PrimitiveShown<'_>, name: &str) -> String {
    let resource = shown.resource;
    let agent = resource.agent.as_ref().map(agent_name).unwrap_or_default();
    let mut line = format!("{name}\t({agent}):\t");
    if resource.flags.removed {
        line.push_str(" ORPHANED");
    }
    if resource.flags.failed {
        line.push_str(" FAILED");
        if shown.role > Role::Unpromoted {
            line.push_str(&format!(" {}", shown.role));
        }
    } else {
        match shown.pending {
            Some(state) => line.push_str(&format!(" {state}")),
            None => line.push_str(&format!(" {}", shown.role)),
        }
    }
    if let Some(node) = shown.node {
        line.push_str(&format!(" {}", node.name));
    }
    if let Some(code) = shown.probe_failed {
        line.push_str(&format!(" ({}) ", exit::words(code)));
    }
    let remarks = remarks(shown);
    line.push_str(&in_brackets(&remarks.iter().map(AsRef::as_ref).collect::<Vec<&str>>()));
    let several = shown.active_on.len() > 1;
    let element = resource.template.unwrap_or(resource.element);
    let said = shown.description.as_deref();
    if let Some(said) = said.or_else(|| element.attr("description").filter(|_| several)) {
        line.push_str(&format!(" ({said})"));
    }
    if several && !shown.look.has(Look::ON_NODE) {
        let names: Vec<&str> = shown.active_on.iter().map(|node| &*node.name).collect();
        line.push_str(&format!(" [ {} ]", names.join(" ")));
    }
    line
}

/// Only OCF agents have a provider, whatever is written.
fn agent_name(agent: &AgentRef) -> String {
    match &agent.provider {
        Some(_) if &*agent.standard == "ocf" => agent.to_string(),
        Some(_) | None => format!("{}:{}", known(&agent.standard), known(&agent.kind)),
    }
}

/// Of a resource that is known from its history only, not all may be known.
fn known(part: &str) -> &str {
    if part.is_empty() { "unknown" } else { part }
}

fn remarks(shown: &PrimitiveShown<'_>) -> Vec<Cow<'static, str>> {
    let flags = &shown.resource.flags;
    let mut remarks: Vec<Cow<'static, str>> = Vec::new();
    if shown.node.is_some_and(|node| !node.online && node.unclean) {
        remarks.push("UNCLEAN".into());
    }
    if shown.is_locked_here() {
        remarks.push("LOCKED".into());
    }
    if shown.monitoring {
        remarks.push("Monitoring".into());
    }
    match shown.limit {
        Some(Limit::Stopped) => remarks.push("disabled".into()),
        Some(Limit::Unpromoted(written)) => remarks.push(format!("target-role:{written}").into()),
        None => {}
    }
    match (flags.blocked, flags.maintenance, flags.managed) {
        (true, _, _) => remarks.push("blocked".into()),
        (false, true, _) => remarks.push("maintenance".into()),
        (false, false, false) => remarks.push("unmanaged".into()),
        (false, false, true) => {}
    }
    if flags.ignore_failure {
        remarks.push("failure ignored".into());
    }
    remarks
}

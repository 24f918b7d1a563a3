//! A plan as Pacemaker's transition graph in XML.

use std::collections::BTreeMap;
use std::fmt::Write;

use cib::push_attribute as attribute;
use model::{Action, ActionId, ActionKind, Plan, PlanSettings, PrimitiveRef};

/// The graph's text. `transition` is its number, from 1.
pub(crate) fn render(plan: &Plan, transition: u32) -> String {
    let mut out = String::from("<transition_graph");
    settings(&mut out, &plan.settings, transition);
    if plan.steps.is_empty() {
        out.push_str("/>\n");
        return out;
    }
    out.push_str(">\n");
    let actions: BTreeMap<ActionId, &Action> =
        plan.steps.iter().map(|step| (step.action.id, &step.action)).collect();
    for (number, step) in plan.steps.iter().enumerate() {
        let priority = if step.priority > 0 {
            format!(" priority=\"{}\"", step.priority)
        } else {
            String::new()
        };
        // Writing to a String does not fail, here and below.
        let _ = writeln!(out, "  <synapse id=\"{number}\"{priority}>");
        out.push_str("    <action_set>\n");
        whole_action(&mut out, &step.action);
        out.push_str("    </action_set>\n");
        if step.inputs.is_empty() {
            out.push_str("    <inputs/>\n");
        } else {
            out.push_str("    <inputs>\n");
            for input in step.inputs.iter().filter_map(|id| actions.get(id)) {
                out.push_str("      <trigger>\n        ");
                open_action(&mut out, input);
                out.push_str("/>\n      </trigger>\n");
            }
            out.push_str("    </inputs>\n");
        }
        out.push_str("  </synapse>\n");
    }
    out.push_str("</transition_graph>\n");
    out
}

fn settings(out: &mut String, settings: &PlanSettings, transition: u32) {
    let PlanSettings {
        cluster_delay,
        fencing_timeout,
        failed_stop_offset,
        failed_start_offset,
        batch_limit,
        migration_limit,
        recheck_at,
    } = settings;
    attribute(out, "cluster-delay", cluster_delay);
    if let Some(timeout) = fencing_timeout {
        attribute(out, "fencing-timeout", timeout);
    }
    attribute(out, "failed-stop-offset", failed_stop_offset);
    attribute(out, "failed-start-offset", failed_start_offset);
    attribute(out, "batch-limit", batch_limit);
    attribute(out, "transition_id", &transition.to_string());
    if let Some(limit) = migration_limit {
        attribute(out, "migration-limit", limit);
    }
    if let Some(at) = recheck_at {
        attribute(out, "recheck-by", &at.to_string());
    }
}

fn whole_action(out: &mut String, action: &Action) {
    out.push_str("      ");
    open_action(out, action);
    if let Some(since) = action.shutdown_lock {
        attribute(out, "shutdown-lock", &since.to_string());
    }
    out.push_str(">\n");
    if let Some(primitive) = action.primitive() {
        out.push_str("        ");
        resource(out, primitive);
    }
    attributes(out, &action.attributes);
    node_list(out, "downed", action.downed.iter().map(|id| (id.as_str(), None)));
    let maintenance = action.maintenance.iter().map(|(id, on)| (id.as_str(), Some(*on)));
    node_list(out, "maintenance", maintenance);
    let _ = writeln!(out, "      </{}>", element(action));
}

/// Names that begin with a digit are no XML names and become elements.
fn attributes(out: &mut String, pairs: &[(String, String)]) {
    let odd = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
    out.push_str("        <attributes");
    for (name, value) in pairs.iter().filter(|(name, _)| !odd(name)) {
        attribute(out, name, value);
    }
    if !pairs.iter().any(|(name, _)| odd(name)) {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    for (name, value) in pairs.iter().filter(|(name, _)| odd(name)) {
        out.push_str("          <param");
        attribute(out, "name", name);
        attribute(out, "value", value);
        out.push_str("/>\n");
    }
    out.push_str("        </attributes>\n");
}

/// The start tag up to its attributes, without the closing bracket.
fn open_action(out: &mut String, action: &Action) {
    out.push('<');
    out.push_str(element(action));
    if action.task == "lrm_delete" && matches!(action.kind, ActionKind::Bookkeeping(_)) {
        // Only the document's record goes: the agent's host is not asked.
        attribute(out, "mode", "cib");
    }
    attribute(out, "id", &action.id.0.to_string());
    attribute(out, "operation", &action.task);
    attribute(out, "operation_key", &action.key);
    if let Some(key) = &action.internal_key {
        attribute(out, "internal_operation_key", key);
    }
    if let Some(node) = &action.node {
        attribute(out, "on_node", node.name.as_str());
        attribute(out, "on_node_uuid", &node.id);
        if let Some(router) = &node.router {
            attribute(out, "router_node", router.as_str());
        }
    }
}

fn element(action: &Action) -> &'static str {
    match action.kind {
        ActionKind::Resource(_) => "rsc_op",
        ActionKind::Milestone => "pseudo_event",
        ActionKind::Fence | ActionKind::Bookkeeping(_) => "crm_event",
    }
}

fn resource(out: &mut String, primitive: &PrimitiveRef) {
    out.push_str("<primitive");
    attribute(out, "id", &primitive.id);
    if let Some(long) = &primitive.long_id {
        attribute(out, "long-id", long);
    }
    // Of a resource that is known from its history only, not all may be known.
    let agent = &primitive.agent;
    let parts = [
        ("class", Some(&agent.standard)),
        ("provider", agent.provider.as_ref()),
        ("type", Some(&agent.kind)),
    ];
    for (name, part) in parts {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            attribute(out, name, part);
        }
    }
    out.push_str("/>\n");
}

fn node_list<'a>(
    out: &mut String,
    name: &str,
    nodes: impl Iterator<Item = (&'a str, Option<bool>)>,
) {
    let mut any = false;
    for (id, in_maintenance) in nodes {
        if !any {
            let _ = writeln!(out, "        <{name}>");
        }
        any = true;
        out.push_str("          <node");
        attribute(out, "id", id);
        if let Some(on) = in_maintenance {
            attribute(out, "node_in_maintenance", if on { "1" } else { "0" });
        }
        out.push_str("/>\n");
    }
    if any {
        let _ = writeln!(out, "        </{name}>");
    }
}

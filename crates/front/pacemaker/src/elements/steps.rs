//! Changes before planning, and actions that were carried out on paper.

use crate::shown::{Modification, NodeChanged, Step, TicketChanged};
use crate::xml_out::XmlOut;

pub(super) fn write_modifications(out: &mut XmlOut, made: &[Modification<'_>]) {
    out.begin("modifications");
    for made in made {
        write_modification(out, made);
    }
    out.end();
}

fn write_modification(out: &mut XmlOut, made: &Modification<'_>) {
    match made {
        // Always the first: these are attributes of the list.
        Modification::Options { quorum, watchdog } => {
            out.attr_if("quorum", *quorum);
            out.attr_if("watchdog", *watchdog);
        }
        Modification::Node { change, node } => {
            let action = match change {
                NodeChanged::Up => "Online",
                NodeChanged::Down => "Offline",
                NodeChanged::Failing => "Failing",
            };
            out.empty("modify_node", &[("action", action), ("node", node)]);
        }
        Modification::Ticket { change, ticket } => {
            let action = match change {
                TicketChanged::Granted => "Granting",
                TicketChanged::Revoked => "Revoking",
                TicketChanged::Standby => "Standby",
                TicketChanged::Activated => "Activating",
            };
            out.empty("modify_ticket", &[("action", action), ("ticket", ticket)]);
        }
        Modification::Operation { spec } => out.empty("inject_spec", &[("spec", spec)]),
        Modification::Attribute { name, value, node } => out.empty(
            "inject_attr",
            &[("name", name), ("value", value), ("node_path", "/node_state"), ("cib_node", node)],
        ),
    }
}

pub(super) fn write(out: &mut XmlOut, done: &[Step<'_>]) {
    out.begin("transition");
    for step in done {
        write_step(out, step);
    }
    out.end();
}

fn write_step(out: &mut XmlOut, step: &Step<'_>) {
    match step {
        Step::Milestone { key, node } => {
            out.begin("pseudo_action");
            out.attr("task", key);
            out.attr_if("node", *node);
        }
        Step::Fencing { node, how } => {
            out.begin("fencing_action");
            out.attr("target", node);
            out.attr("op", how);
        }
        Step::Bookkeeping { task, node, resource } => {
            out.begin("cluster_action");
            out.attr("task", task);
            out.attr("node", node);
            out.attr_if("id", *resource);
        }
        Step::Resource { resource, task, node, interval } => {
            out.begin("rsc_action");
            out.attr("resource", resource);
            out.attr("op", task);
            out.attr("node", node);
            if *interval > 0 {
                out.number("interval", interval);
            }
        }
        // Pacemaker says this to people only.
        Step::Failed { .. } => return,
        Step::Counted(made) => return write_modification(out, made),
    }
    out.end();
}

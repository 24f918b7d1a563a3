//! Changes before planning, and actions that were carried out on paper, one line each.

use crate::outline::Outline;
use crate::shown::{Modification, NodeChanged, Step, TicketChanged};

pub(super) fn write_modifications(out: &mut Outline, made: &[Modification<'_>]) {
    out.begin("Performing Requested Modifications");
    for made in made {
        write_modification(out, made);
    }
    out.end();
}

fn write_modification(out: &mut Outline, made: &Modification<'_>) {
    match made {
        Modification::Options { quorum, watchdog } => {
            for (name, value) in [("quorum", quorum), ("watchdog", watchdog)] {
                if let Some(value) = value {
                    out.item(&format!("Setting {name}: {value}"));
                }
            }
        }
        Modification::Node { change, node } => out.item(&match change {
            NodeChanged::Up => format!("Bringing node {node} online"),
            NodeChanged::Down => format!("Taking node {node} offline"),
            NodeChanged::Failing => format!("Failing node {node}"),
        }),
        Modification::Ticket { change, ticket } => out.item(&match change {
            TicketChanged::Granted => format!("Granting ticket {ticket}"),
            TicketChanged::Revoked => format!("Revoking ticket {ticket}"),
            TicketChanged::Standby => format!("Making ticket {ticket} standby"),
            TicketChanged::Activated => format!("Activating ticket {ticket}"),
        }),
        Modification::Operation { spec } => {
            out.item(&format!("Injecting {spec} into the configuration"));
        }
        Modification::Attribute { name, value, node } => {
            out.item(&format!("Injecting attribute {name}={value} into /node_state '{node}'"));
        }
    }
}

pub(super) fn write(out: &mut Outline, done: &[Step<'_>]) {
    out.begin("Executing Cluster Transition");
    for step in done {
        match step {
            Step::Failed { action, code } => {
                out.line(&format!("Pretending action {action} failed with rc={}", code.0));
            }
            Step::Counted(made) => write_modification(out, made),
            Step::Milestone { key, node: None } => out.item(&format!("Pseudo action:   {key}")),
            Step::Milestone { key, node: Some(node) } => {
                out.item(&format!("Pseudo action:   {key} on {node}"));
            }
            Step::Fencing { node, how } => out.item(&format!("Fencing {node} ({how})")),
            Step::Bookkeeping { task, node, resource: Some(resource) } => {
                out.item(&format!("Cluster action:  {task} for {resource} on {node}"));
            }
            Step::Bookkeeping { task, node, resource: None } => {
                out.item(&format!("Cluster action:  {task} on {node}"));
            }
            Step::Resource { resource, task, node, interval: 0 } => {
                out.item(&format!("Resource action: {resource:<15} {task} on {node}"));
            }
            Step::Resource { resource, task, node, interval } => {
                out.item(&format!("Resource action: {resource:<15} {task}={interval} on {node}"));
            }
        }
    }
    out.end();
}

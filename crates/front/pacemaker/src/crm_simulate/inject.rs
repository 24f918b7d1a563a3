//! Changes made to the document before planning: nodes come and go, tickets, results.

mod edition;
mod spec;

use cib::{Document, Element, NodeId};
use model::{AgentRef, OcfCode};
use scheduler::Resolved;
use transition::record::{self, Digests, Failure, NodeRef, Operation, Record, node_state};
use transition::rehearse::{
    NO_CLUSTER, merge_as_written_back, pretend_failure, pretended_history, pretended_outcome,
};

use self::edition::edit;
pub(super) use self::edition::raise_by;
pub(super) use self::spec::read_failure;
use super::arguments::Injections;
use crate::output::Output;
use crate::shown::{Modification, NodeChanged, Section, TicketChanged};

/// Makes the changes, and says so.
pub(super) fn inject(
    said: &mut Output,
    document: &mut Document,
    injections: &Injections,
    now: i64,
    quiet: bool,
) {
    let mut made = Vec::new();
    set_options(document, injections, &mut made);
    change_nodes(document, injections, &mut made);
    change_tickets(document, injections, &mut made);
    for spec in &injections.operations {
        made.push(Modification::Operation { spec });
        if let Err(words) = record_result(document, spec, now, &mut made) {
            said.error(words);
        }
    }
    if !quiet {
        said.show(&Section::Modifications(made));
    }
}

/// The changes so far.
type Made<'i> = Vec<Modification<'i>>;

fn set_options<'i>(document: &mut Document, injections: &'i Injections, made: &mut Made<'i>) {
    let Injections { quorum, watchdog, .. } = injections;
    if let Some(quorum) = quorum {
        edit(document, |document| {
            let root = document.root().id();
            document.set(root, "have-quorum", quorum);
        });
    }
    if let Some(watchdog) = watchdog {
        edit(document, |document| set_cluster_option(document, "have-watchdog", watchdog));
    }
    let (quorum, watchdog) = (quorum.as_deref(), watchdog.as_deref());
    if quorum.or(watchdog).is_some() {
        made.push(Modification::Options { quorum, watchdog });
    }
}

/// Changes the option where it is set, or sets it in the usual place.
fn set_cluster_option(document: &mut Document, name: &str, value: &str) {
    let root = document.root().id();
    let configuration = child_made(document, root, "configuration");
    let config = child_made(document, configuration, "crm_config");
    let found = document
        .element(config)
        .descendants()
        .find(|pair| pair.is("nvpair") && pair.attr("name") == Some(name))
        .map(Element::id);
    if let Some(pair) = found {
        document.set(pair, "value", value);
        return;
    }
    let set = document
        .element(config)
        .children_named("cluster_property_set")
        .find(|set| set.attr("id") == Some("cib-bootstrap-options"))
        .map(Element::id);
    let set = set.unwrap_or_else(|| {
        let made = document.append(config, "cluster_property_set");
        document.set(made, "id", "cib-bootstrap-options");
        made
    });
    let pair = document.append(set, "nvpair");
    document.set(pair, "id", &format!("cib-bootstrap-options-{name}"));
    document.set(pair, "name", name);
    document.set(pair, "value", value);
}

fn change_nodes<'i>(document: &mut Document, injections: &'i Injections, made: &mut Made<'i>) {
    // With `--node-up`, nodes that are not configured are added, whatever brings them up.
    let configure = !injections.nodes_up.is_empty();
    for name in &injections.nodes_up {
        made.push(Modification::Node { change: NodeChanged::Up, node: name });
        let state = state_of(document, name, configure);
        write_state(document, state, &ONLINE);
    }
    for name in &injections.nodes_down {
        made.push(Modification::Node { change: NodeChanged::Down, node: name });
        let state = state_of(document, name, configure);
        write_state(document, state, &OFFLINE);
        let removed = record::remove_observed(document, state);
        raise_by(document, removed);
    }
    for name in &injections.nodes_failing {
        made.push(Modification::Node { change: NodeChanged::Failing, node: name });
        let state = state_of(document, name, configure);
        write_state(document, state, &FAILING);
    }
}

const ONLINE: [(&str, &str); 5] = [
    ("in_ccm", "true"),
    ("crmd", "online"),
    ("join", "member"),
    ("expected", "member"),
    ("crm-debug-origin", "crm_simulate"),
];

const OFFLINE: [(&str, &str); 5] = [
    ("in_ccm", "false"),
    ("crmd", "offline"),
    ("join", "down"),
    ("expected", "down"),
    ("crm-debug-origin", "crm_simulate"),
];

const FAILING: [(&str, &str); 5] = [
    ("in_ccm", "false"),
    ("crmd", "online"),
    ("join", "member"),
    ("expected", "member"),
    ("crm-debug-origin", "crm_simulate"),
];

fn write_state(document: &mut Document, state: NodeId, pairs: &[(&str, &str)]) {
    edit(document, |document| {
        merge_as_written_back(document, state);
        set_all(document, state, pairs);
    });
}

fn set_all(document: &mut Document, element: NodeId, pairs: &[(&str, &str)]) {
    for (name, value) in pairs {
        document.set(element, name, value);
    }
}

/// The node's state, made if there is none; a node that is not configured goes by its name.
fn state_of(document: &mut Document, name: &str, configure: bool) -> NodeId {
    let configured = |document: &Document| {
        let nodes = document.root().path(&["configuration", "nodes"])?;
        let found = nodes.children_named("node").find(|node| node.attr("uname") == Some(name))?;
        Some(found.attr("id").unwrap_or(name).to_owned())
    };
    if configure && configured(document).is_none() {
        edit(document, |document| {
            let root = document.root().id();
            let configuration = child_made(document, root, "configuration");
            let nodes = child_made(document, configuration, "nodes");
            let node = document.append(nodes, "node");
            set_all(document, node, &[("id", name), ("uname", name)]);
        });
    }
    let id = configured(document).unwrap_or_else(|| name.to_owned());
    edit(document, |document| node_state(document, &NodeRef { id: &id, name }))
}

fn change_tickets<'i>(document: &mut Document, injections: &'i Injections, made: &mut Made<'i>) {
    let changes = [
        (&injections.tickets_granted, "granted", "true", TicketChanged::Granted),
        (&injections.tickets_revoked, "granted", "false", TicketChanged::Revoked),
        (&injections.tickets_standby, "standby", "true", TicketChanged::Standby),
        (&injections.tickets_activated, "standby", "false", TicketChanged::Activated),
    ];
    for (tickets, name, value, change) in changes {
        for ticket in tickets {
            made.push(Modification::Ticket { change, ticket });
            edit(document, |document| set_ticket(document, ticket, name, value));
        }
    }
}

fn set_ticket(document: &mut Document, ticket: &str, name: &str, value: &str) {
    let root = document.root().id();
    let status = child_made(document, root, "status");
    let tickets = child_made(document, status, "tickets");
    let found = document
        .element(tickets)
        .children_named("ticket_state")
        .find(|state| state.attr("id") == Some(ticket))
        .map(Element::id);
    let state = found.unwrap_or_else(|| {
        let made = document.append(tickets, "ticket_state");
        document.set(made, "id", ticket);
        made
    });
    document.set(state, name, value);
}

/// Records a result that no agent gave.
fn record_result(
    document: &mut Document,
    spec: &str,
    now: i64,
    made: &mut Made<'_>,
) -> Result<(), String> {
    let parts = spec::read(spec)?;
    let resolved = scheduler::resolve(document, &scheduler::Input { now, sanitized: true });
    let agent = find_agent(&resolved, parts.resource);
    let agent = agent.ok_or_else(|| format!("Invalid resource name: {}", parts.resource))?;
    let start_is_fatal = resolved.options.start_failure_is_fatal;
    let state = state_of(document, parts.node, false);
    edit(document, |document| {
        let id = document.element(state).attr("id").unwrap_or(parts.node).to_owned();
        let fatal = parts.task == "stop" || (parts.task == "start" && start_is_fatal);
        let failure = Failure {
            node: NodeRef { id: &id, name: parts.node },
            resource: parts.resource,
            task: parts.task,
            interval_ms: parts.interval_ms,
            fatal,
            at: now,
        };
        let harmless = parts.code == 0 || (parts.code == 7 && parts.interval_ms == 0);
        if !harmless {
            for (name, value) in pretend_failure(document, state, &failure) {
                made.push(Modification::Attribute { name, value, node: id.clone() });
            }
        }
        write_result(document, state, &failure, &agent, OcfCode(parts.code));
    });
    Ok(())
}

fn write_result(
    document: &mut Document,
    state: NodeId,
    run: &Failure<'_>,
    agent: &AgentRef,
    code: OcfCode,
) {
    let (history, call) = pretended_history(document, state, run.resource, agent);
    let entry = Record {
        node: run.node,
        resource: run.resource,
        agent,
        operation: Operation {
            task: run.task,
            interval_ms: run.interval_ms,
            notify: None,
            live_move: None,
        },
        outcome: &pretended_outcome(run.task, code, "Simulated action result"),
        expected: OcfCode::OK,
        call,
        transition_key: &format!("{call}:-1:0:{NO_CLUSTER}"),
        ran_at: run.at,
        changed_at: run.at,
        digests: &Digests::default(),
        origin: "crm_simulate",
    };
    record::record_in(document, history, &entry);
}

/// The agent of a resource, or of the instances that history records under that name.
fn find_agent(resolved: &Resolved<'_>, name: &str) -> Option<AgentRef> {
    let mut found = resolved
        .resources
        .iter()
        .filter(|resource| &*resource.id == name || resource.history_id.as_deref() == Some(name));
    found.find_map(|resource| resource.agent.clone())
}

fn child_made(document: &mut Document, parent: NodeId, name: &str) -> NodeId {
    let found = document.element(parent).child(name).map(Element::id);
    found.unwrap_or_else(|| document.append(parent, name))
}

//! Changes made to the document before planning: nodes come and go, tickets, results.

use cib::{Document, Element, NodeId};
use model::{AgentRef, OcfCode, Outcome};
use scheduler::Resolved;
use transition::record::{
    self, Digests, Failure, NodeRef, Operation, Record, count_failure, node_state, resource_history,
};
use transition::rehearse::{NO_CLUSTER, next_call};

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
        let root = document.root().id();
        document.set(root, "have-quorum", quorum);
    }
    if let Some(watchdog) = watchdog {
        set_cluster_option(document, "have-watchdog", watchdog);
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
    let set = child_made(document, config, "cluster_property_set");
    if document.element(set).attr("id").is_none() {
        document.set(set, "id", "cib-bootstrap-options");
    }
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
        set_all(document, state, &ONLINE);
    }
    for name in &injections.nodes_down {
        made.push(Modification::Node { change: NodeChanged::Down, node: name });
        let state = state_of(document, name, configure);
        set_all(document, state, &OFFLINE);
        record::remove_observed(document, state);
    }
    for name in &injections.nodes_failing {
        made.push(Modification::Node { change: NodeChanged::Failing, node: name });
        let state = state_of(document, name, configure);
        set_all(document, state, &ONLINE);
        document.set(state, "in_ccm", "false");
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
        let root = document.root().id();
        let configuration = child_made(document, root, "configuration");
        let nodes = child_made(document, configuration, "nodes");
        let node = document.append(nodes, "node");
        set_all(document, node, &[("id", name), ("uname", name)]);
    }
    let id = configured(document).unwrap_or_else(|| name.to_owned());
    node_state(document, &NodeRef { id: &id, name })
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
            set_ticket(document, ticket, name, value);
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

/// `RESOURCE_TASK_INTERVAL@NODE=CODE`, taken apart.
struct Spec<'s> {
    resource: &'s str,
    task: &'s str,
    interval_ms: u64,
    node: &'s str,
    code: i32,
}

/// Answers Pacemaker's words if the spec is none.
fn read_spec(spec: &str) -> Result<Spec<'_>, String> {
    let too_few =
        |fields: i32| Err(format!("Invalid operation spec: {spec}.  Only found {fields} fields"));
    let (key, rest) = spec.split_once('@').unwrap_or((spec, ""));
    let (node, code) = rest.split_once('=').unwrap_or((rest, ""));
    let code = leading_number(code.trim_start());
    let code = match (key.is_empty(), node.is_empty(), code) {
        (true, _, _) => return too_few(if spec.is_empty() { -1 } else { 0 }),
        (false, true, _) => return too_few(1),
        (false, false, None) => return too_few(2),
        (false, false, Some(code)) => code,
    };
    let unknown = || format!("Invalid resource name: {key}");
    let (rest, interval) = key.rsplit_once('_').ok_or_else(unknown)?;
    let (resource, task) = ["migrate_to", "migrate_from"]
        .into_iter()
        .find_map(|task| Some((rest.strip_suffix(task)?.strip_suffix('_')?, task)))
        .or_else(|| rest.rsplit_once('_'))
        .ok_or_else(unknown)?;
    // What is no number is no interval: done once.
    let interval_ms = interval.parse().unwrap_or(0);
    Ok(Spec { resource, task, interval_ms, node, code })
}

/// The number that `text` begins with.
pub(super) fn leading_number(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..text.len() - digits.len() + count)?.parse().ok()
}

/// Records a result that no agent gave.
fn record_result(
    document: &mut Document,
    spec: &str,
    now: i64,
    made: &mut Made<'_>,
) -> Result<(), String> {
    let parts = read_spec(spec)?;
    let resolved = scheduler::resolve(document, &scheduler::Input { now, sanitized: true });
    let (agent, start_is_fatal) = {
        let agent = find_agent(&resolved, parts.resource);
        let agent = agent.ok_or_else(|| format!("Invalid resource name: {}", parts.resource))?;
        (agent, resolved.options.start_failure_is_fatal)
    };
    let state = state_of(document, parts.node, false);
    let id = document.element(state).attr("id").unwrap_or(parts.node).to_owned();
    let node = NodeRef { id: &id, name: parts.node };
    let harmless = parts.code == 0 || (parts.code == 7 && parts.interval_ms == 0);
    if !harmless {
        let fatal = parts.task == "stop" || (parts.task == "start" && start_is_fatal);
        let failure = Failure {
            node,
            resource: parts.resource,
            task: parts.task,
            interval_ms: parts.interval_ms,
            fatal,
            at: now,
        };
        for (name, value) in count_failure(document, &failure) {
            made.push(Modification::Attribute { name, value, node: id.clone() });
        }
    }
    let history = resource_history(document, state, parts.resource, &agent);
    let call = next_call(document, history);
    let entry = Record {
        node,
        resource: parts.resource,
        agent: &agent,
        operation: Operation {
            task: parts.task,
            interval_ms: parts.interval_ms,
            notify: None,
            live_move: None,
        },
        outcome: &Outcome {
            reason: "Simulated action result".to_owned(),
            ..Outcome::done(OcfCode(parts.code))
        },
        expected: OcfCode::OK,
        call,
        transition_key: &format!("{call}:-1:0:{NO_CLUSTER}"),
        ran_at: now,
        changed_at: now,
        digests: &Digests::default(),
        origin: "crm_simulate",
    };
    record::record_in(document, history, &entry);
    Ok(())
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

/// `RESOURCE_TASK_INTERVAL@NODE=CODE` as a failure to be pretended.
pub(super) fn read_failure(spec: &str) -> transition::rehearse::PretendedFailure {
    let (place, code) = spec.split_once('=').unwrap_or((spec, ""));
    let (key, node) = place.split_once('@').unwrap_or((place, ""));
    transition::rehearse::PretendedFailure {
        key: key.to_owned(),
        node: node.to_owned(),
        code: leading_number(code.trim_start()),
    }
}

//! Changes made to the document before planning: nodes come and go, tickets, results.

mod edition;
mod nodes;
mod spec;

use cib::{Document, Element, NodeId};
use model::{AgentRef, OcfCode};
use scheduler::Resolved;
use transition::record::{self, Digests, Failure, NodeRef, Operation, Record};
use transition::rehearse::{NO_CLUSTER, pretend_failure, pretended_history, pretended_outcome};

use self::edition::edit;
pub(super) use self::edition::raise_by;
pub(super) use self::nodes::configure_node;
pub(super) use self::spec::read_failure;
use super::Trouble;
use super::arguments::Injections;
use crate::exit::Exit;
use crate::output::Output;
use crate::shown::{Modification, Section, TicketChanged};

/// Makes the changes, and says so.
pub(super) fn inject(
    said: &mut Output,
    document: &mut Document,
    injections: &Injections,
    now: i64,
    quiet: bool,
) -> Result<(), Trouble> {
    let mut made = Vec::new();
    if let Some(quorum) = &injections.quorum
        && !["true", "false", "1", "0"].contains(&quorum.as_str())
    {
        let words = format!("'{quorum}' is no quorum: 1 (or true), or 0 (or false)");
        return Err(Trouble::new(Exit::Config, words));
    }
    set_options(document, injections, &mut made);
    nodes::change(document, injections, &mut made)?;
    change_tickets(document, injections, &mut made);
    for spec in &injections.operations {
        made.push(Modification::Operation { spec });
        if let Err(words) = record_result(document, spec, now, &mut made)? {
            said.error(words);
        }
    }
    if !quiet {
        said.show(&Section::Modifications(made));
    }
    Ok(())
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

/// Records a result that no agent gave. Answers what to say if it cannot be one of this cluster's.
fn record_result(
    document: &mut Document,
    spec: &str,
    now: i64,
    made: &mut Made<'_>,
) -> Result<Result<(), String>, Trouble> {
    let parts = match spec::read(spec) {
        Ok(parts) => parts,
        Err(words) => return Ok(Err(words)),
    };
    let resolved = scheduler::resolve(document, &scheduler::Input { now, sanitized: true });
    let Some(agent) = find_agent(&resolved, parts.resource) else {
        return Ok(Err(format!("Invalid resource name: {}", parts.resource)));
    };
    let start_is_fatal = resolved.options.start_failure_is_fatal;
    let state = nodes::state_of(document, parts.node, false)?;
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
    Ok(Ok(()))
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

//! Records a planned action's run: what the controller calls on every member.

use agent::ParameterKinds;
use agent::digest::{Parameters, TIMEOUT};
use cib::{Document, Element};
use model::{Action, ActionNode, AgentRef, ExecStatus, OcfCode, Outcome};

use super::{
    Digests, Failure, Lifetime, NodeRef, Operation, Record, clear_failures, count_failure, failed,
    forget_resource, record, set_attribute,
};

/// One run of a planned action.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub action: &'a Action,
    pub node: &'a ActionNode,
    /// `action:transition:expected:cluster`.
    pub transition_key: &'a str,
    /// The executor's number of the run; later runs on a node have higher ones.
    pub call: u64,
    /// Seconds since 1970.
    pub at: i64,
    /// What the agent's description says of its parameters, where that was looked up.
    pub kinds: &'a ParameterKinds,
}

/// Notes that an action has begun, so that a coordinator that takes over knows. Probes and
/// notifications are not noted: nothing has to be undone if they were cut short.
pub fn record_pending(document: &mut Document, run: &Run<'_>) {
    let operation = operation_of(run.action);
    let probe = operation.task == "monitor" && operation.interval_ms == 0;
    if probe || operation.task == "notify" {
        return;
    }
    let waiting = Outcome::failed(ExecStatus::Pending, OcfCode::UNKNOWN, "");
    write(document, run, &waiting);
}

/// Records what an action came to: the history entry and, after a failure that counts, the fail
/// count and its time.
pub fn record_outcome(document: &mut Document, run: &Run<'_>, outcome: &Outcome) {
    write(document, run, outcome);
    let Some(primitive) = run.action.primitive() else { return };
    let operation = operation_of(run.action);
    let expected = OcfCode(run.action.expected_code());
    if !failed(outcome, expected) || !counts(&operation) {
        return;
    }
    let fatal = match operation.task {
        "stop" => true,
        "start" => start_failure_is_fatal(document),
        _ => false,
    };
    count_failure(
        document,
        &Failure {
            node: node_ref(run.node),
            resource: &primitive.id,
            task: operation.task,
            interval_ms: operation.interval_ms,
            fatal,
            at: run.at,
        },
    );
}

/// The task of what nobody ran: a failure that is only said.
const SAID: &str = "asyncmon";

/// Records that a resource has failed on a node, where nobody ran anything to find out; `false` if the
/// node has no history of it. Field word: `crm_resource --fail`.
pub fn record_called_failed(
    document: &mut Document,
    node: &NodeRef<'_>,
    resource: &str,
    at: i64,
) -> bool {
    let known = document.root().descendants().find(|history| {
        let state = history.parent().and_then(Element::parent).and_then(Element::parent);
        history.is("lrm_resource")
            && history.attr("id") == Some(resource)
            && state.and_then(|state| state.attr("uname")) == Some(node.name)
    });
    let Some(history) = known else { return false };
    let call = |entry: Element<'_>| entry.attr("call-id")?.parse::<u64>().ok();
    let calls = document.root().descendants().filter(|entry| entry.is("lrm_rsc_op"));
    let call = calls.filter_map(call).max().unwrap_or(0).saturating_add(1);
    let word = |name| history.attr(name).unwrap_or_default();
    let agent = AgentRef {
        standard: word("class").into(),
        provider: history.attr("provider").map(Into::into),
        kind: word("type").into(),
    };
    let operation = Operation { task: SAID, interval_ms: 0, notify: None, live_move: None };
    let outcome = Outcome::failed(ExecStatus::Done, OcfCode::GENERIC, "Simulated failure");
    let record = Record {
        node: *node,
        resource,
        agent: &agent,
        operation,
        outcome: &outcome,
        expected: OcfCode::OK,
        call,
        transition_key: "0:0:0:operator",
        ran_at: at,
        changed_at: at,
        digests: &Digests::default(),
        origin: "quorate",
    };
    super::record(document, &record);
    let failure = Failure { node: *node, resource, task: SAID, interval_ms: 0, fatal: false, at };
    count_failure(document, &failure);
    true
}

/// Notes on a node that it was let back to shared storage, and with which parameters of the devices:
/// when those change it must be done again.
pub fn record_unfenced(
    document: &mut Document,
    node: &NodeRef<'_>,
    (digests_all, digests_secure): (Option<&str>, Option<&str>),
    at: i64,
) {
    let at = at.to_string();
    for (name, value) in [
        ("#node-unfenced", Some(at.as_str())),
        ("#digests-all", digests_all),
        ("#digests-secure", digests_secure),
    ] {
        if value.is_some() {
            set_attribute(document, node, Lifetime::Passing, name, value);
        }
    }
}

/// Forgets a resource's history and failures, on one node or everywhere: it will be probed again.
pub fn cleanup(document: &mut Document, resource: &str, node: Option<&str>) {
    let nodes: Vec<(String, String)> = document
        .root()
        .child("status")
        .into_iter()
        .flat_map(|status| status.children_named("node_state"))
        .filter_map(|state| Some((state.attr("id")?.to_owned(), state.attr("uname")?.to_owned())))
        .filter(|(_, name)| node.is_none_or(|wanted| wanted == name))
        .collect();
    for (id, name) in &nodes {
        let node = NodeRef { id, name };
        forget_resource(document, &node, resource);
        clear_failures(document, &node, resource, None);
    }
}

/// The operation that an action runs.
pub(crate) fn operation_of(action: &Action) -> Operation<'_> {
    Operation {
        task: &action.task,
        interval_ms: u64::try_from(action.interval().as_millis()).unwrap_or(u64::MAX),
        notify: action.meta("notify_type").zip(action.meta("notify_operation")),
        live_move: action.meta("migrate_source").zip(action.meta("migrate_target")),
    }
}

pub(crate) fn node_ref(node: &ActionNode) -> NodeRef<'_> {
    // A node that another one speaks for is known by its name alone.
    let id = if node.router.is_some() { node.name.as_str() } else { &node.id };
    NodeRef { id, name: node.name.as_str() }
}

/// A failed probe says what is, not that something broke; a failed notification is forgiven.
fn counts(operation: &Operation<'_>) -> bool {
    operation.interval_ms > 0 || matches!(operation.task, "start" | "stop" | "promote" | "demote")
}

fn write(document: &mut Document, run: &Run<'_>, outcome: &Outcome) {
    let Some(primitive) = run.action.primitive() else { return };
    record(
        document,
        &Record {
            node: node_ref(run.node),
            resource: &primitive.id,
            agent: &primitive.agent,
            operation: operation_of(run.action),
            outcome,
            expected: OcfCode(run.action.expected_code()),
            call: run.call,
            transition_key: run.transition_key,
            ran_at: run.at,
            changed_at: run.at,
            digests: &digests_of(run.action, run.kinds),
            origin: "quorate",
        },
    );
}

/// The checksums of the action's parameters. Without the agent's description, every change of a
/// parameter restarts the resource.
pub(crate) fn digests_of(action: &Action, kinds: &ParameterKinds) -> Digests {
    let pairs = action.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let parameters = Parameters::of_action(pairs);
    // What recurs is ordered anew when it changes, not reloaded.
    let restart = kinds.restart.as_ref().filter(|_| action.interval().is_zero());
    Digests {
        all: Some(parameters.digest()),
        restart: restart.map(|names| (names.clone(), parameters.only(names).digest())),
        secure: kinds.secret.as_ref().map(|names| {
            // Who compares it leaves the timeout out, also of what recurs.
            let public = parameters.without(names).without(TIMEOUT);
            (names.clone(), public.digest())
        }),
    }
}

/// Read from the document, as every member has it, so that all count alike.
fn start_failure_is_fatal(document: &Document) -> bool {
    let sets = document
        .root()
        .path(&["configuration", "crm_config"])
        .into_iter()
        .flat_map(|config| config.children_named("cluster_property_set"));
    let option = sets
        .flat_map(|set| set.children_named("nvpair"))
        .find(|pair| pair.attr("name") == Some("start-failure-is-fatal"));
    let value = option.and_then(|pair| pair.attr("value")).unwrap_or("true");
    !matches!(value.to_ascii_lowercase().as_str(), "false" | "off" | "no" | "n" | "0")
}

//! Carries a plan out on paper: on a document, with every action succeeding unless told otherwise.
//!
//! `crm_simulate -S` shows it to people; property tests use it to see that a plan leads to a state
//! that needs no plan.
//!
//! **Not here:** waiting, agents, live progress (`run`).
//!
//! **Always:** an action is done only after all its inputs; each at most once.

mod places;
mod pretend;
mod remote;

use std::collections::{BTreeMap, BTreeSet};

use agent::ParameterKinds;
use cib::{Document, NodeId};
use model::{
    Action, ActionId, ActionKind, ActionNode, OcfCode, Plan, PlanSettings, PlanStep, PrimitiveRef,
    Score,
};

use self::places::{Place, Places};
pub use self::pretend::{
    merge_as_written_back, pretend_failure, pretended_history, pretended_outcome,
};
use crate::record::{
    self, Failure, NodeRef, Record, count_failure, digests_of, node_ref, node_state, operation_of,
};

/// How a plan is rehearsed.
#[derive(Clone, Copy)]
pub struct Rehearsing<'a> {
    /// Seconds since 1970, written as the time of every run.
    pub now: i64,
    /// Written as the origin of every entry.
    pub origin: &'a str,
    pub faithful_to: FaithfulTo,
    /// Runs that are to fail.
    pub failures: &'a [PretendedFailure],
    /// Whether the document knows a resource or instance by this name: an instance whose set's
    /// name is not known goes by its own.
    pub is_known: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Rehearsing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { now, origin, faithful_to, failures, is_known: _ } = self;
        write!(f, "Rehearsing({now}, {origin}, {faithful_to:?}, {failures:?})")
    }
}

/// What a rehearsal imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaithfulTo {
    /// A cluster: bookkeeping such as deleting history is carried out too.
    Cluster,
    /// `crm_simulate`, which shows bookkeeping but leaves the document as it was; and which takes
    /// along, whenever it changes what is known of a node, what is recorded there twice.
    CrmSimulate,
}

/// A run that is to fail: `RESOURCE_TASK_INTERVAL@NODE=CODE`. Names match in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PretendedFailure {
    /// `RESOURCE_TASK_INTERVAL`.
    pub key: String,
    pub node: String,
    /// The exit code; `None` if what was given is not a number.
    pub code: Option<i32>,
}

/// What happened, in order, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsed {
    pub done: Vec<Done>,
    pub ending: Ending,
}

/// One action that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub action: ActionId,
    /// The name by which the resource was found; empty for actions without one.
    pub resource: String,
    /// Set if the action was to fail: the code.
    pub failed_with: Option<i32>,
    /// Attributes of the node that count the failure, with their values.
    pub counted: Vec<(String, String)>,
    /// How often a cluster would have changed its document for this: so much does its edition rise.
    pub edits: u32,
    /// Which pretended failures were meant for the action, but do not say how it is to fail.
    pub unclear: Vec<usize>,
}

/// How a rehearsal ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Everything was done.
    #[default]
    Complete,
    /// A pretended failure stopped it.
    Stopped,
    /// Actions were left whose inputs can never be done: the plan is not valid.
    Stuck,
}

/// Carries `plan` out on `document`.
pub fn rehearse(document: &mut Document, plan: &Plan, how: &Rehearsing<'_>) -> Rehearsed {
    let mut stage = Stage::new(plan);
    let mut places = Places::default();
    let mut rehearsed = Rehearsed::default();
    let mut aborted = false;
    // As the controller does: look through all steps in the plan's order, as often as it helps.
    while let Some(at) = stage.next() {
        let Some(step) = plan.steps.get(at) else { continue };
        let milestone = matches!(step.action.kind, ActionKind::Milestone);
        if aborted && !milestone && !is_urgent(step) {
            continue;
        }
        let done = perform(document, plan, &step.action, how, &mut places);
        let failed = done.as_ref().is_some_and(|done| done.failed_with.is_some());
        aborted |= failed;
        rehearsed.done.extend(done);
        stage.confirm(plan, at, failed);
    }
    rehearsed.ending = match (stage.all_done(), aborted) {
        (true, _) => Ending::Complete,
        (false, true) => Ending::Stopped,
        (false, false) => Ending::Stuck,
    };
    rehearsed
}

/// Whether a step runs even after a failure.
fn is_urgent(step: &PlanStep) -> bool {
    step.priority >= Score::INFINITY.value()
}

/// Which steps may run now.
struct Stage {
    /// Number of inputs not yet done, by step.
    waiting: Vec<usize>,
    /// Steps that wait for a step.
    followers: Vec<Vec<usize>>,
    this_pass: BTreeSet<usize>,
    next_pass: BTreeSet<usize>,
    left: usize,
}

impl Stage {
    fn new(plan: &Plan) -> Self {
        let steps = plan.steps.iter().enumerate();
        let places: BTreeMap<ActionId, usize> =
            steps.map(|(at, step)| (step.action.id, at)).collect();
        let mut followers = vec![Vec::new(); plan.steps.len()];
        let mut waiting = vec![0; plan.steps.len()];
        for (at, step) in plan.steps.iter().enumerate() {
            let inputs: BTreeSet<ActionId> = step.inputs.iter().copied().collect();
            if let Some(count) = waiting.get_mut(at) {
                *count = inputs.len();
            }
            for input in inputs {
                let list = places.get(&input).and_then(|place| followers.get_mut(*place));
                if let Some(list) = list {
                    list.push(at);
                }
            }
        }
        let this_pass =
            waiting.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| at);
        Self {
            this_pass: this_pass.collect(),
            next_pass: BTreeSet::new(),
            followers,
            left: waiting.len(),
            waiting,
        }
    }

    fn next(&mut self) -> Option<usize> {
        if self.this_pass.is_empty() {
            std::mem::swap(&mut self.this_pass, &mut self.next_pass);
        }
        self.this_pass.pop_first()
    }

    /// Notes that the step at `at` is done. What follows a failure waits for ever, except what is
    /// urgent.
    fn confirm(&mut self, plan: &Plan, at: usize, failed: bool) {
        self.left -= 1;
        for follower in self.followers.get(at).cloned().unwrap_or_default() {
            if failed && !plan.steps.get(follower).is_some_and(is_urgent) {
                continue;
            }
            let Some(count) = self.waiting.get_mut(follower) else { continue };
            *count -= 1;
            if *count == 0 {
                // Already passed over in this pass, or still ahead.
                if follower < at {
                    self.next_pass.insert(follower);
                } else {
                    self.this_pass.insert(follower);
                }
            }
        }
    }

    fn all_done(&self) -> bool {
        self.left == 0
    }
}

/// Carries one action out. `None` for what is not even shown.
fn perform(
    document: &mut Document,
    plan: &Plan,
    action: &Action,
    how: &Rehearsing<'_>,
    places: &mut Places,
) -> Option<Done> {
    let mut plain = nothing_done(action);
    match &action.kind {
        ActionKind::Milestone => {
            // A guest is cut off by stopping what it runs in, and then has nothing to say either.
            let guest = action.node.as_ref().filter(|_| action.task == "stonith");
            if let Some(guest) = guest.filter(|_| how.faithful_to == FaithfulTo::Cluster) {
                let state = node_state(document, &node_ref(guest));
                record::remove_observed(document, state);
            }
            Some(plain)
        }
        ActionKind::Fence => {
            if let Some(node) = &action.node {
                plain.edits = fence(document, action, node, how);
            }
            Some(plain)
        }
        ActionKind::Bookkeeping(_) => {
            if how.faithful_to == FaithfulTo::Cluster {
                keep_books(document, action);
            }
            Some(plain)
        }
        ActionKind::Resource(primitive) => {
            let node = action.node.as_ref()?;
            Some(run_agent(document, plan, Running { action, primitive, node }, how, places))
        }
    }
}

fn nothing_done(action: &Action) -> Done {
    Done {
        action: action.id,
        resource: String::new(),
        failed_with: None,
        counted: Vec::new(),
        edits: 0,
        unclear: Vec::new(),
    }
}

/// A node that was cut off is down, and nothing that it said of itself holds any more. Answers the
/// number of edits.
fn fence(document: &mut Document, action: &Action, node: &ActionNode, how: &Rehearsing<'_>) -> u32 {
    if action.meta("stonith_action").is_some_and(|word| word.eq_ignore_ascii_case("on")) {
        if how.faithful_to == FaithfulTo::Cluster {
            let digests = (action.meta("digests_all"), action.meta("digests_secure"));
            record::record_unfenced(document, &node_ref(node), digests, how.now);
            return 1;
        }
        return 0;
    }
    let known_as = NodeRef { id: &node.id, name: node.name.as_str() };
    let made = u32::from(!record::has_state(document, &known_as));
    let state = node_state(document, &known_as);
    let origin = match how.faithful_to {
        FaithfulTo::Cluster => how.origin,
        FaithfulTo::CrmSimulate => "simulate_fencing_action",
    };
    made + 1 + take_down(document, state, origin)
}

/// Answers how many elements were removed.
fn take_down(document: &mut Document, state: NodeId, origin: &str) -> u32 {
    for (name, value) in [
        ("in_ccm", "false"),
        ("crmd", "offline"),
        ("join", "down"),
        ("expected", "down"),
        ("crm-debug-origin", origin),
    ] {
        document.set(state, name, value);
    }
    record::remove_observed(document, state)
}

fn keep_books(document: &mut Document, action: &Action) {
    let Some(node) = &action.node else { return };
    let node = node_ref(node);
    match (action.task.as_str(), action.primitive()) {
        ("clear_failcount", Some(primitive)) => {
            record::forget_failures(document, &node, &primitive.id);
        }
        ("lrm_delete", Some(primitive)) => {
            record::forget_resource(document, &node, &primitive.id);
        }
        ("do_shutdown", _) => {
            let state = node_state(document, &node);
            take_down(document, state, "do_shutdown");
        }
        _ => {}
    }
}

struct Running<'a> {
    action: &'a Action,
    primitive: &'a PrimitiveRef,
    node: &'a ActionNode,
}

/// The history of what is recorded as `name`, made if there is none; and whether there were several.
fn history_of(
    document: &mut Document,
    state: NodeId,
    name: &str,
    primitive: &PrimitiveRef,
    places: &mut Places,
) -> (NodeId, bool) {
    let PrimitiveRef { id, agent, .. } = primitive;
    match places.history(document, state, name) {
        Place::At(history) => return (history, false),
        Place::Nowhere if name == id => {
            let history = record::new_history(document, state, id, agent);
            places.remember(state, id, history);
            return (history, false);
        }
        Place::Nowhere | Place::Unknown => {}
    }
    let repeated = record::merge_repeated(document, state, name);
    let found = record::find_history(document, state, name);
    if let Some(history) = found.filter(|_| !repeated) {
        places.remember(state, name, history);
    }
    let history = found.unwrap_or_else(|| {
        let history = record::resource_history(document, state, id, agent);
        places.remember_new(state, id, history);
        history
    });
    (history, repeated)
}

fn run_agent(
    document: &mut Document,
    plan: &Plan,
    running: Running<'_>,
    how: &Rehearsing<'_>,
    places: &mut Places,
) -> Done {
    let Running { action, primitive, node } = running;
    let resource = match &primitive.long_id {
        Some(long) if !(how.is_known)(&primitive.id) && (how.is_known)(long) => long.clone(),
        _ => primitive.id.clone(),
    };
    let mut done = Done { resource: resource.clone(), ..nothing_done(action) };
    if matches!(action.task.as_str(), "delete" | "meta-data") {
        if how.faithful_to == FaithfulTo::Cluster && action.task == "delete" {
            record::forget_resource(document, &node_ref(node), &done.resource);
        }
        return done;
    }
    done.edits = 1 + u32::from(!record::has_state(document, &node_ref(node)));
    let state = node_state(document, &node_ref(node));
    let is_cluster = how.faithful_to == FaithfulTo::Cluster;
    if !is_cluster {
        pretend::take_repeated_along(document, state, places);
    }
    let (history, repeated) = history_of(document, state, &done.resource, primitive, places);
    let expected = action.expected_code();
    let operation = operation_of(action);
    if is_cluster && operation.task == "cancel" {
        let task = action.meta("operation").unwrap_or("monitor");
        record::cancelled(document, history, task, operation.interval_ms);
        return done;
    }
    let names = [&*resource, &*primitive.id];
    if let Some((name, code)) = pretended(how, &operation, node, names, &mut done.unclear) {
        done.failed_with = Some(code);
        let failure = Failure {
            node: node_ref(node),
            resource: name,
            task: operation.task,
            interval_ms: operation.interval_ms,
            fatal: is_fatal(&plan.settings, operation.task),
            at: how.now,
        };
        done.counted = count(document, how.faithful_to, state, &failure, OcfCode(code));
    }
    let code = OcfCode(done.failed_with.unwrap_or(expected));
    let outcome = pretended_outcome(operation.task, code, "User-injected result");
    // Where history is ambiguous, crm_simulate counts from the beginning.
    let ambiguous = repeated && !is_cluster;
    let call = if ambiguous { 1 } else { next_call(document, history) };
    // A cluster has one entry for each operation, whatever the instance's history is called.
    let name = if is_cluster { &done.resource } else { &primitive.id };
    let entry = Record {
        node: node_ref(node),
        resource: name,
        agent: &primitive.agent,
        operation,
        outcome: &outcome,
        expected: OcfCode(expected),
        call,
        transition_key: &format!("{call}:-1:{expected}:{NO_CLUSTER}"),
        ran_at: how.now,
        changed_at: how.now,
        digests: &digests_of(action, &ParameterKinds::default()),
        origin: how.origin,
    };
    if is_cluster {
        record::remove_replaced(document, history, &entry);
    }
    record::record_in(document, history, &entry);
    if is_cluster && done.failed_with.is_none() {
        done.edits += remote::note_connection(document, primitive, &action.task);
    }
    done
}

/// Counts a failure, unless it is none. Answers the attributes that say so.
fn count(
    document: &mut Document,
    faithful_to: FaithfulTo,
    state: NodeId,
    failure: &Failure<'_>,
    code: OcfCode,
) -> Vec<(String, String)> {
    let is_found_stopped = code == OcfCode::NOT_RUNNING && failure.interval_ms == 0;
    if code == OcfCode::OK || is_found_stopped {
        return Vec::new();
    }
    let counted = match faithful_to {
        FaithfulTo::Cluster => count_failure(document, failure),
        FaithfulTo::CrmSimulate => pretend_failure(document, state, failure),
    };
    counted.into()
}

/// Stands for the cluster in the transition key of what no cluster has done.
pub const NO_CLUSTER: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// The pretended failure of this run, if there is one: under which of the resource's names, and
/// the code. Those that have no code are noted.
fn pretended<'n>(
    how: &Rehearsing<'_>,
    operation: &record::Operation<'_>,
    node: &ActionNode,
    names: [&'n str; 2],
    unclear: &mut Vec<usize>,
) -> Option<(&'n str, i32)> {
    how.failures.iter().enumerate().find_map(|(at, failure)| {
        let here = failure.node.eq_ignore_ascii_case(node.name.as_str());
        let same = |name: &&str| {
            let key = record::key(name, operation.task, operation.interval_ms);
            here && failure.key.eq_ignore_ascii_case(&key)
        };
        let name = names.into_iter().find(same)?;
        if failure.code.is_none() {
            unclear.push(at);
        }
        failure.code.map(|code| (name, code))
    })
}

fn is_fatal(settings: &PlanSettings, task: &str) -> bool {
    let offset = match task {
        "start" => &settings.failed_start_offset,
        "stop" => &settings.failed_stop_offset,
        _ => return false,
    };
    offset.is_empty() || Score::parse(offset).is_some_and(Score::demands)
}

/// A number above all that the history has.
pub fn next_call(document: &Document, history: NodeId) -> u64 {
    let entries = document.element(history).children();
    let calls = entries.filter_map(|entry| entry.attr("call-id")?.parse::<u64>().ok());
    calls.max().unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
mod tests;

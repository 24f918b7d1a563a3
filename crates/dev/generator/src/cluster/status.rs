//! What the cluster knows: who is there, and what agents said.

use cib::NodeId;

use super::digests;
use crate::draft::{Agent, Copies, Draft};

/// The cluster in the keys of transitions.
const CLUSTER: &str = "11111111-2222-3333-4444-555555555555";

/// What a node can be: membership, the controller, joining, what is expected of it.
const STATES: &[(usize, &str, &str, &str, &str)] = &[
    (68, "true", "online", "member", "member"),
    (10, "false", "offline", "down", "member"),
    (10, "false", "offline", "down", "down"),
    (4, "true", "offline", "down", "member"),
    (4, "true", "online", "pending", "member"),
    (2, "true", "online", "banned", "member"),
    (2, "false", "online", "member", "member"),
];

pub(super) fn draw(draft: &mut Draft, root: NodeId) {
    let status = draft.add(root, "status", &[]);
    // Newer clusters say since when a node is there.
    let timed = draft.chance.percent(30);
    for (id, name) in draft.nodes.clone() {
        if draft.chance.percent(5) {
            continue;
        }
        let mut at = draft.chance.below(100);
        let state = STATES.iter().find(|state| match at.checked_sub(state.0) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        let Some((_, in_ccm, crmd, join, expected)) = state else { continue };
        let attributes = [
            ("id", id.as_str()),
            ("uname", &name),
            ("in_ccm", in_ccm),
            ("crmd", crmd),
            ("join", join),
            ("expected", expected),
        ];
        let state = draft.add(status, "node_state", &attributes);
        if timed {
            for name in ["in_ccm", "crmd"] {
                since_when(draft, state, name);
            }
        }
        observed(draft, state, &id, &name);
    }
    for name in draft.remotes.clone() {
        if draft.chance.percent(45) {
            let attributes = [("id", name.as_str()), ("uname", &name), ("remote_node", "true")];
            let state = draft.add(status, "node_state", &attributes);
            if draft.chance.percent(10) {
                draft.document.set(state, "node_fenced", "1");
            }
            observed(draft, state, &name, &name);
        }
    }
    let tickets = draft.add(status, "tickets", &[]);
    if draft.chance.percent(50) {
        let granted = draft.chance.word(&["true", "false"]);
        let attributes = [("id", "ticketA"), ("granted", granted)];
        let state = draft.add(tickets, "ticket_state", &attributes);
        if draft.chance.percent(30) {
            draft.document.set(state, "standby", "true");
        }
    }
}

fn since_when(draft: &mut Draft, state: NodeId, name: &str) {
    let is_there = matches!(draft.document.element(state).attr(name), Some("true" | "online"));
    let since = draft.chance.word(&["1699990000", "1699999990"]);
    draft.document.set(state, name, if is_there { since } else { "0" });
}

/// What a node says of itself.
fn observed(draft: &mut Draft, state: NodeId, id: &str, node: &str) {
    let failed = history(draft, state, id, node);
    transient(draft, state, id, failed);
}

/// `failed` is what has failed there: the resource, and the task with its interval.
fn transient(draft: &mut Draft, state: NodeId, id: &str, failed: Vec<(String, String)>) {
    let attributes = draft.add(state, "transient_attributes", &[("id", id)]);
    let mut pairs: Vec<(String, &str)> = Vec::new();
    for (name, percent, values) in [
        ("shutdown", 6, &["1699999000", "0"][..]),
        ("standby", 3, &["on"]),
        ("maintenance", 2, &["true"]),
        ("ping", 30, &["100", "0", "nonsense"]),
        ("weight", 20, &["10", "-INFINITY", "x"]),
        ("#health-cpu", 5, &["green", "yellow", "red", "-10"]),
        ("terminate", 1, &["true", "1699999000"]),
        ("#node-unfenced", 15, &["1699999000", "0"]),
        ("#digests-all", 5, &["fencing:fence_dummy:f2317cad3d54cec5d7d7aa7d0bf35cf8,"]),
        ("#digests-secure", 5, &["fencing:fence_dummy:f2317cad3d54cec5d7d7aa7d0bf35cf8,"]),
    ] {
        if draft.chance.percent(percent) {
            pairs.push((name.to_owned(), draft.chance.word(values)));
        }
    }
    for agent in draft.primitives.clone() {
        if agent.copies.promotable && draft.chance.percent(60) {
            let score = draft.chance.word(&["5", "10", "100", "-1", "-INFINITY", "INFINITY"]);
            pairs.push((format!("master-{}", agent.id), score));
        }
        if draft.wild && draft.chance.percent(5) {
            let task = draft.chance.word(&["monitor_10000", "start_0", "stop_0"]);
            let count = draft.chance.word(&["1", "3", "INFINITY"]);
            pairs.push((format!("fail-count-{}#{task}", agent.id), count));
        }
    }
    for (resource, task) in failed {
        if !draft.wild || draft.chance.percent(50) {
            let count = draft.chance.word(&["1", "1", "3", "INFINITY"]);
            pairs.push((format!("fail-count-{resource}#{task}"), count));
            pairs.push((format!("last-failure-{resource}#{task}"), "1699999000"));
        }
    }
    let block = draft.add_new(attributes, "instance_attributes", &[]);
    for (name, value) in pairs {
        draft.pair(block, &name, value);
    }
}

fn history(draft: &mut Draft, state: NodeId, id: &str, node: &str) -> Vec<(String, String)> {
    let mut failed = Vec::new();
    let lrm = draft.add(state, "lrm", &[("id", id)]);
    let resources = draft.add(lrm, "lrm_resources", &[]);
    let mut agents = draft.primitives.clone();
    if draft.chance.percent(15) {
        agents.push(Agent {
            id: draft.chance.word(&["removed", "removed:1", "r1:3"]).to_owned(),
            class: "ocf",
            provider: Some("pacemaker"),
            kind: "Dummy",
            copies: Copies::ONE,
            bundle: None,
            makes_node: false,
        });
    }
    for agent in agents {
        if draft.chance.percent(35) {
            continue;
        }
        let Some(name) = name_in_history(draft, &agent, node) else { continue };
        let attributes = [("id", name.as_str()), ("class", agent.class), ("type", agent.kind)];
        let resource = draft.add(resources, "lrm_resource", &attributes);
        if let Some(provider) = agent.provider {
            draft.document.set(resource, "provider", provider);
        }
        if draft.chance.percent(4) {
            let since = draft.chance.word(&["1699999000", "1600000000", "0"]);
            draft.document.set(resource, "shutdown-lock", since);
        }
        let failures = life(draft, resource, (&agent, &name), node);
        failed.extend(failures.into_iter().map(|task| (name.clone(), task)));
    }
    failed
}

/// Under which name a node keeps what it knows of a primitive; nothing if that cannot be there.
fn name_in_history(draft: &mut Draft, agent: &Agent, node: &str) -> Option<String> {
    let Agent { id, copies, bundle, .. } = agent;
    if draft.wild {
        let numbered = copies.instances > 1 && draft.chance.percent(50);
        let number = draft.chance.below(copies.instances);
        return Some(if numbered { format!("{id}:{number}") } else { id.clone() });
    }
    if agent.makes_node && draft.remotes.iter().any(|remote| remote == node) {
        return None;
    }
    let replica = node.rsplit_once('-');
    match (bundle, replica) {
        (Some(bundle), Some((of, number))) if bundle == of => {
            Some(if copies.unique { format!("{id}:{number}") } else { id.clone() })
        }
        (Some(_), _) => None,
        (None, _) if copies.unique => {
            Some(format!("{id}:{}", draft.chance.below(copies.instances)))
        }
        (None, _) => Some(id.clone()),
    }
}

/// One thing that an agent said: task, interval, expected code, status, code.
type Said = (&'static str, &'static str, i32, i32, i32);

const IDLE: &[Said] = &[("monitor", "0", 7, 0, 7)];
const RUNS: &[Said] = &[("start", "0", 0, 0, 0), ("monitor", "10000", 0, 0, 0)];

/// What has happened to a resource on a node, oldest first, and how often out of a hundred.
const LIVES: &[(usize, &[Said])] = &[
    (30, IDLE),
    (24, RUNS),
    (4, &[("monitor", "0", 7, 0, 0)]),
    (5, &[("start", "0", 0, 0, 0), ("stop", "0", 0, 0, 0)]),
    (4, &[("start", "0", 0, 4, 1)]),
    (2, &[("start", "0", 0, 2, 1), ("stop", "0", 0, 0, 0)]),
    (4, &[("start", "0", 0, 0, 0), ("monitor", "10000", 0, 4, 7)]),
    (3, &[("start", "0", 0, 0, 0), ("stop", "0", 0, 4, 1)]),
    (3, &[("start", "0", 0, 0, 0), ("stop", "0", 0, 2, 1)]),
    (3, &[("start", "0", 0, -1, 193)]),
    (3, &[("start", "0", 0, 0, 0), ("stop", "0", 0, -1, 193)]),
    (2, &[("start", "0", 0, 0, 0), ("monitor", "10000", 0, -1, 193)]),
    (2, &[("monitor", "0", 7, -1, 193)]),
    (2, &[("monitor", "0", 7, 7, 5)]),
    (2, &[("monitor", "0", 7, 4, 2)]),
    (2, &[("start", "0", 0, 0, 0), ("migrate_to", "0", 0, 0, 0)]),
    (1, &[("start", "0", 0, 0, 0), ("migrate_to", "0", 0, -1, 193)]),
    (1, &[("start", "0", 0, 0, 0), ("migrate_to", "0", 0, 4, 1)]),
    (2, &[("migrate_from", "0", 0, 0, 0)]),
    (1, &[("migrate_from", "0", 0, 4, 1)]),
];

const LIVES_OF_PROMOTABLE: &[(usize, &[Said])] = &[
    (40, &[("start", "0", 0, 0, 0), ("promote", "0", 0, 0, 0), ("monitor", "11000", 8, 0, 8)]),
    (15, &[("monitor", "0", 7, 0, 8)]),
    (10, &[("start", "0", 0, 0, 0), ("promote", "0", 0, 4, 1)]),
    (10, &[("start", "0", 0, 0, 0), ("promote", "0", 0, -1, 193)]),
    (10, &[("promote", "0", 0, 0, 0), ("demote", "0", 0, 4, 1)]),
    (5, &[("promote", "0", 0, 0, 0), ("demote", "0", 0, -1, 193)]),
    (10, &[("promote", "0", 0, 0, 0), ("monitor", "11000", 8, 4, 9)]),
];

/// What has failed.
fn life(
    draft: &mut Draft,
    resource: NodeId,
    (agent, name): (&Agent, &str),
    node: &str,
) -> Vec<String> {
    let mut failures = Vec::new();
    let lives = if agent.copies.promotable && draft.chance.percent(50) {
        LIVES_OF_PROMOTABLE
    } else {
        LIVES
    };
    let mut at = draft.chance.below(100);
    let lived = lives.iter().find(|life| match at.checked_sub(life.0) {
        Some(rest) => {
            at = rest;
            false
        }
        None => true,
    });
    let Some((_, said)) = lived else { return failures };
    let mut call = 5 + draft.chance.below(40);
    for (task, interval, expected, status, code) in *said {
        call += 1;
        let key = format!("{call}:7:{expected}:{CLUSTER}");
        let id = format!("{name}_{task}_{interval}");
        if *status > 0 && (*task, *interval) != ("monitor", "0") {
            failures.push(format!("{task}_{interval}"));
        }
        let failed = *status > 0 && draft.chance.percent(70);
        let stored = if failed { format!("{name}_last_failure_0") } else { id.clone() };
        let (rc, op_status) = (code.to_string(), status.to_string());
        let (number, magic) = (call.to_string(), format!("{status}:{code};{key}"));
        let changed = draft.chance.word(&["1699999000", "1699990000", "1600000000"]);
        let attributes = [
            ("id", stored.as_str()),
            ("operation_key", &id),
            ("operation", task),
            ("crm-debug-origin", "generator"),
            ("crm_feature_set", "3.20.1"),
            ("transition-key", &key),
            ("transition-magic", &magic),
            ("on_node", node),
            ("call-id", &number),
            ("rc-code", &rc),
            ("op-status", &op_status),
            ("interval", interval),
            ("last-rc-change", changed),
            ("exec-time", "10"),
            ("queue-time", "0"),
        ];
        let entry = draft.add(resource, "lrm_rsc_op", &attributes);
        digests::draw(draft, entry);
        if task.starts_with("migrate") {
            let other = draft.any_node();
            let (source, target) =
                if *task == "migrate_to" { (node, other.as_str()) } else { (other.as_str(), node) };
            draft.document.set(entry, "migrate_source", source);
            draft.document.set(entry, "migrate_target", target);
        }
    }
    failures
}

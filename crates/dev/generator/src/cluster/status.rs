//! What the cluster knows: who is there, and what agents said.

use cib::NodeId;

use crate::draft::{Agent, Draft};

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
        transient(draft, state, &id);
        history(draft, state, &id, &name);
    }
    for name in draft.remotes.clone() {
        if draft.chance.percent(45) {
            let attributes = [("id", name.as_str()), ("uname", &name), ("remote_node", "true")];
            let state = draft.add(status, "node_state", &attributes);
            if draft.chance.percent(10) {
                draft.document.set(state, "node_fenced", "1");
            }
            transient(draft, state, &name);
            history(draft, state, &name, &name);
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

fn transient(draft: &mut Draft, state: NodeId, id: &str) {
    let attributes = draft.add(state, "transient_attributes", &[("id", id)]);
    let mut pairs: Vec<(String, &str)> = Vec::new();
    for (name, percent, values) in [
        ("shutdown", 6, &["1699999000", "0"][..]),
        ("standby", 3, &["on"]),
        ("maintenance", 2, &["true"]),
        ("ping", 30, &["100", "0", "nonsense"]),
        ("weight", 20, &["10", "-INFINITY", "x"]),
        ("#health-cpu", 5, &["green", "yellow", "red", "-10"]),
    ] {
        if draft.chance.percent(percent) {
            pairs.push((name.to_owned(), draft.chance.word(values)));
        }
    }
    for agent in draft.primitives.clone() {
        if agent.promotable && draft.chance.percent(60) {
            let score = draft.chance.word(&["5", "10", "100", "-1", "-INFINITY", "INFINITY"]);
            pairs.push((format!("master-{}", agent.id), score));
        }
        if draft.chance.percent(5) {
            let task = draft.chance.word(&["monitor_10000", "start_0", "stop_0"]);
            let count = draft.chance.word(&["1", "3", "INFINITY"]);
            pairs.push((format!("fail-count-{}#{task}", agent.id), count));
        }
    }
    let block = draft.add_new(attributes, "instance_attributes", &[]);
    for (name, value) in pairs {
        draft.pair(block, &name, value);
    }
}

fn history(draft: &mut Draft, state: NodeId, id: &str, node: &str) {
    let lrm = draft.add(state, "lrm", &[("id", id)]);
    let resources = draft.add(lrm, "lrm_resources", &[]);
    let mut agents = draft.primitives.clone();
    if draft.chance.percent(15) {
        agents.push(Agent {
            id: draft.chance.word(&["removed", "removed:1", "r1:3"]).to_owned(),
            class: "ocf",
            provider: Some("pacemaker"),
            kind: "Dummy",
            instances: 1,
            promotable: false,
        });
    }
    for agent in agents {
        if draft.chance.percent(35) {
            continue;
        }
        let name = match agent.instances {
            0 | 1 => agent.id.clone(),
            _ if draft.chance.percent(50) => agent.id.clone(),
            instances => format!("{}:{}", agent.id, draft.chance.below(instances)),
        };
        let attributes = [("id", name.as_str()), ("class", agent.class), ("type", agent.kind)];
        let resource = draft.add(resources, "lrm_resource", &attributes);
        if let Some(provider) = agent.provider {
            draft.document.set(resource, "provider", provider);
        }
        life(draft, resource, (&agent, &name), node);
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

fn life(draft: &mut Draft, resource: NodeId, (agent, name): (&Agent, &str), node: &str) {
    let lives =
        if agent.promotable && draft.chance.percent(50) { LIVES_OF_PROMOTABLE } else { LIVES };
    let mut at = draft.chance.below(100);
    let lived = lives.iter().find(|life| match at.checked_sub(life.0) {
        Some(rest) => {
            at = rest;
            false
        }
        None => true,
    });
    let Some((_, said)) = lived else { return };
    let mut call = 5 + draft.chance.below(40);
    for (task, interval, expected, status, code) in *said {
        call += 1;
        let key = format!("{call}:7:{expected}:{CLUSTER}");
        let id = format!("{name}_{task}_{interval}");
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
        if draft.chance.percent(12) {
            let digest = "f2317cad3d54cec5d7d7aa7d0bf35cf8";
            draft.document.set(entry, "op-digest", digest);
        }
        if task.starts_with("migrate") {
            let other = draft.any_node();
            let (source, target) =
                if *task == "migrate_to" { (node, other.as_str()) } else { (other.as_str(), node) };
            draft.document.set(entry, "migrate_source", source);
            draft.document.set(entry, "migrate_target", target);
        }
    }
}

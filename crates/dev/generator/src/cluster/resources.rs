//! Resources of every shape.

use cib::NodeId;

use crate::draft::{Agent, Copies, Draft, Drawn};

/// Meta attributes with the values to draw from, and in how many of a hundred resources they are.
const META: &[(&str, usize, &[&str])] = &[
    ("priority", 12, &["0", "5", "10", "-3", "INFINITY"]),
    ("resource-stickiness", 15, &["0", "1", "100", "INFINITY", "-1"]),
    ("target-role", 10, &["Stopped", "Started", "Promoted", "Unpromoted"]),
    ("is-managed", 7, &["true", "false", "false"]),
    ("maintenance", 3, &["true", "false"]),
    ("migration-threshold", 12, &["0", "1", "2", "INFINITY"]),
    ("failure-timeout", 10, &["0", "1s", "1000d"]),
    ("multiple-active", 10, &["stop_start", "stop_only", "block", "stop_unexpected"]),
    ("requires", 8, &["nothing", "quorum", "fencing", "unfencing"]),
    ("allow-migrate", 15, &["true", "true", "false"]),
    ("critical", 6, &["true", "false"]),
    ("allow-unhealthy-nodes", 4, &["true", "false"]),
];

const META_OF_CLONES: &[(&str, usize, &[&str])] = &[
    ("clone-max", 35, &["0", "1", "2", "3", "7"]),
    ("clone-node-max", 25, &["0", "1", "2", "3"]),
    ("clone-min", 10, &["0", "1", "2"]),
    ("interleave", 40, &["true", "false"]),
    ("ordered", 20, &["true", "false"]),
    ("globally-unique", 20, &["true", "false"]),
    ("notify", 25, &["true", "false"]),
    ("promoted-max", 25, &["0", "1", "2"]),
    ("promoted-node-max", 10, &["1", "2"]),
];

pub(super) fn draw(draft: &mut Draft, configuration: NodeId, count: usize) {
    let section = draft.add(configuration, "resources", &[]);
    if draft.chance.percent(20) {
        let attributes = [("class", "ocf"), ("provider", "pacemaker"), ("type", "Dummy")];
        let template = draft.add_new(section, "template", &attributes);
        operations(draft, template);
        let id = id_of(draft, template);
        draft.others.push(id);
    }
    if draft.chance.percent(65) {
        fence_device(draft, section);
    }
    for number in 1..=count {
        let element = match draft.chance.below(100) {
            0..40 => primitive(draft, section, &format!("r{number}"), Copies::ONE),
            40..60 => group(draft, section, &format!("g{number}"), Copies::ONE),
            60..75 => clone_set(draft, section, &format!("c{number}"), false),
            75..88 => clone_set(draft, section, &format!("p{number}"), true),
            88..95 => bundle(draft, section, &format!("b{number}")),
            _ => remote(draft, section, &format!("remote{number}")),
        };
        let id = id_of(draft, element);
        let members = draft.document.element(element).descendants();
        let members = members.filter(|inner| inner.is("primitive"));
        let members = members.filter_map(|inner| inner.attr("id")).map(str::to_owned);
        let members: Vec<String> = members.filter(|member| *member != id).collect();
        draft.resources.push(Drawn { id, members });
    }
    tags(draft, configuration);
}

fn id_of(draft: &Draft, element: NodeId) -> String {
    draft.document.element(element).attr("id").unwrap_or_default().to_owned()
}

fn meta(draft: &mut Draft, element: NodeId, from: &[(&'static str, usize, &[&'static str])]) {
    let mut pairs = Vec::new();
    for (name, percent, values) in from {
        if draft.chance.percent(*percent) {
            pairs.push((*name, draft.chance.word(values)));
        }
    }
    draft.block(element, "meta_attributes", &pairs);
}

fn fence_device(draft: &mut Draft, section: NodeId) {
    let attributes = [("id", "fencing"), ("class", "stonith"), ("type", "fence_dummy")];
    let device = draft.add(section, "primitive", &attributes);
    if draft.chance.percent(15) {
        draft.block(device, "meta_attributes", &[("provides", "unfencing")]);
    }
    let parameters = [("pcmk_host_list", "node1 node2 node3 node4")];
    draft.block(device, "instance_attributes", &parameters);
    operations(draft, device);
    draft.primitives.push(Agent {
        id: "fencing".to_owned(),
        class: "stonith",
        provider: None,
        kind: "fence_dummy",
        copies: Copies::ONE,
        bundle: None,
        makes_node: false,
    });
}

fn primitive(draft: &mut Draft, parent: NodeId, id: &str, copies: Copies) -> NodeId {
    let mut kind = draft.chance.word(&["Dummy", "Dummy", "ping"]);
    let element = draft.add(parent, "primitive", &[("id", id)]);
    let template = draft.others.first().cloned();
    match template {
        Some(template) if !copies.promotable && draft.chance.percent(25) => {
            kind = "Dummy";
            draft.document.set(element, "template", &template);
        }
        _ => {
            kind = if copies.promotable { "Stateful" } else { kind };
            for (name, value) in [("class", "ocf"), ("provider", "pacemaker"), ("type", kind)] {
                draft.document.set(element, name, value);
            }
        }
    }
    meta(draft, element, META);
    if draft.chance.percent(25) {
        let value = draft.chance.word(&["1", "2", "long value"]);
        draft.block(element, "instance_attributes", &[("state", value)]);
    }
    if draft.chance.percent(20) {
        let demand = [
            ("cpu", draft.chance.word(&["1", "2", "3", "10", "-1"])),
            ("memory", draft.chance.word(&["1", "2", "4"])),
        ];
        draft.block(element, "utilization", &demand);
    }
    operations(draft, element);
    draft.primitives.push(Agent {
        id: id.to_owned(),
        class: "ocf",
        provider: Some("pacemaker"),
        kind,
        copies,
        bundle: None,
        makes_node: false,
    });
    element
}

fn operations(draft: &mut Draft, element: NodeId) {
    if !draft.chance.percent(75) {
        return;
    }
    let list = draft.add(element, "operations", &[]);
    let interval = draft.chance.word(&["10s", "10s", "1min", "PT20S", "0"]);
    let monitor = draft.add_new(list, "op", &[("name", "monitor"), ("interval", interval)]);
    if draft.chance.percent(40) {
        let policy = draft.chance.word(&[
            "ignore",
            "block",
            "demote",
            "stop",
            "restart",
            "standby",
            "fence",
            "restart-container",
        ]);
        draft.document.set(monitor, "on-fail", policy);
    }
    if draft.chance.percent(20) {
        let attributes = [("name", "monitor"), ("interval", "11s"), ("role", "Promoted")];
        draft.add_new(list, "op", &attributes);
    }
    if draft.chance.percent(10) {
        let attributes = [("name", "monitor"), ("interval", "25s"), ("role", "Stopped")];
        draft.add_new(list, "op", &attributes);
    }
    for (name, percent) in [("start", 25), ("stop", 20), ("demote", 6), ("promote", 6)] {
        if draft.chance.percent(percent) {
            let timeout = draft.chance.word(&["20s", "1min"]);
            let attributes = [("name", name), ("interval", "0s"), ("timeout", timeout)];
            let operation = draft.add_new(list, "op", &attributes);
            if draft.chance.percent(40) {
                let policy = draft.chance.word(&["ignore", "block", "stop", "restart", "fence"]);
                draft.document.set(operation, "on-fail", policy);
            }
        }
    }
}

fn group(draft: &mut Draft, parent: NodeId, id: &str, copies: Copies) -> NodeId {
    let element = draft.add(parent, "group", &[("id", id)]);
    meta(draft, element, META);
    for number in 1..=1 + draft.chance.below(4) {
        primitive(draft, element, &format!("{id}m{number}"), copies);
    }
    element
}

fn clone_set(draft: &mut Draft, parent: NodeId, id: &str, promotable: bool) -> NodeId {
    let element = draft.add(parent, "clone", &[("id", id)]);
    let mut pairs = vec![];
    if promotable {
        pairs.push(("promotable", "true"));
    }
    for (name, percent, values) in META_OF_CLONES.iter().chain(META) {
        if draft.chance.percent(*percent) {
            pairs.push((*name, draft.chance.word(values)));
        }
    }
    draft.block(element, "meta_attributes", &pairs);
    let unique = pairs.contains(&("globally-unique", "true"));
    let copies = Copies { instances: 2 + draft.chance.below(3), unique, promotable };
    if draft.chance.percent(25) {
        group(draft, element, &format!("{id}g"), copies);
    } else {
        primitive(draft, element, &format!("{id}i"), copies);
    }
    element
}

fn bundle(draft: &mut Draft, parent: NodeId, id: &str) -> NodeId {
    let element = draft.add(parent, "bundle", &[("id", id)]);
    meta(draft, element, META);
    let engine = draft.chance.word(&["docker", "podman"]);
    let replicas = 1 + draft.chance.below(3);
    let count = replicas.to_string();
    let container = draft.add(element, engine, &[("image", "web:1"), ("replicas", &count)]);
    let shared = draft.chance.percent(20);
    if shared {
        draft.document.set(container, "replicas-per-host", "2");
    }
    let promotable = draft.chance.percent(40);
    if promotable {
        draft.document.set(container, "promoted-max", "1");
    }
    let inside = draft.chance.percent(75);
    if inside || draft.chance.percent(50) {
        let attributes = [("ip-range-start", "192.0.2.10"), ("control-port", "3121")];
        draft.add(element, "network", &attributes);
    }
    for replica in 0..replicas {
        draft.primitives.push(Agent {
            id: format!("{id}-{engine}-{replica}"),
            class: "ocf",
            provider: Some("heartbeat"),
            kind: engine,
            copies: Copies::ONE,
            bundle: None,
            makes_node: true,
        });
        draft.remotes.push(format!("{id}-{replica}"));
    }
    if inside {
        let copies = Copies { instances: replicas, unique: shared, promotable };
        primitive(draft, element, &format!("{id}i"), copies);
        if let Some(agent) = draft.primitives.last_mut() {
            agent.bundle = Some(id.to_owned());
        }
    }
    element
}

/// A remote node's connection, or a virtual machine that is a guest node.
fn remote(draft: &mut Draft, parent: NodeId, id: &str) -> NodeId {
    if draft.chance.percent(50) {
        let name = format!("{id}-guest");
        let element = primitive(draft, parent, id, Copies::ONE);
        if let Some(agent) = draft.primitives.last_mut() {
            agent.makes_node = true;
        }
        draft.block(element, "meta_attributes", &[("remote-node", &name)]);
        draft.remotes.push(name);
        return element;
    }
    let attributes = [("id", id), ("class", "ocf"), ("provider", "pacemaker"), ("type", "remote")];
    let element = draft.add(parent, "primitive", &attributes);
    if draft.chance.percent(50) {
        draft.block(element, "instance_attributes", &[("reconnect_interval", "60s")]);
    }
    operations(draft, element);
    draft.primitives.push(Agent {
        id: id.to_owned(),
        class: "ocf",
        provider: Some("pacemaker"),
        kind: "remote",
        copies: Copies::ONE,
        bundle: None,
        makes_node: true,
    });
    draft.remotes.push(id.to_owned());
    element
}

fn tags(draft: &mut Draft, configuration: NodeId) {
    if draft.resources.is_empty() || !draft.chance.percent(20) {
        return;
    }
    let section = draft.add(configuration, "tags", &[]);
    let tag = draft.add(section, "tag", &[("id", "tagged")]);
    let mut members: Vec<String> = draft.resources.iter().map(|found| found.id.clone()).collect();
    draft.chance.shuffle(&mut members);
    members.truncate(1 + draft.chance.below(3));
    for member in members {
        draft.add(tag, "obj_ref", &[("id", &member)]);
    }
    draft.others.push("tagged".to_owned());
}

//! Resources of every shape.

mod bundle;

use cib::NodeId;

use super::{devices, operations, rules};
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
        operations::draw(draft, template);
        let id = id_of(draft, template);
        draft.others.push(id);
    }
    devices::draw(draft, section);
    for number in 1..=count {
        let element = match draft.chance.below(100) {
            0..40 => primitive(draft, section, &format!("r{number}"), Copies::ONE),
            40..60 => group(draft, section, &format!("g{number}"), Copies::ONE),
            60..75 => clone_set(draft, section, &format!("c{number}"), false),
            75..88 => clone_set(draft, section, &format!("p{number}"), true),
            88..95 => bundle::draw(draft, section, &format!("b{number}")),
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

fn primitive(draft: &mut Draft, parent: NodeId, id: &str, copies: Copies) -> NodeId {
    let mut kind = draft.chance.word(&["Dummy", "Dummy", "ping"]);
    let (mut class, mut provider) = ("ocf", Some("pacemaker"));
    let element = draft.add(parent, "primitive", &[("id", id)]);
    let template = draft.others.first().cloned();
    match template {
        Some(template) if !copies.promotable && draft.chance.percent(25) => {
            kind = "Dummy";
            draft.document.set(element, "template", &template);
        }
        _ => {
            kind = if copies.promotable { "Stateful" } else { kind };
            if !copies.promotable && draft.chance.percent(10) {
                class = draft.chance.word(&["systemd", "lsb", "service"]);
                (provider, kind) = (None, "httpd");
            }
            let provided = provider.map(|provider| ("provider", provider));
            for (name, value) in [("class", class), ("type", kind)].into_iter().chain(provided) {
                draft.document.set(element, name, value);
            }
        }
    }
    meta(draft, element, META);
    if draft.chance.percent(2)
        && let Some(container) = draft.chance.pick(&draft.primitives).map(|agent| agent.id.clone())
    {
        draft.block(element, "meta_attributes", &[("container", &container)]);
    }
    parameters(draft, element);
    if draft.chance.percent(20) {
        let demand = [
            ("cpu", draft.chance.word(&["1", "2", "3", "10", "-1"])),
            ("memory", draft.chance.word(&["1", "2", "4"])),
        ];
        draft.block(element, "utilization", &demand);
    }
    operations::draw(draft, element);
    draft.primitives.push(Agent {
        id: id.to_owned(),
        class,
        provider,
        kind,
        copies,
        bundle: None,
        makes_node: false,
    });
    element
}

fn parameters(draft: &mut Draft, element: NodeId) {
    if draft.chance.percent(25) {
        let value = draft.chance.word(&["1", "1", "2", "long value"]);
        draft.block(element, "instance_attributes", &[("state", value)]);
    }
    // Another value on some node, or at some time.
    if draft.chance.percent(6) {
        let score = draft.chance.word(&["1", "INFINITY", "-5"]);
        let block = draft.add_new(element, "instance_attributes", &[("score", score)]);
        if draft.chance.percent(80) {
            rules::of_options(draft, block);
        }
        draft.pair(block, "state", "2");
    }
}

fn group(draft: &mut Draft, parent: NodeId, id: &str, copies: Copies) -> NodeId {
    let element = draft.add(parent, "group", &[("id", id)]);
    meta(draft, element, META);
    for number in 1..=1 + draft.chance.below(4) {
        let member = format!("{id}m{number}");
        if copies.instances == 1 && draft.chance.percent(3) {
            remote(draft, element, &member);
        } else {
            primitive(draft, element, &member, copies);
        }
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

/// A remote node's connection, or a virtual machine that is a guest node.
fn remote(draft: &mut Draft, parent: NodeId, id: &str) -> NodeId {
    if draft.chance.percent(50) {
        let name = format!("{id}-guest");
        let element = primitive(draft, parent, id, Copies::ONE);
        if let Some(agent) = draft.primitives.last_mut() {
            agent.makes_node = true;
        }
        let mut pairs = vec![("remote-node", name.as_str())];
        for (name, percent, value) in [
            ("remote-addr", 20, "192.0.2.77"),
            ("remote-port", 10, "3122"),
            ("remote-allow-migrate", 20, "false"),
            ("remote-connect-timeout", 10, "30s"),
        ] {
            if draft.chance.percent(percent) {
                pairs.push((name, value));
            }
        }
        draft.block(element, "meta_attributes", &pairs);
        draft.remotes.push(name);
        return element;
    }
    let attributes = [("id", id), ("class", "ocf"), ("provider", "pacemaker"), ("type", "remote")];
    let element = draft.add(parent, "primitive", &attributes);
    if draft.chance.percent(50) {
        draft.block(element, "instance_attributes", &[("reconnect_interval", "60s")]);
    }
    operations::draw(draft, element);
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

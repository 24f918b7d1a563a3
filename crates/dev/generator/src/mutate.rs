//! Changes to a document that keep it one, in ways that nobody would choose.

use cib::{Document, Element, NodeId};

use crate::chance::Chance;
use crate::draft::SCORES;

const ROLES: &[&str] = &["Started", "Promoted", "Unpromoted", "Stopped"];
const TASKS: &[&str] = &["start", "stop", "promote", "demote"];

const META: &[(&str, &[&str])] = &[
    ("priority", &["0", "5", "10", "-3", "100"]),
    ("resource-stickiness", &["0", "1", "100", "INFINITY", "-1", "50"]),
    ("target-role", &["Stopped", "Started", "Promoted", "Unpromoted"]),
    ("is-managed", &["true", "false"]),
    ("migration-threshold", &["0", "1", "2", "INFINITY"]),
    ("allow-migrate", &["true", "false"]),
    ("multiple-active", &["stop_start", "stop_only", "block", "stop_unexpected"]),
    ("critical", &["true", "false"]),
    ("maintenance", &["true", "false"]),
    ("failure-timeout", &["0", "1s", "1000d"]),
    ("requires", &["nothing", "quorum", "fencing"]),
];

const META_OF_CLONES: &[(&str, &[&str])] = &[
    ("clone-max", &["0", "1", "2", "3", "4"]),
    ("clone-node-max", &["1", "2", "3"]),
    ("interleave", &["true", "false"]),
    ("ordered", &["true", "false"]),
    ("globally-unique", &["true", "false"]),
    ("notify", &["true", "false"]),
    ("promotable", &["true", "false"]),
    ("promoted-max", &["0", "1", "2", "3"]),
    ("promoted-node-max", &["1", "2"]),
    ("clone-min", &["0", "1", "2"]),
];

const OPTIONS: &[(&str, &[&str])] = &[
    ("no-quorum-policy", &["stop", "freeze", "ignore", "demote", "suicide"]),
    ("symmetric-cluster", &["true", "false"]),
    ("stonith-enabled", &["true", "false"]),
    ("placement-strategy", &["default", "utilization", "balanced", "minimal"]),
    ("stop-all-resources", &["true", "false", "false"]),
    ("stop-orphan-resources", &["true", "false"]),
    ("stop-orphan-actions", &["true", "false"]),
    ("start-failure-is-fatal", &["true", "false"]),
    ("enable-startup-probes", &["true", "false"]),
    ("concurrent-fencing", &["true", "false"]),
    ("startup-fencing", &["true", "false"]),
    ("maintenance-mode", &["true", "false", "false"]),
    ("shutdown-lock", &["true", "false"]),
    ("priority-fencing-delay", &["0", "15s"]),
    ("node-health-strategy", &["none", "migrate-on-red", "only-green", "progressive", "custom"]),
];

/// Changes `document` so many times, each time in one way.
pub fn mutate(document: &mut Document, chance: &mut Chance, times: usize) {
    for _ in 0..times {
        match chance.below(100) {
            0..16 => colocation(document, chance),
            16..27 => location(document, chance),
            27..38 => order(document, chance),
            38..58 => meta(document, chance),
            58..68 => option(document, chance),
            68..71 => {
                let root = document.root().id();
                document.set(root, "have-quorum", chance.word(&["1", "0"]));
            }
            71..80 => state(document, chance),
            80..86 => attribute(document, chance),
            86..96 => record(document, chance),
            _ => demand(document, chance),
        }
    }
}

fn all(document: &Document, wanted: impl Fn(Element<'_>) -> bool) -> Vec<NodeId> {
    document.root().descendants().filter(|found| wanted(*found)).map(Element::id).collect()
}

fn resources(document: &Document) -> Vec<NodeId> {
    let section = document.root().path(&["configuration", "resources"]);
    let shapes = ["primitive", "group", "clone", "master", "bundle"];
    let inside = section.into_iter().flat_map(Element::descendants);
    inside.filter(|found| shapes.iter().any(|shape| found.is(shape))).map(Element::id).collect()
}

fn id_of(document: &Document, element: NodeId) -> String {
    document.element(element).attr("id").unwrap_or_default().to_owned()
}

fn fresh(chance: &mut Chance) -> String {
    format!("mutated-{}", chance.below(1_000_000_000))
}

/// An element with attributes below `configuration/constraints`.
fn constraint(document: &mut Document, name: &str, attributes: &[(&str, &str)]) {
    let section = document.root().path(&["configuration", "constraints"]).map(Element::id);
    let configuration = document.root().child("configuration").map(Element::id);
    let section = match (section, configuration) {
        (Some(section), _) => section,
        (None, Some(configuration)) => document.append(configuration, "constraints"),
        (None, None) => return,
    };
    let element = document.append(section, name);
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
        document.set(element, name, value);
    }
}

fn two(document: &Document, chance: &mut Chance) -> Option<(String, String)> {
    let all = resources(document);
    let (one, other) = (*chance.pick(&all)?, *chance.pick(&all)?);
    (one != other).then(|| (id_of(document, one), id_of(document, other)))
}

/// A word in some of a hundred cases; otherwise nothing.
fn perhaps(chance: &mut Chance, percent: usize, words: &[&'static str]) -> &'static str {
    if chance.percent(percent) { chance.word(words) } else { "" }
}

fn colocation(document: &mut Document, chance: &mut Chance) {
    let Some((dependent, primary)) = two(document, chance) else { return };
    let attributes = [
        ("id", fresh(chance)),
        ("rsc", dependent),
        ("with-rsc", primary),
        ("score", chance.word(SCORES).to_owned()),
        ("rsc-role", perhaps(chance, 40, ROLES).to_owned()),
        ("with-rsc-role", perhaps(chance, 40, ROLES).to_owned()),
        ("influence", perhaps(chance, 20, &["true", "false"]).to_owned()),
        ("node-attribute", perhaps(chance, 10, &["#uname", "site", "#kind"]).to_owned()),
    ];
    let attributes: Vec<_> = attributes.iter().map(|(name, text)| (*name, &**text)).collect();
    constraint(document, "rsc_colocation", &attributes);
}

fn location(document: &mut Document, chance: &mut Chance) {
    let nodes = all(document, |found| found.is("node") && found.attr("uname").is_some());
    let all = resources(document);
    let (Some(resource), Some(node)) = (chance.pick(&all), chance.pick(&nodes)) else { return };
    let node = document.element(*node).attr("uname").unwrap_or_default().to_owned();
    let (id, resource) = (fresh(chance), id_of(document, *resource));
    let attributes = [
        ("id", id.as_str()),
        ("rsc", &resource),
        ("node", &node),
        ("score", chance.word(SCORES)),
        ("role", perhaps(chance, 20, &["Promoted", "Started"])),
        ("resource-discovery", perhaps(chance, 10, &["never", "exclusive", "always"])),
    ];
    constraint(document, "rsc_location", &attributes);
}

fn order(document: &mut Document, chance: &mut Chance) {
    let Some((first, then)) = two(document, chance) else { return };
    let id = fresh(chance);
    let attributes = [
        ("id", id.as_str()),
        ("first", &first),
        ("then", &then),
        ("kind", perhaps(chance, 50, &["Mandatory", "Optional", "Serialize"])),
        ("symmetrical", perhaps(chance, 30, &["true", "false"])),
        ("first-action", perhaps(chance, 30, TASKS)),
        ("then-action", perhaps(chance, 30, TASKS)),
    ];
    constraint(document, "rsc_order", &attributes);
}

/// Sets a pair in the first block called `block` of `element`.
fn set_pair(document: &mut Document, element: NodeId, block: &str, pair: (&str, &str), id: &str) {
    let found = document.element(element).child(block).map(Element::id);
    let block = found.unwrap_or_else(|| {
        let made = document.append(element, block);
        document.set(made, "id", &format!("{id}-block"));
        made
    });
    let known = document
        .element(block)
        .children_named("nvpair")
        .find(|found| found.attr("name") == Some(pair.0))
        .map(Element::id);
    let element = known.unwrap_or_else(|| {
        let made = document.append(block, "nvpair");
        document.set(made, "id", id);
        document.set(made, "name", pair.0);
        made
    });
    document.set(element, "value", pair.1);
}

fn meta(document: &mut Document, chance: &mut Chance) {
    let all = resources(document);
    let Some(resource) = chance.pick(&all).copied() else { return };
    let found = document.element(resource);
    let is_clone = found.is("clone") || found.is("master");
    let from = if is_clone && chance.percent(60) { META_OF_CLONES } else { META };
    let Some((name, values)) = chance.pick(from) else { return };
    let (value, id) = (chance.word(values), fresh(chance));
    set_pair(document, resource, "meta_attributes", (name, value), &id);
}

fn option(document: &mut Document, chance: &mut Chance) {
    let section = document.root().path(&["configuration", "crm_config"]).map(Element::id);
    let (Some(section), Some((name, values))) = (section, chance.pick(OPTIONS)) else { return };
    let (value, id) = (chance.word(values), fresh(chance));
    set_pair(document, section, "cluster_property_set", (name, value), &id);
}

fn state(document: &mut Document, chance: &mut Chance) {
    let states = all(document, |found| found.is("node_state"));
    let Some(state) = chance.pick(&states).copied() else { return };
    let values: &[(&str, &str)] = match chance.below(6) {
        0 => &[("crmd", "offline"), ("in_ccm", "false"), ("join", "down")],
        1 => &[("crmd", "online"), ("in_ccm", "true"), ("join", "member"), ("expected", "member")],
        2 => &[("crmd", "offline"), ("in_ccm", "false"), ("join", "down"), ("expected", "down")],
        3 => return set_transient(document, state, ("shutdown", "1500000000"), chance),
        4 => return set_transient(document, state, ("standby", "on"), chance),
        _ => return set_transient(document, state, ("maintenance", "true"), chance),
    };
    for (name, value) in values {
        document.set(state, name, value);
    }
}

fn set_transient(document: &mut Document, state: NodeId, pair: (&str, &str), chance: &mut Chance) {
    let found = document.element(state).child("transient_attributes").map(Element::id);
    let node = id_of(document, state);
    let attributes = found.unwrap_or_else(|| {
        let made = document.append(state, "transient_attributes");
        document.set(made, "id", &node);
        made
    });
    set_pair(document, attributes, "instance_attributes", pair, &fresh(chance));
}

fn attribute(document: &mut Document, chance: &mut Chance) {
    let states = all(document, |found| found.is("node_state"));
    let all = resources(document);
    let (Some(state), Some(resource)) = (chance.pick(&states), chance.pick(&all)) else { return };
    let (state, resource) = (*state, id_of(document, *resource));
    if chance.percent(50) {
        let score = chance.word(&["5", "10", "100", "-1", "-INFINITY", "INFINITY"]);
        set_transient(document, state, (&format!("master-{resource}"), score), chance);
    } else {
        let task = chance.word(&["monitor_10000", "start_0", "stop_0"]);
        let name = format!("fail-count-{resource}#{task}");
        let count = chance.word(&["1", "3", "INFINITY"]);
        set_transient(document, state, (&name, count), chance);
    }
}

fn record(document: &mut Document, chance: &mut Chance) {
    let records = all(document, |found| found.is("lrm_rsc_op"));
    let Some(record) = chance.pick(&records).copied() else { return };
    match chance.below(4) {
        0 => document.remove(record),
        1 => {
            let code = chance.word(&["0", "7", "1", "8", "9", "5", "6", "2"]);
            document.set(record, "rc-code", code);
        }
        2 => document.set(record, "op-status", chance.word(&["0", "-1", "2", "4", "7"])),
        _ => {
            let history = document.element(record).parent().map(Element::id);
            history.into_iter().for_each(|history| document.remove(history));
        }
    }
}

fn demand(document: &mut Document, chance: &mut Chance) {
    let resources = all(document, |found| found.is("primitive") && found.attr("id").is_some());
    let Some(resource) = chance.pick(&resources).copied() else { return };
    let what = chance.word(&["cpu", "mem"]);
    let amount = chance.word(&["1", "2", "3", "10"]);
    set_pair(document, resource, "utilization", (what, amount), &fresh(chance));
    for node in all(document, |found| found.is("node") && found.attr("uname").is_some()) {
        if document.element(node).child("utilization").is_none() {
            let room = chance.word(&["2", "4", "8"]);
            set_pair(document, node, "utilization", (what, room), &fresh(chance));
        }
    }
}

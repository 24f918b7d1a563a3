//! Resources: what stood in XML attributes and among parameters is a meta attribute now.

use cib::{Element, NodeId};

use super::constraints::role;
use super::{NO_FAILURE_STICKINESS, Work};
use crate::lower::Kind;
use crate::lower::plugins::plugin;

const COLLECTIVES: [&str; 3] = ["group", "clone", "master"];

/// What is said of a resource in its element still.
const OWN: [&str; 5] = ["id", "class", "provider", "type", "description"];

/// Meta attributes that stood among the parameters, too: of any resource, and of groups, clones and masters.
const META: [&str; 6] = [
    "target_role",
    "is_managed",
    "resource_stickiness",
    "resource_failure_stickiness",
    "multiple_active",
    "restart_type",
];
const META_OF_COLLECTIVES: [&str; 9] = [
    "clone_max",
    "clone_node_max",
    "globally_unique",
    "master_max",
    "master_node_max",
    "notify",
    "ordered",
    "collocated",
    "interleave",
];

pub(super) fn renew(work: &mut Work) {
    for old in work.all(&["master_slave"]) {
        work.document.rename(old, "master");
    }
    for resource in work.all(&["primitive", "group", "clone", "master"]) {
        attributes(work, resource);
        parameters(work, resource);
        meta(work, resource);
        is_unique(work, resource);
        if work.at(resource).attr("class") == Some("stonith") {
            fence_device(work, resource);
        }
    }
    for operation in work.all(&["op"]) {
        self::operation(work, operation);
    }
}

/// The first set of meta attributes, or a new one.
fn meta_set(work: &mut Work, resource: NodeId) -> NodeId {
    if let Some(there) = work.at(resource).child("meta_attributes") {
        return there.id();
    }
    let id = work.free(&format!("{}-meta", work.attr(resource, "id").unwrap_or_default()));
    let set = work.document.append(resource, "meta_attributes");
    work.document.set(set, "id", &id);
    set
}

fn add_meta(work: &mut Work, resource: NodeId, name: &str, value: &str) {
    let set = meta_set(work, resource);
    work.add_pair(set, name, value);
}

fn attributes(work: &mut Work, resource: NodeId) {
    let said: Vec<(String, String)> = work
        .at(resource)
        .attrs()
        .filter(|(name, _)| !OWN.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in said {
        work.document.unset(resource, &name);
        add_meta(work, resource, &name, &value);
    }
}

/// Moves meta attributes from among the parameters to where they belong.
fn parameters(work: &mut Work, resource: NodeId) {
    let is_collective = COLLECTIVES.contains(&work.at(resource).name());
    let sets: Vec<NodeId> =
        work.at(resource).children_named("instance_attributes").map(Element::id).collect();
    for from in sets {
        let is_meta = |pair: &Element<'_>| {
            let name = pair.attr("name").unwrap_or_default();
            META.contains(&name) || (is_collective && META_OF_COLLECTIVES.contains(&name))
        };
        let pairs: Vec<NodeId> =
            work.at(from).children_named("nvpair").filter(is_meta).map(Element::id).collect();
        for pair in pairs {
            let set = meta_set(work, resource);
            work.document.relocate(pair, set, None);
        }
        if work.at(from).children().next().is_none() {
            work.document.remove(from);
        }
    }
}

fn meta(work: &mut Work, resource: NodeId) {
    let sets = work.at(resource).children_named("meta_attributes");
    let pairs: Vec<NodeId> =
        sets.flat_map(|set| set.children_named("nvpair")).map(Element::id).collect();
    for pair in pairs {
        let name = work.dashed(pair);
        if name == "resource-failure-stickiness" {
            let line = work.at(pair).line();
            work.document.remove(pair);
            work.say(line, Kind::ToDo, NO_FAILURE_STICKINESS.replace("NAME", &name));
        }
    }
}

/// Instances of clones were told apart unless somebody said otherwise; today they are not.
fn is_unique(work: &mut Work, resource: NodeId) {
    let at = work.at(resource);
    let is_said = at
        .children_named("meta_attributes")
        .flat_map(|set| set.children_named("nvpair"))
        .any(|pair| pair.attr("name") == Some("globally-unique"));
    if is_said || !(at.is("clone") || at.is("master")) {
        return;
    }
    let (line, id) = (at.line(), at.attr("id").unwrap_or_default().to_owned());
    add_meta(work, resource, "globally-unique", "true");
    let text = format!(
        "{id}: globally_unique was true unless it was said, and is false today: it is said now; take it away \
         where each node has the same instance"
    );
    work.say(line, Kind::Differs, text);
}

fn operation(work: &mut Work, operation: NodeId) {
    for (from, to) in
        [("start_delay", "start-delay"), ("on_fail", "on-fail"), ("prereq", "requires")]
    {
        work.rename_attribute(operation, from, to);
    }
    role(work, operation, "role");
    let disabled = work.take(operation, "disabled");
    let enabled = disabled.map(|word| crate::truth(&word) != Some(true));
    work.set_if(operation, "enabled", enabled.map(|is_enabled| is_enabled.to_string()));
    if work.at(operation).attr("interval").is_none() {
        work.document.set(operation, "interval", "0");
    }
}

/// A plug-in of Heartbeat's becomes the agent of today, with its names of the parameters.
fn fence_device(work: &mut Work, device: NodeId) {
    let at = work.at(device);
    let (line, id) = (at.line(), at.attr("id").unwrap_or_default().to_owned());
    let kind = at.attr("type").unwrap_or_default().to_owned();
    let known = match plugin(&kind) {
        Ok(known) => known,
        Err(why) => {
            work.say(line, Kind::ToDo, format!("{id}: the fence device {kind}: {why}"));
            return;
        }
    };
    work.document.set(device, "type", known.agent);
    work.say(line, Kind::Becomes, format!("{id}: the plug-in {kind} becomes {}", known.agent));
    let set = work.at(device).child("instance_attributes").map(Element::id);
    let set = set.unwrap_or_else(|| {
        let set = work.document.append(device, "instance_attributes");
        work.document.set(set, "id", &work.free(&format!("{id}-parameters")));
        set
    });
    let said = parameters_of(work, device);
    let (told, asked) = known.tell(&said);
    for (name, value) in told {
        work.add_pair(set, name, &value);
    }
    for ask in asked {
        work.say(line, Kind::ToDo, format!("{id}: {ask}"));
    }
}

/// Takes a device's parameters out, but those that are for the cluster.
fn parameters_of(work: &mut Work, device: NodeId) -> Vec<(String, String)> {
    let pairs: Vec<NodeId> = work
        .at(device)
        .children_named("instance_attributes")
        .flat_map(|set| set.children_named("nvpair"))
        .map(Element::id)
        .collect();
    let mut said = Vec::new();
    for pair in pairs {
        let name = work.attr(pair, "name").unwrap_or_default();
        if !name.starts_with("pcmk_") {
            said.push((name, work.attr(pair, "value").unwrap_or_default()));
            work.document.remove(pair);
        }
    }
    said
}

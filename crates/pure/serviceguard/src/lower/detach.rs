//! Packages that a node left running when it left the cluster: nobody watches them, they are started nowhere
//! else, and the node's own resource takes them up again once it is back and has looked.
//!
//! Field words: Serviceguard *Live Application Detach*, `cmhaltnode -d`.

use std::collections::BTreeSet;

use cib::{Document, Element, NodeId, Section};

use super::write::{constraint, element, location, names, pairs, rule_expression, switching};
use crate::package::{Package, Type};

/// On which nodes a package is detached; of one that runs on one node, at most one.
pub fn nodes(document: &Document, package: &str) -> Vec<String> {
    let Some(at) = document.find_id(&names::detached(package)) else { return Vec::new() };
    let expressions = at.descendants().filter(|at| at.is("expression"));
    expressions.filter_map(|at| Some(at.attr("value")?.to_owned())).collect()
}

/// Packages that are detached on a node.
pub fn packages(document: &Document, node: &str) -> Vec<String> {
    let here = |name: &String| nodes(document, name).iter().any(|one| one == node);
    super::package_texts(document).into_iter().map(|(name, _)| name).filter(here).collect()
}

/// Detaches a package: it is neither watched nor touched, and may be on no other nodes, even if somebody ends
/// its maintenance by hand. Not of a package that cannot be [left alone](switching::is_maintainable): the cluster
/// would halt it with its node.
pub fn mark(document: &mut Document, package: &str, nodes: &[String]) {
    attach(document, package);
    let Some(own) = switching::own_set(document, package).filter(|_| !nodes.is_empty()) else {
        return;
    };
    // An operator's own maintenance is in the other set, and stays when this one goes.
    let set = document.insert_before(own, "meta_attributes");
    document.set(set, "id", &format!("{package}-detached"));
    let pair = element(document, set, "nvpair", &format!("{package}-detached-maintenance"));
    document.set(pair, "name", "maintenance");
    document.set(pair, "value", "true");
    let rule = location(document, &names::detached(package), package, "and");
    for node in nodes {
        rule_expression(document, rule, ("#uname", "ne", Some((node, "string"))));
    }
}

/// It is the cluster's again.
pub fn attach(document: &mut Document, package: &str) {
    for id in [names::detached(package), format!("{package}-detached")] {
        let found = document.find_id(&id).map(Element::id);
        found.into_iter().for_each(|at| document.remove(at));
    }
}

/// Has a node take up what is detached on it when it is back: a resource that runs only there, and not before
/// the attribute [`names::DETACHING`] has passed with the node's life. `kept` are passing attributes that it is
/// to have again then.
pub fn wait_for(document: &mut Document, node: &str, kept: &[(String, String)]) {
    forget(document, node);
    let id = names::attach(node);
    let resources = document.section_or_new(Section::Resources);
    let at = element(document, resources, "primitive", &id);
    for (name, value) in [("class", "ocf"), ("provider", "quorate"), ("type", "package-attach")] {
        document.set(at, name, value);
    }
    let mut parameters = vec![("node", node.to_owned())];
    if !kept.is_empty() {
        let line = |(name, value): &(String, String)| format!("{name}={value}\n");
        parameters.push(("attributes", kept.iter().map(line).collect()));
    }
    pairs(document, at, ("instance_attributes", &format!("{id}-params")), parameters);
    let operations = document.append(at, "operations");
    // The monitor does it: it may be told to wait as often as it takes.
    for (name, interval, timeout, on_fail) in [
        ("start", "0", "20s", None),
        ("stop", "0", "20s", Some("block")),
        ("monitor", "2s", "60s", Some("ignore")),
    ] {
        let op = element(document, operations, "op", &format!("{id}-{name}"));
        for (key, value) in [("name", name), ("interval", interval), ("timeout", timeout)] {
            document.set(op, key, value);
        }
        if let Some(on_fail) = on_fail {
            document.set(op, "on-fail", on_fail);
        }
    }
    bind(document, &id, node);
}

fn bind(document: &mut Document, id: &str, node: &str) {
    let bound = names::attach_bound(node);
    let at = constraint(document, "rsc_location", &bound);
    document.set(at, "rsc", id);
    document.set(at, "resource-discovery", "never");
    let rule = element(document, at, "rule", &format!("{bound}.rule"));
    document.set(rule, "score", "-INFINITY");
    document.set(rule, "boolean-op", "or");
    rule_expression(document, rule, ("#uname", "ne", Some((node, "string"))));
    rule_expression(document, rule, (names::DETACHING, "defined", None));
}

/// Passing attributes that a node is to have again.
pub fn kept(document: &Document, node: &str) -> Vec<(String, String)> {
    let id = format!("{}-params-attributes", names::attach(node));
    let text = document.find_id(&id).and_then(|pair| pair.attr("value")).unwrap_or_default();
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.into(), value.into()));
    text.lines().filter_map(pair).collect()
}

/// Nothing waits for a node any more.
fn forget(document: &mut Document, node: &str) {
    for id in [names::attach_bound(node), names::attach(node)] {
        let found = document.find_id(&id).map(Element::id);
        found.into_iter().for_each(|at| document.remove(at));
    }
}

/// Takes out what waits for nodes on which nothing is detached any more.
pub fn tidy(document: &mut Document) {
    let resources = document.section(Section::Resources).into_iter().flat_map(Element::children);
    let waiting: Vec<String> = resources
        .filter_map(|at| Some(at.attr("id")?.strip_prefix(names::ATTACH)?.to_owned()))
        .filter(|node| packages(document, node).is_empty())
        .collect();
    waiting.iter().for_each(|node| forget(document, node));
}

/// Which of the packages that are detached on a node may be taken up now: all of each was looked at there since
/// the node is back, and what it needs is not detached still.
pub fn ready(document: &Document, node: &str) -> Vec<String> {
    let mut ready: Vec<String> = packages(document, node);
    ready.retain(|name| members(document, name).iter().all(|id| is_seen(document, node, id)));
    loop {
        let is_free = |name: &String| {
            let needs = needs(document, name);
            needs.iter().all(|other| ready.contains(other) || nodes(document, other).is_empty())
        };
        let free: Vec<String> = ready.iter().filter(|name| is_free(name)).cloned().collect();
        if free.len() == ready.len() {
            return ready;
        }
        ready = free;
    }
}

/// A package that it needs, and that another node has not taken up yet.
pub fn awaited(document: &Document, package: &str, node: &str) -> Option<String> {
    let is_away = |other: &String| nodes(document, other).iter().any(|one| one != node);
    needs(document, package).into_iter().find(is_away)
}

/// Packages that it needs to be up.
fn needs(document: &Document, name: &str) -> Vec<String> {
    let text = super::package_text(document, name).unwrap_or_default();
    let package = Package::of(&crate::text::Text::parse(&text));
    let conditions = package.dependencies.into_iter().filter_map(|one| one.condition);
    let up = conditions.filter(|condition| condition.value.up);
    up.map(|condition| condition.value.package).collect()
}

fn members(document: &Document, package: &str) -> BTreeSet<String> {
    let resources = document.section(Section::Resources).into_iter().flat_map(Element::children);
    let top = resources.into_iter().find(|at| at.attr("id") == Some(package));
    let all = top.into_iter().flat_map(Element::descendants).filter(|at| at.is("primitive"));
    all.filter_map(|at| Some(at.attr("id")?.to_owned())).collect()
}

/// Whether a node knows of a resource: an answer of its agent is on record, and none is awaited.
fn is_seen(document: &Document, node: &str, resource: &str) -> bool {
    let records = records(document, node, resource);
    !records.is_empty()
        && records.iter().all(|at| document.element(*at).attr("op-status") != Some("-1"))
}

fn records(document: &Document, node: &str, resource: &str) -> Vec<NodeId> {
    let states = document.section(Section::Status).into_iter().flat_map(Element::children);
    let Some(state) = states.into_iter().find(|state| state.attr("uname") == Some(node)) else {
        return Vec::new();
    };
    let is_it = |at: &Element<'_>| {
        let id = at.attr("id").unwrap_or_default();
        at.is("lrm_resource") && (id == resource || id.split(':').next() == Some(resource))
    };
    let all = state.descendants().filter(is_it).flat_map(Element::children);
    all.filter(|at| at.is("lrm_rsc_op")).map(|at| at.id()).collect()
}

/// Why a package cannot be detached, as far as its file says it; whether it runs whole is another question.
/// `whole` is whether all nodes are detached together.
pub fn hindrance(package: &Package, others: &[Package], whole: bool) -> Option<String> {
    let name = package.called();
    if package.kind() != Type::Failover && !whole {
        let why = "it runs on several nodes, and on the others it is still watched";
        return Some(why.to_owned());
    }
    let excludes = |one: &Package, other: &str| {
        one.dependencies.iter().any(|dependency| {
            let place = dependency.location.as_ref().map(|place| place.value.as_str());
            let condition = dependency.condition.as_ref().map(|condition| &condition.value);
            place == Some("all_nodes")
                && condition
                    .is_some_and(|said| !said.up && (other.is_empty() || said.package == other))
        })
    };
    let other = others.iter().find(|other| excludes(other, name));
    if excludes(package, "") || other.is_some() {
        let why = "what must be down on all nodes while it is up would be started meanwhile";
        return Some(why.to_owned());
    }
    None
}

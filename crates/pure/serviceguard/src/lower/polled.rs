//! Polled resources: for each, and each node of the packages that name it, an `ocf:quorate:polled-resource`. It tells the
//! value as a node attribute, which packages' rules compare ([`super::constraints`]).
//!
//! A clone could not be waited for: of one whose instances are just starting, an order does not know it.
//!
//! **Always:** what stays as it is, is not touched, and parameters hang on the resource alone, not on which packages
//! name it or how often: to start it anew would take the attribute back for a moment, and packages with it.

use std::collections::{BTreeMap, BTreeSet};

use cib::{Document, Element, NodeId, Section};

use super::options;
use super::write::{constraint, element, names, pairs, rule_expression};
use crate::cluster::Cluster;
use crate::package::{Package, PolledResource};
use crate::text::Text;

/// How long a program may take (s): as long as the shortest interval, but so much at least, since a machine may be
/// busy, and so much at most.
const LIMIT: std::ops::RangeInclusive<u64> = 5..=60;
/// Of the agent's time besides (s): it ends the program and says so, before anybody ends the agent.
const SPARE: u64 = 10;
const STOP_TIMEOUT: &str = "20s";

/// A resource, as all packages together want it.
struct Wanted {
    name: String,
    /// The shortest (s).
    interval: u64,
    is_number: bool,
    /// On which nodes, for which packages.
    nodes: BTreeMap<String, BTreeSet<String>>,
}

/// An element of a section.
enum Part<'w> {
    /// What polls on a node.
    Poll(&'w Wanted),
    /// On that node only.
    Bind { poll: String, node: &'w str },
    /// A package starts after it.
    Order { poll: String, package: &'w str },
}

/// Writes what polls the resources that packages which are there name, and takes out what polls others.
pub(super) fn write(document: &mut Document, cluster: &Cluster) {
    let wanted = wanted(document, cluster);
    let parts = parts(&wanted);
    let mut fresh = Document::empty_cib("", "none");
    parts.iter().for_each(|(id, part)| put(&mut fresh, id, part));
    let text = |document: &Document, id: &str| document.find_id(id).map(|at| at.to_string());
    let is_same = |id: &str| text(document, id) == text(&fresh, id);
    let kept: BTreeSet<&str> =
        parts.iter().map(|(id, _)| id.as_str()).filter(|id| is_same(id)).collect();
    for (at, _) in there(document).iter().filter(|(_, id)| !kept.contains(id.as_str())) {
        document.remove(*at);
    }
    for (id, part) in parts.iter().filter(|(id, _)| !kept.contains(id.as_str())) {
        put(document, id, part);
    }
}

fn wanted(document: &Document, cluster: &Cluster) -> Vec<Wanted> {
    let mut all: BTreeMap<String, Wanted> = BTreeMap::new();
    for (_, text) in options::package_texts(document) {
        let package = Package::of(&Text::parse(&text));
        for resource in &package.resources {
            let one = all.entry(names::resource(&resource.name.value));
            let one = one.or_insert_with(|| new(resource));
            one.interval = one.interval.min(resource.seconds());
            one.is_number = one.is_number && resource.is_number() && resource.text().is_none();
            for node in nodes(cluster, &package) {
                let packages = one.nodes.entry(node.to_owned()).or_default();
                packages.insert(package.called().to_owned());
            }
        }
    }
    all.into_values().collect()
}

fn new(resource: &PolledResource) -> Wanted {
    let name = resource.name.value.clone();
    Wanted { name, interval: resource.seconds(), is_number: true, nodes: BTreeMap::new() }
}

/// Where a package may run.
fn nodes<'p>(cluster: &'p Cluster, package: &'p Package) -> Vec<&'p str> {
    if package.nodes.iter().any(|node| node.value == "*") {
        return cluster.nodes.iter().map(|node| node.name.as_str()).collect();
    }
    package.nodes.iter().map(|node| node.value.as_str()).collect()
}

/// Everything that is to be there, by its id.
fn parts(wanted: &[Wanted]) -> Vec<(String, Part<'_>)> {
    let mut parts = Vec::new();
    for one in wanted {
        for (node, packages) in &one.nodes {
            let poll = names::polled(node, &one.name);
            parts.push((poll.clone(), Part::Poll(one)));
            parts.push((format!("{poll}.node"), Part::Bind { poll: poll.clone(), node }));
            for package in packages {
                let id = format!("{poll}.before.{package}");
                parts.push((id, Part::Order { poll: poll.clone(), package }));
            }
        }
    }
    parts
}

/// Those that were written before.
fn there(document: &Document) -> Vec<(NodeId, String)> {
    let top = |section| document.section(section).into_iter().flat_map(Element::children);
    let all = top(Section::Resources).chain(top(Section::Constraints));
    all.filter_map(|at| Some((at.id(), at.attr("id")?.to_owned())))
        .filter(|(_, id)| id.starts_with(names::POLLED))
        .collect()
}

fn put(document: &mut Document, id: &str, part: &Part<'_>) {
    match part {
        Part::Poll(wanted) => poll(document, id, wanted),
        Part::Bind { poll, node } => bind(document, id, (poll, node)),
        Part::Order { poll, package } => order(document, id, (poll, package)),
    }
}

fn poll(document: &mut Document, id: &str, wanted: &Wanted) {
    let resources = document.section_or_new(Section::Resources);
    let at = element(document, resources, "primitive", id);
    for (name, value) in [("class", "ocf"), ("provider", "quorate"), ("type", "polled-resource")] {
        document.set(at, name, value);
    }
    let mut parameters =
        vec![("resource", wanted.name.clone()), ("attribute", names::resource(&wanted.name))];
    if wanted.is_number {
        parameters.push(("number", "yes".to_owned()));
    }
    pairs(document, at, ("instance_attributes", &format!("{id}-params")), parameters);
    let operations = document.append(at, "operations");
    let interval = format!("{}s", wanted.interval);
    let limit = wanted.interval.clamp(*LIMIT.start(), *LIMIT.end());
    let timeout = format!("{}s", limit + SPARE);
    // That nothing is known is no reason to ban, block or fence. A poll that hangs is begun anew.
    for (name, interval, timeout, on_fail) in [
        ("start", "0", timeout.as_str(), Some("ignore")),
        ("stop", "0", STOP_TIMEOUT, Some("ignore")),
        ("monitor", &interval, &timeout, None),
    ] {
        let op = element(document, operations, "op", &format!("{id}-{name}"));
        for (key, value) in [("name", name), ("interval", interval), ("timeout", timeout)] {
            document.set(op, key, value);
        }
        if let Some(on_fail) = on_fail {
            document.set(op, "on-fail", on_fail);
        }
    }
}

/// On its node only, and looked for on no other.
fn bind(document: &mut Document, id: &str, (poll, node): (&str, &str)) {
    let at = constraint(document, "rsc_location", id);
    document.set(at, "rsc", poll);
    document.set(at, "resource-discovery", "never");
    let rule = element(document, at, "rule", &format!("{id}.rule"));
    document.set(rule, "score", "-INFINITY");
    rule_expression(document, rule, ("#uname", "ne", Some((node, "string"))));
}

/// Where the values of several nodes are just being read, all are waited for, or the package would be where the first
/// one was. And where it is halted with its node, its resources are not down before. Once it runs it goes by the values
/// alone.
fn order(document: &mut Document, id: &str, (poll, package): (&str, &str)) {
    let at = constraint(document, "rsc_order", id);
    for (key, value) in [("first", poll), ("then", package), ("kind", "Optional")] {
        document.set(at, key, value);
    }
}

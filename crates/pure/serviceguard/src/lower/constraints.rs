//! Where a package may run, and beside whom.

use cib::{Document, NodeId};

use super::members::{self, MONITOR_MS};
use super::sites;
use super::write::{constraint, inner_rule, location, names, rule_expression};
use crate::cluster::Cluster;
use crate::package::{Condition, Dependency, GenericResource, Package, PolledResource, Type};
use crate::up_value::{bounds, opposite};

/// The first node's score; each after it has one less. Sixteen nodes fit.
const FIRST: usize = 1000;

pub(super) fn write(
    document: &mut Document,
    cluster: &Cluster,
    package: &Package,
    others: &[Package],
) {
    nodes(document, cluster, package);
    sites::constrain(document, cluster, package);
    failed(document, package);
    for subnet in &package.monitored_subnets {
        let subnet = subnet.value.to_string();
        let id = names::constraint(package.called(), &format!("subnet.{}", names::part(&subnet)));
        let rule = location(document, &id, package.called(), "and");
        let is_down = (names::subnet(&subnet), "eq", "down");
        expression(document, rule, (&is_down.0, is_down.1, is_down.2, "string"));
    }
    for resource in &package.resources {
        polled(document, package, resource);
    }
    for resource in &package.generic_resources {
        generic(document, package, resource);
    }
    for dependency in &package.dependencies {
        needs(document, package, dependency, others);
    }
}

fn expression(
    document: &mut Document,
    rule: NodeId,
    (attribute, operation, value, kind): (&str, &str, &str, &str),
) {
    rule_expression(document, rule, (attribute, operation, Some((value, kind))));
}

/// Its nodes in their order, and no other.
fn nodes(document: &mut Document, cluster: &Cluster, package: &Package) {
    let name = package.called();
    let is_everywhere = package.nodes.iter().any(|node| node.value == "*");
    let nodes: Vec<&str> = if is_everywhere {
        cluster.nodes.iter().map(|node| node.name.as_str()).collect()
    } else {
        package.nodes.iter().map(|node| node.value.as_str()).collect()
    };
    // Without an order the scheduler takes the node with the fewest resources.
    if package.kind() == Type::Failover && !package.is_min_package_node() {
        let nodes = sites::in_order(document, cluster, package, nodes.clone());
        for (at, node) in nodes.iter().enumerate() {
            let id = names::constraint(name, &format!("node.{node}"));
            let at_node = constraint(document, "rsc_location", &id);
            let score = FIRST.saturating_sub(at).to_string();
            for (key, value) in [("rsc", name), ("node", node), ("score", &score)] {
                document.set(at_node, key, value);
            }
        }
    }
    if !is_everywhere {
        let rule = location(document, &names::constraint(name, "others"), name, "and");
        for node in nodes {
            expression(document, rule, ("#uname", "ne", node, "string"));
        }
    }
}

/// Where any member has failed, none of the package may be.
fn failed(document: &mut Document, package: &Package) {
    let name = package.called();
    let rule = location(document, &names::constraint(name, "failed"), name, "or");
    for member in members::of(package) {
        for operation in [format!("monitor_{MONITOR_MS}"), "start_0".to_owned()] {
            let attribute = format!("fail-count-{}#{operation}", member.id);
            rule_expression(document, rule, (&attribute, "defined", None));
        }
    }
}

/// What is well if any of its values is: it must not be that none is. What is not known is not well.
fn polled(document: &mut Document, package: &Package, resource: &PolledResource) {
    let attribute = names::resource(&resource.name.value);
    let what = format!("resource.{}", names::part(&resource.name.value));
    let id = names::constraint(package.called(), &what);
    let rule = if resource.deferred {
        // Until the package's script has it counted, it says nothing.
        let outer = location(document, &id, package.called(), "and");
        rule_expression(document, outer, (&names::deferred(&resource.name.value), "defined", None));
        inner_rule(document, outer, "or")
    } else {
        location(document, &id, package.called(), "or")
    };
    rule_expression(document, rule, (&attribute, "not_defined", None));
    if resource.up_values.is_empty() {
        return;
    }
    let none = inner_rule(document, rule, "and");
    for said in &resource.up_values {
        let bounds = bounds(&said.value);
        let at = if bounds.len() > 1 { inner_rule(document, none, "or") } else { none };
        for bound in bounds {
            if let Some((opposite, kind)) = bound.opposite() {
                expression(document, at, (&attribute, opposite, bound.value, kind));
            }
        }
    }
}

/// Unset is not well either.
fn generic(document: &mut Document, package: &Package, resource: &GenericResource) {
    let attribute = names::resource(&resource.name.value);
    let what = format!("resource.{}", names::part(&resource.name.value));
    let rule =
        location(document, &names::constraint(package.called(), &what), package.called(), "or");
    rule_expression(document, rule, (&attribute, "not_defined", None));
    let (operator, value) = resource.comparison();
    match opposite(operator) {
        Some(opposite) => expression(document, rule, (&attribute, opposite, value, "number")),
        None => expression(document, rule, (&attribute, "ne", "up", "string")),
    }
}

fn needs(document: &mut Document, package: &Package, dependency: &Dependency, others: &[Package]) {
    let Some(condition) = &dependency.condition else { return };
    let Condition { package: other, up } = &condition.value;
    let place = dependency.location.as_ref().map_or("same_node", |place| place.value.as_str());
    let name = package.called();
    let id = |what: &str| names::constraint(name, &format!("{what}.{}", dependency.name.value));
    if *up {
        let order = constraint(document, "rsc_order", &id("after"));
        for (key, value) in [("first", other.as_str()), ("then", name), ("kind", "Mandatory")] {
            document.set(order, key, value);
        }
    }
    let score = match (up, place) {
        (true, "same_node") => "INFINITY",
        (true, "different_node") => "-INFINITY",
        (true, _) => return,
        // Of two that must not meet, the one with the lower priority gives way.
        (false, _) if gives_way(package, others.iter().find(|one| one.called() == other)) => {
            "-INFINITY"
        }
        (false, _) => return,
    };
    let beside = constraint(document, "rsc_colocation", &id("beside"));
    for (key, value) in [("rsc", name), ("with-rsc", other.as_str()), ("score", score)] {
        document.set(beside, key, value);
    }
    if !up && place == "all_nodes" {
        document.set(beside, "node-attribute", EVERYWHERE);
        // On one node the scheduler sees to that by itself.
        for (what, first, then) in [("halted", name, other.as_str()), ("free", other, name)] {
            let order = constraint(document, "rsc_order", &id(what));
            for (key, value) in [
                ("first", first),
                ("first-action", "stop"),
                ("then", then),
                ("then-action", "start"),
                ("kind", "Optional"),
                ("symmetrical", "false"),
            ] {
                document.set(order, key, value);
            }
        }
    }
}

/// A node attribute that is the same on each node of a cluster that has a name: who may not be where that is as it is
/// for another may be nowhere beside it.
const EVERYWHERE: &str = "#cluster-name";

fn gives_way(package: &Package, other: Option<&Package>) -> bool {
    let rank = |of: &Package| {
        (of.priority.as_ref().map_or(u32::MAX, |priority| priority.value), of.called().to_owned())
    };
    other.is_none_or(|other| rank(package) > rank(other))
}

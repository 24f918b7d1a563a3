//! Sites: each node says at which it is, and packages that prefer theirs go to its nodes first, or to no others.
//!
//! A package's site is that of its first node, or where an operator has run it since. One that may leave its site takes
//! it along: it is where it ran last. Source: the manual of Metrocluster, of `site_preferred`.

use cib::{Document, Element, NodeId, Section};

use super::options;
use super::write::{element, location, names, rule_expression};
use crate::cluster::Cluster;
use crate::package::Package;

/// Has each node that is there say its site.
pub(super) fn write(document: &mut Document, cluster: &Cluster) {
    for node in &cluster.nodes {
        let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
        let Some(at) = nodes.into_iter().find(|at| at.attr("uname") == Some(&node.name)) else {
            continue;
        };
        let set = format!("sg.site.{}", node.name);
        let old = at.children().find(|child| child.attr("id") == Some(&set)).map(Element::id);
        let at = at.id();
        old.into_iter().for_each(|set| document.remove(set));
        if let Some(site) = &node.site {
            let inner = element(document, at, "instance_attributes", &set);
            let pair = element(document, inner, "nvpair", &format!("{set}.{}", names::SITE));
            document.set(pair, "name", names::SITE);
            document.set(pair, "value", &site.value);
        }
    }
}

/// At which site a package is to be, if it goes by sites.
pub fn of_package(document: &Document, cluster: &Cluster, package: &Package) -> Option<String> {
    if !package.goes_by_site() {
        return None;
    }
    let sites = || nodes_of(cluster, package).into_iter().filter_map(|name| site(cluster, name));
    let chosen = options::site(document, package.called());
    let chosen = chosen.filter(|chosen| sites().any(|site| site == chosen));
    chosen.or_else(|| sites().next().map(str::to_owned))
}

/// A package is to run on a node, or runs there: from now on its site is that node's. Whether it was another one before.
/// The package is to be written anew then.
pub fn choose(document: &mut Document, cluster: &Cluster, package: &Package, node: &str) -> bool {
    let (Some(before), Some(site)) = (of_package(document, cluster, package), site(cluster, node))
    else {
        return false;
    };
    if before == site {
        return false;
    }
    options::keep_site(document, package.called(), site);
    true
}

/// A package's nodes, those of its site first.
pub fn in_order<'n>(
    document: &Document,
    cluster: &Cluster,
    package: &Package,
    nodes: Vec<&'n str>,
) -> Vec<&'n str> {
    let Some(own) = of_package(document, cluster, package) else { return nodes };
    let (mut first, others): (Vec<&str>, Vec<&str>) =
        nodes.into_iter().partition(|node| site(cluster, node) == Some(&own));
    first.extend(others);
    first
}

/// One that an operator alone takes to another site may be nowhere else.
pub(super) fn constrain(document: &mut Document, cluster: &Cluster, package: &Package) {
    let Some(own) = of_package(document, cluster, package) else { return };
    if package.stays_at_site() {
        let id = names::constraint(package.called(), "site");
        let rule: NodeId = location(document, &id, package.called(), "and");
        rule_expression(document, rule, (names::SITE, "ne", Some((&own, "string"))));
    }
}

fn site<'c>(cluster: &'c Cluster, node: &str) -> Option<&'c str> {
    Some(cluster.node(node)?.site.as_ref()?.value.as_str())
}

fn nodes_of<'p>(cluster: &'p Cluster, package: &'p Package) -> Vec<&'p str> {
    if package.nodes.iter().any(|node| node.value == "*") {
        return cluster.nodes.iter().map(|node| node.name.as_str()).collect();
    }
    package.nodes.iter().map(|node| node.value.as_str()).collect()
}

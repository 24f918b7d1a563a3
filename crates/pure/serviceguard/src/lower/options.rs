//! Options of the cluster, its nodes' capacities, and the texts that all was made of.

use cib::{Document, Element, NodeId, Section};

use super::write::{element, pairs};
use crate::cluster::Cluster;
use crate::text::Text;

/// The set of options that are Serviceguard's.
const SET: &str = "serviceguard";
const CLUSTER: &str = "serviceguard-cluster";
const PACKAGE: &str = "serviceguard-package-";
const SITE: &str = "serviceguard-site-";
const NODELIST: &str = "serviceguard-cmclnodelist";

/// µs. Source: the manual.
pub const AUTO_START_TIMEOUT: u64 = 600_000_000;

/// Amounts have a fraction, demands in the document have none: they are counted in thousandths.
pub(super) const AMOUNT: f64 = 1000.0;

/// Writes what the cluster's file says of the whole cluster into the document.
pub(super) fn write_cluster(document: &mut Document, cluster: &Cluster, text: &Text) {
    keep(document, CLUSTER, &text.to_string());
    // A side that loses resets itself, and the others know how long that takes.
    keep(document, "no-quorum-policy", "suicide");
    keep(document, "stonith-enabled", "true");
    // So long a cluster that starts waits for all of its nodes.
    let timeout = cluster.auto_start_timeout.as_ref().map_or(AUTO_START_TIMEOUT, |said| said.value);
    keep(document, "dc-deadtime", &format!("{}s", timeout.div_ceil(1_000_000)));
    if let Some(name) = &cluster.name {
        keep(document, "cluster-name", &name.value);
    }
    let has_capacities = cluster.nodes.iter().any(|node| !node.capacities.is_empty());
    let strategy = if has_capacities { "utilization" } else { "default" };
    keep(document, "placement-strategy", strategy);
    for node in &cluster.nodes {
        let amounts = node.capacities.iter().filter_map(|(name, amount)| {
            let amount = amount.as_ref()?;
            Some((name.value.as_str(), thousandths(amount.value, f64::floor)))
        });
        capacities(document, &node.name, amounts.collect());
    }
}

/// In the document's whole numbers.
pub(super) fn thousandths(amount: f64, round: fn(f64) -> f64) -> String {
    // The check has bounded it.
    format!("{}", round(amount.clamp(0.0, 1e6) * AMOUNT))
}

/// Gives a node that is there its capacities, and none else.
fn capacities(document: &mut Document, name: &str, amounts: Vec<(&str, String)>) {
    let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let Some(node) = nodes.into_iter().find(|node| node.attr("uname") == Some(name)) else {
        return;
    };
    let at = node.id();
    let id = format!("sg.capacities.{name}");
    let old: Vec<NodeId> =
        node.children().filter(|set| set.attr("id") == Some(&id)).map(Element::id).collect();
    old.into_iter().for_each(|set| document.remove(set));
    pairs(document, at, ("utilization", &id), amounts);
}

/// The cluster's file, if there is one.
pub fn cluster_text(document: &Document) -> Option<String> {
    kept(document, CLUSTER)
}

/// A package's file.
pub fn package_text(document: &Document, package: &str) -> Option<String> {
    kept(document, &format!("{PACKAGE}{package}"))
}

/// Names and files of all packages, in the order in which they came.
pub fn package_texts(document: &Document) -> Vec<(String, String)> {
    own(document)
        .into_iter()
        .flat_map(Element::children)
        .filter_map(|pair| {
            let package = pair.attr("name")?.strip_prefix(PACKAGE)?;
            Some((package.to_owned(), pair.attr("value")?.to_owned()))
        })
        .collect()
}

pub(super) fn keep_package(document: &mut Document, package: &str, text: &str) {
    keep(document, &format!("{PACKAGE}{package}"), text);
}

pub(super) fn forget_package(document: &mut Document, package: &str) {
    forget(document, &format!("{PACKAGE}{package}"));
}

/// At which site an operator has run a package.
pub(super) fn site(document: &Document, package: &str) -> Option<String> {
    kept(document, &format!("{SITE}{package}"))
}

pub(super) fn keep_site(document: &mut Document, package: &str, site: &str) {
    keep(document, &format!("{SITE}{package}"), site);
}

pub(super) fn forget_site(document: &mut Document, package: &str) {
    forget(document, &format!("{SITE}{package}"));
}

fn forget(document: &mut Document, name: &str) {
    let found = own(document)
        .into_iter()
        .flat_map(Element::children)
        .find(|pair| pair.attr("name") == Some(name))
        .map(Element::id);
    found.into_iter().for_each(|at| document.remove(at));
}

/// The `cmclnodelist` of the node where the cluster's file was applied, if there was one.
pub fn nodelist(document: &Document) -> Option<String> {
    kept(document, NODELIST)
}

pub(super) fn keep_nodelist(document: &mut Document, text: &str) {
    if text.is_empty() { forget(document, NODELIST) } else { keep(document, NODELIST, text) }
}

/// Whether roles count.
pub(super) fn control_access(document: &mut Document, on: bool) {
    if on { keep(document, "enable-acl", "true") } else { forget(document, "enable-acl") }
}

fn own(document: &Document) -> Option<Element<'_>> {
    let options = document.section(Section::CrmConfig)?;
    options.children().find(|set| set.attr("id") == Some(SET))
}

fn kept(document: &Document, name: &str) -> Option<String> {
    let pairs = own(document).into_iter().flat_map(Element::children);
    let found = pairs.into_iter().find(|pair| pair.attr("name") == Some(name))?;
    found.attr("value").map(str::to_owned)
}

fn keep(document: &mut Document, name: &str, value: &str) {
    let set = match own(document).map(Element::id) {
        Some(set) => set,
        None => {
            let options = document.section_or_new(Section::CrmConfig);
            element(document, options, "cluster_property_set", SET)
        }
    };
    let old = document.element(set).children().find(|pair| pair.attr("name") == Some(name));
    let at = match old.map(Element::id) {
        Some(at) => at,
        None => element(document, set, "nvpair", &format!("{SET}-{name}")),
    };
    document.set(at, "name", name);
    document.set(at, "value", value);
}

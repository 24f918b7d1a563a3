//! What a cluster's file and its packages become: Corosync's configuration, and elements of the one
//! document. The mapping and its gaps: `docs/decisions/serviceguard-packages.md`.
//!
//! **Always:** what a package becomes is found again by the package's name alone, so that it can be
//! taken out or written anew while others stay. The text that it was made of is kept in the document.

mod access;
mod constraints;
pub mod detach;
pub(crate) mod engine;
mod links;
mod members;
mod networks;
mod options;
pub mod partly;
mod polled;
pub mod sites;
mod write;

use cib::{Document, Element, Section};

use crate::cluster::Cluster;
use crate::package::Package;
use crate::text::Text;

pub use access::grants;
pub use engine::{adjust, corosync_conf, lock_paths, replace_lock, uses_lock};
pub use links::{check_links, relink, unnamed};
pub use networks::{WatchedWire, watched_wires};
pub use options::{AUTO_START_TIMEOUT, cluster_text, nodelist, package_text, package_texts};
pub use write::{names, switching};

/// Writes what the cluster's file says into the document: options, capacities, what watches its network
/// cards and polls resources of its packages, and who may do what.
pub fn write_cluster(document: &mut Document, text: &Text) {
    let cluster = Cluster::of(text);
    options::write_cluster(document, &cluster, text);
    networks::write(document, &cluster);
    polled::write(document, &cluster);
    sites::write(document, &cluster);
    access::write(document);
}

/// Takes out nodes that have left for good.
pub fn forget_nodes(document: &mut Document, names: &[String]) {
    let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
    let is_gone = |node: &Element<'_>| {
        node.attr("uname").is_some_and(|name| names.iter().any(|gone| gone == name))
    };
    let gone: Vec<_> = nodes.filter(is_gone).map(Element::id).collect();
    gone.into_iter().for_each(|node| document.remove(node));
}

/// Keeps the text of a `cmclnodelist`, which grants what it does until the cluster's file has a policy. An
/// empty one is forgotten.
pub fn write_nodelist(document: &mut Document, text: &str) {
    options::keep_nodelist(document, text);
    access::write(document);
}

/// Writes a package into the document, in place of what it was before. Whether it is switched on,
/// in maintenance or detached stays as it is if it was there already, else `auto_run` says it.
pub fn write_package(document: &mut Document, cluster: &Cluster, text: &Text, others: &[Package]) {
    let package = Package::of(text);
    let name = package.called().to_owned();
    let before = switching::is_disabled(document, &name);
    let was_there = package_text(document, &name).is_some();
    let bans = switching::banned(document, &name);
    let held = switching::unhalted(document, &name);
    let detached = detach::nodes(document, &name);
    let is_maintained = switching::is_maintained(document, &name);
    remove_package(document, &name);
    options::keep_package(document, &name, &text.to_string());
    members::write(document, &package);
    constraints::write(document, cluster, &package, others);
    networks::write(document, cluster);
    polled::write(document, cluster);
    let is_off = if was_there {
        before
    } else {
        package.auto_run.as_ref().is_some_and(|auto_run| !auto_run.value)
    };
    if is_off {
        switching::disable(document, &name);
    }
    for node in bans {
        switching::ban(document, &name, &node);
    }
    switching::hold(document, &name, &held);
    switching::maintain(document, &name, is_maintained);
    detach::mark(document, &name, &detached);
    access::write(document);
}

/// Takes out a package, and what watched subnets or polled resources for it alone.
pub fn delete_package(document: &mut Document, name: &str) {
    remove_package(document, name);
    options::forget_site(document, name);
    if let Some(text) = cluster_text(document) {
        let cluster = Cluster::of(&Text::parse(&text));
        networks::write(document, &cluster);
        polled::write(document, &cluster);
    }
    access::write(document);
}

/// Takes out all that a package has become.
fn remove_package(document: &mut Document, name: &str) {
    let gone = write::of_package(document, name);
    gone.into_iter().for_each(|at| document.remove(at));
    options::forget_package(document, name);
}

#[cfg(test)]
mod tests;

//! `cmdeleteconf`: packages are taken out of the configuration, or all of it from all nodes.

use std::collections::{BTreeMap, BTreeSet};

use cib::Document;
use serviceguard::lower::switching;
use serviceguard::{Package, lower};

use crate::apply::agreed;
use crate::call::{Call, Said, Trouble, in_words};
use crate::detach::advice;
use crate::home::Home;
use crate::roles;
use crate::seen::World;

/// Takes out packages that are down and that no other depends on, or a cluster that is down; asks unless `-f`.
pub(crate) fn cmdeleteconf(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "fvc:p:")?;
    let packages: Vec<&str> =
        call.values('p').chain(call.words.iter().map(String::as_str)).collect();
    roles::needs_root("changing the configuration")?;
    let home = Home::find();
    if packages.is_empty() {
        return whole(&home, &call, said);
    }
    let world = World::read(&home)?;
    for name in &packages {
        may_go(&world, name, &packages)?;
    }
    for name in &packages {
        said.line(format!("Deleting package {name}"));
    }
    if !call.has('f') && !agreed("Modify the package configuration", said)? {
        return Err(Trouble::new("Nothing was changed"));
    }
    home.edit(|document| packages.iter().for_each(|name| lower::delete_package(document, name)))?;
    said.line("Completed the package deletion.");
    Ok(())
}

/// The whole cluster, where it runs on no node.
fn whole(home: &Home, call: &Call, said: &mut Said<'_>) -> Result<(), Trouble> {
    if matches!(home, Home::File(_)) || home.read().is_ok() {
        let why = "The cluster is running, and its configuration stays\n\
                   Halt it first, with cmhaltcl; packages are named with -p";
        return Err(Trouble::new(why));
    }
    let name = cluster::cluster_name().map_err(in_words)?;
    if let Some(other) = call.value('c').filter(|other| *other != name) {
        return Err(Trouble(format!("This node is of the cluster {name}, and not of {other}")));
    }
    cluster::require_halted().map_err(in_words)?;
    let left = left_running(&cluster::stored().map_err(in_words)?)?;
    if !left.is_empty() {
        return Err(Trouble(must_end(&name, &left)));
    }
    let nodes = cluster::members().map_err(in_words)?.0;
    said.line(format!("Deleting cluster {name} from {}", view::words::list(&nodes)));
    if !call.has('f') && !agreed(&format!("Delete the configuration of cluster {name}"), said)? {
        return Err(Trouble::new("Nothing was changed"));
    }
    cluster::delete().map_err(in_words)?;
    said.line("Completed the cluster deletion.");
    said.line(
        "On each node stay: packages' scripts and directories, and what was taken away, under",
    );
    said.line("names that end in .old.");
    Ok(())
}

/// Packages that a halted cluster's nodes may run still, by what any of their disks says: each with why, and
/// with its nodes where they are known. One that was away when the others learned better may be wrong, which is the safe
/// way.
fn left_running(stored: &[(String, String)]) -> Result<Vec<String>, Trouble> {
    let mut detached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut maintained = BTreeSet::new();
    for (node, text) in stored.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let document = Document::parse(text).map_err(|error| {
            Trouble(format!("It is not known what runs still: the document of {node}: {error}"))
        })?;
        for (name, _) in lower::package_texts(&document) {
            let nodes = lower::detach::nodes(&document, &name);
            if switching::is_maintained(&document, &name) {
                maintained.insert(name.clone());
            }
            if !nodes.is_empty() {
                detached.entry(name).or_default().extend(nodes);
            }
        }
    }
    let mut left = Vec::new();
    for (name, nodes) in &detached {
        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        left.push(format!("{name} on {}, detached", view::words::list(&nodes)));
    }
    maintained.retain(|name| !detached.contains_key(name));
    left.extend(maintained.iter().map(|name| format!("{name}, in maintenance")));
    Ok(left)
}

fn must_end(cluster: &str, left: &[String]) -> String {
    format!(
        "Unable to delete cluster {cluster}, packages may run still: {}\n\
         Run the cluster (cmruncl, or cmrunnode on these nodes), which takes them up again; end maintenance with\n\
         cmhaltpkg; then halt all of it, packages too: cmhaltcl -f",
        left.join("; ")
    )
}

fn may_go(world: &World, name: &str, together: &[&str]) -> Result<(), Trouble> {
    world.package(name)?;
    if let Some(node) = world.detached(name).first() {
        return Err(Trouble(advice(name, node)));
    }
    if let Some((node, _)) = world.places(name).first() {
        return Err(Trouble(format!(
            "Unable to delete package {name}, it is running on node {node}"
        )));
    }
    let needs = |other: &&Package| {
        let conditions = other.dependencies.iter().filter_map(|one| one.condition.as_ref());
        conditions.into_iter().any(|condition| condition.value.package == name)
    };
    let left = world.packages.iter().filter(needs).map(Package::called);
    match left.into_iter().find(|other| !together.contains(other)) {
        Some(other) => {
            Err(Trouble(format!("Unable to delete package {name}, {other} has a dependency on it")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_node_says_was_left_running_counts() {
        let document = |constraints: &str, maintenance: &str| {
            format!(
                r#"<cib><configuration><crm_config><cluster_property_set id="serviceguard"><nvpair id="serviceguard-package-web"
                name="serviceguard-package-web" value="package_name web"/></cluster_property_set></crm_config><nodes/>
                <resources><group id="web"><meta_attributes id="web-meta">{maintenance}</meta_attributes></group></resources>
                <constraints>{constraints}</constraints></configuration></cib>"#
            )
        };
        let left = r##"<rsc_location id="sg.web.detached" rsc="web"><rule id="r" score="-INFINITY"><expression id="e"
            attribute="#uname" operation="ne" value="n2" type="string"/></rule></rsc_location>"##;
        let maintenance = r#"<nvpair id="web-meta-maintenance" name="maintenance" value="true"/>"#;
        let on = |node: &str, text: String| (node.to_owned(), text);
        let nothing = [on("n1", document("", "")), on("n2", String::new())];
        assert!(left_running(&nothing).unwrap().is_empty());
        let one = [on("n1", document(left, "")), on("n2", document("", maintenance))];
        assert_eq!(left_running(&one).unwrap(), ["web on n2, detached"]);
        let other = [on("n1", document("", maintenance)), on("n2", document("", ""))];
        assert_eq!(left_running(&other).unwrap(), ["web, in maintenance"]);
        assert!(left_running(&[on("n1", "<cib".to_owned())]).is_err());
    }
}

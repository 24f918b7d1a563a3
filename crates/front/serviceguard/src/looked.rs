//! The nodes that files are for, as they are: looked at before anything changes.

use std::collections::{BTreeMap, BTreeSet};

use serviceguard::{
    Finding, Looked, Package, Policy, Running, Severity, check_groups, check_nodes, check_online,
    check_owners, check_programs, check_resource_here, check_resources, check_users, lower,
    programs, quorum_address, users,
};
use wire::machine::Look;

use crate::call::{Trouble, in_words};
use crate::check::{Files, Known};
use crate::engine::conf_of;
use crate::home::{Found, Home};
use crate::seen::World;

/// What of the cluster's file may not take the place of the one that counts while the cluster runs.
pub(crate) fn online(home: &Home, running: Option<&Found>, known: &Known) -> Vec<Finding> {
    let conf = conf_of(running.and_then(|found| found.cluster.as_ref()), &known.cluster);
    let links = conf.as_ref().map(|conf| lower::check_links(conf, &known.cluster));
    let now = running.and_then(|found| lower::cluster_text(&found.document));
    let (Some(_), Ok(world)) = (now, World::read(home)) else { return links.unwrap_or_default() };
    let up: Vec<&str> = world.up().collect();
    let runs = |package: &&Package| {
        let name = package.called();
        !world.places(name).is_empty() || !world.detached(name).is_empty()
    };
    let packages: Vec<&Package> = world.packages.iter().filter(runs).collect();
    let now =
        Running { cluster: &world.cluster, up: &up, packages: &packages, conf: conf.as_ref() };
    let mut found = check_online(now, &known.cluster);
    found.extend(links.unwrap_or_default());
    found
}

/// What was seen of the nodes.
pub(crate) enum Nodes {
    /// Each as it is.
    Seen(BTreeMap<String, Looked>),
    /// Only this machine: the file is tried out on paper, or no cluster is set up here.
    Here,
}

impl Nodes {
    /// Looks at the nodes of the cluster, if it is this machine's; with `patience` also at what takes seconds.
    pub(crate) fn look(
        home: &Home,
        running: Option<&Found>,
        (files, known): (&Files, &Known),
        patience: bool,
    ) -> Result<Self, Trouble> {
        let is_on_paper = matches!(home, Home::File(_));
        let (false, Ok((members, own))) = (is_on_paper, cluster::members()) else {
            return Ok(Self::Here);
        };
        // The daemon that answers may be another cluster's than the machine's files name.
        let answers = running.and_then(|found| found.cluster.as_ref());
        let named: Vec<String> = known.cluster.nodes.iter().map(|node| node.name.clone()).collect();
        let is_of_here = named.iter().any(|name| members.contains(name));
        if !is_of_here || answers.is_some_and(|cluster| cluster.node != own) {
            return Ok(Self::Here);
        }
        let mut look = wanted(files, known);
        if !patience {
            look.wires = false;
            look.servers.clear();
        }
        let looked = cluster::look(&named, &look).map_err(in_words)?;
        let words = |trouble: cluster::Trouble| {
            let (what, help) = trouble.into_words();
            std::iter::once(what).chain(help).collect::<Vec<_>>().join("; ")
        };
        let each = looked.into_iter().map(|one| (one.name, one.machine.map_err(words)));
        Ok(Self::Seen(each.collect()))
    }

    /// What of the cluster's file the nodes are not.
    pub(crate) fn of_cluster(&self, known: &Known, skip_disks: bool) -> Vec<Finding> {
        match self {
            Self::Seen(looked) => {
                let mut found = check_nodes(&known.cluster, looked);
                let nodes: Vec<&str> = looked.keys().map(String::as_str).collect();
                if !skip_disks {
                    found.extend(check_groups(&known.cluster.volume_groups, &nodes, looked));
                }
                found.extend(check_users(&known.cluster.policies, looked));
                found
            }
            Self::Here => Vec::new(),
        }
    }

    /// What of a package's file its nodes are not. Those that cannot be looked at are said here where the
    /// cluster's file does not say it.
    pub(crate) fn of_package(
        &self,
        known: &Known,
        package: &Package,
        files: &Files,
    ) -> Vec<Finding> {
        let Self::Seen(looked) = self else { return here(package) };
        let is_any = package.nodes.iter().any(|node| node.value == "*");
        let nodes: Vec<&str> = if is_any {
            known.cluster.nodes.iter().map(|node| node.name.as_str()).collect()
        } else {
            package.nodes.iter().map(|node| node.value.as_str()).collect()
        };
        let mut found = check_programs(package, &nodes, looked);
        found.extend(check_resources(package, &nodes, looked));
        found.extend(check_users(&package.policies, looked));
        if !files.skip_disks {
            found.extend(check_groups(&package.volume_groups, &nodes, looked));
            found.extend(check_owners(&package.volume_groups, &nodes, looked));
        }
        let alone = files.cluster.is_none();
        for (name, looked) in
            looked.iter().filter(|(name, _)| alone && nodes.contains(&name.as_str()))
        {
            let Err(why) = looked else { continue };
            let line = package.nodes.iter().find(|node| node.value == *name || node.value == "*");
            let what = format!("{name} cannot be looked at: {why}");
            let line = line.map_or(0, |node| node.line);
            found.push(Finding { line, severity: Severity::Error, what, hint: None });
        }
        found
    }
}

/// What of the nodes the files speak of.
fn wanted(files: &Files, known: &Known) -> Look {
    let packages: Vec<Package> =
        files.packages.iter().map(|file| Package::of(&file.text)).collect();
    let of_cluster = files.cluster.is_some();
    let programs = packages.iter().flat_map(programs).map(|path| path.value.clone());
    let resources = packages.iter().flat_map(|package| &package.resources);
    let resources = resources.map(|resource| resource.name.value.clone());
    let policies = packages.iter().flat_map(|package| &package.policies);
    let policies: Vec<Policy> = policies.chain(&known.cluster.policies).cloned().collect();
    let locks: Vec<String> = if of_cluster && lower::uses_lock(&known.cluster) {
        lower::lock_paths(&known.cluster).into_values().collect()
    } else {
        Vec::new()
    };
    let mut groups = packages.iter().flat_map(|package| &package.volume_groups);
    let has_groups = groups.next().is_some() || !known.cluster.volume_groups.is_empty();
    let mut cards = known.cluster.nodes.iter().flat_map(|node| &node.interfaces);
    let server = quorum_address(&known.cluster).filter(|_| of_cluster);
    Look {
        wires: of_cluster && cards.any(serviceguard::Interface::is_standby),
        storage: has_groups && !files.skip_disks,
        programs: once(programs),
        users: once(users(&policies)),
        servers: server.into_iter().collect(),
        locks: once(locks.into_iter()),
        resources: once(resources),
        ..Look::default()
    }
}

/// Each of them once.
fn once(all: impl Iterator<Item = String>) -> Vec<String> {
    all.collect::<BTreeSet<String>>().into_iter().collect()
}

/// Scripts must be there and may be run, and something must say the values of resources, on this node at least.
fn here(package: &Package) -> Vec<Finding> {
    let look = |script: &serviceguard::Valued<String>| {
        let what = match is_runnable(&script.value) {
            Ok(true) => return None,
            Ok(false) => format!("{} is not executable on this node", script.value),
            Err(error) => format!("{} is not there on this node: {error}", script.value),
        };
        let hint = Some("it must be the same on every node".to_owned());
        Some(Finding { line: script.line, severity: Severity::Error, what, hint })
    };
    let polled = package.resources.iter().flat_map(|resource| {
        let program = polled::program(polled::PROGRAMS, &resource.name.value);
        check_resource_here(resource, program.and_then(|path| is_runnable(&path).ok()))
    });
    programs(package).filter_map(look).chain(polled).collect()
}

/// Whether a file that is there can be run.
fn is_runnable(path: &str) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let meta = std::fs::metadata(path)?;
    Ok(meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

//! `cmquerycl`: looks at nodes, and writes a cluster's file as they would have it.

use std::io::Write;

use serviceguard::{Probed, Wish, cluster_template, probed};
use wire::machine::Look;

use crate::call::{Call, Said, Trouble, in_words};
use crate::home::Home;
use crate::seen::World;
use crate::viewcl::node_state;

/// Which wires are looked at (`-w`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wires {
    None,
    /// Those of each node.
    Local,
    /// Also whether the nodes reach each other.
    Full,
}

/// What is asked for.
struct Query<'c> {
    cluster: Option<&'c str>,
    file: Option<&'c str>,
    nodes: Vec<String>,
    /// The lock LUN of all nodes, or of those that it was said behind.
    luns: Vec<(Option<&'c str>, &'c str)>,
    wires: Wires,
    networks: bool,
    storage: bool,
}

/// Looks at the nodes that `-n` names, or without any says which cluster there is.
pub(crate) fn cmquerycl(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "kvf:l:w:h:c:C:q:L:n:")?;
    let mut query = query(&call)?;
    let server = server(&call, &query)?;
    if query.nodes.is_empty() {
        if query.file.is_none() {
            return list(said);
        }
        query.nodes = cluster::members().map_err(in_words)?.0;
    }
    let nodes = look(&query, call.has('v'), said)?;
    let Some(path) = query.file else {
        said.text(match call.value('f') {
            None | Some("table") => probed::table(&nodes, query.networks, query.storage),
            Some("line") => probed::lines(&nodes, query.networks, query.storage),
            Some(other) => return Err(Trouble(format!("`{other}` is no format: table or line"))),
        });
        return Ok(());
    };
    let cluster = query.cluster.map_or_else(name, str::to_owned);
    let text = cluster_template(&Wish { cluster, server }, &nodes);
    // A file that is there may have been edited since it was a template.
    let new = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    new.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Trouble(format!("Unable to create {path}: {error}")))?;
    for line in text.lines().filter(|line| line.starts_with("# Warning: ")) {
        said.line(line.trim_start_matches("# "));
    }
    said.line(format!("Writing cluster data to {path}."));
    Ok(())
}

fn query(call: &Call) -> Result<Query<'_>, Trouble> {
    // Guides say `-c` for the file, too; a cluster's name has no slash.
    let is_file = |said: &&str| said.contains('/') || said.ends_with(".ascii");
    let cluster = call.value('c');
    let file = call.value('C').or_else(|| cluster.filter(is_file));
    let wires = match call.value('w') {
        Some("none") => Wires::None,
        None | Some("local") => Wires::Local,
        Some("full") => Wires::Full,
        Some(other) => return Err(Trouble(format!("`{other}` is no -w: none, local or full"))),
    };
    let (networks, storage) = match call.value('l') {
        None => (true, true),
        Some("net") => (true, false),
        Some("lvm") => (false, true),
        Some("none") => (false, false),
        Some(other) => return Err(Trouble(format!("`{other}` is no -l: net, lvm or none"))),
    };
    let (mut nodes, mut luns): (Vec<String>, _) = (Vec::new(), Vec::new());
    let mut last = None;
    for (letter, value) in call.in_order() {
        if letter == 'n' {
            last = Some(value);
            if nodes.iter().any(|node| node == value) {
                return Err(Trouble(format!("Node {value} is named twice")));
            }
            nodes.push(value.to_owned());
        } else if letter == 'L' {
            luns.push((last, value));
        }
    }
    Ok(Query {
        cluster: cluster.filter(|said| !is_file(said)),
        file,
        nodes,
        luns,
        wires,
        networks,
        // Of a file's groups and disks it is `-k` that leaves them out.
        storage: storage && !call.has('k'),
    })
}

/// The quorum server, and its second address, which stands behind it without an option.
fn server(call: &Call, query: &Query<'_>) -> Result<Option<(String, Option<String>)>, Trouble> {
    let Some(server) = call.value('q') else {
        return match call.words.first() {
            Some(word) => Err(Trouble(format!("Unexpected `{word}`; nodes are named with -n"))),
            None => Ok(None),
        };
    };
    if !query.luns.is_empty() {
        return Err(Trouble::new("Specify a quorum server (-q) or a lock LUN (-L), not both"));
    }
    match call.words.as_slice() {
        [] => Ok(Some((server.to_owned(), None))),
        [other] => Ok(Some((server.to_owned(), Some(other.clone())))),
        [_, word, ..] => Err(Trouble(format!("Unexpected `{word}`; nodes are named with -n"))),
    }
}

/// Looks at all of the nodes. If one cannot be looked at, it is said which, and why.
fn look(query: &Query<'_>, verbose: bool, said: &mut Said<'_>) -> Result<Vec<Probed>, Trouble> {
    if verbose {
        said.line(format!("Looking for other clusters ... {}", view::words::list(&query.nodes)));
    }
    let wires = query.wires != Wires::None;
    let look = Look { wires, storage: query.storage, ..Look::default() };
    let mut nodes = each(&query.nodes, &look)?;
    for node in &mut nodes {
        let of = |wanted: &(Option<&str>, &str)| wanted.0.is_none_or(|name| name == node.name);
        let lun = query.luns.iter().rev().find(|wanted| of(wanted));
        node.lock_lun = lun.map(|(_, path)| (*path).to_owned());
    }
    if query.wires == Wires::Full {
        for at in 0..nodes.len() {
            let Some(name) = nodes.get(at).map(|node| node.name.clone()) else { continue };
            let look = Look { reach: probed::reach(&nodes, &name), ..Look::default() };
            let heard = each(&[name], &look)?.into_iter().next();
            if let (Some(node), Some(heard)) = (nodes.get_mut(at), heard) {
                node.machine.silent = heard.machine.silent;
            }
        }
    }
    if verbose {
        for node in &nodes {
            said.line(format!("Node {}: looked at", node.name));
            node.machine.unseen.iter().for_each(|what| said.line(format!("  without {what}")));
        }
    }
    Ok(nodes)
}

fn each(names: &[String], look: &Look) -> Result<Vec<Probed>, Trouble> {
    let mut nodes = Vec::new();
    let mut lines = Vec::new();
    for cluster::Looked { name, links, machine } in cluster::look(names, look).map_err(in_words)? {
        match machine {
            Ok(machine) => nodes.push(Probed { name, machine, links, lock_lun: None }),
            Err(trouble) => {
                lines.push(format!("Unable to reach node {name}: {}", in_words(trouble).0));
            }
        }
    }
    if lines.is_empty() { Ok(nodes) } else { Err(Trouble(lines.join("\n"))) }
}

/// The name of the cluster that there is, or one that may be edited.
fn name() -> String {
    let conf = cluster::file().ok();
    let name = conf.and_then(|conf| corosync::Settings::of(&conf).totem.cluster_name);
    name.map_or_else(|| "cluster1".to_owned(), |name| name.value)
}

/// The cluster of this machine, and its nodes.
fn list(said: &mut Said<'_>) -> Result<(), Trouble> {
    let members = cluster::members().map_err(in_words)?.0;
    let world = World::read(&Home::find()).ok();
    said.line("Cluster Name    Node Name       Status");
    for member in members {
        let line = world.as_ref().and_then(|world| world.node(&member).ok());
        let status = line.map_or("down", |line| node_state(line).0);
        said.line(format!("{:<15} {member:<15} {status}", name()));
    }
    Ok(())
}

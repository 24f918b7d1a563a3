//! `cmscancl`: everything about the cluster's configuration in one text, for who is to help.

use std::fmt::Write as _;

use serviceguard::{Probed, lower, probed};
use wire::machine::Look;

use crate::call::{Call, Said, Trouble, in_words};
use crate::home::Home;
use crate::seen::World;
use crate::viewcl::{self, Level};
use crate::viewconf;

/// Where it is written unless told otherwise. Source: the manual page.
const FILE: &str = "/tmp/scancl.out";

/// Gathers it from all nodes, or from those of `-n`: to a file (`-o`), or with `-s` to the output.
pub(crate) fn cmscancl(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "sn:o:")?;
    if call.has('s') && call.has('o') {
        return Err(Trouble::new("Specify the output (-s) or a file (-o), not both"));
    }
    let mut nodes: Vec<String> = call.values('n').map(str::to_owned).collect();
    if nodes.is_empty() {
        nodes = cluster::members().map_err(in_words)?.0;
    }
    let text = gathered(&nodes)?;
    if call.has('s') {
        said.text(text);
        return Ok(());
    }
    let path = call.value('o').unwrap_or(FILE);
    std::fs::write(path, text)
        .map_err(|error| Trouble(format!("Unable to write {path}: {error}")))?;
    said.line(format!("Cluster information is in {path}."));
    Ok(())
}

fn section(text: &mut String, title: &str, body: &str) {
    let _never_fails = writeln!(text, "*** {title}\n\n{}\n", body.trim_end());
}

/// What cannot be gathered is said in its place.
fn gathered(names: &[String]) -> Result<String, Trouble> {
    let mut text = String::new();
    match World::read(&Home::find()) {
        Ok(world) => of_world(&world, &mut text),
        Err(Trouble(why)) => section(&mut text, "Cluster", &why),
    }
    let conf = cluster::file().map_or_else(|trouble| in_words(trouble).0, |conf| conf.to_string());
    section(&mut text, "corosync.conf of this node", &conf);
    let look = Look { wires: true, storage: true, ..Look::default() };
    for cluster::Looked { name, links, machine } in cluster::look(names, &look).map_err(in_words)? {
        let title = format!("Node {name}");
        match machine {
            Err(trouble) => {
                let why = format!("Unable to reach it: {}", in_words(trouble).0);
                section(&mut text, &title, &why);
            }
            Ok(machine) => {
                let unseen = machine.unseen.clone();
                let node = Probed { name, machine, links, lock_lun: None };
                let mut body = probed::table(&[node], true, true);
                for what in unseen {
                    let _never_fails = writeln!(body, "Not seen: {what}");
                }
                section(&mut text, &title, &body);
            }
        }
    }
    Ok(text)
}

fn of_world(world: &World, text: &mut String) {
    let shown =
        viewcl::Shown { level: Level::All, verbose: true, nodes: Vec::new(), packages: Vec::new() };
    section(text, "cmviewcl -v", &viewcl::table::render(world, &shown));
    section(text, "cmviewconf", &viewconf::text(world));
    let cluster = lower::cluster_text(&world.document);
    section(text, "Cluster file", cluster.as_deref().unwrap_or("None was applied."));
    for (name, file) in lower::package_texts(&world.document) {
        section(text, &format!("File of package {name}"), &file);
    }
}

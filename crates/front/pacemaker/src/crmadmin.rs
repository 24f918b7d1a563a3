//! `crmadmin`: who the nodes are, who coordinates them, and how a node and its daemon are.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::{Document, Element, Section};
use wire::api::Cluster;

use crate::exit::Exit;
use crate::home::Home;
use crate::options::Taken;
use crate::output::Output;
use crate::source::Unreadable;
use crate::time;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 9] = [
    valued("status", Some('S'), "NODE", "What the node's part of the cluster is doing"),
    switch("pacemakerd", Some('P'), "How the daemon of this node is"),
    switch("dc_lookup", Some('D'), "Which node coordinates"),
    valued("nodes", Some('N'), "[TYPES]", "The nodes: all, cluster, guest or remote ones"),
    switch("health", Some('H'), "Not supported"),
    valued("timeout", Some('t'), "DURATION", "How long to wait for an answer; at most 15 s"),
    switch("bash-export", Some('B'), "Nodes as commands of a shell"),
    valued("ipc-name", Some('i'), "NAME", "Accepted"),
    switch("quiet", Some('q'), "Only what was asked for"),
];

const TOOL: Tool = Tool {
    name: "crmadmin",
    purpose: "Tells who the nodes are and how they are.",
    taken: &TAKEN,
    loose: "",
};

/// Tells about nodes.
pub(crate) fn crmadmin(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    if call.has("health") {
        return Err(Trouble::usage("Cluster-wide health option not supported"));
    }
    let asked = last(&call.given, &["status", "pacemakerd", "dc_lookup", "nodes"]);
    let asked = asked.ok_or_else(|| Trouble::usage("error: Must specify a command option"))?;
    let quiet = call.has("quiet") && call.format.can_be_quiet();
    match asked.name {
        "nodes" => {
            let failed = "error: Command failed: ";
            let document = Home::find().open(failed)?.document;
            list(&nodes(&document, &asked.value), call.has("bash-export"), quiet, said);
            return Ok(Exit::Ok);
        }
        "pacemakerd" => daemon(quiet, said)?,
        command => {
            let cluster = cluster()?;
            match command {
                "dc_lookup" => coordinator(cluster.coordinator.as_deref(), quiet, said),
                _ => health(&cluster, &asked.value, quiet, said)?,
            }
        }
    }
    Ok(Exit::Ok)
}

/// What the daemon of this node says of the cluster.
fn cluster() -> Result<Cluster, Trouble> {
    let found = Home::running().read().map_err(failed)?;
    found.cluster.ok_or_else(|| Trouble::new(Exit::Disconnected, "error: Command failed"))
}

fn failed(unreadable: Unreadable) -> Trouble {
    let Unreadable { exit, why } = unreadable;
    Trouble::new(exit, format!("error: Command failed: {}\n  {why}", exit.reason()))
}

/// A node: of which type it is, its name and its id.
type Node<'d> = (&'static str, &'d str, &'d str);

/// The nodes of some types, with commas between them; of all types if none is named.
fn nodes<'d>(document: &'d Document, types: &str) -> Vec<Node<'d>> {
    let named: Vec<&str> = types.split(',').collect();
    let wanted = |name: &str| types.is_empty() || named.contains(&"all") || named.contains(&name);
    let mut found = Vec::new();
    if wanted("cluster") {
        let nodes = document.section(Section::Nodes).into_iter().flat_map(Element::children);
        let members = nodes.filter(|node| matches!(node.attr("type"), None | Some("member")));
        found
            .extend(members.map(|node| ("cluster", named_by(node, "uname"), named_by(node, "id"))));
    }
    let resources = document.section(Section::Resources).into_iter();
    let primitives: Vec<Element<'d>> = resources
        .flat_map(Element::descendants)
        .filter(|element| element.is("primitive"))
        .collect();
    if wanted("guest") {
        let pairs = primitives.iter().flat_map(|primitive| {
            let blocks = primitive.children_named("meta_attributes");
            blocks.flat_map(|block| block.children_named("nvpair"))
        });
        let names = pairs.filter(|pair| pair.attr("name") == Some("remote-node"));
        found.extend(names.map(|pair| ("guest", named_by(pair, "value"), named_by(pair, "value"))));
    }
    if wanted("remote") {
        let agent = [("class", "ocf"), ("provider", "pacemaker"), ("type", "remote")];
        let is_remote =
            |one: &&Element<'d>| agent.iter().all(|(name, value)| one.attr(name) == Some(value));
        let remote = primitives.iter().filter(is_remote);
        found.extend(remote.map(|one| ("remote", named_by(*one, "id"), named_by(*one, "id"))));
    }
    found
}

fn named_by<'d>(element: Element<'d>, name: &str) -> &'d str {
    element.attr(name).unwrap_or_default()
}

fn list(nodes: &[Node<'_>], export: bool, quiet: bool, said: &mut Output) {
    said.tell(
        |out| {
            for (kind, name, id) in nodes {
                match (quiet, export) {
                    (true, _) => out.line(name),
                    (false, true) => out.line(&format!("export {name}={id}")),
                    (false, false) => out.line(&format!("{kind} node: {name} ({id})")),
                }
            }
            if nodes.is_empty() {
                out.line("No nodes configured");
            }
        },
        |xml| {
            xml.begin("nodes");
            for (kind, name, id) in nodes {
                xml.empty("node", &[("type", kind), ("name", name), ("id", id)]);
            }
            xml.end();
        },
    );
}

fn coordinator(name: Option<&str>, quiet: bool, said: &mut Output) {
    said.tell(
        |out| match name {
            Some(name) if quiet => out.line(name),
            None if quiet => {}
            name => {
                out.line(&format!(
                    "Designated Controller is: {}",
                    name.unwrap_or("not yet elected")
                ));
            }
        },
        |xml| xml.empty("dc", &[("node_name", name.unwrap_or_default())]),
    );
}

/// What a node's controller is doing. Of another node it is known whether it is a member.
fn health(cluster: &Cluster, node: &str, quiet: bool, said: &mut Output) -> Result<(), Trouble> {
    if !cluster.members.iter().any(|member| member == node) {
        let words = "error: Command failed: No such device or address";
        return Err(Trouble::new(Exit::NoSuch, format!("{words}\n  {node} is not a member")));
    }
    let coordinates = cluster.coordinator.as_deref() == Some(node);
    let state = match (cluster.formed, coordinates, cluster.idle) {
        (false, _, _) => "S_PENDING",
        (true, true, true) => "S_IDLE",
        (true, true, false) => "S_TRANSITION_ENGINE",
        (true, false, _) => "S_NOT_DC",
    };
    said.tell(
        |out| match quiet {
            true => out.line(state),
            false => out.line(&format!("Controller on {node} in state {state}: ok")),
        },
        |xml| xml.empty("crmd", &[("node_name", node), ("state", state), ("result", "ok")]),
    );
    Ok(())
}

/// How this node's daemon is: it answers or not.
fn daemon(quiet: bool, said: &mut Output) -> Result<(), Trouble> {
    let answers = match Home::running().read() {
        Ok(_) => true,
        // It runs, and hangs: who watches it must not take that for a peaceful end.
        Err(unreadable) if unreadable.exit == Exit::Timeout => return Err(failed(unreadable)),
        Err(_) => false,
    };
    let now = time::calendar(time::now());
    let (state, words) =
        if answers { ("running", "Running") } else { ("shutdown_complete", "Not running") };
    said.tell(
        |out| match (quiet, answers) {
            (true, _) => out.line(state),
            (false, true) => {
                out.line(&format!("Status of pacemakerd: '{words}' (last updated {now})"));
            }
            (false, false) => out.line(&format!("Status of pacemakerd: '{words}'")),
        },
        |xml| {
            xml.begin("pacemakerd");
            xml.attr("sys_from", "pacemakerd");
            xml.attr("state", state);
            if answers {
                xml.attr("last_updated", &now);
            }
            xml.end();
        },
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_says_what_it_is_doing() {
        let cluster = Cluster {
            coordinator: Some("n1".to_owned()),
            members: vec!["n1".to_owned(), "n2".to_owned()],
            formed: true,
            idle: true,
            ..Cluster::default()
        };
        let told = |node: &str| {
            let mut said = Output::new(crate::output::Format::Text, "", true);
            let exit = health(&cluster, node, false, &mut said).map_err(|trouble| trouble.exit);
            let (mut out, mut errors) = (Vec::new(), Vec::new());
            said.finish(Exit::Ok, &mut out, &mut errors);
            exit.map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(told("n1").unwrap(), "Controller on n1 in state S_IDLE: ok\n");
        assert_eq!(told("n2").unwrap(), "Controller on n2 in state S_NOT_DC: ok\n");
        assert_eq!(told("n3"), Err(Exit::NoSuch));
    }
}

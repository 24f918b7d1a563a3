//! `crm_mon`, once: the cluster's status.
//!
//! **Not here:** staying and showing it again; `quorate status --watch` does.

mod sections;

use std::ffi::OsString;
use std::process::ExitCode;

use cib::Element;
use scheduler::{Input, Node, Resolved};
use wire::api::Cluster;

use crate::complaints;
use crate::exit::Exit;
use crate::home::Home;
use crate::options::Taken;
use crate::output::{Format, Output};
use crate::shown::{Coordinator, Section, Summary, Written};
use crate::status::{self, Look, Only, Sections, Shown};
use crate::tool::{self, Call, Tool, Trouble, switch, valued};
use sections::Chosen;

const TAKEN: [Taken; 29] = [
    switch("quiet", Some('Q'), "Leave out the times"),
    valued("include", Some('I'), "SECTIONS", "Show these, too; `list` tells which there are"),
    valued("exclude", Some('U'), "SECTIONS", "Do not show these"),
    valued("node", None, "NODE", "Only this node, or those with this tag"),
    valued("resource", None, "RESOURCE", "Only this resource, or those with this tag"),
    switch("group-by-node", Some('n'), "List resources with their node"),
    switch("inactive", Some('r'), "List resources that do not run, too"),
    switch("failcounts", Some('f'), "Show how often resources failed"),
    switch("operations", Some('o'), "Show operations"),
    switch("timing-details", Some('t'), "Show operations, and how long they took"),
    switch("tickets", Some('c'), "Show tickets"),
    valued("fence-history", Some('m'), "[LEVEL]", "Show fencing, 0 to 3: the more, the more of it"),
    valued("neg-locations", Some('L'), "[PREFIX]", "Show what keeps resources off nodes"),
    switch("show-node-attributes", Some('A'), "Show attributes of nodes"),
    switch("hide-headers", Some('D'), "Leave out the summary"),
    switch("show-detail", Some('R'), "Show numbers of nodes, each instance, and more"),
    switch("show-description", None, "Show what is said of resources"),
    switch("brief", Some('b'), "Count resources by agent"),
    switch("pending", Some('j'), "Accepted; what is under way is always shown"),
    switch("one-shot", Some('1'), "Show the status once, as is always done here"),
    valued("interval", Some('i'), "TIME", "Accepted; the status is shown once"),
    switch("as-xml", Some('X'), "The same as --output-as=xml"),
    valued("xml-file", Some('x'), "FILE", "The document in this file"),
    valued("pid-file", Some('p'), "FILE", "Accepted"),
    switch("daemonize", Some('d'), "Not done here"),
    valued("external-agent", Some('E'), "FILE", "Not done here"),
    valued("external-recipient", Some('e'), "WHO", "Not done here"),
    switch("watch-fencing", Some('W'), "Not done here"),
    switch("simple-status", Some('s'), "No longer there"),
];

const TOOL: Tool = Tool {
    name: "crm_mon",
    purpose: "Shows what the cluster's nodes and resources are doing.",
    taken: &TAKEN,
    loose: "",
};

/// Shows the status.
pub(crate) fn crm_mon(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

const STAYING: [&str; 4] = ["daemonize", "external-agent", "external-recipient", "watch-fencing"];

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    if STAYING.iter().any(|option| call.has(option)) {
        return Err(Trouble::usage("there is no way to stay; see `quorate status --watch`"));
    }
    if call.has("simple-status") {
        return Err(Trouble::usage("Unknown option -s"));
    }
    let chosen = sections::choose(&call.given, call.format)?;
    let home = call.value("xml-file").map_or_else(Home::find, Home::file);
    let found = home.open("Connection to cluster failed: ")?;
    let now = crate::time::now();
    let resolved = scheduler::resolve(&found.document, &Input { now, sanitized: false });
    complaints::say(&resolved, said);
    show(call, &chosen, &resolved, found.cluster.as_ref(), said);
    Ok(Exit::Ok)
}

fn show(
    call: &Call,
    chosen: &Chosen,
    resolved: &Resolved<'_>,
    cluster: Option<&Cluster>,
    said: &mut Output,
) {
    let wanted = |option| call.value(option).filter(|name| *name != "*");
    let nodes = wanted("node").map(|name| nodes_named(resolved, name));
    let resources = wanted("resource").map(|name| resources_named(resolved, name));
    let look = look(call);
    let summary = summary(resolved, cluster, look, chosen.sections);
    let shown = Shown {
        sections: chosen.sections,
        look,
        only: Only { nodes: nodes.as_deref(), resources: resources.as_deref() },
        bans: &chosen.bans,
    };
    said.show(&Section::Monitored(Box::new(summary), status::read(resolved, shown)));
}

fn look(call: &Call) -> Look {
    let mut look = Look::PENDING;
    for (option, means) in [
        ("inactive", Look::INACTIVE),
        ("group-by-node", Look::BY_NODE),
        ("brief", Look::BRIEF),
        ("timing-details", Look::TIMING),
        ("show-detail", Look::DETAILS),
        ("show-description", Look::DESCRIPTION),
    ] {
        if call.has(option) {
            look = look | means;
        }
    }
    match call.format {
        Format::Xml => (look | Look::INACTIVE | Look::TIMING).without(Look::BRIEF),
        Format::Text | Format::Html | Format::Nothing => look,
    }
}

fn summary<'r>(
    resolved: &'r Resolved<'_>,
    cluster: Option<&'r Cluster>,
    look: Look,
    sections: Sections,
) -> Summary<'r> {
    let by_cluster = || {
        let name = cluster?.coordinator.as_deref()?;
        resolved.nodes.iter().find(|node| &*node.name == name)
    };
    let coordinator = resolved.coordinator.map(|at| resolved.node(at)).or_else(by_cluster);
    let root = resolved.document.root();
    let stack = option(root, "cluster-infrastructure");
    let sections = if coordinator.is_none() { sections | Sections::COORDINATOR } else { sections };
    Summary {
        sections,
        stack: stack.unwrap_or(if cluster.is_some() { "quorate" } else { "unknown" }),
        running: cluster.is_some(),
        coordinator: coordinator.map(|node| Coordinator {
            name: &node.name,
            id: &node.id,
            display: status::display_name(resolved, node, look),
            version: option(root, "dc-version").or_else(|| cluster.map(|_| "3.0.2-quorate")),
            quorate: resolved.options.quorate || cluster.is_some_and(|cluster| cluster.quorate),
            mixed: is_mixed(resolved),
        }),
        now: crate::time::now(),
        here: cluster.map(|cluster| cluster.node.as_str()),
        written: Written {
            at: root.attr("cib-last-written"),
            user: root.attr("update-user"),
            client: root.attr("update-client"),
            origin: root.attr("update-origin"),
        },
        nodes: resolved.nodes.len(),
        counts: status::count(resolved),
        options: &resolved.options,
    }
}

/// The first value of this name, wherever it is.
fn option<'d>(root: Element<'d>, name: &str) -> Option<&'d str> {
    let mut pairs = root.descendants().filter(|element| element.is("nvpair"));
    pairs.find(|pair| pair.attr("name") == Some(name))?.attr("value")
}

/// Nodes that are there do not all have the same software.
fn is_mixed(resolved: &Resolved<'_>) -> bool {
    let mut sets = resolved.nodes.iter().filter_map(status::feature_set);
    let first = sets.next();
    sets.any(|set| Some(set) != first)
}

/// The node of this name, or those with this tag.
fn nodes_named(resolved: &Resolved<'_>, name: &str) -> Vec<String> {
    let named = |node: &&Node<'_>| node.name.eq_ignore_ascii_case(name);
    if resolved.nodes.iter().any(|node| named(&node)) {
        return vec![name.to_owned()];
    }
    let ids = resolved.tags.get(name).into_iter().flatten();
    let node = |id: &&str| resolved.nodes.iter().find(|node| &*node.id == *id);
    ids.filter_map(node).map(|node| node.name.to_string()).collect()
}

/// The resource of this name, or those with this tag.
fn resources_named(resolved: &Resolved<'_>, name: &str) -> Vec<String> {
    let found = |id: &str| {
        let resource = resolved.resource(status::find(resolved, id)?);
        let exact = id.contains(':');
        Some(if exact { resource.id.to_string() } else { status::shown_id(resource).to_owned() })
    };
    match found(name) {
        Some(resource) => vec![resource],
        None => {
            let ids = resolved.tags.get(name).into_iter().flatten();
            ids.filter_map(|id| found(id)).collect()
        }
    }
}

//! `crm_mon`: the cluster's status, once or as it changes: on a terminal, in a file, or told to a
//! program.

mod announce;
mod frozen;
mod mode;
mod old_look;
mod screen;
mod sections;
mod stay;

use std::ffi::OsString;
use std::process::ExitCode;

use cib::Element;
use scheduler::{Input, Node, Resolved};
use wire::api::Cluster;

use crate::complaints;
use crate::exit::Exit;
use crate::home::{Found, Home};
use crate::options::Taken;
use crate::outline::Dress;
use crate::output::{Format, Output};
use crate::shown::{Coordinator, Section, Summary, Written};
use crate::status::{self, FencingList, Look, Only, Sections, Shown};
use crate::tool::{self, Call, Tool, Trouble, switch, valued};
use mode::Mode;
use sections::Chosen;

const TAKEN: [Taken; 33] = [
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
    switch("one-shot", Some('1'), "Show the status once"),
    valued("interval", Some('i'), "TIME", "Stay; show it anew at least so often (5 s)"),
    switch("as-xml", Some('X'), "The same as --output-as=xml"),
    valued("xml-file", Some('x'), "FILE", "The document in this file"),
    valued("pid-file", Some('p'), "FILE", "With --daemonize: where its number goes"),
    switch("daemonize", Some('d'), "Stay in the background; needs --output-to or --external-agent"),
    valued(
        "external-agent",
        Some('E'),
        "FILE",
        "A program that is run for each thing that happens",
    ),
    valued("external-recipient", Some('e'), "WHO", "Whom that program is to tell"),
    switch("watch-fencing", Some('W'), "Tell that program of fencing alone; show none"),
    switch("simple-status", Some('s'), "No longer there"),
    switch("old-look", None, "Show the status once, as Heartbeat's crm_mon did"),
    valued("html-title", None, "TITLE", "The title of a page"),
    valued("html-stylesheet", None, "URI", "A style sheet for a page"),
    switch("html-cgi", None, "Begin a page as web servers want it"),
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

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    if call.has("simple-status") {
        return Err(Trouble::usage("Unknown option -s"));
    }
    let view = View::of(call)?;
    let home = call.value("xml-file").map_or_else(Home::find, Home::file);
    if call.has("old-look") {
        view.show_old(&home.open("Connection to cluster failed: ")?, said);
        return Ok(Exit::Ok);
    }
    match mode::of(call, &home)? {
        Mode::Once => {
            let found = home.open("Connection to cluster failed: ")?;
            said.dress(dress(call, None));
            view.show(&found, said);
            Ok(Exit::Ok)
        }
        Mode::Detached => {
            // What is there to see, the one who stays writes.
            said.be_plain();
            mode::detach(call)
        }
        Mode::Stay(goal) => {
            said.be_plain();
            stay::stay(call, view, &home, goal)
        }
    }
}

/// What is around a page; `again`: the browser asks anew after so many seconds.
fn dress(call: &Call, again: Option<u64>) -> Dress {
    Dress {
        title: call.value("html-title").unwrap_or("Cluster Status").to_owned(),
        style_sheet: call.value("html-stylesheet").map(str::to_owned),
        again,
        with_header: call.has("html-cgi"),
    }
}

/// What is wanted to be seen.
#[derive(Clone, Debug)]
struct View {
    chosen: Chosen,
    look: Look,
    format: Format,
    /// A node, or the tag of some.
    node: Option<String>,
    /// The same for resources.
    resource: Option<String>,
}

impl View {
    fn of(call: &Call) -> Result<Self, Trouble> {
        let wanted = |option| call.value(option).filter(|name| *name != "*").map(str::to_owned);
        Ok(Self {
            chosen: sections::choose(&call.given, call.format)?,
            look: look(call),
            format: call.format,
            node: wanted("node"),
            resource: wanted("resource"),
        })
    }

    /// The same as Heartbeat's `crm_mon` wrote it: plain text, whatever form is wanted.
    fn show_old(&self, found: &Found, said: &mut Output) {
        let now = crate::time::now();
        let resolved = scheduler::resolve(&found.document, &Input { now, sanitized: false });
        let (sections, look) = (Sections::FAILURES, self.look);
        let only = Only { nodes: None, resources: None };
        let status = status::read(&resolved, Shown { sections, look, only, bans: "" });
        let summary = summary(&resolved, found.cluster.as_ref(), look, sections);
        let has_time = self.chosen.sections.has(Sections::TIMES);
        let when = has_time.then(|| crate::time::clock(now));
        let wanted = (when.as_deref(), look.has(Look::INACTIVE));
        said.be_plain();
        let coordinator = summary.coordinator.as_ref();
        for line in old_look::lines(&resolved, coordinator, &status.failed, wanted) {
            said.note(&line);
        }
    }

    fn show(&self, found: &Found, said: &mut Output) {
        let now = crate::time::now();
        let mut resolved = scheduler::resolve(&found.document, &Input { now, sanitized: false });
        let (chosen, look) = (&self.chosen, self.look);
        if chosen.sections.has(Sections::TICKETS) {
            frozen::mark(&mut resolved);
        }
        complaints::say(&resolved, said);
        let nodes = self.node.as_ref().map(|name| nodes_named(&resolved, name));
        let resources = self.resource.as_ref().map(|name| resources_named(&resolved, name));
        let only = Only { nodes: nodes.as_deref(), resources: resources.as_deref() };
        let sections = chosen.sections;
        let cluster = found.cluster.as_ref();
        let mut status =
            status::read(&resolved, Shown { sections, look, only, bans: &chosen.bans });
        if let Some(cluster) = cluster {
            let full = chosen.all_fencing || self.format == Format::Xml;
            status.fencing = FencingList::read(cluster, sections, full, nodes.as_deref());
        }
        let summary = summary(&resolved, cluster, look, sections);
        said.show(&Section::Monitored(Box::new(summary), status));
    }
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

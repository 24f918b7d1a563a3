//! `crm_mon`, once: the cluster's status.
//!
//! **Not here:** staying and showing it again; `quorate status --watch` does.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::Document;
use scheduler::Input;
use wire::api::Cluster;

use crate::command_line;
use crate::exit::Exit;
use crate::home::Home;
use crate::options::{Given, Taken};
use crate::output::{Format, Output};
use crate::shown::{Section, Summary};
use crate::status::{self, Shown};
use crate::tool::{self, Trouble, last, switch, valued};

const TAKEN: [Taken; 13] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted; nothing more is said"),
    switch("one-shot", Some('1'), "Show the status once, as is always done here"),
    switch("inactive", Some('r'), "Accepted; inactive resources are always shown"),
    switch("group-by-node", Some('n'), "Accepted; resources are listed on their own"),
    switch("show-node-attributes", Some('A'), "Show attributes of nodes, too"),
    switch("failcounts", Some('f'), "Show failures, too"),
    switch("pending", Some('j'), "Accepted; what is under way is always shown"),
    switch("as-xml", Some('X'), "The same as --output-as=xml"),
    switch("as-html", Some('w'), "The same as --output-as=html"),
    valued("output-as", None, "FORMAT", "text, xml, html or none"),
    switch("daemonize", Some('d'), "Not done here"),
];

/// Shows the status.
pub(crate) fn crm_mon(words: Vec<OsString>) -> ExitCode {
    tool::run("crm_mon", words, |words| {
        let given = tool::given(&TAKEN, words)?;
        if let Some(text) = tool::about(&given, "crm_mon", &TAKEN) {
            return Ok(text);
        }
        if last(&given, &["daemonize"]).is_some() {
            return Err(Trouble::usage("there is no way to stay; see `quorate status --watch`"));
        }
        let format = format(&given)?;
        let found = Home::find().open("Connection to cluster failed: ")?;
        let now = crate::time::now();
        let request = command_line::quote("crm_mon", words);
        let shown = Shown {
            pending: true,
            attributes: last(&given, &["show-node-attributes"]).is_some(),
            failures: true,
        };
        let cluster = found.cluster.unwrap_or_default();
        Ok(show(format, &request, &found.document, &cluster, now, shown))
    })
}

fn format(given: &[Given]) -> Result<Format, Trouble> {
    match last(given, &["as-xml", "as-html", "output-as"]).map(|given| (given.name, &given.value)) {
        None => Ok(Format::Text),
        Some(("as-xml", _)) => Ok(Format::Xml),
        Some(("as-html", _)) => Ok(Format::Html),
        Some((_, word)) => Format::parse(word)
            .ok_or_else(|| Trouble::usage(format!("Unknown output format `{word}`"))),
    }
}

fn show(
    format: Format,
    request: &str,
    document: &Document,
    cluster: &Cluster,
    now: i64,
    shown: Shown,
) -> String {
    let resolved = scheduler::resolve(document, &Input { now, sanitized: false });
    let status = status::read(&resolved, shown);
    let summary = Summary {
        coordinator: cluster.coordinator.as_deref(),
        quorate: cluster.quorate,
        nodes: status.nodes.len(),
        counts: status::count(&resolved),
        maintenance: resolved.options.maintenance_mode,
        now,
    };
    let mut output = Output::new(format, request, false);
    output.show(&Section::Monitored(summary, status));
    let mut text = Vec::new();
    output.finish(Exit::Ok, &mut text, &mut std::io::sink());
    String::from_utf8_lossy(&text).into_owned()
}

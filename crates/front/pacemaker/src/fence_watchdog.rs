//! `fence_watchdog`: stands for nodes' own watchdogs among the fence agents. It describes itself and
//! fences nobody: a node without quorum is reset by its watchdog, and the others wait until it must
//! have been.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::process::ExitCode;

use crate::exit::Exit;
use crate::options::{self, Taken};
use crate::tool::{self, Trouble, last, switch, valued};
use crate::xml_out::XmlOut;

/// What agents of this kind call their own edition.
const VERSION: &str = "1.0.0";

const TAKEN: [Taken; 5] = [
    valued("action", Some('o'), "ACTION", "What to do: metadata"),
    valued("nodename", Some('N'), "NODE", "Not used"),
    valued("plug", Some('n'), "NODE", "Not used"),
    switch("version", Some('V'), "Show the agent's version"),
    switch("help", Some('h'), "Show this help"),
];

/// Answers as an agent: by options, or, without any, by lines on the standard input.
pub(crate) fn fence_watchdog(words: Vec<OsString>) -> ExitCode {
    tool::run("fence_watchdog", words, |words| {
        let asked = if words.is_empty() { asked_by_lines() } else { asked_by(words)? };
        answer(&asked)
    })
}

type Asked = BTreeMap<String, String>;

fn asked_by(words: &[String]) -> Result<Asked, Trouble> {
    let given = options::read(&TAKEN, words).map_err(|why| Trouble::new(Exit::Error, why))?;
    let asked = TAKEN.iter().filter_map(|option| last(&given, &[option.long]));
    Ok(asked.map(|given| (given.name.to_owned(), given.value.clone())).collect())
}

fn asked_by_lines() -> Asked {
    let mut text = Vec::new();
    // What cannot be read asks for nothing.
    let _unread = std::io::stdin().lock().take(1 << 20).read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn answer(asked: &Asked) -> Result<String, Trouble> {
    let action = asked.get("action").map(|action| action.to_ascii_lowercase());
    if asked.contains_key("help") {
        return Ok(format!("Usage:\n\tfence_watchdog [options]\n{}", options::list(&TAKEN)));
    }
    match action.as_deref() {
        // Agents' shells ask by either name.
        Some("metadata" | "meta-data") => Ok(metadata()),
        Some(_) | None if asked.contains_key("version") => Ok(format!("{VERSION}\n")),
        Some(_) | None => Err(Trouble::new(
            Exit::Error,
            "Watchdog fencing may be initiated only by the cluster, not this agent.",
        )),
    }
}

fn metadata() -> String {
    let mut xml = XmlOut::default();
    xml.begin("resource-agent");
    xml.attr("name", "fence_watchdog");
    xml.attr("shortdesc", "Stands for the nodes' own watchdogs");
    xml.text(
        "longdesc",
        "Describes itself; fencing by watchdog is the cluster's (fencing-watchdog-timeout).",
    );
    xml.begin("parameters");
    for (option, kind, is_required) in TAKEN.iter().map(parameter) {
        xml.begin("parameter");
        xml.attr("name", option.long);
        xml.attr("required", if is_required { "1" } else { "0" });
        let short = option.short.map(|short| format!("-{short}, ")).unwrap_or_default();
        xml.empty("getopt", &[("mixed", &format!("{short}--{}", option.long))]);
        xml.begin("content");
        xml.attr("type", kind);
        if option.long == "action" {
            xml.attr("default", "metadata");
        }
        xml.end();
        xml.text_with("shortdesc", Some(("lang", "en")), option.help);
        xml.end();
    }
    xml.end();
    xml.begin("actions");
    for action in ["on", "off", "reboot", "monitor", "list", "metadata"] {
        xml.empty("action", &[("name", action)]);
    }
    xml.end();
    xml.end();
    format!("<?xml version=\"1.0\" ?>\n{}", xml.finish())
}

/// An option, its type, and whether it must be given.
fn parameter(option: &Taken) -> (&Taken, &'static str, bool) {
    let kind = if option.value.is_some() { "string" } else { "boolean" };
    (option, kind, matches!(option.long, "action" | "plug"))
}

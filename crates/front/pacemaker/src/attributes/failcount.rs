//! `crm_failcount`: how often operations of a resource failed on a node.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use cib::Document;
use model::{Score, parse_interval};

use super::node::{self, Node};
use super::place::Place;
use super::{NOT_REACHED, Select, reworded};
use crate::crm_resource::crm_resource;
use crate::exit::Exit;
use crate::home::Home;
use crate::options::{self, Taken};
use crate::tool::{self, Trouble, last, switch, valued};

const TAKEN: [Taken; 20] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted"),
    switch("quiet", Some('q'), "Write the number alone"),
    switch("Quiet", Some('Q'), "The same"),
    switch("query", Some('G'), "Ask how often operations failed"),
    switch("get-value", None, "The same"),
    switch("delete", Some('D'), "Forget failures"),
    switch("delete-attr", None, "The same"),
    valued("resource", Some('r'), "RESOURCE", "The resource; it must be given"),
    valued("resource-id", None, "RESOURCE", "The same"),
    valued("operation", Some('n'), "NAME", "One operation instead of all"),
    valued("interval", Some('I'), "TIME", "That operation's interval"),
    valued("node", Some('N'), "NODE", "The node, if not this one"),
    valued("uname", Some('U'), "NODE", "The same"),
    valued("attr-value", Some('v'), "VALUE", "0 for --delete"),
    valued("attr-id", None, "ID", "Accepted"),
    valued("id", Some('i'), "ID", "Accepted"),
    valued("lifetime", Some('l'), "LIFETIME", "Accepted"),
    switch("score", None, "Accepted"),
];

/// Which failures are meant.
struct Asked<'a> {
    resource: &'a str,
    operation: Option<&'a str>,
    /// In milliseconds.
    interval: u128,
    node: Option<&'a str>,
}

/// Asks for and forgets failures.
pub(crate) fn crm_failcount(words: Vec<OsString>) -> ExitCode {
    let words: Vec<String> =
        words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match act(&words) {
        Ok(exit) => exit,
        Err(trouble) => {
            let _closed = writeln!(std::io::stderr(), "{}", trouble.words);
            if trouble.exit == Exit::Usage {
                let list = options::list(&TAKEN);
                let help = format!("\nUsage: crm_failcount [OPTION...]\n\nOptions:\n{list}");
                let _closed = std::io::stdout().write_all(help.as_bytes());
            }
            ExitCode::from(trouble.exit as u8)
        }
    }
}

fn act(words: &[String]) -> Result<ExitCode, Trouble> {
    let given = options::read(&TAKEN, words)
        .map_err(|wrong| Trouble::usage(format!("crm_failcount: {wrong}")))?;
    if let Some(about) = tool::about(&given, "crm_failcount", &TAKEN) {
        let _closed = std::io::stdout().write_all(about.as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    let value = |names: &[&str]| last(&given, names).map(|given| given.value.as_str());
    let is_quiet = last(&given, &["quiet", "Quiet"]).is_some();
    // Only a value of 0 asks for anything.
    let asks = |name: &str, value: &str| !["attr-value"].contains(&name) || value == "0";
    let deeds = ["query", "get-value", "delete", "delete-attr", "attr-value"];
    let deed = given
        .iter()
        .rfind(|given| deeds.contains(&given.name) && asks(given.name, &given.value))
        .ok_or_else(|| Trouble::usage("error: must specify a command"))?;
    let resource = value(&["resource", "resource-id"])
        .ok_or_else(|| Trouble::usage("error: resource name required"))?;
    let interval = value(&["interval"]).map_or(0, |text| {
        parse_interval(text).map_or_else(
            || {
                let _closed =
                    writeln!(std::io::stderr(), "warning: Unrecognized interval, using 0");
                0
            },
            |interval| interval.as_millis(),
        )
    });
    let node = value(&["node", "uname"]);
    let asked = Asked { resource, operation: value(&["operation"]), interval, node };
    if ["query", "get-value"].contains(&deed.name) {
        query(&asked, is_quiet)?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(crm_resource(forget(&asked, is_quiet)))
}

fn query(asked: &Asked<'_>, is_quiet: bool) -> Result<(), Trouble> {
    let home = Home::find();
    let found = home.open(NOT_REACHED).map_err(reworded)?;
    let node = node::find(asked.node, &found, &tool::environment)?;
    let (name, count) = count(&found.document, &node, asked);
    let text = if is_quiet {
        format!("{count}\n")
    } else {
        // Compatibility: scripts cut the line at its blanks.
        format!("scope=status  name={name} value={count}\n")
    };
    let _closed = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// The number of failures, and the name that it goes by.
fn count(document: &Document, node: &Node, asked: &Asked<'_>) -> (String, String) {
    let all = format!("fail-count-{}", asked.resource);
    let pairs = Place::Passing.pairs(document, Some(node), &Select::default());
    let value_of = |name: &str| {
        let pair = pairs.iter().find(|pair| pair.attr("name") == Some(name));
        pair.and_then(|pair| pair.attr("value")).unwrap_or("0").to_owned()
    };
    let (name, value) = match asked.operation {
        Some(operation) => {
            let name = format!("{all}#{operation}_{}", asked.interval);
            let value = value_of(&name);
            (name, value)
        }
        None => {
            let beginning = format!("{all}#");
            let of_operation = |pair: &&cib::Element<'_>| {
                pair.attr("name").is_some_and(|name| name.starts_with(&beginning))
            };
            let counts = pairs.iter().filter(of_operation).filter_map(|pair| pair.attr("value"));
            let sum = counts.filter_map(Score::parse).fold(Score::new(0), Score::plus);
            (all.clone(), sum.to_string())
        }
    };
    // Failures were once counted for all operations together.
    let legacy = if value == "0" { value_of(&all) } else { value.clone() };
    if legacy == value { (name, value) } else { (all, legacy) }
}

/// How `crm_resource` is told to forget them.
fn forget(asked: &Asked<'_>, is_quiet: bool) -> Vec<OsString> {
    let mut words = vec!["--cleanup".to_owned()];
    if is_quiet {
        words.push("--quiet".to_owned());
    }
    if let Some(node) = asked.node {
        words.extend(["-N".to_owned(), node.to_owned()]);
    }
    words.extend(["-r".to_owned(), asked.resource.to_owned()]);
    if let Some(operation) = asked.operation {
        let interval = format!("{}ms", asked.interval);
        words.extend(["-n".to_owned(), operation.to_owned(), "-I".to_owned(), interval]);
    }
    words.into_iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_operations_add_up() {
        let document = Document::parse(
            "<cib><status><node_state id='1' uname='n1'><transient_attributes id='1'>\
             <instance_attributes id='s'><nvpair id='a' name='fail-count-db#monitor_10000' \
             value='2'/><nvpair id='b' name='fail-count-db#start_0' value='INFINITY'/>\
             <nvpair id='c' name='fail-count-web#monitor_0' value='3'/>\
             <nvpair id='d' name='fail-count-old' value='7'/></instance_attributes>\
             </transient_attributes></node_state></status></cib>",
        )
        .unwrap();
        let node = Node { id: "1".to_owned(), name: "n1".to_owned(), is_remote: false };
        let counted = |resource, operation, interval| {
            let asked = Asked { resource, operation, interval, node: None };
            let (name, count) = count(&document, &node, &asked);
            format!("{name} {count}")
        };
        assert_eq!(counted("db", None, 0), "fail-count-db INFINITY");
        assert_eq!(counted("db", Some("monitor"), 10_000), "fail-count-db#monitor_10000 2");
        assert_eq!(counted("web", None, 0), "fail-count-web 3");
        assert_eq!(counted("old", None, 0), "fail-count-old 7");
        assert_eq!(counted("old", Some("stop"), 0), "fail-count-old 7");
        assert_eq!(counted("none", Some("stop"), 0), "fail-count-none#stop_0 0");
    }
}

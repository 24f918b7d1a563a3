//! `attrd_updater`: passing node attributes of the running cluster.

use std::ffi::OsString;
use std::process::ExitCode;

use super::node::{self, Node};
use super::place::Place;
use super::shown::{Value, show};
use super::{NOT_REACHED, Select, passing, reworded};
use client::Client;
use model::parse_interval;
use wire::api::{Change, Manner};

use crate::exit::Exit;
use crate::home::{Found, Home};
use crate::options::Taken;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 20] = [
    valued("name", Some('n'), "NAME", "The attribute's name"),
    valued("pattern", Some('P'), "PATTERN", "All attributes whose names match"),
    valued("update", Some('U'), "VALUE", "Set the value"),
    valued("value", Some('v'), "VALUE", "The same"),
    valued("update-both", Some('B'), "VALUE", "Set the value and the delay"),
    switch("update-delay", Some('Y'), "Set the delay alone; what waits is written"),
    switch("query", Some('Q'), "Ask for the value"),
    switch("delete", Some('D'), "Remove the attribute"),
    switch("refresh", Some('R'), "Write the values that wait"),
    valued("delay", Some('d'), "SECONDS", "Values of a new attribute wait so long for others"),
    valued("set", Some('s'), "SET", "Accepted"),
    valued("node", Some('N'), "NODE", "The node, if not this one"),
    switch("all", Some('A'), "Ask for the values of all nodes"),
    valued("lifetime", Some('l'), "SECTION", "Accepted; these attributes always pass"),
    valued("section", Some('S'), "SECTION", "The same"),
    switch("private", Some('p'), "A new attribute is never in the document"),
    valued(
        "wait",
        Some('W'),
        "UNTIL",
        "no, local or cluster; a change is answered when it was made",
    ),
    switch("utilization", Some('z'), "A new attribute is a capacity of the node"),
    switch("quiet", Some('q'), "Accepted"),
    valued("attr-source", None, "SOURCE", "Accepted"),
];

const TOOL: Tool = Tool {
    name: "attrd_updater",
    purpose: "Asks for attributes that pass with a node's life, and changes them.",
    taken: &TAKEN,
    loose: "[IGNORED...]",
};

/// Sets, asks for and removes passing node attributes.
pub(crate) fn attrd_updater(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Query,
    Update(String),
    Delete,
    /// Nothing but the delay.
    Delay,
    /// Write what waits.
    Refresh,
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let (deed, select) = read(call, said)?;
    let manner = manner(call)?;
    let home = Home::running();
    let Home::Cluster(client) = &home else { return Err(Trouble::new(Exit::Disconnected, "")) };
    let found = home.open(NOT_REACHED).map_err(reworded)?;
    let node = node::find(call.value("node"), &found, &tool::environment)?;
    let value = match &deed {
        Deed::Query => {
            return query(call, &passing::with_unwritten(found), &node, &select, said);
        }
        Deed::Refresh => {
            tool::change(client, Change::WriteAttributes).map_err(reworded)?;
            return Ok(Exit::Ok);
        }
        Deed::Delay => {
            let found = passing::with_unwritten(found);
            let Some(delay_ms) = manner.delay_ms else { return Ok(Exit::Ok) };
            for name in passing::names(&found, &node, &select) {
                delay(client, name, delay_ms)?;
            }
            return Ok(Exit::Ok);
        }
        Deed::Update(value) => Some(value.as_str()),
        Deed::Delete => None,
    };
    passing::update(client, &found, &node, &select, (value, manner))?;
    Ok(Exit::Ok)
}

/// How an attribute is kept that the cluster does not know yet.
fn manner(call: &Call) -> Result<Manner, Trouble> {
    let delay_ms = match call.value("delay") {
        None => None,
        Some(text) => {
            let delay = parse_interval(text).ok_or_else(|| {
                Trouble::usage(format!(
                    "--delay must be a time such as 5s, not \u{201c}{text}\u{201d}"
                ))
            })?;
            Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
        }
    };
    Ok(Manner {
        delay_ms,
        sets_delay: call.has("update-both") && delay_ms.is_some(),
        private: call.has("private"),
        capacity: call.has("utilization"),
    })
}

fn delay(client: &Client, name: String, delay_ms: u64) -> Result<(), Trouble> {
    let words = format!("Could not update {name}: Invalid argument\n  there is no such attribute");
    let done = tool::change(client, Change::AttributeDelay { name, delay_ms });
    done.map_err(|trouble| {
        let is_unknown = trouble.exit == Exit::Config;
        if is_unknown { Trouble::new(Exit::Software, words) } else { reworded(trouble) }
    })
}

fn read(call: &Call, said: &mut Output) -> Result<(Deed, Select), Trouble> {
    for given in call.given.iter().filter(|given| ["lifetime", "section"].contains(&given.name)) {
        if !["nodes", "forever", "status", "reboot"].contains(&given.value.as_str()) {
            let words = format!("Unknown value for --lifetime: {}", given.value);
            return Err(Trouble::usage(words));
        }
    }
    if let Some(until) = call.value("wait")
        && !["no", "local", "cluster"].contains(&until)
    {
        return Err(Trouble::usage("--wait= must be one of 'no', 'local', 'cluster'"));
    }
    let deeds = ["update", "value", "update-both", "update-delay", "query", "delete", "refresh"];
    let given = last(&call.given, &deeds);
    let deed = match given.map(|given| (given.name, &given.value)) {
        Some(("update" | "value" | "update-both", value)) => Deed::Update(value.clone()),
        Some(("delete", _)) => Deed::Delete,
        Some(("update-delay", _)) => Deed::Delay,
        Some(("refresh", _)) => Deed::Refresh,
        Some(_) | None => Deed::Query,
    };
    let (name, pattern) = (call.value("name"), call.value("pattern"));
    let refused = |words: &str| Err(Trouble::usage(words));
    let named = given.map_or("query", |given| given.name);
    match (name, pattern) {
        (Some(_), Some(_)) => {
            return refused("Error: --name and --pattern cannot be used at the same time");
        }
        (None, Some(_)) if ["query", "refresh"].contains(&named) => {
            return refused("Error: pattern can only be used with delete or update");
        }
        (None, None) if named != "refresh" => {
            return refused("Command requires --name or --pattern argument");
        }
        (Some(_), None) | (None, Some(_) | None) => {}
    }
    if ["update-both", "update-delay"].contains(&named) && !call.has("delay") {
        let letter = if named == "update-both" { 'B' } else { 'Y' };
        said.note(&format!("Warning: '{letter}' command given without required --delay"));
    }
    let [name, pattern] = [name, pattern].map(|word| word.map(str::to_owned));
    Ok((deed, Select { name, pattern, ..Select::default() }))
}

fn query(
    call: &Call,
    found: &Found,
    node: &Node,
    select: &Select,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let nodes: Vec<Node> = if call.has("all") {
        let find = |name| node::find(Some(name), found, &|_| None).ok();
        node::all(&found.document).into_iter().filter_map(find).collect()
    } else {
        vec![node.clone()]
    };
    let mut any = false;
    for node in &nodes {
        for pair in Place::Passing.pairs(&found.document, Some(node), select) {
            let name = pair.attr("name").unwrap_or_default();
            let host = Some(node.name.as_str());
            show(&Value { name, value: pair.attr("value"), host, ..Value::default() }, false, said);
            any = true;
        }
    }
    if any {
        return Ok(Exit::Ok);
    }
    let name = select.name.as_deref().unwrap_or_default();
    let words = format!("Could not query value of {name}: attribute does not exist");
    Err(Trouble::new(Exit::Config, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options;
    use crate::output::Format;

    fn asked(line: &str) -> Result<(Deed, Select), Trouble> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let (given, loose) = options::read_all(&TAKEN, &words).map_err(Trouble::usage)?;
        let mut said = Output::new(Format::Text, "", false);
        read(&Call { given, loose, format: Format::Text }, &mut said)
    }

    #[test]
    fn what_agents_say_is_understood() {
        for (line, deed) in [
            ("-n pingd -B 100 -d 5s -S status", Deed::Update("100".to_owned())),
            ("-n pingd -U 1 -N n1 --private", Deed::Update("1".to_owned())),
            ("-n pingd -v 1 -q", Deed::Update("1".to_owned())),
            ("-n pingd -D", Deed::Delete),
            ("-n pingd -QA", Deed::Query),
            ("-n pingd -Y -d 5s", Deed::Delay),
            ("-R", Deed::Refresh),
        ] {
            assert_eq!(asked(line).unwrap().0, deed, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in ["-Q", "-n a -P b -U 1", "-P b -Q", "-n a -l sometimes -U 1", "-n a -W so -U 1"]
        {
            assert_eq!(asked(line).unwrap_err().exit, Exit::Usage, "{line}");
        }
    }
}

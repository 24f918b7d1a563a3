//! `crm_attribute`: its command line.

use std::ffi::OsString;
use std::process::ExitCode;

use super::cluster_options;
use super::place::Place;
use super::update;
use super::{
    Deed, Environment, NOT_REACHED, Select, Wanted, failed, node, passing, query, reworded,
};
use crate::exit::Exit;
use crate::home::Home;
use crate::options::Taken;
use crate::output::Output;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};

const TAKEN: [Taken; 28] = [
    valued("list-options", Some('L'), "TYPE", "List the options that there are: cluster"),
    switch("all", Some('a'), "With --list-options, list advanced and deprecated ones, too"),
    switch("query", Some('G'), "Ask for the value"),
    switch("get-value", None, "The same"),
    switch("delete", Some('D'), "Remove the attribute"),
    switch("delete-attr", None, "The same"),
    valued("update", Some('v'), "VALUE", "Set the value; value++ and value+=N count"),
    valued("attr-value", None, "VALUE", "The same"),
    valued("name", Some('n'), "NAME", "The attribute's name"),
    valued("attr-name", None, "NAME", "The same"),
    valued("pattern", Some('P'), "PATTERN", "All attributes whose names match"),
    valued("promotion", Some('p'), "[RESOURCE]", "The promotion score of a resource"),
    valued("id", Some('i'), "ID", "The id of the attribute's element"),
    valued("attr-id", None, "ID", "The same"),
    valued("set-name", Some('s'), "ID", "The set of values that it is in"),
    valued("node", Some('N'), "NODE", "The node, if not this one"),
    valued("node-uname", Some('U'), "NODE", "The same"),
    valued("uname", None, "NODE", "The same"),
    valued("lifetime", Some('l'), "LIFETIME", "reboot or forever"),
    valued(
        "type",
        Some('t'),
        "SECTION",
        "crm_config, rsc_defaults, op_defaults, nodes, status or tickets",
    ),
    switch("utilization", Some('z'), "The node's capacity of this name"),
    valued("default", Some('d'), "VALUE", "What to answer if there is no value"),
    switch("score", None, "Accepted: values such as value++ always count"),
    valued(
        "wait",
        Some('W'),
        "UNTIL",
        "no, local or cluster; a change is answered when it was made",
    ),
    switch("quiet", Some('q'), "Write the value alone"),
    switch("Quiet", Some('Q'), "The same"),
    switch("inhibit-policy-engine", Some('!'), "Accepted"),
    valued("attr-source", None, "SOURCE", "Accepted"),
];

pub(super) const TOOL: Tool = Tool {
    name: "crm_attribute",
    purpose: "Asks for options of the cluster and attributes of nodes, and changes them.",
    taken: &TAKEN,
    loose: "[IGNORED...]",
};

/// Sets, asks for and removes cluster options and node attributes.
pub(crate) fn crm_attribute(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

pub(super) fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    if let Some(kind) = call.value("list-options") {
        if kind != "cluster" {
            let words = format!("Invalid --list-options value '{kind}'. Allowed values: cluster");
            return Err(Trouble::usage(words));
        }
        cluster_options::show(call.has("all"), said);
        return Ok(Exit::Ok);
    }
    let wanted = read(call, &tool::environment)?;
    carry_out(&Home::find(), &wanted, &tool::environment, said)
}

fn carry_out(
    home: &Home,
    wanted: &Wanted,
    environment: Environment<'_>,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let value = match &wanted.deed {
        Deed::Query { default } => {
            return query::query(home, wanted, default.as_deref(), environment, said);
        }
        Deed::Update(value) => Some(value.as_str()),
        Deed::Delete => None,
    };
    match home {
        Home::Cluster(client) if wanted.place == Place::Passing => {
            let found = home.open(NOT_REACHED).map_err(reworded)?;
            let node = node::find(wanted.node.as_deref(), &found, environment)?;
            passing::update(
                client,
                &found,
                &node,
                &wanted.select,
                (value, wire::api::Manner::default()),
            )?;
            Ok(Exit::Ok)
        }
        Home::Cluster(_) | Home::File(_) | Home::Elsewhere(_) => {
            update::update(home, wanted, value, environment, said)
        }
    }
}

/// Reads the command line.
fn read(call: &Call, environment: Environment<'_>) -> Result<Wanted, Trouble> {
    let last_of = |names: &[&str]| last(&call.given, names);
    let value_of = |names: &[&str]| last_of(names).map(|given| given.value.clone());
    let named = last_of(&["name", "attr-name", "promotion"]);
    let is_promotion = named.is_some_and(|named| named.name == "promotion");
    let name = match named {
        Some(named) if is_promotion => {
            Some(promotion_name(&named.value, environment).ok_or_else(|| {
                Trouble::usage(
                    "-p/--promotion must be called from an OCF resource agent or with a resource \
                     ID specified",
                )
            })?)
        }
        other => other.map(|named| named.value.clone()),
    };
    if let Some(until) = call.value("wait")
        && !["no", "local", "cluster"].contains(&until)
    {
        return Err(Trouble::usage("--wait= must be one of 'no', 'local', 'cluster'"));
    }
    let node = value_of(&["node", "node-uname", "uname"]);
    let select = Select {
        name,
        pattern: value_of(&["pattern"]),
        id: value_of(&["id", "attr-id"]),
        set: value_of(&["set-name"]),
    };
    let deed = deed(call, &select)?;
    let place = place(call, is_promotion, node.is_some())?;
    Ok(Wanted { deed, place, node, select, quiet: call.has("quiet") || call.has("Quiet") })
}

fn deed(call: &Call, select: &Select) -> Result<Deed, Trouble> {
    let deeds = ["query", "get-value", "delete", "delete-attr", "update", "attr-value"];
    let given = last(&call.given, &deeds);
    let deed = match given.map(|given| (given.name, &given.value)) {
        Some(("delete" | "delete-attr", _)) => Deed::Delete,
        Some(("update" | "attr-value", value)) => Deed::Update(value.clone()),
        Some(_) | None => Deed::Query { default: call.value("default").map(str::to_owned) },
    };
    let to = match &deed {
        Deed::Delete => "delete",
        Deed::Update(_) => "update",
        Deed::Query { .. } => "",
    };
    if select.name.is_none() && select.pattern.is_none() && !to.is_empty() {
        let words = format!("Error: must specify attribute name or pattern to {to}");
        return Err(Trouble::usage(words));
    }
    if select.name.is_some() && select.pattern.is_some() {
        let words = "Error: --name and --pattern cannot be used at the same time";
        return Err(Trouble::usage(words));
    }
    Ok(deed)
}

fn place(call: &Call, is_promotion: bool, is_of_node: bool) -> Result<Place, Trouble> {
    let given = last(&call.given, &["type", "lifetime", "utilization"]);
    let place = match given.map(|given| (given.name, given.value.as_str())) {
        Some(("utilization", _)) => Place::Capacity,
        Some((_, word)) => Place::named(word).ok_or_else(|| {
            let words = format!("`{word}` is no part of the document where attributes are");
            failed(Exit::Protocol, &words)
        })?,
        None if is_promotion => Place::Passing,
        None if is_of_node => Place::Kept,
        None => Place::Options,
    };
    // A capacity is one wherever else it is said to be.
    let is_capacity = place == Place::Kept && call.has("utilization");
    Ok(if is_capacity { Place::Capacity } else { place })
}

/// The name of a resource's promotion score. The instances of an anonymous clone share it.
pub(super) fn promotion_name(resource: &str, environment: Environment<'_>) -> Option<String> {
    if !resource.is_empty() {
        return Some(format!("master-{resource}"));
    }
    let instance = environment("OCF_RESOURCE_INSTANCE")?;
    let is_unique = environment("OCF_RESKEY_CRM_meta_globally_unique")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let base = instance.rsplit_once(':').map(|(base, number)| (base, number.parse::<u32>()));
    match base {
        Some((base, Ok(_number))) if !is_unique => Some(format!("master-{base}")),
        Some(_) | None => Some(format!("master-{instance}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options;
    use crate::output::Format;

    fn agent(name: &str) -> Option<String> {
        let value = match name {
            "OCF_RESOURCE_INSTANCE" => "db:1",
            "OCF_RESKEY_CRM_meta_globally_unique" => "false",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn read_line(line: &str, environment: Environment<'_>) -> Result<Wanted, Trouble> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let (given, loose) = options::read_all(&TAKEN, &words).map_err(Trouble::usage)?;
        read(&Call { given, loose, format: Format::Text }, environment)
    }

    fn asked(line: &str) -> Wanted {
        read_line(line, &agent).unwrap()
    }

    #[test]
    fn promotion_scores_pass_with_the_node_and_are_named_for_the_resource() {
        for line in ["-p -v 100", "--promotion -v 100", "-l reboot -v 100 -p", "-p db --update=100"]
        {
            let wanted = asked(line);
            assert_eq!(wanted.select.name.as_deref(), Some("master-db"), "{line}");
            assert_eq!(wanted.place, Place::Passing, "{line}");
            assert_eq!(wanted.deed, Deed::Update("100".to_owned()), "{line}");
        }
        let wanted = asked("--promotion=other -N n2 -D");
        assert_eq!(wanted.select.name.as_deref(), Some("master-other"));
        assert_eq!((wanted.deed, wanted.place), (Deed::Delete, Place::Passing));
        assert_eq!(asked("-p -v -INFINITY").deed, Deed::Update("-INFINITY".to_owned()));
    }

    #[test]
    fn where_a_value_is_follows_from_what_is_given() {
        assert_eq!(asked("-n a -G").place, Place::Options);
        assert_eq!(asked("-N n1 -n a -G").place, Place::Kept);
        // As the agents of databases keep what all nodes are to know.
        let wanted = asked("-N n1 --type crm_config --name db_REPL_INFO -s repl --query -q");
        assert_eq!((wanted.place, wanted.select.set.as_deref()), (Place::Options, Some("repl")));
        assert_eq!(asked("-N n1 -n a -l reboot -G").place, Place::Passing);
        assert_eq!(asked("-t nodes -z -N n1 -n cpu -v 4").place, Place::Capacity);
        assert_eq!(asked("-z -t nodes -N n1 -n cpu -v 4").place, Place::Capacity);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in ["-v 1", "-D", "-n a --nope", "-n", "-n a -P b -v 1", "-n a -v 1 -W soon"] {
            assert_eq!(read_line(line, &agent).unwrap_err().exit, Exit::Usage, "{line}");
        }
        let refused = read_line("-n a -l sometimes", &agent).unwrap_err();
        assert_eq!(refused.exit, Exit::Protocol);
        assert_eq!(read_line("-p -G", &|_| None).unwrap_err().exit, Exit::Usage);
    }
}

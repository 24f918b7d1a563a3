//! The command lines of `crm_attribute` and `crm_master`.

use super::place::Place;
use super::{Asked, Deed, Environment, Shown, Wanted};
use crate::options::{Given, Taken};
use crate::tool::{self, Trouble, given, last, switch, valued};

const TAKEN: [Taken; 23] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted; nothing more is said"),
    switch("quiet", Some('q'), "Write the value alone"),
    switch("Quiet", Some('Q'), "The same"),
    switch("query", Some('G'), "Ask for the value"),
    switch("get-value", None, "The same"),
    switch("delete", Some('D'), "Remove the attribute"),
    switch("delete-attr", None, "The same"),
    valued("update", Some('v'), "VALUE", "Set the value"),
    valued("attr-value", None, "VALUE", "The same"),
    valued("name", Some('n'), "NAME", "The attribute's name"),
    valued("attr-name", None, "NAME", "The same"),
    valued("promotion", Some('p'), "RESOURCE", "The promotion score of a resource"),
    valued("node", Some('N'), "NODE", "The node, if not this one"),
    valued("node-uname", Some('U'), "NODE", "The same"),
    valued("uname", None, "NODE", "The same"),
    valued("lifetime", Some('l'), "LIFETIME", "reboot or forever"),
    valued("set-name", Some('s'), "ID", "The set of values that it is in"),
    valued("type", Some('t'), "SECTION", "status, nodes or crm_config"),
    valued("default", Some('d'), "VALUE", "What to answer if there is no value"),
    valued("wait", Some('W'), "UNTIL", "Accepted; a change is answered when it was made"),
    switch("utilization", Some('z'), "The node's capacity of this name"),
];

const MASTER: Taken = valued("resource", Some('r'), "RESOURCE", "The resource");

/// Reads `crm_attribute`'s.
pub(super) fn read(words: &[String], environment: Environment<'_>) -> Result<Asked, Trouble> {
    let given = given(&TAKEN, &with_promotion_values(words))?;
    if let Some(asked) = about(&given, "crm_attribute", &TAKEN) {
        return Ok(asked);
    }
    let last = |names: &[&str]| last(&given, names);
    let named = last(&["name", "attr-name", "promotion"]);
    let is_promotion = named.is_some_and(|named| named.name == "promotion");
    let name = match named {
        Some(named) if named.name == "promotion" => {
            Some(promotion_name(&named.value, environment).ok_or_else(|| {
                Trouble::usage(
                    "-p/--promotion must be called from an OCF resource agent or with a resource \
                     ID specified",
                )
            })?)
        }
        other => other.map(|named| named.value.clone()),
    };
    let node = last(&["node", "node-uname", "uname"]).map(|given| given.value.clone());
    let place = match last(&["type", "lifetime", "utilization"]).map(|at| (at.name, &at.value)) {
        Some(("utilization", _)) => Place::Capacity,
        Some((_, section)) => place(section)?,
        None if is_promotion => Place::Passing,
        None if node.is_some() => Place::Kept,
        None => Place::Options,
    };
    // A capacity is one wherever else it is said to be.
    let is_capacity = place == Place::Kept && last(&["utilization"]).is_some();
    let place = if is_capacity { Place::Capacity } else { place };
    wanted(&given, place, node, name)
}

/// Reads `crm_master`'s. Unless told otherwise the score is kept: so it always was with this name,
/// and who wants a passing one says `-l reboot`.
pub(super) fn read_master(
    words: &[String],
    environment: Environment<'_>,
) -> Result<Asked, Trouble> {
    let taken: Vec<Taken> = TAKEN.into_iter().chain([MASTER]).collect();
    let given = given(&taken, words)?;
    if let Some(asked) = about(&given, "crm_master", &taken) {
        return Ok(asked);
    }
    let last = |names: &[&str]| last(&given, names).map(|given| given.value.clone());
    let name = promotion_name(&last(&["resource"]).unwrap_or_default(), environment)
        .ok_or_else(|| Trouble::new(crate::exit::Exit::Error, "error: No resource specified"))?;
    let place = place(&last(&["lifetime"]).unwrap_or_else(|| "forever".to_owned()))?;
    wanted(&given, place, last(&["node", "node-uname", "uname"]), Some(name))
}

fn about(given: &[Given], name: &str, taken: &[Taken]) -> Option<Asked> {
    tool::about(given, name, taken).map(Asked::Help)
}

fn wanted(
    given: &[Given],
    place: Place,
    node: Option<String>,
    name: Option<String>,
) -> Result<Asked, Trouble> {
    let deeds = ["query", "get-value", "delete", "delete-attr", "update", "attr-value"];
    let deed = match last(given, &deeds) {
        Some(given) if given.name.starts_with("delete") => Deed::Delete,
        Some(given) if !given.value.is_empty() => Deed::Update(given.value.clone()),
        Some(given) if matches!(given.name, "update" | "attr-value") => Deed::Update(String::new()),
        Some(_) | None => Deed::Query {
            default: last(given, &["default"]).map(|given| given.value.clone()),
            all_nodes: false,
        },
    };
    match (&deed, &name) {
        (Deed::Delete, None) => {
            return Err(Trouble::usage("Error: must specify attribute name or pattern to delete"));
        }
        (Deed::Update(_), None) => {
            return Err(Trouble::usage("Error: must specify attribute name or pattern to update"));
        }
        _ => {}
    }
    let is_quiet = last(given, &["quiet", "Quiet"]).is_some();
    let shown = if is_quiet { Shown::Bare } else { Shown::WithScope };
    let set = last(given, &["set-name"]).map(|given| given.value.clone());
    Ok(Asked::Do(Box::new(Wanted { deed, place, node, name, shown, set })))
}

fn place(word: &str) -> Result<Place, Trouble> {
    match word.to_ascii_lowercase().as_str() {
        "reboot" | "status" => Ok(Place::Passing),
        "forever" | "nodes" => Ok(Place::Kept),
        "crm_config" => Ok(Place::Options),
        _ => Err(Trouble::usage(format!(
            "`{word}` is not a place of attributes: expected reboot, forever, status, nodes or \
             crm_config"
        ))),
    }
}

/// The name of a resource's promotion score. The instances of an anonymous clone share it.
fn promotion_name(resource: &str, environment: Environment<'_>) -> Option<String> {
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

/// The one option whose value may be left out gets an empty one.
fn with_promotion_values(words: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if matches!(word.as_str(), "-p" | "--promotion") {
            let value = words.next_if(|next| !next.starts_with('-'));
            out.push(format!("--promotion={}", value.map_or("", String::as_str)));
        } else {
            out.push(word.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(name: &str) -> Option<String> {
        let value = match name {
            "OCF_RESOURCE_INSTANCE" => "db:1",
            "OCF_RESKEY_CRM_meta_globally_unique" => "false",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn asked(read: super::super::Read, line: &str) -> Wanted {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match read(&words, &agent).unwrap() {
            Asked::Do(wanted) => *wanted,
            other @ (Asked::Help(_) | Asked::Version) => panic!("{other:?}"),
        }
    }

    #[test]
    fn promotion_scores_pass_with_the_node_and_are_named_for_the_resource() {
        for line in ["-p -v 100", "--promotion -v 100", "-l reboot -v 100 -p", "-p db --update=100"]
        {
            let wanted = asked(read, line);
            assert_eq!(wanted.name.as_deref(), Some("master-db"), "{line}");
            assert_eq!(wanted.place, Place::Passing, "{line}");
            assert_eq!(wanted.deed, Deed::Update("100".to_owned()), "{line}");
        }
        let wanted = asked(read, "--promotion=other -N n2 -D");
        assert_eq!((wanted.name.as_deref(), wanted.deed), (Some("master-other"), Deed::Delete));
        assert_eq!((wanted.node.as_deref(), wanted.place), (Some("n2"), Place::Passing));
    }

    #[test]
    fn a_score_set_by_its_old_name_is_kept_unless_told_otherwise() {
        let wanted = asked(read_master, "-Q -l reboot -v -INFINITY");
        assert_eq!((wanted.place, wanted.shown), (Place::Passing, Shown::Bare));
        assert_eq!(wanted.deed, Deed::Update("-INFINITY".to_owned()));
        assert_eq!(asked(read_master, "-D").place, Place::Kept);
        assert_eq!(asked(read_master, "-r x -D").name.as_deref(), Some("master-x"));
    }

    #[test]
    fn where_a_value_is_follows_from_what_is_given() {
        assert_eq!(asked(read, "-n a -G").place, Place::Options);
        assert_eq!(asked(read, "-N n1 -n a -G").place, Place::Kept);
        // As the agents of databases keep what all nodes are to know.
        let wanted = asked(read, "-N n1 --type crm_config --name db_REPL_INFO -s repl --query -q");
        assert_eq!((wanted.place, wanted.set.as_deref()), (Place::Options, Some("repl")));
        assert_eq!(asked(read, "-N n1 -n a -l reboot -G").place, Place::Passing);
        assert_eq!(asked(read, "-t nodes -z -N n1 -n cpu -v 4").place, Place::Capacity);
        assert_eq!(asked(read, "-z -t nodes -N n1 -n cpu -v 4").place, Place::Capacity);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in ["-v 1", "-D", "-n a -l sometimes", "-n a --nope", "-n"] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let refused = read(&words, &agent).unwrap_err();
            assert_eq!(refused.exit, crate::exit::Exit::Usage, "{line}");
        }
        let outside: Environment<'_> = &|_| None;
        assert!(read(&["-p".to_owned()], outside).is_err());
        let refused = read_master(&["-D".to_owned()], outside).unwrap_err();
        assert_eq!(refused.exit, crate::exit::Exit::Error);
    }
}

//! The command line of `attrd_updater`.

use super::place::Place;
use super::{Asked, Deed, Environment, Shown, Wanted};
use crate::options::{self, Given, Taken};
use crate::tool::{Trouble, given, switch, valued};

const TAKEN: [Taken; 20] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted; nothing more is said"),
    switch("quiet", Some('q'), "Accepted"),
    valued("name", Some('n'), "NAME", "The attribute's name"),
    valued("update", Some('U'), "VALUE", "Set the value"),
    valued("value", Some('v'), "VALUE", "The same"),
    valued("update-both", Some('B'), "VALUE", "Set the value; the delay is accepted"),
    switch("update-delay", Some('Y'), "Accepted; values are written at once"),
    switch("query", Some('Q'), "Ask for the value"),
    switch("delete", Some('D'), "Remove the attribute"),
    switch("refresh", Some('R'), "Accepted; values are always written"),
    valued("delay", Some('d'), "SECONDS", "Accepted; values are written at once"),
    valued("set", Some('s'), "SET", "Accepted"),
    valued("node", Some('N'), "NODE", "The node, if not this one"),
    switch("all", Some('A'), "Ask for the values of all nodes"),
    valued("lifetime", Some('l'), "SECTION", "Accepted; these attributes always pass"),
    valued("section", Some('S'), "SECTION", "The same"),
    switch("private", Some('p'), "Accepted; the attribute is written like others"),
    valued("wait", Some('W'), "UNTIL", "Accepted; a change is answered when it was made"),
];

pub(super) fn read(words: &[String], _environment: Environment<'_>) -> Result<Asked, Trouble> {
    let given = given(&TAKEN, words)?;
    let last = |names: &[&str]| given.iter().rfind(|given| names.contains(&given.name));
    let value = |name: &str| last(&[name]).map(|given| given.value.clone());
    if last(&["help"]).is_some() {
        let list = options::list(&TAKEN);
        return Ok(Asked::Help(format!(
            "Usage:\n  attrd_updater -n NAME [OPTION...]\n\nOptions:\n{list}"
        )));
    }
    if last(&["version"]).is_some() {
        return Ok(Asked::Version);
    }
    let deeds = ["update", "value", "update-both", "update-delay", "query", "delete", "refresh"];
    let deed = deed(last(&deeds), last(&["all"]).is_some());
    let name = value("name");
    if name.is_none() && last(&deeds).is_none_or(|deed| deed.name != "refresh") {
        return Err(Trouble::usage("Command requires --name or --pattern argument"));
    }
    let (place, shown) = (Place::Passing, Shown::WithHost);
    Ok(Asked::Do(Box::new(Wanted { deed, place, node: value("node"), name, shown, set: None })))
}

fn deed(given: Option<&Given>, all_nodes: bool) -> Deed {
    match given.map(|given| (given.name, &given.value)) {
        Some(("update" | "value" | "update-both", value)) => Deed::Update(value.clone()),
        Some(("delete", _)) => Deed::Delete,
        Some(("refresh" | "update-delay", _)) => Deed::Nothing,
        Some(_) | None => Deed::Query { default: None, all_nodes },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_agents_say_is_understood() {
        for (line, deed) in [
            ("-n pingd -B 100 -d 5s -S status", Deed::Update("100".to_owned())),
            ("-n pingd -U 1 -N n1 --private", Deed::Update("1".to_owned())),
            ("-n pingd -v 1 -q", Deed::Update("1".to_owned())),
            ("-n pingd -D", Deed::Delete),
            ("-n pingd -QA", Deed::Query { default: None, all_nodes: true }),
            ("-R", Deed::Nothing),
        ] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let asked = read(&words, &|_| None).unwrap();
            assert!(matches!(asked, Asked::Do(wanted) if wanted.deed == deed), "{line}");
        }
        assert!(read(&["-Q".to_owned()], &|_| None).is_err());
    }
}

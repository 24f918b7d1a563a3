//! The cluster's options, of all of its parts, as one list.

use crate::daemons::options::{BASED, CONTROLD, Kind, Parameter, SCHEDULERD};
use crate::option_list::{self, Former, List, Listed};
use crate::output::Output;

/// Shows them; `all` adds those for few and those of former times.
pub(super) fn show(all: bool, said: &mut Output) {
    let every = CONTROLD.iter().chain(&SCHEDULERD).chain(&BASED);
    let every = every.filter(|option| !GONE.contains(&option.name));
    let former = every.clone().filter_map(|option| {
        let name = cib::other_option_name(option.name)?;
        Some(Listed { name, former: Some(Former::Renamed(option.name)), ..listed(option) })
    });
    let list = List {
        name: "cluster-options",
        title: "Pacemaker cluster options",
        purpose: "What the whole cluster is told. They stand in the sets of crm_config.",
        options: every.clone().map(listed).chain(former).collect(),
    };
    option_list::show(&list, all, said);
}

/// Understood in old documents, and not among the options any more.
const GONE: [&str; 1] = ["remove-after-stop"];

/// There, and not to be used any more.
const UNWANTED: [&str; 5] = [
    "enable-startup-probes",
    "concurrent-fencing",
    "cluster-ipc-limit",
    "stop-removed-resources",
    "cancel-removed-actions",
];

/// The cluster sets them.
const GENERATED: [&str; 3] = ["dc-version", "cluster-infrastructure", "have-watchdog"];

fn listed(option: &Parameter) -> Listed {
    let (kind, values) = kind(option);
    let is_ignored = option.name == "cluster-ipc-limit";
    let is_unset = is_ignored || option.name == "cluster-infrastructure";
    Listed {
        name: option.name,
        kind,
        values,
        default: option.default.filter(|_| !is_unset),
        words: option.words,
        advanced: option.advanced,
        generated: GENERATED.contains(&option.name),
        former: UNWANTED.contains(&option.name).then_some(Former::Unwanted),
    }
}

/// The kind in more words than daemons' descriptions have.
fn kind(option: &Parameter) -> (&'static str, &'static [&'static str]) {
    let is_score = option.name.starts_with("node-health-") || option.name.ends_with("-attempts");
    match option.kind {
        Kind::Select(values) => ("select", values),
        Kind::Duration if option.name == "fencing-watchdog-timeout" => ("timeout", &[]),
        Kind::Duration => ("duration", &[]),
        Kind::Integer if option.name == "cluster-ipc-limit" => ("nonnegative_integer", &[]),
        Kind::Integer if is_score => ("score", &[]),
        Kind::Text if option.name == "dc-version" => ("version", &[]),
        plain @ (Kind::Boolean | Kind::Integer | Kind::Percentage | Kind::Text) => {
            (plain.word(), &[])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use crate::output::Format;

    #[test]
    fn each_option_is_listed_once_by_each_name() {
        let mut said = Output::new(Format::Xml, "crm_attribute", false);
        show(true, &mut said);
        let mut text = Vec::new();
        said.finish(Exit::Ok, &mut text, &mut Vec::new());
        let text = String::from_utf8(text).unwrap();
        for name in ["dc-version", "enable-acl", "stonith-enabled", "cluster-ipc-limit"] {
            let count = text.matches(&format!("<parameter name=\"{name}\"")).count();
            assert_eq!(count, 1, "{name}");
        }
        assert!(!text.contains("remove-after-stop"));
    }
}

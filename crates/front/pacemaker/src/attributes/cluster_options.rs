//! The cluster's options, of all of its parts, as one list.

use crate::daemons::options::{CLUSTER, Kind, Parameter};
use crate::option_list::{self, Former, List, Listed};
use crate::output::Output;

/// Shows them; `all` adds those for few and those of former times.
pub(super) fn show(all: bool, said: &mut Output) {
    let with_former = |(_, option): &(_, Parameter)| {
        let now = option.name;
        let former = cib::other_option_name(now).map(|name| Listed {
            name,
            former: Some(Former::Renamed(now)),
            ..listed(option)
        });
        std::iter::once(listed(option)).chain(former)
    };
    let list = List {
        name: "cluster-options",
        title: "Pacemaker cluster options",
        purpose: "What the whole cluster is told. They stand in the sets of crm_config.",
        options: CLUSTER.iter().flat_map(with_former).collect(),
    };
    option_list::show(&list, all, said);
}

fn listed(option: &Parameter) -> Listed {
    let (kind, values) = kind(option);
    Listed {
        name: option.name,
        kind,
        values,
        default: option.default,
        words: option.words,
        advanced: option.advanced,
        generated: option.generated,
        former: option.unwanted.then_some(Former::Unwanted),
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

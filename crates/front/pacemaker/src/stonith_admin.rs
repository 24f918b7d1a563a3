//! `stonith_admin`, as far as agents and people under pressure call it: cut a node off, let it back,
//! say that it is off.

use std::ffi::OsString;
use std::process::ExitCode;

use wire::api::Change;

use crate::options::{Given, Taken};
use crate::tool::{self, Trouble, last, switch, valued};

const TAKEN: [Taken; 11] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted; nothing more is said"),
    switch("quiet", Some('q'), "Accepted"),
    valued("reboot", Some('B'), "NODE", "Turn a node off and on again"),
    valued("fence", Some('F'), "NODE", "Turn a node off"),
    valued("unfence", Some('U'), "NODE", "Let a node back"),
    valued("confirm", Some('C'), "NODE", "Say that a node is off: be sure"),
    valued("timeout", Some('t'), "SECONDS", "Accepted; the cluster's own limit holds"),
    valued("tolerance", None, "SECONDS", "Accepted"),
    valued("tag", Some('T'), "NAME", "Accepted"),
];

/// Asks the cluster to do something to a node.
pub(crate) fn fencing_admin(words: Vec<OsString>) -> ExitCode {
    tool::run("stonith_admin", words, |words| {
        let given = tool::given(&TAKEN, words)?;
        if let Some(text) = tool::about(&given, "stonith_admin", &TAKEN) {
            return Ok(text);
        }
        let change = wanted(&given)?;
        let (client, _snapshot, _document) = tool::live()?;
        tool::change(&client, change)?;
        Ok(String::new())
    })
}

fn wanted(given: &[Given]) -> Result<Change, Trouble> {
    let asked = last(given, &["reboot", "fence", "unfence", "confirm"]);
    let asked = asked.ok_or_else(|| Trouble::usage("say what to do, such as --reboot NODE"))?;
    let node = asked.value.clone();
    let action = match asked.name {
        "confirm" => return Ok(Change::ConfirmOff { node }),
        "reboot" => "reboot",
        "unfence" => "on",
        _ => "off",
    };
    Ok(Change::Fence { node, action: action.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_to_a_node_is_understood() {
        let asked = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            wanted(&tool::given(&TAKEN, &words).unwrap())
        };
        let fence =
            |action: &str| Ok(Change::Fence { node: "n1".to_owned(), action: action.to_owned() });
        assert_eq!(asked("--reboot n1 --tag controld"), fence("reboot"));
        assert_eq!(asked("-F n1 -t 20"), fence("off"));
        assert_eq!(asked("-U n1"), fence("on"));
        assert_eq!(asked("-C n1"), Ok(Change::ConfirmOff { node: "n1".to_owned() }));
        assert!(asked("-q").is_err());
    }
}

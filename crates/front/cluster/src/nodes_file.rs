//! This machine's `corosync.conf`, and how a new edition of it becomes everybody's.

use std::path::Path;
use std::time::{Duration, Instant};

use client::ClientError;
use corosync::{Conf, Finding, Settings, Severity};
use model::QuorumBy;
use wire::api::{Change, Edit, Refused, Request};

use crate::places::Places;
use crate::services::{Services, output};
use crate::trouble::{Kind, Trouble};

/// Somebody else may change it at the same time, or the membership change; then it is tried on what
/// is there afterwards, for so long.
const TRIED_FOR: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_millis(200);

pub(crate) fn read(places: &Places) -> Result<Conf, Trouble> {
    let path = places.nodes_file();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Conf::parse(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Trouble::refused(
            format!("there is no {}", path.display()),
        )
        .help(
            "`quorate cluster init NAME` makes a cluster, `quorate cluster join TOKEN` enters one.",
        )),
        Err(error) => Err(Trouble::read(&path, error)),
    }
}

/// Findings that keep Corosync from starting, as a refusal.
pub(crate) fn without_errors(path: &Path, text: &str) -> Result<(), Trouble> {
    let errors: Vec<Finding> =
        corosync::check(text).into_iter().filter(|f| f.severity == Severity::Error).collect();
    if errors.is_empty() {
        return Ok(());
    }
    let what = format!("{} has {}", path.display(), view::words::count(errors.len(), "error"));
    let trouble = Trouble::new(Kind::BadData, what);
    Err(errors.iter().fold(trouble, |trouble, error| trouble.help(error.to_string())))
}

/// Makes an edit of the file everybody's: through the daemons' total order onto every disk, then
/// Corosync reads it. Answers the new file.
pub(crate) fn change(
    services: &Services,
    places: &Places,
    edit: impl Fn(&mut Conf) -> Result<(), Trouble>,
) -> Result<Conf, Trouble> {
    let client = services.client();
    let deadline = Instant::now() + TRIED_FOR;
    while Instant::now() < deadline {
        let mut conf = read(places)?;
        edit(&mut conf)?;
        outlasts_reading(&client.document()?.cluster.members, &Settings::of(&conf))?;
        let change = Change::FabricFile { text: conf.to_string() };
        match client.change(&Request::Change { change, force: false, based_on: None }) {
            Ok(_edition) => {
                reload()?;
                return Ok(conf);
            }
            Err(ClientError::Refused(Refused::Stale { .. } | Refused::NotReady)) => {
                std::thread::sleep(EVERY);
            }
            Err(error) => return Err(Trouble::Client(error)),
        }
    }
    Err(Trouble::refused("others keep changing the nodes' file").help("Try again."))
}

/// Has Corosync read its file again, on every member.
fn reload() -> Result<(), Trouble> {
    output("corosync-cfgtool", &["-R"]).map(drop).map_err(|trouble| {
        trouble.help("The new file is on every disk; `corosync-cfgtool -R` has it read.")
    })
}

/// Refuses where the members would lose their quorum by Corosync's reading of the file.
fn outlasts_reading(members: &[String], settings: &Settings) -> Result<(), Trouble> {
    let (present, total) = (members.len(), settings.nodes.len());
    if keeps_quorum(settings, present, total) {
        return Ok(());
    }
    let what = format!(
        "{present} of {total} nodes would have no quorum when Corosync reads its file: it expects all of them then"
    );
    Err(Trouble::refused(what)
        .help("Start the missing ones first; `quorate cluster status` shows who is missing."))
}

/// Whether so many nodes of `total` have quorum when Corosync has read its file: it expects the votes of all nodes then,
/// also where fewer were expected before, since those who had quorum last are counted. Source: seen with Corosync 3.1.
/// Beside a lock the daemons tell it at once again what to expect.
pub(crate) fn keeps_quorum(settings: &Settings, present: usize, total: usize) -> bool {
    let is_uneven = settings.nodes.iter().any(|node| node.votes.is_some());
    let quorum_by = settings.quorum_by();
    if is_uneven || !quorum_by.counts_previous() {
        return would_have_quorum(settings, present, total);
    }
    // Of two nodes that are left, one is enough.
    let is_most = present * 2 > total || (total == 2 && present > 0);
    is_most || (quorum_by == QuorumBy::PreviousOrLock && present > 0)
}

/// Whether so many nodes of `total` would have quorum. Where votes are uneven or a third voice has a
/// say, nobody knows before it is so; then it is tried.
pub(crate) fn would_have_quorum(settings: &Settings, present: usize, total: usize) -> bool {
    let quorum = &settings.quorum;
    let on = |said: &Option<corosync::Valued<bool>>| said.as_ref().is_some_and(|said| said.value);
    let is_uneven = settings.nodes.iter().any(|node| node.votes.is_some());
    let by_rule = on(&quorum.auto_tie_breaker) || on(&quorum.last_man_standing);
    if is_uneven || by_rule || settings.device.is_some() {
        return true;
    }
    // Of two nodes, one is enough.
    present * 2 > total || (total == 2 && present > 0)
}

/// Takes a node that left out of the document as well.
pub(crate) fn forget_in_document(services: &Services, node: &str) -> Result<(), Trouble> {
    let named = |element: &str, key: &str| format!("//{element}[@{key}='{node}']");
    let edits = vec![Edit::Delete { xpath: named("configuration/nodes/node", "uname") }];
    let change = Change::Edit { edits };
    let request = Request::Change { change, force: false, based_on: None };
    let deadline = Instant::now() + TRIED_FOR;
    loop {
        match services.client().change(&request) {
            // A node that never ran is not in it.
            Ok(_) | Err(ClientError::Refused(Refused::Invalid { .. })) => return Ok(()),
            // Corosync has just read its new file, and members may have to find each other again.
            Err(ClientError::Refused(Refused::NotReady)) if Instant::now() < deadline => {
                std::thread::sleep(EVERY);
            }
            Err(error) => return Err(Trouble::Client(error)),
        }
    }
}

/// The addresses of a node's door: all that the file has of it.
pub(crate) fn addresses(settings: &Settings, node: &str) -> Vec<String> {
    settings.node(node).map_or_else(Vec::new, |node| {
        node.addresses.iter().map(|(_, address)| address.value.clone()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_the_file_has_all_nodes_expected_again() {
        let settings = |nodes: usize, lines: &str| {
            let nodes = "node {\n}\n".repeat(nodes);
            let text = format!("nodelist {{\n{nodes}}}\nquorum {{\n{lines}\n}}\n");
            Settings::of(&Conf::parse(&text))
        };
        let lock = "device {\nmodel: sanlock\nvotes: 1\n}";
        for (nodes, rule, enough) in [
            (5, "last_man_standing: 1", 3),
            (4, "last_man_standing: 1", 3),
            (4, lock, 1),
            (3, lock, 1),
            // Of two, each is one half of both.
            (2, lock, 0),
        ] {
            let settings = settings(nodes, rule);
            let least = (0..=nodes).find(|present| keeps_quorum(&settings, *present, nodes));
            assert_eq!(least, Some(enough), "{nodes}, {rule}");
        }
        let members = ["n1".to_owned(), "n2".to_owned()];
        let refused = outlasts_reading(&members, &settings(5, "last_man_standing: 1")).unwrap_err();
        let wanted = "2 of 5 nodes would have no quorum when Corosync reads its file";
        assert!(refused.into_words().0.starts_with(wanted));
        assert!(outlasts_reading(&members, &settings(3, "last_man_standing: 1")).is_ok());
    }

    #[test]
    fn quorum_is_foreseen() {
        let settings =
            |lines: &str| Settings::of(&Conf::parse(&format!("quorum {{\n{lines}\n}}\n")));
        let plain = settings("provider: corosync_votequorum");
        for (present, total, wanted) in
            [(1, 1, true), (1, 2, true), (1, 3, false), (2, 3, true), (2, 4, false), (3, 4, true)]
        {
            assert_eq!(would_have_quorum(&plain, present, total), wanted, "{present} of {total}");
        }
        assert!(would_have_quorum(&settings("auto_tie_breaker: 1"), 2, 4), "who knows");
    }
}

//! A cluster that is formed without some of its nodes, on an operator's word that they run nothing.
//!
//! **Always:** only quorum is given. Whoever is missing still counts as lost, and is cut off before what it may run is
//! started elsewhere.

use std::time::{Duration, Instant};

use wire::api::{Change, Request};
use wire::door::{Answer, Ask, Running};

use crate::ask;
use crate::power::Known;
use crate::services::output;
use crate::trouble::{Kind, Trouble};

/// How long Corosync may take to count again.
const COUNT_MAX: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_millis(100);

/// What a machine's door says of the cluster there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Halted,
    Runs,
    /// It does not answer.
    Nothing,
}

/// Asks the doors of nodes, but for this machine's.
///
/// # Errors
/// Where this machine is no member.
pub fn hear(nodes: &[String]) -> Result<Vec<(String, Heard)>, Trouble> {
    let known = Known::read(None)?;
    let others: Vec<&str> =
        nodes.iter().map(String::as_str).filter(|name| *name != known.me).collect();
    let answers = ask::these(&known.places, &known.own, &known.settings, &others, &Ask::Running);
    let heard = |answer| match answer {
        Ok(Answer::Running(Running { corosync: false, daemon: false, edition: _ })) => {
            Heard::Halted
        }
        Ok(_) => Heard::Runs,
        Err(_) => Heard::Nothing,
    };
    Ok(answers.into_iter().map(|(name, answer)| (name, heard(answer))).collect())
}

/// Has those who run be the cluster: Corosync counts on no more votes than there are, and nobody is waited for.
/// This machine is one of them. Answers what is to be done when the others are back, where that is anything.
///
/// # Errors
/// Where the daemon does not run here, or there is no quorum all the same.
pub fn go_on_without() -> Result<Option<&'static str>, Trouble> {
    let known = Known::read(None)?;
    let mut later = None;
    if !is_quorate(&known)? {
        output("corosync-cmapctl", &["-s", "quorum.cancel_wait_for_all", "u8", "1"])?;
    }
    if !becomes_quorate(&known)? {
        later = count_on_members(&known)?;
        if !becomes_quorate(&known)? {
            return Err(Trouble::new(Kind::Failed, "those who run are given no quorum")
                .help("`corosync-quorumtool -s` shows how votes are counted."));
        }
    }
    let request = Request::Change { change: Change::WaitNoMore, force: false, based_on: None };
    known.services.client().change(&request)?;
    Ok(later)
}

/// Corosync expects the votes of those who are there, and of nobody else. Before, a quorum device that does not answer
/// has to be without one.
fn count_on_members(known: &Known) -> Result<Option<&'static str>, Trouble> {
    let members = known.services.client().document()?.cluster.members;
    let is_there = |node: &&corosync::Node| members.iter().any(|name| name == node.called());
    let votes = |node: &corosync::Node| node.votes.as_ref().map_or(1, |said| said.value);
    let votes: u64 = known.settings.nodes.iter().filter(is_there).map(votes).sum();
    let has_device = known.settings.device.is_some();
    if has_device {
        output("corosync-cmapctl", &["-s", "quorum.device.votes", "u32", "0"])?;
    }
    output("corosync-quorumtool", &["-e", &votes.to_string()])?;
    Ok(has_device.then_some(
        "The quorum device has no vote here now. When it answers, and all nodes run: `corosync-cfgtool -R`, then \
         `quorate cluster start` here.",
    ))
}

fn is_quorate(known: &Known) -> Result<bool, Trouble> {
    let cluster = known.services.client().document()?.cluster;
    Ok(cluster.formed && cluster.quorate)
}

fn becomes_quorate(known: &Known) -> Result<bool, Trouble> {
    let begun = Instant::now();
    while begun.elapsed() < COUNT_MAX {
        if is_quorate(known)? {
            return Ok(true);
        }
        std::thread::sleep(EVERY);
    }
    Ok(false)
}

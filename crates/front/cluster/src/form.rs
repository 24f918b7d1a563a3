//! A cluster that is formed without some of its nodes, on an operator's word that they run nothing.
//!
//! **Always:** only quorum is given. Whoever is missing still counts as lost, and is cut off before what it may run is
//! started elsewhere. Nobody is missing who answers Corosync: it is about to be a member.

use std::time::{Duration, Instant};

use wire::api::{Change, Request};
use wire::door::{Answer, Ask, Running};

use crate::ask;
use crate::nodes_file;
use crate::power::Known;
use crate::services::output;
use crate::trouble::{Kind, Trouble};

/// How long a node that answers may take to be a member, and a link to be tried at all.
const MEET_MAX: Duration = Duration::from_secs(20);
/// Pings without an answer that say that nobody is there. Corosync takes a link for one after two answers.
const PINGS: u64 = 3;
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
    wait_for_who_answers(&known)?;
    if !is_quorate(&known)? {
        output("corosync-cmapctl", &["-s", "quorum.cancel_wait_for_all", "u8", "1"])?;
    }
    wait_no_more(&known)?;
    if !may_be_quorate(&known)? || !becomes_quorate(&known)? {
        later = count_on_members(&known)?;
        if !becomes_quorate(&known)? {
            return Err(Trouble::new(Kind::Failed, "those who run are given no quorum")
                .help("`corosync-quorumtool -s` shows how votes are counted."));
        }
    }
    wait_no_more(&known)?;
    Ok(later)
}

/// Neither for who has not come since the start, nor for who had quorum last.
fn wait_no_more(known: &Known) -> Result<(), Trouble> {
    let request = Request::Change { change: Change::WaitNoMore, force: false, based_on: None };
    known.services.client().change(&request)?;
    Ok(())
}

/// Waits until every node is a member, or has not answered on any of its links. Without this, one that runs, and whose
/// link just comes up, would be taken for missing, and be cut off.
fn wait_for_who_answers(known: &Known) -> Result<(), Trouble> {
    let begun = Instant::now();
    while begun.elapsed() < MEET_MAX {
        let cluster = known.services.client().document()?.cluster;
        let said = output("corosync-cmapctl", &["-m", "stats"]).unwrap_or_default();
        let is_away = |node: &corosync::Node| {
            node.id.as_ref().is_none_or(|id| is_silent(&said, id.value, node.addresses.len()))
        };
        let mut missing = known
            .settings
            .nodes
            .iter()
            .filter(|node| cluster.members.iter().all(|name| name != node.called()));
        if cluster.quorate || missing.all(is_away) {
            return Ok(());
        }
        std::thread::sleep(EVERY);
    }
    Ok(())
}

/// Whether all links to a node were tried often enough without an answer, by what `corosync-cmapctl -m stats` writes. Other
/// transports than knet count nothing.
fn is_silent(stats: &str, node: u32, links: usize) -> bool {
    if !stats.contains("stats.knet.") {
        return true;
    }
    let count = |link: usize, what: &str| {
        let key = format!("stats.knet.node{node}.link{link}.{what} (");
        let line = stats.lines().find_map(|line| line.strip_prefix(&key))?;
        line.rsplit_once("= ")?.1.trim().parse::<u64>().ok()
    };
    (0..links).all(|link| {
        let tried = count(link, "tx_ping_packets").is_none_or(|pings| pings >= PINGS);
        tried && count(link, "rx_pong_packets").unwrap_or_default() == 0
    })
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

/// Whether it can be that those who run get quorum without votes being taken away.
fn may_be_quorate(known: &Known) -> Result<bool, Trouble> {
    let present = known.services.client().document()?.cluster.members.len();
    let total = known.settings.nodes.len();
    Ok(nodes_file::would_have_quorum(&known.settings, present, total))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_asked_on_every_link_and_never_answered_is_silent() {
        let stats = |first: (u64, u64), second: (u64, u64)| {
            let of = |link: u8, (pings, pongs): (u64, u64)| {
                format!(
                    "stats.knet.node2.link{link}.connected (u8) = 0\n\
                     stats.knet.node2.link{link}.rx_pong_packets (u64) = {pongs}\n\
                     stats.knet.node2.link{link}.tx_ping_packets (u64) = {pings}\n"
                )
            };
            format!("{}{}", of(0, first), of(1, second))
        };
        assert!(is_silent(&stats((3, 0), (7, 0)), 2, 2));
        assert!(!is_silent(&stats((3, 0), (2, 0)), 2, 2), "not asked often enough");
        assert!(!is_silent(&stats((3, 0), (7, 1)), 2, 2), "it has answered");
        assert!(is_silent("stats.srp.avg_token_workload (u32) = 0\n", 2, 1), "no such counts");
    }
}

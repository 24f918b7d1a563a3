//! Votes, and the switches that do not go together.

use super::{Findings, device};
use crate::settings::{Quorum, Settings, Valued};

/// The line of a switch that is on.
pub(super) fn on(said: &Option<Valued<bool>>) -> Option<u32> {
    said.as_ref().filter(|said| said.value).map(|said| said.line)
}

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let quorum = &settings.quorum;
    provider(settings, found);
    votes(settings, found);
    two_node(settings, found);
    last_man_standing(settings, found);
    tie_breaker(settings, found);
    if let Some(line) = on(&quorum.allow_downscale) {
        found.warning(line, "`allow_downscale` is not supported by Corosync's makers", "");
    }
    if let Some(device) = &settings.device {
        device::check(settings, device, found);
    }
}

fn provider(settings: &Settings, found: &mut Findings) {
    let quorum = &settings.quorum;
    if quorum.provider.is_some() {
        return;
    }
    if *quorum != Quorum::default() || settings.device.is_some() {
        let hint = "say `provider: corosync_votequorum`";
        found.error(0, "votes are configured, but nobody counts them", hint);
    } else if !settings.nodes.is_empty() {
        let what = "there is no quorum provider: every part of a split cluster goes on";
        found.warning(0, what, "say `provider: corosync_votequorum` in a section `quorum`");
    }
}

fn votes(settings: &Settings, found: &mut Findings) {
    let Quorum { expected_votes, votes, provider, .. } = &settings.quorum;
    let listed = settings.listed_votes();
    match expected_votes {
        Some(said) if said.value == 0 => {
            found.error(said.line, "`expected_votes` is 0", "all votes there are");
        }
        Some(said) if !settings.nodes.is_empty() && settings.device.is_none() => {
            if said.value != listed {
                let what = format!("`expected_votes` is {}, the nodelist has {listed}", said.value);
                found.warning(said.line, what, "it wins over the list; leave it out");
            }
        }
        None if settings.nodes.is_empty() && provider.is_some() => {
            found.error(0, "no nodelist and no `expected_votes`", "votequorum needs one of them");
        }
        Some(_) | None => {}
    }
    if let Some(said) = votes {
        found.note(said.line, "`votes` is old", "say quorum_votes of each node in the nodelist");
    }
}

/// How many nodes there are: listed, or expected.
fn nodes(settings: &Settings) -> Option<u64> {
    let listed = u64::try_from(settings.nodes.len()).ok().filter(|listed| *listed > 0);
    listed.or(settings.quorum.expected_votes.as_ref().map(|said| said.value))
}

/// The votes of the first node that has more or fewer than one.
pub(super) fn uneven(settings: &Settings) -> Option<&Valued<u64>> {
    settings.nodes.iter().find_map(|node| node.votes.as_ref().filter(|votes| votes.value != 1))
}

fn two_node(settings: &Settings, found: &mut Findings) {
    let quorum = &settings.quorum;
    let Some(line) = on(&quorum.two_node) else {
        if nodes(settings) == Some(2) && settings.device.is_none() && quorum.provider.is_some() {
            let what = "two nodes without `two_node`: each loss stops the cluster";
            found.note(0, what, "say `two_node: 1`, or add a quorum device");
        }
        return;
    };
    match nodes(settings) {
        Some(2) | None => {}
        Some(count) => {
            let what = format!("`two_node` with {count} nodes");
            found.error(line, what, "it is for exactly two; leave it out");
        }
    }
    if let Some(votes) = uneven(settings) {
        found.error(votes.line, "`two_node` with other than one vote each", "");
    }
    match &quorum.wait_for_all {
        None => found.note(
            line,
            "`two_node` turns `wait_for_all` on",
            "after a full stop both nodes must be there once",
        ),
        Some(said) if said.value => {}
        Some(said) => found.warning(
            said.line,
            "`two_node` without `wait_for_all`: two nodes that start apart fence each other",
            "leave it on",
        ),
    }
    if settings.device.is_some() {
        found.error(line, "`two_node` beside a quorum device", "the device decides; leave it out");
    }
}

fn last_man_standing(settings: &Settings, found: &mut Findings) {
    let quorum = &settings.quorum;
    let Some(line) = on(&quorum.last_man_standing) else {
        if let Some(window) = &quorum.last_man_standing_window {
            let what = "`last_man_standing_window` without `last_man_standing` does nothing";
            found.warning(window.line, what, "");
        }
        return;
    };
    let waits = on(&quorum.wait_for_all).is_some()
        || (on(&quorum.two_node).is_some() && quorum.wait_for_all.is_none());
    if !waits {
        let what = "`last_man_standing` without `wait_for_all`: parts that start apart both run";
        found.warning(line, what, "say `wait_for_all: 1`");
    }
    if let Some(votes) = uneven(settings) {
        found.error(votes.line, "`last_man_standing` needs one vote for each node", "");
    }
    if let Some(device) = &settings.device {
        let what = "`last_man_standing` turns the quorum device off";
        found.error(line, what, &format!("one of them; the device is in line {}", device.line));
    }
}

fn tie_breaker(settings: &Settings, found: &mut Findings) {
    let quorum = &settings.quorum;
    let Some(line) = on(&quorum.auto_tie_breaker) else {
        if let Some(node) = &quorum.auto_tie_breaker_node {
            let what = "`auto_tie_breaker_node` without `auto_tie_breaker` does nothing";
            found.warning(node.line, what, "");
        }
        return;
    };
    if on(&quorum.two_node).is_some() {
        let what = "`auto_tie_breaker` beside `two_node`: either half would be right";
        found.error(line, what, "one of them");
    }
    if let Some(device) = &settings.device {
        let what = "`auto_tie_breaker` turns the quorum device off";
        found.error(line, what, &format!("one of them; the device is in line {}", device.line));
    }
    if nodes(settings).is_some_and(|count| count % 2 == 1) && settings.listed_votes() % 2 == 1 {
        found.note(line, "an odd number of votes never splits evenly", "");
    }
    if let Some(said) = &quorum.auto_tie_breaker_node {
        for id in said.value.split_whitespace().filter_map(|id| id.parse::<u32>().ok()) {
            let is_there = |node: &crate::Node| node.id.as_ref().is_some_and(|of| of.value == id);
            if !settings.nodes.is_empty() && !settings.nodes.iter().any(is_there) {
                found.error(said.line, format!("there is no node {id}"), "");
            }
        }
    }
}

//! An outside voice: whom it votes for, how it is reached.
//!
//! Source: corosync-qdevice(8), of release 3.0.3.

use super::Findings;
use super::quorum::uneven;
use crate::settings::{Device, FFSPLIT, Settings, Valued};

pub(super) fn check(settings: &Settings, device: &Device, found: &mut Findings) {
    match device.model.as_ref().map(|model| model.value.as_str()) {
        None => found.error(device.line, "a quorum device without `model`", "say `model: net`"),
        Some("net") => net(settings, device, found),
        Some("sanlock") => return lock(settings, device, found),
        Some(_) => {}
    }
    algorithm(settings, device, found);
    heuristics(device, found);
}

/// A lock on a disk: it tells two halves apart, with one vote. Among three nodes or more the halves are of those who had
/// quorum last, who are counted, not weighed.
fn lock(settings: &Settings, device: &Device, found: &mut Findings) {
    let has_place =
        device.lock_path.is_some() || settings.nodes.iter().all(|node| node.lock_path.is_some());
    if !has_place {
        let what = "the device's `sanlock` has no `path`";
        found.error(device.line, what, "the disk that all nodes reach");
    }
    match &device.votes {
        Some(votes) if votes.value == 1 => {}
        said => {
            let line = said.as_ref().map_or(device.line, |votes| votes.line);
            found.error(line, "a lock has exactly one vote", "say `votes: 1`");
        }
    }
    if let Some(what) = settings.odd_with_device() {
        found.warning(device.line, what, "it tells two halves apart; leave the device out");
    }
    if let Some(votes) = uneven(settings).filter(|_| settings.nodes.len() > 2) {
        let what = "a lock among three nodes or more needs one vote for each node";
        found.error(votes.line, what, "");
    }
    if settings.totem.cluster_name.as_ref().is_none_or(|name| name.value.is_empty()) {
        let what = "a lock, and the cluster has no name, by which it is known there";
        found.error(device.line, what, "say `cluster_name` in `totem`");
    }
}

fn algorithm(settings: &Settings, device: &Device, found: &mut Findings) {
    let count = u64::try_from(settings.nodes.len()).unwrap_or(u64::MAX);
    let named = device.algorithm.as_ref();
    let (name, line) = named.map_or((FFSPLIT, device.line), |said| (&*said.value, said.line));
    match name {
        FFSPLIT => {
            if let Some(what) = settings.odd_with_device() {
                found.warning(line, what, "it is for even numbers; lms for odd ones");
            }
            let votes = device.votes.as_ref().filter(|votes| votes.value != 1);
            if let Some(votes) = votes {
                found.error(votes.line, "ffsplit has exactly one vote", "leave `votes` out");
            }
        }
        "lms" => {
            let right = settings.listed_votes().saturating_sub(1);
            let votes = device.votes.as_ref().filter(|votes| votes.value != right && count > 0);
            if let Some(votes) = votes {
                let what = format!("lms has all nodes' votes less one: {right}");
                found.error(votes.line, what, "leave `votes` out");
            }
        }
        "2nodelms" | "test" => {
            found.warning(line, "for trying things out only", "ffsplit or lms");
        }
        _ => {}
    }
    if let Some(votes) = uneven(settings).filter(|_| matches!(name, "lms" | FFSPLIT)) {
        found.error(votes.line, "a quorum device needs one vote for each node", "");
    }
    keep_active(device, name, found);
}

fn keep_active(device: &Device, algorithm: &str, found: &mut Findings) {
    let Some(said) = &device.keep_active else { return };
    let key = "`keep_active_partition_tie_breaker`";
    if algorithm != FFSPLIT {
        let what = format!("{key} does nothing with {algorithm}");
        found.warning(said.line, what, "it is for ffsplit; leave it out");
    } else if !said.value {
        let what = format!(
            "without {key}, of two equal sides the one that ran everything may have to stop"
        );
        found.note(said.line, what, "");
    }
}

fn net(settings: &Settings, device: &Device, found: &mut Findings) {
    let Some(host) = &device.host else {
        let what = "the device's `net` has no `host`";
        return found.error(device.line, what, "where corosync-qnetd runs");
    };
    let is_its = |node: &&crate::Node| {
        node.called() == host.value
            || node.addresses.iter().any(|(_, address)| address.value == host.value)
    };
    if let Some(node) = settings.nodes.iter().find(is_its) {
        let what = format!("the quorum device is node {}: its vote is lost with it", node.called());
        found.error(host.line, what, "it must be a machine outside of the cluster");
    }
    if device.algorithm.is_none() {
        let what = "the device's `net` has no `algorithm`: ffsplit";
        found.note(device.line, what, "ffsplit or lms");
    }
    if settings.totem.cluster_name.as_ref().is_none_or(|name| name.value.is_empty()) {
        let what = "a quorum device, and the cluster has no name, by which it is known there";
        found.error(device.line, what, "say `cluster_name` in `totem`");
    }
    tie_breaker(settings, device, found);
    tls(device, found);
    if let (Some(timeout), Some(sync)) = (&device.timeout, &device.sync_timeout)
        && sync.value < timeout.value
    {
        let what =
            format!("sync_timeout ({}) is shorter than timeout ({})", sync.value, timeout.value);
        found.warning(sync.line, what, "a membership change takes longer, not shorter");
    }
}

fn tie_breaker(settings: &Settings, device: &Device, found: &mut Findings) {
    let Some(said) = &device.tie_breaker else { return };
    let Ok(id) = said.value.parse::<u32>() else { return };
    let is_there = |node: &crate::Node| node.id.as_ref().is_some_and(|of| of.value == id);
    if !settings.nodes.is_empty() && !settings.nodes.iter().any(is_there) {
        found.error(said.line, format!("there is no node {id} to break ties"), "");
    }
}

fn tls(device: &Device, found: &mut Findings) {
    match device.tls.as_ref().map(|tls| (&*tls.value, tls.line)) {
        Some(("off", line)) => found.warning(
            line,
            "the way to the quorum device is not encrypted",
            "say `tls: required`",
        ),
        Some(("required", _)) => {}
        said => found.note(
            said.map_or(device.line, |(_, line)| line),
            "a quorum device that offers no encryption is believed all the same",
            "say `tls: required`",
        ),
    }
}

fn heuristics(device: &Device, found: &mut Findings) {
    let runs = |mode: &&Valued<String>| mode.value != "off";
    match (&device.heuristics, device.command) {
        (Some(mode), None) if runs(&mode) => {
            found.warning(mode.line, "heuristics without any `exec_NAME`: there are none", "");
        }
        (mode, Some(line)) if !mode.as_ref().is_some_and(|mode| runs(&mode)) => {
            found.warning(line, "a command that never runs", "say `mode: on` or `mode: sync`");
        }
        _ => {}
    }
}

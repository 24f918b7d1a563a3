//! Which full members are there, by their `node_state`.

use cib::Element;
use model::Score;

use super::super::types::{LossPolicy, NodeIx};
use super::super::values::{is_true, parse_bool, parse_integer};
use super::super::{Reading, nodes};
use super::fencing::fence;
use super::find_node;
use crate::report::{FindingKind, Severity};

/// Reads one `node_state`, but not its history.
pub(super) fn read<'a>(reading: &mut Reading<'a>, state: Element<'a>) {
    let Some(id) = state.attr("id") else {
        let message = "a node state without an id is left out";
        reading.find(Severity::Error, state, FindingKind::Incomplete, message);
        return;
    };
    let Some(node) = find_node(&reading.resolved, Some(id), state.attr("uname")) else { return };
    let is_remote = reading.resolved.node(node).is_remote_or_guest();
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.state = Some(state);
        if is_remote {
            // Whether it is online shows in its connection's history; this is needed before.
            at.remote_fenced =
                state.attr("node_fenced").and_then(parse_integer).is_some_and(|n| n != 0);
            return;
        }
    }
    read_attributes(reading, node, state);
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.unclean = false;
        at.unseen = false;
    }
    set_online(reading, node, state);
    let options = &reading.resolved.options;
    if !options.quorate
        && options.loss_policy == LossPolicy::Fence
        && reading.resolved.node(node).online
    {
        fence(reading, node, "cluster does not have quorum", false);
    }
}

fn read_attributes<'a>(reading: &mut Reading<'a>, node: NodeIx, state: Element<'a>) {
    match state.child("transient_attributes") {
        Some(attributes) => nodes::read_attributes(reading, attributes, node, true),
        None => nodes::set_own_attributes(reading, node),
    }
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.standby |= is_true(at.attribute("standby"));
        at.maintenance |= is_true(at.attribute("maintenance"));
    }
}

/// Whether the node asked to leave.
pub(super) fn wants_shutdown(reading: &Reading<'_>, node: NodeIx) -> bool {
    reading.resolved.node(node).attribute("shutdown").is_some_and(|text| text != "0")
}

/// What a `node_state` says of membership.
#[derive(Clone, Copy)]
struct Seen<'a> {
    /// Since when it is a member of the cluster layer: 0 if it is not, negative if that is not
    /// known.
    member: i64,
    /// Since when its controller is there; 0 if it is not.
    online: i64,
    join: &'a str,
    expected: Option<&'a str>,
}

impl<'a> Seen<'a> {
    fn read(state: Element<'a>, now: i64) -> Self {
        // Older coordinators recorded booleans.
        let member = match state.attr("in_ccm") {
            None => -1,
            Some(text) => match parse_bool(text) {
                Some(true) => now,
                Some(false) => 0,
                None => parse_integer(text).filter(|time| *time >= 0).unwrap_or(-1),
            },
        };
        let online = match state.attr("crmd") {
            None => 0,
            Some(text) if text.eq_ignore_ascii_case("offline") => 0,
            Some(text) if text.eq_ignore_ascii_case("online") => 1,
            Some(text) => parse_integer(text).unwrap_or(0).max(0),
        };
        Self {
            member,
            online,
            join: state.attr("join").unwrap_or(""),
            expected: state.attr("expected"),
        }
    }
}

fn set_online(reading: &mut Reading<'_>, node: NodeIx, state: Element<'_>) {
    let seen = Seen::read(state, reading.resolved.now);
    let shutdown = wants_shutdown(reading, node);
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.shutdown = shutdown;
        if !shutdown {
            at.expected_up = seen.expected.is_some_and(|text| text.eq_ignore_ascii_case("member"));
        }
    }
    let online = if reading.resolved.options.fencing_enabled {
        is_online(reading, node, seen)
    } else {
        is_online_without_fencing(reading, node, seen)
    };
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.online |= online;
        // Out of contention.
        if !online || at.shutdown {
            at.score = Score::MINUS_INFINITY;
        }
    }
}

fn is_online_without_fencing(reading: &mut Reading<'_>, node: NodeIx, seen: Seen<'_>) -> bool {
    if seen.member <= 0 {
        return false;
    }
    if seen.online > 0 {
        return seen.join.eq_ignore_ascii_case("member");
    }
    if reading.resolved.node(node).expected_up {
        fence(reading, node, "peer is unexpectedly down", false);
    }
    false
}

fn is_online(reading: &mut Reading<'_>, node: NodeIx, seen: Seen<'_>) -> bool {
    let terminate = wants_termination(reading, node);
    if reading.resolved.node(node).shutdown {
        // A dead node cannot be shut down.
        return seen.online > 0;
    }
    if seen.member < 0 {
        fence(reading, node, "peer has not been seen by the cluster", false);
        return false;
    }
    if seen.join == "banned" {
        fence(reading, node, "peer failed Pacemaker membership criteria", false);
    } else if terminate {
        if seen.member <= 0 && seen.online <= 0 && seen.join == "down" {
            return false;
        }
        fence(reading, node, "fencing was requested", false);
    } else if seen.expected.is_none_or(|text| text == "down") {
        if is_pending_too_long(reading, seen) {
            let reason = "peer pending timed out on joining the process group";
            fence(reading, node, reason, false);
        } else if seen.member > 0 || seen.online > 0 {
            set_pending(reading, node);
        }
    } else if seen.member <= 0 {
        fence(reading, node, "peer is no longer part of the cluster", true);
    } else if seen.online <= 0 {
        fence(reading, node, "peer process is no longer available", false);
    } else if seen.join == "pending" || seen.join == "down" {
        set_pending(reading, node);
    } else if seen.join != "member" {
        fence(reading, node, "peer was in an unknown state", false);
    }
    seen.member > 0
}

/// A node on its way up runs nothing yet.
fn set_pending(reading: &mut Reading<'_>, node: NodeIx) {
    if let Some(at) = reading.resolved.nodes.get_mut(node.at()) {
        at.standby = true;
        at.pending = true;
    }
}

/// Whether an operator asked for the node to be fenced: a boolean, or since when.
fn wants_termination(reading: &Reading<'_>, node: NodeIx) -> bool {
    reading.resolved.node(node).attribute("terminate").is_some_and(|text| {
        parse_bool(text).unwrap_or_else(|| parse_integer(text).is_some_and(|time| time > 0))
    })
}

fn is_pending_too_long(reading: &mut Reading<'_>, seen: Seen<'_>) -> bool {
    let timeout = reading.resolved.options.node_pending_timeout_ms.div_ceil(1000) as i64;
    if timeout == 0 || seen.member <= 0 || seen.online > 0 {
        return false;
    }
    let end = seen.member.saturating_add(timeout);
    if reading.resolved.now >= end {
        return true;
    }
    reading.recheck(end);
    false
}

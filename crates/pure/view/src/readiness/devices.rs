//! Fence devices, and whether they answer.

use cib::{Document, Element};
use fencing::Device;
use model::OcfCode;
use scheduler::{HistoryEntry, NodeIx, ResIx, Resolved};
use serde::Serialize;

use super::Proof;

/// A fence device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DeviceLine {
    pub id: String,
    pub agent: String,
    pub state: DeviceState,
    /// The nodes on which it is in use.
    pub on: Vec<String>,
    /// What shows that it answers.
    pub proof: Option<Proof>,
}

/// How a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// It answered when it was last asked.
    Working,
    /// It did not.
    Failed,
    /// It is in use nowhere; it is tried all the same when it is needed.
    Stopped,
    /// It is never tried.
    Disabled,
}

impl DeviceState {
    /// In a word.
    pub fn words(self) -> &'static str {
        match self {
            Self::Working => "answers",
            Self::Failed => "failed",
            Self::Stopped => "not in use",
            Self::Disabled => "disabled",
        }
    }
}

/// All devices in the order of the configuration; those of `usable` may be tried.
pub(super) fn lines(resolved: &Resolved<'_>, usable: &[Device]) -> Vec<DeviceLine> {
    let mut lines: Vec<DeviceLine> = Vec::new();
    for at in resolved.resource_indices() {
        let resource = resolved.resource(at);
        let known = lines.iter().any(|line| line.id == *resource.config_id);
        // The copies of a device that is cloned are one device.
        if resource.flags.fence_device
            && resource.is_primitive()
            && !resource.flags.removed
            && !known
        {
            lines.push(line(resolved, at, usable));
        }
    }
    lines
}

fn line(resolved: &Resolved<'_>, first: ResIx, usable: &[Device]) -> DeviceLine {
    let id = &resolved.resource(first).config_id;
    let copies = || {
        let all = resolved.resource_indices().map(|at| resolved.resource(at));
        all.filter(|resource| resource.config_id == *id)
    };
    let is_usable = usable.iter().any(|device| device.id == **id);
    let active: Vec<NodeIx> = copies().flat_map(|copy| copy.active.iter().copied()).collect();
    let up = |node: &NodeIx| resolved.node(*node).online && !resolved.node(*node).unclean;
    let state = if !is_usable {
        DeviceState::Disabled
    } else if copies().any(|copy| copy.flags.failed) {
        DeviceState::Failed
    } else if active.iter().any(up) {
        DeviceState::Working
    } else if failed_to_start(resolved, id) {
        DeviceState::Failed
    } else {
        DeviceState::Stopped
    };
    let proof = (state == DeviceState::Working).then(|| proof(resolved, id, &active)).flatten();
    DeviceLine {
        id: id.as_ref().to_owned(),
        agent: resolved.resource(first).agent.as_ref().map_or("", |agent| &agent.kind).to_owned(),
        state,
        on: active.iter().map(|node| resolved.node(*node).name.as_ref().to_owned()).collect(),
        proof,
    }
}

fn failed_to_start(resolved: &Resolved<'_>, id: &str) -> bool {
    let of_it = |resource: ResIx| *resolved.resource(resource).config_id == *id;
    resolved.failed.iter().any(|failed| failed.resource.is_some_and(of_it))
}

/// The best of what its history on the nodes where it is in use shows.
fn proof(resolved: &Resolved<'_>, id: &str, active: &[NodeIx]) -> Option<Proof> {
    let records = resolved.history.iter().filter(|history| {
        active.contains(&history.node)
            && history.resource.is_some_and(|at| *resolved.resource(at).config_id == *id)
    });
    let found = records.flat_map(|history| &history.entries).filter_map(of_entry);
    found.max_by_key(|proof| match proof {
        // What goes on is better than what was.
        Proof::Checked { since, .. } => (1, *since),
        Proof::Answered { at } | Proof::Used { at } => (0, *at),
    })
}

fn of_entry(entry: &HistoryEntry<'_>) -> Option<Proof> {
    let at = entry.last_change?;
    let well = entry.code == OcfCode::OK && !entry.is_pending();
    match (well, entry.task, entry.interval_ms) {
        (true, "monitor", every_ms) if every_ms > 0 => Some(Proof::Checked { since: at, every_ms }),
        (true, "start" | "monitor", _) => Some(Proof::Answered { at }),
        _ => None,
    }
}

/// Whether a lost node is taken to be reset by its own watchdog.
pub(super) fn counts_on_watchdogs(document: &Document) -> bool {
    let option = |names: [&str; 2]| {
        let options = document.root().path(&["configuration", "crm_config"])?;
        let pairs = options.descendants().filter(|element| element.is("nvpair"));
        let mut named =
            pairs.filter(|pair| names.iter().any(|name| pair.attr("name") == Some(name)));
        named.find_map(|pair: Element<'_>| pair.attr("value"))
    };
    let waits = option(["fencing-watchdog-timeout", "stonith-watchdog-timeout"]);
    let there = option(["have-watchdog", "have-watchdog"]);
    waits.is_some_and(|text| !matches!(text.trim(), "" | "0" | "0s"))
        && there.is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

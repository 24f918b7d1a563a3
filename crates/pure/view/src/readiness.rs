//! Whether each node could be cut off if it had to be: by which device, on which level, and what
//! proves it.
//!
//! A device's monitor shows that the device answers, not that it can switch off each of its nodes;
//! only a fencing that succeeded shows that. So a proof says which of the two it is.
//!
//! **Not here:** trying devices. What an agent's `list` would say is known only where it runs, so a
//! device that asks its agent is [`Can::AskedThen`].
//!
//! Field words: Pacemaker *fencing topology*, `stonith_admin --list`, `--history`.

mod devices;
mod render;

use std::collections::BTreeMap;

use fencing::{Device, HostCheck, levels_for};
use scheduler::{Node, NodeKind, Resolved};
use serde::Serialize;
use wire::api::Fencing;

use crate::status::Seen;

pub use devices::{DeviceLine, DeviceState};
pub use render::{render, words};

/// Which node can be cut off by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Readiness {
    /// `fencing-enabled`.
    pub enabled: bool,
    pub devices: Vec<DeviceLine>,
    pub nodes: Vec<NodeReadiness>,
    /// Past fencings, oldest first.
    pub history: Vec<Fencing>,
}

/// One node's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct NodeReadiness {
    pub node: String,
    pub ability: Ability,
    /// The same in a sentence.
    pub words: String,
    /// The best proof that there is.
    pub proven: Option<Proof>,
    /// One a device, in the order of [`Readiness::devices`].
    pub cells: Vec<Cell>,
}

/// Whether a node could be cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// By a device that answers.
    Ready,
    /// By its own watchdog.
    Watchdog,
    /// Only by devices that do not answer, or of which nobody knows whether they do.
    Doubtful,
    /// By stopping what it runs in.
    Guest,
    /// By nothing.
    Impossible,
}

/// One node and one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Cell {
    pub device: String,
    pub can: Can,
    /// The level of the fencing topology; `None` without a topology for the node.
    pub level: Option<u32>,
    pub proven: Option<Proof>,
}

/// Whether a device is for a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Can {
    /// The configuration says so.
    Yes,
    /// The agent is asked when it comes to it (`list` or `status`).
    AskedThen,
    /// The configuration names other nodes, or the topology other devices.
    No,
    Disabled,
}

/// What shows that a device works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Proof {
    /// It answers, and is asked this often.
    Checked { since: i64, every_ms: u64 },
    /// It answered once, when it was put to use.
    Answered { at: i64 },
    /// It has cut this node off.
    Used { at: i64 },
}

impl Proof {
    /// The moment of the proof. What is asked again and again is proven now, less the interval.
    pub fn at(self, now: i64) -> i64 {
        match self {
            Self::Checked { since, every_ms } => {
                let interval = i64::try_from(every_ms / 1000).unwrap_or(i64::MAX);
                since.max(now.saturating_sub(interval))
            }
            Self::Answered { at } | Self::Used { at } => at,
        }
    }
}

/// Looks at every node and every device.
pub fn readiness(seen: Seen<'_>) -> Readiness {
    let input = scheduler::Input { now: seen.now, ..scheduler::Input::default() };
    of_resolved(seen, &scheduler::resolve(seen.document, &input))
}

pub(crate) fn of_resolved(seen: Seen<'_>, resolved: &Resolved<'_>) -> Readiness {
    let usable = fencing::devices(seen.document);
    let devices = devices::lines(resolved, &usable);
    let history = seen.cluster.map(|cluster| cluster.fencings.clone()).unwrap_or_default();
    let matrix = Matrix {
        seen,
        usable: &usable,
        lines: &devices,
        used: used(&history),
        watchdog: devices::counts_on_watchdogs(seen.document),
    };
    let nodes = resolved.node_indices().map(|node| matrix.row(resolved.node(node))).collect();
    Readiness { enabled: resolved.options.fencing_enabled, nodes, devices, history }
}

/// When each device last cut each node off: by node and device.
fn used(history: &[Fencing]) -> BTreeMap<(String, String), i64> {
    let mut used = BTreeMap::new();
    let succeeded = history.iter().filter(|past| past.succeeded && past.action != "on");
    for past in succeeded {
        // As the cluster writes it: `DEVICE+DEVICE by NODE`. An operator's word names no device.
        let Some((devices, _)) = past.by.split_once(" by ") else { continue };
        for device in devices.split('+') {
            used.insert((past.target.clone(), device.to_owned()), past.at);
        }
    }
    used
}

struct Matrix<'m> {
    seen: Seen<'m>,
    usable: &'m [Device],
    lines: &'m [DeviceLine],
    used: BTreeMap<(String, String), i64>,
    watchdog: bool,
}

impl Matrix<'_> {
    fn row(&self, node: &Node<'_>) -> NodeReadiness {
        let name = node.name.as_ref();
        let levels = levels_for(self.seen.document, name, "off", self.usable);
        // Without a topology, each device is a level of its own.
        let alone = self.usable.iter().map(|device| vec![device.clone()]);
        let by_topology = !levels.iter().cloned().eq(alone);
        let cells: Vec<Cell> = self
            .lines
            .iter()
            .map(|line| self.cell(name, line, by_topology.then_some(&levels)))
            .collect();
        let ability = match node.kind {
            NodeKind::Guest { .. } => Ability::Guest,
            NodeKind::Cluster | NodeKind::Remote { .. } => {
                let watchdog = self.watchdog && node.kind == NodeKind::Cluster;
                self.ability(&cells, &levels, by_topology, watchdog)
            }
        };
        let best = cells.iter().filter_map(|cell| cell.proven);
        let proven = best.max_by_key(|proof| proof.at(self.seen.now));
        let words = words(name, ability, &cells, proven, self.seen.now);
        NodeReadiness { node: name.to_owned(), ability, words, proven, cells }
    }

    fn cell(&self, node: &str, line: &DeviceLine, levels: Option<&Vec<Vec<Device>>>) -> Cell {
        let device = self.usable.iter().find(|device| device.id == line.id);
        let place = levels.map(|levels| {
            levels.iter().position(|level| level.iter().any(|device| device.id == line.id))
        });
        let can = match (device, place) {
            (None, _) => Can::Disabled,
            (Some(_), Some(None)) => Can::No,
            (Some(device), Some(Some(_)) | None) => can(device, node),
        };
        let used = self.used.get(&(node.to_owned(), line.id.clone())).copied();
        let used = used.map(|at| Proof::Used { at });
        let proven = match can {
            Can::Yes | Can::AskedThen => {
                let both = used.into_iter().chain(line.proof);
                both.max_by_key(|proof| proof.at(self.seen.now))
            }
            Can::No | Can::Disabled => None,
        };
        let level = place.flatten().map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX));
        Cell { device: line.id.clone(), can, level: level.filter(|_| can != Can::No), proven }
    }

    /// The best that any level can do; all devices of a level are needed.
    fn ability(
        &self,
        cells: &[Cell],
        levels: &[Vec<Device>],
        by_topology: bool,
        watchdog: bool,
    ) -> Ability {
        let cell_of = |id: &str| cells.iter().find(|cell| cell.device == id);
        let of_device = |id: &str| match cell_of(id).map(|cell| cell.can) {
            Some(Can::Yes | Can::AskedThen) => {
                let line = self.lines.iter().find(|line| line.id == id);
                match line.map(|line| line.state) {
                    Some(DeviceState::Working) => Ability::Ready,
                    Some(DeviceState::Failed | DeviceState::Stopped | DeviceState::Disabled)
                    | None => Ability::Doubtful,
                }
            }
            Some(Can::No | Can::Disabled) | None => Ability::Impossible,
        };
        let of_level = |level: &Vec<Device>| {
            let worst = level.iter().map(|device| of_device(&device.id)).max();
            worst.unwrap_or(Ability::Impossible)
        };
        let best = levels.iter().map(of_level).min().unwrap_or(Ability::Impossible);
        match best {
            Ability::Ready => Ability::Ready,
            Ability::Doubtful | Ability::Impossible if watchdog && !by_topology => {
                Ability::Watchdog
            }
            Ability::Watchdog | Ability::Doubtful | Ability::Guest | Ability::Impossible => best,
        }
    }
}

fn can(device: &Device, node: &str) -> Can {
    match device.host_check() {
        HostCheck::StaticList if device.lists(node) => Can::Yes,
        HostCheck::StaticList => Can::No,
        HostCheck::None => Can::Yes,
        HostCheck::DynamicList | HostCheck::Status | HostCheck::Automatic => Can::AskedThen,
    }
}

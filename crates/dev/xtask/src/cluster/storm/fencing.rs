//! How a storm's cluster makes sure that a lost node is off.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use corosync::Timing;
use testbed::{Bed, Watchdog};

use super::disk::{self, Disk};
use super::draw::Dice;

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fencing {
    /// By one device, the power switch.
    Switch,
    /// By levels of devices, the first of which refuse, hang, or lie.
    Levels,
    /// By the nodes' own watchdogs, and nothing else.
    Watchdog,
    /// By a message on a disk that all nodes share, and their watchdogs.
    Sbd,
}

/// What resets nodes, and what they read. Must live as long as they do.
pub(super) struct Armed {
    _watchdogs: Vec<Watchdog>,
    disk: Option<Disk>,
}

/// What a watchdog's storm wishes for if nothing else is said.
const SELF_FENCING_FAILOVER: f64 = 12.0;

/// Ways in which levels fail, before the one that works.
const BAD: [&[&str]; 4] = [&["refuses"], &["hangs"], &["refuses", "hangs"], &["hangs", "refuses"]];
/// Levels that work. A lie is harmless beside a device that tells the truth: both are needed.
const GOOD: [&str; 3] = ["power", "third", "liar,power"];

const LEVELS: &str = include_str!("levels.xml");

impl Fencing {
    /// What the seed draws. Two nodes cannot do without a device: each may have quorum alone.
    pub(super) fn drawn(seed: u64, nodes: u32) -> Self {
        match Dice::new(!seed).between(0, 3) {
            0 => Self::Levels,
            1 if nodes > 2 => Self::Watchdog,
            2 => Self::Sbd,
            _ => Self::Switch,
        }
    }

    /// What is wished for if nothing else is said.
    pub(super) fn failover(self) -> Option<f64> {
        match self {
            Self::Switch | Self::Levels => None,
            Self::Watchdog => Some(SELF_FENCING_FAILOVER),
            Self::Sbd => Some(disk::FAILOVER),
        }
    }

    /// The devices, as elements of `resources`.
    pub(super) fn devices(self, bed: &Bed, armed: &Armed) -> String {
        let root = bed.root().display().to_string();
        let power = "<primitive id=\"power\" class=\"stonith\" type=\"fence_bed\"><operations>\
                     <op id=\"power-monitor\" name=\"monitor\" interval=\"10s\" timeout=\"20s\"/>\
                     </operations></primitive>";
        match self {
            Self::Switch => power.to_owned(),
            Self::Levels => format!("{power}{}", LEVELS.replace("@BED@", &root)),
            Self::Watchdog => String::new(),
            Self::Sbd => armed.disk.iter().map(|disk| disk.device(bed)).collect(),
        }
    }

    /// Which device is used for which node, in which order; drawn.
    pub(super) fn topology(self, bed: &Bed, seed: u64) -> String {
        if self != Self::Levels {
            return String::new();
        }
        let mut dice = Dice::new(seed);
        let levels = bed.plan().numbers().flat_map(|node| {
            let bad = dice.pick(&BAD).copied().unwrap_or_default();
            let devices = bad.iter().chain(dice.pick(&GOOD));
            let level = |(index, devices): (usize, &&str)| {
                format!(
                    "<fencing-level id=\"level-{node}-{index}\" target=\"n{node}\" index=\"{index}\" \
                     devices=\"{devices}\"/>"
                )
            };
            (1..).zip(devices).map(level).collect::<Vec<String>>()
        });
        format!("<fencing-topology>{}</fencing-topology>", levels.collect::<String>())
    }

    /// A cluster option, as an element.
    pub(super) fn option(self, timing: Option<Timing>) -> String {
        let Some(timing) = timing.filter(|_| self == Self::Watchdog) else { return String::new() };
        format!(
            "<nvpair id=\"options-watchdog\" name=\"fencing-watchdog-timeout\" value=\"{}ms\"/>",
            timing.self_fencing_wait
        )
    }

    /// Gives each node its watchdog, before its power. Without the answer nobody watches.
    pub(super) fn arm(self, bed: &Bed, timing: Option<Timing>) -> Result<Armed, String> {
        let disk = match self {
            Self::Sbd => Some(Disk::create(bed)?),
            Self::Switch | Self::Levels | Self::Watchdog => None,
        };
        let arm = |node: u32| match (&disk, timing) {
            (Some(disk), _) => disk.heed(bed, node).map(Some),
            (None, Some(timing)) if self == Self::Watchdog => watch(bed, node, timing).map(Some),
            (None, _) => Ok(None),
        };
        let watchdogs = bed.plan().numbers().filter_map(|node| arm(node).transpose());
        Ok(Armed { _watchdogs: watchdogs.collect::<Result<_, _>>()?, disk })
    }
}

/// Has a node's daemon promise to feed a watchdog with a majority only.
fn watch(bed: &Bed, node: u32, timing: Timing) -> Result<Watchdog, String> {
    let device = device_of(bed, node);
    let stall = Duration::from_millis(timing.stall).as_secs_f64();
    let text = format!(
        "stall = {stall:?}\n[watchdog]\ndevice = \"{}\"\ntimeout = {}\n",
        device.display(),
        timing.watchdog
    );
    configure(bed, node, &text)?;
    Watchdog::start(bed.root(), node, &device, Duration::from_secs(timing.watchdog))
}

/// What stands for a node's watchdog.
pub(super) fn device_of(bed: &Bed, node: u32) -> PathBuf {
    bed.node_dir(&format!("n{node}")).join("watchdog")
}

/// Adds this to what a node's daemon is told.
pub(super) fn configure(bed: &Bed, node: u32, text: &str) -> Result<(), String> {
    let file = bed.node_dir(&format!("n{node}")).join("etc/quorate/quorate.toml");
    let open = OpenOptions::new().append(true).open(&file);
    open.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_drawn_and_two_nodes_always_have_a_device() {
        let drawn = |nodes| (0..100).map(move |seed| Fencing::drawn(seed, nodes));
        for kind in [Fencing::Switch, Fencing::Levels, Fencing::Watchdog, Fencing::Sbd] {
            assert!(drawn(3).any(|drawn| drawn == kind));
        }
        assert!(drawn(2).all(|drawn| drawn != Fencing::Watchdog));
    }
}

//! `cargo xtask cluster kill`, `off`, `cut`, ...: one fault each.

use std::path::Path;
use std::time::Duration;

use testbed::{Bed, ask_power};

use super::node;

/// Faults. A node is named as `n2` or `2`.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Kills a node's daemon alone.
    Kill {
        #[arg(value_parser = node)]
        node: u32,
    },
    /// Pulls a node's plug.
    Off {
        #[arg(value_parser = node)]
        node: u32,
    },
    /// Boots a node.
    On {
        #[arg(value_parser = node)]
        node: u32,
    },
    /// Stops all of a node's processes where they are, and lets them go on.
    Pause {
        #[arg(value_parser = node)]
        node: u32,
        seconds: f64,
    },
    /// Cuts a node off, on one link or on all.
    Cut {
        #[arg(value_parser = node)]
        node: u32,
        #[arg(long)]
        link: Option<u32>,
        /// Others hear it, and it hears nobody.
        #[arg(long)]
        one_way: bool,
    },
    /// Mends all links.
    Heal,
    /// Loses so many percent of a node's packets, in and out.
    Drop {
        #[arg(value_parser = node)]
        node: u32,
        #[arg(value_parser = clap::value_parser!(u32).range(0..=100))]
        percent: u32,
    },
    /// Makes a node's packets so many milliseconds late, in and out; 0 ends it.
    Delay {
        #[arg(value_parser = node)]
        node: u32,
        milliseconds: u32,
    },
    /// Kills a node's daemon and changes a byte of what it keeps.
    Corrupt {
        #[arg(value_parser = node)]
        node: u32,
        /// Chooses the file and the byte.
        #[arg(long, default_value_t = 0)]
        choice: u64,
    },
    /// Fills a node's own disk (`up --disk`), or gives the room back.
    Fill {
        #[arg(value_parser = node)]
        node: u32,
        #[arg(long)]
        undo: bool,
    },
    /// Makes each flush to disk of a node's daemon take longer; 0 ends it.
    SlowFsync {
        #[arg(value_parser = node)]
        node: u32,
        milliseconds: u32,
    },
    /// Shifts the wall clock of a node's daemon (`up --clocks`).
    Clock {
        #[arg(value_parser = node)]
        node: u32,
        #[arg(allow_hyphen_values = true)]
        seconds: i64,
    },
    /// How the power switch treats fence agents: `good`, `refuses`, `lies`, or seconds that it takes.
    Switch { mood: String },
}

pub(super) fn fault(root: &Path, verb: &Verb) -> Result<(), String> {
    let bed = Bed::open(root)?;
    match verb {
        Verb::Kill { node } => bed.kill_daemon(*node),
        Verb::Off { node } => ask_power(root, "unplug", &format!("n{node}")).map(drop),
        Verb::On { node } => ask_power(root, "on", &format!("n{node}")).map(drop),
        Verb::Pause { node, seconds } => {
            let length = Duration::try_from_secs_f64(*seconds).map_err(|why| why.to_string())?;
            bed.pause(*node)?;
            std::thread::sleep(length);
            bed.resume(*node)
        }
        Verb::Cut { node, link, one_way } => {
            let outgoing = if *one_way { 0 } else { 100 };
            on_links(&bed, *link, |link| bed.set_link_loss(*node, link, 100, outgoing))
        }
        Verb::Heal => heal(&bed),
        Verb::Drop { node, percent } => {
            on_links(&bed, None, |link| bed.set_link_loss(*node, link, *percent, *percent))
        }
        Verb::Delay { node, milliseconds } => {
            on_links(&bed, None, |link| bed.set_delay(*node, link, *milliseconds))
        }
        Verb::Corrupt { node, choice } => {
            println!("{}", bed.corrupt(*node, *choice)?);
            Ok(())
        }
        Verb::Fill { node, undo: false } => bed.fill(*node),
        Verb::Fill { node, undo: true } => bed.unfill(*node),
        Verb::SlowFsync { node, milliseconds } => bed.slow_flushes(*node, *milliseconds),
        Verb::Clock { node, seconds } => bed.shift_clock(*node, *seconds),
        Verb::Switch { mood } => ask_power(root, "mood", mood).map(drop),
    }
}

/// Does it on one link, or on all.
fn on_links(
    bed: &Bed,
    link: Option<u32>,
    work: impl Fn(u32) -> Result<(), String>,
) -> Result<(), String> {
    match link {
        Some(link) if link >= bed.plan().links => Err(format!("there is no link {link}")),
        Some(link) => work(link),
        None => (0..bed.plan().links).try_for_each(work),
    }
}

/// Mends every link of every node that is on.
pub(super) fn heal(bed: &Bed) -> Result<(), String> {
    for node in bed.plan().numbers() {
        if bed.first_process(node).is_some() {
            on_links(bed, None, |link| bed.set_link_loss(node, link, 0, 0))?;
            on_links(bed, None, |link| bed.set_delay(node, link, 0))?;
        }
    }
    Ok(())
}

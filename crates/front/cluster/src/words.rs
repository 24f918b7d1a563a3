//! The grammar of `quorate cluster`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// What can be done with a cluster.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Make a cluster of this machine, and a token by which the next one joins
    Init(Init),
    /// Make this machine a member: `join TOKEN`
    Join(Join),
    /// Make another token
    Invite(Invite),
    /// Stop here, and go out of the cluster
    Leave(Changing),
    /// Take a node out of the cluster
    Remove(Remove),
    /// Start the cluster here, or on all members
    Start(Power),
    /// Move resources away and stop the cluster here, or on all members
    Stop(Power),
    /// Who is in the cluster and what runs where
    Status,
    /// The links between the members
    #[command(subcommand)]
    Link(Link),
    /// Errors and oddities of a corosync.conf, line by line
    Check {
        /// Another one than this machine's ("-" is standard input)
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// The waiting times of this cluster, or those that follow from a failover time
    Timing(Timing),
    /// Open this machine's door to members and to who has a token (the service quorate-door)
    Listen,
    /// Get the newest corosync.conf from other members (before Corosync starts)
    CatchUp,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Link {
    /// How each link to each member is
    Status,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Changing {
    /// Only show the files and steps
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

/// What a machine that becomes a member is told about itself.
#[derive(Clone, Debug, Args)]
pub(crate) struct Machine {
    /// This node's name; without it the machine's
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// This node's address; once for each link
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) addr: Vec<String>,
    /// The machine's watchdog, which resets it when the daemon hangs
    #[arg(long, value_name = "DEVICE")]
    pub(crate) watchdog: Option<PathBuf>,
    /// Write the files and start nothing
    #[arg(long)]
    pub(crate) no_start: bool,
    /// Put files of another cluster aside
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

#[derive(Clone, Debug, Args)]
pub struct Init {
    /// The cluster's name
    pub(crate) name: String,
    /// From a node's death until its resources may start elsewhere, such as 2s or 1500ms
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) failover_time: Option<Duration>,
    /// Lost nodes are made sure to be off by a device, or by their own watchdogs
    #[arg(long, value_name = "HOW", default_value = "device", value_parser = ["device", "watchdog"])]
    pub(crate) fencing: String,
    /// Where members' doors are
    #[arg(long, default_value_t = crate::own::PORT_DEFAULT)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

#[derive(Clone, Debug, Args)]
pub struct Join {
    /// As `init` or `invite` printed it
    pub(crate) token: String,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Invite {
    /// How long it is good, such as 30min or 2h
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) good_for: Duration,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

#[derive(Clone, Debug, Args)]
pub struct Remove {
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Power {
    /// On all members
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

#[derive(Clone, Debug, Args)]
pub struct Timing {
    /// From a node's death until its resources may start elsewhere; without it, this cluster's file
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) failover_time: Option<Duration>,
    /// For so many nodes; with --apply, for those of the file
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=128))]
    pub(crate) nodes: u64,
    /// Make it so, on every member
    #[arg(long, requires = "failover_time", conflicts_with = "nodes")]
    pub(crate) apply: bool,
    /// With --apply, only show the file
    #[arg(long, short = 'n', requires = "apply")]
    pub(crate) dry_run: bool,
    /// Lost nodes are made sure to be off by a device, or by their own watchdogs
    #[arg(long, value_name = "HOW", default_value = "device", value_parser = ["device", "watchdog"])]
    pub(crate) fencing: String,
}

/// `1500ms`, `2s`, `2`, `30min`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits =
        text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "ms" => 0.001,
        "" | "s" | "sec" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err("expected a time such as 2s, 1500ms, 30min or 1h".to_owned()),
    };
    number
        .parse::<f64>()
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number * seconds).ok())
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "expected a time such as 2s, 1500ms, 30min or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, ms) in [("2", 2_000), ("2s", 2_000), ("1500ms", 1_500), ("0.5s", 500)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)));
        }
        assert_eq!(duration("2 h"), Ok(Duration::from_secs(7200)));
        for text in ["", "s", "2 weeks", "-1s", "0", "1e99h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

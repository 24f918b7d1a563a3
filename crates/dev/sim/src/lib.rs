//! The whole cluster in one thread: N controllers as shipped, simulated machines, network and
//! agents, virtual time, and faults drawn from a seed.
//!
//! A run has a safety phase, in which anything may break, and a liveness phase, in which
//! everything works again and the cluster must heal. [`invariants`] are checked after every
//! event. The same seed gives the same run, to the byte.
//!
//! **Not here:** the daemon, real agents, real time. What cannot be simulated is in the wrong tier.

mod agents;
mod chance;
mod clients;
mod clock;
mod corners;
mod device;
mod event;
mod fabric;
mod faults;
mod invariants;
mod lock;
mod machine;
mod quorum;
mod scene;
mod world;

use std::fmt;

pub use corners::{Corner, Corners};
pub use faults::Faults;

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    /// Virtual length of the safety phase in seconds.
    pub seconds: u64,
    /// Clusters of so many nodes only.
    pub nodes: Option<u32>,
    /// Print every event.
    pub trace: bool,
    /// A defect to plant, by name, to see that the simulator finds it.
    pub plant: Option<Plant>,
}

impl Options {
    /// A run of one seed as the checks make it.
    pub fn seed(seed: u64) -> Self {
        Self { seed, seconds: 120, nodes: None, trace: false, plant: None }
    }
}

/// Defects that the simulator must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Fence devices report success without turning the node off.
    FencingSkipped,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Ran {
    pub seed: u64,
    /// `None` if every invariant held.
    pub violation: Option<Violation>,
    /// Events handled.
    pub events: u64,
    /// Rare corners that this run went through.
    pub corners: Corners,
    /// The last events before the end, or all of them when traced.
    pub trace: Vec<String>,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Which invariant, by its file's name.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
    /// Virtual seconds since the start.
    pub at: f64,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (at {:.3} s)", self.invariant, self.what, self.at)
    }
}

/// Runs one seed.
pub fn run(options: &Options) -> Ran {
    world::World::new(options).run()
}

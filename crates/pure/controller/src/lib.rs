//! One node's brain: `step(now, input) -> effects`.
//!
//! **Not here:** clocks, sockets, processes, disks. The daemon and the simulator are the two
//! performers of its [`Effect`]s.
//!
//! Field word: Pacemaker *controller*, together with what *based*, *fenced* and *attrd* decide.

mod input;

pub use input::{AgentRun, Effect, ExitReason, Input, Now, Record, RunToken, TimerToken};

use cib::Document;
use model::{NodeId, NodeName};

/// Who this node is: fixed for the daemon's life.
#[derive(Clone, Debug)]
pub struct Identity {
    pub id: NodeId,
    pub name: NodeName,
    /// Differs for each life of the daemon (the caller takes it from the clock at start).
    pub incarnation: u64,
    /// Every node of the cluster as configured, this one included.
    pub nodes: Vec<(NodeId, NodeName)>,
}

/// What was read back from the disk.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// `None` on the first start.
    pub configuration: Option<Document>,
    pub lineage: u64,
    /// Earlier configurations, oldest first, for undo.
    pub earlier: Vec<Document>,
}

/// One node's brain.
#[derive(Debug)]
pub struct Controller {
    identity: Identity,
}

impl Controller {
    /// A brain that has not been stepped yet; the first input must be [`Input::Started`].
    pub fn new(identity: Identity, _restored: Restored) -> Self {
        Self { identity }
    }

    /// Takes one input at one moment, and answers what to do, in this order.
    pub fn step(&mut self, _now: Now, _input: Input) -> Vec<Effect> {
        let _ = &self.identity;
        Vec::new()
    }
}

//! What can happen in a run, and when it does.

use controller::{Record, RunToken, TimerToken, Whole};
use model::{NodeId, Outcome, Role};

/// What can happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// The oldest unordered message of a node gets its place.
    Order {
        from: NodeId,
        life: u64,
    },
    Deliver {
        to: NodeId,
        ring: u64,
    },
    /// The fabric notices who is there and who is not.
    Reform,
    Timer {
        node: NodeId,
        life: u64,
        token: TimerToken,
    },
    AgentEnds {
        node: NodeId,
        life: u64,
        run: RunToken,
        outcome: Outcome,
        effect: Option<Option<Role>>,
    },
    /// A fence device acts on its target, whatever its user hears.
    Power {
        node: NodeId,
        on: bool,
    },
    Disk {
        node: NodeId,
        life: u64,
        ticket: u64,
        record: Record,
    },
    /// A disk that is behind is offered the configuration, as the store does by itself.
    DiskRetry {
        node: NodeId,
        life: u64,
    },
    /// It answers to that.
    DiskFolds {
        node: NodeId,
        life: u64,
        whole: Box<Whole>,
    },
    StartDaemon {
        node: NodeId,
    },
    /// The operator starts what was stopped, all or not.
    StartAll,
    /// A daemon that stood still goes on.
    Resume {
        node: NodeId,
        life: u64,
    },
    /// Daemons feed their machines' watchdogs, and those that are starved reset the machine.
    Watchdogs,
    /// Time passes for those who vote for the cluster's lock.
    Voters,
    /// A machine does not reach what decides between halves.
    DeciderLost {
        node: NodeId,
    },
    /// A machine reaches what decides again, and its voter goes on.
    LockMended {
        node: NodeId,
    },
    /// A cable that comes and goes.
    Part,
    Heal,
    Fault,
    ClientEdits,
    /// The safety phase ends.
    Calm,
    /// The operator of the liveness phase cleans up and looks whether all is well.
    Tend,
}

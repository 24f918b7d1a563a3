//! What was done, as the document records it.

use std::sync::Arc;

use cib::Element;
use model::{ExecStatus, OcfCode};

use super::index::{NodeIx, ResIx};

/// The record of one resource on one node. Field word: Pacemaker *lrm_resource*.
#[derive(Clone, Debug)]
pub struct History<'a> {
    pub node: NodeIx,
    /// The resource that this is about; `None` where it could not be matched or made.
    pub resource: Option<ResIx>,
    /// The `id` as recorded.
    pub id: &'a str,
    pub element: Element<'a>,
    /// The agent as recorded: `type`, `class` and `provider`.
    pub(crate) agent: [Option<&'a str>; 3],
    /// In the order in which they happened.
    pub entries: Vec<HistoryEntry<'a>>,
    /// Position of the entry from which on the resource was active, as far as entries tell.
    pub start: Option<usize>,
    /// Position of the last stop that worked.
    pub stop: Option<usize>,
}

/// One recorded result, or an operation under way. Field word: Pacemaker *lrm_rsc_op*.
#[derive(Clone, Debug)]
pub struct HistoryEntry<'a> {
    pub element: Element<'a>,
    pub id: &'a str,
    pub task: &'a str,
    pub interval_ms: u64,
    /// -1 while under way.
    pub call_id: i32,
    pub code: OcfCode,
    pub status: ExecStatus,
    /// Code and status can be read and exist.
    pub(crate) has_result: bool,
    /// Its code or status, of a probe, says no more than that the resource is not there.
    pub(crate) says_absent: bool,
    /// What the scheduler expected, from the transition key; `None` where it has none.
    pub expected: Option<OcfCode>,
    /// Seconds since 1970.
    pub last_change: Option<i64>,
    /// The result is over: its failure has expired.
    pub expired: bool,
    /// A recurring operation whose failure has expired: run it anew.
    pub reschedule: bool,
}

impl HistoryEntry<'_> {
    /// Asked what is there before anything was done.
    pub fn is_probe(&self) -> bool {
        self.task == "monitor" && self.interval_ms == 0
    }

    /// No result yet.
    pub fn is_pending(&self) -> bool {
        self.status == ExecStatus::Pending
    }

    /// An attribute of the record.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.element.attr(name)
    }
}

/// A failure to be shown and acted upon. Field word: Pacemaker *failed op*.
#[derive(Clone, Copy, Debug)]
pub struct FailedEntry<'a> {
    pub node: NodeIx,
    pub resource: Option<ResIx>,
    pub element: Element<'a>,
}

/// A failure after which a resource cannot work on a node, or anywhere.
#[derive(Clone, Copy, Debug)]
pub struct HardFailure<'a> {
    /// Who is kept off: the resource, or the set that it is a copy in.
    pub resource: ResIx,
    /// Everywhere if `None`.
    pub node: Option<NodeIx>,
    pub code: OcfCode,
    /// The record.
    pub element: Element<'a>,
}

/// A record whose parameters must be compared with the configuration's.
#[derive(Clone, Copy, Debug)]
pub struct ParameterCheck<'a> {
    pub resource: ResIx,
    pub node: NodeIx,
    pub element: Element<'a>,
    pub kind: ParameterCheckKind,
}

/// What a changed parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterCheckKind {
    /// Forget the failure.
    LastFailure,
    /// Restart or reload what is active.
    Active,
}

/// What reading history asks for before anything is assigned, in the order of discovery; the
/// actions stage makes these first. One that is asked for twice is here twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EarlyAction {
    /// Cut `node` off. Its `unclean` or `remote_reset` are set already.
    Fence {
        node: NodeIx,
        reason: String,
        /// Whether `priority-fencing-delay` applies.
        delay: bool,
    },
    /// Stop a copy that failed or may be half there.
    Stop { resource: ResIx, node: NodeIx },
    /// `on-fail=demote`.
    Demote { resource: ResIx, node: NodeIx },
    /// What was asked to be stopped there turned out not to be active.
    StopIsOptional { resource: ResIx, node: NodeIx },
    /// This monitor is running.
    Recurring { resource: ResIx, node: NodeIx, task: Arc<str>, interval_ms: u64 },
    /// Forget the failures of `resource` on `node`.
    ClearFailCount {
        resource: ResIx,
        node: NodeIx,
        reason: &'static str,
        /// Only after the remote node that `resource` connects to was fenced, if it is.
        after_fencing: Option<NodeIx>,
        /// Whether `node` was known by then to be a guest that must be started anew. *Compatibility:* what
        /// is found out about it later does not count.
        remote_reset: bool,
    },
    /// Forget everything recorded of `resource` on `node`. Field word: *lrm_delete*.
    ForgetHistory { resource: ResIx, node: NodeIx },
}

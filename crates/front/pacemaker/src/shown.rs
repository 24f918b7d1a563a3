//! What `crm_simulate` and `crm_mon` show, section by section: data for whoever writes it.
//!
//! `lines` writes it for people, as text or as a page; `elements` for programs, as XML.

use model::OcfCode;
use scheduler::{Change, Options, PrivateChanged, ScoreLine};

use crate::status::{Counts, Sections, Status};

/// One section.
#[derive(Clone, Debug)]
pub(crate) enum Section<'s> {
    /// The whole cluster is in maintenance.
    Maintenance,
    /// Something is disabled or blocked.
    Held(Counts),
    Current(Status<'s>),
    Modifications(Vec<Modification<'s>>),
    Scores(Scores<'s>),
    Changes(&'s [Change]),
    Execution(Vec<Step<'s>>),
    Revised(Status<'s>),
    /// What a running cluster is like.
    Monitored(Box<Summary<'s>>, Status<'s>),
    /// A part of a status on its own.
    Plain(Status<'s>),
    Timings(Vec<Timing>),
    Version,
}

/// A cluster in a few words.
#[derive(Clone, Debug)]
pub(crate) struct Summary<'s> {
    /// Which of it is wanted.
    pub(crate) sections: Sections,
    pub(crate) stack: &'s str,
    /// A daemon answered.
    pub(crate) running: bool,
    pub(crate) coordinator: Option<Coordinator<'s>>,
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// The node that answered.
    pub(crate) here: Option<&'s str>,
    pub(crate) written: Written<'s>,
    pub(crate) nodes: usize,
    pub(crate) counts: Counts,
    pub(crate) options: &'s Options,
}

/// The node that plans.
#[derive(Clone, Debug)]
pub(crate) struct Coordinator<'s> {
    pub(crate) name: &'s str,
    pub(crate) id: &'s str,
    /// Its name as it is shown.
    pub(crate) display: String,
    pub(crate) version: Option<&'s str>,
    pub(crate) quorate: bool,
    /// Not all nodes have the same software.
    pub(crate) mixed: bool,
}

/// The last change of the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written<'s> {
    pub(crate) at: Option<&'s str>,
    pub(crate) user: Option<&'s str>,
    pub(crate) client: Option<&'s str>,
    pub(crate) origin: Option<&'s str>,
}

/// One change that was made to the document before planning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Modification<'s> {
    Options {
        quorum: Option<&'s str>,
        watchdog: Option<&'s str>,
    },
    Node {
        change: NodeChanged,
        node: &'s str,
    },
    Ticket {
        change: TicketChanged,
        ticket: &'s str,
    },
    /// A result of an operation, as the command line wrote it.
    Operation {
        spec: &'s str,
    },
    /// What a result changed besides.
    Attribute {
        name: String,
        value: String,
        /// The id of the node's state.
        node: String,
    },
}

/// What was done to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeChanged {
    Up,
    Down,
    Failing,
}

/// What was done to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketChanged {
    Granted,
    Revoked,
    Standby,
    Activated,
}

/// Scores, capacities and demands, as far as they are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scores<'s> {
    pub(crate) scores: bool,
    pub(crate) utilization: bool,
    pub(crate) lines: &'s [ScoreLine],
    /// What is said before them.
    pub(crate) private_changes: &'s [PrivateChanged],
}

impl<'s> Scores<'s> {
    /// The lines that are wanted.
    pub(crate) fn wanted(self) -> impl Iterator<Item = &'s ScoreLine> {
        self.lines
            .iter()
            .filter(move |line| if line.is_utilization() { self.utilization } else { self.scores })
    }
}

/// One action of a plan that was carried out on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<'s> {
    Milestone {
        key: &'s str,
        node: Option<&'s str>,
    },
    Fencing {
        node: &'s str,
        how: &'s str,
    },
    Bookkeeping {
        task: &'s str,
        node: &'s str,
        resource: Option<&'s str>,
    },
    Resource {
        resource: String,
        task: &'s str,
        node: &'s str,
        /// In milliseconds; 0 for what is done once.
        interval: u128,
    },
    /// The last action was to fail.
    Failed {
        action: u32,
        code: OcfCode,
    },
    /// What that changed besides.
    Counted(Modification<'s>),
}

/// How long planning for a document took.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    pub(crate) file: String,
    pub(crate) seconds: f64,
    pub(crate) runs: Vec<Run>,
}

/// One time that was planned for a document.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) note: Option<String>,
    /// Those that are wanted.
    pub(crate) scores: Vec<ScoreLine>,
}

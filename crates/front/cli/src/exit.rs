//! Exit codes: one table for every way in which a command can end.

use std::process::ExitCode;

use client::ClientError;
use wire::api::Refused;

use crate::trouble::Trouble;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Different,
    Declined,
    Unknown,
    StillBusy,
    WithFailures,
    NoQuorum,
    NotReady,
    Stale,
    Invalid,
    NothingToUndo,
    StillMember,
    NotStored,
    Refused,
    AgentSaysNo,
    Usage,
    BadData,
    NoInput,
    Unavailable,
    Failed,
    NoAnswer,
    Protocol,
    NotPermitted,
}

impl Exit {
    /// Every way, in the order of the numbers.
    pub const ALL: [Self; 23] = [
        Self::Done,
        Self::Different,
        Self::Declined,
        Self::Unknown,
        Self::StillBusy,
        Self::WithFailures,
        Self::NoQuorum,
        Self::NotReady,
        Self::Stale,
        Self::Invalid,
        Self::NothingToUndo,
        Self::StillMember,
        Self::NotStored,
        Self::Refused,
        Self::AgentSaysNo,
        Self::Usage,
        Self::BadData,
        Self::NoInput,
        Self::Unavailable,
        Self::Failed,
        Self::NoAnswer,
        Self::Protocol,
        Self::NotPermitted,
    ];

    /// The number. From 64 on they are those of `sysexits.h`.
    pub fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Different => 1,
            Self::Declined => 3,
            Self::Unknown => 4,
            Self::StillBusy => 5,
            Self::WithFailures => 6,
            Self::NoQuorum => 10,
            Self::NotReady => 11,
            Self::Stale => 12,
            Self::Invalid => 13,
            Self::NothingToUndo => 14,
            Self::StillMember => 15,
            Self::NotStored => 16,
            Self::Refused => 17,
            Self::AgentSaysNo => 18,
            Self::Usage => 64,
            Self::BadData => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Failed => 74,
            Self::NoAnswer => 75,
            Self::Protocol => 76,
            Self::NotPermitted => 77,
        }
    }

    /// What the number says.
    pub fn words(self) -> &'static str {
        match self {
            Self::Done => "as asked",
            Self::Different => "no: the check found errors, or the two differ",
            Self::Declined => "nothing was changed: you said no, or there was nobody to ask",
            Self::Unknown => "there is no resource, node or thing of that name",
            Self::StillBusy => "the change was made, but the cluster still has work to do",
            Self::WithFailures => "the change was made, but actions that it led to failed",
            Self::NoQuorum => "refused: no quorum",
            Self::NotReady => "refused: the nodes are agreeing on their state; try again",
            Self::Stale => "refused: the configuration was changed by somebody else meanwhile",
            Self::Invalid => "refused: the document would not be valid",
            Self::NothingToUndo => "refused: there is no earlier configuration",
            Self::StillMember => "refused: a member cannot be declared off",
            Self::NotStored => "refused: the disks do not take it",
            Self::Refused => "refused: the cluster or a member of it said no, and why",
            Self::AgentSaysNo => {
                "the agent that was run by hand failed, or does not run what it should"
            }
            Self::Usage => "the command line is not understood",
            Self::BadData => "a file is not what it should be",
            Self::NoInput => "a file cannot be read",
            Self::Unavailable => "no daemon answers",
            Self::Failed => "the machine failed us: a file cannot be written, a program not run",
            Self::NoAnswer => "the daemon did not answer in time",
            Self::Protocol => "the daemon's answer is not understood",
            Self::NotPermitted => "you may not do that",
        }
    }

    /// For the end of the process.
    pub fn code(self) -> ExitCode {
        ExitCode::from(self.number())
    }
}

impl Trouble {
    /// The command's end after this trouble.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => client(error),
            Self::Kept { trouble, .. } => trouble.exit(),
            Self::Cluster { kind, .. } => cluster(*kind),
            Self::Unknown { .. } => Exit::Unknown,
            Self::Declined | Self::NobodyToAsk => Exit::Declined,
            Self::StillBusy { .. } => Exit::StillBusy,
            Self::Failed { .. } => Exit::WithFailures,
            Self::Usage { .. } | Self::NeedsDaemon { .. } => Exit::Usage,
            Self::Misfits { .. } | Self::ActiveElsewhere { .. } => Exit::Refused,
            Self::Malformed { .. } => Exit::BadData,
            Self::Read { .. } => Exit::NoInput,
            Self::Write { .. } | Self::Editor { .. } | Self::Screen(_) => Exit::Failed,
        }
    }
}

fn cluster(kind: cluster::Kind) -> Exit {
    match kind {
        cluster::Kind::Usage => Exit::Usage,
        cluster::Kind::BadData => Exit::BadData,
        cluster::Kind::NoInput => Exit::NoInput,
        cluster::Kind::Unavailable => Exit::Unavailable,
        cluster::Kind::Refused => Exit::Refused,
        cluster::Kind::Unknown => Exit::Unknown,
        cluster::Kind::Failed => Exit::Failed,
        cluster::Kind::NotPermitted => Exit::NotPermitted,
    }
}

fn client(error: &ClientError) -> Exit {
    match error {
        ClientError::Connect { .. } | ClientError::Broken { .. } => Exit::Unavailable,
        ClientError::Deadline { .. } => Exit::NoAnswer,
        ClientError::Garbled { .. } => Exit::Protocol,
        ClientError::Refused(refused) => match refused {
            Refused::NoQuorum | Refused::MayBeOlder { .. } => Exit::NoQuorum,
            Refused::NotReady => Exit::NotReady,
            Refused::Stale { .. } => Exit::Stale,
            Refused::Invalid { .. } => Exit::Invalid,
            Refused::UnknownNode { .. } => Exit::Unknown,
            Refused::NothingToUndo => Exit::NothingToUndo,
            Refused::StillMember { .. } => Exit::StillMember,
            Refused::NotStored { .. } => Exit::NotStored,
            Refused::NotPermitted => Exit::NotPermitted,
        },
    }
}

//! Exit codes of Pacemaker's tools, and the words for them.

use std::io;

use client::ClientError;
use model::OcfCode;
use wire::api::Refused;

/// How a tool ended. The numbers are Pacemaker's `crm_exit_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Error = 1,
    /// A parameter makes no sense.
    InvalidParameter = 2,
    /// There is no such thing here yet.
    Unimplemented = 3,
    NotPermitted = 4,
    NotInstalled = 5,
    /// The agent is not configured as it needs.
    NotConfigured = 6,
    /// It does not run.
    NotRunning = 7,
    Promoted = 8,
    FailedPromoted = 9,
    Usage = 64,
    /// The input is not what it should be.
    Data = 65,
    /// An answer makes no sense.
    Software = 70,
    /// The system refused what should always work.
    OsError = 71,
    /// A file of the system is not there.
    NoFile = 72,
    /// A file cannot be made.
    CannotCreate = 73,
    /// Reading or writing failed.
    Io = 74,
    /// What was asked is not understood.
    Protocol = 76,
    /// The configuration is not valid.
    Config = 78,
    /// There is no running cluster to ask.
    Disconnected = 102,
    /// There is something newer already.
    Old = 103,
    /// Checksums differ.
    Digest = 104,
    /// What was named is not there.
    NoSuch = 105,
    /// Too few of those who count are here.
    Quorum = 106,
    /// It would do damage, and was not forced.
    Unsafe = 107,
    /// What was to be made is there already.
    Exists = 108,
    /// More than one thing was named.
    Multiple = 109,
    /// It was in effect before.
    Expired = 110,
    /// It will be in effect later.
    NotYet = 111,
    /// It makes no sense here.
    NotApplicable = 113,
    /// It took too long.
    Timeout = 124,
    /// It works, and may not for long.
    Degraded = 190,
    DegradedPromoted = 191,
}

/// What agents end with, and tools that run one.
const OF_AGENTS: [Exit; 12] = [
    Exit::Ok,
    Exit::Error,
    Exit::InvalidParameter,
    Exit::Unimplemented,
    Exit::NotPermitted,
    Exit::NotInstalled,
    Exit::NotConfigured,
    Exit::NotRunning,
    Exit::Promoted,
    Exit::FailedPromoted,
    Exit::Degraded,
    Exit::DegradedPromoted,
];

impl Exit {
    /// For what an agent ended with.
    pub(crate) fn of_agent(code: OcfCode) -> Self {
        let same = |exit: &Self| i32::from(*exit as u8) == code.0;
        OF_AGENTS.into_iter().find(same).unwrap_or(Self::Error)
    }

    /// For what the system refused.
    pub(crate) fn of(error: &io::Error) -> Self {
        // The kinds are another's, and more may come: no match.
        let kind = error.kind();
        if kind == io::ErrorKind::NotFound {
            Self::NoSuch
        } else if kind == io::ErrorKind::PermissionDenied {
            Self::NotPermitted
        } else if kind == io::ErrorKind::AlreadyExists {
            Self::Exists
        } else {
            Self::Error
        }
    }

    /// Pacemaker's words for why there is no document to work with.
    pub(crate) fn reason(self) -> &'static str {
        if self == Self::Disconnected {
            "Transport endpoint is not connected"
        } else if self == Self::NoSuch {
            "No such device or address"
        } else if self == Self::Data {
            "Update does not conform to the configured schema"
        } else {
            words_of(self)
        }
    }

    /// For what a daemon did not answer, or refused.
    pub(crate) fn of_client(error: &ClientError) -> Self {
        match error {
            ClientError::Connect { .. } | ClientError::Broken { .. } => Self::Disconnected,
            ClientError::Deadline { .. } | ClientError::Refused(Refused::NotReady) => Self::Timeout,
            ClientError::Garbled { .. } => Self::Error,
            ClientError::Refused(Refused::NoQuorum | Refused::MayBeOlder { .. }) => Self::Quorum,
            ClientError::Refused(Refused::UnknownNode { .. }) => Self::NoSuch,
            ClientError::Refused(Refused::Invalid { .. }) => Self::Config,
            ClientError::Refused(Refused::NotPermitted) => Self::NotPermitted,
            ClientError::Refused(
                Refused::Stale { .. }
                | Refused::NothingToUndo
                | Refused::StillMember { .. }
                | Refused::NotStored { .. },
            ) => Self::Error,
        }
    }
}

/// Pacemaker's words for an exit code of a tool.
pub(crate) fn words_of(exit: Exit) -> &'static str {
    words(OcfCode(i32::from(exit as u8)))
}

/// The system's words for what it refused, without the number.
pub(crate) fn system_words(error: &io::Error) -> String {
    let words = error.to_string();
    match words.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => words,
    }
}

/// Pacemaker's words for an agent's exit code where it is shown as a tool's exit code.
pub(crate) fn words(code: OcfCode) -> &'static str {
    match code.0 {
        0 => "OK",
        1 => "Error occurred",
        2 => "Invalid parameter",
        3 => "Unimplemented",
        4 => "Insufficient privileges",
        5 => "Not installed",
        6 => "Not configured",
        7 => "Not running",
        8 => "Promoted",
        9 => "Failed in promoted role",
        64 => "Incorrect usage",
        65 => "Invalid data given",
        66 => "Input file not available",
        67 => "User does not exist",
        68 => "Host does not exist",
        69 => "Necessary service unavailable",
        70 => "Internal software bug",
        71 => "Operating system error occurred",
        72 => "System file not available",
        73 => "Cannot create output file",
        74 => "I/O error occurred",
        75 => "Temporary failure, try again",
        76 => "Protocol violated",
        77 => "Insufficient privileges",
        78 => "Invalid configuration",
        100 => "Fatal error occurred, will not respawn",
        101 => "System panic required",
        102 => "Not connected",
        103 => "Update was older than existing configuration",
        104 => "Digest mismatch",
        105 => "No such object",
        106 => "Quorum required",
        107 => "Operation not safe",
        108 => "Requested item already exists",
        109 => "Multiple items match request",
        110 => "Requested item has expired",
        111 => "Requested item is not yet in effect",
        112 => "Could not determine status",
        113 => "Not applicable under current conditions",
        114 => "DC is not yet elected",
        124 => "Timeout occurred",
        190 => "Service is active but might fail soon",
        191 => "Service is promoted but might fail soon",
        193 => "No exit status available",
        255 => "Error occurred",
        129..=254 => "Interrupted by signal",
        _ => "Unknown exit status",
    }
}

//! What an action came to.

use std::fmt;

/// An agent's exit code, by the OCF Resource Agent API 1.1, with Pacemaker's additions from 190.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OcfCode(pub i32);

impl OcfCode {
    pub const OK: Self = Self(0);
    pub const GENERIC: Self = Self(1);
    pub const INVALID_PARAMETER: Self = Self(2);
    pub const UNIMPLEMENTED: Self = Self(3);
    pub const INSUFFICIENT_PRIVILEGE: Self = Self(4);
    pub const NOT_INSTALLED: Self = Self(5);
    pub const NOT_CONFIGURED: Self = Self(6);
    pub const NOT_RUNNING: Self = Self(7);
    pub const RUNNING_PROMOTED: Self = Self(8);
    pub const FAILED_PROMOTED: Self = Self(9);
    pub const DEGRADED: Self = Self(190);
    pub const DEGRADED_PROMOTED: Self = Self(191);
    /// No answer was had. Field word: Pacemaker *unknown*.
    pub const UNKNOWN: Self = Self(193);

    /// Pacemaker's words for the code, as in `crm_mon`'s failed actions.
    pub fn words(self) -> &'static str {
        match self.0 {
            0 => "ok",
            1 => "error",
            2 => "invalid parameter",
            3 => "unimplemented feature",
            4 => "insufficient privileges",
            5 => "not installed",
            6 => "not configured",
            7 => "not running",
            8 => "promoted",
            9 => "promoted (failed)",
            190 => "degraded",
            191 => "promoted (degraded)",
            193 => "unknown",
            _ => "unknown exit status",
        }
    }
}

impl fmt::Display for OcfCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How the run itself went, apart from the agent's answer. The numbers are Pacemaker's
/// `op-status` in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExecStatus {
    Pending = -1,
    Done = 0,
    Cancelled = 1,
    TimedOut = 2,
    NotSupported = 3,
    Error = 4,
    ErrorHard = 5,
    ErrorFatal = 6,
    NotInstalled = 7,
    NotConnected = 8,
    Invalid = 9,
    NoFenceDevice = 10,
    NoSecrets = 11,
}

impl ExecStatus {
    /// How a run went that ended with `code`, in words: its own fate where the agent had no answer, else
    /// the answer.
    pub fn told_with(self, code: OcfCode) -> String {
        match self {
            Self::Done | Self::Error | Self::ErrorHard | Self::ErrorFatal => {
                code.words().to_owned()
            }
            Self::TimedOut => "timed out".to_owned(),
            Self::Pending
            | Self::Cancelled
            | Self::NotSupported
            | Self::NotInstalled
            | Self::NotConnected
            | Self::Invalid
            | Self::NoFenceDevice
            | Self::NoSecrets => self.words().to_lowercase(),
        }
    }

    /// Pacemaker's words, as in `crm_mon`'s failed actions.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Done => "Done",
            Self::Cancelled => "Cancelled",
            Self::TimedOut => "Timed out",
            Self::NotSupported => "Unsupported",
            Self::Error => "Error",
            Self::ErrorHard => "Hard error",
            Self::ErrorFatal => "Fatal error",
            Self::NotInstalled => "Not installed",
            Self::NotConnected => "Internal communication failure",
            Self::Invalid => "Cannot execute now",
            Self::NoFenceDevice => "No fence device",
            Self::NoSecrets => "CIB secrets unavailable",
        }
    }

    /// From the number in the document; unknown numbers are errors.
    pub fn from_number(number: i32) -> Self {
        match number {
            -1 => Self::Pending,
            0 => Self::Done,
            1 => Self::Cancelled,
            2 => Self::TimedOut,
            3 => Self::NotSupported,
            5 => Self::ErrorHard,
            6 => Self::ErrorFatal,
            7 => Self::NotInstalled,
            8 => Self::NotConnected,
            9 => Self::Invalid,
            10 => Self::NoFenceDevice,
            11 => Self::NoSecrets,
            _ => Self::Error,
        }
    }
}

/// What one run of an agent came to: what is recorded in the document's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub code: OcfCode,
    pub status: ExecStatus,
    /// Words from the agent or the executor; empty if there are none.
    pub reason: String,
    /// How long the agent ran, in milliseconds.
    pub exec_ms: u64,
    /// How long it waited for its turn, in milliseconds.
    pub queue_ms: u64,
}

impl Outcome {
    /// The agent ended by itself with `code`.
    pub fn done(code: OcfCode) -> Self {
        Self { code, status: ExecStatus::Done, reason: String::new(), exec_ms: 0, queue_ms: 0 }
    }

    /// The run failed in a way that the agent did not report itself.
    pub fn failed(status: ExecStatus, code: OcfCode, reason: impl Into<String>) -> Self {
        Self { code, status, reason: reason.into(), exec_ms: 0, queue_ms: 0 }
    }
}

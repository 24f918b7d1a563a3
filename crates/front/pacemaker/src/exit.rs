//! Exit codes of Pacemaker's tools, and the words for them.

use model::OcfCode;

/// How a tool ended. The numbers are Pacemaker's `crm_exit_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Error = 1,
    NotPermitted = 4,
    Usage = 64,
    /// The input is not what it should be.
    Data = 65,
    /// Reading or writing failed.
    Io = 74,
    /// The configuration is not valid.
    Config = 78,
    /// There is no running cluster to ask.
    Disconnected = 102,
    /// What was named is not there.
    NoSuch = 105,
    /// Fewer than half of the votes are here.
    Quorum = 106,
    /// It took too long.
    Timeout = 124,
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
        190 => "Service is active but might fail soon",
        191 => "Service is promoted but might fail soon",
        129..=254 => "Interrupted by signal",
        _ => "Unknown exit status",
    }
}

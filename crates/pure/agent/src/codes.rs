//! What an agent's exit code says: the one table that interprets numbers.
//!
//! Sources: OCF Resource Agent API 1.1, section 3.5 "Exit status"; Linux Standard Base 5.0, "Init
//! Script Actions"; Pacemaker Administration, "OCF Return Codes" for the codes from 190.

use model::{OcfCode, Role};

use crate::standard::Standard;

/// The text before an agent's own words about a failure, on its standard error. Agents learn it
/// from `OCF_EXIT_REASON_PREFIX`.
pub const EXIT_REASON_PREFIX: &str = "ocf-exit-reason:";

/// The OCF code for exit code `code` of an agent of `standard` that ran `action`.
///
/// A number without a meaning becomes [`OcfCode::GENERIC`]; [`is_meaningful`] tells them apart. `stdout`
/// is what the agent wrote: scripts of Heartbeat say there how the resource is, and nowhere else.
pub fn to_ocf(standard: Standard, action: &str, code: i32, stdout: &str) -> OcfCode {
    if standard == Standard::Heartbeat && is_status(action) {
        return heartbeat_status(stdout);
    }
    if !is_meaningful(standard, action, code) {
        return OcfCode::GENERIC;
    }
    match standard {
        Standard::Ocf => OcfCode(code),
        // 2 is "off" in answer to `status`, and must never be read as OCF's "invalid parameter".
        Standard::Fence => match code {
            0 => OcfCode::OK,
            2 if action == "status" => OcfCode::NOT_RUNNING,
            _ => OcfCode::GENERIC,
        },
        Standard::Lsb | Standard::Service | Standard::Systemd => {
            if is_status(action) {
                lsb_status(code)
            } else {
                OcfCode(code)
            }
        }
        Standard::Heartbeat => OcfCode(code),
    }
}

/// Whether the standard gives `code` a meaning as an answer to `action`.
pub fn is_meaningful(standard: Standard, action: &str, code: i32) -> bool {
    match standard {
        Standard::Ocf => matches!(code, 0..=9 | 190 | 191),
        Standard::Lsb | Standard::Service | Standard::Systemd => {
            // 150 and 151 are what init scripts of old clusters used for "not installed" and
            // "insufficient privileges" in answer to `status`.
            if is_status(action) {
                matches!(code, 0..=4 | 150 | 151)
            } else {
                matches!(code, 0..=7)
            }
        }
        // Whatever number comes with a status, the words count.
        Standard::Heartbeat => is_status(action) || matches!(code, 0..=7),
        Standard::Fence => matches!(code, 0..=2),
    }
}

/// What a script of Heartbeat says in answer to `status`: "stopped" and "not running" win over
/// "running" in any case and over "OK" in capitals; who says none of these is not running.
fn heartbeat_status(stdout: &str) -> OcfCode {
    let lower = stdout.to_lowercase();
    let not_running = lower.split_once("not").is_some_and(|(_, rest)| rest.contains("running"));
    if lower.contains("stopped") || not_running {
        OcfCode::NOT_RUNNING
    } else if lower.contains("running") || stdout.contains("OK") {
        OcfCode::OK
    } else {
        OcfCode::NOT_RUNNING
    }
}

fn is_status(action: &str) -> bool {
    matches!(action, "monitor" | "status")
}

fn lsb_status(code: i32) -> OcfCode {
    match code {
        0 => OcfCode::OK,
        // Dead with a pid file, dead with a lock file, not running.
        1..=3 => OcfCode::NOT_RUNNING,
        150 => OcfCode::NOT_INSTALLED,
        151 => OcfCode::INSUFFICIENT_PRIVILEGE,
        _ => OcfCode::GENERIC,
    }
}

/// What an answer says about the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is active in this role, and well.
    Active(Role),
    /// It is active in this role and works, but not as well as it should.
    Degraded(Role),
    /// It is not active.
    Inactive,
    /// It is active in this role, and broken.
    Broken(Role),
    /// It cannot be said: the agent failed.
    Failed(Severity),
}

/// Where a failure of an agent forbids to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nowhere: recover as configured.
    Soft,
    /// On this node. Field word: *hard*.
    Node,
    /// On every node: the configuration is wrong. Field word: *fatal*.
    Cluster,
}

/// What `code` says in answer to a monitor.
pub fn meaning(code: OcfCode) -> Meaning {
    match code {
        OcfCode::OK => Meaning::Active(Role::Started),
        OcfCode::RUNNING_PROMOTED => Meaning::Active(Role::Promoted),
        OcfCode::DEGRADED => Meaning::Degraded(Role::Started),
        OcfCode::DEGRADED_PROMOTED => Meaning::Degraded(Role::Promoted),
        OcfCode::NOT_RUNNING => Meaning::Inactive,
        OcfCode::FAILED_PROMOTED => Meaning::Broken(Role::Promoted),
        other => Meaning::Failed(severity(other)),
    }
}

/// How far a failure with `code` reaches.
pub fn severity(code: OcfCode) -> Severity {
    match code {
        OcfCode::INVALID_PARAMETER
        | OcfCode::UNIMPLEMENTED
        | OcfCode::INSUFFICIENT_PRIVILEGE
        | OcfCode::NOT_INSTALLED => Severity::Node,
        OcfCode::NOT_CONFIGURED => Severity::Cluster,
        _ => Severity::Soft,
    }
}

/// Whether `code` is success for an action that changes the resource (`start`, `stop`, `promote`,
/// `demote`, `migrate_to`, `notify`, ...) or, for `monitor`, that the resource is active.
pub fn succeeded(action: &str, code: OcfCode) -> bool {
    match action {
        "monitor" | "status" => {
            matches!(meaning(code), Meaning::Active(_) | Meaning::Degraded(_))
        }
        _ => code == OcfCode::OK,
    }
}

/// The agent's own words: the rest of the last line with [`EXIT_REASON_PREFIX`] on its standard
/// error; empty if there are none.
pub fn exit_reason(stderr: &str) -> &str {
    stderr
        .rsplit_once(EXIT_REASON_PREFIX)
        .and_then(|(_, rest)| rest.lines().next())
        .unwrap_or("")
        .trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ocf_codes_are_themselves_or_generic() {
        for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 190, 191] {
            assert_eq!(to_ocf(Standard::Ocf, "start", code, ""), OcfCode(code));
        }
        for code in [-1, 10, 127, 189, 192, 255, 70_000] {
            assert!(!is_meaningful(Standard::Ocf, "start", code), "{code}");
            assert_eq!(to_ocf(Standard::Ocf, "start", code, ""), OcfCode::GENERIC, "{code}");
        }
    }

    #[test]
    fn init_scripts_have_two_tables() {
        let status = |code| to_ocf(Standard::Lsb, "monitor", code, "");
        assert_eq!(status(0), OcfCode::OK);
        for dead in 1..=3 {
            assert_eq!(status(dead), OcfCode::NOT_RUNNING, "{dead}");
        }
        assert_eq!(status(4), OcfCode::GENERIC);
        assert_eq!(status(150), OcfCode::NOT_INSTALLED);
        assert_eq!(to_ocf(Standard::Lsb, "start", 5, ""), OcfCode::NOT_INSTALLED);
        assert_eq!(to_ocf(Standard::Lsb, "start", 8, ""), OcfCode::GENERIC);
    }

    #[test]
    fn scripts_of_heartbeat_say_their_status_in_words() {
        for (stdout, running) in [
            ("INFO: IPaddr Running OK\n", true),
            ("INFO: IPaddr Resource is stopped\n", false),
            ("not running", false),
            ("NOT yet Running", false),
            ("running", true),
            ("OK", true),
            ("ok", false),
            ("", false),
            ("ERROR: IPaddr Generic error", false),
            ("Stopped OK", false),
        ] {
            let expected = if running { OcfCode::OK } else { OcfCode::NOT_RUNNING };
            for code in [0, 3, 99] {
                assert_eq!(
                    to_ocf(Standard::Heartbeat, "monitor", code, stdout),
                    expected,
                    "{stdout}"
                );
            }
        }
        assert_eq!(to_ocf(Standard::Heartbeat, "start", 1, "running"), OcfCode::GENERIC);
        assert_eq!(to_ocf(Standard::Heartbeat, "stop", 0, ""), OcfCode::OK);
    }

    #[test]
    fn a_device_that_is_off_is_no_invalid_parameter() {
        assert_eq!(to_ocf(Standard::Fence, "status", 2, ""), OcfCode::NOT_RUNNING);
        assert_eq!(to_ocf(Standard::Fence, "monitor", 2, ""), OcfCode::GENERIC);
        assert_eq!(to_ocf(Standard::Fence, "off", 0, ""), OcfCode::OK);
    }

    #[test]
    fn degraded_is_active_and_promoted_start_is_no_success() {
        assert!(succeeded("monitor", OcfCode::DEGRADED));
        assert!(succeeded("monitor", OcfCode::RUNNING_PROMOTED));
        assert!(!succeeded("start", OcfCode::RUNNING_PROMOTED));
        assert!(!succeeded("stop", OcfCode::NOT_RUNNING));
        assert_eq!(meaning(OcfCode::FAILED_PROMOTED), Meaning::Broken(Role::Promoted));
        assert_eq!(severity(OcfCode::NOT_CONFIGURED), Severity::Cluster);
    }

    #[test]
    fn the_last_reason_counts() {
        let stderr = "ocf-exit-reason:first\nnoise\nocf-exit-reason:disk is full \nmore";
        assert_eq!(exit_reason(stderr), "disk is full");
        assert_eq!(exit_reason("ocf-exit-reason:"), "");
        assert_eq!(exit_reason("plain words"), "");
    }
}

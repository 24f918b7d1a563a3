//! What an OCF agent is given and answers.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::ExitCode;

/// An answer, by the OCF Resource Agent API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Ok = 0,
    Generic = 1,
    Unimplemented = 3,
    NotInstalled = 5,
    NotConfigured = 6,
    NotRunning = 7,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why an action failed: the code, and words for the operator; none if they were said already.
pub(crate) type Failure = (Code, String);

/// A failure without a more fitting code.
pub(crate) fn failed(reason: impl Into<String>) -> Failure {
    (Code::Generic, reason.into())
}

/// Says how an action ended, as agents do.
#[expect(clippy::print_stderr, reason = "the agent's standard error, which the executor reads")]
pub(crate) fn answer(result: Result<Code, Failure>) -> ExitCode {
    match result {
        Ok(code) => code.into(),
        Err((code, reason)) => {
            if !reason.is_empty() {
                eprintln!("ocf-exit-reason:{reason}");
            }
            code.into()
        }
    }
}

/// To the system's log, as `quorate-AGENT` with the resource's name.
pub(crate) fn log(agent: &str, line: &str) {
    // Facility daemon, severity notice (RFC 3164).
    let text = format!("<29>quorate-{agent}[{}]: {}: {line}", std::process::id(), instance());
    // Where nobody listens, nobody hears.
    let _ = UnixDatagram::unbound().and_then(|log| log.send_to(text.as_bytes(), "/dev/log"));
}

/// The value of a parameter that the user set; an empty one counts as not set.
pub(crate) fn parameter(name: &str) -> Option<String> {
    std::env::var(format!("OCF_RESKEY_{name}")).ok().filter(|value| !value.is_empty())
}

/// A parameter that must be set.
pub(crate) fn required(name: &str) -> Result<String, Failure> {
    parameter(name).ok_or_else(|| (Code::NotConfigured, format!("parameter {name} is not set")))
}

/// The resource's name.
pub(crate) fn instance() -> String {
    std::env::var("OCF_RESOURCE_INSTANCE").unwrap_or_else(|_| "default".to_owned())
}

/// The node's name.
pub(crate) fn node() -> String {
    std::env::var("QUORATE_NODE").unwrap_or_else(|_| "localhost".to_owned())
}

/// Where state is kept that must not survive the node's power-off.
pub(crate) fn run_dir() -> PathBuf {
    let own = std::env::var_os(process::RUN_DIRECTORY).map(PathBuf::from);
    let shared = || Some(PathBuf::from(std::env::var_os(process::NODE_MARK)?).join("run"));
    own.or_else(shared).unwrap_or_else(|| PathBuf::from(process::RUN_OF_MACHINE))
}

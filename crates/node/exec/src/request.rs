//! What an executor is asked, and what it answers.

use std::fmt;
use std::time::Duration;

use agent::ParameterKinds;
use model::{AgentRef, Outcome, ResourceId};
use tokio::sync::oneshot;

/// Names one run. The caller chooses it and must not use it twice in one life of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationToken(pub u64);

/// One run of an agent.
#[derive(Clone, PartialEq, Eq)]
pub struct RunRequest {
    pub token: OperationToken,
    /// The resource's or instance's id; for a fence agent the device's.
    pub resource: ResourceId,
    pub agent: AgentRef,
    /// `start`, `monitor`, ... or, for a fence agent, `off`, `reboot`, `on`, `status`, `list`.
    pub action: String,
    /// The agent's parameters and `CRM_meta_*`, as a plan has them.
    pub parameters: Vec<(String, String)>,
    /// How long the agent may run; zero is no limit.
    pub timeout: Duration,
    /// Wait this long before the start.
    pub delay: Duration,
}

impl RunRequest {
    /// The value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A monitor that is not repeated. Field word: *probe*.
    pub(crate) fn is_probe(&self) -> bool {
        self.action == "monitor"
            && self.parameter("CRM_meta_interval").is_none_or(|text| text == "0")
    }
}

impl fmt::Debug for RunRequest {
    /// Without the values of parameters: some are secret, and this may end in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({})", self.action, self.resource, self.agent)
    }
}

/// What an executor reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A run ended, was cancelled or could not be started. Each request has exactly one.
    Finished(Finished),
    /// A process that the resource's agent had left running has ended: time for a real monitor.
    WatchedDied { resource: ResourceId },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub token: OperationToken,
    pub resource: ResourceId,
    pub outcome: Outcome,
    /// What the agent wrote to its standard output; the middle of long output is left out.
    pub stdout: String,
    /// The same of its standard error.
    pub stderr: String,
    /// How its process ended, whatever that means.
    pub exit: Exit,
    /// What the agent's description says of its parameters; nothing, if it was not needed.
    pub kinds: ParameterKinds,
}

impl Finished {
    pub(crate) fn without_run(request: &RunRequest, outcome: Outcome) -> Self {
        Self {
            token: request.token,
            resource: request.resource.clone(),
            outcome,
            stdout: String::new(),
            stderr: String::new(),
            exit: Exit::None,
            kinds: ParameterKinds::default(),
        }
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Code(i32),
    Signal(i32),
    /// There was none: it could not be started, it is still there, or it was a D-Bus call.
    None,
}

/// The receiving end of a wish to end a run early.
#[derive(Debug)]
pub(crate) enum Cancelled {
    NotYet(oneshot::Receiver<()>),
    Never,
    Yes,
}

impl Cancelled {
    /// The wish's sender, and where it arrives.
    pub(crate) fn new() -> (oneshot::Sender<()>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self::NotYet(receiver))
    }

    /// Returns when the run is to end; may be dropped and called again.
    pub(crate) async fn wait(&mut self) {
        if let Self::NotYet(receiver) = self {
            // A sender that went away without a word has no wish.
            *self = if receiver.await.is_ok() { Self::Yes } else { Self::Never };
        }
        match self {
            Self::Yes => {}
            Self::NotYet(_) | Self::Never => std::future::pending().await,
        }
    }
}

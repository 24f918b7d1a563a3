//! What the tests of this crate share: an executor in a directory of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use exec::{ExecConfig, Executor, Finished, OperationToken, Report, RunRequest};
use model::{AgentRef, NodeName, ResourceId};
use tokio::sync::mpsc::UnboundedReceiver;

/// Longer than anything here takes on a busy machine; a test that gets here has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// One node with an executor; its directory and its processes go when it is dropped.
pub(crate) struct Node {
    pub(crate) config: ExecConfig,
    pub(crate) executor: Executor,
    pub(crate) reports: UnboundedReceiver<Report>,
    tokens: AtomicU64,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut ExecConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        Self::of(config)
    }

    pub(crate) fn of(config: ExecConfig) -> Self {
        let (sender, reports) = tokio::sync::mpsc::unbounded_channel();
        let executor = Executor::new(config.clone(), sender);
        Self { config, executor, reports, tokens: AtomicU64::new(1) }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.config.state_dir.join(name).to_str().unwrap().to_owned()
    }

    /// A request with a token of its own.
    pub(crate) fn request(
        &self,
        agent: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> RunRequest {
        RunRequest {
            token: OperationToken(self.tokens.fetch_add(1, Ordering::Relaxed)),
            resource: ResourceId::new("web"),
            agent: agent_ref(agent),
            action: action.to_owned(),
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            timeout: PATIENCE / 2,
            delay: Duration::ZERO,
        }
    }

    /// Runs one operation to its end.
    pub(crate) async fn run(&mut self, request: RunRequest) -> Finished {
        let token = request.token;
        self.executor.run(request);
        self.finished(token).await
    }

    /// Runs `action` of `agent` with `parameters`, to its end.
    pub(crate) async fn act(
        &mut self,
        agent: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Finished {
        let request = self.request(agent, action, parameters);
        self.run(request).await
    }

    pub(crate) async fn finished(&mut self, token: OperationToken) -> Finished {
        loop {
            match self.report().await {
                Report::Finished(finished) if finished.token == token => return finished,
                Report::Finished(_) | Report::WatchedDied { .. } => {}
            }
        }
    }

    pub(crate) async fn report(&mut self) -> Report {
        tokio::time::timeout(PATIENCE, self.reports.recv())
            .await
            .expect("no report came")
            .expect("the executor ended")
    }

    /// Every process of this node.
    pub(crate) fn processes(&self) -> Vec<process::Stat> {
        let directory = self.config.state_dir.to_str().unwrap();
        process::marked(&[(process::NODE_MARK, directory)])
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let find = || self.processes().iter().map(process::Stat::identity).collect();
        let ended = process::end_now(PATIENCE, find);
        let _ = std::fs::remove_dir_all(&self.config.state_dir);
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

/// A node's configuration with a new state directory and the testkit's agents.
pub(crate) fn config() -> ExecConfig {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("quorate-exec-{}-{number}", std::process::id());
    let state_dir = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&state_dir).unwrap();
    config_at(state_dir)
}

/// The configuration of a node with this state directory.
pub(crate) fn config_at(state_dir: PathBuf) -> ExecConfig {
    let mut config = ExecConfig::new(NodeName::new("n1"), state_dir, Some(own_agents()));
    config.ocf_dirs.push(testkit::agents().join("ocf"));
    config.fence_dirs.push(testkit::agents().join("fence"));
    // On a busy machine it may take a while until who was asked to end gets to it.
    config.kill_grace = PATIENCE / 2;
    config
}

/// The repository's agents.
pub(crate) fn own_agents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../agents")
}

/// Reads `ocf:heartbeat:Dummy`, `lsb:cron`, ... A bare name is one of the testkit's agents.
pub(crate) fn agent_ref(text: &str) -> AgentRef {
    let parts: Vec<Arc<str>> = text.split(':').map(Arc::from).collect();
    match parts.as_slice() {
        [standard, provider, kind] => AgentRef {
            standard: standard.clone(),
            provider: Some(provider.clone()),
            kind: kind.clone(),
        },
        [standard, kind] => {
            AgentRef { standard: standard.clone(), provider: None, kind: kind.clone() }
        }
        _ => AgentRef {
            standard: Arc::from("ocf"),
            provider: Some(Arc::from("testkit")),
            kind: Arc::from(text),
        },
    }
}

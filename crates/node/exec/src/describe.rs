//! What agents say about themselves: asked for when it is first needed, and again when the agent's
//! file has changed.
//!
//! An agent that cannot describe itself is run all the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use agent::{Invocation, Metadata, Run, Standard};
use model::{ExecStatus, OcfCode};

use crate::carry::Shared;
use crate::operation;
use crate::request::{Cancelled, OperationToken, RunRequest};

/// As long as Pacemaker gives an agent to describe itself.
const TIMEOUT: Duration = Duration::from_secs(30);

/// By the agents' files.
#[derive(Debug, Default)]
pub(crate) struct Descriptions {
    known: Mutex<BTreeMap<PathBuf, Arc<Slot>>>,
    asked: AtomicU64,
}

/// Locked while the agent is asked, so that many who want to know at once ask once.
type Slot = tokio::sync::Mutex<Option<Known>>;

#[derive(Clone, Debug)]
struct Known {
    stamp: Stamp,
    /// `None` if there was no sense in the answer.
    metadata: Option<Arc<Metadata>>,
}

/// A file that was replaced has another one.
type Stamp = Option<(SystemTime, u64)>;

/// The description of `request`'s agent, found at `path`; nothing if the question was cancelled.
pub(crate) async fn describe(
    shared: &Shared,
    request: &RunRequest,
    standard: Standard,
    path: &Path,
    cancelled: &mut Cancelled,
) -> Option<Arc<Metadata>> {
    let slot = shared.descriptions.slot(path);
    let mut slot = slot.lock().await;
    let stamp = stamp(path);
    if let Some(known) = slot.as_ref().filter(|known| known.stamp == stamp) {
        return known.metadata.clone();
    }
    let metadata = match ask(shared, request, standard, path, cancelled).await {
        Ok(metadata) => metadata.map(Arc::new),
        Err(NoAnswer) => return None,
    };
    *slot = Some(Known { stamp, metadata: metadata.clone() });
    metadata
}

/// The question was cancelled: who asks next asks anew.
struct NoAnswer;

async fn ask(
    shared: &Shared,
    request: &RunRequest,
    standard: Standard,
    path: &Path,
    cancelled: &mut Cancelled,
) -> Result<Option<Metadata>, NoAnswer> {
    // Counted down from the end, where no caller's tokens are.
    let number = shared.descriptions.asked.fetch_add(1, Ordering::Relaxed);
    let question = RunRequest {
        token: OperationToken(u64::MAX - number),
        resource: request.resource.clone(),
        agent: request.agent.clone(),
        action: "meta-data".to_owned(),
        parameters: Vec::new(),
        timeout: TIMEOUT,
        delay: Duration::ZERO,
    };
    let run = Run {
        resource: question.resource.as_str(),
        agent: &question.agent,
        action: &question.action,
        parameters: &question.parameters,
    };
    let Invocation::Program(program) = Invocation::of(standard, &run) else { return Ok(None) };
    let ran = operation::run(&shared.config, &question, &program, path, cancelled).await;
    let Ok(ran) = ran else { return Ok(None) };
    let outcome = operation::outcome(standard, &question, &ran);
    match (outcome.status, outcome.code) {
        (ExecStatus::Cancelled, _) => Err(NoAnswer),
        (_, OcfCode::OK) => Ok(Metadata::parse(&ran.stdout).ok()),
        _ => Ok(None),
    }
}

fn stamp(path: &Path) -> Stamp {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

impl Descriptions {
    fn slot(&self, path: &Path) -> Arc<Slot> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(path.to_owned()).or_default())
    }
}

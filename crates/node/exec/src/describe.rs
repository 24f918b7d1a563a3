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
use model::{AgentRef, ExecStatus, OcfCode, Outcome, ResourceId};

use crate::carry::Shared;
use crate::locate;
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

/// What an agent says about itself, for who configures it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Described {
    /// Its own words, as XML.
    Metadata(String),
    /// It is there; what is of its standard says nothing of itself.
    Plain,
    /// It is not there; these of its standard are.
    NotInstalled { others: Vec<AgentRef> },
    /// It is there and does not describe itself.
    Speechless(String),
}

/// Asks an agent for what people want to know before they use it.
pub(crate) async fn for_people(shared: &Shared, agent: AgentRef) -> Described {
    let Some(standard) = Standard::parse(&agent.standard) else {
        return Described::NotInstalled { others: Vec::new() };
    };
    let name = match (standard, &agent.provider) {
        (Standard::Ocf, Some(provider)) => format!("{provider}/{}", agent.kind),
        _ => agent.kind.to_string(),
    };
    let path = locate::program(&shared.config, standard, &name);
    match (standard, path) {
        (Standard::Ocf | Standard::Fence, Some(path)) => {
            in_words(shared, agent, standard, &path).await
        }
        (Standard::Heartbeat, Some(_)) => {
            Described::Metadata(agent::heartbeat_metadata(&agent.kind))
        }
        (Standard::Lsb | Standard::Service, Some(_)) => Described::Plain,
        (Standard::Service | Standard::Systemd, None) if is_unit(shared, &agent).await => {
            Described::Plain
        }
        (
            Standard::Ocf
            | Standard::Fence
            | Standard::Lsb
            | Standard::Service
            | Standard::Systemd
            | Standard::Heartbeat,
            _,
        ) => {
            let others = locate::programs(&shared.config, standard);
            let other = |name: String| of_name(&agent, &name);
            Described::NotInstalled { others: others.into_iter().map(other).collect() }
        }
    }
}

/// All agents of all standards that can be listed, sorted.
pub(crate) fn installed(shared: &Shared) -> Vec<AgentRef> {
    let all = [Standard::Lsb, Standard::Ocf, Standard::Service, Standard::Fence, Standard::Systemd];
    let of = |standard: Standard| {
        let like =
            AgentRef { standard: standard.to_string().into(), provider: None, kind: "".into() };
        let programs = locate::programs(&shared.config, standard);
        programs.into_iter().map(move |name| of_name(&like, &name))
    };
    all.into_iter().flat_map(of).collect()
}

/// The agent that `program` is, of the same standard.
fn of_name(like: &AgentRef, program: &str) -> AgentRef {
    let (provider, kind) = match program.split_once('/') {
        Some((provider, kind)) => (Some(provider.into()), kind),
        None => (None, program),
    };
    AgentRef { standard: Arc::clone(&like.standard), provider, kind: kind.into() }
}

async fn is_unit(shared: &Shared, agent: &AgentRef) -> bool {
    let run = Run { resource: "", agent, action: "monitor", parameters: &[] };
    match Invocation::of(Standard::Systemd, &run) {
        Invocation::Unit { unit, .. } => shared.bus.has_unit(&unit).await,
        Invocation::Program(_) => false,
    }
}

async fn in_words(shared: &Shared, agent: AgentRef, standard: Standard, path: &Path) -> Described {
    let question = question(shared, ResourceId::new(format!("the agent {agent}")), agent);
    let answer = match run(shared, &question, standard, path, &mut Cancelled::Never).await {
        Ok(Some((outcome, text))) if outcome.code == OcfCode::OK => match Metadata::parse(&text) {
            Ok(_) => return Described::Metadata(text),
            Err(error) => error.to_string(),
        },
        Ok(Some((outcome, _))) if !outcome.reason.is_empty() => outcome.reason,
        Ok(Some((outcome, _))) => format!("exit code {}", outcome.code),
        Ok(None) => "it cannot be run".to_owned(),
        Err(error) => operation::not_started(path, &error).reason,
    };
    Described::Speechless(answer)
}

/// Counted down from the end, where no caller's tokens are.
fn question(shared: &Shared, resource: ResourceId, agent: AgentRef) -> RunRequest {
    let number = shared.descriptions.asked.fetch_add(1, Ordering::Relaxed);
    RunRequest {
        token: OperationToken(u64::MAX - number),
        resource,
        agent,
        action: "meta-data".to_owned(),
        parameters: Vec::new(),
        timeout: TIMEOUT,
        delay: Duration::ZERO,
    }
}

async fn run(
    shared: &Shared,
    question: &RunRequest,
    standard: Standard,
    path: &Path,
    cancelled: &mut Cancelled,
) -> std::io::Result<Option<(Outcome, String)>> {
    let run = Run {
        resource: question.resource.as_str(),
        agent: &question.agent,
        action: &question.action,
        parameters: &question.parameters,
    };
    let Invocation::Program(program) = Invocation::of(standard, &run) else { return Ok(None) };
    let ran = operation::run(&shared.config, question, &program, path, cancelled).await?;
    let outcome = operation::outcome(standard, question, &ran);
    Ok(Some((outcome, ran.stdout)))
}

async fn ask(
    shared: &Shared,
    request: &RunRequest,
    standard: Standard,
    path: &Path,
    cancelled: &mut Cancelled,
) -> Result<Option<Metadata>, NoAnswer> {
    let question = question(shared, request.resource.clone(), request.agent.clone());
    match run(shared, &question, standard, path, cancelled).await {
        Ok(Some((outcome, _))) if outcome.status == ExecStatus::Cancelled => Err(NoAnswer),
        Ok(Some((outcome, text))) if outcome.code == OcfCode::OK => Ok(Metadata::parse(&text).ok()),
        Ok(_) | Err(_) => Ok(None),
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

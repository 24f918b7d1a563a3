//! Noticing that something a resource's agent started has died.
//!
//! The event only says "look now": which process matters is a guess, and the agent decides.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use model::ResourceId;
use process::{Identity, NODE_MARK, RESOURCE_MARK, Stat};
use tokio::time::sleep;

use crate::config::ExecConfig;
use crate::kill::buried;
use crate::orphans;
use crate::request::RunRequest;
use crate::unit::Bus;

/// Most processes watched for one resource: enough for a service of several daemons.
const WATCHED_MAX: usize = 16;

/// When to look for processes, each after the one before. An agent may answer before its service
/// is all there; many resources have no process at all.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(50), Duration::from_millis(500), Duration::from_secs(5)];

/// Where to look for a resource's processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traces {
    pid_file: Option<PathBuf>,
    unit: Option<String>,
}

impl Traces {
    pub(crate) fn of(request: &RunRequest) -> Self {
        let pid_file = ["pidfile", "pid_file", "pid"]
            .into_iter()
            .find_map(|name| request.parameter(name))
            .filter(|path| path.starts_with('/'))
            .map(PathBuf::from);
        Self { pid_file, unit: None }
    }

    pub(crate) fn of_unit(unit: &str) -> Self {
        Self { pid_file: None, unit: Some(unit.to_owned()) }
    }
}

/// Returns when one of the resource's processes has ended; never, if it has none. `sees` is set
/// once it has.
pub(crate) async fn died(
    config: &ExecConfig,
    bus: &Bus,
    resource: &ResourceId,
    traces: &Traces,
    sees: &AtomicBool,
) {
    for wait in LOOKS {
        sleep(wait).await;
        let found = find(config, bus, resource, traces).await;
        if !found.is_empty() {
            sees.store(true, Ordering::Relaxed);
            return first(found.into_iter().take(WATCHED_MAX).map(buried).collect()).await;
        }
    }
    std::future::pending().await
}

async fn find(
    config: &ExecConfig,
    bus: &Bus,
    resource: &ResourceId,
    traces: &Traces,
) -> Vec<Identity> {
    match &traces.unit {
        Some(unit) => bus.main_process(unit).await.and_then(Identity::of).into_iter().collect(),
        None => {
            by_pid_file(traces.pid_file.as_deref()).unwrap_or_else(|| by_mark(config, resource))
        }
    }
}

/// A stale number in a pid file is the wrong process: then only its own death goes unnoticed.
fn by_pid_file(path: Option<&Path>) -> Option<Vec<Identity>> {
    let text = std::fs::read_to_string(path?).ok()?;
    let pid = text.split_ascii_whitespace().next()?.parse().ok()?;
    Some(vec![Identity::of(pid).filter(|process| process.is_alive())?])
}

/// What bears the resource's mark, is not part of a running operation, and was not started by
/// another such process: a service's workers come and go, its first process must not.
fn by_mark(config: &ExecConfig, resource: &ResourceId) -> Vec<Identity> {
    let Some(directory) = config.state_dir.to_str() else { return Vec::new() };
    let marks = [(NODE_MARK, directory), (RESOURCE_MARK, resource.as_str())];
    let marked: Vec<Stat> = process::marked(&marks)
        .into_iter()
        .filter(|stat| !orphans::is_leader(stat.session))
        .collect();
    let pids: BTreeSet<u32> = marked.iter().map(|stat| stat.pid).collect();
    marked.iter().filter(|stat| !pids.contains(&stat.parent)).map(Stat::identity).collect()
}

/// Returns when the first of `all` does.
async fn first<F: Future<Output = ()>>(all: Vec<F>) {
    let mut all: Vec<Pin<Box<F>>> = all.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        let is_any = all.iter_mut().any(|one| one.as_mut().poll(context).is_ready());
        if is_any { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

//! Running operations on record, so that the daemon's next life finds them.
//!
//! One small file for each: what, and which process. The process writes its own number before it
//! becomes the agent, so there is no moment at which an agent runs and is not on record.
//!
//! **Not here:** parameters. Some are secret.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use model::ResourceId;
use process::{Identity, OPERATION_MARK, Stat};

use crate::config::ExecConfig;
use crate::kill::end_session;
use crate::request::{OperationToken, RunRequest};

/// The record of a running operation.
///
/// A full disk costs the record, not the operation: what runs must go on, and be stopped when it
/// has to be.
#[derive(Debug)]
pub(crate) struct Record {
    kept: Option<Kept>,
    /// Unique among all operations of the node; also the mark of its processes.
    pub(crate) mark: String,
}

#[derive(Debug)]
struct Kept {
    path: PathBuf,
    file: File,
}

/// An operation that a former daemon had not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    pub resource: ResourceId,
    pub action: String,
    pub pid: u32,
    /// `false` if it could not be killed; its resource is left alone until it is gone.
    pub ended: bool,
}

impl Record {
    pub(crate) fn create(config: &ExecConfig, request: &RunRequest) -> Self {
        let own = Identity::own();
        let OperationToken(token) = request.token;
        let mark = format!("{}-{}-{token}", own.started, own.pid);
        let path = config.operations_dir().join(&mark);
        let kept = match Kept::create(path, request) {
            Ok(kept) => Some(kept),
            Err(error) => {
                tracing::warn!(%error, resource = %request.resource, "operation not on record");
                None
            }
        };
        Self { kept, mark }
    }

    /// Where the new process writes its number.
    pub(crate) fn descriptor(&self) -> Option<OwnedFd> {
        self.kept.as_ref().and_then(|kept| kept.file.as_fd().try_clone_to_owned().ok())
    }

    /// Adds the start time, which tells the process from a later one with the same number.
    pub(crate) fn started(&mut self, pid: u32) {
        if let (Some(kept), Some(identity)) = (&mut self.kept, Identity::of(pid)) {
            // Without this line the mark in the process's environment has to do.
            let _ = writeln!(kept.file, "started {}", identity.started);
        }
    }

    pub(crate) fn remove(self) {
        if let Some(kept) = self.kept {
            let _ = fs::remove_file(&kept.path);
        }
    }
}

impl Kept {
    fn create(path: PathBuf, request: &RunRequest) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = OpenOptions::new().create_new(true).append(true).open(&path)?;
        let mut kept = Self { path, file };
        let (resource, action) = (one_line(request.resource.as_str()), one_line(&request.action));
        match write!(kept.file, "boot {}\nresource {resource}\naction {action}\n", boot_id()) {
            Ok(()) => Ok(kept),
            Err(error) => {
                let _ = fs::remove_file(&kept.path);
                Err(error)
            }
        }
    }
}

/// What a file says.
#[derive(Debug, Default)]
struct Written {
    boot: String,
    resource: String,
    action: String,
    pid: u32,
    started: Option<u64>,
}

/// Ends, in stages, every operation that a former daemon of this state directory left running, and
/// waits until they are gone. Call this before anything is run.
///
/// # Errors
/// When the directory of records cannot be read.
pub async fn reap_previous_life(config: &ExecConfig) -> io::Result<Vec<Leftover>> {
    let mut found = Vec::new();
    for (path, written) in records(config)? {
        let Some(leader) = still_running(&path, &written) else {
            fs::remove_file(&path)?;
            continue;
        };
        let ended = end_session(leader.pid, config.kill_grace).await;
        if ended {
            fs::remove_file(&path)?;
        }
        found.push(Leftover {
            resource: ResourceId::new(&written.resource),
            action: written.action,
            pid: leader.pid,
            ended,
        });
    }
    Ok(found)
}

/// Operations of a former daemon that run all the same: [`reap_previous_life`] could not end them.
pub(crate) fn unkillable(config: &ExecConfig) -> Vec<(ResourceId, Identity)> {
    let own = Identity::own();
    let own_prefix = format!("{}-{}-", own.started, own.pid);
    records(config)
        .unwrap_or_default()
        .into_iter()
        .filter(|(path, _)| !name_of(path).starts_with(&own_prefix))
        .filter_map(|(path, written)| {
            let leader = still_running(&path, &written)?;
            Some((ResourceId::new(&written.resource), leader))
        })
        .collect()
}

fn records(config: &ExecConfig) -> io::Result<Vec<(PathBuf, Written)>> {
    let entries = match fs::read_dir(config.operations_dir()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        found.push((path, read(&text)));
    }
    Ok(found)
}

/// A line that was cut short or makes no sense is passed over.
fn read(text: &str) -> Written {
    let mut written = Written::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
        match key {
            "boot" => written.boot = value.to_owned(),
            "resource" => written.resource = value.to_owned(),
            "action" => written.action = value.to_owned(),
            "pid" => written.pid = value.parse().unwrap_or(0),
            "started" => written.started = value.parse().ok(),
            _ => {}
        }
    }
    written
}

/// The operation's first process, if it is still that one.
fn still_running(path: &Path, written: &Written) -> Option<Identity> {
    if written.boot != boot_id() {
        return None;
    }
    let stat = Stat::of(written.pid).filter(|stat| !stat.is_zombie())?;
    let same = match written.started {
        Some(started) => started == stat.started,
        None => {
            let mark = process::environment_value(written.pid, OPERATION_MARK);
            mark.as_deref() == Some(name_of(path))
        }
    };
    same.then(|| stat.identity())
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or("")
}

pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

//! Plans that are to be applied at a given time.
//!
//! The node that was asked keeps them on its disk and applies them, whoever has closed their browser
//! meanwhile, and after a restart of its daemon, too. A plan stays one for the document for which it was
//! made: if that is another one at its time, it is refused. If the daemon did not run at its time, it is
//! missed. If who asked may no more at its time, or their token was taken away, it is refused. All that
//! is told by the list, and by the record of who did what.
//!
//! **Always:** one is applied once or not at all: that it is begun is on the disk before the cluster
//! is asked.

mod file;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use wire::api::{Caller, Request};

use crate::Shared;
use crate::answer::{self, No, Outcome, Wrong, problem};
use crate::audit::Deed;
use crate::gate::Gate;
use crate::role::Role;
use crate::snapshot::now;
use crate::who::{Via, Who};

pub(crate) use watch::watch;

/// Those that wait.
const WAITING_MAX: usize = 64;

/// Those that have ended and are still told.
const ENDED_MAX: usize = 64;

/// Nobody remembers what they planned for later than this, in seconds.
const AHEAD_MAX: i64 = 366 * 86_400;

/// When.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct When {
    /// Seconds since 1970; at most a year ahead.
    at: i64,
}

/// One that waits, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Scheduled {
    id: String,
    /// When it is applied, in seconds since 1970.
    at: i64,
    /// Who asked for it.
    user: String,
    /// When they did.
    asked: i64,
    /// What it does, without values.
    what: String,
    /// The document for which it holds.
    based_on: Option<String>,
    state: State,
    /// What came of it, in words.
    outcome: Option<String>,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Waiting,
    /// The cluster was asked; of one that the daemon's end cut off it is not known whether it was made.
    Begun,
    Done,
    /// By the cluster, because the document had changed, say; or since who asked may no more.
    Refused,
    /// The daemon did not run at its time.
    Missed,
}

/// All that is kept of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    id: String,
    at: i64,
    user: String,
    /// Nothing for one for whom the document's access control does not count.
    groups: Option<Vec<String>>,
    client: String,
    /// From the network: by what they got in.
    #[serde(default)]
    entry: Option<Entry>,
    via: String,
    from: String,
    role: Role,
    asked: i64,
    what: String,
    request: Request,
    state: State,
    outcome: Option<String>,
}

/// What let somebody in from the network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Entry {
    Password,
    Token(String),
}

/// All of this node.
#[derive(Debug)]
pub(crate) struct Schedule {
    path: PathBuf,
    all: Mutex<Plans>,
    /// To change them.
    turn: Mutex<()>,
    changed: Notify,
}

/// By number.
type Plans = BTreeMap<String, Kept>;

impl Kept {
    fn told(&self) -> Scheduled {
        let based_on = match &self.request {
            Request::Change { based_on, .. } | Request::Undo { based_on, .. } => based_on.clone(),
            Request::Document
            | Request::History { .. }
            | Request::Earlier
            | Request::WaitIdle
            | Request::Describe { .. }
            | Request::Agents => None,
        };
        let Self { id, at, user, asked, what, state, outcome, .. } = self.clone();
        Scheduled { id, at, user, asked, what, based_on, state, outcome }
    }

    /// In whose name the cluster is asked. They may have lost since what they had when they asked.
    ///
    /// # Errors
    ///
    /// Why they may no more, in words.
    fn caller(&self, gate: &Gate) -> Result<Caller, String> {
        let user = &self.user;
        let no_more = || format!("{user} may no longer change the cluster");
        let caller = match &self.entry {
            None => return Ok(self.who().caller),
            Some(Entry::Password) => gate.access.named(user),
            Some(Entry::Token(name)) => {
                let tokens = gate.tokens();
                let token = tokens.named(name, now()).filter(|token| token.made <= self.asked);
                let gone = || format!("its token {name} has expired or was taken away");
                token.ok_or_else(gone)?.caller(&gate.access)
            }
        };
        let caller = caller.ok_or_else(no_more)?;
        Ok(Caller { client: self.client.clone(), ..caller })
    }

    /// Who asked, for the record.
    fn who(&self) -> Who {
        let caller = Caller {
            name: self.user.clone(),
            groups: self.groups.clone(),
            client: self.client.clone(),
        };
        let via = Via::Schedule { by: self.via.clone() };
        Who { caller, role: self.role, via, from: self.from.clone() }
    }
}

impl Schedule {
    /// What a former life was asked for.
    pub(crate) fn open(path: PathBuf) -> Self {
        let all = file::read(&path).into_iter().map(|kept| (kept.id.clone(), kept)).collect();
        Self { path, all: Mutex::new(all), turn: Mutex::default(), changed: Notify::new() }
    }

    fn list(&self) -> Vec<Scheduled> {
        let mut all: Vec<Scheduled> = self.all().values().map(Kept::told).collect();
        all.sort_by_key(|one| one.at);
        all
    }

    /// Changes something, once that is on the disk. Waits for the disk.
    fn change<T>(&self, change: impl FnOnce(&mut Plans) -> T) -> std::io::Result<T> {
        // Who looks does not wait for the disk; who changes waits for each other.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.all().clone();
        let came_of_it = change(&mut all);
        forget_ended(&mut all);
        file::write(&self.path, all.values())?;
        *self.all() = all;
        self.changed.notify_one();
        Ok(came_of_it)
    }

    fn all(&self) -> MutexGuard<'_, Plans> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_ended(all: &mut Plans) {
    let is_ended = |kept: &&Kept| !matches!(kept.state, State::Waiting | State::Begun);
    let mut ended: Vec<(i64, String)> =
        all.values().filter(is_ended).map(|kept| (kept.at, kept.id.clone())).collect();
    ended.sort();
    for (_, id) in ended.iter().take(ended.len().saturating_sub(ENDED_MAX)) {
        all.remove(id);
    }
}

/// All, soonest first.
pub(crate) fn list(shared: &Shared) -> answer::Answered {
    answer::ok(&shared.schedule.list())
}

/// Lets a plan wait for its time instead of applying it now.
pub(crate) async fn add(shared: &Shared, who: &Who, id: &str, when: When) -> Outcome {
    let (at, asked) = (when.at, now());
    if at <= asked || at > asked.saturating_add(AHEAD_MAX) {
        return Err(problem(Wrong::Malformed, "`at` must lie ahead, and not more than a year"));
    }
    if shared.schedule.all().values().filter(|kept| kept.state == State::Waiting).count()
        >= WAITING_MAX
    {
        return Err(problem(Wrong::TooMany, "too many plans wait already"));
    }
    let entry = entry(shared, who, at)?;
    let (request, role) = shared.plans.take_out(id, who)?;
    let what = Deed::of(&request).map(Deed::into_words).unwrap_or_default();
    let kept = Kept {
        id: id.to_owned(),
        at,
        user: who.caller.name.clone(),
        groups: who.caller.groups.clone(),
        client: who.caller.client.clone(),
        entry,
        via: who.via.words(),
        from: who.from.clone(),
        role,
        asked,
        what: what.clone(),
        request,
        state: State::Waiting,
        outcome: None,
    };
    let told = kept.told();
    changed(shared, move |all| all.insert(kept.id.clone(), kept)).await?;
    let deed = Deed::new(format!("schedule for {}: {what}", view::moment::calendar(at)));
    shared.audit.add(who, &deed, "kept");
    Ok(answer::json(StatusCode::CREATED, &told))
}

/// What let them in, if that will still be so at the time.
fn entry(shared: &Shared, who: &Who, at: i64) -> Result<Option<Entry>, No> {
    match &who.via {
        Via::Socket | Via::Schedule { .. } => Ok(None),
        Via::Session { .. } => Ok(Some(Entry::Password)),
        Via::Token { name } if shared.gate.tokens().named(name, at).is_some() => {
            Ok(Some(Entry::Token(name.clone())))
        }
        Via::Token { .. } => Err(problem(Wrong::Malformed, "your token expires before `at`")),
    }
}

/// Takes one that waits away, or forgets one that has ended.
pub(crate) async fn remove(shared: &Shared, who: &Who, id: &str) -> Outcome {
    let found = shared.schedule.all().get(id).cloned();
    let is_theirs = |kept: &Kept| kept.user == who.caller.name || who.role == Role::Full;
    let Some(kept) = found.filter(|kept| is_theirs(kept) && kept.state != State::Begun) else {
        return Err(problem(Wrong::NotFound, "you have no such plan waiting"));
    };
    let wanted = id.to_owned();
    let removed = changed(shared, move |all| {
        let may_go = all.get(&wanted).is_some_and(|kept| kept.state != State::Begun);
        if may_go { all.remove(&wanted) } else { None }
    });
    if removed.await?.is_none() {
        return Err(problem(Wrong::NotFound, "its time has just come"));
    }
    let deed = Deed::new(format!("schedule no more: {}, of {}", kept.what, kept.user));
    shared.audit.add(who, &deed, "done");
    Ok(answer::ok(&serde_json::json!({})))
}

async fn changed<T: Send + 'static>(
    shared: &Shared,
    change: impl FnOnce(&mut Plans) -> T + Send + 'static,
) -> Result<T, No> {
    let schedule = Arc::clone(&shared.schedule);
    match tokio::task::spawn_blocking(move || schedule.change(change)).await {
        Ok(Ok(came_of_it)) => Ok(came_of_it),
        Ok(Err(_)) | Err(_) => Err(problem(Wrong::Unavailable, "that cannot be kept")),
    }
}

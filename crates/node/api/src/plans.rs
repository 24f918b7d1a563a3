//! Changes in two steps: what one would do, and then doing exactly that.
//!
//! A plan remembers for which edition of the document it was made. It is carried out only while that is
//! the configuration; else it is stale, and a new one is needed.

mod needed;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use view::Consequences;
use wire::api::{Caller, Change, Edit, Refused, Reply, Request};

use crate::Shared;
use crate::answer::{self, No, Outcome, Wrong, problem};
use crate::audit::Deed;
use crate::dispatch::needs;
use crate::gate::Secret;
use crate::reading::{not_that, now};
use crate::role::Role;
use crate::snapshot::Snapshot;
use crate::who::Who;

/// A plan is forgotten after so long.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// Plans at a time; the oldest gives way.
const PLANS_MAX: usize = 256;

/// What is asked for: a change, or going back.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["change"] }, { "required": ["undo"] }]))]
pub(crate) struct Wish {
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Change")]
    change: Option<Change>,
    /// Go back to the configuration before the last change of it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "bool", extend("const" = true))]
    undo: Option<bool>,
    /// Also without quorum.
    #[serde(default)]
    force: bool,
}

/// A value that is there: nothing is no value.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl Wish {
    /// To go back.
    pub(crate) fn undo() -> Self {
        Self { change: None, undo: Some(true), force: false }
    }
}

/// What would happen.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Planned {
    /// To apply it. Nothing if it would be refused.
    id: Option<String>,
    /// The document for which it holds.
    based_on: String,
    expires_in_seconds: u64,
    /// What it takes.
    role: Role,
    effects: Option<Consequences>,
    /// Why the cluster would not make it.
    refused: Option<Refused>,
}

/// One that can be applied.
#[derive(Debug)]
struct Plan {
    owner: Caller,
    request: Request,
    role: Role,
    made: Instant,
}

/// Plans that were made and not yet applied.
#[derive(Debug, Default)]
pub(crate) struct Plans(Mutex<BTreeMap<String, Plan>>);

impl Plans {
    fn keep(&self, plan: Plan) -> Result<String, No> {
        let id = Secret::new()
            .ok_or_else(|| problem(Wrong::Unavailable, "there are no random numbers"))?;
        let id: String = id.text().chars().take(32).collect();
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|_, plan| plan.made.elapsed() < LIFE);
        if plans.len() >= PLANS_MAX {
            let oldest = plans.iter().min_by_key(|(_, plan)| plan.made).map(|(id, _)| id.clone());
            oldest.and_then(|id| plans.remove(&id));
        }
        plans.insert(id.clone(), plan);
        Ok(id)
    }

    /// Takes a plan out: it is applied once or not at all, and by who made it.
    fn take(&self, id: &str, who: &Who) -> Result<Plan, No> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = plans.get(id);
        let theirs =
            known.filter(|plan| plan.owner.name == who.caller.name && plan.made.elapsed() < LIFE);
        let Some(role) = theirs.map(|plan| plan.role) else {
            return Err(problem(
                Wrong::NotFound,
                "you have no such plan; each can be applied once, within a quarter of an hour",
            ));
        };
        if who.role < role {
            return Err(needs(role, who));
        }
        plans.remove(id).ok_or_else(|| problem(Wrong::NotFound, "there is no such plan"))
    }
}

impl Plans {
    /// Takes a plan out to be applied later: what the cluster is to be asked, and what role that takes.
    pub(crate) fn take_out(&self, id: &str, who: &Who) -> Result<(Request, Role), No> {
        self.take(id, who).map(|plan| (plan.request, plan.role))
    }
}

/// What would happen if `wish` came true. Nothing is changed.
pub(crate) async fn make(shared: &Shared, who: &Who, wish: Wish) -> Outcome {
    let snapshot = now(shared, who).await?;
    let Wish { change, undo, force } = wish;
    let is_undo = undo == Some(true);
    let change = match (change, undo) {
        (Some(change), None) => change,
        (None, Some(true)) => earlier(shared, who).await?,
        (Some(_), Some(_)) | (None, Some(false) | None) => {
            return Err(problem(Wrong::Malformed, "ask for a `change`, or to `undo` the last"));
        }
    };
    let based_on = snapshot.document.version().unwrap_or_default().to_string();
    let tried = change.clone();
    let tried = tokio::task::spawn_blocking(move || try_out(&snapshot, &tried)).await;
    let tried = tried.map_err(|_| problem(Wrong::Unavailable, "that cannot be computed"))?;
    let (effects, refused, role) = match tried {
        Ok((effects, role)) => (Some(effects), None, role),
        Err(refused) => (None, Some(refused), Role::Operate),
    };
    let role = if force { Role::Full } else { role };
    if who.role < role {
        return Err(needs(role, who));
    }
    let id = match refused {
        Some(_) => None,
        None => {
            let based_on = Some(based_on.clone());
            let request = if is_undo {
                Request::Undo { force, based_on }
            } else {
                Request::Change { change, force, based_on }
            };
            let owner = who.caller.clone();
            Some(shared.plans.keep(Plan { owner, request, role, made: Instant::now() })?)
        }
    };
    let expires_in_seconds = LIFE.as_secs();
    let planned = Planned { id, based_on, expires_in_seconds, role, effects, refused };
    Ok(answer::json(StatusCode::CREATED, &planned))
}

/// Going back, as a change.
async fn earlier(shared: &Shared, who: &Who) -> Result<Change, No> {
    match shared.clients.ask(who.caller.clone(), Request::Earlier).wait().await {
        Some(Reply::Earlier { xml }) => Ok(Change::Edit { edits: vec![Edit::Replace { xml }] }),
        other => Err(not_that(other)),
    }
}

fn try_out(snapshot: &Snapshot, change: &Change) -> Result<(Consequences, Role), Refused> {
    let before = &snapshot.document;
    let after = controller::after(before, change, snapshot.now)?;
    let role = needed::role(change, before, &after);
    Ok((view::consequences(before, &after, snapshot.now), role))
}

/// Makes the change that was planned.
pub(crate) async fn apply(shared: &Shared, who: &Who, id: &str) -> Outcome {
    let plan = shared.plans.take(id, who)?;
    let deed = Deed::of(&plan.request);
    let reply = shared.clients.ask(who.caller.clone(), plan.request).wait().await;
    if let Some(deed) = deed {
        shared.audit.note(who, &deed, reply.as_ref());
    }
    match reply {
        Some(done @ Reply::Done { .. }) => Ok(answer::ok(&done)),
        Some(Reply::Refused(Refused::Stale { yours, current })) => Err(problem(
            Wrong::Stale,
            format!("the plan was made for {yours}, and the configuration is {current} now"),
        )),
        other => Err(not_that(other)),
    }
}

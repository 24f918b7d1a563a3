//! Why each action is in the plan, and why what should be done cannot be: the chain from the action
//! back to the event, or to the words of the configuration, that began it.

mod render;

use std::collections::BTreeSet;

use cib::Document;
use model::{Action, ActionKind};
use scheduler::cause::{Blocked, Cause, Chain};
use scheduler::{Input, ResIx, Resolved};
use serde::Serialize;

pub(crate) use render::link_text;
pub use render::render;

use crate::consequences::times;
use crate::known::{Known, Unknown};
use crate::moment::length;

/// The explanation of a plan, action by action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Because {
    /// In the order in which they begin.
    pub actions: Vec<Explained>,
    /// What should be done but cannot.
    pub blocked: Vec<Explained>,
}

/// One action with its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Explained {
    /// In words: `start db on n2`.
    pub action: String,
    /// Pacemaker's name of the action; empty for what is not in the plan.
    pub key: String,
    /// The agent's operation, or what is done instead of one.
    pub task: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Only an ordering point: nothing is run.
    pub milestone: bool,
    /// The nearest cause first; the last is the event, or what the configuration says.
    pub because: Vec<Link>,
}

impl Explained {
    /// A start or promotion that should be, and cannot.
    pub(crate) fn is_start_that_cannot_be(&self) -> bool {
        self.key.is_empty() && matches!(self.task.as_str(), "start" | "promote")
    }
}

/// One cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Link {
    /// A word for programs; it stays.
    pub kind: &'static str,
    /// A sentence without its full stop.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The resource that it hangs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The constraint or ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Seconds since 1970, where it is an event whose time is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

/// Which actions are asked about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Those of a resource and its parts, or the one with this key.
    pub what: Option<&'a str>,
    pub node: Option<&'a str>,
}

/// Explains the plan for `document` at `now`.
pub fn because(document: &Document, asked: Asked<'_>, now: i64) -> Result<Because, Unknown> {
    let input = Input { now, ..Input::default() };
    let resolved = scheduler::resolve(document, &input);
    let assigned = scheduler::assign(&resolved);
    let explained = scheduler::explain(&resolved, &assigned);
    let known = Known { resolved: &resolved };
    if let Some(node) = asked.node {
        known.node(node)?;
    }
    let key_is_known =
        |key: &str| explained.plan.steps.iter().any(|step| step.action.key.as_str() == key);
    let (ids, key) = match asked.what {
        Some(key) if key_is_known(key) => (None, Some(key)),
        Some(name) => (Some(ids_below(&resolved, &known.resource(name)?)), None),
        None => (None, None),
    };
    let fits = |resource: Option<&str>, node: Option<&str>| {
        let about = |ids: &BTreeSet<&str>| resource.is_some_and(|id| ids.contains(id));
        ids.as_ref().is_none_or(about) && (asked.node.is_none() || asked.node == node)
    };
    let times = times(&resolved, &explained.plan);
    let mut steps: Vec<_> = explained.plan.steps.iter().zip(&explained.chains).collect();
    steps.sort_by_key(|(step, _)| times.get(&step.action.id).map_or(0, |time| time.begins));
    let actions = steps
        .into_iter()
        .map(|(step, chain)| of_action(&step.action, chain))
        .filter(|action| key.is_none_or(|key| action.key == key))
        .filter(|action| fits(action.resource.as_deref(), action.node.as_deref()))
        .collect();
    let blocked = explained.blocked.iter().map(of_blocked);
    let fits_blocked = |one: &Explained| fits(one.resource.as_deref(), one.node.as_deref());
    let blocked = blocked.filter(|one| key.is_none() && fits_blocked(one)).collect();
    Ok(Because { actions, blocked })
}

/// The ids of the resources and of all their parts.
fn ids_below<'r>(resolved: &'r Resolved<'_>, named: &[ResIx]) -> BTreeSet<&'r str> {
    let mut ids = BTreeSet::new();
    let mut left = named.to_vec();
    while let Some(at) = left.pop() {
        let resource = resolved.resource(at);
        ids.insert(resource.id.as_ref());
        left.extend(resource.children.iter().copied());
    }
    ids
}

pub(crate) fn of_action(action: &Action, chain: &Chain) -> Explained {
    let node = action.node.as_ref().map(|node| node.name.as_str());
    Explained {
        action: words_of(action),
        key: action.key.as_str().to_owned(),
        task: action.task.clone(),
        resource: chain.resource.as_ref().map(|id| id.as_ref().to_owned()),
        node: node.map(str::to_owned),
        milestone: action.kind == ActionKind::Milestone,
        because: chain.causes.iter().map(link).collect(),
    }
}

pub(crate) fn of_blocked(blocked: &Blocked) -> Explained {
    let Blocked { resource, node, task, causes } = blocked;
    let on = node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
    Explained {
        action: format!("{task} {resource}{on}"),
        key: String::new(),
        task: task.as_ref().to_owned(),
        resource: Some(resource.as_ref().to_owned()),
        node: node.as_ref().map(|node| node.as_ref().to_owned()),
        milestone: false,
        because: causes.iter().map(link).collect(),
    }
}

pub(crate) fn link(cause: &Cause) -> Link {
    let facts = cause.facts();
    let owned = |text: Option<std::sync::Arc<str>>| text.map(|text| text.as_ref().to_owned());
    Link {
        kind: facts.kind,
        text: cause.to_string(),
        resource: owned(facts.resource),
        other: owned(facts.other),
        node: owned(facts.node),
        id: owned(facts.id),
        at: facts.at,
    }
}

/// `start db on n2`, `check db on n2`, `fence n1`.
fn words_of(action: &Action) -> String {
    let node = action.node.as_ref().map_or("", |node| node.name.as_str());
    let on = if node.is_empty() { String::new() } else { format!(" on {node}") };
    let interval = u64::try_from(action.interval().as_millis()).unwrap_or(u64::MAX);
    let Some(resource) = action.resource() else {
        return match (&action.kind, action.task.as_str()) {
            (ActionKind::Fence, _) if action.meta("stonith_action") == Some("on") => {
                format!("let {node} back to shared devices")
            }
            (ActionKind::Fence, _) => format!("fence {node}"),
            (_, "do_shutdown") => format!("shut {node} down"),
            (_, task) => format!("{task}{on}"),
        };
    };
    match action.task.as_str() {
        "monitor" if interval == 0 => format!("check {resource}{on}"),
        "monitor" => format!("monitor {resource}{on} every {}", length(interval)),
        "notify" => {
            let before = action.meta("notify_type") == Some("pre");
            let when = if before { "before" } else { "after" };
            let what = action.meta("notify_operation").unwrap_or("it");
            format!("notify {resource}{on} {when} {what}")
        }
        "migrate_to" => format!("move {resource} live away from {node}"),
        "migrate_from" => format!("take {resource} over live{on}"),
        "reload-agent" => format!("reload {resource}{on}"),
        "cancel" => format!("end a monitor of {resource}{on}"),
        "delete" | "lrm_delete" => format!("forget what {resource} did{on}"),
        "clear_failcount" => format!("forget the failures of {resource}{on}"),
        task => format!("{task} {resource}{on}"),
    }
}

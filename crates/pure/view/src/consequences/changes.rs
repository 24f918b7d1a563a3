//! From a plan's actions to what they mean for each resource.

use std::collections::BTreeMap;

use model::{Action, ActionId, ActionKind, Plan};
use scheduler::Resolved;
use scheduler::cause::{Chain, Explained};
use serde::Serialize;

use crate::because::{Link, link};

/// What becomes of a resource or a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Step {
    pub verb: Verb,
    /// The resource's id, or the node's name.
    pub what: String,
    /// Where it is now.
    pub from: Option<String>,
    /// Where it goes.
    pub to: Option<String>,
    /// The group or clone around the resource.
    pub inside: Option<String>,
    /// Started, and then promoted.
    pub promoted: bool,
    /// About how long it does not serve; `None` where it does not stop, or does not come back.
    pub interrupted_ms: Option<u64>,
    /// Why, back to the event or to what the configuration says; the nearest cause first.
    pub because: Vec<Link>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Fence,
    Unfence,
    Start,
    Stop,
    Restart,
    Move,
    LiveMove,
    Promote,
    Demote,
    Reload,
}

impl Verb {
    /// In words, in the present tense.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fence => "cut off",
            Self::Unfence => "unfence",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Move => "move",
            Self::LiveMove => "move live",
            Self::Promote => "promote",
            Self::Demote => "demote",
            Self::Reload => "reload",
        }
    }
}

/// Guesses for what was never measured here.
const START_OR_STOP_MS: u64 = 1000;
const FENCE_MS: u64 = 3000;
const OTHER_MS: u64 = 50;

pub(super) fn steps(resolved: &Resolved<'_>, explained: &Explained) -> Vec<Step> {
    let plan = &explained.plan;
    let chains = Chains(explained.chains.iter().map(|chain| (chain.action, chain)).collect());
    let times = times(resolved, plan);
    let mut by_resource: Vec<(String, Tasks<'_>)> = Vec::new();
    let mut steps = Vec::new();
    for step in &plan.steps {
        let action = &step.action;
        let at = times.get(&action.id).copied().unwrap_or_default();
        match &action.kind {
            ActionKind::Fence => steps.push((at.begins, fence(action, chains.of(action)))),
            ActionKind::Resource(_) => {
                let id = action.resource().unwrap_or_default();
                match by_resource.iter_mut().find(|(known, _)| known == id) {
                    Some((_, tasks)) => tasks.add(action, at),
                    None => {
                        let mut tasks = Tasks::default();
                        tasks.add(action, at);
                        by_resource.push((id.to_owned(), tasks));
                    }
                }
            }
            ActionKind::Milestone | ActionKind::Bookkeeping(_) => {}
        }
    }
    for (id, tasks) in by_resource {
        steps.extend(tasks.steps(resolved, &chains, &id));
    }
    steps.sort_by_key(|(begins, _)| *begins);
    steps.into_iter().map(|(_, step)| step).collect()
}

/// The causes of each action.
struct Chains<'c>(BTreeMap<ActionId, &'c Chain>);

impl Chains<'_> {
    fn of(&self, action: &Action) -> Vec<Link> {
        let chain = self.0.get(&action.id);
        chain.map(|chain| chain.causes.iter().map(link).collect()).unwrap_or_default()
    }
}

fn fence(action: &Action, because: Vec<Link>) -> Step {
    let unfences = action.meta("stonith_action") == Some("on");
    Step {
        verb: if unfences { Verb::Unfence } else { Verb::Fence },
        what: node_of(action),
        from: None,
        to: None,
        inside: None,
        promoted: false,
        interrupted_ms: None,
        because,
    }
}

fn node_of(action: &Action) -> String {
    action.node.as_ref().map(|node| node.name.as_str().to_owned()).unwrap_or_default()
}

/// When an action would begin and end, in milliseconds from now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Time {
    pub(crate) begins: u64,
    ends: u64,
}

/// The planned tasks of one resource that change what it is.
#[derive(Debug, Default)]
struct Tasks<'p> {
    found: Vec<(&'p str, &'p Action, Time)>,
}

impl<'p> Tasks<'p> {
    fn add(&mut self, action: &'p Action, time: Time) {
        self.found.push((action.task.as_str(), action, time));
    }

    fn node(&self, task: &str) -> Option<String> {
        self.find(task).map(|(action, _)| node_of(action))
    }

    fn find(&self, task: &str) -> Option<(&'p Action, Time)> {
        let found = self.found.iter().find(|(found, _, _)| *found == task);
        found.map(|(_, action, time)| (*action, *time))
    }

    fn steps(&self, resolved: &Resolved<'_>, chains: &Chains<'_>, id: &str) -> Vec<(u64, Step)> {
        let (stop, start) = (self.node("stop"), self.node("start"));
        let (promote, demote) = (self.node("promote"), self.node("demote"));
        let verb = match (&stop, &start) {
            (Some(_), _) if self.find("migrate_to").is_some() => Verb::LiveMove,
            (Some(stop), Some(start)) if stop == start => Verb::Restart,
            (Some(_), Some(_)) => Verb::Move,
            (Some(_), None) => Verb::Stop,
            (None, Some(_)) => Verb::Start,
            (None, None) if promote.is_some() => Verb::Promote,
            (None, None) if demote.is_some() => Verb::Demote,
            (None, None) if self.find("reload").is_some() => Verb::Reload,
            (None, None) if self.find("reload-agent").is_some() => Verb::Reload,
            (None, None) => return Vec::new(),
        };
        let back = matches!(verb, Verb::Restart | Verb::Move);
        let begins = self.found.iter().map(|(_, _, time)| time.begins).min().unwrap_or(0);
        let step = Step {
            verb,
            what: shown(resolved, id),
            from: stop.or_else(|| demote.clone()),
            to: start.or_else(|| self.node("migrate_from")).or_else(|| promote.clone()),
            inside: inside(resolved, id),
            promoted: promote.is_some() && !matches!(verb, Verb::Promote),
            interrupted_ms: if back { self.interruption() } else { None },
            because: self.first_of(verb).map(|action| chains.of(action)).unwrap_or_default(),
        };
        // What is active where it should not be is stopped in more than one place.
        let others = self.found.iter().filter(|(task, _, _)| *task == "stop").skip(1);
        let others = others.map(|(_, action, time)| {
            let only = Step {
                verb: Verb::Stop,
                from: Some(node_of(action)),
                to: None,
                promoted: false,
                interrupted_ms: None,
                because: chains.of(action),
                ..step.clone()
            };
            (time.begins, only)
        });
        let others: Vec<(u64, Step)> = others.collect();
        std::iter::once((begins, step)).chain(others).collect()
    }

    /// The action that begins it, whose causes are the causes of all of it.
    fn first_of(&self, verb: Verb) -> Option<&'p Action> {
        let tasks: &[&str] = match verb {
            Verb::LiveMove => &["migrate_to"],
            Verb::Restart | Verb::Move | Verb::Stop => &["stop"],
            Verb::Start => &["start"],
            Verb::Promote => &["promote"],
            Verb::Demote => &["demote"],
            Verb::Reload => &["reload", "reload-agent"],
            Verb::Fence | Verb::Unfence => &[],
        };
        tasks.iter().find_map(|task| self.find(task)).map(|(action, _)| action)
    }

    /// From when it begins to stop until it is started again (promoted again, if it was).
    fn interruption(&self) -> Option<u64> {
        let (_, gone) = self.find("demote").or_else(|| self.find("stop"))?;
        let (_, back) = self.find("promote").or_else(|| self.find("start"))?;
        Some(back.ends.saturating_sub(gone.begins))
    }
}

/// An anonymous instance goes by its configured id.
fn shown(resolved: &Resolved<'_>, id: &str) -> String {
    match resolved.find_resource(id).map(|at| resolved.resource(at)) {
        Some(resource) if !resource.flags.unique => resource.config_id.as_ref().to_owned(),
        Some(_) | None => id.to_owned(),
    }
}

/// The group or clone around a resource.
fn inside(resolved: &Resolved<'_>, id: &str) -> Option<String> {
    let at = resolved.find_resource(id)?;
    let top = resolved.top_of(at, true);
    (top != at).then(|| resolved.resource(top).id.as_ref().to_owned())
}

/// When each action would begin and end, if it takes as long as it took last time.
pub(crate) fn times(resolved: &Resolved<'_>, plan: &Plan) -> BTreeMap<ActionId, Time> {
    let mut times: BTreeMap<ActionId, Time> = BTreeMap::new();
    let mut left: Vec<usize> = (0..plan.steps.len()).collect();
    // Inputs may be written after what needs them; each round settles at least one step, or the
    // rest waits for itself in a circle and is left without times.
    while !left.is_empty() {
        let before = left.len();
        left.retain(|at| {
            let Some(step) = plan.steps.get(*at) else { return false };
            let mut begins = 0;
            for input in &step.inputs {
                match times.get(input) {
                    Some(time) => begins = begins.max(time.ends),
                    None => return true,
                }
            }
            let ends = begins + duration(resolved, &step.action);
            times.insert(step.action.id, Time { begins, ends });
            false
        });
        if left.len() == before {
            break;
        }
    }
    times
}

/// How long an action of this kind took here last time, or a guess.
fn duration(resolved: &Resolved<'_>, action: &Action) -> u64 {
    match &action.kind {
        ActionKind::Milestone | ActionKind::Bookkeeping(_) => 0,
        ActionKind::Fence => FENCE_MS,
        ActionKind::Resource(primitive) => {
            let records = resolved.history.iter().filter(|history| history.id == primitive.id);
            let took = records
                .flat_map(|history| &history.entries)
                .filter(|entry| entry.task == action.task && entry.interval_ms == 0)
                .filter_map(|entry| entry.attr("exec-time")?.parse::<u64>().ok())
                .max();
            took.unwrap_or(match action.task.as_str() {
                "start" | "stop" | "promote" | "demote" => START_OR_STOP_MS,
                _ => OTHER_MS,
            })
        }
    }
}

//! Causes as sentences, without their full stop, for somebody who was just woken.

use std::fmt;

use model::{ExecStatus, Score};

use super::{Cause, CauseAction, Failure, Root};
use crate::LossPolicy;

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(action) => write!(f, "{action}"),
            Self::Moves { resource, from: Some(from), to: Some(to) } if from == to => {
                write!(f, "{resource} stays on {to}")
            }
            Self::Moves { resource, from: Some(from), to: Some(to) } => {
                write!(f, "{resource} moves from {from} to {to}")
            }
            Self::Moves { resource, from: Some(from), to: None } => {
                write!(f, "{resource} leaves {from} and has no other place")
            }
            Self::Moves { resource, from: None, to: Some(to) } => {
                write!(f, "{resource} goes to {to}")
            }
            Self::Moves { resource, from: None, to: None } => {
                write!(f, "{resource} has no place")
            }
            Self::Follows { resource, other, colocation, apart } => {
                let verb = if *apart { "keeps away from" } else { "follows" };
                write!(f, "{resource} {verb} {other}")?;
                match colocation {
                    Some(id) => write!(f, " (colocation `{id}`)"),
                    None => Ok(()),
                }
            }
            Self::RoleMoves { resource, from } => {
                write!(f, "{resource} takes the promoted role over from {from}")
            }
            Self::NodeOf { node, resource } => {
                write!(f, "{node} is a node that {resource} makes")
            }
            Self::Root(root) => write!(f, "{root}"),
        }
    }
}

impl fmt::Display for CauseAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { task, resource, node, blocked, constraint, .. } = self;
        let verb = if *blocked { "cannot" } else { "must" };
        let on = node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
        let place = node.as_deref().unwrap_or("a node");
        match (resource, task.as_ref()) {
            (None, "stonith") => write!(f, "{place} {verb} be fenced")?,
            (None, "do_shutdown") => write!(f, "{place} {verb} shut down")?,
            (None, other) => match other.split_once("one-or-more:") {
                Some((_, id)) if *blocked => {
                    write!(f, "too few of what must go first can start (order `{id}`)")?;
                }
                Some((_, id)) => write!(f, "enough of what goes first starts (order `{id}`)")?,
                None => write!(f, "{other}{on} {verb} be done")?,
            },
            (Some(resource), task) => write!(f, "{resource} {verb} {}{on}", passive(task))?,
        }
        match constraint {
            Some(id) => write!(f, " (constraint `{id}`)"),
            None => Ok(()),
        }
    }
}

/// What is done to a resource, after "must".
fn passive(task: &str) -> String {
    match task {
        "start" | "running" => "start".to_owned(),
        "stop" | "stopped" => "stop".to_owned(),
        "promote" | "promoted" => "be promoted".to_owned(),
        "demote" | "demoted" => "be demoted".to_owned(),
        "monitor" => "be checked".to_owned(),
        "notify" | "notified" => "be notified".to_owned(),
        "migrate_to" => "leave live".to_owned(),
        "migrate_from" => "arrive live".to_owned(),
        "reload-agent" | "reload" => "be reloaded".to_owned(),
        "delete" | "lrm_delete" => "be forgotten".to_owned(),
        "clear_failcount" => "have its failures forgotten".to_owned(),
        other => format!("do `{other}`"),
    }
}

impl fmt::Display for Root {
    #[expect(clippy::too_many_lines, reason = "a flat table: one sentence for each root")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeLost { node } => write!(f, "{node} was lost"),
            Self::NodeUntrusted { node, reason } => {
                write!(f, "{node} cannot be trusted: {reason}")
            }
            Self::NodeOffline { node } => write!(f, "{node} is offline"),
            Self::NodeJoining { node } => write!(f, "{node} is still joining"),
            Self::NodeLeaving { node } => write!(f, "{node} is shutting down"),
            Self::Standby { node } => write!(f, "{node} is on standby"),
            Self::NodeMaintenance { node } => write!(f, "{node} is in maintenance"),
            Self::Failed(failure) => write!(f, "{failure}"),
            Self::TooManyFailures { resource, node, count } => {
                let times = times(*count);
                write!(f, "{resource} failed {times} on {node} (`migration-threshold`)")
            }
            Self::FailuresForgotten { resource, node, reason } => {
                write!(f, "failures of {resource} on {node} are forgotten: {reason}")
            }
            Self::TargetRole { resource, role } => {
                write!(f, "`target-role` of {resource} is {role}")
            }
            Self::StopAll => write!(f, "`stop-all-resources` is set"),
            Self::Removed { resource } => {
                write!(f, "{resource} is not in the configuration any more")
            }
            Self::NoQuorum { policy } => {
                write!(f, "there is no quorum (`no-quorum-policy={}`)", policy_word(*policy))
            }
            Self::Ticket { ticket } => write!(f, "ticket `{ticket}` is not granted here"),
            Self::Location { constraint, node, score, .. } => {
                write!(f, "location `{constraint}` gives {node} {score}")
            }
            Self::Colocation { constraint: Some(id), resource, other } => {
                write!(f, "colocation `{id}` ties {resource} to {other}")
            }
            Self::Colocation { constraint: None, resource, other } => {
                write!(f, "{resource} goes where {other} is")
            }
            Self::Health { node } => write!(f, "the health of {node} is bad"),
            Self::NoRoom { resource, node } => write!(f, "{node} has no room for {resource}"),
            Self::NotAllowed { resource } => {
                write!(f, "no node is allowed and able to run {resource}")
            }
            Self::BetterPlace { resource, node, rule } => {
                write!(f, "{resource} belongs on {node}: {}", rule.words())
            }
            Self::WrongKindOfNode { resource, node } => {
                write!(f, "{node} is not a kind of node for {resource}")
            }
            Self::EnoughCopies { resource, full: Some(node) } => {
                write!(f, "{node} has its share of copies of {resource}")
            }
            Self::EnoughCopies { resource, full: None } => {
                write!(f, "there are as many copies of {resource} as there should be")
            }
            Self::NotRunning { resource, .. } => {
                write!(f, "{resource} should run, and runs nowhere")
            }
            Self::MultipleActive { resource } => {
                write!(f, "{resource} is active on more nodes than it may be")
            }
            Self::Changed { resource } => {
                write!(f, "the definition of {resource} changed since it was started")
            }
            Self::AgentChanged { resource } => {
                write!(f, "{resource} was started with another agent than is configured")
            }
            Self::NotKnown { resource, node } => {
                write!(f, "nobody knows yet whether {resource} runs on {node}")
            }
            Self::OperationMissing { resource, task, interval_ms } => {
                let every = every(*interval_ms);
                write!(f, "{resource} should have a {task}{every} there and has none")
            }
            Self::OperationUnwanted { resource, task, interval_ms } => {
                let every = every(*interval_ms);
                write!(f, "the {task}{every} of {resource} is not wanted there")
            }
            Self::PromotionScore { resource, score, rival } => {
                write!(f, "the promotion score of {resource} is {score}")?;
                match rival {
                    Some((other, its)) => write!(f, ", that of {other} {its}"),
                    None => Ok(()),
                }
            }
            Self::HalfMoved { resource } => {
                write!(f, "a live move of {resource} was left half done")
            }
            Self::Unfencing { node, reason: Some(reason) } => {
                write!(f, "{node} must be let back to shared devices: {reason}")
            }
            Self::Unfencing { node, reason: None } => {
                write!(f, "{node} must be let back to shared devices")
            }
            Self::LockOver { resource } => {
                write!(f, "{resource} need not wait for its node any longer")
            }
            Self::MaintenanceRecord => write!(f, "maintenance of remote nodes is recorded"),
            Self::PlacementStrategy => {
                write!(f, "with `placement-strategy` what leaves goes before others come")
            }
            Self::Blocked { resource } => {
                write!(f, "the cluster may not act on {resource} any more")
            }
            Self::Unmanaged { resource } => write!(f, "{resource} is not managed by the cluster"),
            Self::MaintenanceMode => write!(f, "`maintenance-mode` is set"),
            Self::NoFenceDevice => {
                write!(f, "no fence device is configured, and fencing is not switched off")
            }
            Self::UnderWay { resource, task } => {
                write!(f, "a {task} of {resource} is under way")
            }
            Self::Unexplained { resource } => {
                write!(f, "{resource} must be stopped and started")
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, node, task, interval_ms, code, status, at: _ } = self;
        let probe = task.as_ref() == "monitor" && *interval_ms == 0;
        let task = if probe { "probe" } else { task.as_ref() };
        let every = every(*interval_ms);
        if *status == ExecStatus::TimedOut {
            return write!(f, "{task} of {resource}{every} timed out on {node}");
        }
        let words = code.words();
        write!(f, "{task} of {resource}{every} failed on {node}: {words} ({code})")
    }
}

fn every(interval_ms: u64) -> String {
    match interval_ms {
        0 => String::new(),
        ms if ms % 1000 == 0 => format!(" every {} s", ms / 1000),
        ms => format!(" every {ms} ms"),
    }
}

fn times(count: i32) -> String {
    match count {
        1 => "once".to_owned(),
        count if count >= Score::INFINITY.value() => "for good".to_owned(),
        count => format!("{count} times"),
    }
}

/// The option's value.
fn policy_word(policy: LossPolicy) -> &'static str {
    match policy {
        LossPolicy::Freeze => "freeze",
        LossPolicy::Stop => "stop",
        LossPolicy::Demote => "demote",
        LossPolicy::Fence => "fence",
        LossPolicy::Ignore => "ignore",
    }
}

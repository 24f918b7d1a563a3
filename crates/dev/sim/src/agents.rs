//! Simulated agents: what a run does to the machine, when it ends, and what it answers.

use controller::AgentRun;
use model::{ExecStatus, OcfCode, Outcome, Role};

use crate::chance::Chance;
use crate::faults::Faults;

/// What was drawn for one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Does its work and says so, after so many microseconds.
    Works(u64),
    /// Ends with an error; whether the work was done is another draw.
    Fails(u64, bool),
    /// Does not end by itself; whether the work was done is another draw.
    Hangs(bool),
}

pub(crate) fn draw(run: &AgentRun, faults: &Faults, chance: &mut Chance) -> Fate {
    let is_fencing = &*run.agent.standard == "stonith";
    let quick = chance.between(2_000, 80_000);
    let (fails, hangs) = match (is_fencing, run.task.as_str()) {
        (true, _) => (faults.fence_fails, faults.fence_hangs),
        (false, "stop") => (faults.stop_fails, faults.stop_fails / 2),
        (false, "monitor" | "notify") => (0, 0),
        (false, _) => (faults.agent_fails, faults.agent_hangs),
    };
    let time = if is_fencing { chance.between(100_000, 2_000_000) } else { quick };
    if chance.percent(fails) {
        Fate::Fails(time, chance.percent(50))
    } else if chance.percent(hangs) {
        Fate::Hangs(chance.percent(50))
    } else {
        Fate::Works(time)
    }
}

/// What the monitor of a resource in this role answers.
pub(crate) fn observed(role: Option<Role>) -> OcfCode {
    match role {
        None | Some(Role::Stopped | Role::Unknown) => OcfCode::NOT_RUNNING,
        Some(Role::Started | Role::Unpromoted) => OcfCode::OK,
        Some(Role::Promoted) => OcfCode::RUNNING_PROMOTED,
    }
}

/// The role after a run that did its work; `None` for a task that changes nothing.
pub(crate) fn role_after(task: &str) -> Option<Option<Role>> {
    match task {
        "start" | "demote" => Some(Some(Role::Started)),
        "promote" => Some(Some(Role::Promoted)),
        "stop" => Some(None),
        _ => None,
    }
}

/// Whether the task's effect may be there from its first moment: an agent that starts something
/// has it running some time before it says so.
pub(crate) fn takes_effect_early(task: &str) -> bool {
    matches!(task, "start" | "promote")
}

pub(crate) fn failed() -> Outcome {
    Outcome::done(OcfCode::GENERIC)
}

pub(crate) fn timed_out() -> Outcome {
    Outcome::failed(ExecStatus::TimedOut, OcfCode::GENERIC, "killed at its deadline")
}

pub(crate) fn cancelled() -> Outcome {
    Outcome::failed(ExecStatus::Cancelled, OcfCode::UNKNOWN, "killed")
}

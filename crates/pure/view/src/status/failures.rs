//! Failed actions, with what to do about each.

use model::{ActionName, ExecStatus, OcfCode, Score};
use scheduler::{FailCountScope, FailedEntry, Resolved};
use serde::Serialize;

use crate::moment;

/// A failed action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Failure {
    pub resource: String,
    pub node: String,
    pub task: String,
    pub interval_ms: u64,
    pub code: i32,
    /// `not running`, `timed out`, ...
    pub what: String,
    /// What the agent said.
    pub reason: String,
    /// Seconds since 1970; `None` if not recorded.
    pub at: Option<i64>,
    pub took_ms: Option<u64>,
    /// Failures on that node so far; 0 where they do not count.
    pub count: i32,
    /// At how many the node is given up; `None` for never.
    pub threshold: Option<i32>,
    /// Command that makes the cluster forget it.
    pub command: String,
}

impl Failure {
    /// It in a line.
    pub fn words(&self, now: i64) -> String {
        let task = match self.interval_ms {
            0 => self.task.clone(),
            interval => format!("{} every {}", self.task, moment::length(interval)),
        };
        let mut text = format!(
            "{}: {task} failed on {}: {} ({})",
            self.resource, self.node, self.what, self.code
        );
        if !self.reason.is_empty() {
            text.push_str(&format!(": {}", self.reason));
        }
        if let Some(at) = self.at {
            text.push_str(&format!(", {}", moment::ago(at, now)));
        }
        if let Some(took) = self.took_ms.filter(|took| *took > 0) {
            text.push_str(&format!(", after {}", moment::length(took)));
        }
        match (self.count, self.threshold) {
            (0, _) => {}
            (count, _) if count >= Score::INFINITY.value() => {
                text.push_str(", final on this node until forgotten");
            }
            (count, Some(threshold)) => {
                text.push_str(&format!(", failure {count} of at most {threshold} there"));
            }
            (count, None) => text.push_str(&format!(", failure {count} there")),
        }
        text
    }
}

pub(super) fn lines(resolved: &Resolved<'_>) -> Vec<Failure> {
    resolved.failed.iter().filter_map(|entry| line(resolved, entry)).collect()
}

fn line(resolved: &Resolved<'_>, entry: &FailedEntry<'_>) -> Option<Failure> {
    let element = entry.element;
    let number = |name: &str| element.attr(name).and_then(|text| text.parse::<i64>().ok());
    let code = OcfCode(number("rc-code").and_then(|code| code.try_into().ok()).unwrap_or(1));
    let status = number("op-status").and_then(|status| i32::try_from(status).ok()).unwrap_or(4);
    let status = ExecStatus::from_number(status);
    if runs_somewhere(resolved, entry)
        && is_absent_agent(element.attr("operation"), number("interval"), code, status)
    {
        return None;
    }
    let node = resolved.node(entry.node).name.as_ref().to_owned();
    let resource = match entry.resource {
        Some(at) => resolved.resource(at).config_id.as_ref().to_owned(),
        None => resource_of_key(element.attr("operation_key").unwrap_or_default()).to_owned(),
    };
    let scope = FailCountScope { effective: true, launched: false };
    let count =
        entry.resource.map_or(0, |at| resolved.fail_count(entry.node, at, scope, None).count);
    let threshold = entry.resource.map(|at| resolved.resource(at).migration_threshold);
    Some(Failure {
        command: format!("quorate resource cleanup {resource} {node}"),
        resource,
        node,
        task: element.attr("operation").unwrap_or("?").to_owned(),
        interval_ms: number("interval").and_then(|ms| ms.try_into().ok()).unwrap_or(0),
        code: code.0,
        what: status.told_with(code),
        reason: element.attr("exit-reason").unwrap_or_default().to_owned(),
        at: number("last-rc-change"),
        took_ms: number("exec-time").and_then(|ms| ms.try_into().ok()),
        count,
        threshold: threshold
            .filter(|threshold| *threshold > 0 && *threshold < Score::INFINITY.value()),
    })
}

/// Whether the resource, or another copy of it, is active anywhere.
fn runs_somewhere(resolved: &Resolved<'_>, entry: &FailedEntry<'_>) -> bool {
    let Some(at) = entry.resource else { return false };
    let id = &resolved.resource(at).config_id;
    let mut all = resolved.resource_indices().map(|at| resolved.resource(at));
    all.any(|resource| resource.config_id == *id && !resource.active.is_empty())
}

/// A probe that found no agent on a node says only that the resource cannot be there: no failure,
/// as long as it runs elsewhere.
fn is_absent_agent(
    task: Option<&str>,
    interval: Option<i64>,
    code: OcfCode,
    status: ExecStatus,
) -> bool {
    let probe = task == Some("monitor") && interval.unwrap_or(0) == 0;
    probe && (code == OcfCode::NOT_INSTALLED || status == ExecStatus::NotInstalled)
}

/// What is no action's name is taken whole.
fn resource_of_key(key: &str) -> &str {
    ActionName::parse(key).map_or(key, |name| name.resource)
}

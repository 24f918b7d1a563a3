//! The options of one action, and what its failure means.

use std::borrow::Cow;

use model::{Role, parse_timeout};

use super::super::blocks;
use super::super::types::{NodeIx, NodeKind, Operation, ResIx, Resolved, Resource, Values};
use super::super::values::is_any_of;
use crate::rules::{NextChange, RuleInput, date};

/// What Pacemaker allows an action that has no timeout.
const DEFAULT_TIMEOUT_MS: u64 = 20_000;

/// What a failure leads to, in order of severity. Option `on-fail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnFail {
    /// As if it had not happened.
    Ignore,
    /// Demote if promotable, else stop.
    Demote,
    Restart,
    /// Fence the remote node, or connect anew where there is no fencing.
    ResetRemote,
    /// Restart what launches it.
    RestartContainer,
    /// Run it elsewhere. Word in the document: *migrate*.
    Ban,
    /// Touch it no more.
    Block,
    /// Stop it for good.
    Stop,
    /// Put the node in standby.
    Standby,
    /// Fence the node.
    Fence,
}

impl<'a> Resolved<'a> {
    /// The options of an action: the operation's attributes, its blocks, the defaults, with
    /// `interval` (absent if zero), `timeout` and `start-delay` in whole milliseconds.
    pub fn action_meta(
        &self,
        resource: ResIx,
        node: Option<NodeIx>,
        task: &str,
        interval_ms: u64,
        operation: Option<&Operation<'a>>,
    ) -> Values<'a> {
        let mut next = NextChange::default();
        let found = self.resource(resource);
        let input = RuleInput {
            now: self.now,
            agent: found.agent_parts(),
            operation: Some((task, interval_ms)),
            ..RuleInput::default()
        };
        let mut meta = Values::new();
        if let Some(operation) = operation {
            if let Some(element) = operation.element {
                blocks::unpack(&[element], "meta_attributes", None, &input, &mut meta, &mut next);
            }
            meta.extend(operation.attributes.iter().cloned());
        }
        let is_probe = task == "monitor" && interval_ms == 0;
        if is_probe
            && !meta.contains_key("timeout")
            && let Some(timeout) =
                most_frequent_monitor(found).and_then(|m| attribute(m, "timeout"))
        {
            meta.insert("timeout".into(), timeout);
        }
        if let Some(defaults) = self.document.root().path(&["configuration", "op_defaults"]) {
            blocks::unpack(&[defaults], "meta_attributes", None, &input, &mut meta, &mut next);
        }
        self.note(next);
        meta.remove("id");
        if interval_ms > 0 {
            meta.insert("interval".into(), interval_ms.to_string().into());
        } else {
            meta.remove("interval");
        }
        if found.flags.fence_device
            && (task == "start" || is_probe)
            && let Some(timeout) = self.parameters(resource, node).get("pcmk_monitor_timeout")
        {
            meta.insert("timeout".into(), timeout.clone());
        }
        let timeout = timeout_ms(meta.get("timeout").map(AsRef::as_ref));
        meta.insert("timeout".into(), timeout.to_string().into());
        check_on_fail(found, task, operation, &mut meta);
        self.set_start_delay(interval_ms, &mut meta);
        meta
    }

    fn set_start_delay(&self, interval_ms: u64, meta: &mut Values<'a>) {
        let delay = match (meta.get("start-delay"), meta.get("interval-origin")) {
            (Some(text), _) => parse_timeout(text).map_or(0, |delay| delay.as_millis() as i64),
            (None, Some(origin)) if interval_ms > 0 => {
                let Some(origin) = date::parse(origin, self.now) else { return };
                let origin = origin.seconds;
                let interval = (interval_ms.div_ceil(1000) as i64).max(1);
                let into = (self.now - origin) % interval;
                (if into <= 0 { -into } else { interval - into }) * 1000
            }
            (None, _) => return,
        };
        let delay = delay.clamp(0, i64::from(i32::MAX));
        meta.insert("start-delay".into(), delay.to_string().into());
    }

    /// What a failure of an action leads to, by the `on-fail` of its options.
    pub fn on_fail(
        &self,
        resource: ResIx,
        task: &str,
        interval_ms: u64,
        value: Option<&str>,
    ) -> OnFail {
        let found = self.resource(resource);
        let fencing = self.options.fencing_enabled;
        let is_probe = task == "monitor" && interval_ms == 0;
        let resets_remote = found.flags.remote_connection
            && self.is_remote_node(&found.id)
            && !is_probe
            && task != "start";
        let explicit = match value.map(str::to_ascii_lowercase).as_deref() {
            Some("block") => Some(OnFail::Block),
            Some("fence") if fencing => Some(OnFail::Fence),
            Some("fence" | "stop") => Some(OnFail::Stop),
            Some("standby") => Some(OnFail::Standby),
            Some("ignore" | "nothing") => Some(OnFail::Ignore),
            Some("migrate") => Some(OnFail::Ban),
            Some("restart") => Some(OnFail::Restart),
            Some("restart-container") => found.launcher.map(|_| OnFail::RestartContainer),
            Some("demote") => Some(OnFail::Demote),
            Some(_) | None => None,
        };
        // An unmanaged connection takes the default, whatever is configured.
        let explicit = explicit.filter(|_| !resets_remote || found.flags.managed);
        if let Some(explicit) = explicit {
            return explicit;
        }
        if found.launcher.is_some() {
            OnFail::RestartContainer
        } else if resets_remote {
            if found.flags.managed { OnFail::ResetRemote } else { OnFail::Stop }
        } else if task == "stop" {
            if fencing { OnFail::Fence } else { OnFail::Block }
        } else {
            OnFail::Restart
        }
    }

    /// The role that a failure of an action leaves.
    pub fn role_after_failure(&self, resource: ResIx, task: &str, on_fail: OnFail) -> Role {
        let reconnects = self.resource(resource).remote_reconnect_ms != 0;
        match on_fail {
            OnFail::Stop => Role::Stopped,
            OnFail::ResetRemote if reconnects => Role::Stopped,
            OnFail::Ignore
            | OnFail::Demote
            | OnFail::Restart
            | OnFail::ResetRemote
            | OnFail::RestartContainer
            | OnFail::Ban
            | OnFail::Block
            | OnFail::Standby
            | OnFail::Fence => {
                if task == "promote" {
                    Role::Unpromoted
                } else {
                    Role::Started
                }
            }
        }
    }

    /// Whether a node of that name is a remote node, not a guest.
    fn is_remote_node(&self, name: &str) -> bool {
        self.find_node(name)
            .is_some_and(|node| matches!(self.node(node).kind, NodeKind::Remote { .. }))
    }
}

/// A timeout in whole milliseconds, the default for what is none.
fn timeout_ms(text: Option<&str>) -> u64 {
    text.and_then(parse_timeout)
        .map(|timeout| timeout.as_millis().min(i32::MAX as u128) as u64)
        .filter(|timeout| *timeout > 0)
        .unwrap_or(DEFAULT_TIMEOUT_MS)
}

fn attribute<'a>(operation: &Operation<'a>, name: &str) -> Option<Cow<'a, str>> {
    operation.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

/// The enabled recurring monitor with the shortest interval.
fn most_frequent_monitor<'r, 'a>(resource: &'r Resource<'a>) -> Option<&'r Operation<'a>> {
    resource
        .operations
        .iter()
        .filter(|operation| {
            operation.name == "monitor" && operation.interval_ms > 0 && operation.enabled
        })
        .min_by_key(|operation| operation.interval_ms)
}

/// Whether an operation is a monitor of the promoted role.
fn monitors_promoted(operation: &Operation<'_>) -> bool {
    operation.name == "monitor"
        && operation.interval_ms > 0
        && operation.role().is_some_and(|role| is_any_of(role, &["Promoted", "Master"]))
}

/// Takes away an `on-fail` that the action may not have, and gives a demotion the one of the
/// promoted role's monitor.
fn check_on_fail<'a>(
    resource: &Resource<'a>,
    task: &str,
    operation: Option<&Operation<'a>>,
    meta: &mut Values<'a>,
) {
    const ON_FAIL: &str = "on-fail";
    let value = meta.get(ON_FAIL).cloned();
    match (task, value.as_deref()) {
        ("stop", Some(value)) if is_any_of(value, &["standby", "demote", "stop"]) => {
            meta.remove(ON_FAIL);
        }
        ("stop", _) => {}
        ("demote", None) => {
            // The last one counts, as in Pacemaker.
            let inherited = resource
                .operations
                .iter()
                .rev()
                .filter(|operation| monitors_promoted(operation) && operation.enabled)
                .filter_map(|operation| attribute(operation, ON_FAIL))
                .find(|value| !value.eq_ignore_ascii_case("demote"));
            meta.extend(inherited.map(|value| (ON_FAIL.into(), value)));
        }
        ("lrm_delete", _) => {
            meta.insert(ON_FAIL.into(), "ignore".into());
        }
        (_, Some(value)) if value.eq_ignore_ascii_case("demote") => {
            let fits = operation.is_some_and(|operation| {
                operation.name == "promote" || monitors_promoted(operation)
            });
            if !fits {
                meta.remove(ON_FAIL);
            }
        }
        (_, _) => {}
    }
}

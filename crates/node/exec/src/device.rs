//! What a fence device does without its agent, and what its agent must be told that only the
//! agent's own description says.

use agent::Metadata;
use model::{ExecStatus, OcfCode, Outcome};

use crate::request::RunRequest;

/// What the device calls the target. A parameter's name for it is the agent's choice.
const PORT: &str = "CRM_meta_port";

/// With this, `on` is wanted only from agents that must let nodes back to shared storage (`true`), or
/// only from others.
const UNFENCING: &str = "CRM_meta_unfencing";

/// The agent that stands for nodes' own watchdogs. There is nothing that it could do: what fences is
/// the watchdog, and that the others wait.
const WATCHDOG: &str = "fence_watchdog";

/// What a fence device as a resource answers without its agent: it is nothing but the cluster's
/// readiness to use it.
pub(crate) fn without_agent(request: &RunRequest, in_use: bool) -> Option<Outcome> {
    let is_watchdog = &*request.agent.kind == WATCHDOG;
    match request.action.as_str() {
        "start" if is_watchdog => Some(Outcome::done(OcfCode::OK)),
        "monitor" if is_watchdog && in_use => Some(Outcome::done(OcfCode::OK)),
        // A success would be taken for the proof that the node is off.
        "on" | "off" | "reboot" | "status" | "list" if is_watchdog => {
            Some(not_supported("a node's own watchdog takes no orders: it is waited for"))
        }
        "stop" => Some(Outcome::done(OcfCode::OK)),
        "monitor" if !in_use => Some(Outcome::done(OcfCode::NOT_RUNNING)),
        "monitor" if request.is_probe() => Some(Outcome::done(OcfCode::OK)),
        "start" | "monitor" | "meta-data" | "on" | "off" | "reboot" | "status" | "list" => None,
        other => Some(not_supported(&format!("fence devices have no action `{other}`"))),
    }
}

/// Whether the agent's description is needed for `request`.
pub(crate) fn needs_description(request: &RunRequest) -> bool {
    matches!(request.action.as_str(), "on" | "off" | "reboot" | "status" | "list")
}

/// The request as the agent takes it on the node called `here`.
///
/// # Errors
/// With the outcome, if the agent says that it cannot do that.
pub(crate) fn fitted(
    request: &RunRequest,
    here: &str,
    metadata: Option<&Metadata>,
) -> Result<RunRequest, Outcome> {
    let mut fitted = request.clone();
    let told = request.parameter("action").unwrap_or(&request.action).to_owned();
    let lacks = |action: &str| metadata.is_some_and(|data| data.action(action).is_none());
    match request.action.as_str() {
        "list" | "status" if lacks(&told) => {
            return Err(not_supported(&format!("{} has no action `{told}`", request.agent.kind)));
        }
        "on" if let Some(absent) = only_itself(request, here, metadata) => {
            return Err(not_supported(&format!(
                "only {absent} itself can run its `on`, and {absent} is not here"
            )));
        }
        "on" if let Some(wanted) = request.parameter(UNFENCING) => {
            let on = metadata.and_then(|data| data.action("on"));
            if on.is_some_and(|on| on.automatic) != (wanted == "true") {
                return Err(not_supported("this is no time for its `on`"));
            }
        }
        "reboot" if lacks(&told) && !lacks("off") => {
            fitted.parameters.retain(|(name, _)| name != "action");
            fitted.parameters.push(("action".to_owned(), "off".to_owned()));
        }
        _ => {}
    }
    let Some(port) = request.parameter(PORT) else { return Ok(fitted) };
    // An agent that does not describe itself gets the name that most understand.
    let name = metadata.map_or(Some("port"), Metadata::target_parameter);
    if let Some(name) = name.filter(|_| !names_target(request)) {
        fitted.parameters.push((name.to_owned(), port.to_owned()));
    }
    Ok(fitted)
}

/// The target, if its `on` is for nobody else to run: who writes a key to a disk writes its own.
fn only_itself<'r>(
    request: &'r RunRequest,
    here: &str,
    metadata: Option<&Metadata>,
) -> Option<&'r str> {
    let on = metadata.and_then(|data| data.action("on"))?;
    let target = request.parameter("nodename")?;
    (on.on_target && !target.eq_ignore_ascii_case(here)).then_some(target)
}

/// The configuration itself says which plug it is: a device for one node.
fn names_target(request: &RunRequest) -> bool {
    ["plug", "port"].iter().any(|name| request.parameter(name).is_some())
}

fn not_supported(reason: &str) -> Outcome {
    Outcome::failed(ExecStatus::NotSupported, OcfCode::UNIMPLEMENTED, reason)
}

//! What an agent of this node takes and does.

use agent::{AgentAction, Metadata, Parameter};
use serde::Serialize;
use wire::api::{Agent, Description, Reply, Request};

use crate::Shared;
use crate::answer::{self, Outcome, Wrong, problem};
use crate::query;
use crate::reading::not_that;
use crate::who::Who;

/// An agent, as it says of itself.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Described {
    agent: String,
    version: String,
    short: String,
    long: String,
    parameters: Vec<Taken>,
    actions: Vec<Does>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Taken {
    name: String,
    /// `string`, `integer`, `boolean`, `select`, ...
    kind: String,
    required: bool,
    secret: bool,
    deprecated: bool,
    /// A change of it needs no restart.
    reloadable: bool,
    unique_group: Option<String>,
    default: Option<String>,
    options: Vec<String>,
    short: String,
    long: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Does {
    name: String,
    timeout_ms: Option<u64>,
    interval_ms: Option<u64>,
    role: Option<String>,
    depth: Option<String>,
}

/// Which there are.
pub(crate) async fn list(shared: &Shared, who: &Who) -> Outcome {
    match shared.clients.ask(who.caller.clone(), Request::Agents).wait().await {
        Some(Reply::Agents { agents }) => Ok(answer::ok(&agents)),
        other => Err(not_that(other)),
    }
}

/// Asks the agent `name`, such as `ocf:heartbeat:IPaddr2`, what it is.
pub(crate) async fn describe(shared: &Shared, who: &Who, name: &str) -> Outcome {
    let Some(agent) = query::decoded(name).as_deref().and_then(parsed) else {
        let words =
            "an agent is called STANDARD:TYPE, or ocf:PROVIDER:TYPE, of letters, digits and _.-@";
        return Err(problem(Wrong::Malformed, words));
    };
    let name = written(&agent);
    match shared.clients.ask(who.caller.clone(), Request::Describe { agent }).wait().await {
        Some(Reply::Description(Description::Metadata { xml })) => match Metadata::parse(&xml) {
            Ok(metadata) => Ok(answer::ok(&described(name, metadata))),
            Err(_) => {
                Err(problem(Wrong::NotFound, format!("{name} says nothing that can be read")))
            }
        },
        Some(Reply::Description(Description::Plain)) => {
            Ok(answer::ok(&described(name, Metadata::default())))
        }
        Some(Reply::Description(Description::NotInstalled { others: _ })) => {
            Err(problem(Wrong::NotFound, format!("{name} is not installed on this node")))
        }
        Some(Reply::Description(Description::Speechless { reason: _ })) => {
            Err(problem(Wrong::NotFound, format!("{name} does not say what it takes")))
        }
        other => Err(not_that(other)),
    }
}

/// Names become paths: nothing else than what names are made of gets through.
fn parsed(name: &str) -> Option<Agent> {
    let is_name = |part: &&str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.-@".contains(c))
    };
    let parts: Vec<&str> = name.split(':').filter(is_name).collect();
    if parts.len() != name.split(':').count() {
        return None;
    }
    let (standard, provider, kind) = match parts.as_slice() {
        [standard, kind] => (standard, None, kind),
        [standard, provider, kind] => (standard, Some((*provider).to_owned()), kind),
        _ => return None,
    };
    Some(Agent { standard: (*standard).to_owned(), provider, kind: (*kind).to_owned() })
}

fn written(Agent { standard, provider, kind }: &Agent) -> String {
    match provider {
        Some(provider) => format!("{standard}:{provider}:{kind}"),
        None => format!("{standard}:{kind}"),
    }
}

fn described(agent: String, metadata: Metadata) -> Described {
    let Metadata { version, short, long, parameters, actions, .. } = metadata;
    Described {
        agent,
        version,
        short,
        long,
        parameters: parameters.into_iter().map(taken).collect(),
        actions: actions.into_iter().map(does).collect(),
    }
}

fn taken(parameter: Parameter) -> Taken {
    let Parameter {
        name,
        required,
        unique_group,
        reloadable,
        secret,
        deprecated,
        formerly: _,
        kind,
        default,
        options,
        short,
        long,
    } = parameter;
    Taken {
        name,
        kind,
        required,
        secret,
        deprecated,
        reloadable,
        unique_group,
        default,
        options,
        short,
        long,
    }
}

fn does(action: AgentAction) -> Does {
    let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Does {
        name: action.name,
        timeout_ms: action.timeout.map(ms),
        interval_ms: action.interval.map(ms),
        role: action.role.map(|role| role.to_string()),
        depth: action.depth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_names() {
        for good in ["ocf:heartbeat:IPaddr2", "stonith:fence_ipmilan", "systemd:getty@tty1"] {
            assert_eq!(parsed(good).map(|agent| written(&agent)).as_deref(), Some(good));
        }
        for bad in
            ["", "ocf", "ocf::x", "ocf:../..:x", "ocf:a:b:c", "ocf:a/b:c", "lsb:.x", "lsb:a b"]
        {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}

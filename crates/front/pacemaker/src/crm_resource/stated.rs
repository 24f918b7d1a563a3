//! An agent that the command line states, in place of a configured resource.

use local_agents::agents;
use model::AgentRef;

use crate::tool::{Call, Trouble};

/// The agent that `--class`, `--provider` and `--agent` name; nothing if none of them is given.
/// `runs`: the command is one that runs an agent.
pub(super) fn agent(call: &Call, runs: bool) -> Result<Option<AgentRef>, Trouble> {
    let [class, provider, kind] = ["class", "provider", "agent"].map(|name| call.value(name));
    if class.is_none() && provider.is_none() && kind.is_none() {
        if call.has("option") {
            return Err(Trouble::usage("--option must be used with --validate and without -r"));
        }
        return Ok(None);
    }
    if call.has("resource") {
        let words = "--class, --agent, and --provider cannot be used with -r/--resource";
        return Err(Trouble::usage(words));
    }
    if !runs {
        let words =
            "--class, --agent, and --provider can only be used with --validate and --force-*";
        return Err(Trouble::usage(words));
    }
    let (standard, kind) = match (class, provider, kind) {
        (Some("ocf"), Some(_), Some(kind)) => ("ocf", kind),
        (Some("ocf"), _, _) => {
            return Err(Trouble::usage("--provider and --agent are required with --class=ocf"));
        }
        (_, Some(_), _) => {
            return Err(Trouble::usage("--provider is supported only with --class=ocf"));
        }
        (_, _, None) => return Err(Trouble::usage("--agent is required with --class")),
        (None, _, _) => return Err(Trouble::usage("--class is required with --agent")),
        (Some(standard), None, Some(kind)) => (standard, kind),
    };
    if !agents(standard, provider).iter().any(|name| name == kind) {
        let spec = match provider {
            Some(provider) => format!("{standard}:{provider}:{kind}"),
            None => format!("{standard}:{kind}"),
        };
        return Err(Trouble::usage(match standard {
            "stonith" => format!("{kind} is not a known fencing agent"),
            _ => format!("{spec} is not a known resource agent"),
        }));
    }
    Ok(Some(AgentRef {
        standard: standard.into(),
        provider: provider.map(Into::into),
        kind: kind.into(),
    }))
}

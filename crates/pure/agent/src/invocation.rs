//! What one run of an agent looks like: which program, with what in its environment, its
//! arguments and its standard input.
//!
//! Sources: OCF Resource Agent API 1.1, section 3; Linux Standard Base 5.0, "Init Script Actions";
//! the Fence Agent API; Pacemaker Administration, "OCF Environment Variables"; Heartbeat's
//! `haresources` for scripts that take their parameters as arguments.

use model::AgentRef;

use crate::codes::EXIT_REASON_PREFIX;
use crate::fence;
use crate::standard::Standard;

/// One run, as the scheduler and the fencing logic ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The resource's or the instance's id, as agents see it.
    pub resource: &'a str,
    pub agent: &'a AgentRef,
    pub action: &'a str,
    /// Parameters, and meta-attributes as the plan names them (`CRM_meta_timeout`).
    pub parameters: &'a [(String, String)],
}

/// How to carry a run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Run a program.
    Program(Program),
    /// Ask the service manager.
    Unit { unit: String, job: UnitJob },
}

/// A program to run. Where it is found is the executor's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Below a directory for its standard: `heartbeat/IPaddr2`, `cron`, `fence_ipmilan`.
    pub name: String,
    pub arguments: Vec<String>,
    /// On top of the executor's own environment for agents.
    pub environment: Vec<(String, String)>,
    /// `None` is an empty input.
    pub stdin: Option<String>,
}

/// What to ask of the service manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitJob {
    Start,
    Stop,
    Restart,
    Reload,
    /// Only look.
    Status,
    /// Describe the unit as an agent.
    Metadata,
    /// An action that units do not have, such as `promote`.
    Unknown,
}

impl Invocation {
    /// The invocation of `run` by an agent of `standard`, which is the agent's own one, or what
    /// `service` was resolved to.
    pub fn of(standard: Standard, run: &Run<'_>) -> Self {
        match standard {
            Standard::Ocf => Self::Program(ocf(run)),
            Standard::Lsb | Standard::Service => Self::Program(lsb(run)),
            Standard::Systemd => {
                Self::Unit { unit: unit_name(&run.agent.kind), job: unit_job(run.action) }
            }
            Standard::Heartbeat => Self::Program(heartbeat(run)),
            Standard::Fence => Self::Program(fence_agent(run)),
        }
    }
}

fn ocf(run: &Run<'_>) -> Program {
    let provider = run.agent.provider.as_deref().unwrap_or("heartbeat");
    let mut environment = vec![
        owned("OCF_RA_VERSION_MAJOR", "1"),
        owned("OCF_RA_VERSION_MINOR", "1"),
        owned("OCF_EXIT_REASON_PREFIX", EXIT_REASON_PREFIX),
        owned("OCF_RESOURCE_INSTANCE", run.resource),
        owned("OCF_RESOURCE_TYPE", &run.agent.kind),
        owned("OCF_RESOURCE_PROVIDER", provider),
        // The shell library of the resource-agents package logs to standard error, which is
        // captured, if it is given no facility and no log daemon.
        owned("HA_LOGFACILITY", "none"),
        owned("HA_LOGD", "no"),
        owned("HA_use_logd", "no"),
        owned("HA_debug", "0"),
        owned("PCMK_debug", "no"),
        owned("PCMK_logfacility", "none"),
    ];
    for (name, value) in run.parameters {
        environment.push(match name.as_str() {
            // The one parameter that the API names without a prefix.
            "OCF_CHECK_LEVEL" => owned(name, value),
            // Shells cannot read names with dashes.
            meta if meta.starts_with("CRM_meta_") => {
                (format!("OCF_RESKEY_{}", meta.replace('-', "_")), value.clone())
            }
            parameter => (format!("OCF_RESKEY_{parameter}"), value.clone()),
        });
    }
    environment.retain(|(name, value)| is_variable(name) && !value.contains('\0'));
    Program {
        name: format!("{provider}/{}", run.agent.kind),
        arguments: vec![run.action.to_owned()],
        environment,
        stdin: None,
    }
}

fn lsb(run: &Run<'_>) -> Program {
    let action = if run.action == "monitor" { "status" } else { run.action };
    Program {
        name: run.agent.kind.to_string(),
        arguments: vec![action.to_owned()],
        environment: Vec::new(),
        stdin: None,
    }
}

/// Parameters are called 1, 2, ...: these are the script's arguments, in that order, and the action is
/// the last. Each value is one argument, whatever is in it: no shell reads it.
fn heartbeat(run: &Run<'_>) -> Program {
    let action = if run.action == "monitor" { "status" } else { run.action };
    let numbered = run.parameters.iter().filter_map(|(name, value)| {
        Some((name.parse::<u32>().ok().filter(|number| *number > 0)?, value))
    });
    let mut arguments: Vec<(u32, &String)> = numbered.collect();
    arguments.sort_by_key(|(number, _)| *number);
    let values = arguments.into_iter().map(|(_, value)| value.clone());
    Program {
        name: run.agent.kind.to_string(),
        arguments: values.chain([action.to_owned()]).collect(),
        environment: Vec::new(),
        stdin: None,
    }
}

fn fence_agent(run: &Run<'_>) -> Program {
    let action = match run.action {
        // A device is not started: the cluster takes it into use if it answers.
        "start" => "monitor",
        "meta-data" => "metadata",
        other => other,
    };
    Program {
        name: run.agent.kind.to_string(),
        arguments: Vec::new(),
        environment: Vec::new(),
        stdin: Some(fence::standard_input(action, run.parameters)),
    }
}

/// A unit's full name: `.service` is what people leave out.
fn unit_name(kind: &str) -> String {
    const SUFFIXES: [&str; 12] = [
        ".service",
        ".socket",
        ".device",
        ".mount",
        ".automount",
        ".swap",
        ".target",
        ".path",
        ".timer",
        ".snapshot",
        ".slice",
        ".scope",
    ];
    if SUFFIXES.iter().any(|suffix| kind.ends_with(suffix)) {
        kind.to_owned()
    } else {
        format!("{kind}.service")
    }
}

fn unit_job(action: &str) -> UnitJob {
    match action {
        "start" => UnitJob::Start,
        "stop" => UnitJob::Stop,
        "restart" => UnitJob::Restart,
        "reload" => UnitJob::Reload,
        "monitor" | "status" => UnitJob::Status,
        "meta-data" => UnitJob::Metadata,
        _ => UnitJob::Unknown,
    }
}

fn owned(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Whether the system can carry a variable of this name.
fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn agent(standard: &str, provider: Option<&str>, kind: &str) -> AgentRef {
        AgentRef {
            standard: Arc::from(standard),
            provider: provider.map(Arc::from),
            kind: Arc::from(kind),
        }
    }

    fn run<'a>(
        agent: &'a AgentRef,
        action: &'a str,
        parameters: &'a [(String, String)],
    ) -> Run<'a> {
        Run { resource: "web:1", agent, action, parameters }
    }

    fn program(invocation: Invocation) -> Program {
        match invocation {
            Invocation::Program(program) => program,
            Invocation::Unit { unit, job } => panic!("{unit} {job:?}"),
        }
    }

    #[test]
    fn ocf_parameters_travel_in_the_environment() {
        let agent = agent("ocf", Some("heartbeat"), "IPaddr2");
        let parameters = [
            owned("ip", "192.0.2.9"),
            owned("OCF_CHECK_LEVEL", "10"),
            owned("bad=name", "x"),
            owned("nul", "a\0b"),
            owned("CRM_meta_interval", "10000"),
            owned("CRM_meta_clone-max", "3"),
        ];
        let made = program(Invocation::of(Standard::Ocf, &run(&agent, "start", &parameters)));
        assert_eq!(made.name, "heartbeat/IPaddr2");
        assert_eq!(made.arguments, ["start"]);
        let has = |name: &str, value: &str| made.environment.contains(&owned(name, value));
        assert!(has("OCF_RESKEY_ip", "192.0.2.9"));
        assert!(has("OCF_CHECK_LEVEL", "10"));
        assert!(has("OCF_RESKEY_CRM_meta_interval", "10000"));
        assert!(has("OCF_RESKEY_CRM_meta_clone_max", "3"));
        assert!(has("OCF_RESOURCE_INSTANCE", "web:1"));
        assert!(has("OCF_RESOURCE_PROVIDER", "heartbeat"));
        assert!(!made.environment.iter().any(|(name, _)| name.contains("bad")));
        assert!(!made.environment.iter().any(|(name, _)| name.contains("nul")));
        assert_eq!(made.stdin, None);
    }

    #[test]
    fn init_scripts_are_asked_for_their_status() {
        let agent = agent("lsb", None, "cron");
        let parameters = [owned("secret", "x")];
        let made = program(Invocation::of(Standard::Lsb, &run(&agent, "monitor", &parameters)));
        assert_eq!(
            (made.name.as_str(), made.arguments.as_slice()),
            ("cron", &["status".to_owned()][..])
        );
        assert!(made.environment.is_empty());
    }

    #[test]
    fn scripts_of_heartbeat_get_their_parameters_as_arguments() {
        let agent = agent("heartbeat", None, "backup");
        let parameters = [
            owned("10", "last; rm -rf /"),
            owned("2", "$HOME"),
            owned("1", "a b"),
            owned("CRM_meta_timeout", "20000"),
            owned("0", "never"),
        ];
        let made =
            program(Invocation::of(Standard::Heartbeat, &run(&agent, "monitor", &parameters)));
        assert_eq!(made.arguments, ["a b", "$HOME", "last; rm -rf /", "status"]);
        assert!(made.environment.is_empty() && made.stdin.is_none());
        let made = program(Invocation::of(Standard::Heartbeat, &run(&agent, "start", &[])));
        assert_eq!(made.arguments, ["start"]);
    }

    #[test]
    fn fence_agents_get_no_arguments() {
        let agent = agent("stonith", None, "fence_x");
        let parameters = [owned("passwd", "hush")];
        let made = program(Invocation::of(Standard::Fence, &run(&agent, "start", &parameters)));
        assert!(made.arguments.is_empty() && made.environment.is_empty());
        assert_eq!(made.stdin.as_deref(), Some("action=monitor\npasswd=hush\n"));
    }

    #[test]
    fn units_get_their_suffix() {
        for (kind, unit) in [
            ("nginx", "nginx.service"),
            ("a.socket", "a.socket"),
            ("dbus-org.x", "dbus-org.x.service"),
            ("getty@tty1", "getty@tty1.service"),
        ] {
            let agent = agent("systemd", None, kind);
            assert_eq!(
                Invocation::of(Standard::Systemd, &run(&agent, "monitor", &[])),
                Invocation::Unit { unit: unit.to_owned(), job: UnitJob::Status }
            );
        }
    }
}

//! Running an agent here and now, past the cluster.

use std::time::Duration;

use local_agents::{ByHand, CannotRun, Ran};
use model::{AgentRef, ExecStatus, OcfCode, parse_timeout};
use scheduler::{ResIx, Variant};

use super::lists;
use super::task::Task;
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::tool::{Call, Trouble, last};

/// What an agent gets if nobody says how long it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the agent is called with for an option.
fn action(option: &str) -> &str {
    match option {
        "validate" => "validate-all",
        "force-check" => "monitor",
        _ => option.strip_prefix("force-").unwrap_or(option),
    }
}

/// Runs an agent that the command line states.
pub(super) fn stated(
    agent: &AgentRef,
    option: &str,
    call: &Call,
    overrides: &[(String, String)],
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let given = call.given.iter().filter(|given| given.name == "option");
    let pairs = given.filter_map(|given| given.value.split_once('='));
    let mut parameters: Vec<(String, String)> =
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let timeout = patience(call).unwrap_or(PATIENCE);
    parameters.push(("CRM_meta_timeout".to_owned(), timeout.as_millis().to_string()));
    parameters.push(("crm_feature_set".to_owned(), transition::record::FEATURE_SET.to_owned()));
    run(&Ordered { name: None, agent, option, parameters, timeout, overrides }, call, said)
}

/// Runs the agent of a configured resource, if that cannot do damage.
pub(super) fn configured(
    task: &mut Task<'_, '_>,
    at: ResIx,
    option: &str,
    overrides: &[(String, String)],
) -> Result<Exit, Trouble> {
    let resolved = task.resolved;
    let mut at = at;
    if matches!(resolved.resource(at).variant, Variant::CloneSet(_)) {
        refuse_second(task, at, option)?;
        at = resolved.resource(at).children.first().copied().unwrap_or(at);
    }
    let resource = resolved.resource(at);
    if resource.group().is_some() {
        let words = format!("Sorry, the {option} option doesn't support group resources");
        task.said.error(words);
        return Err(Trouble::new(Exit::Unimplemented, ""));
    }
    let Some(agent) = resource.agent.clone().filter(|_| !resolved.is_bundled(at)) else {
        let words = format!("Sorry, the {option} option doesn't support bundled resources");
        task.said.error(words);
        return Err(Trouble::new(Exit::Unimplemented, ""));
    };
    let parent = resource.parent.map(|parent| resolved.resource(parent));
    let anonymous = parent.and_then(|parent| parent.clone_set()).is_some_and(|set| !set.unique);
    let name = if anonymous { task.asked.given } else { &*resource.id };
    let call = task.asked.call;
    let timeout =
        patience(call).unwrap_or_else(|| local_agents::timeout(resolved, at, action(option)));
    let parameters = local_agents::parameters(resolved, at, None, timeout);
    let ordered =
        Ordered { name: Some(name), agent: &agent, option, parameters, timeout, overrides };
    run(&ordered, call, task.said)
}

/// A copy of a clone set that runs somewhere is not started or promoted behind the cluster's back.
fn refuse_second(task: &mut Task<'_, '_>, at: ResIx, option: &str) -> Result<(), Trouble> {
    let adds = ["force-start", "force-demote", "force-promote"].contains(&option);
    let places = lists::nodes(task.resolved, at, task.asked.given);
    if !adds || task.asked.is_forced() || places.is_empty() {
        return Ok(());
    }
    let id = &task.resolved.resource(at).id;
    task.said.error(format!(
        "It is not safe to {option} {id} here: the cluster claims it is already active"
    ));
    let words = "Try setting target-role=Stopped first or specifying the force option";
    task.said.error(words.to_owned());
    Err(Trouble::new(Exit::Unsafe, ""))
}

fn patience(call: &Call) -> Option<Duration> {
    let given = last(&call.given, &["timeout", "wait-timeout"])?;
    parse_timeout(&given.value).filter(|timeout| !timeout.is_zero())
}

/// One run that is wanted.
struct Ordered<'o> {
    /// The resource's.
    name: Option<&'o str>,
    agent: &'o AgentRef,
    option: &'o str,
    parameters: Vec<(String, String)>,
    timeout: Duration,
    overrides: &'o [(String, String)],
}

fn run(ordered: &Ordered<'_>, call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let mut parameters = ordered.parameters.clone();
    for (name, value) in ordered.overrides {
        parameters.retain(|(known, _)| known != name);
        parameters.push((name.clone(), value.clone()));
    }
    let mut environment = Vec::new();
    if let Some(level) = call.value(ordered.option).filter(|level| !level.is_empty()) {
        environment.push(("OCF_CHECK_LEVEL".to_owned(), level.to_owned()));
    }
    let verbosity = call.count("verbose");
    let debug = if verbosity > 0 { "1" } else { "0" };
    environment.push(("HA_debug".to_owned(), debug.to_owned()));
    environment.push(("PCMK_debug".to_owned(), debug.to_owned()));
    if verbosity > 1 {
        environment.push(("OCF_TRACE_RA".to_owned(), "1".to_owned()));
    }
    let by_hand = ByHand {
        resource: ordered.name.unwrap_or("test"),
        agent: ordered.agent,
        task: action(ordered.option),
        parameters: &parameters,
        environment: &environment,
        timeout: ordered.timeout,
    };
    let outcome = Outcome::of(local_agents::run(&by_hand), ordered);
    tell(ordered, &outcome, said);
    let exit = Exit::of_agent(outcome.code);
    if exit == Exit::Ok { Ok(exit) } else { Err(Trouble::new(exit, "")) }
}

/// What came of a run.
struct Outcome {
    code: OcfCode,
    status: ExecStatus,
    reason: String,
    output: String,
    errors: String,
}

impl Outcome {
    fn of(ran: Result<Ran, CannotRun>, ordered: &Ordered<'_>) -> Self {
        let nothing = |code, status, reason: String| Self {
            code,
            status,
            reason,
            output: String::new(),
            errors: String::new(),
        };
        match ran {
            Ok(ran) => Self {
                code: ran.code,
                status: if ran.late { ExecStatus::TimedOut } else { ExecStatus::Done },
                reason: if ran.late {
                    let seconds = ordered.timeout.as_secs();
                    format!("Process did not exit within {seconds}s")
                } else {
                    ran.reason().to_owned()
                },
                output: ran.output,
                errors: ran.errors,
            },
            Err(CannotRun::Standard(standard)) => nothing(
                OcfCode::UNIMPLEMENTED,
                ExecStatus::Error,
                format!("Manual execution of the {standard} standard is unsupported"),
            ),
            Err(CannotRun::Task(task)) => nothing(
                OcfCode::UNIMPLEMENTED,
                ExecStatus::Error,
                format!("the agent's standard has no action {task}"),
            ),
            Err(CannotRun::NotInstalled) => nothing(
                OcfCode::NOT_INSTALLED,
                ExecStatus::NotInstalled,
                "the agent is not installed".to_owned(),
            ),
            Err(CannotRun::Failed(error)) => {
                nothing(OcfCode::GENERIC, ExecStatus::Error, exit::system_words(&error))
            }
        }
    }
}

fn tell(ordered: &Ordered<'_>, outcome: &Outcome, said: &mut Output) {
    let Ordered { name, agent, option, overrides, .. } = ordered;
    let Outcome { code, status, reason, output, errors } = outcome;
    let provider = agent.provider.as_deref();
    let words = exit::words(*code);
    if let Some(line) = could_not(ordered, outcome) {
        said.tell_people(&line);
    }
    let of = name.map(|name| format!(" for '{name}'")).unwrap_or_default();
    said.tell(
        |out| {
            for (key, value) in *overrides {
                let what = "Overriding the cluster configuration";
                out.item(&format!("{what}{of} with '{key}' = '{value}'"));
            }
            if *status == ExecStatus::Done {
                let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                out.line(&format!("{} returned {code} ({words}{why})", operation(ordered)));
            }
            for text in [output, errors].into_iter().filter(|text| !text.is_empty()) {
                out.line(text);
            }
        },
        |xml| {
            xml.begin("resource-agent-action");
            xml.attr("action", option);
            xml.attr("class", &agent.standard);
            xml.attr("type", &agent.kind);
            xml.attr_if("rsc", *name);
            xml.attr_if("provider", provider);
            xml.begin("overrides");
            for (key, value) in *overrides {
                xml.begin("override");
                xml.attr("name", key);
                xml.attr("value", value);
                xml.attr_if("rsc", *name);
                xml.end();
            }
            xml.end();
            xml.begin("agent-status");
            xml.number("code", code);
            xml.attr("message", words);
            xml.number("execution_code", *status as i32);
            xml.attr("execution_message", status.words());
            xml.attr_if("reason", Some(reason.as_str()).filter(|reason| !reason.is_empty()));
            xml.end();
            if !(output.is_empty() && errors.is_empty()) {
                xml.begin("command");
                xml.number("code", code);
                for (source, text) in [("stdout", output), ("stderr", errors)] {
                    if !text.is_empty() {
                        xml.text_with("output", Some(("source", source)), text);
                    }
                }
                xml.end();
            }
            xml.end();
        },
    );
}

/// What was run, in words.
fn operation(ordered: &Ordered<'_>) -> String {
    let Ordered { name, agent, option, .. } = ordered;
    let of = name.map(|name| format!(" for {name}")).unwrap_or_default();
    format!("Operation {option}{of} ({})", agent_name(agent))
}

fn agent_name(agent: &AgentRef) -> String {
    match &agent.provider {
        Some(provider) => format!("{}:{provider}:{}", agent.standard, agent.kind),
        None => format!("{}:{}", agent.standard, agent.kind),
    }
}

/// The line about a run that gave no answer.
fn could_not(ordered: &Ordered<'_>, outcome: &Outcome) -> Option<String> {
    let Outcome { status, reason, .. } = outcome;
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    (*status != ExecStatus::Done)
        .then(|| format!("{} could not be executed ({}{why})", operation(ordered), status.words()))
}

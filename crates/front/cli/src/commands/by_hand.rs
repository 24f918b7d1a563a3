//! `quorate resource debug-start` and its like: a resource's agent is run here, past the cluster.
//!
//! Nothing of it is recorded: the cluster finds what came of it at its next monitor.

use agent::codes::{self, Severity};
use local_agents::{self as installed, CannotRun, Ran};
use model::{AgentRef, OcfCode, Role};
use scheduler::{Input, NodeIx, ResIx, Resolved, Variant};
use serde::Serialize;
use std::time::Duration;

use crate::arguments::{ByHand, Common};
use crate::exit::Exit;
use crate::source::Source;
use crate::trouble::Trouble;
use crate::{find, say};

/// How a run went, for programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    resource: &'a str,
    agent: String,
    task: &'a str,
    code: i32,
    words: &'static str,
    /// What the program itself answered.
    exit: Option<i32>,
    late: bool,
    reason: &'a str,
    output: &'a str,
    errors: &'a str,
}

/// Runs the agent's `task` here.
pub(super) fn run(common: &Common, task: &str, words: &ByHand) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    find::resource(&source.document, &words.resource)?;
    let input = Input { now: source.now, ..Input::default() };
    let resolved = scheduler::resolve(&source.document, &input);
    let own = source.cluster.as_ref().map(|cluster| cluster.node.as_str());
    let here = own
        .and_then(|name| resolved.node_indices().find(|node| &*resolved.node(*node).name == name));
    let at = primitive(&resolved, &words.resource, here)?;
    let found = resolved.resource(at);
    let Some(agent) = &found.agent else { return Err(not_one(&words.resource)) };
    if !words.force {
        refuse_elsewhere(&resolved, at, task, here)?;
    }
    let limit = words.limit.map(Duration::from_secs);
    let timeout = limit.unwrap_or_else(|| installed::timeout(&resolved, at, task));
    let environment: Vec<(String, String)> =
        own.map(|name| ("QUORATE_NODE".to_owned(), name.to_owned())).into_iter().collect();
    let id = if is_unique(&resolved, at) { &found.id } else { &found.config_id };
    let what = installed::ByHand {
        resource: id,
        agent,
        task,
        parameters: &installed::parameters(&resolved, at, here, timeout),
        environment: &environment,
        timeout,
    };
    let ran = installed::run(&what).map_err(|error| cannot(agent, error))?;
    tell(common, &words.resource, agent, task, timeout, &ran);
    let went_well = codes::succeeded(task, ran.code);
    Ok(if went_well { Exit::Done } else { Exit::AgentSaysNo })
}

/// The primitive that is meant: of a clone the instance that is here, or the first.
fn primitive(resolved: &Resolved<'_>, id: &str, here: Option<NodeIx>) -> Result<ResIx, Trouble> {
    let missing = || Trouble::Usage { what: format!("{id} is not in what the cluster would run") };
    let instances = || {
        let all = resolved.resource_indices();
        all.filter(|at| &*resolved.resource(*at).config_id == id)
    };
    let mut at = resolved.find_resource(id).or_else(|| instances().next()).ok_or_else(missing)?;
    if let Variant::CloneSet(_) = resolved.resource(at).variant {
        let children = &resolved.resource(at).children;
        let is_here = |child: &&ResIx| {
            here.is_some_and(|here| resolved.resource(**child).active.contains(&here))
        };
        at = *children.iter().find(is_here).or(children.first()).ok_or_else(missing)?;
    }
    match resolved.resource(at).variant {
        Variant::Primitive => Ok(at),
        Variant::Group(_) | Variant::CloneSet(_) | Variant::Bundle(_) => Err(not_one(id)),
    }
}

fn not_one(id: &str) -> Trouble {
    Trouble::Usage { what: format!("{id} is no single resource; say which of its members") }
}

fn is_unique(resolved: &Resolved<'_>, at: ResIx) -> bool {
    resolved.resource(at).flags.unique
}

/// What runs on another node must not be started here as well; nor promoted, if it is a copy of what is
/// promoted there.
fn refuse_elsewhere(
    resolved: &Resolved<'_>,
    at: ResIx,
    task: &str,
    here: Option<NodeIx>,
) -> Result<(), Trouble> {
    let id = &resolved.resource(at).config_id;
    let is_copied = |at: ResIx| {
        std::iter::successors(Some(at), |at| resolved.resource(*at).parent)
            .any(|at| matches!(resolved.resource(at).variant, Variant::CloneSet(_)))
    };
    if !(task == "promote" || (task == "start" && !is_copied(at))) {
        return Ok(());
    }
    let meant = resolved.resource_indices().map(|at| resolved.resource(at));
    let meant = meant.filter(|at| at.config_id == *id);
    let mut nodes: Vec<String> = meant
        .filter(|at| task == "start" || at.role == Role::Promoted)
        .flat_map(|at| &at.active)
        .filter(|node| here != Some(**node))
        .map(|node| resolved.node(*node).name.to_string())
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    if nodes.is_empty() {
        return Ok(());
    }
    Err(Trouble::ActiveElsewhere { what: id.to_string(), task: task.to_owned(), nodes })
}

fn cannot(agent: &AgentRef, error: CannotRun) -> Trouble {
    let name = name(agent);
    let what = match error {
        CannotRun::Standard(standard) if standard == "stonith" => {
            format!("{name} is a fence device: `quorate node fence` uses it")
        }
        CannotRun::Standard(standard) => format!("nothing of the standard {standard} can be run"),
        CannotRun::Task(task) => format!("{name} has no {task}"),
        CannotRun::NotInstalled => format!("{name} is not installed on this machine"),
        CannotRun::Failed(error) => format!("{name} cannot be run: {error}"),
    };
    Trouble::Usage { what }
}

fn name(agent: &AgentRef) -> String {
    let AgentRef { standard, provider, kind } = agent;
    match provider {
        Some(provider) => format!("{standard}:{provider}:{kind}"),
        None => format!("{standard}:{kind}"),
    }
}

fn tell(
    common: &Common,
    resource: &str,
    agent: &AgentRef,
    task: &str,
    timeout: Duration,
    ran: &Ran,
) {
    let (agent, reason) = (name(agent), ran.reason());
    if common.json {
        let (code, words) = (ran.code.0, ran.code.words());
        let Ran { exit, late, output, errors, .. } = ran;
        let (exit, late) = (*exit, *late);
        say::json(&Answer {
            resource,
            agent,
            task,
            code,
            words,
            exit,
            late,
            reason,
            output,
            errors,
        });
        return;
    }
    let answered = match (ran.late, ran.exit) {
        (true, _) => format!("it was ended after {} s, its time", timeout.as_secs()),
        (false, None) => "a signal ended it".to_owned(),
        (false, Some(exit)) if exit == ran.code.0 => format!("{exit}, {}", ran.code.words()),
        (false, Some(exit)) => format!("{exit}, which is {}, {}", ran.code, ran.code.words()),
    };
    say::out(&format!("{task} of {resource} by {agent}: {answered}\n"));
    if !reason.is_empty() {
        say::out(&format!("It says why: {reason}\n"));
    }
    if let Some(reach) = reach(task, ran.code).filter(|_| !ran.late) {
        say::out(&format!("{reach}\n"));
    }
    for (title, text) in [("standard output", &ran.output), ("standard error", &ran.errors)] {
        if !text.is_empty() {
            let lines: String = text.lines().map(|line| format!("  {line}\n")).collect();
            say::out(&format!("On {title}:\n{lines}"));
        }
    }
}

/// What the cluster would make of such a failure.
fn reach(task: &str, code: OcfCode) -> Option<&'static str> {
    if codes::succeeded(task, code) || (task == "monitor" && code == OcfCode::NOT_RUNNING) {
        return None;
    }
    match codes::severity(code) {
        Severity::Soft => None,
        Severity::Node => Some("The cluster would not try again on this node."),
        Severity::Cluster => Some("The cluster would not try again on any node."),
    }
}

//! Fence devices of the configuration, and fence agents of this machine.

use std::time::Duration;

use fencing::{Device, HostCheck};
use local_agents::{ByHand, CannotRun, Ran};
use model::AgentRef;

use super::parameters;
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;
use crate::tool::{Call, Trouble};

const NOT_REACHED: &str = "Could not connect to fencer: ";

/// Answers what is about devices and agents.
pub(super) fn answer(
    command: &str,
    value: &str,
    call: &Call,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    match command {
        "list-installed" => {
            let found = local_agents::agents("stonith", None);
            list(said, "Installed fence devices", ("device", "fence device"), &found);
        }
        "list-registered" | "list" => {
            let all = fencing::devices(&Home::find().open(NOT_REACHED)?.document);
            let fits =
                |device: &Device| command == "list-registered" || can_fence(device, value, call);
            let found: Vec<String> = all.into_iter().filter(fits).map(|device| device.id).collect();
            list(said, "Registered fence devices", ("device", "fence device"), &found);
        }
        "list-targets" => {
            let failed = "Couldn't list targets: ";
            let device = device(value, failed)?;
            let found = match device.host_check() {
                HostCheck::StaticList => {
                    device.named_hosts().into_iter().map(str::to_owned).collect()
                }
                HostCheck::DynamicList
                | HostCheck::Automatic
                | HostCheck::Status
                | HostCheck::None => targets(&device, call).ok_or_else(|| {
                    Trouble::new(Exit::Error, format!("{failed}{} does not say", device.id))
                })?,
            };
            list(said, "Fence Targets", ("", "fence target"), &found);
        }
        "query" => {
            let device = device(value, "")?;
            let answers = ["monitor", "list"]
                .iter()
                .any(|task| ask(&device, task, call).is_ok_and(|ran| ran.exit == Some(0)));
            return Ok(if answers { Exit::Ok } else { Exit::Error });
        }
        _ => {
            let agent = call.value("agent").ok_or_else(|| {
                Trouble::usage("Please specify an agent to query using -a,--agent [value]")
            })?;
            return if command == "metadata" {
                metadata(agent, said)
            } else {
                validate(agent, call, said)
            };
        }
    }
    Ok(Exit::Ok)
}

fn device(id: &str, failed: &str) -> Result<Device, Trouble> {
    let document = Home::find().open(NOT_REACHED)?.document;
    let found = fencing::devices(&document).into_iter().find(|device| device.id == id);
    let missing = || Trouble::new(Exit::NoSuch, format!("{failed}No such device\n  {id}"));
    found.ok_or_else(missing)
}

/// As far as can be found out from here.
fn can_fence(device: &Device, node: &str, call: &Call) -> bool {
    match device.host_check() {
        HostCheck::StaticList | HostCheck::None | HostCheck::Status => device.may_fence(node),
        HostCheck::DynamicList | HostCheck::Automatic => match targets(device, call) {
            Some(all) => all.iter().any(|target| target.eq_ignore_ascii_case(device.port(node))),
            None => device.host_check() == HostCheck::Automatic,
        },
    }
}

/// What the agent says it can fence; nothing if it does not say.
fn targets(device: &Device, call: &Call) -> Option<Vec<String>> {
    let ran = ask(device, "list", call).ok().filter(|ran| ran.exit == Some(0))?;
    let names = ran.output.split(['\n', '\r']).filter_map(|line| line.split([',', '=']).next());
    Some(names.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// How long an agent may take if nobody says.
const PATIENCE: Duration = Duration::from_secs(60);

fn ask(device: &Device, task: &str, call: &Call) -> Result<Ran, CannotRun> {
    let parameters: Vec<(String, String)> = device
        .agent_parameters()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let timeout = device.timeout(task).unwrap_or_else(|| patience(call));
    run(&device.id, &device.agent, (device.agent_action(task), &parameters), timeout)
}

fn patience(call: &Call) -> Duration {
    let given = call.number("timeout").ok().flatten().and_then(|n| u64::try_from(n).ok());
    given.filter(|seconds| *seconds > 0).map_or(PATIENCE, Duration::from_secs)
}

fn run(
    id: &str,
    agent: &str,
    (task, parameters): (&str, &[(String, String)]),
    timeout: Duration,
) -> Result<Ran, CannotRun> {
    let agent = AgentRef { standard: "stonith".into(), provider: None, kind: agent.into() };
    local_agents::ask_fence_agent(&ByHand {
        resource: id,
        agent: &agent,
        task,
        parameters,
        environment: &[],
        timeout,
    })
}

fn metadata(agent: &str, said: &mut Output) -> Result<Exit, Trouble> {
    let found = local_agents::metadata(&format!("stonith:{agent}")).ok_or_else(|| {
        let words = "Can't get fence agent meta-data: No such device or address";
        Trouble::new(Exit::NoSuch, format!("{words}\n  {agent}"))
    })?;
    said.quote("metadata", &found);
    Ok(Exit::Ok)
}

fn validate(agent: &str, call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let device = call.value("device");
    let parameters = parameters(call)?;
    let ran = run(device.unwrap_or(agent), agent, ("validate-all", &parameters), patience(call));
    let (valid, output, errors) = match ran {
        Ok(ran) => (ran.exit == Some(0), ran.output, ran.errors),
        Err(CannotRun::NotInstalled) => {
            return Err(Trouble::new(Exit::NoSuch, format!("There is no agent {agent} here")));
        }
        Err(why) => (false, String::new(), format!("{why:?}\n")),
    };
    let exit = if valid { Exit::Ok } else { Exit::Error };
    if call.has("quiet") && call.format.can_be_quiet() {
        return Ok(exit);
    }
    said.tell(
        |out| {
            let on = device.map(|device| format!(" on {device}")).unwrap_or_default();
            let how = if valid { "succeeded" } else { "failed" };
            out.line(&format!("Validation of {agent}{on} {how}"));
            output.lines().for_each(|line| out.line(line));
        },
        |xml| {
            xml.begin("validate");
            xml.attr("agent", agent);
            xml.flag("valid", valid);
            xml.attr_if("device", device);
            xml.begin("command");
            xml.number("code", exit as u8);
            for (source, text) in [("stdout", &output), ("stderr", &errors)] {
                if !text.is_empty() {
                    xml.text_with("output", Some(("source", source)), text);
                }
            }
            xml.end();
            xml.end();
        },
    );
    if !valid {
        errors.lines().for_each(|line| said.tell_people(line));
    }
    Ok(exit)
}

/// Names, how many of what for people; for programs in a list called `title`.
fn list(said: &mut Output, title: &str, (item, noun): (&str, &str), found: &[String]) {
    let items: Vec<(&str, &str)> = found.iter().map(|name| (item, name.as_str())).collect();
    said.list(title, &items);
    said.note(&super::history::count(found.len(), noun));
}

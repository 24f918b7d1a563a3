//! Looking at machines: their cards, disks and programs. This one is looked at by a helper of the same
//! program, others by their doors.

use std::io::Write;
use std::net::IpAddr;
use std::process::{Command, Stdio};

use corosync::Settings;
use wire::door::{Answer, Ask};
use wire::machine::{Look, Machine};

use crate::ask;
use crate::invite;
use crate::local;
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::trouble::{Kind, Trouble};

/// A machine that was looked at.
#[derive(Debug)]
pub struct Looked {
    pub name: String,
    /// Its addresses in `corosync.conf`; none if it is no member.
    pub links: Vec<IpAddr>,
    pub machine: Result<Machine, Trouble>,
}

/// Looks at machines at the same time; each answers for itself. One that is no member can be looked at
/// only if it is this one.
///
/// # Errors
/// When this machine's own files cannot be read.
pub fn look(names: &[String], look: &Look) -> Result<Vec<Looked>, Trouble> {
    let places = Places::default();
    let own = Own::read(&places)?;
    let settings = settings(&places)?;
    let me = invite::own_name(&settings).or_else(|_| local::name(None))?;
    let is_member = |name: &str| settings.node(name).is_some();
    let others: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| *name != me && is_member(name)).collect();
    let ask = Ask::Look(look.clone());
    let mut answers = ask::these(&places, &own, &settings, &others, &ask);
    let looked = |name: &String| {
        let machine = if *name == me {
            here(look)
        } else if let Some(at) = answers.iter().position(|(of, _)| of == name) {
            answers.swap_remove(at).1.and_then(machine)
        } else {
            Err(Trouble::new(Kind::Unknown, "it is no member of this machine's cluster").help(
                "Let it join first: `quorate cluster invite` here, `quorate cluster join` there.",
            ))
        };
        let links = nodes_file::addresses(&settings, name);
        let links = links.iter().filter_map(|address| address.parse().ok()).collect();
        Looked { name: name.clone(), links, machine }
    };
    Ok(names.iter().map(looked).collect())
}

/// What `corosync.conf` says; nothing where there is none, or only the one that the package brings.
fn settings(places: &Places) -> Result<Settings, Trouble> {
    let path = places.nodes_file();
    if !path.exists() || local::is_example(&path) {
        return Ok(Settings::of(&corosync::Conf::parse("")));
    }
    Ok(Settings::of(&nodes_file::read(places)?))
}

fn machine(answer: Answer) -> Result<Machine, Trouble> {
    match answer {
        Answer::Machine(machine) => Ok(*machine),
        Answer::Welcome(_)
        | Answer::File { .. }
        | Answer::Running(_)
        | Answer::Stored { .. }
        | Answer::Done
        | Answer::Refused { .. } => {
            Err(Trouble::new(Kind::Failed, "its door answered something else"))
        }
    }
}

/// Looks at this machine.
pub(crate) fn here(look: &Look) -> Result<Machine, Trouble> {
    let failed = |what: String| Trouble::new(Kind::Failed, format!("cannot look at it: {what}"));
    let question = serde_json::to_string(look).map_err(|error| failed(error.to_string()))?;
    let own = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut helper = Command::new(own);
    helper.args(["agent-helper", "machine"]);
    helper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut helper = helper.spawn().map_err(|error| failed(error.to_string()))?;
    // One that does not take the question says why, and is heard below.
    let _why = helper.stdin.take().map(|mut input| input.write_all(question.as_bytes()));
    let output = helper.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).replace("ocf-exit-reason:", "");
        return Err(failed(why.trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
}

//! The fence agent for nodes that are processes of one machine.
//!
//! `off` answers only when nothing of the node is left: the switch is turned, its network is cut,
//! and the daemon, its descendants and every process with the node's mark are killed and gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use process::{Identity, NODE_MARK, Stat};

use crate::power;

/// How long the node's processes may take to vanish, unless `power_timeout` says otherwise.
const POWER_TIMEOUT: Duration = Duration::from_secs(20);

/// By the Fence Agent API: what `status` answers for a node that is off.
const IS_OFF: u8 = 2;

/// Reads `key=value` lines from standard input, and does what `action` says.
#[expect(clippy::print_stderr, reason = "the agent's standard error, which the executor reads")]
pub(crate) fn main(options: &[&str]) -> ExitCode {
    let mut text = String::new();
    if let ["-o" | "--action", action] = options {
        text = format!("action={action}\n");
    } else if let Err(error) = io::stdin().take(64 * 1024).read_to_string(&mut text) {
        eprintln!("cannot read the parameters: {error}");
        return ExitCode::FAILURE;
    }
    match act(&parameters(&text)) {
        Ok(code) => ExitCode::from(code),
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

type Parameters = BTreeMap<String, String>;

fn parameters(text: &str) -> Parameters {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[expect(clippy::print_stdout, reason = "the agent's standard output, which the executor reads")]
fn act(given: &Parameters) -> Result<u8, String> {
    match given.get("action").map_or("reboot", String::as_str) {
        "metadata" | "meta-data" => {
            print!("{METADATA}");
            Ok(0)
        }
        "off" => off(given).map(|()| 0),
        "on" => on(given).map(|()| 0),
        "reboot" => {
            off(given)?;
            on(given)?;
            Ok(0)
        }
        "status" => {
            let node = Node::of(given)?;
            let is_on = power::is_on(&node.directory) || !node.processes().is_empty();
            println!("Status: {}", if is_on { "ON" } else { "OFF" });
            Ok(if is_on { 0 } else { IS_OFF })
        }
        "list" => {
            names(&state_dir(given)?)?.iter().for_each(|name| println!("{name},"));
            Ok(0)
        }
        "monitor" | "validate-all" => names(&state_dir(given)?).map(|_| 0),
        other => Err(format!("unrecognised action '{other}'")),
    }
}

fn state_dir(given: &Parameters) -> Result<PathBuf, String> {
    let directory = given.get("state_dir").ok_or("parameter state_dir is not set")?;
    fs::canonicalize(directory).map_err(|error| format!("state_dir {directory}: {error}"))
}

/// The nodes below `directory`: each has a directory that a daemon has used.
fn names(directory: &Path) -> Result<Vec<String>, String> {
    let cannot = |error: io::Error| format!("state_dir {}: {error}", directory.display());
    let mut names: Vec<String> = fs::read_dir(directory)
        .map_err(cannot)?
        .flatten()
        .filter(|entry| entry.path().join("daemon.pid").exists())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

fn off(given: &Parameters) -> Result<(), String> {
    let node = Node::of(given)?;
    let limit = given
        .get("power_timeout")
        .and_then(|text| text.parse().ok())
        .map_or(POWER_TIMEOUT, Duration::from_secs);
    let cannot = |what: &str, error: io::Error| format!("{what} of {}: {error}", node.name);
    power::turn(&node.directory, false).map_err(|error| cannot("power switch", error))?;
    node.cut_network()?;
    process::end_now(limit, || node.processes()).map_err(|error| cannot("processes", error))?;
    // What a machine keeps in memory is gone with its power.
    match fs::remove_dir_all(node.directory.join("run")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("run files", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn on(given: &Parameters) -> Result<(), String> {
    let node = Node::of(given)?;
    power::turn(&node.directory, true).map_err(|error| format!("switch of {}: {error}", node.name))
}

struct Node {
    name: String,
    directory: PathBuf,
}

impl Node {
    fn of(given: &Parameters) -> Result<Self, String> {
        let name = ["plug", "port", "nodename"]
            .iter()
            .find_map(|name| given.get(*name))
            .ok_or("neither port nor nodename is set")?;
        if name.is_empty() || name.contains('/') || name.starts_with('.') {
            return Err(format!("'{name}' is not a node's name"));
        }
        let directory = state_dir(given)?.join(name);
        if !directory.is_dir() {
            return Err(format!("there is no node '{name}': no {}", directory.display()));
        }
        Ok(Self { name: name.clone(), directory })
    }

    /// Everything of the node that is alive, this agent and whom it works for excepted: another
    /// node's agents never bear this node's mark.
    fn processes(&self) -> Vec<Identity> {
        let all = process::all();
        let mut found: BTreeSet<Identity> = BTreeSet::new();
        if let Some(daemon) = power::daemon(&self.directory) {
            found.insert(daemon);
            add_descendants(&all, daemon.pid, &mut found);
        }
        if let Some(directory) = self.directory.to_str() {
            found.extend(process::marked(&[(NODE_MARK, directory)]).iter().map(Stat::identity));
        }
        found.remove(&Identity::own());
        found.into_iter().collect()
    }

    /// A machine without power answers no ARP, and has forgotten its addresses when it is on
    /// again: the links of its namespace go down and lose them.
    fn cut_network(&self) -> Result<(), String> {
        let Ok(namespace) = fs::read_to_string(self.directory.join("netns")) else { return Ok(()) };
        let namespace = namespace.trim();
        let ip = |words: &[&str]| {
            let output = Command::new("ip").args(["-n", namespace]).args(words).output();
            output.map_err(|error| format!("cannot run ip: {error}"))
        };
        let links = ip(&["-o", "link", "show", "up"])?;
        for line in String::from_utf8_lossy(&links.stdout).lines() {
            let name = line.split(": ").nth(1).unwrap_or("").split('@').next().unwrap_or("");
            if name.is_empty() || name == "lo" {
                continue;
            }
            for words in
                [["link", "set", "dev", name, "down"].as_slice(), &["addr", "flush", "dev", name]]
            {
                let done = ip(words)?;
                if !done.status.success() {
                    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
                    return Err(format!("link {name} of {} stays up: {said}", self.name));
                }
            }
        }
        Ok(())
    }
}

fn add_descendants(all: &[Stat], parent: u32, found: &mut BTreeSet<Identity>) {
    for child in all.iter().filter(|stat| stat.parent == parent) {
        if found.insert(child.identity()) {
            add_descendants(all, child.pid, found);
        }
    }
}

const METADATA: &str = r#"<?xml version="1.0" ?>
<resource-agent name="fence_quorate" shortdesc="Fence agent for nodes that are processes of one machine">
<longdesc>Powers nodes off and on that run as processes of this machine, as those of the demonstration do: kills everything of the node, waits until it is gone, and lets its supervisor start it again.</longdesc>
<parameters>
	<parameter name="action" unique="0" required="1">
		<content type="string" default="reboot" />
		<shortdesc lang="en">Fencing action</shortdesc>
	</parameter>
	<parameter name="port" unique="0" required="0">
		<content type="string" />
		<shortdesc lang="en">Name of the node</shortdesc>
	</parameter>
	<parameter name="state_dir" unique="0" required="1">
		<content type="string" />
		<shortdesc lang="en">Directory with a directory for each node</shortdesc>
	</parameter>
	<parameter name="power_timeout" unique="0" required="0">
		<content type="second" default="20" />
		<shortdesc lang="en">How long the node's processes may take to vanish</shortdesc>
	</parameter>
</parameters>
<actions>
	<action name="on" automatic="0" />
	<action name="off" />
	<action name="reboot" />
	<action name="status" />
	<action name="list" />
	<action name="monitor" />
	<action name="metadata" />
	<action name="validate-all" />
</actions>
</resource-agent>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_directory() {
        let temporary = std::env::temp_dir();
        for name in ["../etc", "", "a/b", ".."] {
            let text = format!("action=off\nport={name}\nstate_dir={}\n", temporary.display());
            assert!(act(&parameters(&text)).is_err(), "{name}");
        }
        assert!(act(&parameters("action=off\nport=n1\n")).is_err());
        assert!(act(&parameters("action=explode\n")).is_err());
    }
}

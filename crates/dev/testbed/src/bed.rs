//! A bed: its directory, its nodes, who sees whom.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use process::Identity;
use serde::{Deserialize, Serialize};

use crate::plan::{Init, Life, Plan};
use crate::run::run;
use crate::{Result, corosync, init, machine, network, power, quorate};

/// Nodes and what connects them.
#[derive(Debug)]
pub struct Bed {
    root: PathBuf,
    state: State,
    /// Made here, and not only found.
    made_here: bool,
}

/// What the directory remembers.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    plan: Plan,
    /// The process that has the bridges, as text.
    switch: String,
    /// Nodes that see only each other; those that are not named see each other, too.
    groups: Vec<Vec<u32>>,
}

impl Bed {
    /// Makes the directory and the bridges. All nodes are off. What runs of a bed that was here and
    /// has lost who made it is ended first.
    ///
    /// # Errors
    /// When the machine does not let it.
    pub fn create(root: &Path, plan: Plan) -> Result<Self> {
        crate::possible()?;
        let failed = |error| format!("{}: {error}", root.display());
        fs::create_dir_all(root.join("run")).map_err(failed)?;
        let root = root.canonicalize().map_err(failed)?;
        power::prepare(&root)?;
        if let Ok(earlier) = Self::open(&root) {
            earlier.down()?;
        }
        let switch = machine::start_switch(&root, plan.life)?;
        let state = State { plan, switch: switch.to_string(), groups: Vec::new() };
        let bed = Self { root, state, made_here: true };
        network::make_bridges(&bed, switch.pid)?;
        for node in bed.plan().numbers() {
            corosync::prepare(bed.plan(), &bed.node_dir(&name(node)))?;
            quorate::prepare(bed.plan(), &bed.node_dir(&name(node)))?;
        }
        bed.save()?;
        Ok(bed)
    }

    /// The bed that is in this directory.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(root: &Path) -> Result<Self> {
        let path = root.join("bed.json");
        let failed = |error: &dyn std::fmt::Display| format!("no bed: {}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
        let state = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        let root = root.canonicalize().map_err(|error| failed(&error))?;
        Ok(Self { root, state, made_here: false })
    }

    fn save(&self) -> Result<()> {
        let path = self.root.join("bed.json");
        let text = serde_json::to_string_pretty(&self.state).map_err(|error| error.to_string())?;
        let failed = |error| format!("{}: {error}", path.display());
        // Whole or not at all: others read it meanwhile.
        let fresh = self.root.join("bed.json.new");
        fs::write(&fresh, text).map_err(failed)?;
        fs::rename(&fresh, &path).map_err(failed)
    }

    /// What it was made like.
    pub fn plan(&self) -> &Plan {
        &self.state.plan
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn living_switch(&self) -> Option<Identity> {
        living(&self.state.switch)
    }

    pub(crate) fn switch(&self) -> Result<u32> {
        let switch = self.living_switch().ok_or_else(|| "the bed is down".to_owned())?;
        Ok(switch.pid)
    }

    /// A node's directory: its configuration, its logs, and what survives its power.
    pub fn node_dir(&self, name: &str) -> PathBuf {
        self.root.join("nodes").join(name)
    }

    fn pid_file(&self, node: u32) -> PathBuf {
        self.root.join(format!("run/n{node}.pid"))
    }

    /// The first process of a node that is on.
    pub fn first_process(&self, node: u32) -> Option<u32> {
        self.life(node).map(|first| first.pid)
    }

    fn life(&self, node: u32) -> Option<Identity> {
        living(&fs::read_to_string(self.pid_file(node)).ok()?)
    }

    /// Switches a node's power on: it has its addresses then, and what its plan says to boot is
    /// begun.
    ///
    /// # Errors
    /// When it does not start.
    pub fn power_on(&self, node: u32) -> Result<()> {
        if self.first_process(node).is_some() {
            return Ok(());
        }
        self.power_on_bare(node)?;
        if self.plan().init == Init::Systemd {
            run(self.command(node, "touch")?.arg("/run/connected"))?;
        }
        self.boot(node)
    }

    /// Begins what the plan says to boot.
    fn boot(&self, node: u32) -> Result<()> {
        let Some(script) = &self.plan().boot else { return Ok(()) };
        let own = self.node_dir(&name(node));
        // A child of the node's first process, and of nobody outside: who enters a node stops with
        // what it started there, and then nobody would take that away when it is killed.
        let apart = "setsid sh -c \"$1\" </dev/null >>\"$OWN/boot.log\" 2>&1 &";
        let mut command = self.command(node, "sh")?;
        command.args(["-c", apart, "sh", script]).env("NODE", name(node));
        command.env("BED", &self.root).env("OWN", &own);
        run(&mut command).map(drop)
    }

    fn power_on_bare(&self, node: u32) -> Result<()> {
        let first = machine::start_node(self, &name(node))?;
        let path = self.pid_file(node);
        fs::write(&path, format!("{first}\n"))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let _cables = network::hold(&self.root)?;
        // Who sees whom may have changed since this was opened.
        network::connect(&Self::open(&self.root)?, node, first.pid)
    }

    /// Pulls a node's plug; returns when nothing runs there any more.
    ///
    /// # Errors
    /// When its processes do not die.
    pub fn power_off(&self, node: u32) -> Result<()> {
        if let Some(first) = self.life(node) {
            machine::kill(first)?;
        }
        let path = self.pid_file(node);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("{}: {error}", path.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether nobody has pulled its plug: it is on, or has ended by itself, as a machine does that
    /// resets itself.
    pub(crate) fn has_power(&self, node: u32) -> bool {
        self.pid_file(node).exists()
    }

    /// A command that runs on a node.
    ///
    /// # Errors
    /// When the node is off.
    pub fn command(&self, node: u32, program: impl AsRef<Path>) -> Result<Command> {
        let first = self.first_process(node).ok_or_else(|| format!("n{node} is off"))?;
        Ok(machine::enter(first, program.as_ref()))
    }

    /// The process on a node that a running [`command`](Self::command) stands for.
    ///
    /// # Errors
    /// When it has ended.
    pub fn inner(outer: u32) -> Result<u32> {
        machine::first_child(outer)
    }

    pub(crate) fn group_of(&self, node: u32) -> usize {
        let groups = &self.state.groups;
        groups.iter().position(|group| group.contains(&node)).map_or(0, |at| at + 1)
    }

    /// Splits the network: each group sees only itself.
    ///
    /// # Errors
    /// When the machine does not let it.
    pub fn cut(&mut self, groups: &[&[u32]]) -> Result<()> {
        self.state.groups = groups.iter().map(|group| group.to_vec()).collect();
        let _cables = network::hold(&self.root)?;
        self.save()?;
        network::regroup(self)
    }

    /// Joins the network again.
    ///
    /// # Errors
    /// When the machine does not let it.
    pub fn heal(&mut self) -> Result<()> {
        self.cut(&[])
    }

    /// Pulls the cable of one of a node's cards, or plugs it in. The card of a link has its number.
    ///
    /// # Errors
    /// When there is none.
    pub fn set_link(&self, node: u32, card: u32, up: bool) -> Result<()> {
        network::set_link(self, node, card, up)
    }

    /// Loses so many percent of the packets that come to a node, and that it sends.
    ///
    /// # Errors
    /// When the node is off.
    pub fn set_loss(&self, node: u32, incoming: u32, outgoing: u32) -> Result<()> {
        let first = self.first_process(node).ok_or_else(|| format!("n{node} is off"))?;
        network::set_loss(first, incoming, outgoing)
    }

    /// Ends everything; the directory stays.
    ///
    /// # Errors
    /// When something does not die.
    pub fn down(&self) -> Result<()> {
        for node in self.plan().numbers() {
            self.power_off(node)?;
        }
        if self.plan().init == Init::Systemd {
            init::remove_groups(&self.root, self.plan().numbers());
        }
        self.living_switch().map_or(Ok(()), machine::kill)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if self.made_here && self.state.plan.life == Life::WithThread {
            let _nobody_to_tell = self.down();
        }
    }
}

/// The process that was written down, if it has not ended. Its number alone would not tell, nor would
/// what `/proc` shows of its environment: that is empty while it becomes another program.
fn living(written: &str) -> Option<Identity> {
    written.parse().ok().filter(|first: &Identity| first.is_alive())
}

fn name(node: u32) -> String {
    format!("n{node}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_becomes_another_program_lives_on() {
        let script = "[ $1 -eq 0 ] || exec sh -c \"$0\" \"$0\" $(($1 - 1)); echo; read end";
        let mut command = Command::new("sh");
        command.args(["-c", script, script, "500"]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let written = Identity::of(child.id()).unwrap().to_string();
        let mut said = io::BufReader::new(child.stdout.take().unwrap());
        let looks = std::thread::spawn(move || {
            io::BufRead::read_line(&mut said, &mut String::new()).unwrap()
        });
        while !looks.is_finished() {
            assert!(living(&written).is_some(), "{:?}", child.try_wait());
        }
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(living(&written).is_none());
    }
}

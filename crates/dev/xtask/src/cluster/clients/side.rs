//! A cluster that clients drive: Quorate's, or the distribution's Pacemaker.

use std::path::{Path, PathBuf};

use super::outline::{outline, without};
use super::record::Answer;
use crate::cluster::compare::system::{Kind, System};
use crate::cluster::up;

/// How many nodes it has.
const NODES: u32 = 3;

/// What a client's process finds: nothing of this machine's. The limit only ends what hangs: some commands
/// ask each of 300 agents for its metadata, and that on a busy machine.
const ENVIRONMENT: &str = "cd /run; exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run LANG=C.UTF-8 \
                           TZ=UTC TERM=dumb COLUMNS=80 timeout 600 sh -c \"$0\" </dev/null 2>&1";

/// What runs before the first command.
const FIXTURE: &str = include_str!("fixture.sh");

pub(super) struct Side {
    system: System,
    before: std::cell::RefCell<Vec<String>>,
}

/// The program to run: the given one, or one that is built now.
pub(super) fn program(given: Option<&Path>) -> Result<Option<PathBuf>, String> {
    up::program(&up::Words::of(NODES, given))
}

impl Side {
    /// Boots a cluster, Pacemaker's without a program, and gives it something to run.
    pub(super) fn start(root: &Path, program: Option<&Path>) -> Result<Self, String> {
        let mut words = up::Words::of(NODES, program);
        words.pacemaker = program.is_none();
        let kind = if words.pacemaker { Kind::Pacemaker } else { Kind::Quorate };
        let system = System::start(root, kind, &words)?;
        system.shell_on(1, FIXTURE)?;
        system.wait_ready()?;
        let before = configuration(&system)?;
        Ok(Self { system, before: before.into() })
    }

    /// Plays a command again, and waits until the cluster has done what comes of it.
    pub(super) fn play(&self, recorded: &Answer) -> Result<Answer, String> {
        let Answer { command, only, any_order, .. } = recorded.clone();
        let mut client = self.system.bed.command(1, "sh")?;
        let said = client.args(["-c", ENVIRONMENT, &command]).output();
        let said = said.map_err(|error| format!("{command}: {error}"))?;
        let code =
            said.status.code().map_or_else(|| said.status.to_string(), |code| code.to_string());
        let mut answer = Answer { command, only, any_order, code, ..Answer::default() };
        answer.print(&String::from_utf8_lossy(&said.stdout))?;
        self.system.wait_idle()?;
        let after = configuration(&self.system)?;
        let mut before = self.before.borrow_mut();
        answer.gone = without(&before, &after);
        answer.come = without(&after, &before);
        *before = after;
        Ok(answer)
    }

    /// Takes it down.
    pub(super) fn end(self) -> Result<(), String> {
        self.system.bed.down()?;
        std::fs::remove_dir_all(self.system.bed.root()).map_err(|error| error.to_string())
    }
}

fn configuration(system: &System) -> Result<Vec<String>, String> {
    outline(&system.shell_on(1, "cibadmin --query --scope configuration")?)
}

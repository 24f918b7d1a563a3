//! A set of namespaces that lives as long as its first process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::plan::Life;
use crate::run::words;
use crate::{Bed, Result};

/// How long the kernel may take to end what a machine ran.
const DEATH_MAX: Duration = Duration::from_secs(20);

/// What the first process of a node does: gives it file systems of its own where programs keep what
/// is theirs, and then nothing. It ignores the end of children, so the kernel takes away those that
/// nobody waits for.
const NODE: &str = r#"
set -e
mount --make-rprivate /
hostname "$1"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/resource-agents /run/fence-agents
chmod 1777 /run/lock; chmod 1755 /run/resource-agents /run/fence-agents
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t sysfs sysfs /sys
for own in etc/corosync var/lib/corosync var/log/corosync; do
  mount --bind "$2/$own" "/$own"
done
mount --bind "$2/hosts" /etc/hosts
echo ready
exec env --ignore-signal=CHLD sleep infinity
"#;

const SWITCH: &str = "echo ready; exec env --ignore-signal=CHLD sleep infinity";

/// Starts a node's namespaces; answers with the number of its first process.
pub(crate) fn start_node(bed: &Bed, name: &str) -> Result<u32> {
    let directory = bed.node_dir(name);
    let own = directory.to_str().ok_or("the directory's name is not text")?;
    let kinds = ["--net", "--mount", "--uts", "--ipc", "--pid", "--mount-proc"];
    let said = bed.root().join("run").join(format!("{name}.said"));
    start(bed.plan().life, &said, &kinds, &["sh", "-c", NODE, "node", name, own])
}

/// Starts the namespace that the bridges are in.
pub(crate) fn start_switch(root: &Path, life: Life) -> Result<u32> {
    start(life, &root.join("run/switch.said"), &["--net"], &["sh", "-c", SWITCH])
}

/// Starts namespaces of these kinds with a script as first process, whose complaints go to a file.
fn start(life: Life, complaints: &Path, kinds: &[&str], script: &[&str]) -> Result<u32> {
    let file = fs::File::create(complaints);
    let file = file.map_err(|error| format!("{}: {error}", complaints.display()))?;
    let mut command = match life {
        Life::WithThread => words("setpriv", &["--pdeathsig", "KILL", "unshare"]),
        Life::UntilDown => words("setsid", &["unshare"]),
    };
    let mut outer = command
        .args(kinds)
        .args(["--fork", "setpriv", "--pdeathsig", "KILL"])
        .args(script)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file)
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let mut said = String::new();
    if let Some(stdout) = outer.stdout.take() {
        let _unreadable = BufReader::new(stdout).read_line(&mut said);
    }
    if said.trim() != "ready" {
        let _dead = outer.kill();
        let _dead = outer.wait();
        let why = fs::read_to_string(complaints).unwrap_or_default();
        return Err(format!("{command:?} does not get ready: {}", why.trim()));
    }
    first_child(outer.id())
}

/// The first child of a process: what `unshare` and `nsenter` started in the namespaces.
pub(crate) fn first_child(of: u32) -> Result<u32> {
    let path = format!("/proc/{of}/task/{of}/children");
    let children = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let first = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
    first.ok_or_else(|| format!("process {of} has no child"))
}

/// Kills a machine's first process, and with it all that runs there; returns when it is over.
pub(crate) fn kill(first: u32) -> Result<()> {
    let _already_gone = words("kill", &["-9", &first.to_string()]).stderr(Stdio::null()).status();
    let start = Instant::now();
    while is_alive(first) {
        if start.elapsed() > DEATH_MAX {
            return Err(format!("process {first} does not die"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Whether the process is there and not only waiting to be taken away.
pub(crate) fn is_alive(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    state.is_some_and(|state| !matches!(state, "Z" | "X"))
}

/// A command that runs inside.
pub(crate) fn enter(first: u32, program: &Path) -> Command {
    let target = first.to_string();
    let mut command = words("nsenter", &["-t", &target, "-m", "-u", "-i", "-n", "-p", "--"]);
    command.arg(program);
    command
}

/// A command that runs in its network only.
pub(crate) fn enter_network(first: u32, program: &str) -> Command {
    words("nsenter", &["-t", &first.to_string(), "-n", "--", program])
}

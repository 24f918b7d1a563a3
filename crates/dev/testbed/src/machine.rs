//! A set of namespaces that lives as long as its first process.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use process::{Identity, Signal};

use crate::init;
use crate::plan::{Init, Life};
use crate::run::words;
use crate::{Bed, Result};

/// How long the kernel may take to end what a machine ran.
const DEATH_MAX: Duration = Duration::from_secs(60);

/// What the first process of a node does: gives it file systems of its own where programs keep what
/// is theirs, and then nothing. It ignores the end of children, so the kernel takes away those that
/// nobody waits for. Its words: the node's name, its directory, the bed's, an image of its disk.
const NODE: &str = r#"
set -e
mount --make-rprivate /
hostname "$1"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock/subsys /run/resource-agents /run/fence-agents
chmod 1777 /run/lock; chmod 1755 /run/resource-agents /run/fence-agents
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t sysfs sysfs /sys
cover() {
  mkdir -p "$2/upper" "$2/work"
  mount -t overlay overlay -o "lowerdir=/$1,upperdir=$2/upper,workdir=$2/work" "/$1"
}
for tree in etc var/cache var/lib var/log; do
  layer="$2/layers/$tree"
  # Not every file system can be a layer; then what is written there goes with the power.
  cover "$tree" "$layer" || { mount -t tmpfs tmpfs "$layer" && cover "$tree" "$layer"; }
done
mount -t overlay overlay -o "lowerdir=$3/sbin:/usr/sbin" /usr/sbin
# Clients call some of Pacemaker's programs by their whole names, and read its schemas.
if [ -d "$3/lib" ]; then
  mount -t overlay overlay -o "lowerdir=$3/lib:/usr/lib" /usr/lib
  mount -t overlay overlay -o "lowerdir=$3/share:/usr/share" /usr/share
  mount --bind "$3/share/pacemaker" /usr/share/pacemaker
fi
for own in etc/corosync var/lib/corosync var/log/corosync \
           etc/quorate var/lib/quorate var/log/quorate; do
  mkdir -p "/$own"
  mount --bind "$2/$own" "/$own"
done
if [ -n "$4" ]; then mount -o loop "$4" /var/lib/quorate; fi
mount --bind "$2/hosts" /etc/hosts
echo "$1" > /etc/hostname
"#;

/// The end of that.
const IDLE: &str = "echo ready; exec env --ignore-signal=CHLD sleep infinity";

const SWITCH: &str = "echo ready; exec env --ignore-signal=CHLD sleep infinity";

/// Starts a node's namespaces; answers with its first process.
pub(crate) fn start_node(bed: &Bed, name: &str) -> Result<Identity> {
    let text =
        |path: &Path| path.to_str().map(str::to_owned).ok_or("a directory's name is not text");
    let (own, root) = (text(&bed.node_dir(name))?, text(bed.root())?);
    let image = bed.plan().disk.map(|_| format!("{own}/disk")).unwrap_or_default();
    let mut kinds = vec!["--net", "--mount", "--uts", "--ipc", "--pid", "--mount-proc"];
    let (end, group) = match bed.plan().init {
        Init::Idle => (IDLE, None),
        Init::Systemd => (init::SCRIPT, Some(init::make_group(bed.root(), name)?)),
    };
    kinds.extend(group.iter().map(|_| "--cgroup"));
    let script = ["sh", "-c", &format!("{NODE}{end}"), "node", name, &own, &root, &image];
    start(bed.root(), bed.plan().life, name, group.as_deref(), &kinds, &script)
}

/// Starts the namespace that the bridges are in.
pub(crate) fn start_switch(root: &Path, life: Life) -> Result<Identity> {
    start(root, life, "switch", None, &["--net"], &["sh", "-c", SWITCH])
}

/// Starts namespaces of these kinds with a script as first process, whose complaints go to a file.
/// Its processes are in this control group, if one is given.
fn start(
    root: &Path,
    life: Life,
    name: &str,
    group: Option<&Path>,
    kinds: &[&str],
    script: &[&str],
) -> Result<Identity> {
    let complaints = root.join("run").join(format!("{name}.said"));
    let file = fs::File::create(&complaints);
    let file = file.map_err(|error| format!("{}: {error}", complaints.display()))?;
    let apart: &[&str] = match life {
        Life::WithThread => &["setpriv", "--pdeathsig", "KILL", "unshare"],
        Life::UntilDown => &["setsid", "unshare"],
    };
    let mut command = words("env", &[]);
    if let Some(group) = group {
        command.args(["sh", "-c", "echo $$ >\"$0/cgroup.procs\"; exec \"$@\""]).arg(group);
    }
    command.args(apart);
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
        let why = fs::read_to_string(&complaints).unwrap_or_default();
        return Err(format!("{command:?} does not get ready: {}", why.trim()));
    }
    let first = first_child(outer.id())?;
    Identity::of(first).ok_or_else(|| format!("{name} ended at once"))
}

/// The first child of a process: what `unshare` and `nsenter` started in the namespaces.
pub(crate) fn first_child(of: u32) -> Result<u32> {
    let path = format!("/proc/{of}/task/{of}/children");
    let children = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let first = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
    first.ok_or_else(|| format!("process {of} has no child"))
}

/// Kills a machine's first process, and with it all that runs there; returns when it is over, also for
/// the disks: the kernel unmounts what a node leaves a moment after its last process.
pub(crate) fn kill(first: Identity) -> Result<()> {
    let disks = disks(first.pid);
    let failed = |error| format!("process {first} cannot be killed: {error}");
    process::send(first, Signal::Kill).map_err(failed)?;
    // Also until it is taken away, which who started it does at once.
    wait_end(&format!("process {first}"), || Identity::of(first.pid) == Some(first))?;
    disks.iter().try_for_each(|disk| wait_end(&disk.name, || disk.is_in_use()))
}

fn wait_end(what: &str, is_there: impl Fn() -> bool) -> Result<()> {
    let start = Instant::now();
    while is_there() {
        if start.elapsed() > DEATH_MAX {
            return Err(format!("{what} does not end"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// A loop device with an image, until it has another.
struct Disk {
    name: String,
    image: u64,
}

impl Disk {
    fn of(name: &str) -> Option<Self> {
        let image = fs::read_to_string(format!("/sys/block/{name}/diskseq")).ok()?;
        Some(Self { name: name.to_owned(), image: image.trim().parse().ok()? })
    }

    fn is_in_use(&self) -> bool {
        let has_image = Path::new(&format!("/sys/block/{}/loop/backing_file", self.name)).exists();
        has_image && Self::of(&self.name).is_some_and(|now| now.image == self.image)
    }
}

/// The loop devices that a machine has mounted, and this one has not.
fn disks(first: u32) -> Vec<Disk> {
    let mounted = |process: &str| -> BTreeSet<String> {
        let mounts = fs::read_to_string(format!("/proc/{process}/mounts")).unwrap_or_default();
        let devices = mounts.lines().filter_map(|line| line.split(' ').next());
        let loops = devices.filter_map(|device| device.strip_prefix("/dev/"));
        loops.filter(|name| name.starts_with("loop")).map(str::to_owned).collect()
    };
    let own = mounted("self");
    mounted(&first.to_string()).difference(&own).filter_map(|name| Disk::of(name)).collect()
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

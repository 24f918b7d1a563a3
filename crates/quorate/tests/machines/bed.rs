//! A cluster of real machines, as far as one machine can be several: nodes of namespaces, each with a
//! Corosync and a daemon of its own, and a power strip.

use std::fs;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::{Client, Snapshot};
use testbed::{Life, Plan};
use wire::api::{Change, Edit, Entry, Event, Reply, Request};

/// Longer than anything here takes on a busy machine; reached only when a test fails.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Short, so that tests do not wait for long; long enough for a busy machine.
const TOKEN_MS: u32 = 1000;

/// Only a daemon that really hangs takes so long (seconds).
const STALL_S: u32 = 10;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_quorate");

/// Corosync's tokens need the processors, though little of them: clusters mostly wait. So there are as
/// many at a time as there are processors, and not more than that.
const AT_ONCE_MAX: usize = 4;
static RUNNING: Mutex<usize> = Mutex::new(0);
static ONE_LESS: Condvar = Condvar::new();

/// Leave to run a cluster; given back when dropped.
struct Turn;

impl Turn {
    fn take() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let most = processors.min(AT_ONCE_MAX);
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = ONE_LESS.wait_while(running, |running| *running >= most);
        *waited.unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ONE_LESS.notify_one();
    }
}

/// Nodes, and who switches them.
pub struct Machines {
    pub bed: testbed::Bed,
    strip: Option<JoinHandle<()>>,
    nodes: u32,
    _turn: Turn,
}

/// What a node does when its power comes on.
pub fn boot() -> String {
    format!("corosync; exec {PROGRAM} daemon --config $OWN/quorate.toml")
}

/// Says what is left out if this cannot be here.
pub fn can_be() -> bool {
    let agents = ["/usr/lib/ocf/resource.d/heartbeat/IPaddr2", "/usr/bin/arping", "/usr/bin/ping"];
    testkit::is_root() && testkit::has(&testbed::NEEDED) && testkit::has(&agents)
}

impl Machines {
    /// Nodes that are all together.
    pub fn start(nodes: u32, quorum: &[&str]) -> Self {
        let machines = Self::not_booted(nodes, quorum, &boot());
        machines.power_on_all();
        machines
    }

    /// Switches all nodes on, and waits until they are together.
    pub fn power_on_all(&self) {
        for node in 1..=self.nodes {
            self.bed.power_on(node).unwrap();
        }
        for node in 1..=self.nodes {
            self.wait_members(node, &(1..=self.nodes).collect::<Vec<u32>>());
        }
    }

    /// Nodes without power, which will boot like this.
    pub fn not_booted(nodes: u32, quorum: &[&str], boot: &str) -> Self {
        let quorum = quorum.iter().map(|line| (*line).to_owned()).collect();
        Self::planned(Plan { quorum, ..Plan::of(nodes) }, boot)
    }

    /// The same with a plan, whose times and life are those of all tests.
    pub fn planned(plan: Plan, boot: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let turn = Turn::take();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("machines-{}-{number}", std::process::id()));
        let plan = Plan {
            token_ms: Some(TOKEN_MS),
            boot: Some(boot.to_owned()),
            life: Life::WithThread,
            ..plan
        };
        let nodes = plan.nodes;
        let bed = testbed::Bed::create(&root, plan).unwrap();
        for node in 1..=nodes {
            let own = bed.node_dir(&format!("n{node}"));
            let text = format!(
                "state_dir = \"state\"\nagents = \"{}/agents\"\nlog_level = \"debug\"\n\
                 [fabric]\nkind = \"corosync\"\nstall = {STALL_S}\n",
                bed.root().display()
            );
            fs::write(own.join("quorate.toml"), text).unwrap();
        }
        let root = bed.root().to_owned();
        let strip = Some(std::thread::spawn(move || testbed::serve_power(&root).unwrap()));
        Self { bed, strip, nodes, _turn: turn }
    }

    /// The last node is none of the cluster's.
    pub fn leave_out_of_corosync(&self, last: u32) {
        for node in 1..last {
            let file = self.own(node).join("etc/corosync/corosync.conf");
            let text = fs::read_to_string(&file).unwrap();
            let own = text.find(&format!("  node {{\n    name: n{last}\n")).unwrap();
            fs::write(&file, format!("{}}}\n", &text[..own])).unwrap();
        }
    }

    pub fn own(&self, node: u32) -> PathBuf {
        self.bed.node_dir(&format!("n{node}"))
    }

    pub fn log(&self, node: u32) -> String {
        fs::read_to_string(self.own(node).join("boot.log")).unwrap_or_default()
    }

    pub fn client(&self, node: u32) -> Client {
        Client::new(self.own(node).join("state/api.sock"), PATIENCE)
    }

    /// What a node sees, if its daemon is there.
    pub fn see(&self, node: u32) -> Option<Snapshot> {
        self.client(node).document().ok()
    }

    /// Waits until something is so; there is no event for all of these.
    pub fn wait(&self, what: &str, mut wanted: impl FnMut() -> bool) {
        let start = Instant::now();
        while !wanted() {
            if start.elapsed() > PATIENCE {
                let logs: Vec<String> =
                    (1..=self.nodes).map(|node| format!("n{node}:\n{}", self.log(node))).collect();
                panic!("never: {what}\n{}", logs.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until `node` is formed with exactly these members.
    pub fn wait_members(&self, node: u32, members: &[u32]) {
        let names: Vec<String> = members.iter().map(|node| format!("n{node}")).collect();
        self.wait(&format!("membership {names:?} on {node}"), || {
            self.see(node).is_some_and(|seen| seen.cluster.formed && seen.cluster.members == names)
        });
    }

    pub fn replace(&self, node: u32, xml: String) {
        let change = Change::Edit { edits: vec![Edit::Replace { xml }] };
        let request = Request::Change { change, force: false, based_on: None };
        let reply = self.client(node).ask(&request).unwrap();
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}\n{}", self.log(node));
    }

    pub fn wait_idle(&self, node: u32) {
        self.client(node)
            .wait_idle(PATIENCE)
            .unwrap_or_else(|error| panic!("not idle: {error}\n{}", self.log(node)));
    }

    /// Whether a node's history has such an event.
    pub fn happened(&self, node: u32, wanted: impl Fn(&Event) -> bool) -> bool {
        let history = self.client(node).history(0).unwrap_or_default();
        history.iter().any(|Entry { event, .. }| wanted(event))
    }

    /// What a command on a node prints, if that is on and the command succeeds.
    pub fn run(&self, node: u32, words: &[&str]) -> Option<String> {
        let (program, rest) = words.split_first().unwrap();
        let output = self.bed.command(node, program).ok()?.args(rest).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sends a signal to a node's Corosync.
    pub fn signal_corosync(&self, node: u32, signal: &str) {
        self.bed.signal_corosync(node, signal).unwrap();
    }

    /// Nodes that have the address, as the kernel sees it.
    pub fn holders(&self, address: &str) -> Vec<u32> {
        let has = |node: &u32| {
            let listed = self.run(*node, &["ip", "-4", "-o", "addr", "show"]);
            listed.is_some_and(|listed| listed.contains(&format!(" {address}/")))
        };
        (1..=self.nodes).filter(has).collect()
    }

    /// A daemon in the foreground of a node, with words for its configuration in front.
    pub fn daemon(&self, node: u32, line: &str) -> Command {
        let file = self.own(node).join("other.toml");
        let text = fs::read_to_string(self.own(node).join("quorate.toml")).unwrap();
        fs::write(&file, format!("{line}\n{text}")).unwrap();
        let mut command = self.bed.command(node, PROGRAM).unwrap();
        command.args(["daemon", "--config"]).arg(file).stdin(Stdio::null());
        command
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        let _gone = testbed::stop_power(self.bed.root());
        if let Some(strip) = self.strip.take() {
            let _panicked = strip.join();
        }
        let _nobody_to_tell = self.bed.down();
        if std::thread::panicking() {
            return; // the logs are worth reading
        }
        let _gone = fs::remove_dir_all(self.bed.root());
    }
}

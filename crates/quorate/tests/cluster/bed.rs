//! A cluster of real daemons on the embedded fabric, in a directory of its own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use client::{Client, Snapshot};
use process::{Identity, NODE_MARK, RESOURCE_MARK};
use wire::api::{Change, Edit, Entry, Event, Reply, Request};

/// Longer than anything here takes on a busy machine; reached only when a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long nothing may be heard until we look all the same.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const PROGRAM: &str = env!("CARGO_BIN_EXE_quorate");
const AGENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../agents");

/// Three nodes, the sequencer between them, and what they leave on disk.
pub struct Bed {
    pub dir: PathBuf,
    sequencer: Option<Child>,
    daemons: BTreeMap<u32, Child>,
}

/// How a node's daemon is started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    Ordinary,
    /// A file system of its own, of so many kilobytes, that only the daemon sees.
    Small {
        kilobytes: u32,
    },
}

impl Bed {
    /// A sequencer and three daemons that are all together.
    pub fn start() -> Self {
        Self::start_on(Disk::Ordinary)
    }

    pub fn start_on(disk: Disk) -> Self {
        Self::start_with(disk, "")
    }

    /// The same, with more in each node's file.
    pub fn start_with(disk: Disk, more: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("quorate-cluster-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let mut bed = Self { dir, sequencer: None, daemons: BTreeMap::new() };
        bed.gather_agents();
        bed.start_sequencer();
        for node in 1..=3 {
            bed.write_config(node, more);
        }
        for node in 1..=3 {
            bed.start_node_on(node, disk);
        }
        bed.wait_together();
        bed
    }

    /// Waits until each node knows that all are members: one may while another still agrees on its
    /// state, and takes no changes yet.
    pub fn wait_together(&self) {
        for node in 1..=3 {
            self.wait_members(node, &[1, 2, 3]);
        }
    }

    /// The repository's own agents and the testkit's, in one directory of agents.
    fn gather_agents(&self) {
        for kind in ["fence", "ocf"] {
            let into = self.dir.join("agents").join(kind);
            fs::create_dir_all(&into).unwrap();
            for from in [PathBuf::from(AGENTS), testkit::agents()] {
                for agent in fs::read_dir(from.join(kind)).unwrap() {
                    let agent = agent.unwrap();
                    symlink(agent.path(), into.join(agent.file_name())).unwrap();
                }
            }
        }
    }

    pub fn start_sequencer(&mut self) {
        let log = fs::File::create(self.dir.join("fabric.log")).unwrap();
        let mut command = Command::new(PROGRAM);
        command.arg("fabric").arg("--socket").arg(self.dir.join("fabric.sock")).stderr(log);
        // A busy machine is not to be taken for a daemon that hangs.
        command.args(["--stall", "60"]);
        self.sequencer = Some(command.spawn().unwrap());
    }

    pub fn kill_sequencer(&mut self) {
        let mut sequencer = self.sequencer.take().unwrap();
        sequencer.kill().unwrap();
        sequencer.wait().unwrap();
    }

    /// Kills all daemons and the sequencer, so that none hears of another's death.
    pub fn kill_everyone(&mut self) {
        let pid = rustix::process::Pid::from_child(self.sequencer.as_ref().unwrap());
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        for node in self.daemons.keys().copied().collect::<Vec<u32>>() {
            self.kill_node(node);
        }
        self.kill_sequencer();
    }

    /// `quorate fabric WORDS`.
    pub fn fabric(&self, words: &[&str]) {
        let (verb, rest) = words.split_first().unwrap();
        let socket = self.dir.join("fabric.sock");
        let mut command = Command::new(PROGRAM);
        command.args(["fabric", verb, "--socket"]).arg(socket).args(rest);
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
    }

    pub fn node_dir(&self, node: u32) -> PathBuf {
        self.dir.join(format!("n{node}"))
    }

    fn write_config(&self, node: u32, more: &str) {
        let dir = self.node_dir(node);
        fs::create_dir_all(&dir).unwrap();
        let text = format!(
            "name = \"n{node}\"\nstate_dir = \".\"\nagents = \"../agents\"\nlog_level = \"debug\"\n\
             nodes = [{{ name = \"n1\", id = 1 }}, {{ name = \"n2\", id = 2 }}, {{ name = \"n3\", \
             id = 3 }}]\n[fabric]\nkind = \"embedded\"\nsocket = \"../fabric.sock\"\n{more}"
        );
        fs::write(dir.join("quorate.toml"), text).unwrap();
    }

    pub fn daemon_command(&self, node: u32) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("daemon").arg("--config").arg(self.node_dir(node).join("quorate.toml"));
        command
    }

    pub fn start_node(&mut self, node: u32) {
        self.start_node_on(node, Disk::Ordinary);
    }

    /// Starts a daemon and waits until it says that it is ready.
    pub fn start_node_on(&mut self, node: u32, disk: Disk) {
        let mut command = match disk {
            Disk::Ordinary => self.daemon_command(node),
            Disk::Small { kilobytes } => {
                let mut shell = Command::new("unshare");
                shell.args(["--mount", "sh", "-c"]).arg(format!(
                    "mkdir -p {0}/store && mount -t tmpfs -o size={kilobytes}k none {0}/store && \
                     exec {PROGRAM} daemon --config {0}/quorate.toml",
                    self.node_dir(node).display()
                ));
                shell
            }
        };
        let ear_path = self.node_dir(node).join("notify.sock");
        let _first_start = fs::remove_file(&ear_path);
        let ear = UnixDatagram::bind(&ear_path).unwrap();
        ear.set_read_timeout(Some(PATIENCE)).unwrap();
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.node_dir(node).join("log"))
            .unwrap();
        let child = command.env("NOTIFY_SOCKET", &ear_path).stderr(log).spawn().unwrap();
        self.daemons.insert(node, child);
        let mut word = [0; 32];
        let length = ear.recv(&mut word).unwrap_or_else(|_| panic!("{}", self.log(node)));
        assert_eq!(&word[..length], b"READY=1", "{}", self.log(node));
    }

    /// Nodes whose daemons were started and not ended by the test.
    pub fn daemons(&self) -> impl Iterator<Item = u32> {
        self.daemons.keys().copied()
    }

    pub fn pid(&self, node: u32) -> u32 {
        self.daemons[&node].id()
    }

    /// `kill -9` of the daemon alone: what it started lives on.
    pub fn kill_node(&mut self, node: u32) {
        let mut daemon = self.daemons.remove(&node).unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }

    /// Ends everything that a node started, as pulling its plug does.
    pub fn end_processes(&self, node: u32) {
        let dir = self.node_dir(node);
        let mark = dir.to_str().unwrap().to_owned();
        let left = || {
            let found = process::marked(&[(NODE_MARK, &mark)]);
            found.iter().map(process::Stat::identity).collect()
        };
        process::end_now(PATIENCE, left).unwrap();
    }

    /// Asks a daemon to stop, and waits for its end.
    pub fn stop_node(&mut self, node: u32) -> ExitStatus {
        let mut daemon = self.daemons.remove(&node).unwrap();
        process::send(Identity::of(daemon.id()).unwrap(), process::Signal::End).unwrap();
        daemon.wait().unwrap()
    }

    /// Waits for the end of a daemon that was, or is about to be, killed by others.
    pub fn wait_end(&mut self, node: u32) -> ExitStatus {
        self.daemons.remove(&node).unwrap().wait().unwrap()
    }

    pub fn log(&self, node: u32) -> String {
        fs::read_to_string(self.node_dir(node).join("log")).unwrap_or_default()
    }

    pub fn client(&self, node: u32) -> Client {
        Client::new(self.node_dir(node).join("api.sock"), PATIENCE)
    }

    pub fn see(&self, node: u32) -> Snapshot {
        self.client(node).document().unwrap()
    }

    /// Waits until what `node` sees is as wanted, looking after each event, and now and then: some of
    /// what is wanted is no event's, as what a script writes.
    pub fn wait(&self, node: u32, what: &str, wanted: impl Fn(&Snapshot) -> bool) {
        let client = self.client(node);
        let mut events = client.events(0).unwrap();
        let start = Instant::now();
        loop {
            let seen = client.document().unwrap();
            if wanted(&seen) {
                return;
            }
            let heard = events.next(LOOK_AGAIN);
            if heard.is_err() || start.elapsed() > PATIENCE {
                let (cluster, log) = (&seen.cluster, self.log(node));
                panic!("{what}: not on {node}: {heard:?}: {cluster:?}\n{}\n{log}", seen.xml);
            }
        }
    }

    /// Waits until `node` is formed with exactly these members.
    pub fn wait_members(&self, node: u32, members: &[u32]) {
        let names: Vec<String> = members.iter().map(|node| format!("n{node}")).collect();
        self.wait(node, &format!("membership {names:?}"), |seen| {
            seen.cluster.formed && seen.cluster.members == names
        });
    }

    /// Waits until an event of `node` is as wanted.
    pub fn wait_event(&self, node: u32, what: &str, wanted: impl Fn(&Event) -> bool) {
        let mut events = self.client(node).events(0).unwrap();
        loop {
            match events.next(PATIENCE) {
                Ok(Some(Entry { event, .. })) if wanted(&event) => return,
                Ok(Some(_)) => {}
                other => panic!("no {what} on {node}: {other:?}\n{}", self.log(node)),
            }
        }
    }

    /// Waits until there is nothing to do, and all members know what `node` does.
    pub fn wait_idle(&self, node: u32) {
        self.client(node).wait_idle(PATIENCE).unwrap_or_else(|error| {
            panic!("not idle: {error}; {:?}\n{}", self.see(node).cluster, self.log(node))
        });
        self.wait_alike(node);
    }

    /// Waits until all members know what `node` does: who is answered when something is done there may
    /// ask another one before that has heard of it.
    pub fn wait_alike(&self, node: u32) {
        let start = Instant::now();
        loop {
            let own = self.see(node);
            let others = (1..=3).filter(|other| own.cluster.members.contains(&format!("n{other}")));
            let documents = others.map(|other| self.client(other).document().ok());
            if documents.into_iter().all(|seen| seen.is_some_and(|seen| seen.xml == own.xml)) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "copies differ for ever: {}", own.xml);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// `quorate WORDS` at a node, with nobody at the terminal.
    pub fn quorate(&self, node: u32, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).env("QUORATE_SOCKET", self.node_dir(node).join("api.sock"));
        command.env("TMPDIR", &self.dir).stdin(Stdio::null());
        command
    }

    pub fn change(&self, node: u32, change: Change) -> Reply {
        self.client(node).ask(&Request::Change { change, force: false, based_on: None }).unwrap()
    }

    pub fn replace(&self, node: u32, xml: String) -> Reply {
        self.change(node, Change::Edit { edits: vec![Edit::Replace { xml }] })
    }

    /// Goes back to the configuration before the last change.
    pub fn undo(&self, node: u32) {
        let undo = Request::Undo { force: false, based_on: None };
        let reply = self.client(node).ask(&undo).unwrap();
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    }

    /// Live processes that hold `resource` on a node.
    pub fn marked(&self, node: u32, resource: &str) -> Vec<Identity> {
        let dir = self.node_dir(node);
        let marks = [(NODE_MARK, dir.to_str().unwrap()), (RESOURCE_MARK, resource)];
        process::marked(&marks).iter().map(process::Stat::identity).collect()
    }

    /// Nodes on which live processes hold `resource`.
    pub fn running(&self, resource: &str) -> Vec<u32> {
        (1..=3).filter(|node| !self.marked(*node, resource).is_empty()).collect()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        for daemon in self.daemons.values_mut().chain(&mut self.sequencer) {
            let _ended = daemon.kill();
            let _waited = daemon.wait();
        }
        for node in 1..=3 {
            self.end_processes(node);
        }
        if std::thread::panicking() {
            return; // the logs are worth reading
        }
        let _gone = fs::remove_dir_all(&self.dir);
    }
}

/// A configuration with a power switch and an exclusive lock.
pub fn configuration(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        r#"<configuration>
  <crm_config>
    <cluster_property_set id="options">
      <nvpair id="option-fencing" name="stonith-enabled" value="true"/>
    </cluster_property_set>
  </crm_config>
  <nodes/>
  <resources>
    <primitive id="power" class="stonith" type="fence_quorate">
      <instance_attributes id="power-parameters">
        <nvpair id="power-dir" name="state_dir" value="{dir}"/>
      </instance_attributes>
    </primitive>
    <primitive id="lock" class="ocf" provider="quorate" type="lock">
      <instance_attributes id="lock-parameters">
        <nvpair id="lock-file" name="file" value="{dir}/lock"/>
      </instance_attributes>
      <meta_attributes id="lock-meta">
        <nvpair id="lock-stickiness" name="resource-stickiness" value="100"/>
      </meta_attributes>
      <operations>
        <op id="lock-monitor" name="monitor" interval="10s" timeout="20s"/>
      </operations>
    </primitive>
  </resources>
  <constraints/>
</configuration>"#
    )
}

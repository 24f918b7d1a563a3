//! Machines with nothing on them but the packages.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use testbed::{Bed, Init, Life, Plan};

/// Nothing here takes so long on a machine that works.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Town {
    pub(crate) bed: Bed,
}

/// The bed's own configurations: here it is the command that writes them.
const PREPARED: [&str; 2] = ["etc/corosync/corosync.conf", "etc/quorate/quorate.toml"];

impl Town {
    /// `None` if there can be none here; that is said then.
    pub(crate) fn of(nodes: u32, links: u32, name: &str) -> Option<Self> {
        if !testkit::is_root() || !testkit::has(&testbed::NEEDED) {
            return None;
        }
        Some(Self::built(Plan { links, ..Plan::of(nodes) }, name))
    }

    /// The same of machines that systemd runs, with our units.
    pub(crate) fn with_systemd(nodes: u32, name: &str) -> Option<Self> {
        if !testkit::is_root() || !testkit::has(&testbed::NEEDED) || !testbed::has_systemd() {
            return None;
        }
        let town = Self::built(Plan { init: Init::Systemd, ..Plan::of(nodes) }, name);
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd");
        for node in 1..=nodes {
            town.wait("systemd", || town.systemctl(node, &["list-units"]).status.success());
            for unit in ["quorate.service", "quorate-door.service", "quorate-lock.service"] {
                let text = std::fs::read_to_string(units.join(unit)).unwrap();
                let text = text.replace("/usr/bin/quorate", env!("CARGO_BIN_EXE_quorate"));
                let mut put = town.bed.command(node, "sh").unwrap();
                let path = format!("/etc/systemd/system/{unit}");
                succeeded(put.args(["-c", "printf %s \"$0\" >\"$1\"", &text, &path]));
            }
            assert!(town.systemctl(node, &["daemon-reload"]).status.success());
        }
        Some(town)
    }

    /// What systemd on a node answers.
    pub(crate) fn systemctl(&self, node: u32, words: &[&str]) -> Output {
        self.bed.command(node, "systemctl").unwrap().args(words).output().unwrap()
    }

    fn built(plan: Plan, name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("quorate-life-{name}-{}", std::process::id()));
        let nodes = plan.nodes;
        let bed = Bed::create(&root, Plan { life: Life::WithThread, ..plan }).unwrap();
        for node in 1..=nodes {
            let own = bed.node_dir(&format!("n{node}"));
            for file in PREPARED {
                std::fs::remove_file(own.join(file)).unwrap();
            }
            bed.power_on(node).unwrap();
        }
        Self { bed }
    }

    fn quorate(&self, node: u32, words: &[&str]) -> Command {
        let mut command = self.program(node);
        command.arg("cluster").args(words);
        command
    }

    /// What a command about what the cluster does says once that is so.
    pub(crate) fn until_of(
        &self,
        node: u32,
        words: &[&str],
        is_so: impl Fn(&str) -> bool,
    ) -> String {
        let start = Instant::now();
        loop {
            let said = self.tool(node, words);
            if is_so(&said) {
                return said;
            }
            assert!(start.elapsed() < PATIENCE, "{words:?} on n{node} still says: {said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// What it says; it must succeed.
    pub(crate) fn ok(&self, node: u32, words: &[&str]) -> String {
        succeeded(&mut self.quorate(node, words))
    }

    /// Why it fails; it must.
    pub(crate) fn says_no(&self, node: u32, words: &[&str]) -> String {
        failed(&mut self.quorate(node, words))
    }

    /// What one of the program's commands says; it must succeed.
    pub(crate) fn tool(&self, node: u32, words: &[&str]) -> String {
        succeeded(self.program(node).args(words))
    }

    /// Why one of them fails; it must.
    pub(crate) fn tool_says_no(&self, node: u32, words: &[&str]) -> String {
        failed(self.program(node).args(words))
    }

    /// What it says to a user of this number, with their groups, and whether it succeeds.
    pub(crate) fn said_to(&self, user: &str, node: u32, words: &[&str]) -> (String, bool) {
        let mut command = self.bed.command(node, "setpriv").unwrap();
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
        let Output { status, stdout, stderr } =
            command.arg(env!("CARGO_BIN_EXE_quorate")).args(words).output().unwrap();
        (text(stdout) + &text(stderr), status.success())
    }

    fn program(&self, node: u32) -> Command {
        let mut command = self.bed.command(node, Path::new(env!("CARGO_BIN_EXE_quorate"))).unwrap();
        // Where locked memory is limited, sanlock must be told to do without; so is what doors start.
        command.env("SANLOCK_PRIVILEGED", "0");
        command
    }

    /// What it says once that is so.
    pub(crate) fn until(&self, node: u32, words: &[&str], is_so: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let said = self.ok(node, words);
            if is_so(&said) {
                return said;
            }
            assert!(start.elapsed() < PATIENCE, "{words:?} on n{node} still says: {said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Has a node outside of the cluster be Corosync's quorum server.
    pub(crate) fn serve_quorum(&self, node: u32) {
        let mut command = self.bed.command(node, "sh").unwrap();
        // It listens at port 5403 (0x151B) a moment after it has gone to the background.
        let serve = "mkdir -p /run/corosync-qnetd; corosync-qnetd -s off && exec timeout 120 sh -c \
                     'until grep -q \":151B .* 0A \" /proc/net/tcp /proc/net/tcp6; do sleep 0.05; done'";
        succeeded(command.args(["-c", serve]));
    }

    /// Ends the daemon with which a node asks the quorum server, as a fault would.
    pub(crate) fn end_device(&self, node: u32) {
        let mut command = self.bed.command(node, "sh").unwrap();
        succeeded(
            command.args(["-c", "kill -9 $(cat /run/corosync-qdevice/corosync-qdevice.pid)"]),
        );
    }

    /// Does something on a node.
    pub(crate) fn shell(&self, node: u32, words: &str) {
        succeeded(self.bed.command(node, "sh").unwrap().args(["-c", words]));
    }

    /// Waits until something is so.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < PATIENCE, "never: {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes a cluster of a node; answers with the token.
    pub(crate) fn init(&mut self, node: u32) -> String {
        let addresses: Vec<String> =
            (0..self.bed.plan().links).map(|link| format!("10.77.{link}.{node}")).collect();
        let mut words = vec!["init", "web", "--failover-time", "4s"];
        for address in &addresses {
            words.extend(["--addr", address]);
        }
        token(&self.ok(node, &words))
    }

    /// Writes a node's `corosync.conf`.
    pub(crate) fn write(&self, node: u32, text: &str) {
        let own = self.bed.node_dir(&format!("n{node}"));
        std::fs::write(own.join("etc/corosync/corosync.conf"), text).unwrap();
    }

    pub(crate) fn invite(&self, node: u32) -> String {
        token(&self.ok(node, &["invite"]))
    }

    pub(crate) fn joins(&mut self, node: u32, token: &str) {
        let said = self.ok(node, &["join", token]);
        assert!(said.starts_with(&format!("n{node} is a member, with ")), "{said}");
    }

    /// What Corosync counts on a node: expected votes, and the rules that are on.
    pub(crate) fn votes(&self, node: u32) -> String {
        format!("{} {}", self.quorum(node, "Expected votes:"), self.quorum(node, "Flags:"))
    }

    /// How many votes Corosync has on a node.
    pub(crate) fn counted(&self, node: u32) -> String {
        self.quorum(node, "Total votes:")
    }

    fn quorum(&self, node: u32, key: &str) -> String {
        let mut command = self.bed.command(node, "corosync-quorumtool").unwrap();
        // It fails where there is no quorum.
        let said = text(command.arg("-s").output().unwrap().stdout);
        let line = said.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_else(|| panic!("no {key} in {said}")).trim().to_owned()
    }

    /// Each of these nodes joins with its token, all at once.
    pub(crate) fn join_at_once(&self, joining: &[(u32, String)]) {
        let started: Vec<_> = joining
            .iter()
            .map(|(node, token)| {
                let mut command = self.quorate(*node, &["join", token]);
                command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for process in started {
            let Output { status, stdout, stderr } = process.wait_with_output().unwrap();
            assert!(status.success(), "{}{}", text(stdout), text(stderr));
        }
    }

    /// The token time-out with which a node's Corosync runs (ms).
    pub(crate) fn running_token(&self, node: u32) -> String {
        let mut command = self.bed.command(node, "corosync-cmapctl").unwrap();
        let said = succeeded(command.args(["-g", "runtime.config.totem.token"]));
        said.rsplit(' ').next().unwrap_or_default().trim().to_owned()
    }

    /// A node's `corosync.conf`; nothing if there is none.
    pub(crate) fn file(&self, node: u32) -> String {
        let mut command = self.bed.command(node, "cat").unwrap();
        text(command.arg("/etc/corosync/corosync.conf").output().unwrap().stdout)
    }

    /// These have the same authority for what they show to the network, and nobody else can sign by it.
    pub(crate) fn share_authority(&self, nodes: &[u32]) {
        let of = |node: u32| {
            let web = self.bed.node_dir(&format!("n{node}")).join("var/lib/quorate/web");
            ["authority.pem", "authority-key.pem"].map(|name| {
                std::fs::read_to_string(web.join(name)).unwrap_or_else(|_| panic!("n{node} {name}"))
            })
        };
        let first = of(*nodes.first().unwrap());
        for node in nodes {
            assert_eq!(of(*node), first);
            assert_eq!(self.mode(*node, "/var/lib/quorate/web/authority-key.pem"), "600");
        }
    }

    /// Whether a node has a file.
    pub(crate) fn has(&self, node: u32, path: &str) -> bool {
        let mut command = self.bed.command(node, "test").unwrap();
        command.args(["-e", path]).status().unwrap().success()
    }

    /// Who may do what with a file, as octal digits.
    pub(crate) fn mode(&self, node: u32, path: &str) -> String {
        let mut command = self.bed.command(node, "stat").unwrap();
        succeeded(command.args(["-c", "%a", path])).trim().to_owned()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // They are in the temporary directory, for who wants to know why.
            return;
        }
        let _still_used = self.bed.down();
        let _still_used = std::fs::remove_dir_all(self.bed.root());
    }
}

/// The token in the command that is to be run on the next machine.
pub(crate) fn token(said: &str) -> String {
    said.trim().strip_prefix("quorate cluster join ").unwrap_or_else(|| panic!("{said}")).to_owned()
}

fn succeeded(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (said, why) = (text(stdout), text(stderr));
    assert!(status.success(), "{command:?}: {status}: {said}{why}");
    said
}

fn failed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (said, why) = (text(stdout), text(stderr));
    assert!(!status.success(), "{command:?} succeeded: {said}{why}");
    why
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

//! The cluster lock on a shared disk: sanlock's lease, and real Corosync that counts the vote.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use wire::api::{Change, Event, Reply, Request};

use super::bed::{Machines, PROGRAM, boot, can_be};
use super::document::{constraints, document, note, prefers, runs, strip};
use super::quorum_device::has_votes;
use super::quorum_rules::{QUICK, sees};
use super::wait_fenced;

pub const NEEDED: [&str; 1] = ["/usr/sbin/sanlock"];

/// A file that nodes have as their disk, with a lock.
pub struct Disk(PathBuf);

impl Disk {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let disk = std::env::temp_dir().join(format!("lock-{}-{number}", std::process::id()));
        fs::File::create(&disk).unwrap().set_len(2 << 20).unwrap();
        let path = disk.to_str().unwrap();
        let said = lock(&["check", path, "--cluster", "bed"]);
        assert!(!said.0, "{}", said.1);
        let said = lock(&["init", path, "--cluster", "bed", "--io-timeout", "1"]);
        assert!(said.0, "{}", said.1);
        Self(disk)
    }

    /// Of `corosync.conf`'s quorum section.
    pub fn lines(&self) -> Vec<String> {
        let path = format!("path: {}", self.0.display());
        let device =
            ["device {", "model: sanlock", "votes: 1", "timeout: 3000", "sync_timeout: 4000"];
        let own = ["sanlock {", &path, "io_timeout: 1", "}", "}"];
        device.into_iter().chain(own).map(str::to_owned).collect()
    }
}

impl Disk {
    /// Who has the lease.
    fn holder(&self) -> Option<u32> {
        let resource = format!("bed:lock:{}:1048576", self.0.display());
        let mut sanlock = Command::new("sanlock");
        let said =
            sanlock.args(["direct", "read_leader", "-r", &resource]).output().unwrap().stdout;
        let said = String::from_utf8_lossy(&said).into_owned();
        let value =
            |key: &str| said.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
        value("owner_id ").filter(|_| value("timestamp ") != Some(0))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}

/// Two nodes and a disk that both have.
struct Locked {
    machines: Machines,
    disk: Disk,
}

impl Locked {
    fn start() -> Option<Self> {
        if !can_be() || !testkit::has(&NEEDED) {
            return None;
        }
        let disk = Disk::new();
        let path = disk.0.to_str().unwrap();
        assert!(lock(&["check", path, "--cluster", "bed"]).0);
        assert!(!lock(&["check", path, "--cluster", "another"]).0);
        for cluster in ["bed", "another"] {
            let (done, said) = lock(&["init", path, "--cluster", cluster]);
            assert!(!done && said.contains("has the lock of the cluster bed already"), "{said}");
        }
        let lines = disk.lines();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let boot = format!("corosync; {START} {PROGRAM} lock serve");
        let machines = Machines::not_booted(2, &lines, &boot);
        let locked = Self { machines, disk };
        [1, 2].into_iter().for_each(|node| locked.machines.bed.power_on(node).unwrap());
        locked.wait_for_peace();
        Some(locked)
    }

    /// Both are members, have quorum, and could take the lease, which nobody has.
    fn wait_for_peace(&self) {
        for node in [1, 2] {
            self.machines
                .wait("both with the device's vote", || self.votes(node) == Some((3, true)));
            self.machines.wait("a living host", || {
                self.sanlock(node, &["client", "gets", "-h", "1"])
                    .contains(&format!("h {node} gen"))
            });
        }
        self.machines.wait("a free lease", || self.disk.holder().is_none());
    }

    /// The votes that a node counts, and whether it has quorum.
    fn votes(&self, node: u32) -> Option<(u32, bool)> {
        // It says so by its exit code, too.
        let mut tool = self.machines.bed.command(node, "corosync-quorumtool").ok()?;
        let said = String::from_utf8_lossy(&tool.arg("-s").output().unwrap().stdout).into_owned();
        let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        Some((value("Total votes:")?.parse().ok()?, value("Quorate:")? == "Yes"))
    }

    fn quorate(&self, node: u32) -> bool {
        self.votes(node).is_some_and(|(_, quorate)| quorate)
    }

    fn sanlock(&self, node: u32, words: &[&str]) -> String {
        let run = ["env", "SANLOCK_RUN_DIR=/run/quorate-lock", "timeout", "5", "sanlock"];
        self.machines.run(node, &[&run[..], words].concat()).unwrap_or_default()
    }

    fn start_voter(&self, node: u32) {
        let script = format!("({START} {PROGRAM} lock serve) >/run/voter.out 2>&1 &");
        assert!(self.machines.run(node, &["sh", "-c", &script]).is_some());
    }

    /// What Corosync tells who listens, from now on, to a file.
    fn monitor(&self, node: u32) -> PathBuf {
        let file = self.machines.own(node).join("heard");
        let script = format!("stdbuf -oL corosync-quorumtool -m >{} 2>&1 &", file.display());
        assert!(self.machines.run(node, &["sh", "-c", &script]).is_some());
        self.machines.wait("a first word", || {
            fs::read_to_string(&file).is_ok_and(|said| said.contains("Quorate:"))
        });
        file
    }

    fn signal(&self, node: u32, signal: &str, to: &str) {
        let script = format!("kill -{signal} $({to})");
        assert!(self.machines.run(node, &["sh", "-c", &script]).is_some(), "{script}");
    }
}

const SANLOCK: &str = "cat /run/quorate-lock/sanlock.pid";
const VOTER: &str = "cat /run/voter.pid";
/// Where locked memory is limited, sanlock must be told to do without.
pub const START: &str = "echo $$ >/run/voter.pid; SANLOCK_PRIVILEGED=0 exec";

fn lock(words: &[&str]) -> (bool, String) {
    let output = Command::new(PROGRAM).arg("lock").args(words).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Whether Corosync's tool tells of a membership of one.
fn is_of_one(word: &str) -> bool {
    word.contains("Nodes:            1\n")
}

#[test]
fn of_two_halves_one_has_the_lock_and_a_lone_survivor_takes_it() {
    let Some(mut locked) = Locked::start() else { return };

    // While Corosync waits for a vote, nobody hears of quorum; without one, nobody has it.
    let heard = [1, 2].map(|node| locked.monitor(node));
    [1, 2].into_iter().for_each(|node| locked.signal(node, "STOP", VOTER));
    locked.machines.bed.cut(&[&[1], &[2]]).unwrap();
    for node in [1, 2] {
        locked.machines.wait("no quorum", || locked.votes(node) == Some((1, false)));
    }
    for file in heard {
        let said = fs::read_to_string(&file).unwrap();
        let mut alone = said.split("Quorum information").filter(|word| is_of_one(word));
        assert!(!alone.any(|word| word.contains("Quorate:          Yes")), "{said}");
    }

    // Then one goes on.
    [1, 2].into_iter().for_each(|node| locked.signal(node, "CONT", VOTER));
    locked.machines.wait("one of two", || {
        let [first, second] = [1, 2].map(|node| locked.votes(node).unwrap());
        [(first, second), (second, first)].contains(&((2, true), (1, false)))
    });
    let winner = locked.disk.holder().unwrap();
    let loser = 3 - winner;

    // A lease that nobody can be asked about is no vote, and nobody else's.
    locked.signal(winner, "STOP", SANLOCK);
    locked.machines.wait("no vote without sanlock", || locked.votes(winner) == Some((1, false)));
    assert!(!locked.quorate(loser));
    locked.signal(winner, "CONT", SANLOCK);
    locked.machines.wait("the vote again", || locked.quorate(winner));
    assert!(!locked.quorate(loser));

    // Together again, it is given back.
    locked.machines.bed.heal().unwrap();
    locked.wait_for_peace();

    // Whoever is left takes it.
    locked.machines.bed.power_off(1).unwrap();
    // Until the vote is decided, Corosync's tool shows the one before.
    locked.machines.wait("the survivor with the lock", || {
        locked.votes(2) == Some((2, true)) && locked.disk.holder() == Some(2)
    });
    locked.signal(2, "STOP", VOTER);
    locked.machines.wait("no vote of a voter that hangs", || locked.votes(2) == Some((1, false)));
    assert_eq!(locked.disk.holder(), Some(2), "its vote may stand, so the lease does");
    locked.signal(2, "KILL", VOTER);
    locked.start_voter(2);
    locked.machines.wait("the vote of its next life", || locked.quorate(2));
    locked.machines.bed.power_on(1).unwrap();
    locked.wait_for_peace();

    // Without the disk, two are enough and one is not.
    fs::File::options().write(true).open(&locked.disk.0).unwrap().set_len(0).unwrap();
    for node in [1, 2] {
        locked.machines.wait("sanlock to miss its disk", || {
            !locked.sanlock(node, &["client", "gets"]).contains("bed")
        });
        locked.machines.wait("all votes", || locked.votes(node) == Some((3, true)));
    }
    locked.machines.bed.cut(&[&[1], &[2]]).unwrap();
    for node in [1, 2] {
        locked.machines.wait("no vote without a disk", || locked.votes(node) == Some((1, false)));
    }
}

/// Four machines with a lock and daemons, whose Corosyncs expect what those who had quorum before have.
struct Previous {
    machines: Machines,
    disk: Disk,
}

impl Previous {
    /// With a note on the first node, and one that is rather on the second.
    fn start() -> Option<Self> {
        if !can_be() || !testkit::has(&NEEDED) {
            return None;
        }
        let disk = Disk::new();
        let lines = disk.lines();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let voter = format!("corosync; sh -c '{START} {PROGRAM} lock serve' & exec");
        let machines = Machines::not_booted(4, &lines, &boot().replace("corosync; exec", &voter));
        machines.power_on_all();
        let previous = Self { machines, disk };
        previous.wait_votes(1, 5);
        let resources = strip(&previous.machines) + &note("first") + &note("second");
        let places = constraints(&[prefers("first", 1), prefers("second", 2)]);
        let options = [QUICK[0], ("stonith-action", "off")];
        previous.machines.replace(1, document(&options, &resources, &places));
        let machines = &previous.machines;
        machines.wait("the notes", || {
            runs(machines, 1, "first").is_some() && runs(machines, 2, "second").is_some()
        });
        machines.wait_idle(1);
        Some(previous)
    }

    /// All votes are there, and no more are expected.
    fn wait_votes(&self, node: u32, votes: u32) {
        let expected = format!("Expected votes:   {votes}\n");
        self.machines.wait(&format!("{votes} votes of {votes} on {node}"), || {
            let said = self.machines.run(node, &["corosync-quorumtool", "-s"]);
            said.is_some_and(|said| said.contains(&expected))
                && has_votes(&self.machines, node, votes)
        });
    }

    /// Who is left is alone with its quorum, and could take the lease again.
    fn wait_left(&self, left: &[u32]) {
        for node in left {
            self.machines
                .wait(&format!("quorum of {left:?}"), || sees(&self.machines, *node, left, true));
            self.wait_votes(*node, u32::try_from(left.len()).unwrap() + 1);
        }
        self.machines.wait("a free lease", || self.disk.holder().is_none());
    }

    /// Since a moment at which its history had so many entries a node had quorum in all memberships.
    fn had_quorum_since(&self, node: u32, entries: usize) -> bool {
        let history = self.machines.client(node).history(0).unwrap();
        let is_loss = |event: &Event| matches!(event, Event::Membership { quorate: false, .. });
        !history.iter().skip(entries).any(|entry| is_loss(&entry.event))
    }
}

#[test]
fn of_four_nodes_that_are_lost_one_after_the_other_the_last_one_goes_on() {
    let Some(previous) = Previous::start() else { return };
    let Previous { machines, disk } = &previous;
    let since = runs(machines, 1, "first");
    let entries = machines.client(1).history(0).unwrap().len();

    // Two at once: half of all, with the lease.
    [3, 4].into_iter().for_each(|node| machines.bed.power_off(node).unwrap());
    machines.wait("the lock", || disk.holder().is_some_and(|node| node < 3));
    previous.wait_left(&[1, 2]);
    [3, 4].into_iter().for_each(|node| wait_fenced(machines, 1, node));

    // Half of those two.
    machines.bed.power_off(2).unwrap();
    machines.wait("what ran on the other one", || runs(machines, 1, "second").is_some());
    wait_fenced(machines, 1, 2);
    previous.wait_left(&[1]);

    // Who reads the file anew expects four again, and for a moment has no quorum.
    machines.run(1, &["corosync-cfgtool", "-R"]).unwrap();
    previous.wait_votes(1, 2);

    machines.bed.power_on(3).unwrap();
    previous.wait_left(&[1, 3]);
    assert!(previous.had_quorum_since(1, entries), "{}", machines.log(1));
    assert_eq!(runs(machines, 1, "first"), since, "nothing was stopped meanwhile");
}

#[test]
fn of_four_nodes_that_leave_in_peace_the_last_one_goes_on() {
    let Some(previous) = Previous::start() else { return };
    let machines = &previous.machines;
    let since = runs(machines, 1, "first");
    let entries = machines.client(1).history(0).unwrap().len();
    for leaver in [4, 3, 2] {
        let change = Change::Shutdown { node: format!("n{leaver}") };
        let request = Request::Change { change, force: false, based_on: None };
        machines.wait("the word to be taken", || {
            matches!(machines.client(1).ask(&request), Ok(Reply::Done { .. }))
        });
        machines.wait("the end of its daemon", || machines.see(leaver).is_none());
        machines.run(leaver, &["sh", "-c", "kill -TERM $(cat /run/voter.pid)"]).unwrap();
        machines.signal_corosync(leaver, "TERM");
        let left: Vec<u32> = (1..leaver).collect();
        previous.wait_left(&left);
    }
    assert!(runs(machines, 1, "second").is_some());
    assert!(previous.had_quorum_since(1, entries), "{}", machines.log(1));
    assert_eq!(runs(machines, 1, "first"), since, "nothing was stopped meanwhile");
    machines.bed.power_off(2).unwrap();
    machines.bed.power_on(2).unwrap();
    previous.wait_left(&[1, 2]);
    assert!(previous.had_quorum_since(1, entries), "{}", machines.log(1));
    assert_eq!(runs(machines, 1, "first"), since, "nothing was stopped meanwhile");
}

/// Each of them may have been reset for the other half to go on.
#[test]
fn half_of_a_cluster_that_lost_its_power_waits_for_an_operator_in_spite_of_the_lock() {
    let Some(previous) = Previous::start() else { return };
    let machines = &previous.machines;
    previous.wait_left(&[1, 2, 3, 4]);
    (1..=4).for_each(|node| machines.bed.power_off(node).unwrap());
    [1, 2].into_iter().for_each(|node| machines.bed.power_on(node).unwrap());
    machines.wait("two without quorum", || sees(machines, 1, &[1, 2], false));
    assert_eq!(previous.disk.holder(), None, "they may not take what others may need");
    let change = Change::WaitNoMore;
    let request = Request::Change { change, force: false, based_on: None };
    let said = machines.client(1).ask(&request);
    assert!(matches!(said, Ok(Reply::Done { .. })), "{said:?}");
    previous.wait_left(&[1, 2]);
}

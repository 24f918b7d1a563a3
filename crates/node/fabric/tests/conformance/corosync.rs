//! The suite on real Corosync: each member on a machine of its own, made of namespaces.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::Quorum;
use testbed::{Life, Plan};

use super::bed::{Bed, Carrier, Line, Process, Scratch};
use super::{PROGRAM, suite};

/// Corosync's tokens need the processors, so one cluster at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Short, so that tests do not wait for long; long enough for a busy machine.
const TOKEN_MS: u32 = 1000;
/// So that a busy machine is not taken for a stall.
const PATIENT_MS: &str = "20000";
/// So that stalls are found within a test, and only those: who lives answers in less on any machine.
const IMPATIENT_MS: &str = "15000";

/// Machines with Corosync.
struct Corosync {
    stall_ms: &'static str,
    /// Lines for the quorum section.
    quorum: Vec<String>,
    bed: RefCell<Option<testbed::Bed>>,
    serving: RefCell<BTreeSet<u32>>,
    scratch: Scratch,
    _turn: MutexGuard<'static, ()>,
}

impl Corosync {
    /// `None` where this cannot be, which is said; a failure where nothing may be left out.
    fn start(stall_ms: &'static str) -> Option<Self> {
        if !testkit::is_root() || !testkit::has(&testbed::NEEDED) {
            return None;
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Self {
            stall_ms,
            quorum: Vec::new(),
            bed: RefCell::new(None),
            serving: RefCell::default(),
            scratch: Scratch::new(),
            _turn: turn,
        })
    }

    /// As many machines as there are members, whatever the members' numbers.
    fn make_bed(&self, nodes: &[u32]) {
        let mut bed = self.bed.borrow_mut();
        if bed.is_none() {
            let last = nodes.iter().copied().max().unwrap();
            let quorum = self.quorum.clone();
            let (token_ms, life) = (Some(TOKEN_MS), Life::WithThread);
            let plan = Plan { token_ms, life, quorum, ..Plan::of(last) };
            let made = testbed::Bed::create(&self.scratch.0, plan).unwrap();
            for node in nodes {
                made.power_on(*node).unwrap();
            }
            for node in nodes {
                made.start_corosync(*node).unwrap();
            }
            self.serving.borrow_mut().extend(nodes);
            *bed = Some(made);
        }
    }

    fn with_bed<T>(&self, work: impl FnOnce(&mut testbed::Bed) -> testbed::Result<T>) -> T {
        work(self.bed.borrow_mut().as_mut().unwrap()).unwrap()
    }
}

impl Carrier for Corosync {
    fn member(&self, node: u32, nodes: &[u32]) -> Command {
        self.make_bed(nodes);
        if self.serving.borrow_mut().insert(node) {
            self.with_bed(|bed| bed.power_on(node).and_then(|()| bed.start_corosync(node)));
        }
        let mut command = self.with_bed(|bed| bed.command(node, PROGRAM));
        command.args(["corosync", &node.to_string(), self.stall_ms]);
        command
    }

    fn cut(&self, groups: &[&[u32]]) {
        self.with_bed(|bed| bed.cut(groups));
    }

    fn heal(&self) {
        self.with_bed(testbed::Bed::heal);
    }

    fn power_off(&self, node: u32) {
        self.with_bed(|bed| bed.power_off(node));
        self.serving.borrow_mut().remove(&node);
    }
}

fn on_corosync(test: fn(&dyn Carrier)) {
    if let Some(corosync) = Corosync::start(PATIENT_MS) {
        test(&corosync);
    }
}

fn on_impatient_corosync(test: fn(&dyn Carrier)) {
    if let Some(corosync) = Corosync::start(IMPATIENT_MS) {
        test(&corosync);
    }
}

suite::every_fabric_passes!(on_corosync, on_impatient_corosync);

#[test]
fn without_corosync_a_member_is_alone_until_it_returns() {
    let Some(corosync) = Corosync::start(PATIENT_MS) else { return };
    let bed = Bed::start(&corosync, &[1, 2, 3]);
    corosync.with_bed(|bed| bed.signal_corosync(3, "KILL"));
    bed.wait_membership(&[3], &[3]);
    bed.wait_membership(&[1, 2], &[1, 2]);
    bed.flush(&[3], "alone");
    let quorate = |line: &Line| matches!(line, Line::Membership { quorum, members, .. } if members == &[3] && quorum.is_quorate());
    assert!(!bed.members[&3].log().iter().any(quorate), "no quorum alone");
    corosync.with_bed(|bed| bed.start_corosync(3));
    bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
    bed.flush(&[1, 2, 3], "again");
    bed.finish();
}

#[test]
fn a_member_whose_corosync_hangs_is_alone_until_that_goes_on() {
    let Some(corosync) = Corosync::start(IMPATIENT_MS) else { return };
    let bed = Bed::start(&corosync, &[1, 2, 3]);
    corosync.with_bed(|bed| bed.signal_corosync(3, "STOP"));
    // More than Corosync's sockets hold.
    bed.members[&3].order("burst 3000 into-the-void");
    bed.wait_membership(&[3], &[3]);
    bed.members[&3].wait_delivered("into-the-void-2999");
    bed.wait_membership(&[1, 2], &[1, 2]);
    bed.flush(&[1, 2], "without");
    corosync.with_bed(|bed| bed.signal_corosync(3, "CONT"));
    bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
    bed.flush(&[1, 2, 3], "again");
    bed.finish();
}

#[test]
fn who_corosync_does_not_call_so_is_kept_out() {
    let Some(corosync) = Corosync::start(PATIENT_MS) else { return };
    let bed = Bed::start(&corosync, &[1, 2]);
    let mut command = corosync.with_bed(|bed| bed.command(2, PROGRAM));
    command.args(["corosync", "1", PATIENT_MS]);
    let impostor = Process::start(command);
    let mut command = corosync.with_bed(|bed| bed.command(2, PROGRAM));
    command.args(["corosync", "2", PATIENT_MS]);
    let twin = Process::start(command);
    for (process, node) in [(&impostor, 1), (&twin, 2)] {
        process.wait(
            "a membership of its own",
            |log| matches!(log, [Line::Membership { quorum: Quorum::No, members, .. }] if members == &[node]),
        );
    }
    bed.flush(&[1, 2], "undisturbed");
    bed.finish();
}

/// Waits until these are together with this quorum.
fn wait_quorum(bed: &Bed<'_>, of: &[u32], wanted: Quorum) {
    for node in of {
        bed.members[node].wait(&format!("{wanted:?} on {node}"), |log| {
            let mut last = log.iter().rev();
            let last = last.find(|line| matches!(line, Line::Membership { .. }));
            matches!(last, Some(Line::Membership { quorum, members, .. })
                if *quorum == wanted && members == of)
        });
    }
}

#[test]
fn quorum_by_a_rule_of_corosync_s_is_said_to_be_one() {
    let Some(corosync) = Corosync::start(PATIENT_MS) else { return };
    let corosync = Corosync { quorum: vec!["auto_tie_breaker: 1".to_owned()], ..corosync };
    let all = [1, 2, 3, 4];
    let bed = Bed::start(&corosync, &all);
    let wait_quorum = |of: &[u32], wanted| wait_quorum(&bed, of, wanted);
    wait_quorum(&all, Quorum::Majority);
    corosync.cut(&[&[1, 2], &[3, 4]]);
    // Half of the votes each: the lowest number breaks the tie.
    wait_quorum(&[1, 2], Quorum::ByRule);
    wait_quorum(&[3, 4], Quorum::No);
    corosync.heal();
    wait_quorum(&all, Quorum::Majority);
    bed.flush(&all, "together");
    bed.finish();
}

/// The lock's voter is another process, which hears of who counts by its Corosync.
#[test]
fn beside_a_lock_no_quorum_is_a_majority_and_each_corosync_is_told_who_counts() {
    let Some(corosync) = Corosync::start(PATIENT_MS) else { return };
    let lock = ["device {", "model: sanlock", "votes: 1", "}"].map(str::to_owned).to_vec();
    let corosync = Corosync { quorum: lock, ..corosync };
    let all = [1, 2, 3];
    let bed = Bed::start(&corosync, &all);
    let wait_told = || {
        let start = Instant::now();
        let told = || {
            let mut command = corosync.with_bed(|bed| bed.command(2, "corosync-cmapctl"));
            let output = command.args(["-g", "quorate.counted"]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        while told().trim() != "quorate.counted (str) = takes 1,2,3 1,2" {
            assert!(start.elapsed() < Duration::from_secs(60), "the voter is told nothing");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait_quorum(&bed, &all, Quorum::ByRule);
    bed.members[&2].order("count 1,2,3 1,2");
    wait_told();
    corosync.with_bed(|bed| bed.signal_corosync(2, "KILL"));
    wait_quorum(&bed, &[2], Quorum::No);
    corosync.with_bed(|bed| bed.start_corosync(2));
    wait_told();
    wait_quorum(&bed, &all, Quorum::ByRule);
    bed.finish();
}

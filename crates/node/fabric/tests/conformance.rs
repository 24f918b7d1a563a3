//! The suite that every fabric passes, and what is particular to the embedded one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test may fail loudly, and its modules have no outside"
)]

#[path = "conformance/bed.rs"]
mod bed;
#[cfg(feature = "corosync")]
#[path = "conformance/corosync.rs"]
mod corosync;
#[path = "conformance/suite.rs"]
mod suite;

use std::cell::RefCell;
use std::process::Command;

use bed::{Bed, Carrier, Line, Process, Scratch};
use model::Quorum;
use rustix::process::Signal;

/// A sequencer process.
struct Embedded {
    scratch: Scratch,
    stall_ms: &'static str,
    sequencer: RefCell<Option<Process>>,
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_fabric-member");
/// So that a busy machine is not taken for a stall.
const PATIENT_MS: &str = "30000";
/// So that stalls are found within a test, and only those: who lives answers in less on any machine.
const IMPATIENT_MS: &str = "15000";

impl Embedded {
    fn start() -> Self {
        let embedded = Self::not_started(PATIENT_MS);
        embedded.restart();
        embedded
    }

    fn impatient() -> Self {
        let embedded = Self::not_started(IMPATIENT_MS);
        embedded.restart();
        embedded
    }

    fn not_started(stall_ms: &'static str) -> Self {
        Self { scratch: Scratch::new(), stall_ms, sequencer: RefCell::new(None) }
    }

    fn socket(&self) -> String {
        self.scratch.0.join("fabric.sock").to_str().unwrap().to_owned()
    }

    fn sequencer_command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["sequencer", &self.socket(), self.stall_ms]);
        command
    }

    fn restart(&self) {
        *self.sequencer.borrow_mut() = Some(Process::start(self.sequencer_command()));
    }

    fn signal(&self, signal: Signal) {
        self.sequencer.borrow().as_ref().unwrap().signal(signal);
    }

    fn control(&self, words: &[String]) -> String {
        let output =
            Command::new(PROGRAM).arg("control").arg(self.socket()).args(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Carrier for Embedded {
    fn member(&self, node: u32, nodes: &[u32]) -> Command {
        let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        let mut command = Command::new(PROGRAM);
        command.args(["embedded", &self.socket(), &node.to_string(), &nodes.join(",")]);
        command
    }

    fn cut(&self, groups: &[&[u32]]) {
        let text =
            |group: &&[u32]| group.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.control(&groups.iter().map(text).collect::<Vec<_>>());
    }

    fn heal(&self) {
        self.control(&["heal".to_owned()]);
    }
}

fn on_embedded(test: fn(&dyn Carrier)) {
    test(&Embedded::start());
}

fn on_impatient_embedded(test: fn(&dyn Carrier)) {
    test(&Embedded::impatient());
}

suite::every_fabric_passes!(on_embedded, on_impatient_embedded);

#[test]
fn without_the_sequencer_each_is_alone_until_it_returns() {
    let embedded = Embedded::start();
    let bed = Bed::start(&embedded, &[1, 2, 3]);
    // A stopped sequencer takes and gives nothing, so all of these are on their way when it dies.
    embedded.signal(Signal::STOP);
    for node in [1, 2, 3] {
        bed.members[&node].order(&format!("burst 1000 m{node}"));
    }
    embedded.signal(Signal::KILL);
    for node in [1, 2, 3] {
        bed.wait_membership(&[node], &[node]);
    }
    // Each hears the rest of its own, alone and without quorum.
    bed.flush(&[1], "alone");
    for node in [1, 2, 3] {
        bed.members[&node].wait_delivered(&format!("m{node}-999"));
    }
    embedded.restart();
    bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
    bed.flush(&[1, 2, 3], "again");
    for node in [1, 2, 3] {
        let own = bed.members[&node].log().iter().filter(|line| is_own(line, node)).count();
        assert_eq!(own, 1000, "each of its own once, on {node}");
    }
    bed.finish();
}

fn is_own(line: &Line, node: u32) -> bool {
    matches!(line, Line::Delivered { from, text } if *from == node && text.starts_with(&format!("m{node}-")))
}

#[test]
fn a_member_alone_before_the_sequencer_starts_is_not_quorate() {
    let embedded = Embedded::not_started(PATIENT_MS);
    let socket = embedded.socket();
    let mut command = Command::new(PROGRAM);
    command.args(["embedded", &socket, "1", "1,2,3"]);
    let member = Process::start(command);
    member.wait("a membership of its own", |log| {
        log == [Line::Membership { id: 1, quorum: Quorum::No, members: vec![1] }]
    });
    embedded.restart();
    member.wait(
        "a membership of the sequencer",
        |log| matches!(log, [_, Line::Membership { id: 2.., members, .. }] if members == &[1]),
    );
}

#[test]
fn a_second_member_with_the_same_number_is_kept_out() {
    let embedded = Embedded::start();
    let mut bed = Bed::start(&embedded, &[1, 2]);
    let twin = Process::start(embedded.member(2, &[1, 2]));
    twin.wait(
        "a membership of its own",
        |log| matches!(log, [Line::Membership { members, .. }] if members == &[2]),
    );
    bed.flush(&[1, 2], "undisturbed");
    bed.kill(2);
    twin.wait(
        "its turn",
        |log| matches!(log.last(), Some(Line::Membership { members, .. }) if members == &[1, 2]),
    );
}

#[test]
fn a_second_sequencer_on_the_same_socket_is_refused() {
    let embedded = Embedded::start();
    let bed = Bed::start(&embedded, &[1, 2]);
    let output = embedded.sequencer_command().output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("failed another sequencer serves"), "{said}");
    bed.flush(&[1, 2], "undisturbed");
    bed.finish();
}

#[test]
fn show_tells_the_sides() {
    let embedded = Embedded::start();
    let bed = Bed::start(&embedded, &[1, 2, 3]);
    embedded.cut(&[&[1], &[2]]);
    let said = embedded.control(&["show".to_owned()]);
    assert_eq!(said, "sides [[NodeId(1)], [NodeId(2)], [NodeId(3)]]\n");
    bed.finish();
}

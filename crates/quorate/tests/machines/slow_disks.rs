//! When a change is acknowledged, by disks that take their time.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use wire::api::{Change, Edit, Reply, Request};

use super::bed::{Machines, can_be};
use super::document::{constraints, document, note};

const NEEDED: [&str; 2] = ["/usr/bin/strace", "/usr/bin/pgrep"];

const OPTIONS: [(&str, &str); 1] = [("stonith-enabled", "false")];

/// Holds a node's flushes back, each for so long, until this ends.
struct Slow(Child);

impl Slow {
    fn new(machines: &Machines, node: u32, by: Duration) -> Self {
        let text = fs::read_to_string(machines.own(node).join("state/daemon.pid")).unwrap();
        let pid = text.split_whitespace().next().unwrap().to_owned();
        let inject = format!("inject=fsync,fdatasync:delay_enter={}ms", by.as_millis());
        let mut strace = machines.bed.command(node, "strace").unwrap();
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e"]);
        let strace = strace.args([&inject, "-p", &pid]).stdin(Stdio::null()).spawn().unwrap();
        machines.wait("all of the daemon's threads to be traced", || {
            let states = format!("grep -h TracerPid /proc/{pid}/task/*/status | grep -vc '\t0$'");
            let all = format!("[ $({states}) = $(ls /proc/{pid}/task | wc -l) ]");
            machines.run(node, &["sh", "-c", &all]).is_some()
        });
        Self(strace)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// How long it takes until a change that was asked for on the first node is acknowledged.
fn took(machines: &Machines, value: &str) -> Duration {
    let xml = format!(
        "<cluster_property_set id=\"options\"><nvpair id=\"written\" name=\"written\" \
         value=\"{value}\"/></cluster_property_set>"
    );
    let change = Change::Edit { edits: vec![Edit::Modify { xml }] };
    let start = Instant::now();
    let request = Request::Change { change, force: false, based_on: None };
    let reply = machines.client(1).ask(&request).unwrap();
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}\n{}", machines.log(1));
    start.elapsed()
}

#[test]
fn a_change_is_acknowledged_when_two_of_three_disks_have_flushed_it() {
    if !can_be() || !testkit::has(&NEEDED) {
        return;
    }
    let machines = Machines::start(3, &[]);
    machines.replace(1, document(&OPTIONS, &note("note"), &constraints(&[])));
    machines.wait_idle(1);
    // Longer than anybody waits for an answer: who is in the minority need not have it.
    let _hangs = Slow::new(&machines, 3, Duration::from_secs(3600));
    took(&machines, "by two");
    let by = Duration::from_secs(3);
    let _slow = Slow::new(&machines, 2, by);
    let took = took(&machines, "by the slower of two");
    assert!(took >= by, "{took:?}: it was acknowledged before a majority had it");
}

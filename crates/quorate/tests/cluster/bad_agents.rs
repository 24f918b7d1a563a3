//! Agents that misbehave on a live cluster: each failure is recorded as what it is, and nothing
//! else waits for it.

use cib::{Document, Element};
use wire::api::Reply;

use crate::bed::{Bed, configuration};
use crate::with_lock;

/// What a resource's first look at it came to, and what is said about it.
struct Case {
    agent: &'static str,
    code: &'static str,
    status: &'static str,
    reason: &'static str,
}

/// The `op-status` of what was given up. Field word: *timeout*.
const TIMED_OUT: &str = "2";

/// `rc-code`, `op-status` and `exit-reason` as Pacemaker's Explained and its services library name
/// them.
const CASES: [Case; 10] = [
    Case { agent: "nothing", code: "5", status: "7", reason: "there is no agent" },
    Case { agent: "a_directory", code: "4", status: "4", reason: "Permission denied" },
    Case { agent: "missing_interpreter", code: "5", status: "7", reason: "No such file" },
    Case { agent: "not_executable", code: "4", status: "4", reason: "Permission denied" },
    Case { agent: "sleeps", code: "1", status: "2", reason: "did not end" },
    Case { agent: "ignores_sigterm", code: "1", status: "2", reason: "did not end" },
    Case { agent: "floods", code: "1", status: "2", reason: "did not end" },
    Case { agent: "floods_and_ends", code: "1", status: "0", reason: "the disk is full" },
    Case { agent: "exits", code: "1", status: "0", reason: "201" },
    Case { agent: "kills_itself", code: "1", status: "4", reason: "signal 9" },
];

/// The cluster's usual configuration with one resource for each misbehaving agent. Without
/// fencing: a failed stop would cut nodes off, and there would be nothing to look at.
fn with_all(bed: &Bed) -> String {
    let dir = bed.dir.display();
    let resource = |case: &Case| {
        let agent = case.agent;
        // Only what hangs is given little time: on a busy machine the others may need more.
        let timeout = if case.status == TIMED_OUT { "1s" } else { "60s" };
        let op = |task: &str| {
            format!(
                "<op id=\"{agent}-{task}\" name=\"{task}\" interval=\"0\" timeout=\"{timeout}\"/>"
            )
        };
        let operations = op("monitor") + &op("stop");
        format!(
            "<primitive id=\"{agent}\" class=\"ocf\" provider=\"testkit\" type=\"{agent}\">\
             <instance_attributes id=\"{agent}-p\"><nvpair id=\"{agent}-s\" name=\"state\" \
             value=\"{dir}/{agent}\"/><nvpair id=\"{agent}-c\" name=\"code\" value=\"201\"/>\
             </instance_attributes><operations>{operations}</operations></primitive>"
        )
    };
    let resources: String = CASES.iter().map(resource).collect();
    configuration(&bed.dir)
        .replace(
            "name=\"stonith-enabled\" value=\"true\"",
            "name=\"stonith-enabled\" value=\"false\"",
        )
        .replace("</resources>", &format!("{resources}</resources>"))
}

/// The record of a failure of `resource` on each node: code, status and reason.
fn failures(document: &Document, resource: &str) -> Vec<(String, String, String)> {
    let id = format!("{resource}_last_failure_0");
    let all = document.root().descendants();
    let found = all.filter(|at| at.is("lrm_rsc_op") && at.attr("id") == Some(&id));
    let value = |at: Element<'_>, name: &str| at.attr(name).unwrap_or_default().to_owned();
    found
        .map(|at| (value(at, "rc-code"), value(at, "op-status"), value(at, "exit-reason")))
        .collect()
}

/// Adds a resource of the testkit's without waiting for it.
fn add(bed: &Bed, id: &str, words: &[&str]) {
    let mut command = bed.quorate(2, &["resource", "add", id]);
    let output = command.args(words).args(["--yes", "--no-wait", "--unchecked"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn each_failure_is_recorded_as_what_it_is_and_the_rest_goes_on() {
    let bed = Bed::start();
    let reply = bed.replace(1, with_all(&bed));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(2);
    let document = Document::parse(&bed.see(3).xml).unwrap();
    for Case { agent, code, status, reason } in CASES {
        let found = failures(&document, agent);
        assert_eq!(found.len(), 3, "{agent} on every node: {found:?}");
        for (its_code, its_status, its_reason) in found {
            assert_eq!((&*its_code, &*its_status), (code, status), "{agent}: {its_reason}");
            assert!(its_reason.contains(reason), "{agent}: {its_reason}");
        }
    }
    let holders = bed.running("lock");
    assert_eq!(holders.len(), 1);

    let state = format!("state={}", bed.dir.join("well").display());
    add(&bed, "well", &["ocf:testkit:well", &state]);
    bed.wait_idle(2);
    assert_eq!(bed.running("well").len(), 1, "{}", bed.see(1).xml);
    let state = format!("state={}", bed.dir.join("left").display());
    add(&bed, "leaves", &["ocf:testkit:forks_and_leaves", &state]);
    bed.wait_idle(2);
    let document = Document::parse(&bed.see(2).xml).unwrap();
    // It answered, and left a process behind: it runs, though nobody had started it.
    for (code, status, reason) in failures(&document, "leaves") {
        assert_eq!((&*code, &*status, &*reason), ("0", "0", ""));
    }
    assert_eq!(bed.running("lock"), holders, "nobody touched it");
}

#[test]
fn nobody_waits_for_an_agent_that_hangs() {
    let (bed, holder) = with_lock();
    let hanging = ["ocf:testkit:sleeps", "op", "monitor", "interval=10s", "timeout=1h"];
    add(&bed, "hanging", &hanging);
    let is_hanging = |running: &String| running.starts_with("hanging_monitor_0");
    bed.wait(1, "the agents hang", |seen| seen.cluster.running.iter().any(is_hanging));
    let state = format!("state={}", bed.dir.join("well").display());
    add(&bed, "well", &["ocf:testkit:well", &state]);
    bed.wait(3, "another resource runs", |_| bed.running("well").len() == 1);
    for process in bed.marked(holder, "lock") {
        process::send(process, process::Signal::Kill).unwrap();
    }
    bed.wait(2, "recovery", |seen| {
        let failed = seen.xml.contains("lock_last_failure_0");
        failed && !bed.running("lock").is_empty()
    });
    assert!(bed.see(1).cluster.running.iter().any(is_hanging), "it hangs all the time");
}

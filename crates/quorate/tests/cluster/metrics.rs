//! `/metrics` of a real cluster in which something has happened.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::bed::Bed;
use crate::{other_than, with_lock};

fn metrics(bed: &Bed, node: u32) -> String {
    let client = bed.client(node);
    let mut stream = UnixStream::connect(client.path()).unwrap();
    let ask = "GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.to_lowercase().contains("application/openmetrics-text"), "{head}");
    body.to_owned()
}

/// The value of the series that begins so.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(series));
    let line = line.unwrap_or_else(|| panic!("{series} is not in\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_failover_is_measured_in_phases() {
    let (mut bed, holder) = with_lock();
    let survivor = other_than(holder);
    let before = metrics(&bed, survivor);
    assert!(
        value(&before, "quorate_action_seconds_count{task=\"start\",expected=\"true\"}") >= 1.0
    );
    assert!(value(&before, "quorate_store_seconds_count") >= 1.0);
    assert!(value(&before, "quorate_step_seconds_count{decision=\"false\"}") >= 1.0);
    bed.kill_node(holder);
    bed.wait(survivor, "the loss is seen", |seen| seen.cluster.members.len() == 2);
    bed.wait_idle(survivor);
    let after = metrics(&bed, survivor);
    for phase in ["fenced", "starting", "done"] {
        let series = format!("quorate_failover_seconds_count{{phase=\"{phase}\"}}");
        assert!(value(&after, &series) >= 1.0, "{after}");
    }
    let sum =
        |phase: &str| value(&after, &format!("quorate_failover_seconds_sum{{phase=\"{phase}\"}}"));
    assert!(sum("fenced") <= sum("done"), "{after}");
    // The kernel tells of the end of a process at once.
    let detected = |text: &str, what: &str, of: &str| {
        value(text, &format!("quorate_detection_seconds_{what}{{of=\"{of}\"}}"))
    };
    assert_eq!(detected(&after, "count", "node"), 1.0, "{after}");
    assert!(detected(&after, "sum", "node") < 60.0, "{after}");
    assert!(value(&after, "quorate_fencings_total{succeeded=\"true\"}") >= 1.0);
    assert_eq!(value(&after, "ha_cluster_corosync_quorum_votes{type=\"total_votes\"}"), 2.0);
    let gone = format!(
        "ha_cluster_pacemaker_nodes{{node=\"n{holder}\",type=\"member\",status=\"online\"}}"
    );
    assert_eq!(value(&after, &gone), 0.0);
}

#[test]
fn how_long_a_process_was_dead_before_anybody_knew_is_measured() {
    let (bed, holder) = with_lock();
    let [keeper] = bed.marked(holder, "lock")[..] else { panic!("{:?}", bed.running("lock")) };
    process::send(keeper, process::Signal::Kill).unwrap();
    let count = "quorate_detection_seconds_count{of=\"resource\"}";
    bed.wait(holder, "the end is found", |_| value(&metrics(&bed, holder), count) >= 1.0);
    let sum = value(&metrics(&bed, holder), "quorate_detection_seconds_sum{of=\"resource\"}");
    assert!((0.0..60.0).contains(&sum), "{sum}");
}

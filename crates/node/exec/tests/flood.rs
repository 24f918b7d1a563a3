//! An agent that never stops talking. By itself, since it is the memory of the process that shows
//! whether that is bounded.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod kit;
#[path = "kit/wait.rs"]
mod wait;

use std::time::Duration;

use kit::Node;
use model::{ExecStatus, OcfCode};

#[tokio::test]
async fn a_flood_stays_within_bounds_and_ends_in_time() {
    let mut node = Node::new();
    let state = node.path("flooded");
    let request = node.request("floods", "monitor", &[("state", &state)]);
    let token = request.token;
    let before = resident_kb();
    node.executor.run(request);
    wait::for_file(&state).await;
    node.executor.cancel(token);
    let finished = node.finished(token).await;
    assert_eq!(finished.outcome.status, ExecStatus::Cancelled);
    assert!(finished.stdout.starts_with("begin\n"));
    assert!(finished.stdout.contains("bytes left out"));
    assert!(finished.stdout.len() < 40_000 && finished.stderr.len() < 40_000);
    assert!(resident_kb() < before + 50_000, "memory grew with the flood");
    assert_eq!(node.processes(), []);

    let mut request = node.request("floods", "monitor", &[("state", &state)]);
    request.timeout = Duration::from_millis(500);
    let finished = node.run(request).await;
    assert_eq!(finished.outcome.status, ExecStatus::TimedOut);
    assert_eq!(node.processes(), []);
    let next = node.act("exits", "monitor", &[("code", "0")]).await;
    assert_eq!(next.outcome.code, OcfCode::OK);
}

fn resident_kb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

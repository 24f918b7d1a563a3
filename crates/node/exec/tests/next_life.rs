//! A daemon that is killed in the middle, and its next life.
//!
//! The first life is this very test program, run again with a variable set: it starts an operation
//! and waits to be killed.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod kit;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use exec::{ExecConfig, Executor, reap_previous_life};
use kit::Node;
use model::{ExecStatus, OcfCode, ResourceId};
use process::{Identity, Signal};

/// The first life's state directory.
const FIRST_LIFE: &str = "QUORATE_TEST_FIRST_LIFE";

#[tokio::test]
async fn what_a_killed_daemon_left_is_ended_before_anything_runs() {
    if let Some(directory) = std::env::var_os(FIRST_LIFE) {
        return first_life(directory.into()).await;
    }
    let mut config = kit::config();
    config.kill_grace = Duration::from_millis(300);
    let mut first = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_a_killed_daemon_left_is_ended_before_anything_runs"])
        .env(FIRST_LIFE, &config.state_dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let agent = wait_for_agent(&config).await;
    process::send(Identity::of(first.id()).unwrap(), Signal::Kill).unwrap();
    first.wait().unwrap();
    assert!(agent.is_alive(), "the agent must outlive its daemon for this to mean anything");

    let found = reap_previous_life(&config).await.unwrap();
    assert!(!agent.is_alive());
    // Not earlier: an executor that finds the agent alive takes it for one that cannot be killed.
    let mut node = Node::of(config);
    // It may have hung in describing itself, too.
    assert!(found.iter().all(|left| left.ended && left.resource.as_str() == "web"), "{found:?}");
    let started = found.iter().find(|left| left.action == "start").unwrap();
    assert_eq!(started.pid, agent.pid);
    assert_eq!(node.processes(), []);
    assert_eq!(reap_previous_life(&node.config).await.unwrap(), []);

    let next = node.act("exits", "start", &[("code", "0")]).await;
    assert_eq!((next.outcome.status, next.outcome.code), (ExecStatus::Done, OcfCode::OK));
}

/// Starts an agent that ignores SIGTERM, and waits for the end.
async fn first_life(directory: PathBuf) {
    let config = kit::config_at(directory);
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let executor = Executor::new(config.clone(), sender);
    let state = config.state_dir.join("pid").to_str().unwrap().to_owned();
    executor.run(exec::RunRequest {
        token: exec::OperationToken(1),
        resource: ResourceId::new("web"),
        agent: kit::agent_ref("ignores_sigterm"),
        action: "start".to_owned(),
        parameters: vec![("state".to_owned(), state)],
        timeout: Duration::from_secs(1000),
        delay: Duration::ZERO,
    });
    reports.recv().await;
}

/// Waits until the agent has set its trap and is on record.
async fn wait_for_agent(config: &ExecConfig) -> Identity {
    let file = config.state_dir.join("pid");
    let found = async {
        loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if let Some(agent) = text.trim().parse().ok().and_then(Identity::of) {
                return agent;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(kit::PATIENCE, found).await.unwrap()
}

#[tokio::test]
async fn a_number_that_belongs_to_another_now_is_left_alone() {
    let node = Node::new();
    let mut bystander = Command::new("sleep").arg("1000").stdout(Stdio::null()).spawn().unwrap();
    let identity = Identity::of(bystander.id()).unwrap();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let directory = node.config.state_dir.join("operations");
    std::fs::create_dir_all(&directory).unwrap();
    let record = |boot: &str, rest: &str| {
        format!("boot {}\nresource web\naction start\npid {}\n{rest}", boot.trim(), identity.pid)
    };
    let other_start = format!("started {}\n", identity.started - 1);
    for (name, text) in [
        ("1-1-1", record(&boot, &other_start)),
        ("1-1-2", record(&boot, "")),
        ("1-1-3", record("an-earlier-boot", &format!("started {}\n", identity.started))),
        ("1-1-4", "boot \u{0}garbage".to_owned()),
        ("1-1-5", String::new()),
    ] {
        std::fs::write(directory.join(name), text).unwrap();
    }
    assert_eq!(reap_previous_life(&node.config).await.unwrap(), []);
    assert!(identity.is_alive());
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[tokio::test]
async fn services_outlive_the_daemon_and_are_watched_again() {
    let mut first = Node::new();
    let state = first.path("state");
    let done = first.act("well", "start", &[("state", &state)]).await;
    assert_eq!(done.outcome.code, OcfCode::OK);
    assert_eq!(reap_previous_life(&first.config).await.unwrap(), []);

    let mut second = Node::of(first.config.clone());
    let probe = second.act("well", "monitor", &[("state", &state)]).await;
    assert_eq!(probe.outcome.code, OcfCode::OK, "a probe must find what runs");
    second.executor.watch(ResourceId::new("web"));
    second.act("well", "monitor", &[("state", &state)]).await;
    let pid: u32 = std::fs::read_to_string(&state).unwrap().trim().parse().unwrap();
    process::send(Identity::of(pid).unwrap(), Signal::Kill).unwrap();
    let died = exec::Report::WatchedDied { resource: ResourceId::new("web") };
    assert_eq!(second.report().await, died);
}

#[tokio::test]
async fn a_full_disk_costs_the_record_and_not_the_operation() {
    let mut node = Node::new();
    // Where the records should go nothing can be written, root or not.
    std::fs::write(node.config.state_dir.join("operations"), "").unwrap();
    let done = node.act("exits", "stop", &[("code", "0")]).await;
    assert_eq!((done.outcome.status, done.outcome.code), (ExecStatus::Done, OcfCode::OK));
}

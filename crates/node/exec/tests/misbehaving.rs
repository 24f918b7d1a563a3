//! Agents that do what agents should not, really run.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod kit;
#[path = "kit/wait.rs"]
mod wait;

use std::time::{Duration, Instant};

use exec::{Exit, Report};
use kit::Node;
use model::{ExecStatus, OcfCode, ResourceId};

#[tokio::test]
async fn a_good_agent_starts_runs_and_stops() {
    let mut node = Node::new();
    let state = node.path("state");
    let parameters = [("state", state.as_str())];
    for (action, code) in [
        ("monitor", OcfCode::NOT_RUNNING),
        ("start", OcfCode::OK),
        ("monitor", OcfCode::OK),
        ("stop", OcfCode::OK),
        ("monitor", OcfCode::NOT_RUNNING),
        ("promote", OcfCode::UNIMPLEMENTED),
    ] {
        let finished = node.act("well", action, &parameters).await;
        assert_eq!(finished.outcome.code, code, "{action}: {finished:?}");
        assert_eq!(finished.outcome.status, ExecStatus::Done);
    }
}

#[tokio::test]
async fn what_does_not_end_is_ended_with_its_children() {
    let mut node = Node::new();
    let mut request = node.request("sleeps", "start", &[]);
    request.timeout = Duration::from_millis(300);
    let finished = node.run(request).await;
    assert_eq!(finished.outcome.status, ExecStatus::TimedOut);
    assert_eq!(finished.outcome.code, OcfCode::GENERIC);
    assert_eq!(finished.exit, Exit::Signal(15));
    assert!(finished.outcome.reason.contains("did not end within 300ms"), "{finished:?}");
    assert_eq!(node.processes(), []);
}

#[tokio::test]
async fn who_ignores_sigterm_is_killed() {
    let grace = Duration::from_millis(300);
    let mut node = Node::with(|config| config.kill_grace = grace);
    let state = node.path("pid");
    let request = node.request("ignores_sigterm", "start", &[("state", &state)]);
    let token = request.token;
    node.executor.run(request);
    wait::for_file(&state).await;
    let begun = Instant::now();
    node.executor.cancel(token);
    let finished = node.finished(token).await;
    assert_eq!(finished.outcome.status, ExecStatus::Cancelled);
    assert_eq!(finished.exit, Exit::Signal(9));
    assert!(begun.elapsed() >= grace, "no grace was given");
    assert_eq!(node.processes(), []);
}

#[tokio::test]
async fn the_ends_of_long_output_are_kept() {
    let mut node = Node::new();
    let finished = node.act("floods_and_ends", "start", &[]).await;
    assert_eq!(finished.outcome.code, OcfCode::GENERIC);
    assert_eq!(finished.outcome.reason, "the disk is full");
    assert!(finished.stdout.starts_with("first\n") && finished.stdout.ends_with("last\n"));
    assert!(finished.stdout.len() < 40_000);
}

#[tokio::test]
async fn a_process_left_behind_holds_nothing_up() {
    let mut node = Node::new();
    let state = node.path("pid");
    // What is left behind never ends, nor would this.
    let finished = node.act("forks_and_leaves", "start", &[("state", &state)]).await;
    assert_eq!(finished.outcome.code, OcfCode::OK);
    assert!(finished.stdout.starts_with("left behind\n"), "{finished:?}");
}

#[tokio::test]
async fn any_number_is_an_answer() {
    let mut node = Node::new();
    for (code, read) in
        [(7, OcfCode::NOT_RUNNING), (190, OcfCode::DEGRADED), (255, OcfCode::GENERIC)]
    {
        let finished = node.act("exits", "monitor", &[("code", &code.to_string())]).await;
        assert_eq!(finished.exit, Exit::Code(code));
        assert_eq!(finished.outcome.code, read);
        assert_eq!(finished.outcome.status, ExecStatus::Done);
        assert_eq!(finished.outcome.reason.contains("no meaning"), code == 255);
    }
    let finished = node.act("kills_itself", "start", &[]).await;
    assert_eq!(finished.exit, Exit::Signal(9));
    assert_eq!(
        (finished.outcome.status, finished.outcome.code),
        (ExecStatus::Error, OcfCode::GENERIC)
    );
}

#[tokio::test]
async fn what_cannot_run_is_said_at_once() {
    let mut node = Node::new();
    for (agent, status, code) in [
        ("no_such_agent", ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED),
        ("../ocf/testkit/well", ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED),
        ("missing_interpreter", ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED),
        ("a_directory", ExecStatus::Error, OcfCode::INSUFFICIENT_PRIVILEGE),
        ("not_executable", ExecStatus::Error, OcfCode::INSUFFICIENT_PRIVILEGE),
        ("lsb:no-such-script", ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED),
        ("stonith:fence_no_such", ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED),
        ("nagios:x", ExecStatus::NotInstalled, OcfCode::NOT_INSTALLED),
    ] {
        let finished = node.act(agent, "start", &[]).await;
        assert_eq!((finished.outcome.status, finished.outcome.code), (status, code), "{agent}");
        assert!(!finished.outcome.reason.is_empty(), "{agent}");
    }
    let records = std::fs::read_dir(node.config.state_dir.join("operations"));
    assert_eq!(records.map(Iterator::count).unwrap_or(0), 0, "a record was left");
}

#[tokio::test]
async fn one_operation_of_a_resource_at_a_time() {
    let mut node = Node::new();
    let state = node.path("log");
    let mut tokens = Vec::new();
    for _ in 0..4 {
        let request = node.request("counts", "monitor", &[("state", &state)]);
        tokens.push(request.token);
        node.executor.run(request);
    }
    let mut queued = Vec::new();
    for token in tokens {
        queued.push(node.finished(token).await.outcome.queue_ms);
    }
    let log = std::fs::read_to_string(&state).unwrap();
    assert_eq!(log, "begin monitor\nend monitor\n".repeat(4));
    assert!(queued[3] >= 500, "{queued:?}");
}

#[tokio::test]
async fn resources_do_not_wait_for_each_other() {
    let mut node = Node::new();
    node.executor.run(node.request("sleeps", "start", &[]));
    let mut other = node.request("exits", "stop", &[("code", "0")]);
    other.resource = ResourceId::new("other");
    assert_eq!(node.run(other).await.outcome.code, OcfCode::OK);
}

#[tokio::test]
async fn hundreds_at_once_are_all_answered() {
    let mut node = Node::new();
    let mut tokens = std::collections::BTreeSet::new();
    for number in 0..600 {
        let mut request = node.request("exits", "monitor", &[("code", "7")]);
        request.resource = ResourceId::new(format!("r{number}"));
        // The last one waits for hundreds.
        request.timeout = Duration::from_secs(1000);
        tokens.insert(request.token);
        node.executor.run(request);
    }
    while !tokens.is_empty() {
        let Report::Finished(finished) = node.report().await else { continue };
        assert_eq!(finished.outcome.code, OcfCode::NOT_RUNNING, "{finished:?}");
        assert!(tokens.remove(&finished.token), "answered twice: {finished:?}");
    }
    assert_eq!(node.processes(), []);
}

#[tokio::test]
async fn what_runs_or_waits_can_be_cancelled() {
    let mut node = Node::new();
    let running = node.request("sleeps", "start", &[]);
    let waiting = node.request("sleeps", "start", &[]);
    let mut delayed = node.request("sleeps", "start", &[]);
    delayed.resource = ResourceId::new("delayed");
    delayed.delay = Duration::from_secs(1000);
    let tokens = [delayed.token, waiting.token, running.token];
    node.executor.run(running);
    node.executor.run(waiting);
    node.executor.run(delayed);
    for token in tokens {
        node.executor.cancel(token);
        let finished = node.finished(token).await;
        assert_eq!(finished.outcome.status, ExecStatus::Cancelled);
    }
    assert_eq!(node.processes(), []);
}

#[tokio::test]
async fn shutting_down_leaves_no_operation() {
    let mut node = Node::new();
    let running = node.request("sleeps", "start", &[]);
    let waiting = node.request("sleeps", "stop", &[]);
    let tokens = [waiting.token, running.token];
    node.executor.run(running);
    node.executor.run(waiting);
    node.executor.shut_down().await;
    assert_eq!(node.processes(), []);
    for token in tokens {
        assert_eq!(node.finished(token).await.outcome.status, ExecStatus::Cancelled);
    }
    let late = node.act("exits", "start", &[("code", "0")]).await;
    assert_eq!(late.outcome.status, ExecStatus::Cancelled);
}

#[tokio::test]
async fn parameters_travel_in_the_environment_only() {
    let mut node = Node::new();
    let given = [("ip", "192.0.2.1"), ("CRM_meta_timeout", "20000"), ("OCF_CHECK_LEVEL", "10")];
    let finished = node.act("environment", "start", &given).await;
    let lines: Vec<&str> = finished.stdout.lines().collect();
    for line in [
        "arguments: start",
        "OCF_RESKEY_ip=192.0.2.1",
        "OCF_RESKEY_CRM_meta_timeout=20000",
        "OCF_CHECK_LEVEL=10",
        "OCF_ROOT=/usr/lib/ocf",
        "OCF_RESOURCE_INSTANCE=web",
        "OCF_RESOURCE_TYPE=environment",
        "OCF_RESOURCE_PROVIDER=testkit",
        "QUORATE_NODE=n1",
    ] {
        assert!(lines.contains(&line), "{line} is not in {}", finished.stdout);
    }
}

#[tokio::test]
async fn secrets_reach_neither_output_nor_records() {
    let mut node = Node::new();
    let finished = node.act("tells_secrets", "start", &[("password", "hush-hush")]).await;
    assert_eq!(finished.stdout, "password is ******\n");
    assert_eq!(finished.outcome.reason, "cannot log in with ******");
    let request = node.request("sleeps", "start", &[("password", "hush-hush")]);
    assert!(!format!("{request:?}").contains("hush"));
    let token = request.token;
    node.executor.run(request);
    let directory = node.config.state_dir.join("operations");
    let started = "resource web\naction start\n";
    loop {
        let mut entries = std::fs::read_dir(&directory).unwrap();
        let is_on_record = entries.any(|entry| {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
            assert!(!text.contains("hush"), "{text}");
            text.contains(started) && text.contains("started ")
        });
        if is_on_record {
            break;
        }
        tokio::task::yield_now().await;
    }
    node.executor.cancel(token);
    node.finished(token).await;
}

#[tokio::test]
async fn a_fence_agent_reads_its_parameters() {
    let mut node = Node::new();
    let device = [("ip", "192.0.2.7"), ("passwd", "hush-hush"), ("pcmk_host_list", "n2")];
    let agent = "stonith:fence_testkit";
    let probe = node.act(agent, "monitor", &device).await;
    assert_eq!(probe.outcome.code, OcfCode::NOT_RUNNING);
    let start = node.act(agent, "start", &device).await;
    assert_eq!(start.outcome.code, OcfCode::OK);
    assert_eq!(start.stdout, "arguments: \naction=monitor\nip=192.0.2.7\npasswd=******\n");
    let probe = node.act(agent, "monitor", &device).await;
    assert_eq!(probe.outcome.code, OcfCode::OK);
    let off = [("action", "off"), ("ip", "192.0.2.7"), ("nodename", "n2"), ("port", "7")];
    let off = node.act(agent, "off", &off).await;
    assert_eq!(off.stdout, "arguments: \naction=off\nip=192.0.2.7\nnodename=n2\nport=7\n");
    node.act(agent, "stop", &device).await;
    let probe = node.act(agent, "monitor", &device).await;
    assert_eq!(probe.outcome.code, OcfCode::NOT_RUNNING);
}

#[tokio::test]
async fn a_failing_fence_agent_says_why() {
    let mut node = Node::with(|config| {
        config.environment.push(("FENCE_TESTKIT_FAIL".to_owned(), "1".to_owned()));
    });
    let finished = node.act("stonith:fence_testkit", "off", &[("nodename", "n2")]).await;
    assert_eq!(finished.outcome.code, OcfCode::GENERIC);
    assert_eq!(finished.outcome.reason, "no route to device");
}

#[tokio::test]
async fn a_services_death_is_an_event() {
    let mut node = Node::new();
    let state = node.path("state");
    let parameters = [("state", state.as_str())];
    node.act("well", "start", &parameters).await;
    node.executor.watch(ResourceId::new("web"));
    let pid: u32 = std::fs::read_to_string(&state).unwrap().trim().parse().unwrap();
    // An operation in between comes after the watch was set, and is no death.
    node.act("well", "monitor", &parameters).await;
    let service = process::Identity::of(pid).unwrap();
    assert!(process::send(service, process::Signal::Kill).unwrap());
    assert_eq!(node.report().await, Report::WatchedDied { resource: ResourceId::new("web") });
    assert_eq!(node.act("well", "monitor", &parameters).await.outcome.code, OcfCode::NOT_RUNNING);
}

#[tokio::test]
async fn an_ordered_stop_is_no_death() {
    let mut node = Node::new();
    let state = node.path("state");
    let parameters = [("state", state.as_str())];
    node.act("well", "start", &parameters).await;
    node.executor.watch(ResourceId::new("web"));
    node.act("well", "monitor", &parameters).await;
    let stop = node.request("well", "stop", &parameters);
    let probe = node.request("well", "monitor", &parameters);
    let tokens = [stop.token, probe.token];
    node.executor.run(stop);
    node.executor.run(probe);
    for token in tokens {
        assert!(matches!(node.report().await, Report::Finished(done) if done.token == token));
    }
}

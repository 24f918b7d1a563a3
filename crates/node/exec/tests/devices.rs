//! Fence agents are told what their own descriptions ask for.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod kit;

use kit::Node;
use model::{ExecStatus, OcfCode};

const AGENT: &str = "stonith:fence_plug";

/// What the agent was told, sorted, when it was asked to do `action`.
async fn told(node: &mut Node, action: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let finished = node.act(AGENT, action, parameters).await;
    assert_eq!(finished.outcome.code, OcfCode::OK, "{finished:?}");
    let mut lines: Vec<String> = finished.stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn the_target_has_the_name_that_the_agent_knows() {
    let mut node = Node::new();
    let target = ("CRM_meta_port", "7");
    assert_eq!(told(&mut node, "off", &[target]).await, ["action=off", "plug=7"]);
    let own = [target, ("port", "9")];
    assert_eq!(told(&mut node, "off", &own).await, ["action=off", "port=9"]);
    // It describes nothing: the name that most agents know.
    let other = node.act("stonith:fence_testkit", "off", &[target]).await;
    assert!(other.stdout.contains("\nport=7\n"), "{other:?}");
}

#[tokio::test]
async fn an_agent_that_cannot_reboot_turns_off() {
    let mut node = Node::new();
    let told_to = [("action", "reboot")];
    assert_eq!(told(&mut node, "reboot", &told_to).await, ["action=off"]);
    // Unless the device has another word for it.
    let told_to = [("action", "on")];
    assert_eq!(told(&mut node, "reboot", &told_to).await, ["action=on"]);
}

#[tokio::test]
async fn what_cannot_be_asked_and_what_is_off_are_no_failures() {
    let mut node = Node::new();
    let list = node.act(AGENT, "list", &[]).await;
    assert_eq!(list.outcome.status, ExecStatus::NotSupported, "{list:?}");
    let status = node.act(AGENT, "status", &[("CRM_meta_port", "7")]).await;
    let outcome = (status.outcome.status, status.outcome.code);
    assert_eq!(outcome, (ExecStatus::Done, OcfCode::NOT_RUNNING));
}

#[tokio::test]
async fn a_device_is_used_for_as_many_at_once_as_it_takes() {
    let mut node = Node::new();
    for (limit, together) in [(None, 1), (Some("3"), 3), (Some("-1"), 4)] {
        let count = node.path(&format!("count{together}"));
        let until = together.to_string();
        let mut parameters = vec![("count", count.as_str()), ("until", until.as_str())];
        parameters.extend(limit.map(|limit| ("pcmk_action_limit", limit)));
        let requests: Vec<_> = (0..4).map(|_| node.request(AGENT, "off", &parameters)).collect();
        for request in requests {
            node.executor.run(request);
        }
        for _ in 0..4 {
            node.report().await;
        }
        let text = std::fs::read_to_string(&count).unwrap();
        let mut at_once = vec![0];
        for line in text.lines() {
            let last = at_once[at_once.len() - 1];
            at_once.push(if line == "begin" { last + 1 } else { last - 1 });
        }
        assert_eq!(at_once.iter().max(), Some(&together), "{text}");
    }
}

#[tokio::test]
async fn the_history_learns_which_parameters_are_secret() {
    let mut node = Node::new();
    let pin = [("pin", "12345678")];
    let started = node.act(AGENT, "start", &pin).await;
    assert_eq!(started.kinds.secret.as_deref(), Some(" pin "));
    assert!(!started.stdout.contains("12345678"), "{started:?}");
}

#[tokio::test]
async fn a_watchdog_is_ready_without_an_agent_and_fences_nobody() {
    const WATCHDOG: &str = "stonith:fence_watchdog";
    let mut node = Node::new();
    for (action, code) in [
        ("monitor", OcfCode::NOT_RUNNING),
        ("start", OcfCode::OK),
        ("monitor", OcfCode::OK),
        ("stop", OcfCode::OK),
        ("monitor", OcfCode::NOT_RUNNING),
    ] {
        let outcome = node.act(WATCHDOG, action, &[]).await.outcome;
        assert_eq!((outcome.status, outcome.code), (ExecStatus::Done, code), "{action}");
    }
    for action in ["on", "off", "reboot", "status", "list"] {
        let outcome = node.act(WATCHDOG, action, &[("nodename", "n2")]).await.outcome;
        assert_eq!(outcome.status, ExecStatus::NotSupported, "{action}");
        assert_ne!(outcome.code, OcfCode::OK, "{action}");
    }
}

//! Scripts of Heartbeat: parameters are arguments, the status is in their words.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod kit;

use kit::Node;
use model::{ExecStatus, OcfCode};

/// Writes down what it was called with, and says how it is with an exit code that says otherwise.
const SCRIPT: &str = r#"#!/bin/sh
here=$(dirname "$0")
for word in "$@"; do printf '%s\n' "$word"; last=$word; done > "$here/said"
env | grep -c OCF_RESKEY >> "$here/said"
case $last in
start) touch "$here/up" ;;
stop) rm -f "$here/up" ;;
status) if [ -e "$here/up" ]; then echo "INFO: Running OK"; exit 9; else echo "it is Stopped"; fi ;;
*) exit 3 ;;
esac
"#;

fn node() -> Node {
    Node::with(|config| {
        config.heartbeat_dir = config.state_dir.join("resource.d");
        config.init_dir = config.state_dir.join("init.d");
        for folder in [&config.heartbeat_dir, &config.init_dir] {
            std::fs::create_dir(folder).unwrap();
        }
        testkit::write_program(&config.heartbeat_dir.join("backup"), SCRIPT);
        testkit::write_program(&config.init_dir.join("elder"), SCRIPT);
    })
}

#[tokio::test]
async fn a_script_is_called_as_heartbeat_called_it() {
    let mut node = node();
    let parameters =
        [("2", "$HOME; touch /tmp/no"), ("1", "a b"), ("CRM_meta_interval", "10000"), ("4", "")];
    for (action, code) in [
        ("monitor", OcfCode::NOT_RUNNING),
        ("start", OcfCode::OK),
        ("monitor", OcfCode::OK),
        ("stop", OcfCode::OK),
        ("monitor", OcfCode::NOT_RUNNING),
        ("promote", OcfCode::UNIMPLEMENTED),
    ] {
        let finished = node.act("heartbeat:backup", action, &parameters).await;
        let outcome = &finished.outcome;
        assert_eq!((outcome.status, outcome.code), (ExecStatus::Done, code), "{finished:?}");
        let said = std::fs::read_to_string(node.path("resource.d/said")).unwrap();
        let verb = if action == "monitor" { "status" } else { action };
        assert_eq!(said, format!("a b\n$HOME; touch /tmp/no\n\n{verb}\n0\n"));
    }
}

#[tokio::test]
async fn init_scripts_are_looked_at_after_its_own() {
    let mut node = node();
    let finished = node.act("heartbeat:elder", "start", &[("1", "x")]).await;
    assert_eq!(finished.outcome.code, OcfCode::OK, "{finished:?}");
    assert_eq!(std::fs::read_to_string(node.path("init.d/said")).unwrap(), "x\nstart\n0\n");
    let mut bare = Node::new();
    let finished = bare.act("heartbeat:elder", "start", &[]).await;
    assert_eq!(finished.outcome.status, ExecStatus::NotInstalled, "{finished:?}");
    for name in ["heartbeat:nobody", "heartbeat:../init.d/elder"] {
        let finished = node.act(name, "start", &[]).await;
        assert_eq!(finished.outcome.status, ExecStatus::NotInstalled, "{finished:?}");
    }
}

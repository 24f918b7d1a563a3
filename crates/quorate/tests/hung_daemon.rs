//! Pacemaker's commands before a daemon that takes every question and answers none: each ends in its time, and
//! says why.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Commands, and what their ends are: the code and words on standard error.
const COMMANDS: [(&str, i32, &str); 20] = [
    ("cibadmin --query --timeout 1", 124, "did not answer within 1 s"),
    ("cibadmin --replace --scope constraints --xml-text <constraints/> -t 2", 124, "within 2 s"),
    ("cibadmin --query", 124, "did not answer within 15 s"),
    ("cibadmin --replace --scope tags --xml-text <tags/> -t 17", 124, "within 17 s"),
    // Zero is not a time.
    ("cibadmin --query -t 0", 124, "did not answer within 15 s"),
    ("crmadmin --dc_lookup --timeout 1500ms", 124, "did not answer within 1.5 s"),
    ("crmadmin --pacemakerd", 124, "did not answer within 15 s"),
    ("crmadmin --nodes", 124, "did not answer within 15 s"),
    ("stonith_admin --fence n2 --timeout 1", 124, "did not answer within 1 s"),
    ("stonith_admin --list-registered", 124, "did not answer within 15 s"),
    ("crm_mon --one-shot", 124, "did not answer within 15 s"),
    ("crm_resource --list", 124, "did not answer within 15 s"),
    ("crm_resource --wait --timeout 1", 124, "Timeout occurred"),
    ("crm_resource --resource a --move --node n2", 124, "Timeout occurred"),
    ("crm_attribute --name a --update 1", 124, "did not answer within 15 s"),
    ("attrd_updater --name a --update 1", 124, "did not answer within 15 s"),
    ("crm_node --list", 124, "did not answer within 15 s"),
    ("crm_standby --update on --node n1", 124, "did not answer within 15 s"),
    ("crm_verify --live-check", 124, "did not answer within 15 s"),
    ("crm_simulate --live-check", 124, "did not answer within 15 s"),
];

fn begin(folder: &Path, command: &str) -> Child {
    let mut words = command.split(' ');
    let name = words.next().unwrap();
    let program = folder.join(name);
    if !program.exists() {
        symlink(env!("CARGO_BIN_EXE_quorate"), &program).unwrap();
    }
    let mut child = Command::new(program);
    child.args(words).env("QUORATE_SOCKET", folder.join("api.sock")).env_remove("CIB_file");
    child.env_remove("CIB_shadow").stdin(Stdio::null());
    child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn every_command_ends_in_its_time_and_says_why() {
    let folder = std::env::temp_dir().join(format!("quorate-hung-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // Who connects waits in its queue.
    let daemon = UnixListener::bind(folder.join("api.sock")).unwrap();
    let children = COMMANDS.map(|(command, ..)| begin(&folder, command));
    let mut wrong = Vec::new();
    for (child, (command, code, words)) in children.into_iter().zip(COMMANDS) {
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        if ended.status.code() != Some(code) || !said.contains(words) {
            wrong.push(format!("{command}: {}: {said}", ended.status));
        }
    }
    drop(daemon);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

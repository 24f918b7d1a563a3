//! Serviceguard's commands and packages in a real cluster.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use process::{Identity, Signal};
use wire::api::Reply;

use crate::bed::{Bed, configuration};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a command says, and whether it succeeded.
fn said(bed: &Bed, node: u32, words: &str) -> (String, bool) {
    let words: Vec<&str> = words.split_whitespace().collect();
    let output = bed.quorate(node, &words).output().unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    (text, output.status.success())
}

fn does(bed: &Bed, node: u32, words: &str) -> String {
    let (text, done) = said(bed, node, words);
    assert!(done, "{words}: {text}");
    text
}

/// Waits until `cmviewcl` says these lines of a package.
fn shows(bed: &Bed, node: u32, package: &str, wanted: &[&str]) {
    let begun = Instant::now();
    loop {
        let text = does(bed, node, &format!("cmviewcl -f line -v -l package -p {package}"));
        if wanted.iter().all(|line| text.lines().any(|said| said == *line)) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{wanted:?} not in\n{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Kills the service's command once it is another than the one before.
fn kill_command(bed: &Bed, node: u32, before: Option<Identity>) -> Identity {
    let file = bed.node_dir(node).join("run/package-service-shop-service-web.command");
    let begun = Instant::now();
    loop {
        let command = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
        if let Some(command) = command.filter(|command: &Identity| Some(*command) != before)
            && process::send(command, Signal::Kill).unwrap()
        {
            return command;
        }
        assert!(begun.elapsed() < PATIENCE, "no command in {}", file.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn file(bed: &Bed, name: &str, text: &str) -> PathBuf {
    let path = bed.dir.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A cluster with packages: `shop`, modular, and `mail`, legacy, whose script ends as a file says.
fn with_packages() -> Bed {
    let bed = Bed::start();
    let reply = bed.replace(1, configuration(&bed.dir));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    let mut cluster = "CLUSTER_NAME web\nQS_HOST qs\n".to_owned();
    for node in 1..=3 {
        cluster.push_str(&format!(
            "NODE_NAME n{node}\nNETWORK_INTERFACE bond0\nHEARTBEAT_IP 10.0.0.{node}\n"
        ));
    }
    file(&bed, "cluster.ascii", &cluster);
    let script = bed.dir.join("control.sh");
    let script_says = bed.dir.join("code");
    let text = format!("#!/bin/sh\nexit $(cat {}.$1)\n", script_says.display());
    testkit::write_program(&script, &text);
    file(&bed, "code.start", "1");
    file(&bed, "code.stop", "0");
    let script = script.display();
    file(
        &bed,
        "mail.conf",
        &format!(
            "PACKAGE_NAME mail\nNODE_NAME n2\nNODE_NAME n3\nRUN_SCRIPT {script}\nHALT_SCRIPT {script}\n"
        ),
    );
    file(
        &bed,
        "shop.conf",
        "package_name shop\nmodule_name sg/basic\nnode_name n1\nnode_name n2\nservice_name web\n\
         service_cmd \"/bin/sleep 4000\"\nservice_restart 1\n",
    );
    let dir = bed.dir.display();
    does(
        &bed,
        1,
        &format!("cmapplyconf -f -C {dir}/cluster.ascii -P {dir}/shop.conf -P {dir}/mail.conf"),
    );
    bed
}

#[test]
fn packages_run_fail_move_and_are_switched_by_serviceguards_commands() {
    let mut bed = with_packages();
    shows(&bed, 1, "shop", &["status=up", "owner=n1", "service:web|restarts=0"]);
    // Killed, it is run again; killed once more, it has failed, and the package moves.
    let first = kill_command(&bed, 1, None);
    shows(&bed, 1, "shop", &["owner=n1", "service:web|restarts=1"]);
    kill_command(&bed, 1, Some(first));
    shows(&bed, 1, "shop", &["status=up", "owner=n2", "node:n1|switching=disabled"]);
    assert!(bed.marked(1, "shop-service-web").is_empty());

    let (text, done) = said(&bed, 2, "cmrunpkg -n n1 shop");
    assert!(!done && text.contains("already running on node n2"), "{text}");
    does(&bed, 2, "cmhaltpkg shop");
    shows(&bed, 2, "shop", &["status=down", "state=halted", "autorun=disabled"]);
    let (text, done) = said(&bed, 2, "cmrunpkg -n n1 shop");
    assert!(!done && text.contains("node switching is disabled"), "{text}");
    does(&bed, 2, "cmmodpkg -e -n n1 shop");
    let text = does(&bed, 2, "cmrunpkg -n n1 shop");
    assert!(text.contains("Successfully started package shop on node n1"), "{text}");
    does(&bed, 2, "cmmodpkg -e shop");
    shows(&bed, 2, "shop", &["owner=n1", "autorun=enabled", "summary=ok"]);

    let (text, done) = said(&bed, 3, "cmhaltnode n1");
    assert!(!done && text.contains("packages run on it: shop"), "{text}");
    let text = does(&bed, 3, "cmhaltnode -f n1");
    assert!(text.ends_with("Halt operation complete.\n"), "{text}");
    bed.wait_end(1);
    shows(&bed, 3, "shop", &["status=up", "owner=n2"]);
}

#[test]
fn a_run_script_that_ends_with_1_leaves_its_package_switched_off_everywhere() {
    let bed = with_packages();
    let off = ["status=down", "state=failed", "autorun=disabled", "owner=unowned"];
    shows(&bed, 1, "mail", &off);
    shows(&bed, 1, "mail", &["node:n2|switching=enabled", "node:n3|switching=enabled"]);
    // With 2 it is the node's fault: the next one is tried, and there is none after that.
    file(&bed, "code.start", "2");
    does(&bed, 1, "cmmodpkg -e mail");
    shows(&bed, 1, "mail", &["node:n2|switching=disabled", "node:n3|switching=disabled"]);
    shows(&bed, 1, "mail", &["status=down", "autorun=enabled"]);
    file(&bed, "code.start", "0");
    does(&bed, 1, "cmmodpkg -e -n n3 mail");
    shows(&bed, 1, "mail", &["status=up", "owner=n3"]);
    // What n3 does not halt is kept from n2, until somebody has looked.
    file(&bed, "code.stop", "1");
    does(&bed, 1, "cmhaltpkg mail");
    shows(&bed, 1, "mail", &["status=down", "autorun=disabled", "node:n3|switching=enabled"]);
    let (text, done) = said(&bed, 1, "cmrunpkg -n n2 mail");
    assert!(!done && text.contains("its halt script failed on node n3"), "{text}");
    does(&bed, 1, "cmmodpkg -e -n n2 mail");
    does(&bed, 1, "cmrunpkg -n n2 mail");
    shows(&bed, 1, "mail", &["status=up", "owner=n2"]);
}

//! Serviceguard's commands and packages in a real cluster.

use std::fs;
use std::os::unix::process::CommandExt;
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
fn a_count_of_restarts_is_set_back() {
    let bed = with_packages();
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    let first = kill_command(&bed, 1, None);
    shows(&bed, 1, "shop", &["owner=n1", "service:web|restarts=1"]);
    let (text, done) = said(&bed, 2, "cmmodpkg -R -s nothing shop");
    assert!(!done && text.contains("Unable to find service nothing in package shop"), "{text}");
    does(&bed, 2, "cmmodpkg -R -s web shop");
    shows(&bed, 1, "shop", &["owner=n1", "service:web|restarts=0"]);
    // It may be run again as often as if it never had been.
    let second = kill_command(&bed, 1, Some(first));
    shows(&bed, 1, "shop", &["owner=n1", "service:web|restarts=1"]);
    kill_command(&bed, 1, Some(second));
    shows(&bed, 1, "shop", &["status=up", "owner=n2"]);
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

/// What the program of the polled resource says on a node from now on.
fn answer(bed: &Bed, node: u32, script: &str) {
    testkit::write_program(&bed.node_dir(node).join("answer"), &format!("#!/bin/sh\n{script}\n"));
}

/// Waits until a node says this value of it, or none.
fn is_told(bed: &Bed, node: u32, wanted: Option<&str>) {
    let words = format!("attrd_updater -Q -n sg-resource-system-jobQueue5Min -N n{node}");
    let wanted = wanted.map(|value| format!("value=\"{value}\"\n"));
    let begun = Instant::now();
    loop {
        let (text, known) = said(bed, node, &words);
        let is_it = match &wanted {
            Some(wanted) => known && text.ends_with(wanted),
            None => !text.contains("value=\""),
        };
        if is_it {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{wanted:?} of n{node}: {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Applies the file of the modular package with such a resource; then a program says its values.
fn poll(bed: &Bed, rest: &str) {
    let dir = bed.dir.display();
    let polled = format!("resource_name /system/jobQueue5Min\nresource_polling_interval 1\n{rest}");
    let shop = fs::read_to_string(bed.dir.join("shop.conf")).unwrap();
    file(bed, "polled.conf", &format!("{shop}{polled}"));
    does(bed, 1, &format!("cmapplyconf -f -P {dir}/polled.conf"));
    // Which load this machine has is read without a program.
    shows(bed, 1, "shop", &["status=up", "owner=n1", UP]);

    let program = bed.dir.join("resources/system/jobQueue5Min");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = /system/jobQueue5Min ] && . ${}/answer\n",
        process::NODE_MARK
    );
    testkit::write_program(&program, &text);
    for node in 1..=2 {
        let poll = format!("sg-resource.n{node}.system-jobQueue5Min");
        does(bed, 1, &format!("crm_resource -r {poll} -p directory -v {dir}/resources"));
    }
}

const UP: &str = "resource:/system/jobQueue5Min|status=up";

#[test]
fn a_package_is_where_the_value_of_its_polled_resource_is_well() {
    let bed = with_packages();
    answer(&bed, 1, "echo 1000");
    answer(&bed, 2, "echo -1.5");
    answer(&bed, 3, "echo 3");
    poll(&bed, "resource_up_value > -5 and < 1000\n");
    is_told(&bed, 1, Some("1000"));
    is_told(&bed, 2, Some("-1.5"));
    shows(&bed, 1, "shop", &["status=up", "owner=n2", UP]);
    answer(&bed, 1, "echo 7; echo the rest is not read");
    is_told(&bed, 1, Some("7"));
    answer(&bed, 2, "echo 1000");
    shows(&bed, 1, "shop", &["status=up", "owner=n1", UP]);
    answer(&bed, 2, "echo 3");
    is_told(&bed, 2, Some("3"));
    // What is not known is not well.
    answer(&bed, 1, "echo 7; exit 1");
    shows(&bed, 1, "shop", &["status=up", "owner=n2", UP]);
    is_told(&bed, 1, None);
    // Where all are asked anew, the slowest is waited for: the package is not where the first answer was.
    does(&bed, 1, "crm_attribute -n stop-all-resources -v true");
    is_told(&bed, 2, None);
    answer(&bed, 1, "sleep 1; echo 7");
    does(&bed, 1, "crm_attribute -n stop-all-resources -v false");
    shows(&bed, 1, "shop", &["status=up", "owner=n1", UP]);
    // It is polled where the package may be, and nothing of that has failed.
    is_told(&bed, 3, None);
    let failures = does(&bed, 1, "crm_mon -1 -f");
    assert!(!failures.contains("sg-resource.n2.system-jobQueue5Min: fail"), "{failures}");

    // Nobody knows it when nobody polls it, and then it is nobody's need.
    does(&bed, 1, &format!("cmapplyconf -f -P {}/shop.conf", bed.dir.display()));
    is_told(&bed, 1, None);
    is_told(&bed, 2, None);
    shows(&bed, 1, "shop", &["status=up"]);
}

#[test]
fn a_deferred_resource_counts_where_its_package_runs() {
    let mut bed = with_packages();
    answer(&bed, 1, "echo 3");
    answer(&bed, 2, "echo 3");
    poll(&bed, "resource_start deferred\nresource_up_value < 1000\n");
    is_told(&bed, 1, Some("3"));
    is_told(&bed, 2, Some("3"));
    let counts = |bed: &Bed, node: u32| {
        let words = format!("attrd_updater -Q -n sg-deferred-system-jobQueue5Min -N n{node}");
        said(bed, node, &words).0.contains("value=\"1\"")
    };
    // To ask by a program instead took its value away for a moment: the package may be anywhere, or nowhere.
    does(&bed, 1, "cmmodpkg -d shop");
    let _runs_nowhere = said(&bed, 1, "cmhaltpkg shop");
    shows(&bed, 1, "shop", &["state=halted"]);
    does(&bed, 1, "cmmodpkg -e -n n1 -n n2 shop");
    does(&bed, 1, "cmrunpkg -n n1 shop");
    does(&bed, 1, "cmmodpkg -e shop");
    shows(&bed, 1, "shop", &["status=up", "owner=n1", UP]);
    assert!(counts(&bed, 1) && !counts(&bed, 2));
    answer(&bed, 1, "echo 1000");
    // Lost there, it is not started there again.
    shows(&bed, 1, "shop", &["status=up", "owner=n2", UP, "node:n1|switching=disabled"]);
    assert!(counts(&bed, 2) && !counts(&bed, 1));
    // Who halts takes its packages down before what they need.
    does(&bed, 1, "cmmodpkg -e -n n1 shop");
    answer(&bed, 1, "echo 3");
    is_told(&bed, 1, Some("3"));
    does(&bed, 1, "cmhaltnode -f n2");
    bed.wait_end(2);
    shows(&bed, 1, "shop", &["status=up", "owner=n1", UP, "node:n2|switching=enabled"]);
}

/// The keeper of the modular package's service on n1, and its command, when both live.
fn service_of(bed: &Bed) -> [Identity; 2] {
    service_on(bed, 1, "shop-service-web")
}

/// The same of another one. A package is up when the keeper is, which starts the command then.
fn service_on(bed: &Bed, node: u32, instance: &str) -> [Identity; 2] {
    let run = bed.node_dir(node).join("run");
    let process = |what: &str| {
        let text = fs::read_to_string(run.join(format!("package-service-{instance}.{what}"))).ok();
        text?.trim().parse().ok().filter(|process: &Identity| process.is_alive())
    };
    let begun = Instant::now();
    loop {
        if let (Some(keeper), Some(command)) = (process("pid"), process("command")) {
            return [keeper, command];
        }
        assert!(begun.elapsed() < PATIENCE, "{instance} does not run on {node}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_node_leaves_its_packages_running_and_takes_them_up_again() {
    let mut bed = with_packages();
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    does(&bed, 2, "cmmodpkg -d shop");
    let service = service_of(&bed);
    let text = does(&bed, 2, "cmhaltnode -d -t n1");
    assert_eq!(text, "Detaching package shop on n1\n");
    let text = does(&bed, 2, "cmhaltnode -d n1");
    assert!(text.ends_with("Halt operation complete.\n"), "{text}");
    bed.wait_end(1);
    let detached = ["status=detached", "state=detached", "owner=n1", "node:n1|status=detached"];
    shows(&bed, 2, "shop", &detached);
    let table = does(&bed, 2, "cmviewcl");
    assert!(table.contains("n1             down         halted\n\n    PACKAGE"), "{table}");
    for words in ["cmrunpkg -n n2 shop", "cmhaltpkg shop", "cmdeleteconf -f -p shop"] {
        let (text, done) = said(&bed, 2, words);
        assert!(!done && text.contains("Package shop is detached on node n1"), "{words}: {text}");
    }
    does(&bed, 2, "cmmodpkg -e shop");
    bed.wait_idle(2);
    shows(&bed, 2, "shop", &detached);
    assert!(bed.marked(2, "shop-service-web").is_empty());
    does(&bed, 2, "cmmodpkg -d shop");

    // Back, it is watched again, without an interruption, although it is switched off.
    bed.start_node(1);
    shows(&bed, 2, "shop", &["status=up", "state=running", "owner=n1", "autorun=disabled"]);
    bed.wait_idle(2);
    assert_eq!(service_of(&bed), service);
    assert!(!bed.see(2).xml.contains("sg-attach"), "{}", bed.see(2).xml);
    kill_command(&bed, 1, None);
    shows(&bed, 1, "shop", &["owner=n1", "service:web|restarts=1"]);
}

#[test]
fn a_package_that_did_not_survive_its_node_is_started_again_when_that_is_back_or_said_to_be_halted()
{
    let mut bed = with_packages();
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    for is_given_up in [false, true] {
        let first = service_of(&bed);
        does(&bed, 1, "cmhaltnode -d");
        bed.wait_end(1);
        // What a reset leaves of it.
        bed.end_processes(1);
        fs::remove_dir_all(bed.node_dir(1).join("run")).unwrap();
        shows(&bed, 2, "shop", &["status=detached"]);
        if is_given_up {
            let (text, done) = said(&bed, 2, "cmhaltpkg -f shop");
            assert!(!done && text.contains("cmhaltpkg -f -n n1 shop"), "{text}");
            does(&bed, 2, "cmhaltpkg -f -n n1 shop");
            shows(&bed, 2, "shop", &["status=down", "state=halted", "autorun=disabled"]);
            does(&bed, 2, "cmmodpkg -e shop");
            shows(&bed, 2, "shop", &["status=up", "owner=n2"]);
            return;
        }
        bed.start_node(1);
        shows(&bed, 2, "shop", &["status=up", "state=running", "owner=n1"]);
        assert_ne!(service_of(&bed), first);
    }
}

#[test]
fn all_nodes_leave_their_packages_running_also_those_that_run_on_several() {
    let mut bed = with_packages();
    let dir = bed.dir.display().to_string();
    file(
        &bed,
        "watch.conf",
        "package_name watch\nmodule_name sg/basic\npackage_type multi_node\nnode_name n1\n\
         node_name n2\nnode_name n3\nservice_name look\nservice_cmd \"/bin/sleep 4003\"\n",
    );
    does(&bed, 1, &format!("cmapplyconf -f -P {dir}/watch.conf"));
    // Corosync still counts nodes whose daemons have left, the fabric of one machine does not.
    does(&bed, 1, "crm_attribute -n no-quorum-policy -v freeze");
    let on_all = ["node:n1|status=up", "node:n2|status=up", "node:n3|status=up"];
    shows(&bed, 1, "watch", &on_all);
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    let (text, done) = said(&bed, 1, "cmhaltnode -d n1");
    assert!(!done && text.contains("package watch, it runs on several nodes"), "{text}");
    let services = |bed: &Bed| [1, 2, 3].map(|node| service_on(bed, node, "watch-service-look"));
    bed.wait_idle(1);
    let before = (service_of(&bed), services(&bed));
    does(&bed, 1, "cmhaltnode -d n1 n2 n3");
    for node in 1..=3 {
        bed.wait_end(node);
    }
    (1..=3).for_each(|node| bed.start_node(node));
    bed.wait_members(1, &[1, 2, 3]);
    shows(&bed, 1, "watch", &on_all);
    shows(&bed, 1, "shop", &["status=up", "state=running", "owner=n1"]);
    bed.wait_idle(1);
    assert_eq!((service_of(&bed), services(&bed)), before);
    assert!(!bed.see(1).xml.contains("detached"), "{}", bed.see(1).xml);
}

#[test]
fn a_service_that_failed_while_its_package_was_detached_is_mended_where_it_is() {
    let mut bed = with_packages();
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    does(&bed, 1, "cmhaltnode -d");
    bed.wait_end(1);
    let [keeper, _] = service_of(&bed);
    let first = kill_command(&bed, 1, None);
    kill_command(&bed, 1, Some(first));
    // It was run again as often as it may be.
    let begun = Instant::now();
    while keeper.is_alive() {
        assert!(begun.elapsed() < PATIENCE, "the keeper does not give up");
        std::thread::sleep(Duration::from_millis(50));
    }
    shows(&bed, 2, "shop", &["status=detached", "service:web|status=unknown"]);
    bed.start_node(1);
    shows(&bed, 2, "shop", &["status=up", "state=running", "owner=n1"]);
    assert_ne!(service_of(&bed)[0], keeper);
}

#[test]
fn a_package_in_maintenance_is_started_in_part_and_left_alone() {
    let bed = with_packages();
    let dir = bed.dir.display();
    testkit::write_program(&bed.dir.join("till.sh"), "#!/bin/sh\n");
    file(
        &bed,
        "till.conf",
        &format!(
            "package_name till\nmodule_name sg/basic\nnode_name n1\nnode_name n2\nauto_run no\n\
             external_script {dir}/till.sh\nservice_name count\nservice_cmd \"/bin/sleep 4002\"\n"
        ),
    );
    does(&bed, 1, &format!("cmapplyconf -f -P {dir}/till.conf"));
    let text = does(&bed, 2, "cmrunpkg -m sg/external -n n1 till");
    assert!(text.contains("started package till on node n1, in maintenance"), "{text}");
    let maintained = ["status=up", "state=maintenance", "owner=n1"];
    shows(&bed, 1, "till", &maintained);
    assert!(bed.marked(1, "till-service-count").is_empty());
    let (text, done) = said(&bed, 1, "cmmodpkg -m off till");
    assert!(!done && text.contains("not all of it runs: till-service-count"), "{text}");
    does(&bed, 1, "cmhaltpkg -s till");
    shows(&bed, 1, "till", &["status=down", "state=halted", "autorun=disabled"]);

    does(&bed, 1, "cmmodpkg -e till");
    shows(&bed, 1, "till", &["status=up", "state=running", "owner=n1"]);
    does(&bed, 1, "cmmodpkg -m on -n n1 till");
    // The service ends for good, and nothing follows from that.
    for process in bed.marked(1, "till-service-count") {
        process::send(process, Signal::Kill).unwrap();
    }
    bed.wait_idle(1);
    shows(&bed, 1, "till", &maintained);
    let (text, done) = said(&bed, 1, "cmmodpkg -m off till");
    assert!(!done && text.contains("not all of it runs: till-service-count"), "{text}");
    does(&bed, 1, "cmhaltpkg till");
    does(&bed, 1, "cmrunpkg -n n1 till");
    shows(&bed, 1, "till", &["status=up", "state=running", "owner=n1"]);
}

#[test]
fn a_package_shows_that_it_starts_or_halts_as_long_as_its_scripts_do() {
    let bed = with_packages();
    let dir = bed.dir.display().to_string();
    // Each way lasts until somebody has looked.
    let slow = format!("#!/bin/sh\nuntil [ -e {dir}/may-$1 ]; do sleep 0.05; done\n");
    testkit::write_program(&bed.dir.join("slow.sh"), &slow);
    let script = format!("RUN_SCRIPT {dir}/slow.sh\nHALT_SCRIPT {dir}/slow.sh\n");
    file(&bed, "old.conf", &format!("PACKAGE_NAME old\nNODE_NAME n1\n{script}"));
    file(
        &bed,
        "new.conf",
        &format!(
            "package_name new\nmodule_name sg/basic\nnode_name n1\nexternal_script {dir}/slow.sh\n\
             service_name count\nservice_cmd \"/bin/sleep 4004\"\n"
        ),
    );
    does(&bed, 1, &format!("cmapplyconf -f -P {dir}/old.conf -P {dir}/new.conf"));
    let packages = ["old", "new"];
    let show = |state: &[&str]| packages.iter().for_each(|one| shows(&bed, 2, one, state));
    show(&["status=starting", "state=starting", "owner=n1"]);
    file(&bed, "may-start", "");
    show(&["status=up", "state=running", "owner=n1"]);

    let mut halts = bed.quorate(2, &["cmhaltpkg", "old", "new"]).spawn().unwrap();
    show(&["status=halting", "state=halting", "owner=n1"]);
    file(&bed, "may-stop", "");
    assert!(halts.wait().unwrap().success());
    show(&["status=down", "state=halted", "owner=unowned"]);

    // Also where an operator runs it that is switched off.
    fs::remove_file(bed.dir.join("may-start")).unwrap();
    let mut runs = bed.quorate(2, &["cmrunpkg", "-n", "n1", "old", "new"]).spawn().unwrap();
    show(&["status=starting", "state=starting", "owner=n1", "autorun=disabled"]);
    file(&bed, "may-start", "");
    assert!(runs.wait().unwrap().success());

    // With its node, where it may start again.
    does(&bed, 2, "cmmodpkg -e old new");
    show(&["status=up", "state=running"]);
    fs::remove_file(bed.dir.join("may-stop")).unwrap();
    let mut leaves = bed.quorate(2, &["cmhaltnode", "-f", "n1"]).spawn().unwrap();
    show(&["status=halting", "state=halting", "owner=n1"]);
    file(&bed, "may-stop", "");
    assert!(leaves.wait().unwrap().success());
    show(&["status=down", "state=halted", "owner=unowned"]);
}

#[test]
fn a_package_that_went_to_another_site_by_itself_tries_that_one_first_from_then_on() {
    let bed = with_packages();
    let dir = bed.dir.display();
    let sites = [("n1", "east"), ("n2", "west"), ("n3", "west")];
    let mut cluster = "CLUSTER_NAME web\nQS_HOST qs\nSITE_NAME east\nSITE_NAME west\n".to_owned();
    for (at, (node, site)) in sites.iter().enumerate() {
        cluster.push_str(&format!(
            "NODE_NAME {node}\nSITE {site}\nNETWORK_INTERFACE bond0\nHEARTBEAT_IP 10.0.0.{}\n",
            at + 1
        ));
    }
    file(&bed, "cluster.ascii", &cluster);
    file(
        &bed,
        "shop.conf",
        "package_name shop\nmodule_name sg/basic\nnode_name n1\nnode_name n2\nnode_name n3\n\
         failover_policy site_preferred\nservice_name web\nservice_cmd \"/bin/sleep 4000\"\n",
    );
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    does(&bed, 1, "cmhaltpkg shop");
    does(&bed, 1, &format!("cmapplyconf -f -C {dir}/cluster.ascii -P {dir}/shop.conf"));
    does(&bed, 1, "cmrunpkg -n n1 shop");
    does(&bed, 1, "cmmodpkg -e shop");
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    kill_command(&bed, 1, None);
    shows(&bed, 1, "shop", &["status=up", "owner=n2"]);
    let begun = Instant::now();
    while !bed.see(1).xml.contains(r#"name="serviceguard-site-shop" value="west""#) {
        assert!(begun.elapsed() < PATIENCE, "{}", bed.see(1).xml);
        std::thread::sleep(Duration::from_millis(50));
    }
    // The first node may have it again, and stays behind that of the other site.
    does(&bed, 1, "cmmodpkg -e -n n1 shop");
    bed.wait_idle(1);
    shows(&bed, 1, "shop", &["status=up", "owner=n2"]);
    kill_command(&bed, 2, None);
    shows(&bed, 1, "shop", &["status=up", "owner=n3"]);
}

/// Numbers of Debian's own users. Sources: base-passwd; `haclient` comes with Pacemaker.
fn numbers(path: &str, name: &str) -> Option<u32> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

/// The program where every user may run it.
fn program(bed: &Bed) -> PathBuf {
    let path = bed.dir.join("quorate");
    let own = env!("CARGO_BIN_EXE_quorate");
    if !path.exists() && fs::hard_link(own, &path).is_err() {
        fs::copy(own, &path).unwrap();
    }
    path
}

/// What a command says that a user gives who is in the daemon's group.
fn says_to(bed: &Bed, user: &str, group: &str, words: &str) -> (String, bool) {
    let mut command = std::process::Command::new(program(bed));
    command.args(words.split_whitespace());
    command.env("QUORATE_SOCKET", bed.node_dir(1).join("api.sock"));
    command.uid(numbers("/etc/passwd", user).unwrap()).gid(numbers("/etc/group", group).unwrap());
    let output = command.output().unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    (text, output.status.success())
}

#[test]
fn the_template_of_a_control_script_runs_and_halts_services() {
    if !testkit::has(&["/bin/bash"]) {
        return;
    }
    let bed = with_packages();
    let dir = bed.dir.display();
    does(&bed, 1, &format!("cmmakepkg -s {dir}/web.cntl"));
    does(&bed, 1, &format!("links {dir}/bin"));
    let filled = fs::read_to_string(bed.dir.join("web.cntl")).unwrap();
    let filled = filled
        .replacen("/sbin:/bin\n", &format!("/sbin:/bin:{dir}/bin\n"), 1)
        .replacen("#SERVICE_NAME[0]=service1", "SERVICE_NAME[0]=page", 1)
        .replacen(
            "#SERVICE_CMD[0]=\"/usr/bin/program -x\"",
            "SERVICE_CMD[0]=\"/bin/sleep 4001\"",
            1,
        )
        .replacen("#SERVICE_RESTART", "SERVICE_RESTART", 1)
        .replacen("    : # your commands\n", &format!("    echo run >{dir}/web.customer\n"), 1)
        .replacen("    : # your commands\n", &format!("    echo halt >{dir}/web.customer\n"), 1);
    testkit::write_program(&bed.dir.join("web.cntl"), &filled);
    let script = format!("RUN_SCRIPT {dir}/web.cntl\nHALT_SCRIPT {dir}/web.cntl\n");
    file(&bed, "web.conf", &format!("PACKAGE_NAME web\nNODE_NAME n1\n{script}"));
    does(&bed, 1, &format!("cmapplyconf -f -P {dir}/web.conf"));
    shows(&bed, 1, "web", &["status=up", "owner=n1"]);
    let customer = || fs::read_to_string(bed.dir.join("web.customer")).unwrap();
    assert_eq!(customer(), "run\n");
    let keeper = bed.node_dir(1).join("run/package-service-web:page.pid");
    assert!(keeper.exists(), "{}", keeper.display());
    does(&bed, 1, "cmhaltpkg web");
    shows(&bed, 1, "web", &["status=down", "state=halted"]);
    assert!(!keeper.exists());
    assert_eq!(customer(), "halt\n");
    // A service that does not run is the package's failure, and nothing of it is left.
    let broken = filled.replace("cmrunserv ", "false ");
    testkit::write_program(&bed.dir.join("web.cntl"), &broken);
    let (text, done) = said(&bed, 1, "cmrunpkg -n n1 web");
    assert!(!done && text.contains("Unable to run package web on node n1"), "{text}");
    assert_eq!(customer(), "halt\n");
}

/// Writes policies into the files; answers with what they were.
fn with_policies(bed: &Bed, host: &str) -> (String, String) {
    let policies = format!(
        "USER_NAME nobody\nUSER_HOST CLUSTER_MEMBER_NODE\nUSER_ROLE MONITOR\n\
         USER_NAME games\nUSER_HOST {host}\nUSER_ROLE FULL_ADMIN\n\
         USER_NAME bin\nUSER_HOST elsewhere\nUSER_ROLE FULL_ADMIN\n"
    );
    let cluster = fs::read_to_string(bed.dir.join("cluster.ascii")).unwrap();
    file(bed, "cluster.ascii", &format!("{cluster}{policies}"));
    let shop = fs::read_to_string(bed.dir.join("shop.conf")).unwrap();
    let admin = "user_name lp\nuser_host cluster_member_node\nuser_role package_admin\n";
    file(bed, "shop.conf", &format!("{shop}{admin}"));
    (cluster, shop)
}

#[test]
fn users_do_what_access_policies_say_and_no_more() {
    if !testkit::is_root() || !testkit::has(&["/usr/share/pacemaker/alerts/alert_file.sh.sample"]) {
        return;
    }
    let bed = with_packages();
    let dir = bed.dir.display();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let host = host.trim().split('.').next().unwrap();
    let (cluster, shop) = with_policies(&bed, host);
    let apply = format!("cmapplyconf -f -C {dir}/cluster.ascii -P {dir}/shop.conf");
    let text = does(&bed, 1, &apply);
    let told = "Only root and those whom access policies name may use the cluster\n";
    assert!(text.contains(told), "{text}");
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);

    let may = |user: &str, words: &str| {
        let (text, done) = says_to(&bed, user, "haclient", words);
        assert!(done, "{user}: {words}: {text}");
        text
    };
    let may_not = |user: &str, words: &str, wanted: &str| {
        let (text, done) = says_to(&bed, user, "haclient", words);
        assert!(!done && text.contains(wanted), "{user}: {words}: {text}");
    };
    let nothing = "no access policy lets bin do that on this node";
    may_not("bin", "cmviewcl", nothing);
    let (text, done) = says_to(&bed, "nobody", "games", "cmviewcl");
    assert!(!done && text.contains("nobody is not in the group haclient"), "{text}");

    assert!(may("nobody", "cmviewcl").contains("shop"));
    let wanted =
        format!("package shop takes the role PACKAGE_ADMIN, and nobody has MONITOR on node {host}");
    for words in ["cmhaltpkg shop", "cmrunpkg shop", "cmmodpkg -d shop"] {
        may_not("nobody", words, &wanted);
    }
    may_not(
        "nobody",
        "cmhaltnode -f n3",
        "nodes takes the role FULL_ADMIN, and nobody has MONITOR",
    );
    may_not("nobody", &apply, "changing the configuration takes root, and not nobody");
    // The words are a courtesy: the daemon itself lets nobody do it.
    may_not("nobody", "attrd_updater -n sg-run-shop -U 1", "denied");

    may("lp", "cmhaltpkg shop");
    shows(&bed, 1, "shop", &["status=down", "autorun=disabled"]);
    may("lp", "cmmodpkg -d -n n1 shop");
    may("lp", "cmrunpkg -n n2 shop");
    may("lp", "cmmodpkg -e -n n1 shop");
    may("lp", "cmmodpkg -m on shop");
    may("lp", "cmmodpkg -m off shop");
    may("lp", "cmmodpkg -e shop");
    shows(&bed, 1, "shop", &["status=up", "owner=n2", "autorun=enabled"]);
    may_not(
        "lp",
        "cmmodpkg -d mail",
        "package mail takes the role PACKAGE_ADMIN, and lp has MONITOR and PACKAGE_ADMIN of shop",
    );
    may_not("lp", "cmhaltnode -f n3", "nodes takes the role FULL_ADMIN");

    may("games", "cmmodpkg -d mail");
    may("games", "cmhaltnode -f n2");
    shows(&bed, 1, "shop", &["status=up", "owner=n1"]);
    may_not("games", &apply, "changing the configuration takes root");
    // Without a policy, the group is let in as before.
    file(&bed, "cluster.ascii", &cluster);
    file(&bed, "shop.conf", &shop);
    assert!(does(&bed, 1, &apply).contains("No access policy is left\n"));
    may("bin", "cmviewcl");
}

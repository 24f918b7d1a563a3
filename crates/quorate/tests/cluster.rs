//! Real clusters: three daemons, real agents, real kills.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test may fail loudly, and its modules have no outside"
)]

#[path = "cluster/alerts.rs"]
mod alerts;
#[path = "cluster/bad_agents.rs"]
mod bad_agents;
#[path = "cluster/bed.rs"]
mod bed;
#[path = "cluster/distribution.rs"]
mod distribution;
#[path = "cluster/fence_calls.rs"]
mod fence_calls;
#[path = "cluster/fence_devices.rs"]
mod fence_devices;
#[path = "cluster/json.rs"]
mod json;
#[path = "cluster/metrics.rs"]
mod metrics;
#[path = "cluster/operator.rs"]
mod operator;
#[path = "cluster/promotion.rs"]
mod promotion;
#[path = "cluster/reload.rs"]
mod reload;
#[path = "cluster/report.rs"]
mod report;
#[path = "cluster/screen.rs"]
mod screen;
#[path = "cluster/serviceguard.rs"]
mod serviceguard;
#[path = "demo/terminal.rs"]
#[expect(dead_code, reason = "the tests of the demo use the rest")]
mod terminal;
#[path = "cluster/tools.rs"]
mod tools;
#[cfg(feature = "traces")]
#[path = "cluster/traces.rs"]
mod traces;
#[path = "cluster/under_load.rs"]
mod under_load;

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use bed::{Bed, Disk, configuration};
use wire::api::{Change, Edit, Event, Refused, Reply, Request};

/// A cluster on which the lock runs; and where.
fn with_lock() -> (Bed, u32) {
    with_lock_in(|text| text)
}

/// The same with another configuration.
fn with_lock_in(change: impl FnOnce(String) -> String) -> (Bed, u32) {
    with_lock_on(Bed::start(), change)
}

/// The same on these nodes.
fn with_lock_on(bed: Bed, change: impl FnOnce(String) -> String) -> (Bed, u32) {
    let reply = bed.replace(1, change(configuration(&bed.dir)));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let holders = bed.running("lock");
    let [holder] = holders[..] else { panic!("{holders:?}\n{}", bed.log(1)) };
    (bed, holder)
}

fn other_than(node: u32) -> u32 {
    node % 3 + 1
}

/// A configuration with nothing but one cluster option.
fn option(name: &str, value: u32) -> String {
    format!(
        "<configuration><crm_config><cluster_property_set id=\"o\"><nvpair id=\"o-n\" \
         name=\"{name}\" value=\"{value}\"/></cluster_property_set></crm_config><nodes/>\
         <resources/><constraints/></configuration>"
    )
}

/// What the lock's ledger proves: never held twice, and taken this often.
fn check_ledger(bed: &Bed, taken: u64) {
    let ledger = own_agents::check_ledger(&bed.dir.join("lock")).unwrap();
    assert_eq!(ledger.violations, Vec::<String>::new());
    assert_eq!((ledger.acquired, ledger.refused), (taken, 0), "{ledger:?}");
}

#[test]
fn a_resource_starts_once() {
    let (bed, holder) = with_lock();
    for node in 1..=3 {
        let seen = bed.see(node);
        assert!(seen.cluster.quorate && seen.cluster.formed, "{:?}", seen.cluster);
        assert_eq!(seen.xml, bed.see(holder).xml, "the same document on {node}");
    }
    check_ledger(&bed, 1);
}

#[test]
fn a_killed_node_is_fenced_before_its_resource_starts_elsewhere() {
    let (mut bed, holder) = with_lock();
    let witness = other_than(holder);
    bed.kill_node(holder);
    bed.wait_event(witness, "fencing", |event| {
        matches!(event, Event::Fenced { target, succeeded: true, .. } if *target == format!("n{holder}"))
    });
    bed.wait(witness, "recovery", |seen| seen.cluster.idle && !bed.running("lock").is_empty());
    let holders = bed.running("lock");
    assert!(holders.len() == 1 && holders[0] != holder, "{holders:?}");
    check_ledger(&bed, 2);

    bed.start_node(holder);
    bed.wait_members(witness, &[1, 2, 3]);
    bed.wait_idle(holder);
    assert_eq!(bed.running("lock"), holders, "nothing moves back");
    check_ledger(&bed, 2);
}

#[test]
fn a_bystander_s_death_does_not_end_the_watch_over_the_service() {
    let bed = Bed::start();
    // What is left beside a service, such as the first process of one that forks, bears its mark.
    let bystander = |node: u32| {
        let mut command = std::process::Command::new("sleep");
        let marks = [
            (process::NODE_MARK, bed.node_dir(node).display().to_string()),
            (process::RESOURCE_MARK, "lock".to_owned()),
        ];
        command.arg("1000").envs(marks).spawn().unwrap()
    };
    let bystanders: Vec<std::process::Child> = (1..=3).map(bystander).collect();
    let beside: Vec<u32> = bystanders.iter().map(std::process::Child::id).collect();
    // No monitor comes in time by itself.
    let wanted = configuration(&bed.dir).replace("interval=\"10s\"", "interval=\"1h\"");
    let reply = bed.replace(1, wanted);
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let is_lock = |found: &process::Identity| !beside.contains(&found.pid);
    let lock = || {
        let on = |node: u32| bed.marked(node, "lock").into_iter().map(move |found| (node, found));
        (1..=3).flat_map(on).find(|(_, found)| is_lock(found))
    };
    let (holder, service) = lock().unwrap();
    let looks = || {
        let log = bed.log(holder);
        let of_lock = |line: &&str| line.contains("an agent ended") && line.contains("lock");
        log.lines().filter(of_lock).count()
    };
    let before = looks();
    for mut bystander in bystanders {
        bystander.kill().unwrap();
        bystander.wait().unwrap();
    }
    let begun = std::time::Instant::now();
    while looks() == before {
        assert!(begun.elapsed() < bed::PATIENCE, "nobody looked\n{}", bed.log(holder));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    process::send(service, process::Signal::Kill).unwrap();
    bed.wait_event(holder, "failure", |event| {
        matches!(event, Event::Finished { action, expected: false, .. } if action.starts_with("lock_monitor_3600000"))
    });
    bed.wait(holder, "recovery", |seen| seen.cluster.idle && lock().is_some());
    check_ledger(&bed, 2);
}

#[test]
fn a_resource_whose_process_dies_is_recovered_at_once() {
    // The monitor would notice, too, but not as long as anybody waits here.
    let (bed, holder) = with_lock_in(|text| text.replace("interval=\"10s\"", "interval=\"1h\""));
    let dir = bed.node_dir(holder);
    let marks = [(process::NODE_MARK, dir.to_str().unwrap()), (process::RESOURCE_MARK, "lock")];
    for found in process::marked(&marks) {
        process::send(found.identity(), process::Signal::Kill).unwrap();
    }
    bed.wait_event(holder, "failure", |event| {
        matches!(event, Event::Finished { action, expected: false, .. } if action.starts_with("lock_monitor"))
    });
    bed.wait(holder, "recovery", |seen| seen.cluster.idle && !bed.running("lock").is_empty());
    check_ledger(&bed, 2);
}

#[test]
fn a_stopped_node_moves_its_resource_away_first() {
    let (mut bed, holder) = with_lock();
    let status = bed.stop_node(holder);
    assert!(status.success(), "{status:?}\n{}", bed.log(holder));
    let witness = other_than(holder);
    bed.wait(witness, "recovery", |seen| {
        seen.cluster.members.len() == 2 && seen.cluster.idle && !bed.running("lock").is_empty()
    });
    assert!(!bed.running("lock").contains(&holder));
    let fenced = bed
        .client(witness)
        .history(0)
        .unwrap()
        .into_iter()
        .any(|entry| matches!(entry.event, Event::Fenced { .. } | Event::Fencing { .. }));
    assert!(!fenced, "who leaves in order is not fenced");
    let ledger = own_agents::check_ledger(&bed.dir.join("lock")).unwrap();
    assert_eq!((ledger.acquired, ledger.released, ledger.lost), (2, 1, 0), "{ledger:?}");
    assert!(!bed.node_dir(holder).join("daemon.pid").exists());
    assert!(!bed.node_dir(holder).join("api.sock").exists());
}

#[test]
fn a_cluster_that_was_killed_whole_finds_its_configuration_and_what_still_runs() {
    let (mut bed, holder) = with_lock();
    let before = bed.see(1).xml;
    // All at once: those who see another's end have it fenced.
    bed.kill_everyone();
    assert_eq!(bed.running("lock"), [holder], "the resource itself was not killed");
    bed.start_sequencer();
    for node in 1..=3 {
        bed.start_node(node);
    }
    bed.wait_members(2, &[1, 2, 3]);
    bed.wait_idle(2);
    assert_eq!(bed.running("lock"), [holder]);
    let after = bed.see(2).xml;
    let section = |xml: &str| {
        let from = xml.find("<configuration>").unwrap();
        xml[from..xml.find("</configuration>").unwrap()].to_owned()
    };
    assert_eq!(section(&after), section(&before));
    check_ledger(&bed, 1);
}

#[test]
fn nodes_that_come_one_by_one_wait_for_the_others_and_fence_nobody() {
    let (mut bed, holder) = with_lock();
    let order = [other_than(holder), other_than(other_than(holder)), holder];
    // The first has missed a change, so the second will coordinate.
    assert!(bed.stop_node(order[0]).success());
    let mut rest = [order[1], holder];
    rest.sort_unstable();
    bed.wait_members(holder, &rest);
    let newer = configuration(&bed.dir).replace("timeout=\"20s\"", "timeout=\"21s\"");
    let reply = bed.replace(holder, newer);
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(holder);
    bed.kill_everyone();
    bed.start_sequencer();
    let mut here = Vec::new();
    for node in order {
        bed.start_node(node);
        here.push(node);
        here.sort_unstable();
        bed.wait_members(node, &here);
        // What was decided about the membership is decided before this is answered.
        let (name, value) = ("seen".to_owned(), Some(node.to_string()));
        let (of, manner) = (format!("n{node}"), wire::api::Manner::default());
        let reply = bed.change(node, Change::Attribute { node: of, name, value, manner });
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    }
    bed.wait_idle(holder);
    assert_eq!(bed.running("lock"), [holder]);
    for node in order {
        let fenced = bed
            .client(node)
            .history(0)
            .unwrap()
            .into_iter()
            .find(|entry| matches!(entry.event, Event::Fenced { .. } | Event::Fencing { .. }));
        assert_eq!(fenced, None, "on {node}");
    }
    check_ledger(&bed, 1);
}

#[test]
fn what_was_acknowledged_survives_killing_everyone() {
    let mut bed = Bed::start();
    let mut last = String::new();
    for number in 0..40 {
        let reply = bed.replace(number % 3 + 1, option("number", number));
        let Reply::Done { version } = reply else { panic!("{reply:?}") };
        last = version;
    }
    for node in 1..=3 {
        bed.kill_node(node);
    }
    for node in 1..=3 {
        bed.start_node(node);
    }
    bed.wait_together();
    let xml = bed.see(3).xml;
    assert!(xml.contains("value=\"39\""), "acknowledged {last}: {xml}");
    bed.undo(2);
    bed.wait(1, "what undo restored", |seen| seen.xml.contains("value=\"38\""));
}

#[test]
fn undo_is_the_same_wherever_it_is_asked() {
    let mut bed = Bed::start();
    let ask = |bed: &Bed, number: u32| {
        let reply = bed.replace(2, option("number", number));
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    };
    // Who asks is answered when a majority has it: another one may have it a moment later.
    let wait_value = |bed: &Bed, node, value: &str| {
        let text = format!("value=\"{value}\"");
        bed.wait(node, &text, |seen| seen.xml.contains(&text));
    };
    ask(&bed, 1);
    // A node that misses changes is told what came before the last one when it returns.
    bed.kill_node(1);
    bed.wait_members(2, &[2, 3]);
    for number in 2..=4 {
        ask(&bed, number);
    }
    bed.start_node(1);
    bed.wait_together();
    bed.undo(1);
    wait_value(&bed, 2, "3");
    wait_value(&bed, 3, "3");
    bed.undo(3);
    // Once more comes back.
    wait_value(&bed, 2, "4");
    // And it is on its disk.
    for node in 1..=3 {
        bed.kill_node(node);
    }
    for node in 1..=3 {
        bed.start_node(node);
    }
    bed.wait_together();
    let earlier: Vec<String> = (1..=3).map(|node| bed.client(node).earlier().unwrap()).collect();
    assert!(earlier[0].contains("value=\"3\"") && earlier.iter().all(|one| *one == earlier[0]));
    bed.undo(1);
    wait_value(&bed, 3, "3");
}

#[test]
fn what_was_made_for_an_older_configuration_is_refused() {
    let bed = Bed::start();
    let ask = |number: u32, based_on: Option<String>| {
        let edits = vec![Edit::Replace { xml: option("number", number) }];
        let change = Change::Edit { edits };
        bed.client(1).ask(&Request::Change { change, force: false, based_on }).unwrap()
    };
    let Reply::Done { version: first } = ask(1, None) else { panic!() };
    let Reply::Done { version: second } = ask(2, Some(first.clone())) else { panic!() };
    let reply = ask(3, Some(first));
    assert!(matches!(reply, Reply::Refused(Refused::Stale { .. })), "{reply:?}");
    let reply = ask(3, Some("0".to_owned()));
    assert!(matches!(reply, Reply::Refused(Refused::Invalid { .. })), "{reply:?}");
    bed.wait_alike(1);
    assert!(bed.see(2).xml.contains("value=\"2\""), "after {second}: {}", bed.see(2).xml);
}

#[test]
fn a_second_daemon_of_the_same_node_is_refused() {
    let bed = Bed::start();
    let output = bed.daemon_command(2).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let wanted = format!("is in use by another daemon (process {})", bed.pid(2));
    assert!(said.contains(&wanted), "{said}");
    bed.wait_members(2, &[1, 2, 3]);
}

#[test]
fn a_damaged_state_is_reported_and_replaced_by_the_others() {
    let (mut bed, holder) = with_lock();
    let node = other_than(holder);
    assert!(bed.stop_node(node).success());
    let store = bed.node_dir(node).join("store");
    for file in fs::read_dir(&store).unwrap().map(|file| file.unwrap().path()) {
        if file.file_name().unwrap() != "lock" {
            let mut file = fs::OpenOptions::new().write(true).open(file).unwrap();
            file.seek(SeekFrom::Start(60)).unwrap();
            file.write_all(b"scratched").unwrap();
        }
    }
    bed.start_node(node);
    bed.wait_members(node, &[1, 2, 3]);
    bed.wait_idle(node);
    assert_eq!(bed.see(node).xml, bed.see(holder).xml);
    let log = bed.log(node);
    assert!(log.contains("the state on disk was damaged"), "{log}");
    assert!(log.contains("the damaged file is kept as"), "{log}");
    check_ledger(&bed, 1);
}

/// Cuts the end off a node's journal, as a disk does that lost its last block.
fn cut_journals(bed: &Bed, node: u32) {
    let mut cut = 0;
    for file in fs::read_dir(bed.node_dir(node).join("store")).unwrap() {
        let path = file.unwrap().path();
        if path.to_str().unwrap().contains("journal") {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() - 3).unwrap();
            cut += 1;
        }
    }
    assert!(cut > 0);
}

#[test]
fn the_last_good_configuration_is_used_when_every_state_was_cut() {
    let mut bed = Bed::start();
    for number in 1..=3 {
        let reply = bed.replace(number, option("number", number));
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    }
    // All at once: those who see another's end write down that they go on without it.
    bed.kill_everyone();
    bed.start_sequencer();
    for node in 1..=3 {
        cut_journals(&bed, node);
        bed.start_node(node);
    }
    bed.wait_members(2, &[1, 2, 3]);
    let xml = bed.see(2).xml;
    assert!(xml.contains("name=\"number\" value=\"2\""), "{xml}");
    for node in 1..=3 {
        let log = bed.log(node);
        assert!(log.contains("ends inside a record"), "{log}");
        assert!(log.contains("the damaged file is kept as"), "{log}");
    }
    let reply = bed.replace(2, option("number", 4));
    assert!(matches!(reply, Reply::Done { .. }), "it takes edits again: {reply:?}");
}

#[test]
fn the_smaller_side_of_a_cut_is_fenced() {
    let (mut bed, holder) = with_lock();
    let witness = other_than(holder);
    bed.fabric(&["cut", &holder.to_string()]);
    bed.wait_event(witness, "fencing", |event| {
        matches!(event, Event::Fenced { target, succeeded: true, .. } if *target == format!("n{holder}"))
    });
    assert!(!bed.wait_end(holder).success());
    bed.wait(witness, "recovery", |seen| seen.cluster.idle && !bed.running("lock").is_empty());
    assert!(!bed.running("lock").contains(&holder));
    check_ledger(&bed, 2);
    bed.fabric(&["heal"]);
    bed.start_node(holder);
    bed.wait_members(witness, &[1, 2, 3]);
}

#[test]
fn without_quorum_edits_are_refused() {
    let mut bed = Bed::start();
    bed.kill_node(1);
    bed.kill_node(2);
    bed.wait_members(3, &[3]);
    let reply = bed.replace(3, configuration(&bed.dir));
    assert_eq!(reply, Reply::Refused(Refused::NoQuorum));
}

#[test]
fn on_full_disks_edits_are_refused_and_resources_go_on() {
    if !testkit::is_root() {
        return;
    }
    let bed = Bed::start_on(Disk::Small { kilobytes: 256 });
    let reply = bed.replace(1, configuration(&bed.dir));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let holders = bed.running("lock");
    assert_eq!(holders.len(), 1);
    let filling = |node: u32| {
        let store = bed.node_dir(node).join("store/filling");
        format!("/proc/{}/root{}", bed.pid(node), store.display())
    };
    for node in 1..=3 {
        let full = fs::write(filling(node), vec![1; 1 << 20]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }
    // Larger than what is left of the journal's last block.
    let words = format!("description=\"{}\" id=\"lock\"", "many words ".repeat(1000));
    let edited = configuration(&bed.dir).replace("id=\"lock\"", &words);
    let reply = bed.replace(2, edited.clone());
    assert!(matches!(reply, Reply::Refused(Refused::NotStored { .. })), "{reply:?}");
    assert_eq!(bed.running("lock"), holders);
    assert!(!bed.see(3).xml.contains("many words"), "nobody took it");
    let verdict = || {
        let output = bed.quorate(3, &["status"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().next().unwrap_or_default().to_owned()
    };
    // Two that refuse are enough for the answer; the third one may say so later.
    let wanted = "Impaired. The disks of n1, n2 and n3 take no configuration";
    bed.wait(3, wanted, |_| verdict().starts_with(wanted));
    let said = verdict();
    assert!(said.contains("the disk is full): changes are refused, what runs goes on."), "{said}");
    for node in 1..=3 {
        fs::remove_file(filling(node)).unwrap();
    }
    // The disks are tried again without anybody asking.
    let begun = std::time::Instant::now();
    while !bed.see(3).cluster.unwilling.is_empty() {
        assert!(begun.elapsed() < bed::PATIENCE, "{}", verdict());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(verdict().starts_with("Healthy."), "{}", verdict());
    let reply = bed.replace(2, edited);
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    assert_eq!(bed.running("lock"), holders);
    check_ledger(&bed, 1);
}

#[test]
fn daemons_go_on_together_when_the_sequencer_returns() {
    let (mut bed, holder) = with_lock();
    bed.kill_sequencer();
    for node in 1..=3 {
        bed.wait(node, "loss of quorum", |seen| !seen.cluster.quorate);
    }
    bed.start_sequencer();
    for node in 1..=3 {
        bed.wait_members(node, &[1, 2, 3]);
    }
    bed.wait(holder, "the lock", |seen| seen.cluster.idle && !bed.running("lock").is_empty());
    assert_eq!(bed.running("lock").len(), 1);
    let ledger = own_agents::check_ledger(&bed.dir.join("lock")).unwrap();
    assert_eq!((ledger.violations, ledger.refused), (vec![], 0));
    let fenced = bed
        .client(holder)
        .history(0)
        .unwrap()
        .into_iter()
        .any(|entry| matches!(entry.event, Event::Fenced { .. }));
    assert!(!fenced, "nobody was lost, so nobody is fenced");
}

#[test]
fn a_whole_cluster_stops_node_by_node() {
    let (mut bed, _) = with_lock();
    for node in 1..=3 {
        let status = bed.stop_node(node);
        assert!(status.success(), "{node}: {status:?}\n{}", bed.log(node));
    }
    assert!(bed.running("lock").is_empty());
    let ledger = own_agents::check_ledger(&bed.dir.join("lock")).unwrap();
    assert_eq!(ledger.acquired, ledger.released, "{ledger:?}");
    assert_eq!(ledger.violations, Vec::<String>::new());
}

#[test]
fn a_daemon_stops_in_order_without_the_sequencer() {
    let (mut bed, holder) = with_lock();
    bed.kill_sequencer();
    let status = bed.stop_node(holder);
    assert!(status.success(), "{status:?}\n{}", bed.log(holder));
    assert!(bed.running("lock").is_empty());
    let ledger = own_agents::check_ledger(&bed.dir.join("lock")).unwrap();
    assert_eq!((ledger.acquired, ledger.released), (1, 1), "{ledger:?}");
}

//! A node without anybody who could fence it, and a watchdog.

use std::fs;
use std::io::Write;
use std::time::Duration;

use testbed::Watchdog;

use super::bed::{Machines, PROGRAM, boot, can_be};
use super::cluster_lock::{self, START};
use super::document::{constraints, document, modified, note, prefers, runs};
use super::quorum_device::{self, Voter, has_votes};
use super::quorum_rules::{QUICK, sees};

/// More than twice what three nodes may take to form anew: 1.65 s for the token, 1.98 s for the
/// consensus. With less, who has quorum might be reset, too.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Stand-ins for the watchdogs of nodes that have no power yet; they must end before the nodes do.
fn watch(machines: &Machines, nodes: u32, timeout: Duration) -> Vec<Watchdog> {
    let start = |node| {
        let own = machines.own(node);
        let device = own.join("watchdog");
        let mut file = fs::File::options().append(true).open(own.join("quorate.toml")).unwrap();
        let seconds = timeout.as_secs();
        let text = format!("[watchdog]\ndevice = \"{}\"\ntimeout = {seconds}\n", device.display());
        file.write_all(text.as_bytes()).unwrap();
        Watchdog::start(machines.bed.root(), node, &device, timeout).unwrap()
    };
    (1..=nodes).map(start).collect()
}

/// A note on the last of the nodes, who count on each other's watchdogs for so long at the least.
fn rely(machines: &Machines, nodes: u32, least: &str) {
    let places = constraints(&[prefers("note", nodes)]);
    let options = [("fencing-watchdog-timeout", least)];
    machines.replace(1, document(&options, &note("note"), &places));
    machines.wait("the note", || runs(machines, nodes, "note").is_some());
    machines.wait_idle(1);
}

/// Three nodes with watchdogs that count on each other's; a note is on the third.
struct Watched {
    watchdogs: Vec<Watchdog>,
    machines: Machines,
}

fn watched() -> Watched {
    let machines = Machines::not_booted(3, &[], &boot());
    let watchdogs = watch(&machines, 3, TIMEOUT);
    (1..=3).for_each(|node| machines.bed.power_on(node).unwrap());
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    rely(&machines, 3, "13s");
    Watched { watchdogs, machines }
}

#[test]
fn a_node_whose_corosync_hangs_is_reset_by_its_watchdog() {
    if !can_be() {
        return;
    }
    let Watched { machines, watchdogs } = watched();
    let lives = [1, 2].map(|node| machines.bed.first_process(node));
    machines.signal_corosync(3, "STOP");
    let reset = machines.bed.root().join("run/n3.reset");
    machines.wait("the reset", || modified(&reset).is_some());
    let said = machines.log(3);
    assert!(said.contains("cut off from the others, who count on a reset"), "{said}");
    let taken = (1..=2).find_map(|node| runs(&machines, node, "note"));
    assert!(taken.is_none() || taken >= modified(&reset), "{}", machines.log(1));
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    machines.wait("the note at home", || runs(&machines, 3, "note").is_some());
    assert_eq!([1, 2].map(|node| machines.bed.first_process(node)), lives, "who has quorum lives");
    drop(watchdogs);
}

#[test]
fn a_node_that_is_cut_off_is_reset_by_its_watchdog_before_another_has_what_it_ran() {
    if !can_be() {
        return;
    }
    let Watched { mut machines, watchdogs } = watched();
    let lives = [1, 2].map(|node| machines.bed.first_process(node));

    machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
    let taken = || (1..=2).find_map(|node| runs(&machines, node, "note"));
    machines.wait("the note elsewhere", || taken().is_some());
    let reset = modified(&machines.bed.root().join("run/n3.reset"));
    assert!(reset.is_some() && taken() >= reset, "{reset:?} {:?}\n{}", taken(), machines.log(1));
    let fencings = machines.see(1).unwrap().cluster.fencings;
    let [fenced] = fencings.as_slice() else { panic!("{fencings:?}") };
    assert!(fenced.succeeded && fenced.target == "n3", "{fenced:?}");
    // As long as is safe, and no longer.
    assert!(fenced.by.contains("13 s after its loss"), "{fenced:?}");
    assert_eq!([1, 2].map(|node| machines.bed.first_process(node)), lives, "who has quorum lives");
    machines.bed.heal().unwrap();
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    machines.wait("the note at home", || runs(&machines, 3, "note").is_some());
    drop(watchdogs);
}

/// The note came back after its node's watchdog had reset that, as `by` tells of its last fencing.
fn taken_after_the_reset(machines: &Machines, to: u32, from: u32, by: &str) {
    machines.wait("the note elsewhere", || runs(machines, to, "note").is_some());
    let (taken, log) = (runs(machines, to, "note"), machines.log(to));
    let reset = modified(&machines.bed.root().join(format!("run/n{from}.reset")));
    assert!(reset.is_some() && taken >= reset, "{reset:?} {taken:?}\n{log}");
    let fencings = machines.see(to).unwrap().cluster.fencings;
    let of_it = fencings.iter().rev().find(|fenced| fenced.target == format!("n{from}"));
    assert!(of_it.is_some_and(|it| it.succeeded && it.by.contains(by)), "{fencings:?}\n{log}");
}

#[test]
fn the_half_without_the_lock_is_reset_by_its_watchdog_before_the_other_has_what_it_ran() {
    if !can_be() || !testkit::has(&cluster_lock::NEEDED) {
        return;
    }
    // Twice what two nodes take to form anew, and to take the lock: 1 s, 1.2 s, 2 s.
    let timeout = Duration::from_secs(9);
    let disk = cluster_lock::Disk::new();
    let lines = disk.lines();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let voter = format!("corosync; sh -c '{START} {PROGRAM} lock serve' &");
    let mut machines = Machines::not_booted(2, &lines, &boot().replace("corosync;", &voter));
    let watchdogs = watch(&machines, 2, timeout);
    [1, 2].into_iter().for_each(|node| machines.bed.power_on(node).unwrap());
    [1, 2].into_iter().for_each(|node| machines.wait_members(node, &[1, 2]));
    machines.wait("the lock's vote", || [1, 2].iter().all(|node| has_votes(&machines, *node, 3)));
    rely(&machines, 2, "1s");
    // Who asks first wins: the one without the note.
    machines.run(2, &["sh", "-c", "kill -STOP $(cat /run/voter.pid)"]).unwrap();

    let life = machines.bed.first_process(1);
    machines.bed.cut(&[&[1], &[2]]).unwrap();
    taken_after_the_reset(&machines, 1, 2, "13 s after its loss");
    assert_eq!(machines.bed.first_process(1), life, "who has the lock lives");
    machines.bed.heal().unwrap();
    [1, 2].into_iter().for_each(|node| machines.wait_members(node, &[1, 2]));
    machines.wait("the note at home", || runs(&machines, 2, "note").is_some());
    drop(watchdogs);
}

#[test]
fn a_half_with_a_quorum_server_waits_as_long_as_a_lost_vote_may_be_believed_in() {
    if !can_be() || !testkit::has(&quorum_device::NEEDED) {
        return;
    }
    // Twice what two nodes take to form anew, and the server to give up who lost its power: 1 s, 1.2 s, 2.4 s.
    let timeout = Duration::from_secs(10);
    let voter = Voter { voter: 3, algorithm: "ffsplit", votes: 1, tls: "off", timeout: 2000 };
    let machines = voter.not_booted();
    let mut watchdogs = watch(&machines, 2, timeout);
    voter.power_on(&machines);
    machines.wait("the device's vote", || has_votes(&machines, 1, 3));
    rely(&machines, 2, "1s");
    let life = machines.bed.first_process(1);

    // Its watchdog has no power, either.
    drop(watchdogs.pop());
    machines.bed.power_off(2).unwrap();
    // Ten seconds, half of that in which it may be fed, and the 3.2 s in which a vote may be believed in.
    machines.wait("the note elsewhere", || runs(&machines, 1, "note").is_some());
    let fencings = machines.see(1).unwrap().cluster.fencings;
    assert!(
        fencings.iter().any(|fenced| fenced.by.contains("18 s after its loss")),
        "{fencings:?}"
    );
    assert_eq!(machines.bed.first_process(1), life, "who has the vote lives");
    drop(watchdogs);
}

/// Corosync counts anew after each loss, and forgets of whom: a node that is cut off from the rest, and meets one that
/// was lost before, has with it as many votes as the rest. Who was there last decides, and the watchdogs may be counted on.
#[test]
fn of_the_rest_most_go_on_and_no_other_node_makes_the_one_that_is_cut_off_more() {
    if !can_be() {
        return;
    }
    // Twice what four nodes take to form anew: 2.3 s and 2.76 s.
    let timeout = Duration::from_secs(11);
    let rules = ["last_man_standing: 1", "last_man_standing_window: 1000"];
    let mut machines = Machines::not_booted(4, &rules, &boot());
    let watchdogs = watch(&machines, 4, timeout);
    machines.power_on_all();
    let places = constraints(&[prefers("note", 3)]);
    let options = [("fencing-watchdog-timeout", "1s"), QUICK[0]];
    machines.replace(1, document(&options, &note("note"), &places));
    machines.wait("the note", || runs(&machines, 3, "note").is_some());
    let lives = [1, 2, 3, 4].map(|node| machines.bed.first_process(node));

    machines.bed.cut(&[&[1, 2, 3], &[4]]).unwrap();
    machines.wait("a new life of the lost one", || {
        let now = machines.bed.first_process(4);
        now.is_some() && now != lives[3] && sees(&machines, 4, &[4], false)
    });
    assert!(sees(&machines, 1, &[1, 2, 3], true), "{}", machines.log(1));

    machines.bed.cut(&[&[1, 2], &[3, 4]]).unwrap();
    // Corosync on n3 counts two of three, and, if n4 hears of that in time, both of them have quorum for it.
    machines.wait("the two that were lost", || sees(&machines, 4, &[3, 4], false));
    taken_after_the_reset(&machines, 1, 3, "16 s after its loss");
    assert_eq!([1, 2].map(|node| machines.bed.first_process(node)), [lives[0], lives[1]]);
    assert!(sees(&machines, 1, &[1, 2], true), "half of all, and most of those who were there");

    machines.bed.heal().unwrap();
    machines.wait_members(1, &[1, 2, 3, 4]);
    machines.wait("the note at home", || runs(&machines, 3, "note").is_some());
    drop(watchdogs);
}

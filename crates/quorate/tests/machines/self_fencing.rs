//! A node without anybody who could fence it, and a watchdog.

use std::fs;
use std::io::Write;
use std::time::Duration;

use testbed::Watchdog;

use super::bed::{Machines, boot, can_be};
use super::document::{constraints, document, modified, note, prefers, runs};

/// More than twice what three nodes may take to form anew: 1.65 s for the token, 1.98 s for the
/// consensus. With less, who has quorum might be reset, too.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Three nodes with watchdogs that count on each other's; a note is on the third. The stand-ins for
/// watchdogs end before the nodes do.
struct Watched {
    watchdogs: Vec<Watchdog>,
    machines: Machines,
}

fn watched() -> Watched {
    let machines = Machines::not_booted(3, &[], &boot());
    let mut watchdogs = Vec::new();
    for node in 1..=3 {
        let own = machines.own(node);
        let device = own.join("watchdog");
        let mut file = fs::File::options().append(true).open(own.join("quorate.toml")).unwrap();
        let seconds = TIMEOUT.as_secs();
        let text = format!("[watchdog]\ndevice = \"{}\"\ntimeout = {seconds}\n", device.display());
        file.write_all(text.as_bytes()).unwrap();
        watchdogs.push(Watchdog::start(machines.bed.root(), node, &device, TIMEOUT).unwrap());
    }
    (1..=3).for_each(|node| machines.bed.power_on(node).unwrap());
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    let places = constraints(&[prefers("note", 3)]);
    let options = [("fencing-watchdog-timeout", "13s")];
    machines.replace(1, document(&options, &note("note"), &places));
    machines.wait("the note", || runs(&machines, 3, "note").is_some());
    machines.wait_idle(1);
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

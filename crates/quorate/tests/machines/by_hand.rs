//! Nodes that are added to `corosync.conf`, and taken out of it, by hand.

use std::fs;

use wire::api::{Change, Event, Reply, Request};

use super::bed::{Machines, boot, can_be};
use super::document::{came_on, document, note, runs, strip};

const LAST: u32 = 4;

fn file(machines: &Machines, node: u32) -> std::path::PathBuf {
    machines.own(node).join("etc/corosync/corosync.conf")
}

/// Gives this to the first three, and has Corosync read it.
fn put(machines: &Machines, text: &str) {
    for node in 1..LAST {
        fs::write(file(machines, node), text).unwrap();
    }
    machines.run(1, &["corosync-cfgtool", "-R"]).unwrap();
}

fn wait_changed(machines: &Machines, words: &str) {
    for node in 1..LAST {
        machines.wait(&format!("{words} on {node}"), || {
            machines.happened(
                node,
                |event| matches!(event, Event::Changed { change, .. } if change == words),
            )
        });
    }
}

#[test]
fn a_node_is_added_and_removed_by_hand_while_the_daemons_run() {
    if !can_be() {
        return;
    }
    let machines = Machines::not_booted(LAST, &[], &boot());
    let with_last = fs::read_to_string(file(&machines, LAST)).unwrap();
    machines.leave_out_of_corosync(LAST);
    let without = fs::read_to_string(file(&machines, 1)).unwrap();
    (1..LAST).for_each(|node| machines.bed.power_on(node).unwrap());
    (1..LAST).for_each(|node| machines.wait_members(node, &[1, 2, 3]));

    put(&machines, &with_last);
    wait_changed(&machines, "n4 added by hand");
    machines.bed.power_on(LAST).unwrap();
    (1..=LAST).for_each(|node| machines.wait_members(node, &[1, 2, 3, 4]));

    // Corosync lets go of it at once. It runs, for all that the others know, and nobody can fence it.
    put(&machines, &without);
    machines.wait("why it is not forgotten", || {
        machines.happened(1, |event| {
            matches!(event, Event::Refused { reason, .. } if reason.contains("n4 is left out, and it is lost"))
        })
    });
    let change = Change::ConfirmOff { node: "n4".to_owned() };
    machines.bed.power_off(LAST).unwrap();
    let reply =
        machines.client(2).ask(&Request::Change { change, force: false, based_on: None }).unwrap();
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    wait_changed(&machines, "n4 removed by hand");
    (1..LAST).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
}

#[test]
fn votes_changed_by_hand_decide_from_then_on() {
    if !can_be() {
        return;
    }
    let mut machines = Machines::start(3, &[]);
    machines.replace(1, document(&[], &(strip(&machines) + &note("service")), "<constraints/>"));
    machines.wait_idle(1);
    let text = fs::read_to_string(file(&machines, 1)).unwrap();
    let heavy = text.replace("    nodeid: 3\n", "    nodeid: 3\n    quorum_votes: 3\n");
    assert_ne!(heavy, text);
    put(&machines, &heavy);
    wait_changed(&machines, "links changed by hand");
    machines.wait("Corosync to count them", || {
        let said = machines.run(1, &["corosync-quorumtool", "-s"]);
        said.is_some_and(|said| said.contains("Expected votes:   5\n"))
    });

    // Two of three nodes, and two of five votes.
    machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
    machines.wait("the service with the votes", || runs(&machines, 3, "service").is_some());
    let taken = runs(&machines, 3, "service");
    for node in [1, 2] {
        machines.wait("no quorum", || machines.see(node).is_some_and(|seen| !seen.cluster.quorate));
        machines.wait_idle(node);
        assert_eq!(runs(&machines, node, "service"), None);
        assert!(taken >= came_on(&machines, node), "fenced first");
    }
    machines.bed.heal().unwrap();
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
}

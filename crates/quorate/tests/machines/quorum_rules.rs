//! Who has quorum by the rules of Corosync's votequorum, and what comes of it for what runs.

use std::fs;

use wire::api::{Change, Reply, Request};

use super::bed::{Machines, can_be};
use super::document::{came_on, constraints, document, note, prefers, runs, strip};
use super::{keepers, was_fenced};

/// Who boots alone waits for so long before it plans.
pub const QUICK: [(&str, &str); 1] = [("dc-deadtime", "2s")];

/// Whether a node is formed alone with these and has this quorum.
pub fn sees(machines: &Machines, node: u32, members: &[u32], quorate: bool) -> bool {
    let names: Vec<String> = members.iter().map(|node| format!("n{node}")).collect();
    machines.see(node).is_some_and(|seen| {
        seen.cluster.formed && seen.cluster.members == names && seen.cluster.quorate == quorate
    })
}

/// Waits until `node` was switched off and on again.
fn wait_new_life(machines: &Machines, node: u32, life: Option<u32>) {
    machines.wait(&format!("a new life of {node}"), || {
        let now = machines.bed.first_process(node);
        now.is_some() && now != life
    });
}

#[test]
fn of_two_nodes_the_one_with_more_to_lose_lives_and_one_that_boots_alone_starts_nothing() {
    if !can_be() {
        return;
    }
    let mut machines = Machines::start(2, &["two_node: 1"]);
    let resources = [strip(&machines), note("large"), note("larger"), note("small")].concat();
    let places = [prefers("large", 2), prefers("larger", 2), prefers("small", 1)];
    machines.replace(1, document(&QUICK, &resources, &constraints(&places)));
    machines.wait_idle(1);
    assert!(runs(&machines, 1, "small").is_some() && runs(&machines, 2, "large").is_some());
    let lives = [1, 2].map(|node| machines.bed.first_process(node));

    machines.bed.cut(&[&[1], &[2]]).unwrap();
    machines.wait("the small one beside the large ones", || runs(&machines, 2, "small").is_some());
    assert_ne!(machines.bed.first_process(1), lives[0], "the one with less to lose was fenced");
    assert!(runs(&machines, 2, "small") >= came_on(&machines, 1), "first fenced, then taken over");
    assert!(was_fenced(&machines, 2, 1), "{}", machines.log(2));

    // Alone at its start: for all that it knows, the other one runs everything.
    machines.wait("one that waits for all", || sees(&machines, 1, &[1], false));
    machines.wait_idle(1);
    assert_eq!(["large", "larger", "small"].map(|id| runs(&machines, 1, id)), [None; 3]);
    assert_eq!(machines.bed.first_process(2), lives[1], "who survived was not fenced");

    machines.bed.heal().unwrap();
    machines.wait_members(2, &[1, 2]);
    machines.wait("everyone at home", || runs(&machines, 1, "small").is_some());
    assert_eq!(machines.bed.first_process(2), lives[1]);
}

#[test]
fn a_tie_breaker_decides_between_halves_and_the_last_ones_stand() {
    if !can_be() {
        return;
    }
    let rules = ["auto_tie_breaker: 1", "last_man_standing: 1", "last_man_standing_window: 1000"];
    let mut machines = Machines::start(4, &rules);
    let resources = strip(&machines) + &note("service");
    let places = constraints(&[prefers("service", 4)]);
    machines.replace(1, document(&QUICK, &resources, &places));
    machines.wait_idle(1);
    assert!(runs(&machines, 4, "service").is_some(), "{}", machines.log(1));
    let lives = [1, 2, 3, 4].map(|node| machines.bed.first_process(node));

    machines.bed.cut(&[&[1, 2], &[3, 4]]).unwrap();
    let taken = |nodes: &[u32]| nodes.iter().find_map(|node| runs(&machines, *node, "service"));
    machines.wait("the service on the side of the lowest", || taken(&[1, 2]).is_some());
    assert!(taken(&[1, 2]) >= came_on(&machines, 4), "first fenced, then taken over");
    wait_new_life(&machines, 3, lives[2]);
    assert_ne!(machines.bed.first_process(4), lives[3]);
    machines.wait("the other half without quorum", || sees(&machines, 4, &[3, 4], false));
    machines.wait_idle(4);
    assert_eq!(taken(&[3, 4]), None);
    machines.bed.heal().unwrap();
    machines.wait_members(1, &[1, 2, 3, 4]);
    assert_eq!([1, 2].map(|node| machines.bed.first_process(node)), [lives[0], lives[1]]);

    let off = [QUICK[0], ("stonith-action", "off")];
    machines.replace(1, document(&off, &resources, &places));
    machines.wait_idle(1);
    for last in [4, 3, 2] {
        let rest: Vec<u32> = (1..last).collect();
        machines.bed.power_off(last).unwrap();
        machines.wait_members(1, &rest);
        assert!(machines.see(1).unwrap().cluster.quorate, "{rest:?}\n{}", machines.log(1));
        let found = || rest.iter().any(|node| runs(&machines, *node, "service").is_some());
        machines.wait("the service among the rest", found);
        let expected = format!("Expected votes:   {}", rest.len());
        machines.wait("Corosync to expect no more votes than there are", || {
            let said = machines.run(1, &["corosync-quorumtool", "-s"]);
            said.is_some_and(|said| said.contains(&expected))
        });
    }
}

/// Two of three leave at once, and their Corosyncs stay: the daemons remember one less, and then one less again.
#[test]
fn of_those_who_had_quorum_last_who_leaves_in_peace_costs_none() {
    if !can_be() {
        return;
    }
    let rules = ["last_man_standing: 1", "last_man_standing_window: 1000", "wait_for_all: 1"];
    let machines = Machines::not_booted(3, &rules, &keepers::boot());
    machines.power_on_all();
    let resources = strip(&machines) + &note("note");
    machines.replace(1, document(&QUICK, &resources, &constraints(&[prefers("note", 1)])));
    machines.wait("the note", || runs(&machines, 1, "note").is_some());
    machines.wait_idle(1);
    let since = runs(&machines, 1, "note");

    for node in [2, 3] {
        fs::write(machines.own(node).join("hold"), "").unwrap();
        let change = Change::Shutdown { node: format!("n{node}") };
        let request = Request::Change { change, force: false, based_on: None };
        // Nothing is taken while the membership forms that the other one has left.
        machines.wait("the word to be taken", || {
            matches!(machines.client(1).ask(&request), Ok(Reply::Done { .. }))
        });
    }
    machines.wait("one alone with quorum", || sees(&machines, 1, &[1], true));
    machines.wait_idle(1);
    assert_eq!(runs(&machines, 1, "note"), since, "nothing was stopped meanwhile");
    assert!((2..=3).all(|node| !was_fenced(&machines, 1, node)), "{}", machines.log(1));

    (2..=3).for_each(|node| fs::remove_file(machines.own(node).join("hold")).unwrap());
    machines.wait("all of them", || sees(&machines, 1, &[1, 2, 3], true));
    assert_eq!(runs(&machines, 1, "note"), since);
}

//! Of two machines the one with the newer configuration has lost its daemon, but not its Corosync,
//! which is all that the other one's Corosync waits for.

use std::fs;

use wire::api::{Change, Edit, Refused, Reply, Request};

use super::bed::{Machines, PROGRAM, can_be};
use super::document::{constraints, document, note, strip};
use super::was_fenced;

fn write(machines: &Machines, node: u32, id: &str) -> Reply {
    let xml = format!(r#"<nvpair id="{id}" name="{id}" value="yes"/>"#);
    let parent = "//cluster_property_set[@id='options']".to_owned();
    let change = Change::Edit { edits: vec![Edit::Create { parent, xml }] };
    let request = Request::Change { change, force: false, based_on: None };
    machines.client(node).ask(&request).unwrap()
}

fn has(machines: &Machines, node: u32, id: &str) -> bool {
    machines.see(node).is_some_and(|seen| seen.xml.contains(&format!("id=\"{id}\"")))
}

/// Nodes whose daemon starts only while no file forbids it, and starts again when it was killed.
pub fn boot() -> String {
    format!(
        "corosync; while sleep 0.1; do [ -e $OWN/hold ] || {PROGRAM} daemon --config \
         $OWN/quorate.toml; done"
    )
}

#[test]
fn who_boots_beside_a_dead_daemon_edits_nothing_and_takes_what_that_had_acknowledged() {
    if !can_be() {
        return;
    }
    let machines = Machines::not_booted(2, &["two_node: 1"], &boot());
    (1..=2).for_each(|node| machines.bed.power_on(node).unwrap());
    (1..=2).for_each(|node| machines.wait_members(node, &[1, 2]));
    // The other machine stays off, and nobody but the test switches it on. The one that boots has time
    // to ask before it would fence the machine that it does not know.
    let options = [("stonith-action", "off"), ("dc-deadtime", "15min")];
    let resources = strip(&machines) + &note("note");
    machines.replace(1, document(&options, &resources, &constraints(&[])));
    machines.wait_idle(1);

    machines.bed.power_off(2).unwrap();
    machines.wait_members(1, &[1]);
    let reply = write(&machines, 1, "alone");
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}\n{}", machines.log(1));
    assert!(was_fenced(&machines, 1, 2), "acknowledged before the other one was proven off");

    fs::write(machines.own(1).join("hold"), "").unwrap();
    let pid = fs::read_to_string(machines.own(1).join("state/daemon.pid")).unwrap();
    let pid = pid.split_whitespace().next().unwrap();
    machines.run(1, &["kill", "-KILL", pid]).unwrap();
    machines.bed.power_on(2).unwrap();
    machines.wait("the other one alone, with quorum", || {
        machines.see(2).is_some_and(|seen| {
            seen.cluster.formed && seen.cluster.quorate && seen.cluster.members == ["n2"]
        })
    });
    assert!(!has(&machines, 2, "alone"), "its copy is the older one");
    assert_eq!(machines.see(2).unwrap().cluster.awaited, ["n1"]);
    let refused = Refused::MayBeOlder { nodes: vec!["n1".to_owned()] };
    assert_eq!(write(&machines, 2, "apart"), Reply::Refused(refused));
    let socket = machines.own(2).join("state/api.sock").display().to_string();
    let said = machines.run(2, &[PROGRAM, "--socket", &socket, "status"]).unwrap();
    assert!(said.contains("n1 may have a newer configuration"), "{said}");

    fs::remove_file(machines.own(1).join("hold")).unwrap();
    (1..=2).for_each(|node| machines.wait_members(node, &[1, 2]));
    assert!((1..=2).all(|node| has(&machines, node, "alone")), "{}", machines.log(2));
    let reply = write(&machines, 2, "together");
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}\n{}", machines.log(2));
}

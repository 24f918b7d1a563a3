//! Fence devices that fail in all the ways there are.

use std::fs;

use wire::api::{Change, Event, Reply, Request};

use super::bed::{Machines, PROGRAM, boot, can_be};
use super::document::{constraints, device, document, file_of, location, note, prefers, runs};
use super::was_fenced;

/// Machines with the agent of a resource that is only a process.
fn with_moods(nodes: u32, boot: &str) -> Machines {
    let machines = Machines::not_booted(nodes, &[], boot);
    let agents = machines.bed.root().join("agents");
    fs::create_dir_all(agents.join("ocf/bed")).unwrap();
    testkit::write_program(&agents.join("ocf/bed/sleeper"), include_str!("sleeper.sh"));
    (1..=nodes).for_each(|node| machines.bed.power_on(node).unwrap());
    let all: Vec<u32> = (1..=nodes).collect();
    all.iter().for_each(|node| machines.wait_members(*node, &all));
    machines
}

fn moody(machines: &Machines, mood: &str, parameters: &[(&str, &str)]) -> String {
    device(machines, mood, "fence_moods", &[&[("mood", mood)], parameters].concat())
}

/// Which device is used for a node, one level after the other.
fn topology(target: u32, devices: &[&str]) -> String {
    let levels = devices.iter().zip(1..).map(|(device, index)| {
        format!(
            r#"<fencing-level id="f-{target}-{index}" target="n{target}" index="{index}" devices="{device}"/>"#
        )
    });
    levels.collect()
}

/// What the command line says on a node.
fn says(machines: &Machines, node: u32, words: &[&str]) -> String {
    let socket = machines.own(node).join("state/api.sock").display().to_string();
    let words = [&[PROGRAM, "--socket", &socket], words].concat();
    machines.run(node, &words).unwrap()
}

#[test]
fn levels_are_tried_in_turn_through_refusals_and_silence_by_who_can() {
    if !can_be() {
        return;
    }
    let machines = with_moods(3, &boot());
    let resources = [
        moody(&machines, "refuses", &[]),
        moody(&machines, "hangs", &[("pcmk_off_timeout", "2s")]),
        moody(&machines, "third", &[("pcmk_off_retries", "3")]),
        note("note"),
    ];
    let places = [prefers("note", 3), location("third", 1, "-INFINITY")];
    let levels = topology(3, &["refuses", "hangs", "third"]) + &topology(1, &["refuses"]);
    let rest = constraints(&places) + &format!("<fencing-topology>{levels}</fencing-topology>");
    machines.replace(1, document(&[("stonith-action", "off")], &resources.concat(), &rest));
    machines.wait_idle(1);
    assert!(runs(&machines, 3, "note").is_some(), "{}", machines.log(1));
    // Nobody pulled its plug: the agent that works at last does.
    let life = machines.bed.first_process(3);
    machines.signal_corosync(3, "KILL");
    machines
        .wait("the note elsewhere", || (1..=2).any(|node| runs(&machines, node, "note").is_some()));
    assert!(life.is_some() && machines.bed.first_process(3).is_none(), "it is off");
    let tries = fs::read_to_string(machines.bed.root().join("tries")).unwrap();
    assert_eq!(tries.lines().count(), 3);
    let history = machines.client(1).history(0).unwrap();
    let used: Vec<String> = history
        .into_iter()
        .filter_map(|entry| {
            let Event::Fencing { target, action, device, by } = entry.event else { return None };
            let by = if device == "third" { by } else { String::new() };
            (action == "off").then(|| format!("{target} {device} {by}"))
        })
        .collect();
    assert_eq!(used.first().map(String::as_str), Some("n3 refuses "), "{used:?}");
    assert!(used.iter().any(|line| line == "n3 hangs "), "{used:?}");
    assert_eq!(used.last().map(String::as_str), Some("n3 third n2"), "{used:?}");
    let told = says(&machines, 2, &["fence", "history"]);
    assert!(told.contains("off of n3 done by") && told.contains("third"), "{told}");

    // For the first node there is no device that works: an operator's word is what is left.
    machines.bed.power_on(3).unwrap();
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    let places = [prefers("note", 1), location("third", 1, "-INFINITY")];
    let rest = constraints(&places) + &format!("<fencing-topology>{levels}</fencing-topology>");
    machines.replace(1, document(&[("stonith-action", "off")], &resources.concat(), &rest));
    machines.wait("the note on the first", || runs(&machines, 1, "note").is_some());
    machines.wait_idle(1);
    machines.bed.power_off(1).unwrap();
    machines.wait("a fencing that fails", || {
        let fails = |event: &Event| matches!(event, Event::Fenced { target, succeeded: false, .. } if target == "n1");
        machines.happened(2, fails)
    });
    assert!((2..=3).all(|node| runs(&machines, node, "note").is_none()));
    let change = Change::ConfirmOff { node: "n1".to_owned() };
    let request = Request::Change { change, force: false, based_on: None };
    let reply = machines.client(2).ask(&request).unwrap();
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    machines
        .wait("the note elsewhere", || (2..=3).any(|node| runs(&machines, node, "note").is_some()));
    let told = says(&machines, 2, &["fence", "history"]);
    assert!(told.contains("of n1 FAILED") && told.contains("of n1 done by"), "{told}");
}

#[test]
fn a_node_whose_fencing_was_a_lie_ends_what_it_runs_and_leaves_when_it_learns_of_it() {
    if !can_be() {
        return;
    }
    let daemon = boot().replace("exec ", "");
    let mut machines = with_moods(3, &format!("{daemon}; echo $? > /run/ended"));
    let process = r#"<primitive id="process" class="ocf" provider="bed" type="sleeper"/>"#;
    let resources = [&moody(&machines, "lies", &[]), process].concat();
    let options = [("no-quorum-policy", "freeze")];
    machines.replace(1, document(&options, &resources, &constraints(&[prefers("process", 3)])));
    machines.wait_idle(1);
    assert!(process_on(&machines, 3), "{}", machines.log(1));

    machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
    // Nothing can tell it from the truth.
    machines.wait("it runs twice", || (1..=2).any(|node| process_on(&machines, node)));
    assert!(process_on(&machines, 3), "it lives, and freezes what it has");
    machines.bed.heal().unwrap();
    machines.wait("the end of the daemon that was declared off", || {
        let code = file_of(&machines, 3, "/run/ended").map(fs::read_to_string);
        code.is_some_and(|code| code.is_ok_and(|code| !code.is_empty()))
    });
    let ended = fs::read_to_string(file_of(&machines, 3, "/run/ended").unwrap()).unwrap();
    assert_eq!(ended.trim(), "100", "{}", machines.log(3));
    assert!(!process_on(&machines, 3), "what it ran has ended");
    machines.wait_members(1, &[1, 2]);
    machines
        .wait("it runs once", || (1..=2).filter(|node| process_on(&machines, *node)).count() == 1);
}

/// Whether the process of a resource is on a node.
#[test]
fn where_fence_reaction_is_panic_it_resets_its_machine_instead() {
    if !can_be() {
        return;
    }
    let mut machines = with_moods(3, &boot());
    let reaction = [("fence-reaction", "panic")];
    let resources = [moody(&machines, "lies", &[]), note("note")].concat();
    machines.replace(1, document(&reaction, &resources, &constraints(&[prefers("note", 3)])));
    machines.wait("the note", || runs(&machines, 3, "note").is_some());
    machines.wait_idle(1);
    machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
    machines.wait("the lie", || was_fenced(&machines, 1, 3));
    assert!(machines.bed.first_process(3).is_some(), "it was a lie");
    machines.bed.heal().unwrap();
    machines.wait("the end of the machine", || machines.bed.first_process(3).is_none());
    let said = machines.log(3);
    assert!(said.contains("resetting this machine") && !said.contains("cannot be reset"), "{said}");
}

fn process_on(machines: &Machines, node: u32) -> bool {
    machines.run(node, &["pgrep", "-f", "sleep 7777"]).is_some()
}

const IPMI: [&str; 3] = ["/usr/sbin/fence_ipmilan", "/usr/bin/ipmitool", "/usr/bin/ipmi_sim"];

/// What a simulated management controller of one node does when it is asked for the node's power:
/// it asks the bed.
const CHASSIS: &str = r#"#!/bin/sh
node=$1; shift
ask() { printf 'action=%s\nplug=%s\nbed=%s\n' "$1" "$node" "$BED" | sh "$BED/agents/fence/fence_bed"; }
case $1 in
  get)
    shift
    for what in "$@"; do
      case $what in
        power) if ask status; then echo power:1; else echo power:0; fi ;;
        *) echo "$what:0" ;;
      esac
    done
    ;;
  set)
    shift
    while [ $# -gt 1 ]; do
      case $1.$2 in
        power.0) ask off ;;
        power.1) ask on ;;
      esac
      shift 2
    done
    ;;
esac
"#;

/// A management controller's configuration, on a port of its own.
fn controller(directory: &str, node: u32) -> String {
    format!(
        "name \"bmc{node}\"\nset_working_mc 0x20\nstartlan 1\naddr 0.0.0.0 {port}\n\
         priv_limit admin\nallowed_auths_admin none md2 md5 straight\n\
         guid a123456789abcdefa123456789abcde{node}\nendlan\n\
         chassis_control \"{directory}/chassis n{node}\"\n\
         user 2 true \"admin\" \"secret\" admin 10 none md2 md5 straight\n",
        port = 9000 + node
    )
}

#[test]
fn the_agent_for_ipmi_fences_through_the_management_controller_of_the_node() {
    if !can_be() || !testkit::has(&IPMI) {
        return;
    }
    // The third machine is the controllers of the other two.
    let simulators =
        "for n in 1 2; do ipmi_sim -c $OWN/lan$n -f $OWN/emu -s $OWN/state$n -n & done";
    let boot = format!("case $NODE in n3) {simulators}; wait; exit;; esac; {}", boot());
    let machines = Machines::not_booted(3, &["two_node: 1"], &boot);
    machines.leave_out_of_corosync(3);
    let own = machines.own(3).display().to_string();
    testkit::write_program(&machines.own(3).join("chassis"), CHASSIS);
    let emulated =
        "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n";
    fs::write(format!("{own}/emu"), emulated).unwrap();
    for node in [1, 2] {
        fs::write(format!("{own}/lan{node}"), controller(&own, node)).unwrap();
    }
    [3, 1, 2].into_iter().for_each(|node| machines.bed.power_on(node).unwrap());
    [1, 2].into_iter().for_each(|node| machines.wait_members(node, &[1, 2]));
    let devices = [1, 2].map(|node| {
        let (target, port) = (format!("n{node}"), format!("900{node}"));
        // The one with version 2 of the protocol is the one that will be needed.
        let lanplus = if node == 2 { "1" } else { "0" };
        let parameters = [
            ("lanplus", lanplus),
            ("ip", "10.77.0.3"),
            ("ipport", port.as_str()),
            ("username", "admin"),
            ("password", "secret"),
            ("pcmk_host_list", target.as_str()),
        ];
        device(&machines, &format!("ipmi{node}"), "fence_ipmilan", &parameters)
    });
    let resources = devices.concat() + &note("note");
    // To the end, which takes the agent seconds: after a reboot the node may be back before.
    let off = [("stonith-action", "off")];
    machines.replace(1, document(&off, &resources, &constraints(&[prefers("note", 2)])));
    machines.wait_idle(1);
    assert!(runs(&machines, 2, "note").is_some(), "{}", machines.log(1));
    machines.signal_corosync(2, "KILL");
    machines.wait("the note elsewhere", || runs(&machines, 1, "note").is_some());
    assert_eq!(machines.bed.first_process(2), None, "first off, then taken over");
    let told = says(&machines, 1, &["fence", "history"]);
    assert!(told.contains("off of n2 done by") && told.contains("ipmi2"), "{told}");
}

//! What fence devices are told, in which order, and what is done when they fail: devices that write
//! down each call.

use std::fs;
use std::time::{Duration, Instant};

use wire::api::{Change, Event, Reply};

use crate::bed::{Bed, configuration};
use crate::fence_devices::{lose, with_nodes};
use crate::{check_ledger, other_than};

/// A device called `id` with these parameters besides those of every one.
fn device(bed: &Bed, id: &str, parameters: &[(&str, &str)]) -> String {
    let dir = bed.dir.display().to_string();
    let log = format!("{dir}/calls");
    let common = [("state_dir", dir.as_str()), ("log", log.as_str()), ("call", id)];
    let pair = |(name, value): &(&str, &str)| {
        format!("<nvpair id=\"{id}-{name}\" name=\"{name}\" value=\"{value}\"/>")
    };
    let pairs: String = common.iter().chain(parameters).map(pair).collect();
    let priority = parameters.iter().find(|(name, _)| *name == "priority");
    let meta = priority.map(|priority| {
        format!(
            "<meta_attributes id=\"{id}-meta\">{}</meta_attributes>",
            pair(&("priority", priority.1))
        )
        .replace(&format!("{id}-priority"), &format!("{id}-meta-priority"))
    });
    format!(
        "<primitive id=\"{id}\" class=\"stonith\" type=\"fence_traced\">\
         <instance_attributes id=\"{id}-parameters\">{pairs}</instance_attributes>{}</primitive>",
        meta.unwrap_or_default()
    )
}

/// A cluster with these devices, in this topology, and the lock; and where that is held.
fn start(devices: impl Fn(&Bed) -> Vec<String>, topology: &str) -> (Bed, u32) {
    let bed = Bed::start();
    let plain = configuration(&bed.dir);
    let from = plain.find("<primitive id=\"power\"").unwrap();
    let to = plain.find("<primitive id=\"lock\"").unwrap();
    let mut wanted = plain.clone();
    wanted.replace_range(from..to, &devices(&bed).concat());
    let topology = format!("<constraints/><fencing-topology>{topology}</fencing-topology>");
    let wanted = with_nodes(&wanted.replace("<constraints/>", &topology));
    let reply = bed.replace(1, wanted);
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let holders = bed.running("lock");
    let [holder] = holders[..] else { panic!("{holders:?}\n{}", bed.see(1).xml) };
    (bed, holder)
}

/// Every call of a device for a node so far.
fn calls(bed: &Bed) -> Vec<String> {
    let log = fs::read_to_string(bed.dir.join("calls")).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

#[test]
fn each_way_to_know_a_devices_nodes_is_asked() {
    let (mut bed, holder) = start(
        |bed| {
            let device = |id: &str, priority: &str, parameters: &[(&str, &str)]| {
                let all: Vec<_> =
                    parameters.iter().copied().chain([("priority", priority)]).collect();
                device(bed, id, &all)
            };
            vec![
                device("none", "1", &[("pcmk_host_check", "none")]),
                device("static", "9", &[("pcmk_host_list", "n8 n9")]),
                device(
                    "status",
                    "7",
                    &[
                        ("pcmk_host_check", "status"),
                        ("fail", "status"),
                        ("pcmk_status_retries", "3"),
                    ],
                ),
                device("list", "8", &[("pcmk_host_check", "dynamic-list"), ("list", "n8,n9")]),
            ]
        },
        "",
    );
    lose(&mut bed, holder);
    let port = format!("port=n{holder}");
    let asked = format!("status status {port}");
    let wanted = [
        "list list".to_owned(),
        "list list".to_owned(),
        asked.clone(),
        asked.clone(),
        asked,
        format!("none reboot {port}"),
    ];
    assert_eq!(calls(&bed), wanted);
    check_ledger(&bed, 2);
}

#[test]
fn a_device_is_told_in_its_own_words() {
    let (mut bed, holder) = start(
        |bed| {
            let words = [
                ("pcmk_host_map", "n1:one;n2:two;n3:three"),
                ("pcmk_host_argument", "vm"),
                ("pcmk_reboot_action", "off"),
            ];
            vec![device(bed, "odd", &words)]
        },
        "",
    );
    lose(&mut bed, holder);
    let name = ["one", "two", "three"][holder as usize - 1];
    assert_eq!(calls(&bed), [format!("odd off vm={name}")]);
    check_ledger(&bed, 2);
}

#[test]
fn a_device_that_hangs_is_left_for_the_next_in_its_own_time() {
    let (mut bed, holder) = start(
        |bed| {
            let hangs = [
                ("hang", "reboot"),
                ("pcmk_host_check", "none"),
                // Enough for a busy machine to start the agent and what that runs before it writes.
                ("pcmk_reboot_timeout", "5s"),
                ("pcmk_reboot_retries", "2"),
                ("priority", "5"),
            ];
            vec![device(bed, "hangs", &hangs), device(bed, "works", &[("pcmk_host_check", "none")])]
        },
        "",
    );
    let begun = Instant::now();
    lose(&mut bed, holder);
    assert!(begun.elapsed() >= Duration::from_secs(10), "twice its time");
    let port = format!("port=n{holder}");
    let hung = format!("hangs reboot {port}");
    assert_eq!(calls(&bed), [hung.clone(), hung, format!("works reboot {port}")]);
    check_ledger(&bed, 2);
}

#[test]
fn both_power_supplies_of_a_level_are_off_before_one_is_on() {
    let (mut bed, holder) = start(
        |bed| {
            let all = [("pcmk_host_check", "none")];
            vec![device(bed, "left", &all), device(bed, "right", &all)]
        },
        r#"<fencing-level id="both" target-pattern="^n[1-3]$" index="1" devices="left,right"/>"#,
    );
    let witness = lose(&mut bed, holder);
    let wanted = ["left off", "right off", "left on", "right on"];
    assert_eq!(calls(&bed), wanted.map(|call| format!("{call} port=n{holder}")));
    let fencings = bed.see(witness).cluster.fencings;
    assert!(fencings.iter().any(|done| done.by.starts_with("left+right by ")), "{fencings:?}");
    check_ledger(&bed, 2);
}

#[test]
fn a_level_of_which_one_device_fails_counts_for_nothing() {
    let (mut bed, holder) = start(
        |bed| {
            let all = ("pcmk_host_check", "none");
            vec![
                device(bed, "left", &[all]),
                device(bed, "right", &[all, ("fail", "off"), ("pcmk_off_retries", "1")]),
                device(bed, "last", &[all]),
            ]
        },
        r#"<fencing-level id="both" target-attribute="rack" target-value="r1" index="1"
             devices="left,right"/>
           <fencing-level id="one" target-attribute="rack" target-value="r1" index="2"
             devices="last"/>
           <fencing-level id="other" target-attribute="rack" target-value="r2" index="1"
             devices="right"/>"#,
    );
    lose(&mut bed, holder);
    let wanted = ["left off", "right off", "last reboot"];
    assert_eq!(calls(&bed), wanted.map(|call| format!("{call} port=n{holder}")));
    check_ledger(&bed, 2);
}

#[test]
fn without_proof_nothing_moves_until_an_operator_gives_his_word() {
    let (mut bed, holder) = start(
        |bed| {
            let broken =
                [("pcmk_host_check", "none"), ("fail", "reboot"), ("pcmk_reboot_retries", "1")];
            vec![device(bed, "broken", &broken)]
        },
        "",
    );
    let witness = other_than(holder);
    let target = format!("n{holder}");
    bed.kill_node(holder);
    bed.wait_event(witness, "a failure", |event| {
        matches!(event, Event::Fenced { target: of, succeeded: false, reason, .. }
            if *of == target && reason == "broken: out of order")
    });
    let failed = bed.see(witness).cluster.fencings;
    assert!(failed.iter().all(|done| done.target == target && !done.succeeded), "{failed:?}");
    assert_eq!(bed.running("lock"), [holder], "what the node left runs still, and nothing else");
    check_ledger(&bed, 1);

    // Somebody goes there, pulls the plug and says so.
    bed.end_processes(holder);
    let reply = bed.change(witness, Change::ConfirmOff { node: target.clone() });
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait(witness, "recovery", |seen| seen.cluster.idle && !bed.running("lock").is_empty());
    let fencings = bed.see(witness).cluster.fencings;
    let last = fencings.last().unwrap();
    assert!(last.succeeded && last.target == target && last.by.ends_with("'s word"), "{last:?}");
    check_ledger(&bed, 2);
}

//! Fence devices beyond the plain case: storage that is given back, delays, levels, and devices
//! that are slow, broken, or in use.

use std::fs;
use std::time::{Duration, Instant};

use wire::api::{Change, Event, Reply};

use crate::bed::{Bed, configuration};
use crate::{check_ledger, other_than};

/// Fencings that succeeded: `action target by`.
fn fencings(bed: &Bed, node: u32) -> Vec<String> {
    let entries = bed.client(node).history(0).unwrap().into_iter();
    let fencings = entries.filter_map(|entry| {
        let Event::Fenced { target, action, succeeded, by, .. } = entry.event else { return None };
        succeeded.then(|| format!("{action} {target} {by}"))
    });
    fencings.collect()
}

/// A cluster with this configuration, quiet; and where its lock is held.
fn start(change: impl Fn(&Bed, String) -> String) -> (Bed, u32) {
    let bed = Bed::start();
    let wanted = change(&bed, configuration(&bed.dir));
    let reply = bed.replace(1, wanted);
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let holders = bed.running("lock");
    let [holder] = holders[..] else { panic!("{holders:?}\n{}", bed.see(1).xml) };
    (bed, holder)
}

/// Kills the holder, and waits until another has the lock.
pub fn lose(bed: &mut Bed, holder: u32) -> u32 {
    let witness = other_than(holder);
    bed.kill_node(holder);
    bed.wait_event(witness, "fencing", |event| {
        let Event::Fenced { target, action, succeeded: true, .. } = event else { return false };
        *target == format!("n{holder}") && action != "on"
    });
    bed.wait(witness, "recovery", |seen| seen.cluster.idle && !bed.running("lock").is_empty());
    assert!(!bed.running("lock").contains(&holder));
    witness
}

/// The configuration with its nodes named, each with the rack it stands in.
pub fn with_nodes(configuration: &str) -> String {
    let node = |node: u32| {
        format!(
            "<node id=\"{node}\" uname=\"n{node}\"><instance_attributes id=\"n{node}-a\"><nvpair \
             id=\"n{node}-rack\" name=\"rack\" value=\"r1\"/></instance_attributes></node>"
        )
    };
    let nodes: String = (1..=3).map(node).collect();
    configuration.replace("<nodes/>", &format!("<nodes>{nodes}</nodes>"))
}

/// Adds parameters to the power switch.
fn with_parameters(configuration: &str, parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| {
        format!("<nvpair id=\"power-{name}\" name=\"{name}\" value=\"{value}\"/>")
    });
    let text =
        format!("<instance_attributes id=\"power-parameters\">{}", pairs.collect::<String>());
    configuration.replace("<instance_attributes id=\"power-parameters\">", &text)
}

#[test]
fn storage_is_given_back_once_to_each_node_and_again_after_it_was_fenced() {
    let unfencing = r#"type="fence_quorate">
      <meta_attributes id="power-meta">
        <nvpair id="power-provides" name="provides" value="unfencing"/>
      </meta_attributes>"#;
    let (mut bed, holder) = start(|_, text| text.replace("type=\"fence_quorate\">", unfencing));
    let mut done = fencings(&bed, 1);
    done.sort();
    assert_eq!(done.len(), 3, "{done:?}\n{}", bed.see(1).xml);
    for (number, line) in done.iter().enumerate() {
        assert!(line.starts_with(&format!("on n{} power", number + 1)), "{done:?}");
    }
    let xml = bed.see(2).xml;
    assert_eq!(xml.matches("\"#node-unfenced\"").count(), 3, "{xml}");

    let witness = lose(&mut bed, holder);
    let xml = bed.see(witness).xml;
    assert_eq!(xml.matches("\"#node-unfenced\"").count(), 2, "{xml}");
    fs::write(bed.node_dir(holder).join("power"), "on\n").unwrap();
    bed.start_node(holder);
    bed.wait_members(witness, &[1, 2, 3]);
    bed.wait_idle(witness);
    let xml = bed.see(witness).xml;
    assert_eq!(xml.matches("\"#node-unfenced\"").count(), 3, "{xml}");
    check_ledger(&bed, 2);
}

#[test]
fn a_node_that_is_up_is_let_to_the_shelf_before_it_takes_from_it_and_only_once() {
    // Nothing but the agent's own description says that the shelf must let nodes in.
    let (mut bed, _) = start(|bed, text| {
        let shelf = bed.dir.join("shelf");
        let shelf = shelf.display();
        let more = format!(
            r#"<primitive id="shelf" class="stonith" type="fence_shelf">
              <instance_attributes id="shelf-parameters">
                <nvpair id="shelf-dir" name="shelf" value="{shelf}"/>
                <nvpair id="shelf-hosts" name="pcmk_host_list" value="n1 n2 n3"/>
              </instance_attributes></primitive>
            <clone id="readers"><primitive id="reader" class="ocf" provider="testkit"
              type="needs_shelf"><instance_attributes id="reader-parameters">
                <nvpair id="reader-dir" name="shelf" value="{shelf}"/>
                <nvpair id="reader-state" name="state" value="{dir}/reader"/>
              </instance_attributes>
              <meta_attributes id="reader-meta">
                <nvpair id="reader-requires" name="requires" value="unfencing"/>
              </meta_attributes></primitive></clone>
            <primitive id="lock""#,
            dir = bed.dir.display()
        );
        text.replace("<primitive id=\"lock\"", more.trim_start())
    });
    let readers = |bed: &Bed| -> Vec<u32> {
        (1..=3).filter(|node| bed.dir.join(format!("reader.n{node}")).exists()).collect()
    };
    let ons = |bed: &Bed| -> Vec<String> {
        let log = fs::read_to_string(bed.dir.join("shelf/log")).unwrap();
        let mut ons: Vec<String> = log.lines().map(str::to_owned).collect();
        ons.sort();
        ons
    };
    assert_eq!(readers(&bed), [1, 2, 3], "{}", bed.see(1).xml);
    assert_eq!(ons(&bed), ["on n1 by n1", "on n2 by n2", "on n3 by n3"]);
    assert_eq!(bed.see(1).xml.matches("\"#node-unfenced\"").count(), 3);

    // Many plans later nobody is let in again; another one plans on.
    for number in 0..3 {
        let change = Change::Attribute {
            node: "n1".to_owned(),
            name: "number".to_owned(),
            value: Some(number.to_string()),
            manner: wire::api::Manner::default(),
        };
        assert!(matches!(bed.change(2, change), Reply::Done { .. }));
        bed.wait_idle(2);
    }
    let coordinator = bed.see(1).cluster.coordinator.unwrap();
    let coordinator = (1..=3).find(|node| coordinator == format!("n{node}")).unwrap();
    let witness = other_than(coordinator);
    assert!(bed.stop_node(coordinator).success());
    bed.wait(witness, "the others", |seen| seen.cluster.members.len() == 2 && seen.cluster.idle);
    assert_eq!(ons(&bed).len(), 3, "{:?}", ons(&bed));

    // Who comes back in another life is let in again, as it might have been fenced meanwhile.
    bed.start_node(coordinator);
    bed.wait_members(witness, &[1, 2, 3]);
    bed.wait_idle(witness);
    assert_eq!(readers(&bed), [1, 2, 3]);
    assert_eq!(ons(&bed).len(), 4, "{:?}", ons(&bed));
}

#[test]
fn nobody_else_lets_an_absent_node_to_the_shelf() {
    let (mut bed, _) = start(|bed, text| {
        let dir = bed.dir.display();
        text.replace("type=\"fence_quorate\"", "type=\"fence_shelf\"").replace(
            &format!("name=\"state_dir\" value=\"{dir}\""),
            &format!("name=\"shelf\" value=\"{dir}/shelf\""),
        )
    });
    assert!(bed.stop_node(3).success());
    bed.wait_members(1, &[1, 2]);
    bed.wait_idle(1);
    let on = Change::Fence { node: "n3".to_owned(), action: "on".to_owned() };
    assert!(matches!(bed.change(1, on), Reply::Done { .. }));
    let is_end = |event: &Event| matches!(event, Event::Fenced { target, .. } if target == "n3");
    bed.wait_event(1, "the end of it", is_end);
    let entries = bed.client(1).history(0).unwrap().into_iter();
    let ends: Vec<String> = entries
        .filter_map(|entry| {
            let Event::Fenced { target, succeeded, reason, .. } = entry.event else { return None };
            (target == "n3").then(|| format!("{succeeded} {reason}"))
        })
        .collect();
    assert_eq!(ends, ["false power: only n3 itself can run its `on`, and n3 is not here"]);
    assert!(!bed.dir.join("shelf/key.n3").exists());
}

#[test]
fn a_device_is_used_after_its_delay_under_the_name_it_knows() {
    // The switch calls nodes by the names of their directories.
    let (mut bed, holder) = start(|_, text| {
        let parameters =
            [("pcmk_host_map", "n1=n1;n2:n2 n3:n3"), ("pcmk_delay_base", "n1:3;n2:3s n3:3s")];
        with_parameters(&text, &parameters)
    });
    let begun = Instant::now();
    lose(&mut bed, holder);
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
    check_ledger(&bed, 2);
}

#[test]
fn when_a_level_fails_the_next_one_fences() {
    let (mut bed, holder) = start(|_, text| {
        // Its switch is nowhere.
        let broken = r#"<primitive id="broken" class="stonith" type="fence_quorate">
            <instance_attributes id="broken-parameters">
              <nvpair id="broken-dir" name="state_dir" value="/nowhere/at/all"/>
              <nvpair id="broken-hosts" name="pcmk_host_list" value="n1,n2;n3"/>
              <nvpair id="broken-tries" name="pcmk_reboot_retries" value="1"/>
            </instance_attributes>
            <meta_attributes id="broken-meta">
              <nvpair id="broken-role" name="is-managed" value="false"/>
            </meta_attributes></primitive><primitive id="lock""#;
        let level = |node: u32, index: u32, device: &str| {
            format!(
                "<fencing-level id=\"l{node}{index}\" target=\"n{node}\" index=\"{index}\" \
                 devices=\"{device}\"/>"
            )
        };
        let levels: String =
            (1..=3).flat_map(|node| [level(node, 1, "broken"), level(node, 2, "power")]).collect();
        text.replace("<primitive id=\"lock\"", broken).replace(
            "<constraints/>",
            &format!("<constraints/><fencing-topology>{levels}</fencing-topology>"),
        )
    });
    let witness = lose(&mut bed, holder);
    let used: Vec<String> = bed
        .client(witness)
        .history(0)
        .unwrap()
        .into_iter()
        .filter_map(|entry| {
            let Event::Fencing { device, action, .. } = entry.event else { return None };
            Some(format!("{device} {action}"))
        })
        .collect();
    assert_eq!(used, ["broken reboot", "power list", "power reboot"]);
    assert!(fencings(&bed, witness)[0].contains("power"), "{:?}", fencings(&bed, witness));
    check_ledger(&bed, 2);
}

//! All of it, below one name, by which whoever runs tests can leave it out.

mod bed;
mod both_sides;
mod by_hand;
mod cluster_lock;
mod document;
mod fencing;
mod keepers;
mod no_quorum;
mod quorum_device;
mod quorum_rules;
mod sbd;
mod self_fencing;
mod slow_disks;
mod subnet;

use bed::{Machines, boot, can_be};
use wire::api::Event;

const ADDRESS: &str = "10.77.0.100";

#[derive(Clone, Copy)]
enum Fencing {
    ByPowerStrip,
    None,
}

/// A group of an address and something that only remembers that it runs.
fn configuration(machines: &Machines, fencing: Fencing) -> String {
    let bed = machines.bed.root().display();
    let enabled = matches!(fencing, Fencing::ByPowerStrip);
    format!(
        r#"<configuration>
  <crm_config>
    <cluster_property_set id="options">
      <nvpair id="option-fencing" name="stonith-enabled" value="{enabled}"/>
    </cluster_property_set>
  </crm_config>
  <nodes/>
  <resources>
    <primitive id="strip" class="stonith" type="fence_bed">
      <instance_attributes id="strip-p">
        <nvpair id="strip-bed" name="bed" value="{bed}"/>
      </instance_attributes>
    </primitive>
    <group id="service">
      <primitive id="address" class="ocf" provider="heartbeat" type="IPaddr2">
        <instance_attributes id="address-p">
          <nvpair id="address-ip" name="ip" value="{ADDRESS}"/>
          <nvpair id="address-mask" name="cidr_netmask" value="24"/>
        </instance_attributes>
        <operations><op id="address-m" name="monitor" interval="10s" timeout="20s"/></operations>
      </primitive>
      <primitive id="note" class="ocf" provider="heartbeat" type="Dummy"/>
    </group>
  </resources>
  <constraints/>
</configuration>"#
    )
}

/// A running service, and the node that has it.
fn with_service(nodes: u32, quorum: &[&str], fencing: Fencing) -> (Machines, u32) {
    let machines = Machines::start(nodes, quorum);
    machines.replace(1, configuration(&machines, fencing));
    machines.wait_idle(1);
    let holders = machines.holders(ADDRESS);
    let [holder] = holders.as_slice() else { panic!("{holders:?}\n{}", machines.log(1)) };
    let holder = *holder;
    (machines, holder)
}

fn others(nodes: u32, but: u32) -> Vec<u32> {
    (1..=nodes).filter(|node| *node != but).collect()
}

fn was_fenced(machines: &Machines, seen_by: u32, node: u32) -> bool {
    let name = format!("n{node}");
    machines.happened(
        seen_by,
        |event| matches!(event, Event::Fenced { target, succeeded: true, .. } if *target == name),
    )
}

/// Waits until a node knows that another was fenced: it may hear of it after who took over.
fn wait_fenced(machines: &Machines, seen_by: u32, node: u32) {
    machines
        .wait(&format!("word of the fencing of {node}"), || was_fenced(machines, seen_by, node));
}

/// After all is over: everyone is a member, one node has the service, and it answers.
fn assert_healed(machines: &Machines, nodes: u32) {
    let all: Vec<u32> = (1..=nodes).collect();
    for node in &all {
        machines.wait_members(*node, &all);
    }
    machines.wait_idle(1);
    let holders = machines.holders(ADDRESS);
    let [holder] = holders.as_slice() else { panic!("{holders:?}\n{}", machines.log(1)) };
    for node in others(nodes, *holder) {
        let ping = machines.run(node, &["ping", "-c", "1", "-W", "5", ADDRESS]);
        assert!(ping.is_some(), "{node} reaches the address on {holder}");
    }
}

/// What a node tells who monitors it.
fn metrics(machines: &Machines, node: u32) -> String {
    let client = machines.client(node);
    let mut curl = std::process::Command::new("curl");
    curl.args(["-s", "http://node/metrics", "--unix-socket"]).arg(client.path());
    String::from_utf8(curl.output().unwrap().stdout).unwrap()
}

/// How many lost nodes a node knows of, and how long after their last signs of life it did.
fn detections(machines: &Machines, node: u32) -> (f64, f64) {
    let text = metrics(machines, node);
    let value = |what: &str| {
        let series = format!("quorate_detection_seconds_{what}{{of=\"node\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&series)?.parse().ok()).unwrap()
    };
    (value("count"), value("sum"))
}

#[test]
fn a_node_without_power_is_fenced_and_its_address_is_up_elsewhere() {
    if !can_be() {
        return;
    }
    let (machines, holder) = with_service(3, &[], Fencing::ByPowerStrip);
    machines.bed.power_off(holder).unwrap();
    machines.wait("the address elsewhere", || {
        machines.holders(ADDRESS).iter().any(|node| *node != holder)
    });
    let witness = others(3, holder)[0];
    wait_fenced(&machines, witness, holder);
    let (count, sum) = detections(&machines, witness);
    assert_eq!(count, 1.0);
    // Corosync waits for the token for so long before it suspects anybody.
    let key = ["corosync-cmapctl", "-g", "runtime.config.totem.token"];
    let token = machines.run(witness, &key).unwrap();
    let token: f64 = token.trim().rsplit(' ').next().unwrap().parse().unwrap();
    let token = 0.9 * token / 1000.0;
    assert!((token..60.0).contains(&sum), "{sum} s; {token} s");
    // Fencing was a reboot: it comes back by itself.
    assert_healed(&machines, 3);
}

#[test]
fn a_node_whose_corosync_is_killed_is_fenced() {
    if !can_be() {
        return;
    }
    let (machines, holder) = with_service(3, &[], Fencing::ByPowerStrip);
    let life = machines.bed.first_process(holder);
    machines.signal_corosync(holder, "KILL");
    machines.wait("a new life", || {
        let now = machines.bed.first_process(holder);
        now.is_some() && now != life
    });
    assert_healed(&machines, 3);
}

#[test]
fn without_corosync_a_node_stops_what_it_runs_and_takes_part_again_when_it_returns() {
    if !can_be() {
        return;
    }
    let (machines, holder) = with_service(3, &[], Fencing::None);
    for signal in ["KILL", "TERM"] {
        let holder = if signal == "KILL" { holder } else { machines.holders(ADDRESS)[0] };
        machines.signal_corosync(holder, signal);
        machines.wait("alone without quorum, and nothing runs there", || {
            let alone = machines.see(holder).is_some_and(|seen| {
                seen.cluster.members == [format!("n{holder}")] && !seen.cluster.quorate
            });
            alone && !machines.holders(ADDRESS).contains(&holder)
        });
        machines.wait("the address elsewhere", || !machines.holders(ADDRESS).is_empty());
        machines.bed.start_corosync(holder).unwrap();
        assert_healed(&machines, 3);
    }
}

#[test]
fn a_corosync_that_hangs_is_as_good_as_none() {
    if !can_be() {
        return;
    }
    let (machines, holder) = with_service(3, &[], Fencing::None);
    machines.signal_corosync(holder, "STOP");
    machines.wait("nothing runs there", || !machines.holders(ADDRESS).contains(&holder));
    machines.wait("the address elsewhere", || !machines.holders(ADDRESS).is_empty());
    machines.signal_corosync(holder, "CONT");
    assert_healed(&machines, 3);
}

#[test]
fn a_node_whose_daemon_hangs_is_fenced() {
    if !can_be() {
        return;
    }
    let (machines, holder) = with_service(3, &[], Fencing::ByPowerStrip);
    let life = machines.bed.first_process(holder);
    let pid = std::fs::read_to_string(machines.own(holder).join("state/daemon.pid")).unwrap();
    let pid = pid.split_whitespace().next().unwrap();
    machines.run(holder, &["kill", "-STOP", pid]).unwrap();
    machines.wait("a new life", || {
        let now = machines.bed.first_process(holder);
        now.is_some() && now != life
    });
    assert_healed(&machines, 3);
}

#[test]
fn one_of_two_nodes_goes_on_alone_where_corosync_lets_it() {
    if !can_be() {
        return;
    }
    let (machines, holder) = with_service(2, &["two_node: 1"], Fencing::ByPowerStrip);
    let other = others(2, holder)[0];
    machines.bed.power_off(holder).unwrap();
    machines.wait("the address on the other", || machines.holders(ADDRESS) == [other]);
    // Acknowledged by one disk of two, which by a majority would not be enough.
    machines.replace(other, configuration(&machines, Fencing::ByPowerStrip));
    assert!(was_fenced(&machines, other, holder), "{}", machines.log(other));
    assert_healed(&machines, 2);
}

#[test]
fn a_side_without_quorum_stops_before_the_other_has_fenced_it() {
    if !can_be() {
        return;
    }
    let (mut machines, holder) = with_service(3, &[], Fencing::None);
    let majority = others(3, holder);
    machines.bed.cut(&[&majority, &[holder]]).unwrap();
    machines.wait("nothing runs there", || !machines.holders(ADDRESS).contains(&holder));
    machines.wait("the address elsewhere", || !machines.holders(ADDRESS).is_empty());
    machines.bed.heal().unwrap();
    assert_healed(&machines, 3);
}

#[test]
fn the_daemon_waits_for_corosync_and_says_so() {
    if !can_be() {
        return;
    }
    let daemon_only = boot().replace("corosync; ", "");
    let machines = Machines::not_booted(1, &[], &daemon_only);
    machines.bed.power_on(1).unwrap();
    machines.wait("a word of waiting", || machines.log(1).contains("waiting for Corosync"));
    machines.bed.start_corosync(1).unwrap();
    machines.wait_members(1, &[1]);
    assert!(machines.see(1).unwrap().cluster.quorate);
}

#[test]
fn a_name_that_is_not_corosync_s_is_refused() {
    if !can_be() {
        return;
    }
    let machines = Machines::not_booted(1, &[], "corosync");
    machines.bed.power_on(1).unwrap();
    let output = machines.daemon(1, "name = \"n7\"").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("calls this node `n7`, and corosync.conf calls it `n1`"), "{said}");
}

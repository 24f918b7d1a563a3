//! A switch that passes nothing on: the nodes ask each other, the one that nobody answers says so, and what needs
//! the subnet leaves it. The cluster goes on by its other link.

use testbed::Plan;

use super::bed::{Machines, PROGRAM, boot, can_be};

const SERVICE: &str = "10.77.1.100";

/// The second link's subnet, watched on each node.
const SUBNET: &str = "10.77.1.0";

/// As installed: the repository's own agents, and the commands by which they talk to the cluster.
fn installed() -> String {
    let agents = concat!(env!("CARGO_MANIFEST_DIR"), "/../../agents/ocf/quorate");
    format!(
        "mkdir -p /run/resource.d /run/bin; ln -s {agents} /run/resource.d/quorate
         mount -t overlay overlay -o lowerdir=/run/resource.d:/usr/lib/ocf/resource.d /usr/lib/ocf/resource.d
         for name in quorate attrd_updater crm_node; do ln -s {PROGRAM} /run/bin/$name; done
         export PATH=/run/bin:$PATH; {}",
        boot()
    )
}

/// A watch on each node, which asks all nodes, and an address that is nowhere where the subnet is down.
fn configuration(nodes: u32) -> String {
    let peers: Vec<String> =
        (1..=nodes).map(|node| format!("n{node}={}", testbed::address(1, node))).collect();
    let peers = peers.join(" ");
    format!(
        r##"<configuration>
  <crm_config>
    <cluster_property_set id="options">
      <nvpair id="option-fencing" name="stonith-enabled" value="false"/>
    </cluster_property_set>
  </crm_config>
  <nodes/>
  <resources>
    <clone id="lans"><primitive id="lan" class="ocf" provider="quorate" type="lan">
      <instance_attributes id="lan-p">
        <nvpair id="lan-cards" name="interfaces" value="eth1"/>
        <nvpair id="lan-subnets" name="subnets" value="{SUBNET}"/>
        <nvpair id="lan-peers" name="peers" value="{peers}"/>
        <nvpair id="lan-time" name="ip_polling_interval" value="2s"/>
        <nvpair id="lan-poll" name="polling_interval" value="1s"/>
      </instance_attributes>
    </primitive></clone>
    <primitive id="service" class="ocf" provider="heartbeat" type="IPaddr2">
      <instance_attributes id="service-p">
        <nvpair id="service-ip" name="ip" value="{SERVICE}"/>
        <nvpair id="service-mask" name="cidr_netmask" value="24"/>
      </instance_attributes>
    </primitive>
  </resources>
  <constraints>
    <rsc_location id="first" rsc="service" node="n1" score="50"/>
    <rsc_location id="works" rsc="service"><rule id="works-r" score="-INFINITY">
      <expression id="works-e" attribute="subnet-{SUBNET}" operation="eq" value="down"/>
    </rule></rsc_location>
  </constraints>
</configuration>"##
    )
}

/// What a node says of the subnet.
fn said(machines: &Machines, node: u32) -> Option<String> {
    let document = cib::Document::parse(&machines.see(2)?.xml).ok()?;
    let (name, node) = (format!("subnet-{SUBNET}"), format!("n{node}"));
    let states = document.section(cib::Section::Status)?;
    let state = states.children().find(|state| state.attr("uname") == Some(&node))?;
    let told = state.descendants().find(|pair| pair.attr("name") == Some(&name))?;
    told.attr("value").map(str::to_owned)
}

/// Waits until the three nodes say this.
fn wait_said(machines: &Machines, wanted: [&str; 3]) {
    machines.wait(&format!("{wanted:?}"), || {
        (1..).zip(wanted).all(|(node, value)| said(machines, node).as_deref() == Some(value))
    });
}

#[test]
fn a_subnet_that_passes_nothing_on_is_left() {
    if !can_be() {
        return;
    }
    let machines = Machines::planned(Plan { links: 2, ..Plan::of(3) }, &installed());
    machines.power_on_all();
    machines.replace(1, configuration(3));
    machines.wait("the service at its first node", || machines.holders(SERVICE) == [1]);
    wait_said(&machines, ["up", "up", "up"]);

    machines.bed.set_link_loss(1, 1, 100, 100).unwrap();
    machines
        .wait("the service elsewhere", || matches!(machines.holders(SERVICE).as_slice(), [2 | 3]));
    // The two others hear each other.
    wait_said(&machines, ["down", "up", "up"]);
    machines.wait_members(2, &[1, 2, 3]);

    machines.bed.set_link_loss(1, 1, 0, 0).unwrap();
    wait_said(&machines, ["up", "up", "up"]);
    machines.wait("the service at its first node", || machines.holders(SERVICE) == [1]);
}

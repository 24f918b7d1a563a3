//! A switch that passes nothing on: the nodes ask each other, and the one that nobody answers takes its card that
//! stands by or, where there is none, says so, and what needs the subnet leaves it. The cluster goes on by its
//! other link.

use testbed::Plan;

use super::bed::{Machines, PROGRAM, boot, can_be};

const NODES: u32 = 3;
const SERVICE: &str = "10.77.1.100";

/// The second link's subnet.
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

/// A watch of a link on each node, which asks all nodes.
fn watch(link: u32, cards: &str) -> String {
    let peers = (1..=NODES).map(|node| format!("n{node}={}", testbed::address(link, node)));
    let parameters = [
        ("interfaces", cards),
        ("subnets", &testbed::address(link, 0)),
        ("peers", &peers.collect::<Vec<_>>().join(" ")),
        ("ip_polling_interval", "2s"),
        ("polling_interval", "1s"),
    ];
    let pairs = parameters.map(|(name, value)| {
        format!("<nvpair id=\"lan{link}-{name}\" name=\"{name}\" value=\"{value}\"/>")
    });
    format!(
        "<clone id=\"lans{link}\"><primitive id=\"lan{link}\" class=\"ocf\" provider=\"quorate\" \
         type=\"lan\"><instance_attributes id=\"lan{link}-p\">{}</instance_attributes></primitive></clone>",
        pairs.concat()
    )
}

/// Both links are watched, the first has a card that stands by, and an address is nowhere where the second is down.
fn configuration() -> String {
    let watches = watch(0, "eth0 eth2") + &watch(1, "eth1");
    format!(
        r##"<configuration>
  <crm_config>
    <cluster_property_set id="options">
      <nvpair id="option-fencing" name="stonith-enabled" value="false"/>
    </cluster_property_set>
  </crm_config>
  <nodes/>
  <resources>
    {watches}
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

/// What a node says of a subnet.
fn said(machines: &Machines, node: u32, subnet: &str) -> Option<String> {
    let document = cib::Document::parse(&machines.see(2)?.xml).ok()?;
    let (name, node) = (format!("subnet-{subnet}"), format!("n{node}"));
    let states = document.section(cib::Section::Status)?;
    let state = states.children().find(|state| state.attr("uname") == Some(&node))?;
    let told = state.descendants().find(|pair| pair.attr("name") == Some(&name))?;
    told.attr("value").map(str::to_owned)
}

/// Waits until the nodes say this.
fn wait_said(machines: &Machines, subnet: &str, wanted: [&str; 3]) {
    machines.wait(&format!("{subnet} {wanted:?}"), || {
        let is = |(node, value)| said(machines, node, subnet).as_deref() == Some(value);
        (1..).zip(wanted).all(is)
    });
}

#[test]
fn a_card_that_passes_nothing_on_is_left_and_so_is_a_node_without_another() {
    if !can_be() {
        return;
    }
    let plan = Plan { links: 2, standby_cards: 1, ..Plan::of(NODES) };
    let machines = Machines::planned(plan, &installed());
    machines.power_on_all();
    machines.replace(1, configuration());
    machines.wait("the service at its first node", || machines.holders(SERVICE) == [1]);
    let first = testbed::address(0, 0);
    for subnet in [&first, SUBNET] {
        wait_said(&machines, subnet, ["up", "up", "up"]);
    }

    machines.bed.set_link_loss(1, 1, 100, 100).unwrap();
    machines
        .wait("the service elsewhere", || matches!(machines.holders(SERVICE).as_slice(), [2 | 3]));
    // The two others hear each other.
    wait_said(&machines, SUBNET, ["down", "up", "up"]);
    machines.wait_members(2, &[1, 2, 3]);
    machines.bed.set_link_loss(1, 1, 0, 0).unwrap();
    wait_said(&machines, SUBNET, ["up", "up", "up"]);
    machines.wait("the service at its first node", || machines.holders(SERVICE) == [1]);

    machines.bed.set_link_loss(1, 0, 100, 100).unwrap();
    let own = format!(" {}/", testbed::address(0, 1));
    machines.wait("the node's address at its other card", || {
        let listed = machines.run(1, &["ip", "-4", "-o", "addr", "show", "dev", "eth2"]);
        listed.is_some_and(|listed| listed.contains(&own))
    });
    machines.wait("others to be told where it is now", || {
        machines.run(2, &["ping", "-c", "1", "-W", "1", &testbed::address(0, 1)]).is_some()
    });
    wait_said(&machines, &first, ["up", "up", "up"]);
    machines.wait("the service where it was", || machines.holders(SERVICE) == [1]);
}

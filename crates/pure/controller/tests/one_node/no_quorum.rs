//! `no-quorum-policy` is `fence`: who had quorum and lost it fences itself, and nobody else does.

use model::{OcfCode, Outcome, Quorum};

use crate::node::{ME, Node};

const CONFIGURATION: &str = r#"<configuration>
  <crm_config><cluster_property_set id="o">
    <nvpair id="o-p" name="no-quorum-policy" value="fence"/>
    <nvpair id="o-s" name="startup-fencing" value="false"/>
  </cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
  <resources><primitive id="power" class="stonith" type="fence_test">
    <instance_attributes id="power-a">
      <nvpair id="power-hosts" name="pcmk_host_list" value="n1"/>
    </instance_attributes></primitive></resources>
  <constraints/>
</configuration>"#;

/// Runs against this node's power after a membership with the first quorum and one with the second.
fn fencings(quorums: [Quorum; 2]) -> usize {
    let mut node = Node::in_cluster_of(3, quorums[0]);
    if quorums[0].is_quorate() {
        node.configure(CONFIGURATION);
    } else {
        node.force(CONFIGURATION);
    }
    let answer = |task: &str| match task {
        "monitor" => Outcome::done(OcfCode::NOT_RUNNING),
        // It would not live to hear of more.
        "reboot" => Outcome::done(OcfCode::GENERIC),
        _ => Outcome::done(OcfCode::OK),
    };
    // As long as a cold start waits for the others.
    node.wait_seconds(21);
    node.run(answer);
    node.member_of(2, &[ME], quorums[1]);
    node.run(answer);
    node.tasks().iter().filter(|task| *task == "power reboot").count()
}

#[test]
fn who_had_quorum_and_lost_it_fences_itself() {
    // The device is tried twice.
    assert_eq!(fencings([Quorum::ByRule, Quorum::No]), 2);
}

#[test]
fn who_has_quorum_or_never_had_it_does_not() {
    assert_eq!(fencings([Quorum::ByRule, Quorum::ByRule]), 0);
    assert_eq!(fencings([Quorum::No, Quorum::No]), 0);
}

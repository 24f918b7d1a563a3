//! Quorum by a rule excludes nobody by counting: others may have it as well, or may have had it.

use controller::Input;
use model::{NodeId, OcfCode, Outcome, Quorum};
use wire::Message;
use wire::peer::{Edited, Hello, Snapshot};

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

const CONFIGURATION: &str = r#"<configuration>
  <crm_config/>
  <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
  <resources>
    <primitive id="power" class="stonith" type="fence_test">
      <instance_attributes id="power-a">
        <nvpair id="power-hosts" name="pcmk_host_list" value="n2"/>
      </instance_attributes>
    </primitive>
  </resources>
  <constraints/>
</configuration>"#;

fn fencings(node: &Node) -> usize {
    node.runs.iter().filter(|run| run.task == "reboot").count()
}

#[test]
fn who_was_fenced_is_fenced_again_once_quorum_was_lost_meanwhile() {
    let works = |_: &str| Outcome::done(OcfCode::OK);
    let mut node = Node::in_cluster_of(2, Quorum::ByRule);
    node.configure(CONFIGURATION);
    node.wait_seconds(21);
    node.run(works);
    assert_eq!(fencings(&node), 1, "it never came: {:?}", node.tasks());
    node.member_of(2, &[ME], Quorum::ByRule);
    node.run(works);
    assert_eq!(fencings(&node), 1, "nobody can have acted");
    node.member_of(3, &[ME], Quorum::No);
    node.member_of(4, &[ME], Quorum::ByRule);
    node.run(works);
    assert_eq!(fencings(&node), 2, "it may have come back, and got the vote");
}

/// The other node's words in membership 2: a copy that outranks every other, edited by `pedigree`.
fn joins_with_a_better_copy(node: &mut Node, pedigree: Vec<Edited>) {
    node.member_of(2, &[ME, OTHER], Quorum::ByRule);
    let [Message::Hello(mine)] = node.under_way.as_slice() else { panic!("{:?}", node.under_way) };
    let lineage = u64::MAX;
    let theirs = Hello { name: "n2".to_owned(), lineage, digest: 0, ..(**mine).clone() };
    node.deliver();
    let document = r#"<cib validate-with="pacemaker-4.0" epoch="9"><configuration><crm_config/><nodes/>
        <resources/><constraints/></configuration><status/></cib>"#;
    let snapshot = Snapshot {
        membership: 2,
        document: document.to_owned(),
        lineage,
        pedigree,
        earlier: None,
        fencings: Vec::new(),
        orders: Vec::new(),
        fabric_file: None,
        attributes: Vec::new(),
    };
    let hello = Message::Hello(Box::new(theirs));
    for message in [hello, Message::Snapshot(Box::new(snapshot))] {
        node.step(Input::Delivered { from: OTHER, message: Box::new(message) });
    }
}

#[test]
fn what_was_acknowledged_apart_is_kept_in_a_file() {
    let mut node = Node::in_cluster_of(2, Quorum::ByRule);
    node.configure(CONFIGURATION);
    let elsewhere = Edited { membership: 1 << 8 | 1, admin_epoch: 0, epoch: 9 };
    joins_with_a_better_copy(&mut node, vec![elsewhere]);
    let [aside] = node.aside.as_slice() else { panic!("{:?}", node.aside) };
    assert!(aside.contains("fence_test"), "{aside}");
}

#[test]
fn what_the_others_have_as_well_needs_no_file() {
    let mut node = Node::in_cluster_of(2, Quorum::ByRule);
    node.configure(CONFIGURATION);
    let mine = Edited { membership: 1 << 8, admin_epoch: 0, epoch: 8 };
    let theirs = Edited { membership: 2 << 8 | 1, epoch: 9, ..mine };
    joins_with_a_better_copy(&mut node, vec![mine, theirs]);
    assert_eq!(node.aside, [""; 0]);
}

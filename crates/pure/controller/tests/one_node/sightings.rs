//! Who was alive with quorum, though the best copy does not know: nobody takes over what it may run.

use controller::Input;
use model::{NodeId, OcfCode, Outcome, Quorum};
use wire::Message;
use wire::peer::{Hello, Sighting};

use crate::node::{ME, Node};

const OTHERS: [NodeId; 2] = [NodeId(2), NodeId(3)];
const LATE: NodeId = NodeId(5);

const CONFIGURATION: &str = r##"<configuration>
  <crm_config><cluster_property_set id="o">
    <nvpair id="o-p" name="no-quorum-policy" value="freeze"/>
    <nvpair id="o-s" name="startup-fencing" value="false"/>
  </cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/>
    <node id="4" uname="n4"/><node id="5" uname="n5"/></nodes>
  <resources>
    <primitive id="power" class="stonith" type="fence_test">
      <instance_attributes id="power-a">
        <nvpair id="power-hosts" name="pcmk_host_list" value="n5"/>
      </instance_attributes>
    </primitive>
    <primitive id="db" class="ocf" provider="test" type="db"/>
  </resources>
  <constraints>
    <rsc_location id="not-probed" rsc-pattern="^(power|db)$" resource-discovery="never">
      <rule id="not-probed-rule" score="-INFINITY" boolean-op="or">
        <expression id="not-n2" attribute="#uname" operation="eq" value="n2"/>
        <expression id="not-n3" attribute="#uname" operation="eq" value="n3"/>
      </rule>
    </rsc_location>
    <rsc_location id="device" rsc="power" node="n5" score="-INFINITY"/>
    <rsc_location id="late" rsc="db" node="n5" score="200"/>
    <rsc_location id="me" rsc="db" node="n1" score="100"/>
  </constraints>
</configuration>"##;

fn answer(task: &str) -> Outcome {
    Outcome::done(if task == "monitor" { OcfCode::NOT_RUNNING } else { OcfCode::OK })
}

/// A membership in which others say the same as this node, but for what `alter` makes of it.
fn meets(node: &mut Node, id: u64, quorum: Quorum, others: &[NodeId], alter: impl Fn(&mut Hello)) {
    let members: Vec<NodeId> = [ME].iter().chain(others).copied().collect();
    node.member_of(id, &members, quorum);
    let [Message::Hello(mine)] = node.under_way.as_slice() else { panic!("{:?}", node.under_way) };
    let mut theirs = mine.clone();
    theirs.doubtful = false;
    alter(&mut theirs);
    node.deliver();
    for other in others {
        let hello = Message::Hello(theirs.clone());
        node.step(Input::Delivered { from: *other, message: Box::new(hello) });
    }
}

/// Three of five, with promises on all disks, and everything done.
fn with_two_others() -> Node {
    let mut node = Node::new(5);
    meets(&mut node, 1, Quorum::Majority, &OTHERS, |_| ());
    for other in OTHERS {
        node.stored_by(other, 1, u64::MAX);
    }
    node.configure(CONFIGURATION);
    node.wait_seconds(21);
    node.run(answer);
    node
}

/// How often `LATE` was fenced by a majority of whom one has seen it so.
fn fencings(seen: &[Sighting]) -> usize {
    let mut node = with_two_others();
    meets(&mut node, 2, Quorum::Majority, &OTHERS, |theirs| theirs.sightings = seen.to_vec());
    node.run(answer);
    node.runs.iter().filter(|run| run.task == "reboot").count()
}

#[test]
fn who_was_seen_with_quorum_is_lost_unless_a_promise_tells_of_its_end() {
    let seen = Sighting { node: LATE.0, incarnation: 7, promised: None };
    assert_eq!(fencings(&[]), 0, "nobody has ever seen it");
    assert_eq!(fencings(&[seen]), 1);
    assert_eq!(fencings(&[Sighting { promised: Some(0), ..seen }]), 0, "the copy knows");
    assert_eq!(fencings(&[Sighting { node: 77, ..seen }]), 0, "no node of this cluster");
}

/// What is done to `db` when `LATE` comes after quorum was lost.
fn frozen(known_to_quorum: bool) -> Vec<String> {
    let mut node = with_two_others();
    let before = node.runs.len();
    assert!(node.tasks().contains(&"db start".to_owned()), "{:?}", node.tasks());
    meets(&mut node, 2, Quorum::No, &[LATE], |theirs| {
        theirs.known_to_quorum = known_to_quorum;
        theirs.formed_with.clear();
    });
    node.run(answer);
    node.tasks().split_off(before)
}

#[test]
fn without_quorum_nothing_moves_to_one_of_whom_no_later_quorum_knows() {
    assert_eq!(frozen(false), [""; 0]);
    assert!(frozen(true).contains(&"db stop".to_owned()), "{:?}", frozen(true));
}

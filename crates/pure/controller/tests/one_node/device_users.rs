//! A device that fails in one member's hands is tried by another.

use cib::Document;
use controller::Restored;
use model::{NodeId, OcfCode, Outcome, Quorum};
use wire::api::Event;

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

/// One of two members, whose fence agent fails, of a cluster that has lost its third node; who used
/// the device, in turn. The other one's agent never answers.
fn users(constraints: &str) -> Vec<String> {
    let document = format!(
        r#"<cib validate-with="pacemaker-4.0" epoch="1"><configuration><crm_config/>
             <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
             <resources><primitive id="power" class="stonith" type="fence_test">
               <instance_attributes id="power-a">
                 <nvpair id="power-hosts" name="pcmk_host_list" value="n3"/>
               </instance_attributes></primitive></resources>
             <constraints>{constraints}</constraints></configuration>
           <status><node_state id="3" uname="n3" in_ccm="true" crmd="online" join="member"
             expected="member"/></status></cib>"#
    );
    let configuration = Some(Document::parse(&document).expect("it is a document"));
    let mut node = Node::restored(3, Restored { configuration, ..Restored::default() });
    node.member_of(1, &[ME, OTHER], Quorum::Majority);
    node.deliver_echoing(&[OTHER]);
    node.stored_by(OTHER, 1, 0);
    node.settle();
    node.wait_seconds(21);
    node.run(|task| match task {
        "monitor" => Outcome::done(OcfCode::NOT_RUNNING),
        _ => Outcome::done(OcfCode::GENERIC),
    });
    let used = node.events.into_iter().filter_map(|event| {
        let Event::Fencing { by, action, .. } = event else { return None };
        (action == "reboot").then_some(by)
    });
    used.collect()
}

#[test]
fn the_second_try_is_another_member_s() {
    assert_eq!(users(""), ["n1", "n2"]);
}

#[test]
fn but_not_of_one_that_the_device_is_kept_from() {
    let ban = |node: u32| {
        format!(r#"<rsc_location id="l" rsc="power" node="n{node}" score="-INFINITY"/>"#)
    };
    assert_eq!(users(&ban(2)), ["n1", "n1"]);
    assert_eq!(users(&ban(1)), ["n2"]);
}

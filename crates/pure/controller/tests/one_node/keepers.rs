//! One of two nodes that have quorum alone edits only what the other cannot have edited meanwhile.

use cib::Document;
use controller::{Input, Restored};
use model::{NodeId, OcfCode, Outcome, Quorum};
use wire::api::{Change, Edit, Event, Refused, Reply, Request};

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

fn configuration(options: &str) -> Document {
    let text = format!(
        r#"<cib validate-with="pacemaker-4.0" epoch="1"><configuration>
          <crm_config><cluster_property_set id="o">{options}</cluster_property_set></crm_config>
          <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
          <resources>
            <primitive id="power" class="stonith" type="fence_test">
              <instance_attributes id="power-a">
                <nvpair id="power-hosts" name="pcmk_host_list" value="n2"/>
              </instance_attributes>
            </primitive>
          </resources>
          <constraints/>
        </configuration><status/></cib>"#
    );
    Document::parse(&text).expect("it is a document")
}

/// A daemon that starts with what was last written in this membership of machines: its own and
/// the other's, whose daemon is not there.
fn boots_beside_a_machine_without_daemon(restored: Restored) -> Node {
    let mut node = Node::of_pair(restored);
    node.member_of(1, &[ME], Quorum::ByRule);
    node.settle();
    node
}

fn stored(options: &str) -> Restored {
    Restored { configuration: Some(configuration(options)), ..Restored::default() }
}

fn ask(node: &mut Node, change: Change) {
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 1, caller: wire::api::Caller::free("root"), request });
    node.settle();
}

fn edit(node: &mut Node, id: &str) -> Option<Reply> {
    node.replies.clear();
    let xml = format!(r#"<nvpair id="{id}" name="{id}" value="1"/>"#);
    let parent = "//cluster_property_set".to_owned();
    ask(node, Change::Edit { edits: vec![Edit::Create { parent, xml }] });
    node.replies.pop()
}

fn is_done(reply: Option<&Reply>) -> bool {
    matches!(reply, Some(Reply::Done { .. }))
}

fn refused_for_the_other() -> Option<Reply> {
    Some(Reply::Refused(Refused::MayBeOlder { nodes: vec!["n2".to_owned()] }))
}

fn works(task: &str) -> Outcome {
    Outcome::done(if task == "monitor" { OcfCode::NOT_RUNNING } else { OcfCode::OK })
}

fn fails(_: &str) -> Outcome {
    Outcome::done(OcfCode::GENERIC)
}

fn fencings(node: &Node) -> usize {
    node.runs.iter().filter(|run| run.task == "reboot").count()
}

#[test]
fn who_boots_alone_recovers_but_does_not_edit_before_an_operator_gives_the_other_copy_up() {
    let mut node = boots_beside_a_machine_without_daemon(stored(""));
    assert_eq!(edit(&mut node, "a"), refused_for_the_other());
    let lineage = node.lineage();
    let told = Event::MayBeOlder { nodes: vec!["n2".to_owned()] };
    assert!(node.events.contains(&told), "{:?}", node.events);
    node.wait_seconds(21);
    node.run(works);
    assert_eq!(fencings(&node), 1, "what it may run is taken over: {:?}", node.tasks());
    assert_eq!(edit(&mut node, "a"), refused_for_the_other(), "off, with a newer copy perhaps");
    assert_eq!(node.lineage(), lineage, "a newer copy wins when it is back");

    ask(&mut node, Change::ConfirmOff { node: "n2".to_owned() });
    assert!(is_done(edit(&mut node, "a").as_ref()), "{:?}", node.replies);

    // The word outlives the daemon.
    let (restored, _) = Restored::from_records(node.records);
    let mut node = boots_beside_a_machine_without_daemon(restored);
    assert!(is_done(edit(&mut node, "b").as_ref()), "{:?}", node.replies);
}

#[test]
fn who_has_not_come_is_waited_for_as_long_as_an_operator_does() {
    let long = r#"<nvpair id="d" name="dc-deadtime" value="10min"/>"#;
    let mut node = boots_beside_a_machine_without_daemon(stored(long));
    node.wait_seconds(500);
    node.run(works);
    assert_eq!(fencings(&node), 0, "{:?}", node.tasks());
    ask(&mut node, Change::WaitNoMore);
    node.run(works);
    assert_eq!(fencings(&node), 1, "{:?}", node.tasks());
}

#[test]
fn without_fencing_nothing_is_waited_for() {
    let off = r#"<nvpair id="f" name="stonith-enabled" value="FALSE"/>"#;
    let mut node = boots_beside_a_machine_without_daemon(stored(off));
    assert!(is_done(edit(&mut node, "a").as_ref()), "{:?}", node.replies);
}

#[test]
fn a_disk_that_lost_something_is_none_of_a_majority_s() {
    let damaged = Restored { doubtful: true, ..stored("") };
    let others = [OTHER, NodeId(3)];
    let mut node = Node::restored(3, damaged);
    node.member_of(1, &[ME, OTHER], Quorum::Majority);
    node.deliver_echoing(&[OTHER]);
    node.settle();
    let missing = Refused::MayBeOlder { nodes: vec!["n3".to_owned()] };
    assert_eq!(edit(&mut node, "a"), Some(Reply::Refused(missing)));
    let (restored, _) = Restored::from_records(node.records.clone());
    assert!(restored.doubtful, "it is known to the next life");

    node.member_of(2, &[ME, OTHER, others[1]], Quorum::Majority);
    node.deliver_echoing(&others);
    node.settle();
    node.stored_by(OTHER, 2, 0);
    edit(&mut node, "a");
    node.stored_by(OTHER, 2, 1);
    assert!(is_done(node.replies.last()), "{:?}", node.replies);
    let (restored, _) = Restored::from_records(node.records);
    assert!(!restored.doubtful, "it has what all together have");
}

/// Both together, this one being the coordinator, and then the other is lost. `bound`: its disk
/// held what they had begun with.
fn loses_the_other(bound: bool) -> Node {
    let mut node = Node::of_pair(stored(""));
    node.member_of(1, &[ME, OTHER], Quorum::ByRule);
    node.deliver_echoing(&[OTHER]);
    node.settle();
    if bound {
        node.stored_by(OTHER, 1, 0);
    }
    node.member_of(2, &[ME], Quorum::ByRule);
    node.settle();
    node
}

#[test]
fn an_edit_waits_until_who_was_lost_is_proven_off() {
    let mut node = loses_the_other(true);
    assert_eq!(edit(&mut node, "a"), None, "it waits");
    node.run(works);
    assert_eq!(fencings(&node), 1, "{:?}", node.tasks());
    assert!(is_done(node.replies.last()), "{:?}", node.replies);
    assert!(is_done(edit(&mut node, "b").as_ref()), "{:?}", node.replies);
}

#[test]
fn an_edit_that_waits_for_a_proof_is_refused_when_there_is_none() {
    let mut node = loses_the_other(true);
    assert_eq!(edit(&mut node, "a"), None, "it waits");
    node.run(fails);
    assert_eq!(node.replies.pop(), refused_for_the_other());
}

#[test]
fn who_was_lost_before_its_disk_knew_of_us_may_edit_without_us() {
    let mut node = loses_the_other(false);
    node.run(works);
    assert_eq!(fencings(&node), 1, "{:?}", node.tasks());
    assert_eq!(edit(&mut node, "a"), refused_for_the_other());
}

#[test]
fn nothing_is_edited_together_before_both_disks_name_both() {
    let mut node = Node::of_pair(stored(""));
    node.member_of(1, &[ME, OTHER], Quorum::ByRule);
    node.deliver_echoing(&[OTHER]);
    node.settle();
    assert_eq!(edit(&mut node, "a"), None);
    node.stored_by(OTHER, 1, 0);
    node.settle();
    assert_eq!(node.replies, [], "applied, and not yet on both disks");
    node.stored_by(OTHER, 1, 1);
    assert!(is_done(node.replies.last()), "{:?}", node.replies);
}

#[test]
fn whose_disk_keeps_all_from_editing_is_said() {
    let mut node = Node::of_pair(stored(""));
    node.member_of(1, &[ME, OTHER], Quorum::ByRule);
    node.deliver_echoing(&[OTHER]);
    node.settle();
    let reason = "no space left".to_owned();
    let refused = wire::Message::NotStored { membership: 1, number: 0, reason };
    node.step(Input::Delivered { from: OTHER, message: Box::new(refused) });
    let Some(Reply::Refused(Refused::NotStored { reason })) = edit(&mut node, "a") else {
        panic!("{:?}", node.replies)
    };
    assert!(reason.contains("n2: no space left"), "{reason}");
    let seen = |node: &mut Node| {
        node.step(Input::Asked {
            client: 2,
            caller: wire::api::Caller::free("root"),
            request: Request::Document,
        });
        match node.replies.pop() {
            Some(Reply::Document { cluster, .. }) => cluster.unwritten,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(seen(&mut node), ["n2"]);
    node.stored_by(OTHER, 1, 0);
    assert!(seen(&mut node).is_empty());
}

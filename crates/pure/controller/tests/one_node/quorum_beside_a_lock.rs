//! Those who had quorum last decide, and of two halves of them the one that holds the lock on a disk.

use controller::{Input, Record, Restored};
use model::{NodeId, Quorum};
use wire::Message;
use wire::api::{Caller, Change, Request};
use wire::peer::{Base, Evidence, Fenced, Hello};

use crate::node::{ME, Node};

const SECOND: NodeId = NodeId(2);
const THIRD: NodeId = NodeId(3);
const FOURTH: NodeId = NodeId(4);

fn file() -> String {
    let node = |id| format!("node {{\nname: n{id}\nnodeid: {id}\nring0_addr: 10.0.0.{id}\n}}\n");
    let nodes: String = (1..=4).map(node).collect();
    let device = "device {\nmodel: sanlock\nvotes: 1\nsanlock {\npath: /dev/sdd1\n}\n}\n";
    format!(
        "totem {{\nversion: 2\nconfig_version: 1\n}}\nnodelist {{\n{nodes}}}\nquorum {{\n\
         provider: corosync_votequorum\n{device}}}\n"
    )
}

/// One of four that have a lock on a disk, and start.
fn started(base: Base) -> Node {
    Node::restored(4, Restored { fabric_file: Some(file()), base, ..Restored::default() })
}

/// The same; all of them are together.
fn together() -> Node {
    let mut node = started(Base::default());
    node.joined(1, &[SECOND, THIRD, FOURTH], Quorum::ByRule);
    node
}

fn confirm_off(node: &mut Node, name: &str) {
    let change = Change::ConfirmOff { node: name.to_owned() };
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 7, caller: Caller::free("root"), request });
    node.settle();
}

fn counted(node: &Node) -> &[Vec<u32>] {
    node.voter_knows.as_ref().map_or(&[], |(sets, _)| sets)
}

#[test]
fn half_of_them_goes_on_with_the_lock_only() {
    for (said, goes_on) in [(Quorum::ByDevice, true), (Quorum::ByRule, false), (Quorum::No, false)]
    {
        let mut node = together();
        node.joined(2, &[SECOND], said);
        assert_eq!(node.had_quorum(), Some(goes_on), "{said:?}");
        assert_eq!(counted(&node), [[1, 2, 3, 4]], "the other half counts as before");
    }
}

#[test]
fn one_after_the_other_may_be_lost_until_one_is_left() {
    let mut node = together();
    node.joined(2, &[SECOND, THIRD], Quorum::ByRule);
    assert_eq!((node.had_quorum(), counted(&node)), (Some(true), [vec![1, 2, 3]].as_slice()));
    node.joined(3, &[SECOND], Quorum::ByRule);
    assert_eq!((node.had_quorum(), counted(&node)), (Some(true), [vec![1, 2]].as_slice()));
    node.joined(4, &[], Quorum::ByDevice);
    assert_eq!((node.had_quorum(), counted(&node)), (Some(true), [vec![1, 2]].as_slice()));
    // The second is known to be off: nobody else has a half any more.
    confirm_off(&mut node, "n2");
    assert_eq!(counted(&node), [[1]]);
    assert_eq!(node.expects, [5, 4, 3, 2], "the lock's vote is one of them");
    node.joined(5, &[], Quorum::ByRule);
    assert_eq!(node.had_quorum(), Some(true), "without the lock");
}

#[test]
fn half_of_them_is_the_base_when_the_others_are_known_to_be_off() {
    let mut node = together();
    node.member_of(2, &[ME, SECOND], Quorum::ByDevice);
    node.deliver_echoing(&[SECOND]);
    node.stored_by(SECOND, 2, 0);
    node.step(Input::Delivered { from: SECOND, message: fenced("n3") });
    node.settle();
    assert_eq!(counted(&node), [[1, 2, 3, 4]], "the fourth may be there");
    node.step(Input::Delivered { from: SECOND, message: fenced("n4") });
    assert_eq!(counted(&node), [vec![1, 2, 3, 4], vec![1, 2]], "not on all disks");
    node.settle();
    assert_eq!(counted(&node).len(), 2, "the second's has not answered");
    node.stored_by_all(2, &[SECOND]);
    assert_eq!(counted(&node), [[1, 2]]);
    assert_eq!(node.expects.last(), Some(&3));
}

#[test]
fn what_is_settled_outlives_the_machine() {
    let mut node = together();
    node.joined(2, &[SECOND], Quorum::ByDevice);
    confirm_off(&mut node, "n3");
    confirm_off(&mut node, "n4");
    node.stored_by_all(2, &[SECOND]);
    let mut bases = node.records.iter().filter_map(|record| {
        if let Record::Snapshot(whole) = record { Some(&whole.base) } else { None }
    });
    let Base { sought, settled, sets } = bases.next_back().expect("it is written down").clone();
    assert_eq!(
        (sought == settled, sets),
        (true, vec![vec![1, 2]]),
        "half of four would be too few"
    );
}

/// They live, and would take the lock that nobody needs any more.
#[test]
fn who_is_only_kept_from_the_storage_counts_on() {
    let mut node = together();
    node.configure(
        r#"<configuration><crm_config/><nodes/><resources>
          <primitive id="f" class="stonith" type="fence_mpath"><meta_attributes id="f-m">
            <nvpair id="f-p" name="provides" value="unfencing"/>
          </meta_attributes></primitive>
        </resources><constraints/></configuration>"#,
    );
    node.joined(2, &[SECOND], Quorum::ByDevice);
    for name in ["n3", "n4"] {
        node.step(Input::Delivered { from: SECOND, message: fenced(name) });
        node.settle();
    }
    node.stored_by_all(2, &[SECOND]);
    assert_eq!(counted(&node), [[1, 2, 3, 4]]);
}

/// Its machine may have been reset for the other half to go on.
#[test]
fn who_had_no_quorum_since_it_started_does_not_count_to_a_half() {
    let mut node = started(Base { sought: 3, settled: 3, sets: vec![vec![1, 2]] });
    node.joined(2, &[THIRD, FOURTH], Quorum::ByDevice);
    assert_eq!(node.had_quorum(), Some(false));
    assert_eq!(node.voter_knows, Some((vec![vec![1, 2]], false)), "it takes the lock from nobody");
    node.joined(3, &[SECOND], Quorum::ByRule);
    assert_eq!(node.had_quorum(), Some(true), "both of them");
    assert_eq!(node.voter_knows, Some((vec![vec![1, 2]], true)));
}

#[test]
fn who_comes_back_to_a_half_takes_nothing_from_it() {
    let mut node = together();
    node.joined(2, &[SECOND], Quorum::ByDevice);
    node.member_of(3, &[ME, SECOND, FOURTH], Quorum::ByRule);
    let [Message::Hello(mine)] = node.under_way.as_slice() else { panic!("{:?}", node.under_way) };
    let returned = Hello { name: "n4".to_owned(), seen_quorum: false, ..(**mine).clone() };
    node.deliver_echoing(&[SECOND]);
    let message = Box::new(Message::Hello(Box::new(returned)));
    node.step(Input::Delivered { from: FOURTH, message });
    assert_eq!(node.had_quorum(), Some(true), "three of four");
}

#[test]
fn corosync_is_told_to_expect_fewer_where_it_counts_nodes_that_do_not_count() {
    let mut node = together();
    node.joined(2, &[SECOND, THIRD], Quorum::ByRule);
    node.expects.clear();
    node.joined(3, &[SECOND], Quorum::No);
    assert_eq!((node.had_quorum(), node.expects.as_slice()), (Some(false), [4].as_slice()));
    let mut few = together();
    few.expects.clear();
    few.joined(2, &[], Quorum::No);
    assert!(few.expects.is_empty(), "one of four is not meant to have quorum");
}

fn fenced(target: &str) -> Box<Message> {
    let by = "n2".to_owned();
    Box::new(Message::Fenced(Box::new(Fenced {
        request: 1,
        target: target.to_owned(),
        target_id: target.trim_start_matches('n').to_owned(),
        incarnation: 1,
        action: "reboot".to_owned(),
        evidence: Some(Evidence::Devices { devices: vec!["f".to_owned()], by }),
        reason: String::new(),
        digests_all: None,
        digests_secure: None,
        at: 0,
        forgotten: false,
    })))
}

//! Those who had quorum last decide, not what Corosync counts.

use std::time::Duration;

use controller::{Input, Restored};
use model::{NodeId, Quorum};
use wire::Message;
use wire::api::{Change, Event, Request};
use wire::peer::{Base, Hello};

use crate::node::{ME, Node};

const SECOND: NodeId = NodeId(2);
const THIRD: NodeId = NodeId(3);
const FOURTH: NodeId = NodeId(4);

const CONFIGURATION: &str = r#"<configuration>
  <crm_config><cluster_property_set id="o">
    <nvpair id="o-w" name="fencing-watchdog-timeout" value="40s"/>
  </cluster_property_set></crm_config><nodes/><resources/><constraints/>
</configuration>"#;

/// An edition for four nodes, by which Corosync counts anew after each loss, or does not.
fn file(edition: u64, rule: &str) -> String {
    let node = |id| format!("node {{\nname: n{id}\nnodeid: {id}\nring0_addr: 10.0.0.{id}\n}}\n");
    let nodes: String = (1..=4).map(node).collect();
    format!(
        "totem {{\nversion: 2\ntoken: 1000\nconfig_version: {edition}\n}}\nnodelist {{\n{nodes}}}\nquorum {{\n\
         provider: corosync_votequorum\n{rule}}}\n"
    )
}

/// One of four whose file has Corosync count anew after each loss; all of them are together.
fn together() -> Node {
    let file = Some(file(1, "last_man_standing: 1\n"));
    let restored = Restored { fabric_file: file, ..Restored::default() };
    let mut node = Node::started(4, restored, Some(Duration::from_secs(40)));
    node.joined(1, &[SECOND, THIRD, FOURTH], Quorum::Majority);
    node.configure(CONFIGURATION);
    node.stored_by_all(1, &[SECOND, THIRD, FOURTH]);
    node
}

/// What the node last said that it remembers.
fn remembered(node: &mut Node, membership: u64) -> Base {
    node.member_of(membership, &[ME], Quorum::No);
    let said = node.under_way.iter().find_map(|message| {
        if let Message::Hello(hello) = message { Some(hello.base.clone()) } else { None }
    });
    said.expect("it introduces itself")
}

#[test]
fn most_of_the_rest_have_quorum_and_one_of_it_with_others_has_not() {
    let mut node = together();
    node.joined(2, &[SECOND, THIRD], Quorum::Majority);
    assert_eq!(node.had_quorum(), Some(true));
    let mut apart = together();
    apart.joined(2, &[SECOND, THIRD], Quorum::Majority);

    node.joined(3, &[SECOND], Quorum::ByRule);
    assert_eq!(node.had_quorum(), Some(true), "two of three");
    assert!(node.may_live());

    // The fourth was not there last. Corosync counts two of three here, too.
    apart.joined(3, &[FOURTH], Quorum::ByRule);
    assert_eq!(apart.had_quorum(), Some(false));
    let told = Event::QuorumIsOthers { nodes: vec!["n2".to_owned(), "n3".to_owned()] };
    assert!(apart.events.contains(&told), "{:?}", apart.events);
    assert!(!apart.may_live(), "the others count on that");
}

#[test]
fn what_is_not_on_all_disks_needs_the_ones_before_as_well() {
    let mut node = together();
    node.member_of(2, &[ME, SECOND, THIRD], Quorum::Majority);
    node.deliver_echoing(&[SECOND, THIRD]);
    node.settle();
    let Base { sought, settled, sets } = remembered(&mut node, 3);
    assert_eq!((settled < sought, sets), (true, vec![vec![1, 2, 3, 4], vec![1, 2, 3]]));
    node.joined(4, &[SECOND], Quorum::ByRule);
    assert_eq!(node.had_quorum(), Some(false), "most of three, and half of four");
    node.joined(5, &[SECOND, FOURTH], Quorum::Majority);
    assert_eq!(node.had_quorum(), Some(true));
}

#[test]
fn who_hears_of_a_newer_base_goes_by_it() {
    let mut node = together();
    node.member_of(2, &[ME, FOURTH], Quorum::Majority);
    let [Message::Hello(mine)] = node.under_way.as_slice() else { panic!("{:?}", node.under_way) };
    let base = Base { sought: 9, settled: 9, sets: vec![vec![2, 3, 4]] };
    let theirs = Hello { name: "n4".to_owned(), base, ..(**mine).clone() };
    node.deliver();
    let message = Box::new(Message::Hello(Box::new(theirs)));
    node.step(Input::Delivered { from: FOURTH, message });
    assert_eq!(node.had_quorum(), Some(false), "whatever Corosync says: two of four, of three one");
}

#[test]
fn who_waits_no_more_for_them_makes_those_who_are_here_the_base() {
    let mut node = together();
    node.joined(2, &[SECOND], Quorum::ByRule);
    assert_eq!(node.had_quorum(), Some(false), "half of those who were there");
    let request = Request::Change { change: Change::WaitNoMore, force: false, based_on: None };
    node.step(Input::Asked { client: 7, caller: wire::api::Caller::free("root"), request });
    node.settle();
    assert_eq!(node.had_quorum(), Some(true));
    node.joined(3, &[SECOND], Quorum::ByRule);
    assert_eq!(node.had_quorum(), Some(true), "and next time");
}

fn leaves(node: &mut Node, who: NodeId) {
    node.step(Input::Delivered { from: who, message: Box::new(Message::Leaving) });
    node.settle();
}

#[test]
fn who_leaves_in_peace_costs_no_quorum() {
    let mut node = together();
    for (membership, (who, rest)) in
        (2..).zip([(FOURTH, [SECOND, THIRD].as_slice()), (THIRD, &[SECOND]), (SECOND, &[])])
    {
        leaves(&mut node, who);
        // Its Corosync stays, and votes.
        node.joined(membership, rest, Quorum::Majority);
        assert_eq!(node.had_quorum(), Some(true), "without {who:?}");
    }
    assert!(node.may_live());
}

/// More than half of four, and more than half of two of these, may be strangers.
#[test]
fn two_that_leave_at_once_leave_one_after_the_other() {
    let mut node = together();
    leaves(&mut node, FOURTH);
    leaves(&mut node, THIRD);
    node.joined(2, &[SECOND], Quorum::Majority);
    assert_eq!(node.had_quorum(), Some(true), "the third is lost, not gone: two of three");
    let Base { sets, .. } = remembered(&mut node, 3);
    assert_eq!(sets, vec![vec![1, 2]]);

    let mut leaver = together();
    leaves(&mut leaver, FOURTH);
    leaver.step(Input::Delivered { from: ME, message: Box::new(Message::Leaving) });
    assert!(leaver.exit.is_none(), "the next membership lets it go");
}

#[test]
fn an_operator_s_word_that_one_of_them_is_off_may_be_all_that_is_missing() {
    let mut node = together();
    node.joined(2, &[SECOND], Quorum::ByRule);
    assert_eq!(node.had_quorum(), Some(false), "half of four");
    let change = Change::ConfirmOff { node: "n4".to_owned() };
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 7, caller: wire::api::Caller::free("root"), request });
    node.settle();
    assert_eq!(node.had_quorum(), Some(true), "two of three");
}

#[test]
fn what_the_file_asks_for_no_more_is_forgotten_when_all_are_together() {
    let mut node = together();
    node.joined(2, &[SECOND, THIRD], Quorum::Majority);
    let change = Change::FabricFile { text: file(2, "") };
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 9, caller: wire::api::Caller::free("root"), request });
    node.settle();
    node.joined(3, &[SECOND, FOURTH], Quorum::Majority);
    assert_eq!(node.had_quorum(), Some(true), "two of three, whatever is asked for");
    node.joined(4, &[SECOND, THIRD, FOURTH], Quorum::Majority);
    // Nobody has to wait for anything to be settled now.
    leaves(&mut node, FOURTH);
    leaves(&mut node, THIRD);
    node.step(Input::Delivered { from: ME, message: Box::new(Message::Leaving) });
    assert!(node.exit.is_some());
}

/// A daemon that stands still holds the others' forming up until they are without it.
#[test]
fn while_a_membership_forms_the_watchdog_is_fed_by_the_order_of_before() {
    let mut node = together();
    node.member_of(2, &[ME, SECOND, THIRD], Quorum::Majority);
    for _ in 0..5 {
        assert!(node.may_live());
        node.wait_seconds(5);
        node.under_way.retain(|message| matches!(message, Message::Beat { .. }));
        node.deliver();
    }
    assert!(!node.may_live(), "half its time has passed, whatever comes back meanwhile");

    let mut apart = together();
    apart.member_of(2, &[ME, FOURTH], Quorum::ByRule);
    assert!(!apart.may_live(), "half of those who were there, by its own memory");
}

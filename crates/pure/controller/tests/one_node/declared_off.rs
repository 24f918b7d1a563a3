//! A fencing ends the life that it was for, and no later one.

use controller::{ExitReason, Input};
use model::{NodeId, Quorum};
use wire::Message;
use wire::api::{Caller, Change, Reply, Request};
use wire::peer::{Evidence, Fenced, Hello, Snapshot};

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

/// Why this node's daemon, in its first life, ends when this life of it is announced as fenced.
fn ends_for(life: u64) -> Option<ExitReason> {
    let mut node = Node::new(3);
    node.member_of(1, &[ME, OTHER], Quorum::Majority);
    node.deliver_echoing(&[OTHER]);
    node.step(announced(life));
    node.exit
}

fn announced(life: u64) -> Input {
    let fenced = Box::new(fenced(life));
    Input::Delivered { from: OTHER, message: Box::new(Message::Fenced(fenced)) }
}

fn fenced(life: u64) -> Fenced {
    Fenced {
        request: 1,
        target: "n1".to_owned(),
        target_id: "1".to_owned(),
        incarnation: life,
        action: "reboot".to_owned(),
        evidence: Some(Evidence::Devices { devices: vec!["f".to_owned()], by: "n2".to_owned() }),
        reason: String::new(),
        digests_all: None,
        digests_secure: None,
        at: 0,
        forgotten: false,
    }
}

/// Whose fencings this node tells of, after it was asked for `change`.
fn told_after(node: &mut Node, change: Change) -> Vec<String> {
    let ask = |node: &mut Node, request| {
        let caller = Caller::free("root");
        node.replies.clear();
        node.step(Input::Asked { client: 9, caller, request });
        node.deliver_echoing(&[OTHER]);
        node.replies.pop().expect("there is an answer")
    };
    let done = ask(node, Request::Change { change, force: false, based_on: None });
    assert!(matches!(done, Reply::Done { .. }), "{done:?}");
    let Reply::Document { cluster, .. } = ask(node, Request::Document) else { panic!("no view") };
    cluster.fencings.into_iter().map(|past| past.target).collect()
}

#[test]
fn past_fencings_are_forgotten_by_name_or_all() {
    let mut node = Node::new(3);
    node.member_of(1, &[ME, OTHER], Quorum::Majority);
    node.deliver_echoing(&[OTHER]);
    node.step(announced(7));
    let forget = |of: Option<&str>| Change::ForgetFencings { node: of.map(str::to_owned) };
    assert_eq!(told_after(&mut node, forget(Some("n2"))), ["n1"]);
    assert_eq!(told_after(&mut node, forget(None)), [""; 0]);
}

#[test]
fn what_the_others_forgot_still_ends_the_life_that_it_was_for() {
    for (life, exit) in [(1, Some(ExitReason::Fenced)), (7, None)] {
        let mut node = Node::new(3);
        node.member_of(1, &[ME, OTHER], Quorum::Majority);
        let [Message::Hello(mine)] = node.under_way.as_slice() else {
            panic!("{:?}", node.under_way)
        };
        let lineage = u64::MAX;
        let theirs = Hello { name: "n2".to_owned(), lineage, digest: 0, ..(**mine).clone() };
        node.deliver();
        let snapshot = Snapshot {
            membership: 1,
            document: "<cib validate-with=\"pacemaker-4.0\"><configuration/></cib>".to_owned(),
            lineage,
            pedigree: Vec::new(),
            earlier: None,
            fencings: vec![Fenced { forgotten: true, ..fenced(life) }],
            orders: Vec::new(),
            fabric_file: None,
            attributes: Vec::new(),
        };
        let hello = Message::Hello(Box::new(theirs));
        for message in [hello, Message::Snapshot(Box::new(snapshot))] {
            node.step(Input::Delivered { from: OTHER, message: Box::new(message) });
        }
        assert_eq!(node.exit, exit, "life {life}");
    }
}

#[test]
fn nor_for_another_where_the_word_came_to_a_membership_that_never_formed() {
    let mut node = Node::new(3);
    node.member_of(1, &[ME, OTHER], Quorum::Majority);
    node.step(announced(7));
    node.member_of(2, &[ME, OTHER], Quorum::Majority);
    assert_eq!(node.exit, None);
}

#[test]
fn a_daemon_ends_for_its_own_life_only() {
    assert_eq!(ends_for(1), Some(ExitReason::Fenced));
    assert_eq!(ends_for(7), None, "the machine was off, and this is what it started since");
    assert_eq!(ends_for(0), None, "so it was when nobody had seen the life before");
}

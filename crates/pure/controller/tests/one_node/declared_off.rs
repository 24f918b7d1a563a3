//! A fencing ends the life that it was for, and no later one.

use controller::{ExitReason, Input};
use model::{NodeId, Quorum};
use wire::Message;
use wire::peer::{Evidence, Fenced};

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
    let fenced = Fenced {
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
    };
    Input::Delivered { from: OTHER, message: Box::new(Message::Fenced(Box::new(fenced))) }
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

//! The machines of a majority are there, but few daemons: another majority may come that shares no
//! disk with these.

use model::{NodeId, Quorum};
use wire::api::{Refused, Reply};

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

/// One of three nodes, together with another, whose disk has what the membership starts from.
fn with_another() -> Node {
    let mut node = Node::new(3);
    node.member_of(1, &[ME, OTHER], Quorum::Majority);
    node.deliver_echoing(&[OTHER]);
    node.stored_by(OTHER, 1, 0);
    node.settle();
    node
}

#[test]
fn what_one_disk_has_is_not_acknowledged_when_the_other_daemon_is_gone() {
    let mut node = with_another();
    node.configure(
        "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>",
    );
    assert_eq!(node.replies, [], "the other disk did not answer");
    node.member_of(2, &[ME], Quorum::Majority);
    node.settle();
    assert_eq!(node.replies, [], "nor will it in this membership");
}

#[test]
fn nothing_is_edited_and_said_why() {
    let mut node = with_another();
    node.member_of(2, &[ME], Quorum::Majority);
    node.settle();
    node.configure(
        "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>",
    );
    let [Reply::Refused(Refused::NotStored { reason })] = node.replies.as_slice() else {
        panic!("{:?}", node.replies)
    };
    assert_eq!(reason, "1 of 3 nodes are here with their daemon, and it takes 2 to keep it");
}

#[test]
fn its_copy_does_not_outrank_what_others_keep() {
    let mut node = with_another();
    let before = node.lineage();
    node.member_of(2, &[ME], Quorum::Majority);
    node.settle();
    assert_eq!(node.lineage(), before);
    node.member_of(3, &[ME], Quorum::ByRule);
    node.settle();
    assert!(node.lineage() > before, "by a rule that says that it may");
}

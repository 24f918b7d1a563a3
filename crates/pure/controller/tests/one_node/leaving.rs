//! Who said good-bye is not lost.

use controller::Input;
use model::{NodeId, Quorum};
use wire::Message;
use wire::api::Event;

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

/// Whom the last membership was told to have lost, after a good-bye of the other node or without.
fn lost(says_good_bye: bool) -> Vec<String> {
    let mut node = Node::new(2);
    node.step(Input::Membership { id: 1, members: vec![ME, OTHER], quorum: Quorum::Majority });
    node.deliver_echoing(&[OTHER]);
    if says_good_bye {
        node.step(Input::Delivered { from: OTHER, message: Box::new(Message::Leaving) });
    }
    node.step(Input::Membership { id: 2, members: vec![ME], quorum: Quorum::Majority });
    node.settle();
    let told = node.events.into_iter().rev().find_map(|event| match event {
        Event::Membership { lost, .. } => Some(lost),
        Event::Coordinator { .. }
        | Event::Planned { .. }
        | Event::Started { .. }
        | Event::Finished { .. }
        | Event::Fencing { .. }
        | Event::Fenced { .. }
        | Event::Changed { .. }
        | Event::Refused { .. }
        | Event::SetAside { .. }
        | Event::QuorumIsOthers { .. }
        | Event::MayBeOlder { .. }
        | Event::Idle => None,
    });
    told.expect("a membership is told")
}

#[test]
fn a_node_that_left_in_peace_is_not_told_as_lost() {
    assert_eq!(lost(false), ["n2"]);
    assert_eq!(lost(true), [""; 0]);
}

//! A disk may answer late: what it says then is about the membership it was asked in.

use controller::Input;
use model::Quorum;
use wire::Message;

use crate::node::{ME, Node};

#[test]
fn an_answer_about_an_earlier_membership_does_not_count_in_the_next() {
    let mut node = Node::new(1);
    node.step(Input::Membership { id: 1, members: vec![ME], quorum: Quorum::Majority });
    node.deliver();
    let ticket = *node.tickets.last().expect("the promise went to the disk");
    node.step(Input::Membership { id: 2, members: vec![ME], quorum: Quorum::Majority });
    node.step(Input::Persisted { ticket });
    let claims: Vec<u64> = node.under_way.iter().filter_map(stored_in).collect();
    assert_eq!(claims, [1], "the disk was asked in membership 1");
}

fn stored_in(message: &Message) -> Option<u64> {
    let Message::Stored { membership, .. } = message else { return None };
    Some(*membership)
}

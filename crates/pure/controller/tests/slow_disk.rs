//! A disk may answer late: what it says then is about the membership it was asked in.

use controller::{Controller, Effect, Identity, Input, Now, Restored};
use model::{NodeId, NodeName};
use wire::Message;

const ME: NodeId = NodeId(1);

/// One node that is its own quorum; what it broadcasts is delivered when the test says so.
struct Node {
    controller: Controller,
    under_way: Vec<Message>,
    tickets: Vec<u64>,
}

impl Node {
    fn new() -> Self {
        let name = NodeName::new("n1");
        let nodes = vec![(ME, name.clone())];
        let identity = Identity { id: ME, name, incarnation: 1, nodes };
        let controller = Controller::new(identity, Restored::default());
        Self { controller, under_way: Vec::new(), tickets: Vec::new() }
    }

    fn step(&mut self, input: Input) {
        for effect in self.controller.step(Now::default(), input) {
            if let Effect::Broadcast(message) = effect {
                self.under_way.push(message);
            } else if let Effect::Persist { ticket, .. } = effect {
                self.tickets.push(ticket);
            }
        }
    }

    fn membership(&mut self, id: u64) {
        self.step(Input::Membership { id, members: vec![ME], quorate: true });
    }

    fn deliver(&mut self) {
        for message in std::mem::take(&mut self.under_way) {
            self.step(Input::Delivered { from: ME, message: Box::new(message) });
        }
    }
}

#[test]
fn an_answer_about_an_earlier_membership_does_not_count_in_the_next() {
    let mut node = Node::new();
    node.step(Input::Started);
    node.membership(1);
    node.deliver();
    let ticket = *node.tickets.last().expect("the promise went to the disk");
    node.membership(2);
    node.step(Input::Persisted { ticket });
    let claims: Vec<u64> = node.under_way.iter().filter_map(stored_in).collect();
    assert_eq!(claims, [1], "the disk was asked in membership 1");
}

fn stored_in(message: &Message) -> Option<u64> {
    let Message::Stored { membership, .. } = message else { return None };
    Some(*membership)
}

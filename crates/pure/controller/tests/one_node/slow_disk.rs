//! What disks hold, and when they say so.

use controller::{Input, Restored};
use model::Quorum;
use wire::Message;
use wire::api::{Change, Edit, Reply, Request};

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

#[test]
fn an_edit_of_the_status_hides_no_later_one_from_the_next_daemon() {
    let mut node = Node::new(1);
    node.member_of(1, &[ME], Quorum::Majority);
    node.settle();
    node.configure(
        "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>",
    );
    let create =
        |parent: &str, xml: &str| Edit::Create { parent: parent.to_owned(), xml: xml.to_owned() };
    let set = |id: &str| format!("<cluster_property_set id=\"{id}\"/>");
    let edits = [
        create("//node_state[@uname='n1']", "<transient_attributes id=\"1\"/>"),
        create("/cib/configuration/crm_config", &set("later")),
    ];
    for edit in edits {
        let change = Change::Edit { edits: vec![edit] };
        let request = Request::Change { change, force: false, based_on: None };
        let caller = wire::api::Caller::free("root");
        node.step(Input::Asked { client: 7, caller, request });
        node.settle();
        assert!(matches!(node.replies.pop(), Some(Reply::Done { .. })));
    }
    let (restored, damage) = Restored::from_records(node.records.iter().cloned());
    assert!(damage.is_empty(), "{damage:?}");
    let configuration = restored.configuration.expect("it was written").to_string();
    assert!(configuration.contains("later"), "{configuration}");
}

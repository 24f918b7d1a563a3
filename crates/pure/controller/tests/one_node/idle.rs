//! Who waits until nothing is left to do waits for the plan that comes of the last change, too.

use controller::Input;
use model::Quorum;
use wire::Message;
use wire::api::{Caller, Change, Edit, Reply, Request};

use crate::node::{ME, Node};

fn ask(node: &mut Node, request: Request) {
    node.step(Input::Asked { client: 7, caller: Caller::free("root"), request });
}

fn change(node: &mut Node, option: &str) {
    let xml = format!(
        r#"<cib validate-with="pacemaker-4.0"><configuration><crm_config><cluster_property_set id="o">
        <nvpair id="o-c" name="cluster-delay" value="{option}"/></cluster_property_set></crm_config>
        <nodes/><resources/><constraints/></configuration><status/></cib>"#
    );
    let change = Change::Edit { edits: vec![Edit::Replace { xml }] };
    ask(node, Request::Change { change, force: false, based_on: None });
}

fn hear(node: &mut Node, is_next: impl Fn(&Message) -> bool) {
    let at = node.under_way.iter().position(is_next).expect("it was said");
    let message = Box::new(node.under_way.remove(at));
    node.step(Input::Delivered { from: ME, message });
}

#[test]
fn a_plan_of_before_a_change_does_not_say_that_nothing_is_left() {
    let is_change = |message: &Message| matches!(message, Message::Change(_));
    let is_plan = |message: &Message| matches!(message, Message::Planned(_));
    let mut node = Node::in_cluster_of(1, Quorum::Majority);
    change(&mut node, "10s");
    hear(&mut node, is_change);
    // The plan of it is on its way when the next change is.
    assert!(node.under_way.iter().any(is_plan));
    change(&mut node, "20s");
    hear(&mut node, is_change);
    hear(&mut node, is_plan);
    node.replies.clear();
    ask(&mut node, Request::WaitIdle);
    assert_eq!(node.replies, []);
    node.settle();
    assert!(node.replies.contains(&Reply::Idle), "{:?}", node.replies);
}

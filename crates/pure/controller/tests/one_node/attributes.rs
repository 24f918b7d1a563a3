//! Passing attributes whose values wait, and those that nobody finds in the document.

use controller::Input;
use wire::api::{Caller, Change, Manner, Refused, Reply, Request, Unwritten};

use crate::node::{ME, Node};

fn node() -> Node {
    let mut node = Node::new(1);
    node.member_of(1, &[ME], model::Quorum::ByRule);
    node.settle();
    node
}

fn ask(node: &mut Node, request: Request) -> Reply {
    node.replies.clear();
    node.step(Input::Asked { client: 9, caller: Caller::free("root"), request });
    node.settle();
    node.replies.pop().expect("there is an answer")
}

fn change(node: &mut Node, change: Change) -> Reply {
    ask(node, Request::Change { change, force: false, based_on: None })
}

fn set(node: &mut Node, name: &str, value: &str, manner: Manner) {
    let (of, value) = ("n1".to_owned(), (!value.is_empty()).then(|| value.to_owned()));
    let reply = change(node, Change::Attribute { node: of, name: name.to_owned(), value, manner });
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
}

/// The value in the document, and the one that is not there.
fn values(node: &mut Node, name: &str) -> (Option<String>, Option<Option<String>>) {
    let Reply::Document { xml, cluster } = ask(node, Request::Document) else {
        panic!("root reads")
    };
    let document = cib::Document::parse(&xml).expect("it is a document");
    let mut pairs = document.root().descendants().filter(|at| at.is("nvpair"));
    let pair = pairs.find(|pair| pair.attr("name") == Some(name));
    let unwritten = cluster.attributes.into_iter().find(|one| one.name == name);
    let value = |one: Unwritten| {
        assert_eq!(one.node, "n1");
        one.value
    };
    (pair.and_then(|pair| pair.attr("value")).map(str::to_owned), unwritten.map(value))
}

fn waits(seconds: u64) -> Manner {
    Manner { delay_ms: Some(seconds * 1000), ..Manner::default() }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// The clock goes on; what rings is delivered.
fn wait(node: &mut Node, seconds: u64) {
    node.wait_seconds(seconds);
    node.settle();
}

#[test]
fn values_wait_for_others_and_each_other_one_makes_them_wait_anew() {
    let mut node = node();
    set(&mut node, "pingd", "1", waits(5));
    assert_eq!(values(&mut node, "pingd"), (None, Some(text("1"))), "known, and not written");
    wait(&mut node, 3);
    // It is known: no delay is needed to have it wait.
    set(&mut node, "pingd", "2", Manner::default());
    wait(&mut node, 3);
    assert_eq!(values(&mut node, "pingd"), (None, Some(text("2"))), "it waits anew");
    // The same again changes nothing.
    set(&mut node, "pingd", "2", Manner::default());
    wait(&mut node, 2);
    assert_eq!(values(&mut node, "pingd"), (text("2"), None));
    // A value that comes back before it was written is written as it was.
    set(&mut node, "pingd", "3", Manner::default());
    set(&mut node, "pingd", "", Manner::default());
    assert_eq!(values(&mut node, "pingd"), (text("2"), Some(None)), "to be removed");
    wait(&mut node, 5);
    assert_eq!(values(&mut node, "pingd"), (None, None));
}

#[test]
fn the_delay_is_changed_by_who_says_so_and_what_waits_is_written() {
    let mut node = node();
    set(&mut node, "a", "1", Manner::default());
    set(&mut node, "a", "2", waits(5));
    assert_eq!(values(&mut node, "a"), (text("2"), None), "it was known without a delay");
    set(&mut node, "a", "3", Manner { sets_delay: true, ..waits(5) });
    assert_eq!(values(&mut node, "a"), (text("2"), Some(text("3"))));
    let delay = |name: &str, delay_ms| Change::AttributeDelay { name: name.to_owned(), delay_ms };
    assert!(matches!(change(&mut node, delay("a", 9000)), Reply::Done { .. }));
    assert_eq!(values(&mut node, "a"), (text("3"), None));
    set(&mut node, "a", "4", Manner::default());
    assert!(matches!(change(&mut node, Change::WriteAttributes), Reply::Done { .. }));
    assert_eq!(values(&mut node, "a"), (text("4"), None));
    assert!(matches!(change(&mut node, delay("a", 0)), Reply::Done { .. }));
    set(&mut node, "a", "5", Manner::default());
    assert_eq!(values(&mut node, "a"), (text("5"), None));
    let reply = change(&mut node, delay("b", 1));
    assert!(matches!(reply, Reply::Refused(Refused::Invalid { .. })), "{reply:?}");
}

#[test]
fn private_values_are_told_and_never_written() {
    let mut node = node();
    set(&mut node, "p", "1", Manner { private: true, ..waits(5) });
    set(&mut node, "p", "2", Manner::default());
    wait(&mut node, 9);
    assert!(matches!(change(&mut node, Change::WriteAttributes), Reply::Done { .. }));
    assert_eq!(values(&mut node, "p"), (None, Some(text("2"))));
    set(&mut node, "p", "", Manner::default());
    assert_eq!(values(&mut node, "p"), (None, None));
    set(&mut node, "c", "8", Manner { capacity: true, ..Manner::default() });
    let Reply::Document { xml, .. } = ask(&mut node, Request::Document) else { panic!() };
    assert!(xml.contains("<utilization id=\"status-1-utilization\">"), "{xml}");
}

#[test]
fn what_waits_survives_a_change_of_the_membership_but_not_its_node() {
    let mut node = Node::new(3);
    let other = model::NodeId(2);
    let members = [ME, other];
    node.member_of(1, &members, model::Quorum::Majority);
    node.deliver_echoing(&[other]);
    node.settle();
    for (of, value) in [("n1", "1"), ("n2", "2")] {
        let change = Change::Attribute {
            node: of.to_owned(),
            name: "pingd".to_owned(),
            value: text(value),
            manner: waits(5),
        };
        let request = Request::Change { change, force: false, based_on: None };
        node.step(Input::Asked { client: 9, caller: Caller::free("root"), request });
        node.settle();
    }
    node.member_of(2, &[ME], model::Quorum::No);
    node.settle();
    wait(&mut node, 4);
    assert_eq!(values(&mut node, "pingd"), (None, Some(text("1"))));
    wait(&mut node, 1);
    assert_eq!(values(&mut node, "pingd"), (text("1"), None));
}

//! A new edition of the file that names the nodes is taken by all or refused by all.

use controller::{Input, Restored};
use model::{NodeId, Quorum};
use wire::Message;
use wire::api::{Change, Event, Refused, Reply, Request};
use wire::peer::Snapshot;

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

fn file(edition: u64, nodes: u32) -> String {
    let node = |id| format!("node {{\nring0_addr: 10.0.0.{id}\nname: n{id}\nnodeid: {id}\n}}\n");
    let nodes: String = (1..=nodes).map(node).collect();
    format!(
        "totem {{\nversion: 2\ntransport: knet\nconfig_version: {edition}\n}}\n\
         nodelist {{\n{nodes}}}\nquorum {{\nprovider: corosync_votequorum\n}}\n"
    )
}

/// Two nodes that are members, and have edition 4.
fn two() -> Node {
    let restored = Restored { fabric_file: Some(file(4, 2)), ..Restored::default() };
    let mut node = Node::restored(2, restored);
    node.step(Input::Membership { id: 1, members: vec![ME, OTHER], quorum: Quorum::Majority });
    node.deliver_echoing(&[OTHER]);
    node.settle();
    node.step(stored_by(OTHER, Message::Stored { membership: 1, up_to: 0 }));
    node.settle();
    node.replies.clear();
    node
}

fn stored_by(from: NodeId, message: Message) -> Input {
    Input::Delivered { from, message: Box::new(message) }
}

fn ask(node: &mut Node, text: String) {
    let request =
        Request::Change { change: Change::FabricFile { text }, force: false, based_on: None };
    node.step(Input::Asked { client: 7, caller: wire::api::Caller::free("root"), request });
    node.settle();
}

fn written(node: &mut Node, edition: u64, refused: Option<&str>) {
    node.step(Input::FabricFileWritten { edition, refused: refused.map(str::to_owned) });
    node.settle();
}

#[test]
fn it_is_done_when_every_disk_has_answered() {
    let mut node = two();
    ask(&mut node, file(5, 3));
    assert_eq!(node.files, [(5, file(5, 3))]);
    written(&mut node, 5, None);
    assert_eq!(node.replies, [], "the other has not spoken");
    node.step(stored_by(OTHER, Message::FabricFileStored { edition: 5, refused: None }));
    assert_eq!(node.replies, [Reply::Done { version: "5".to_owned() }]);
}

#[test]
fn who_leaves_is_not_waited_for() {
    let mut node = two();
    ask(&mut node, file(5, 3));
    node.step(stored_by(OTHER, Message::FabricFileStored { edition: 5, refused: None }));
    written(&mut node, 5, Some("disk full"));
    let not_stored = Refused::NotStored { reason: "disk full".to_owned() };
    assert_eq!(node.replies, [Reply::Refused(not_stored)], "one of two is no majority");
}

#[test]
fn two_changes_of_one_edition_cannot_both_be() {
    let mut node = two();
    ask(&mut node, file(5, 3));
    ask(&mut node, file(5, 2));
    let stale = Refused::Stale { yours: "5".to_owned(), current: "5".to_owned() };
    assert_eq!(node.replies, [Reply::Refused(stale)]);
    assert_eq!(node.files.len(), 1);
}

#[test]
fn a_file_with_errors_or_without_a_member_is_refused() {
    let mut node = two();
    ask(&mut node, file(5, 1));
    ask(&mut node, file(5, 3).replace("nodeid: 2", "nodeid: 1"));
    let [Reply::Refused(first), Reply::Refused(second)] = node.replies.as_slice() else {
        panic!("{:?}", node.replies)
    };
    assert_eq!(*first, Refused::StillMember { node: "n2".to_owned() });
    let Refused::Invalid { violations } = second else { panic!("{second:?}") };
    assert!(violations.iter().any(|one| one.what.contains("nodeid 1")), "{violations:?}");
    assert_eq!(node.files, []);
}

#[test]
fn without_quorum_or_without_a_file_it_is_refused() {
    let mut node = two();
    node.step(Input::Membership { id: 2, members: vec![ME], quorum: Quorum::No });
    node.settle();
    ask(&mut node, file(5, 3));
    assert_eq!(node.replies, [Reply::Refused(Refused::NoQuorum)]);
    let mut embedded = Node::in_cluster_of(1, Quorum::Majority);
    embedded.replies.clear();
    ask(&mut embedded, file(5, 1));
    assert!(matches!(embedded.replies.as_slice(), [Reply::Refused(Refused::Invalid { .. })]));
}

#[test]
fn who_was_away_gets_it_with_the_snapshot() {
    let restored = Restored { fabric_file: Some(file(4, 2)), ..Restored::default() };
    let mut node = Node::restored(2, restored);
    node.step(Input::Membership { id: 3, members: vec![ME, OTHER], quorum: Quorum::Majority });
    let sent = std::mem::take(&mut node.under_way);
    let [Message::Hello(mine)] = sent.as_slice() else { panic!("{sent:?}") };
    let mut theirs = mine.clone();
    theirs.name = "n2".to_owned();
    theirs.lineage += 1000;
    theirs.digest += 1;
    for (from, hello) in [(ME, mine.clone()), (OTHER, theirs)] {
        node.step(stored_by(from, Message::Hello(hello)));
    }
    let snapshot = Snapshot {
        membership: 3,
        document: "<cib><configuration/><status/></cib>".to_owned(),
        lineage: 1000,
        fabric_file: Some(file(9, 3)),
        attributes: Vec::new(),
        ..Snapshot::default()
    };
    node.step(stored_by(OTHER, Message::Snapshot(Box::new(snapshot))));
    assert_eq!(node.files, [(9, file(9, 3))]);
}

fn read(node: &mut Node, text: String) {
    node.step(Input::FabricFileRead { text });
    node.settle();
}

fn edited_by(from: NodeId, replaces: u64, text: String) -> Input {
    stored_by(from, Message::FabricFileEdited { replaces, text, at: 0 })
}

/// What an offer of this node says that it replaces.
fn offer(node: &mut Node, text: String) -> u64 {
    node.step(Input::FabricFileRead { text });
    match std::mem::take(&mut node.under_way).as_slice() {
        [Message::FabricFileEdited { replaces, .. }] => *replaces,
        other => panic!("{other:?}"),
    }
}

fn knows(node: &mut Node, name: &str) -> bool {
    node.replies.clear();
    let change = Change::Cleanup { resource: None, node: Some(name.to_owned()) };
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 8, caller: wire::api::Caller::free("root"), request });
    node.settle();
    matches!(node.replies.as_slice(), [Reply::Done { .. }])
}

#[test]
fn what_was_edited_by_hand_and_read_is_everybody_s() {
    let mut node = two();
    assert!(!knows(&mut node, "n3"));
    read(&mut node, file(4, 3));
    assert_eq!(node.files, [(4, file(4, 3))], "who has it not gets it");
    assert!(knows(&mut node, "n3"), "{:?}", node.events);
    read(&mut node, file(4, 2));
    assert!(!knows(&mut node, "n3"), "it never came, and is forgotten");
}

#[test]
fn of_two_edited_by_hand_the_first_is_taken_and_what_daemons_wrote_is_none() {
    let mut node = two();
    let replaces = offer(&mut node, file(4, 3));
    node.step(edited_by(OTHER, replaces, file(4, 4)));
    node.step(edited_by(ME, replaces, file(4, 3)));
    assert_eq!(node.files, [(4, file(4, 4))]);
    written(&mut node, 4, None);
    read(&mut node, file(4, 4));
    assert_eq!(node.files.len(), 1);
    let stale = |event: &&Event| matches!(event, Event::Refused { .. });
    assert_eq!(node.events.iter().filter(stale).count(), 1, "{:?}", node.events);
}

#[test]
fn who_came_second_does_not_come_again() {
    let mut node = two();
    let replaces = offer(&mut node, file(4, 3));
    node.step(edited_by(OTHER, replaces, file(4, 4)));
    node.step(edited_by(ME, replaces, file(4, 3)));
    node.step(Input::Membership { id: 2, members: vec![ME, OTHER], quorum: Quorum::Majority });
    node.deliver_echoing(&[OTHER]);
    node.settle();
    assert_eq!(node.files, [(4, file(4, 4))], "{:?}", node.events);
}

#[test]
fn an_edit_that_waits_does_not_replace_what_came_meanwhile() {
    let mut node = two();
    let replaces = offer(&mut node, file(4, 1));
    node.step(edited_by(ME, replaces, file(4, 1)));
    node.step(edited_by(OTHER, replaces, file(4, 3)));
    node.step(Input::Membership { id: 2, members: vec![ME], quorum: Quorum::ByRule });
    node.settle();
    let change = Change::ConfirmOff { node: "n2".to_owned() };
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 8, caller: wire::api::Caller::free("root"), request });
    node.settle();
    assert_eq!(node.files, [(4, file(4, 3))], "{:?}", node.events);
}

#[test]
fn who_is_a_member_or_lost_is_not_forgotten_before_it_is_proven_off() {
    let mut node = two();
    let is_refused = |node: &Node, why: &str| {
        let refused =
            |event: &&Event| matches!(event, Event::Refused { reason, .. } if reason.contains(why));
        node.events.iter().filter(refused).count()
    };
    read(&mut node, file(4, 1));
    assert_eq!(is_refused(&node, "n2 is a member"), 1, "{:?}", node.events);
    node.step(Input::Membership { id: 2, members: vec![ME], quorum: Quorum::ByRule });
    node.settle();
    assert_eq!(is_refused(&node, "not proven off"), 1, "{:?}", node.events);
    assert_eq!(node.files, []);
    let change = Change::ConfirmOff { node: "n2".to_owned() };
    let request = Request::Change { change, force: false, based_on: None };
    node.step(Input::Asked { client: 8, caller: wire::api::Caller::free("root"), request });
    node.settle();
    assert_eq!(node.files, [(4, file(4, 1))], "{:?}", node.events);
    assert!(!knows(&mut node, "n2"));
}

//! Who is cut off starves its watchdog, and who lost it waits for as long as that takes.

use std::time::Duration;

use cib::Document;
use controller::{Input, Restored};
use model::{NodeId, OcfCode, Outcome, Quorum};
use wire::Message;
use wire::api::{Change, Event, Request};
use wire::peer::FenceRun;

use crate::node::{ME, Node};

const OTHERS: [NodeId; 2] = [NodeId(2), NodeId(3)];
const WATCHDOG: Duration = Duration::from_secs(8);

/// More than twice what four nodes may take to form anew, and to have a device's vote.
const SLOW: Duration = Duration::from_secs(40);

const CONFIGURATION: &str = r#"<configuration>
  <crm_config><cluster_property_set id="o">
    <nvpair id="o-w" name="fencing-watchdog-timeout" value="10s"/>
  </cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
  <resources><primitive id="a" class="ocf" provider="test" type="a"/></resources><constraints/>
</configuration>"#;

/// One of three nodes with watchdogs, all of them members.
fn with_all(configuration: &str) -> Node {
    let mut node = Node::with_watchdog(3, WATCHDOG);
    node.member_of(1, &[ME, OTHERS[0], OTHERS[1]], Quorum::Majority);
    node.deliver_echoing(&OTHERS);
    node.stored_by(OTHERS[0], 1, 0);
    node.settle();
    node.configure(configuration);
    node.stored_by(OTHERS[0], 1, 1);
    node.settle();
    node
}

#[test]
fn it_lives_while_its_beats_come_back() {
    let mut node = with_all(CONFIGURATION);
    for _ in 0..20 {
        node.wait_seconds(1);
        node.settle();
        assert!(node.may_live());
    }
    // Now its messages stay away.
    node.wait_seconds(4);
    assert!(node.may_live(), "for half the watchdog's time");
    node.wait_seconds(1);
    assert!(!node.may_live());
    node.settle();
    assert!(node.may_live(), "they were only late");
}

#[test]
fn what_waited_while_the_machine_stood_still_does_not_prolong_its_life() {
    let mut node = with_all(CONFIGURATION);
    node.wait_seconds(1);
    let said = std::mem::take(&mut node.under_way);
    node.wait_seconds(7);
    node.under_way = said;
    node.settle();
    assert!(!node.may_live(), "the others may have gone on without it since");
    node.wait_seconds(1);
    node.settle();
    assert!(node.may_live(), "they have not");
}

#[test]
fn it_lives_without_a_majority_only_where_nobody_counts_on_it() {
    let elsewhere = CONFIGURATION.replace("10s", "0");
    for (configuration, lives) in [(CONFIGURATION, false), (elsewhere.as_str(), true)] {
        let mut node = with_all(configuration);
        for quorum in [Quorum::No, Quorum::ByRule] {
            node.member_of(2, &[ME], quorum);
            node.settle();
            assert_eq!(node.may_live(), lives, "{quorum:?}");
        }
    }
}

#[test]
fn before_it_ever_had_quorum_it_lives() {
    let mut node = Node::with_watchdog(3, WATCHDOG);
    node.member_of(1, &[ME], Quorum::No);
    node.settle();
    assert!(node.may_live());
}

fn hear_beat(node: &mut Node) {
    hear(node, 0);
}

/// One that was said while this was the nodes' file.
fn hear_beat_of(node: &mut Node, text: &str) {
    hear(node, digest(text));
}

fn digest(text: &str) -> u64 {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, add)
}

fn hear(node: &mut Node, file: u64) {
    hear_of(node, OTHERS[1], 8_000, file);
}

fn hear_of(node: &mut Node, from: NodeId, watchdog_ms: u64, file: u64) {
    let beat = Message::Beat { watchdog_ms, outlasts_ms: 0, file, sent_us: 0 };
    node.step(Input::Delivered { from, message: Box::new(beat) });
}

#[test]
fn before_it_ever_had_quorum_it_promises_nothing() {
    let text = format!(r#"<cib validate-with="pacemaker-4.0">{CONFIGURATION}<status/></cib>"#);
    let configuration = Some(Document::parse(&text).expect("it is a document"));
    let restored = Restored { configuration, ..Restored::default() };
    let mut node = Node::started(3, restored, Some(WATCHDOG));
    let beats =
        |node: &Node| node.under_way.iter().any(|message| matches!(message, Message::Beat { .. }));
    node.member_of(1, &[ME, OTHERS[0]], Quorum::No);
    assert!(!beats(&node), "it lives on when it is cut off now, so nobody may count on a reset");
    node.member_of(2, &[ME, OTHERS[0]], Quorum::Majority);
    assert!(beats(&node));
}

/// After how many seconds with a majority the other node is taken for off; `None` if never.
fn believed_off_after(node: &mut Node) -> Option<u64> {
    believed_off(node, Quorum::Majority)
}

/// After how many seconds in which this node and the next have that quorum the third is taken for off.
fn believed_off(node: &mut Node, quorum: Quorum) -> Option<u64> {
    node.member_of(5, &[ME, OTHERS[0]], quorum);
    node.deliver_echoing(&OTHERS[..1]);
    node.stored_by(OTHERS[0], 5, 0);
    let is_off = |event: &Event| matches!(event, Event::Fenced { target, succeeded: true, .. } if target == "n3");
    (0..90).find(|_| {
        node.run(|_| Outcome::done(OcfCode::OK));
        let off = node.events.iter().any(is_off);
        node.wait_seconds(1);
        off
    })
}

#[test]
fn it_is_off_when_one_and_a_half_times_its_watchdog_have_passed() {
    let mut node = with_all(CONFIGURATION);
    hear_beat(&mut node);
    assert_eq!(believed_off_after(&mut node), Some(12));
    assert_eq!(believed_off_after(&mut with_all(CONFIGURATION)), None, "it did not promise");
}

/// One of four nodes with watchdogs and one vote of a device, which may outlast its end; all of them are members.
fn with_device(text: &str) -> Node {
    let restored = Restored { fabric_file: Some(text.to_owned()), ..Restored::default() };
    let all = [NodeId(2), NodeId(3), NodeId(4)];
    let mut node = Node::started(4, restored, Some(SLOW));
    node.member_of(1, &[ME, all[0], all[1], all[2]], Quorum::Majority);
    node.deliver_echoing(&all);
    node.stored_by(all[0], 1, 0);
    node.stored_by(all[1], 1, 0);
    node.settle();
    node.configure(CONFIGURATION);
    node.stored_by(all[0], 1, 1);
    node.stored_by(all[1], 1, 1);
    node.settle();
    node
}

/// An edition for four nodes, with a server that votes, and these lines about it.
fn with_server(edition: u64, lines: &str) -> String {
    let device = format!(
        "device {{\nmodel: net\nvotes: 1\n{lines}net {{\nhost: h\nalgorithm: ffsplit\n}}\n}}\n"
    );
    file(edition, 4, &device)
}

#[test]
fn a_half_waits_for_what_a_lost_vote_may_outlast_its_end() {
    let device = |lines| with_server(1, lines);
    // The watchdog's 40 s and half of that, and two heartbeats.
    for (lines, expected) in [("timeout: 2500\n", 64), ("timeout: 10000\n", 76)] {
        let text = device(lines);
        let mut node = with_device(&text);
        hear_of(&mut node, OTHERS[1], 40_000, digest(&text));
        assert_eq!(believed_off(&mut node, Quorum::ByDevice), Some(expected), "{lines}");
    }
    let text = device("timeout: 2500\n");
    let mut node = with_device(&text);
    assert_eq!(believed_off(&mut node, Quorum::ByDevice), None, "it did not promise");
    // The other half may have had the vote before we had it: each membership begins to count anew.
    let mut node = with_device(&text);
    hear_of(&mut node, OTHERS[1], 40_000, digest(&text));
    node.member_of(2, &[ME, OTHERS[0], NodeId(4)], Quorum::Majority);
    node.settle();
    node.wait_seconds(8);
    assert_eq!(believed_off(&mut node, Quorum::ByDevice), Some(64));
}

/// The device's daemon keeps the time-out that it started with, whatever the file says since.
#[test]
fn a_half_waits_for_the_longest_that_a_vote_outlasts_in_either_s_life() {
    let [slow, quick] = [(1, "timeout: 10000\n"), (2, "timeout: 2500\n")]
        .map(|(edition, lines)| with_server(edition, lines));
    let mut ours = with_device(&slow);
    take_file(&mut ours, quick.clone(), false);
    hear_of(&mut ours, OTHERS[1], 40_000, digest(&quick));
    assert_eq!(believed_off(&mut ours, Quorum::ByDevice), Some(76));

    let mut theirs = with_device(&quick);
    let file = digest(&quick);
    let beat = Message::Beat { watchdog_ms: 40_000, outlasts_ms: 16_000, file, sent_us: 0 };
    theirs.step(Input::Delivered { from: OTHERS[1], message: Box::new(beat) });
    assert_eq!(believed_off(&mut theirs, Quorum::ByDevice), Some(76));
}

#[test]
fn what_it_tells_of_itself_outlives_a_shorter_edition_and_its_daemon() {
    let mut node = with_device(&with_server(1, "timeout: 10000\n"));
    take_file(&mut node, with_server(2, "timeout: 2500\n"), false);
    assert_eq!(node.files.len(), 1, "it is taken");
    node.wait_seconds(5);
    let tells = |message: &Message| matches!(message, Message::Beat { outlasts_ms: 16_000, .. });
    assert!(node.under_way.iter().any(tells));
    assert_eq!(node.promised, Some(Duration::from_secs(16)), "for the next daemon");
}

#[test]
fn by_a_device_s_vote_it_lives_and_without_it_does_not() {
    let text = file(1, 4, "device {\nmodel: sanlock\nvotes: 1\nsanlock {\npath: /dev/sdd1\n}\n}\n");
    for (quorum, lives) in [(Quorum::ByDevice, true), (Quorum::ByRule, false), (Quorum::No, false)]
    {
        let mut node = with_device(&text);
        node.member_of(2, &[ME, OTHERS[0]], quorum);
        node.settle();
        assert_eq!(node.may_live(), lives, "{quorum:?}");
    }
}

#[test]
fn who_left_in_peace_has_disarmed_its_watchdog() {
    for (leaves, off_after) in [(false, Some(12)), (true, None)] {
        let mut node = with_all(CONFIGURATION);
        hear_beat(&mut node);
        if leaves {
            node.step(Input::Delivered { from: OTHERS[1], message: Box::new(Message::Leaving) });
        }
        node.member_of(2, &[ME, OTHERS[0]], Quorum::Majority);
        node.deliver_echoing(&OTHERS[..1]);
        let change = Change::Fence { node: "n3".to_owned(), action: "off".to_owned() };
        let request = Request::Change { change, force: false, based_on: None };
        node.step(Input::Asked { client: 1, caller: wire::api::Caller::free("root"), request });
        assert_eq!(believed_off_after(&mut node), off_after, "after it left: {leaves}");
    }
}

#[test]
fn it_may_have_had_the_majority_until_we_have_it() {
    let mut node = with_all(CONFIGURATION);
    hear_beat(&mut node);
    node.member_of(2, &[ME], Quorum::No);
    node.settle();
    node.wait_seconds(20);
    assert_eq!(believed_off_after(&mut node), Some(12));
}

#[test]
fn nobody_counts_on_a_watchdog_that_is_faster_than_the_others_form_anew() {
    let file = |token: u32| {
        let node =
            |id| format!("node {{\nname: n{id}\nnodeid: {id}\nring0_addr: 10.0.0.{id}\n}}\n");
        let nodes: String = (1..=3).map(node).collect();
        format!("totem {{\nversion: 2\ntoken: {token}\n}}\nnodelist {{\n{nodes}}}\n")
    };
    // With what the third node adds, token and consensus are 4 s, and 4 s and a little.
    for (token, counts) in [(1_168, true), (1_200, false)] {
        let restored = Restored { fabric_file: Some(file(token)), ..Restored::default() };
        let mut node = Node::started(3, restored, Some(WATCHDOG));
        node.member_of(1, &[ME, OTHERS[0], OTHERS[1]], Quorum::Majority);
        node.deliver_echoing(&OTHERS);
        node.stored_by(OTHERS[0], 1, 0);
        node.settle();
        node.configure(CONFIGURATION);
        node.stored_by(OTHERS[0], 1, 1);
        node.settle();
        let finding = |text: &String| text.contains("8140 ms");
        let found = node.events.iter().any(|event| {
            matches!(event, Event::Planned { findings, .. } if findings.iter().any(finding))
        });
        assert_eq!(found, !counts);
        node.member_of(2, &[ME], Quorum::No);
        node.settle();
        assert_eq!(node.may_live(), !counts, "who is not counted on need not die");
    }
}

/// An edition of the file for so many nodes, with this in its section about quorum.
fn file(edition: u64, nodes: u32, rule: &str) -> String {
    let node = |id| format!("node {{\nname: n{id}\nnodeid: {id}\nring0_addr: 10.0.0.{id}\n}}\n");
    let nodes: String = (1..=nodes).map(node).collect();
    format!(
        "totem {{\nversion: 2\ncluster_name: c\ntoken: 1000\nconfig_version: {edition}\n}}\nnodelist {{\n{nodes}}}\nquorum {{\n\
         provider: corosync_votequorum\n{rule}}}\n"
    )
}

fn take_file(node: &mut Node, text: String, force: bool) {
    let request = Request::Change { change: Change::FabricFile { text }, force, based_on: None };
    node.step(Input::Asked { client: 9, caller: wire::api::Caller::free("root"), request });
    node.settle();
}

/// The same three nodes, named by a file.
fn with_file() -> Node {
    let restored = Restored { fabric_file: Some(file(1, 3, "")), ..Restored::default() };
    let mut node = Node::started(3, restored, Some(WATCHDOG));
    node.member_of(1, &[ME, OTHERS[0], OTHERS[1]], Quorum::Majority);
    node.deliver_echoing(&OTHERS);
    node.stored_by(OTHERS[0], 1, 0);
    node.settle();
    node.configure(CONFIGURATION);
    node.stored_by(OTHERS[0], 1, 1);
    node.settle();
    node
}

#[test]
fn where_a_rule_gives_quorum_from_now_on_nobody_is_reset_for_it() {
    let rule = file(2, 3, "auto_tie_breaker: 1\n");
    let mut node = with_file();
    take_file(&mut node, rule.clone(), false);
    all_know(&mut node, &rule);
    for quorum in [Quorum::ByRule, Quorum::No] {
        node.member_of(2, &[ME], quorum);
        node.settle();
        assert!(node.may_live(), "{quorum:?}");
    }
    // Whoever is forced to it where others have a majority: they have not heard.
    let mut node = with_file();
    node.member_of(2, &[ME], Quorum::No);
    node.settle();
    take_file(&mut node, file(2, 3, "auto_tie_breaker: 1\n"), true);
    assert!(!node.may_live());
}

/// The others say that they have the file, which makes it known to be everybody's.
fn all_know(node: &mut Node, text: &str) {
    OTHERS.into_iter().for_each(|other| hear_of(node, other, 0, digest(text)));
}

#[test]
fn it_is_reset_for_a_rule_of_which_somebody_has_not_heard() {
    let (before, rule) = (file(1, 3, ""), file(2, 3, "auto_tie_breaker: 1\n"));
    for heard_by_last in [&before, &rule] {
        let mut node = with_file();
        take_file(&mut node, rule.clone(), false);
        hear_of(&mut node, OTHERS[0], 0, digest(&rule));
        hear_of(&mut node, OTHERS[1], 0, digest(heard_by_last));
        node.member_of(2, &[ME], Quorum::ByRule);
        node.settle();
        assert_eq!(node.may_live(), heard_by_last == &rule);
    }
    // What was said in an earlier membership is not said in this one.
    let mut node = with_file();
    take_file(&mut node, rule.clone(), false);
    hear_of(&mut node, OTHERS[0], 0, digest(&rule));
    node.member_of(2, &[ME, OTHERS[0], OTHERS[1]], Quorum::Majority);
    hear_of(&mut node, OTHERS[1], 0, digest(&rule));
    node.member_of(3, &[ME], Quorum::ByRule);
    assert!(!node.may_live());
}

#[test]
fn who_knows_of_a_rule_says_so_when_it_is_asked() {
    let rule = file(2, 3, "auto_tie_breaker: 1\n");
    let mut node = with_file();
    take_file(&mut node, rule.clone(), false);
    all_know(&mut node, &rule);
    node.settle();
    for (watchdog_ms, answers) in [(8_000, true), (0, false)] {
        hear_of(&mut node, OTHERS[0], watchdog_ms, digest(&rule));
        let is_answer = |message: &Message| matches!(message, Message::Beat { watchdog_ms: 0, .. });
        assert_eq!(node.under_way.iter().any(is_answer), answers, "{watchdog_ms}");
        node.settle();
    }
}

#[test]
fn when_the_rule_is_gone_they_count_on_resets_again_but_on_no_promise_of_before() {
    let mut node = with_file();
    hear_beat_of(&mut node, &file(1, 3, ""));
    take_file(&mut node, file(2, 3, "auto_tie_breaker: 1\n"), false);
    take_file(&mut node, file(3, 3, ""), false);
    node.member_of(2, &[ME], Quorum::No);
    node.settle();
    assert!(!node.may_live(), "it promised anew");
    let back = |node: &mut Node| {
        node.member_of(3, &[ME, OTHERS[0], OTHERS[1]], Quorum::Majority);
        node.deliver_echoing(&OTHERS);
        node.stored_by(OTHERS[0], 3, 0);
        node.settle();
    };
    back(&mut node);
    hear_beat_of(&mut node, &file(1, 3, ""));
    assert_eq!(believed_off_after(&mut node), None, "it promised under another file");

    let mut node = with_file();
    take_file(&mut node, file(2, 3, ""), false);
    back(&mut node);
    hear_beat_of(&mut node, &file(2, 3, ""));
    assert!(believed_off_after(&mut node).is_some());
}

#[test]
fn the_only_node_there_is_promises_nothing() {
    let restored = Restored { fabric_file: Some(file(1, 1, "")), ..Restored::default() };
    let mut node = Node::started(1, restored, Some(WATCHDOG));
    node.member_of(1, &[ME], Quorum::Majority);
    node.settle();
    node.configure(CONFIGURATION);
    node.settle();
    // The second one's file is read, and it is not there yet.
    take_file(&mut node, file(2, 2, "two_node: 1\n"), false);
    node.member_of(2, &[ME], Quorum::ByRule);
    node.settle();
    assert!(node.may_live());
}

#[test]
fn it_is_left_alone_by_a_majority_or_by_all_unless_they_fence_it() {
    let mut node = with_all(CONFIGURATION);
    assert!(node.is_left_alone());
    let run = |target: &str, action: &str| {
        Message::FenceRun(Box::new(FenceRun {
            request: 1,
            attempt: 1,
            by: 2,
            target: target.to_owned(),
            action: action.to_owned(),
            device: "d".to_owned(),
            agent: "fence_d".to_owned(),
            parameters: Vec::new(),
            delay_ms: 0,
            timeout_ms: 1_000,
        }))
    };
    let mut hear = |message: Message| {
        node.step(Input::Delivered { from: OTHERS[0], message: Box::new(message) });
        node.is_left_alone()
    };
    assert!(hear(run("n3", "reboot")) && hear(run("n1", "list")));
    assert!(!hear(run("n1", "reboot")));
    let everyone = [ME, OTHERS[0], OTHERS[1]];
    let cases = [
        (Quorum::No, everyone.as_slice(), false),
        (Quorum::ByRule, &everyone, true),
        (Quorum::ByRule, &everyone[..2], false),
        (Quorum::Majority, &everyone[..2], true),
    ];
    for (quorum, members, wanted) in cases {
        let mut node = Node::with_watchdog(3, WATCHDOG);
        node.member_of(1, members, quorum);
        assert_eq!(node.is_left_alone(), wanted, "{quorum:?} {members:?}");
    }
}

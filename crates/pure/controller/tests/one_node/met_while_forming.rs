//! Who was met in a membership that never formed was alive, whatever it ran.

use cib::Document;
use controller::{Input, Restored};
use model::{NodeId, OcfCode, Outcome, Quorum};
use wire::Message;
use wire::api::{Caller, Change, Event, Request};

use crate::node::{ME, Node};

const OTHER: NodeId = NodeId(2);

const TEXT: &str = r#"<cib validate-with="pacemaker-4.0"><configuration><crm_config/>
  <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
  <resources><primitive id="f" class="stonith" type="fence_test"/>
  <primitive id="a" class="ocf" provider="test" type="a"/></resources><constraints/>
</configuration><status/></cib>"#;

fn fresh() -> Node {
    let configuration = Some(Document::parse(TEXT).expect("it is a document"));
    Node::restored(3, Restored { configuration, ..Restored::default() })
}

/// Something that the other says of itself.
fn said() -> Message {
    let mut node = fresh();
    node.member_of(1, &[ME, OTHER], Quorum::Majority);
    node.deliver_echoing(&[OTHER]);
    let change = Change::Attribute {
        node: "n2".to_owned(),
        name: "colour".to_owned(),
        value: Some("red".to_owned()),
        manner: wire::api::Manner::default(),
    };
    let request = Request::Change { change, force: false, based_on: None };
    node.under_way.clear();
    node.step(Input::Asked { client: 1, caller: Caller::free("root"), request });
    let is_change = |message: &Message| matches!(message, Message::Change(_));
    node.under_way.into_iter().find(is_change).expect("it is passed on")
}

#[test]
fn it_is_fenced_before_anything_starts_like_one_that_was_never_met() {
    for heard in [None, Some(said())] {
        let mut node = fresh();
        node.member_of(1, &[ME, OTHER], Quorum::Majority);
        if let Some(message) = heard.clone() {
            node.step(Input::Delivered { from: OTHER, message: Box::new(message) });
        }
        node.member_of(2, &[ME], Quorum::Majority);
        node.settle();
        for _ in 0..25 {
            node.wait_seconds(1);
            node.run(|task| {
                let inactive = Outcome::done(OcfCode::NOT_RUNNING);
                if task == "monitor" { inactive } else { Outcome::done(OcfCode::OK) }
            });
        }
        let planned: Vec<&String> = node
            .events
            .iter()
            .filter_map(|event| {
                if let Event::Planned { actions, .. } = event { Some(actions) } else { None }
            })
            .flatten()
            .collect();
        assert!(planned.iter().any(|line| *line == "fence n2"), "{planned:?}");
        assert!(!node.tasks().iter().any(|task| task == "start"), "{:?}", node.tasks());
    }
}

//! Traces of a real cluster, as a collector receives them.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::mpsc::Receiver;

use serde_json::Value;

use crate::alerts::receive;
use crate::bed::{Bed, Disk, PATIENCE};
use crate::{other_than, with_lock_on};

/// One span, as it came.
#[derive(Debug)]
struct Span {
    trace: String,
    id: String,
    parent: Option<String>,
    name: String,
    start: u128,
    end: u128,
    attributes: BTreeMap<String, String>,
    is_error: bool,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn span(told: &Value) -> Span {
    let attributes = told["attributes"].as_array().unwrap().iter().map(|attribute| {
        let value = attribute["value"].as_object().unwrap().values().next().unwrap();
        (text(&attribute["key"]), text(value))
    });
    Span {
        trace: text(&told["traceId"]),
        id: text(&told["spanId"]),
        parent: told["parentSpanId"].as_str().map(str::to_owned),
        name: text(&told["name"]),
        start: text(&told["startTimeUnixNano"]).parse().unwrap(),
        end: text(&told["endTimeUnixNano"]).parse().unwrap(),
        attributes: attributes.collect(),
        is_error: told["status"]["code"] == 2,
    }
}

/// All spans of one request, each on the node that its resource names.
fn spans(request: &Value) -> Vec<Span> {
    let mut all = Vec::new();
    for of_node in request["resourceSpans"].as_array().unwrap() {
        let named = of_node["resource"]["attributes"].as_array().unwrap();
        let host = named.iter().find(|attribute| attribute["key"] == "host.name").unwrap();
        for told in of_node["scopeSpans"][0]["spans"].as_array().unwrap() {
            let span = span(told);
            assert_eq!(host["value"]["stringValue"], span.attributes["quorate.node"], "{span:?}");
            all.push(span);
        }
    }
    all
}

/// The next failover, which is one tree whose spans lie within their parent.
fn failover(posted: &Receiver<Value>) -> (Span, Vec<Span>) {
    let request = posted.recv_timeout(PATIENCE).unwrap();
    let (mut roots, children): (Vec<Span>, Vec<Span>) =
        spans(&request).into_iter().partition(|span| span.parent.is_none());
    let root = roots.pop().unwrap();
    assert!(roots.is_empty(), "{request}");
    assert_eq!((root.name.as_str(), root.trace.len(), root.id.len()), ("failover", 32, 16));
    assert!(root.start < root.end, "{root:?}");
    let mut ids = vec![root.id.clone()];
    for child in &children {
        assert_eq!(child.parent.as_ref(), Some(&root.id), "{child:?}");
        assert_eq!(child.trace, root.trace, "{child:?}");
        assert!(child.start < child.end, "{child:?}");
        assert!(root.start <= child.start && child.end <= root.end, "{child:?} in {root:?}");
        assert!(!ids.contains(&child.id), "{child:?}");
        ids.push(child.id.clone());
    }
    (root, children)
}

/// The span of this name; the last one, if there are several.
fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = spans.iter().rev().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("{name} is not among {spans:#?}"))
}

#[test]
fn each_failover_is_one_trace() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let posted = receive(listener);
    let more = format!("[traces]\nendpoint = \"{endpoint}\"\n");
    let (mut bed, holder) = with_lock_on(Bed::start_with(Disk::Ordinary, &more), |text| text);

    let [keeper] = bed.marked(holder, "lock")[..] else { panic!("{:?}", bed.running("lock")) };
    process::send(keeper, process::Signal::Kill).unwrap();
    let (root, spans) = failover(&posted);
    assert!(root.attributes["quorate.cause"].starts_with("lock_monitor_"), "{root:?}");
    let on_holder = format!("n{holder}");
    let detection = named(&spans, "detection");
    assert_eq!(detection.attributes["quorate.resource"], "lock");
    let monitor = named(&spans, "monitor lock");
    let failed = spans.iter().find(|span| span.name == "monitor lock" && span.is_error).unwrap();
    assert_eq!(failed.attributes["quorate.exit_code"], "7", "{failed:?}");
    let (decision, start) = (named(&spans, "decision"), named(&spans, "start lock"));
    assert!(decision.attributes["quorate.plan"].parse::<u64>().unwrap() > 0);
    assert!(decision.attributes["quorate.actions"].parse::<u64>().unwrap() > 0);
    assert_eq!(start.attributes["quorate.node"], on_holder);
    assert_eq!((start.attributes["quorate.exit_code"].as_str(), start.is_error), ("0", false));
    let stop = named(&spans, "stop lock");
    assert!(detection.end <= stop.start, "{spans:#?}");
    assert!(stop.end <= start.start && start.end <= monitor.end, "{spans:#?}");

    bed.wait_idle(other_than(holder));
    bed.kill_node(holder);
    let (root, spans) = failover(&posted);
    assert_eq!(root.attributes["quorate.cause"], format!("{on_holder} was lost"));
    let (detection, decision) = (named(&spans, "detection"), named(&spans, "decision"));
    assert_eq!(detection.attributes["quorate.lost"], on_holder);
    let (fence, start) =
        (named(&spans, &format!("fence {on_holder}")), named(&spans, "start lock"));
    assert_eq!(fence.attributes["quorate.device"], "power");
    assert!(!fence.is_error && fence.attributes["quorate.node"] != on_holder, "{fence:?}");
    assert_ne!(start.attributes["quorate.node"], on_holder);
    assert!(detection.end <= decision.end && detection.end <= fence.start, "{spans:#?}");
    assert!(fence.end <= start.start, "{spans:#?}");
    // Both who are left have heard of it; one tells.
    bed.wait_alike(other_than(holder));
    assert!(posted.try_recv().is_err());
}

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;
use view::metrics::{Counted, Noted};
use wire::api::Event;

use super::record::{Failover, Recorder, Span};
use super::{Sealed, TraceSettings, Traces, otlp};

/// What the meter does, at times that the test says.
struct Heard {
    counted: Counted,
    recorder: Recorder,
}

impl Heard {
    fn on(node: &str, coordinator: &str) -> Self {
        let mut heard =
            Self { counted: Counted::default(), recorder: Recorder::new(node.to_owned()) };
        heard.note(0, Event::Coordinator { node: coordinator.to_owned() });
        heard
    }

    fn note(&mut self, seconds: u64, event: Event) -> Option<Failover> {
        let now = Duration::from_secs(seconds);
        let noted = self.counted.note(now.as_secs_f64(), &event);
        self.recorder.note(now, &event, noted)
    }
}

fn lost(node: &str) -> Event {
    let members = vec!["n2".to_owned(), "n3".to_owned()];
    Event::Membership { members, lost: vec![node.to_owned()], quorate: true }
}

fn planned(actions: &[&str]) -> Event {
    Event::Planned {
        transition: 7,
        cause: "a cause".to_owned(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        because: Vec::new(),
        findings: Vec::new(),
    }
}

fn started(action: &str, node: &str) -> Event {
    Event::Started { action: action.to_owned(), node: node.to_owned() }
}

fn finished(action: &str, node: &str, code: i32, expected: bool) -> Event {
    Event::Finished {
        action: action.to_owned(),
        node: node.to_owned(),
        code,
        status: "complete".to_owned(),
        reason: if expected { String::new() } else { "it is gone".to_owned() },
        ms: 500,
        expected,
    }
}

/// Name, node, first and last second of each.
fn drawn(spans: &[Span]) -> Vec<(&str, &str, f64, f64)> {
    let mut all = Vec::new();
    for Span { name, node, start, end, .. } in spans {
        all.push((name.as_str(), node.as_str(), start.as_secs_f64(), end.as_secs_f64()));
    }
    all
}

fn lost_node(observer: &str) -> Option<Failover> {
    let mut heard = Heard::on(observer, "n2");
    heard.note(5, started("db_promote_0", "n1"));
    heard.recorder.lost_after(Duration::from_secs(10), "n1", Duration::from_secs(3));
    heard.note(10, lost("n1"));
    heard.note(12, planned(&["fence n1", "db_start_0 n2"]));
    let (target, action) = ("n1".to_owned(), "reboot".to_owned());
    let (device, by) = ("power".to_owned(), "n3".to_owned());
    heard.note(13, Event::Fencing { target: target.clone(), action: action.clone(), device, by });
    let (by, reason) = ("power, by n3".to_owned(), String::new());
    heard.note(15, Event::Fenced { target, action, succeeded: true, by, reason });
    heard.note(16, started("db_start_0", "n2"));
    heard.note(18, finished("db_start_0", "n2", 0, true));
    heard.note(19, Event::Idle)
}

#[test]
fn a_lost_node_s_failover_goes_from_its_last_word_to_nothing_left_to_do() {
    let Failover { root, children, .. } = lost_node("n2").unwrap();
    assert_eq!(drawn(&[root]), [("failover", "n2", 7.0, 19.0)]);
    assert_eq!(
        drawn(&children),
        [
            ("detection", "n2", 7.0, 10.0),
            ("promote db", "n1", 7.0, 10.0),
            ("decision", "n2", 10.0, 12.0),
            ("fence n1", "n3", 13.0, 15.0),
            ("start db", "n2", 16.0, 18.0),
        ]
    );
    let failed: Vec<Option<&str>> = children.iter().map(|span| span.failed.as_deref()).collect();
    assert_eq!(failed, [None, Some("its node was lost"), None, None, None]);
}

#[test]
fn who_does_not_coordinate_tells_nothing() {
    assert_eq!(lost_node("n3"), None);
}

#[test]
fn a_failed_resource_s_failover_begins_when_its_process_ended() {
    let mut heard = Heard::on("n2", "n2");
    heard.note(1, Event::Idle);
    heard.note(2, finished("db_monitor_10000", "n1", 0, true));
    heard.counted.ended(4.0, "db");
    heard.note(6, finished("db_monitor_10000", "n1", 7, false));
    heard.note(7, planned(&["db_stop_0 n1"]));
    heard.note(8, started("db_stop_0", "n1"));
    heard.note(9, finished("db_stop_0", "n1", 0, true));
    heard.note(11, planned(&["db_start_0 n1"]));
    let Failover { root, children, .. } = heard.note(12, Event::Idle).unwrap();
    assert_eq!(drawn(&[root]), [("failover", "n2", 4.0, 12.0)]);
    assert_eq!(
        drawn(&children),
        [
            ("detection", "n1", 4.0, 6.0),
            ("monitor db", "n1", 5.5, 6.0),
            ("decision", "n2", 6.0, 7.0),
            ("stop db", "n1", 8.0, 9.0),
            ("decision", "n2", 9.0, 11.0),
        ]
    );
    assert_eq!(heard.note(13, Event::Idle), None, "told once");
}

#[test]
fn a_long_failover_does_not_fill_the_memory() {
    let mut heard = Heard::on("n2", "n2");
    for _ in 0..3000 {
        heard.note(1, finished("db_monitor_10000", "n1", 7, false));
    }
    let Failover { root, children, .. } = heard.note(2, Event::Idle).unwrap();
    assert_eq!(children.len(), 2000);
    assert!(format!("{root:?}").contains("(\"quorate.spans_left_out\", Number(4000))"), "{root:?}");
}

#[test]
fn a_trace_is_told_in_otlp_s_json() {
    let epoch = Duration::from_secs(1_700_000_000);
    let request = otlp::request(&Sealed { failover: lost_node("n2").unwrap(), epoch }).unwrap();
    let of_node = |at: usize| &request["resourceSpans"][at];
    let spans = |at: usize| of_node(at)["scopeSpans"][0]["spans"].as_array().unwrap();
    let host = |at: usize| {
        let named = of_node(at)["resource"]["attributes"].as_array().unwrap();
        let host = named.iter().find(|attribute| attribute["key"] == "host.name").unwrap();
        (host["value"]["stringValue"].as_str().unwrap().to_owned(), spans(at).len())
    };
    let node = |name: &str, count| (name.to_owned(), count);
    assert_eq!([host(0), host(1), host(2)], [node("n1", 1), node("n2", 4), node("n3", 1)]);
    let (root, start) = (&spans(1)[0], &spans(1)[3]);
    let hexadecimal = |value: &Value, digits: usize| {
        let text = value.as_str().unwrap();
        text.len() == digits && text.chars().all(|digit| "0123456789abcdef".contains(digit))
    };
    assert!(hexadecimal(&root["traceId"], 32) && hexadecimal(&root["spanId"], 16), "{root}");
    assert_eq!(root.get("parentSpanId"), None);
    assert_eq!(start["parentSpanId"], root["spanId"]);
    assert_eq!(start["traceId"], root["traceId"]);
    assert_eq!(start["startTimeUnixNano"], "1700000016000000000");
    assert_eq!(start["endTimeUnixNano"], "1700000018000000000");
    assert_eq!((&start["kind"], &start["name"]), (&Value::from(1), &Value::from("start db")));
    let code = serde_json::json!({"key": "quorate.exit_code", "value": {"intValue": "0"}});
    assert!(start["attributes"].as_array().unwrap().contains(&code), "{start}");
    let status = serde_json::json!({"code": 2, "message": "its node was lost"});
    assert_eq!(spans(0)[0]["status"], status);
}

/// The head and the body of what comes next, which is answered so.
fn answer(listener: &TcpListener, status: &str) -> (String, Value) {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    let mut stream: TcpStream = reader.into_inner();
    stream.write_all(answer.as_bytes()).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

#[test]
fn who_cannot_take_it_now_is_sent_it_again_and_nobody_waits_meanwhile() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let collector = format!("http://{}/base", listener.local_addr().unwrap()).parse().unwrap();
    let traces = Traces::start(TraceSettings { node: "n1".to_owned(), collector }).unwrap();
    let note = |seconds: u64, event: Event, noted| {
        traces.note(Duration::from_secs(seconds), &event, noted);
    };
    note(1, Event::Coordinator { node: "n1".to_owned() }, Noted::default());
    // More than may wait; nobody takes them yet.
    for at in 0..100 {
        let trouble = Noted { trouble: true, ..Noted::default() };
        note(2 * at + 2, finished("db_start_0", "n1", 1, false), trouble);
        note(2 * at + 3, Event::Idle, Noted { over: true, ..Noted::default() });
    }
    let (head, first) = answer(&listener, "503 Service Unavailable");
    assert!(head.starts_with("POST /base/v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    let (_, again) = answer(&listener, "200 OK");
    assert_eq!(first, again);
    let (_, next) = answer(&listener, "200 OK");
    assert_ne!(first, next);
}

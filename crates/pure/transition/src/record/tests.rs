use super::*;

const START: Operation<'static> =
    Operation { task: "start", interval_ms: 0, notify: None, live_move: None };

fn run(document: &mut Document, operation: Operation<'_>, outcome: Outcome, call: u64) {
    let agent = AgentRef {
        standard: "ocf".into(),
        provider: Some("heartbeat".into()),
        kind: "Dummy".into(),
    };
    let record_of = Record {
        node: NodeRef { id: "1", name: "n1" },
        resource: "db",
        agent: &agent,
        operation,
        outcome: &outcome,
        expected: OcfCode::OK,
        call,
        transition_key: "3:7:0:0b7c",
        ran_at: 1_600_000_000,
        changed_at: 0,
        digests: &Digests { all: Some("abc".to_owned()), ..Digests::default() },
        origin: "test",
    };
    record(document, &record_of);
}

fn entries(document: &Document) -> Vec<(&str, &str)> {
    document
        .root()
        .descendants()
        .filter(|element| element.is("lrm_rsc_op"))
        .map(|entry| (entry.attr("id").unwrap(), entry.attr("transition-magic").unwrap()))
        .collect()
}

#[test]
fn a_start_is_the_last_run() {
    let mut document = Document::parse("<cib><status/></cib>").unwrap();
    run(&mut document, START, Outcome::done(OcfCode::OK), 4);
    assert_eq!(entries(&document), [("db_last_0", "0:0;3:7:0:0b7c")]);
    let entry = document.find_id("db_last_0").unwrap();
    assert_eq!(entry.attr("operation_key"), Some("db_start_0"));
    assert_eq!(entry.attr("op-digest"), Some("abc"));
    assert_eq!(entry.attr("call-id"), Some("4"));
    let resource = entry.parent().unwrap();
    assert_eq!(resource.attr("provider"), Some("heartbeat"));
}

#[test]
fn a_failed_start_is_kept_twice_and_a_failed_monitor_once() {
    let mut document = Document::parse("<cib><status/></cib>").unwrap();
    let lost = Outcome::failed(ExecStatus::TimedOut, OcfCode::GENERIC, "no answer");
    run(&mut document, START, lost.clone(), 4);
    assert_eq!(
        entries(&document),
        [("db_last_failure_0", "2:1;3:7:0:0b7c"), ("db_last_0", "2:1;3:7:0:0b7c")]
    );
    assert_eq!(document.find_id("db_last_0").unwrap().attr("exit-reason"), Some("no answer"));
    let monitor = Operation { task: "monitor", interval_ms: 10_000, ..START };
    run(&mut document, monitor, Outcome::done(OcfCode::OK), 5);
    run(&mut document, monitor, lost, 6);
    let failure = document.find_id("db_last_failure_0").unwrap();
    assert_eq!(failure.attr("operation_key"), Some("db_monitor_10000"));
    assert_eq!(entries(&document).len(), 3);
}

#[test]
fn a_failed_notification_does_not_count() {
    let mut document = Document::parse("<cib><status/></cib>").unwrap();
    let notify = Operation { task: "notify", notify: Some(("pre", "start")), ..START };
    run(&mut document, notify, Outcome::done(OcfCode::GENERIC), 4);
    assert_eq!(entries(&document), [("db_pre_notify_start_0", "0:0;3:7:0:0b7c")]);
}

#[test]
fn a_reload_is_remembered_as_a_start() {
    let mut document = Document::parse("<cib><status/></cib>").unwrap();
    run(&mut document, Operation { task: "reload-agent", ..START }, Outcome::done(OcfCode::OK), 4);
    let entry = document.find_id("db_last_0").unwrap();
    assert_eq!(entry.attr("operation"), Some("start"));
}

#[test]
fn failures_count_up_and_are_forgotten() {
    let mut document = Document::parse("<cib><status/></cib>").unwrap();
    let node = NodeRef { id: "1", name: "n1" };
    let monitor = Failure {
        node,
        resource: "db",
        task: "monitor",
        interval_ms: 10_000,
        fatal: false,
        at: 1_600_000_000,
    };
    count_failure(&mut document, &monitor);
    count_failure(&mut document, &monitor);
    count_failure(&mut document, &Failure { resource: "db2", ..monitor });
    count_failure(&mut document, &Failure { task: "stop", interval_ms: 0, fatal: true, ..monitor });
    let values = |document: &Document| -> Vec<String> {
        let pairs = document.root().descendants().filter(|element| element.is("nvpair"));
        pairs
            .map(|pair| format!("{}={}", pair.attr("name").unwrap(), pair.attr("value").unwrap()))
            .collect()
    };
    assert_eq!(
        values(&document),
        [
            "fail-count-db#monitor_10000=2",
            "last-failure-db#monitor_10000=1600000000",
            "fail-count-db2#monitor_10000=1",
            "last-failure-db2#monitor_10000=1600000000",
            "fail-count-db#stop_0=INFINITY",
            "last-failure-db#stop_0=1600000000",
        ]
    );
    clear_failures(&mut document, &node, "db", Some(("stop", 0)));
    assert_eq!(values(&document).len(), 4);
    clear_failures(&mut document, &node, "db", None);
    assert_eq!(values(&document).len(), 2);
}

#[test]
fn a_run_replaces_what_was_recorded_in_older_ways() {
    let mut document = Document::parse(
        "<cib><status><node_state id='1' uname='n1'><lrm id='1'><lrm_resources>\
         <lrm_resource id='db'>\
         <lrm_rsc_op id='db_start_0' operation='start' interval='0' op-status='-1'/>\
         <lrm_rsc_op id='db:1_monitor_5000' operation='monitor' interval='5000'/>\
         <lrm_rsc_op id='db_monitor_10000' operation='monitor' interval='10000'/>\
         <lrm_rsc_op id='db_last_failure_0' operation='start' interval='0'/>\
         <lrm_rsc_op id='db_migrate_to_0' operation='migrate_to' interval='0'/>\
         </lrm_resource></lrm_resources></lrm></node_state></status></cib>",
    )
    .unwrap();
    let ids = |document: &Document| -> Vec<String> {
        let all = document.root().descendants().filter(|element| element.is("lrm_rsc_op"));
        all.map(|entry| entry.attr("id").unwrap().to_owned()).collect()
    };
    run(&mut document, START, Outcome::done(OcfCode::OK), 4);
    let monitor = Operation { task: "monitor", interval_ms: 5_000, ..START };
    run(&mut document, monitor, Outcome::done(OcfCode::OK), 5);
    assert_eq!(
        ids(&document),
        [
            "db_monitor_10000",
            "db_last_failure_0",
            "db_migrate_to_0",
            "db_last_0",
            "db_monitor_5000"
        ]
    );
}

/// An agent that no longer says which parameters need a restart must not be compared with what it said.
#[test]
fn a_run_replaces_checksums_that_it_does_not_tell_of() {
    let entry = |id: &str, rest: &str| {
        format!(
            "<lrm_rsc_op id='{id}' interval='0' op-digest='old' op-force-restart=' a ' \
             op-restart-digest='old' op-secure-params=' b ' op-secure-digest='old' {rest}/>"
        )
    };
    let mut document = Document::parse(&format!(
        "<cib><status><node_state id='1' uname='n1'><lrm id='1'><lrm_resources>\
         <lrm_resource id='db'>{}{}</lrm_resource></lrm_resources></lrm></node_state></status></cib>",
        entry("db_last_0", "operation='start'"),
        entry("db_last_failure_0", "operation='start'"),
    ))
    .unwrap();
    run(&mut document, START, Outcome::done(OcfCode::OK), 4);
    let last = document.find_id("db_last_0").unwrap();
    assert_eq!(last.attr("op-digest"), Some("abc"));
    for name in PARTIAL_DIGESTS {
        assert_eq!(last.attr(name), None, "{name}");
    }
    let failure = document.find_id("db_last_failure_0").unwrap();
    assert_eq!(failure.attr("op-restart-digest"), Some("old"), "the failure is of another run");
}

#[test]
fn what_an_operator_calls_failed_is_a_failure_where_it_is_known() {
    let text = "<cib epoch=\"1\" num_updates=\"0\" admin_epoch=\"0\"><configuration/><status>\
                <node_state id=\"1\" uname=\"n1\"><lrm id=\"1\"><lrm_resources>\
                <lrm_resource id=\"db\" class=\"ocf\" provider=\"x\" type=\"db\">\
                <lrm_rsc_op id=\"db_last_0\" operation=\"start\" call-id=\"7\" interval=\"0\"/>\
                </lrm_resource></lrm_resources></lrm></node_state></status></cib>";
    let mut document = Document::parse(text).unwrap();
    let (n1, n2) = (NodeRef { id: "1", name: "n1" }, NodeRef { id: "2", name: "n2" });
    assert!(!record_called_failed(&mut document, &n2, "db", 5));
    assert!(!record_called_failed(&mut document, &n1, "other", 5));
    assert_eq!(document.to_string(), Document::parse(text).unwrap().to_string());
    assert!(record_called_failed(&mut document, &n1, "db", 5));
    let root = document.root();
    let find = |id: &str| root.descendants().find(|at| at.attr("id") == Some(id));
    let entry = find("db_last_failure_0").unwrap();
    assert_eq!(entry.attr("operation"), Some("asyncmon"));
    assert_eq!((entry.attr("rc-code"), entry.attr("call-id")), (Some("1"), Some("8")));
    let counted = root.descendants().find(|at| {
        at.attr("name") == Some("fail-count-db#asyncmon_0") && at.attr("value") == Some("1")
    });
    assert!(counted.is_some());
}

#[test]
fn a_call_number_that_cannot_be_counted_on_is_no_harm() {
    let text = format!(
        "<cib><configuration/><status><node_state id=\"1\" uname=\"n1\"><lrm id=\"1\"><lrm_resources>\
         <lrm_resource id=\"db\" class=\"ocf\" provider=\"x\" type=\"db\">\
         <lrm_rsc_op id=\"db_last_0\" operation=\"start\" call-id=\"{}\" interval=\"0\"/>\
         </lrm_resource></lrm_resources></lrm></node_state></status></cib>",
        u64::MAX
    );
    let mut document = Document::parse(&text).unwrap();
    assert!(record_called_failed(&mut document, &NodeRef { id: "1", name: "n1" }, "db", 5));
    let entry = document.find_id("db_last_failure_0").unwrap();
    assert_eq!(entry.attr("call-id"), Some(u64::MAX.to_string().as_str()));
}

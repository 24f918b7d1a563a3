use cib::Document;
use wire::api::Event;

use super::*;

fn finished(action: &str, ms: u64, expected: bool) -> Event {
    Event::Finished {
        action: action.to_owned(),
        node: "n1".to_owned(),
        code: 0,
        status: "done".to_owned(),
        reason: String::new(),
        ms,
        expected,
    }
}

fn text(counted: &Counted) -> String {
    let xml = r#"<cib have-quorum="1"><configuration><crm_config/><nodes><node id="1" uname="a&quot;b\c"/></nodes><resources/><constraints><rsc_location id="l" rsc="x" node="n" score="-INFINITY"/></constraints></configuration><status/></cib>"#;
    let document = Document::parse(xml).unwrap();
    metrics(
        Seen { document: &document, cluster: None, now: 0 },
        counted,
        &Drbd::default(),
        Format::OpenMetrics,
    )
}

#[test]
fn what_is_counted_is_in_the_text() {
    let mut counted = Counted::default();
    counted.note(1.0, &finished("db_monitor_10000", 2000, true));
    counted.note(1.0, &finished("my_db_migrate_to_0", 30, true));
    counted.note(2.0, &finished("db_start_0", 7, false));
    counted.note(2.5, &Event::Idle);
    counted.stored(0.004);
    counted.queue("disk", 3);
    let text = text(&counted);
    for line in [
        "quorate_action_seconds_bucket{task=\"monitor\",expected=\"true\",le=\"1.0\"} 0.0",
        "quorate_action_seconds_bucket{task=\"monitor\",expected=\"true\",le=\"2.5\"} 1.0",
        "quorate_action_seconds_bucket{task=\"monitor\",expected=\"true\",le=\"+Inf\"} 1.0",
        "quorate_action_seconds_sum{task=\"migrate_to\",expected=\"true\"} 0.03",
        "quorate_recovery_seconds_sum 0.5",
        "quorate_store_seconds_count 1.0",
        "quorate_queue_length{queue=\"disk\"} 3.0",
        "ha_cluster_pacemaker_location_constraints{constraint=\"l\",node=\"n\",resource=\"x\",role=\"\"} -Inf",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(text.contains(r#"node="a\"b\\c""#), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn phases_are_counted_from_the_loss() {
    let mut counted = Counted::default();
    let lost = |lost: &[&str]| Event::Membership {
        members: Vec::new(),
        lost: lost.iter().map(|node| (*node).to_owned()).collect(),
        quorate: true,
    };
    counted.note(0.0, &Event::Idle);
    counted.note(10.0, &lost(&["n2"]));
    counted.note(10.25, &lost(&[]));
    let fenced = Event::Fenced {
        target: "n2".to_owned(),
        action: "off".to_owned(),
        succeeded: true,
        by: String::new(),
        reason: String::new(),
    };
    counted.note(10.5, &fenced);
    counted.note(11.0, &Event::Idle);
    counted.note(99.0, &Event::Idle);
    let text = text(&counted);
    assert!(text.contains("quorate_failover_seconds_sum{phase=\"fenced\"} 0.5\n"), "{text}");
    assert!(text.contains("quorate_failover_seconds_sum{phase=\"done\"} 1.0\n"), "{text}");
    assert!(text.contains("quorate_failover_seconds_count{phase=\"done\"} 1.0\n"), "{text}");
}

#[test]
fn a_processs_end_is_found_by_the_monitor_that_follows() {
    let mut counted = Counted::default();
    counted.ended(10.0, "my_db");
    counted.ended(10.5, "my_db");
    counted.ended(11.0, "other");
    counted.note(10.75, &finished("db_monitor_10000", 1, false));
    counted.note(11.0, &finished("my_db_monitor_10000", 1, false));
    // It had ended, and yet it was as it should be: nothing was detected.
    counted.note(12.0, &finished("other_monitor_10000", 1, true));
    counted.note(13.0, &finished("other_monitor_10000", 1, false));
    counted.lost_after(0.25);
    let text = text(&counted);
    for line in [
        "quorate_detection_seconds_sum{of=\"resource\"} 1.0",
        "quorate_detection_seconds_count{of=\"resource\"} 1.0",
        "quorate_detection_seconds_sum{of=\"node\"} 0.25",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn disks_of_sbds_are_told_with_their_times() {
    let mut counted = Counted::default();
    let disk =
        |device: &str, healthy, timeouts| SbdDisk { device: device.to_owned(), healthy, timeouts };
    counted.sbd(vec![disk("/dev/a", true, Some((5, 10))), disk("/dev/b", false, None)]);
    let text = text(&counted);
    let told: Vec<&str> = text.lines().filter(|line| line.starts_with("ha_cluster_sbd_")).collect();
    assert_eq!(
        told,
        [
            "ha_cluster_sbd_devices{device=\"/dev/a\",status=\"healthy\"} 1.0",
            "ha_cluster_sbd_devices{device=\"/dev/b\",status=\"unhealthy\"} 1.0",
            "ha_cluster_sbd_timeouts{device=\"/dev/a\",type=\"watchdog\"} 5.0",
            "ha_cluster_sbd_timeouts{device=\"/dev/a\",type=\"msgwait\"} 10.0",
        ]
    );
}

#[test]
fn agents_words_cannot_make_series_without_end() {
    let mut counted = Counted::default();
    for number in 0..1000 {
        counted.note(0.0, &finished(&format!("r_task{number}_0"), 1, true));
    }
    assert!(
        text(&counted).lines().filter(|line| line.contains("_seconds_count{task")).count() <= 33
    );
}

#[test]
fn who_does_not_know_openmetrics_gets_what_came_before() {
    let took = |accept: &str| Format::accepted(accept).content_type().split(';').next().unwrap();
    assert_eq!(took(""), "application/openmetrics-text");
    assert_eq!(took("*/*"), "application/openmetrics-text");
    assert_eq!(
        took("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5"),
        "application/openmetrics-text"
    );
    assert_eq!(took("text/plain;version=0.0.4;q=1,*/*;q=0.1"), "text/plain");
    let document = Document::parse("<cib/>").unwrap();
    let seen = Seen { document: &document, cluster: None, now: 0 };
    let text = metrics(seen, &Counted::default(), &Drbd::default(), Format::Prometheus);
    assert!(text.contains("# TYPE quorate_memberships_total counter\n"), "{text}");
    assert!(text.contains("\nquorate_memberships_total 0.0\n"), "{text}");
    assert!(!text.contains("EOF"), "{text}");
}

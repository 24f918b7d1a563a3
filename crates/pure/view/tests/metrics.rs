//! Somebody else's parser reads our metrics, whatever the cluster; and what dashboards made for
//! `ha_cluster_exporter` ask for is there.

#![expect(clippy::disallowed_methods, reason = "a test reads its documents")]

use std::fs;
use std::path::Path;

use cib::Document;
use generator::cluster;
use openmetrics_parser::openmetrics::parse_openmetrics;
use view::Seen;
use view::metrics::{Counted, Drbd, Format, metrics};
use wire::api::{Carrier, Cluster, Event, LinkHealth};

const NOW: i64 = 1_795_223_471;

fn counted() -> Counted {
    let mut counted = Counted::default();
    for (at, ms) in [(1.0, 3), (2.0, 700), (3.0, 200_000)] {
        let finished = Event::Finished {
            action: "db_start_0".to_owned(),
            node: "n1".to_owned(),
            code: 0,
            status: "done".to_owned(),
            reason: String::new(),
            ms,
            expected: true,
        };
        counted.note(at, &finished);
    }
    counted.stepped(0.002, true);
    counted.stored(0.004);
    counted
}

fn text_of(document: &Document) -> String {
    metrics(
        Seen { document, cluster: None, now: NOW },
        &counted(),
        &Drbd::default(),
        Format::OpenMetrics,
    )
}

#[test]
fn every_clusters_metrics_can_be_read() {
    for seed in 0..60 {
        let text = text_of(&cluster(seed));
        let read = parse_openmetrics(&text);
        assert!(read.is_ok(), "seed {seed}: {:?}\n{text}", read.err());
    }
}

#[test]
fn dashboards_of_the_exporter_find_what_they_ask_for() {
    let states = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/cli/states");
    let xml = fs::read_to_string(states.join("web.xml")).unwrap();
    let text = text_of(&Document::parse(&xml).unwrap());
    for line in [
        r#"ha_cluster_pacemaker_nodes{node="n1",type="member",status="online"} 1.0"#,
        r#"ha_cluster_pacemaker_nodes{node="n1",type="member",status="dc"} 1.0"#,
        r#"ha_cluster_pacemaker_nodes{node="n2",type="member",status="standby"} 0.0"#,
        r#"ha_cluster_pacemaker_resources{node="n1",resource="server",role="started",managed="true",status="active",agent="ocf:quorate:webserver",group="web",clone=""} 1.0"#,
        r#"ha_cluster_pacemaker_resources{node="n1",resource="counter",role="promoted",managed="true",status="active",agent="ocf:quorate:counter",group="",clone="counters"} 1.0"#,
        r#"ha_cluster_pacemaker_node_attributes{node="n1",name="master-counter",value="10"} 1.0"#,
        r#"ha_cluster_pacemaker_migration_threshold{node="n1",resource="server"} 3.0"#,
        r#"ha_cluster_pacemaker_fail_count{node="n1",resource="server"} 0.0"#,
        "ha_cluster_pacemaker_stonith_enabled 1.0",
        "ha_cluster_corosync_quorate 1.0",
        r#"ha_cluster_corosync_quorum_votes{type="quorum"} 2.0"#,
        r#"ha_cluster_corosync_member_votes{node_id="2",node="n2",local="false"} 1.0"#,
        r#"quorate_health{level="healthy"} 1.0"#,
        "quorate_survivable_node_losses 1.0",
        r#"quorate_node_loss_survived{node="n3"} 1.0"#,
        r#"quorate_fencing_ready{node="n2"} 1.0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_link_to_a_member_that_is_down_makes_its_ring_faulty() {
    let states = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/cli/states");
    let document = fs::read_to_string(states.join("web.xml")).unwrap();
    let document = Document::parse(&document).unwrap();
    let link = |to: &str, number, connected| LinkHealth {
        to: to.to_owned(),
        number,
        connected,
        latency_us: Some(250),
        loss_ppm: Some(1000),
        ..LinkHealth::default()
    };
    let carrier = Carrier {
        addresses: vec!["10.0.0.1".to_owned(), "10.1.0.1".to_owned()],
        // n3 is no member: that nothing reaches it is no fault of the rings.
        links: vec![link("n2", 0, true), link("n2", 1, false), link("n3", 0, false)],
        ..Carrier::default()
    };
    let cluster = Cluster {
        node: "n1".to_owned(),
        members: vec!["n1".to_owned(), "n2".to_owned()],
        carrier: Some(Box::new(carrier)),
        ..Cluster::default()
    };
    let seen = Seen { document: &document, cluster: Some(&cluster), now: NOW };
    let text = metrics(seen, &counted(), &Drbd::default(), Format::OpenMetrics);
    for line in [
        "ha_cluster_corosync_ring_errors 1.0",
        r#"ha_cluster_corosync_rings{node_id="1",number="0",address="10.0.0.1"} 1.0"#,
        r#"ha_cluster_corosync_rings{node_id="1",number="1",address="10.1.0.1"} 0.0"#,
        r#"quorate_link_latency_seconds{node="n2",number="0"} 0.00025"#,
        r#"quorate_link_loss_ratio{node="n2",number="0"} 0.001"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(parse_openmetrics(&text).is_ok());
}

//! What may not change while the cluster runs, each broken once.

use super::*;

const NOW: &str = "CLUSTER_NAME web
FIRST_CLUSTER_LOCK_VG /dev/vglock
NODE_NAME n1
NETWORK_INTERFACE lan0
HEARTBEAT_IP 10.0.0.1
FIRST_CLUSTER_LOCK_PV /dev/sda
NODE_NAME n2
NETWORK_INTERFACE lan0
HEARTBEAT_IP 10.0.0.2
FIRST_CLUSTER_LOCK_PV /dev/sda
HEARTBEAT_INTERVAL 1000000
NODE_TIMEOUT 8000000
VOLUME_GROUP /dev/vglock
VOLUME_GROUP /dev/vgshop
";

fn found(wanted: &str, up: &[&str]) -> Vec<String> {
    found_with(wanted, up, None)
}

fn found_with(wanted: &str, up: &[&str], conf: Option<&corosync::Conf>) -> Vec<String> {
    let shop = Package::of(&Text::parse("package_name shop\nvg vgshop\n"));
    let now = Cluster::of(&Text::parse(NOW));
    let now = Running { cluster: &now, up, packages: &[&shop], conf };
    lines(&check_online(now, &Cluster::of(&Text::parse(wanted))))
}

#[test]
fn what_may_not_change_while_the_cluster_runs_is_said() {
    let table: [((&str, &str), &str); 8] = [
        (
            ("FIRST_CLUSTER_LOCK_VG /dev/vglock\n", "QS_HOST qs1\n"),
            "line 2: error: the lock, on /dev/sda, changes while the cluster runs",
        ),
        (
            ("NODE_NAME n2\n", "NODE_NAME n3\n"),
            "error: the node n2 is gone from the file, and runs; halt it first: cmhaltnode n2",
        ),
        (
            ("HEARTBEAT_IP 10.0.0.2", "HEARTBEAT_IP 10.0.0.9"),
            "line 8: error: lan0 of n2 changes while the cluster runs; apply the file without it",
        ),
        (
            ("HEARTBEAT_IP 10.0.0.1", "STATIONARY_IP 10.0.0.1"),
            "line 4: error: lan0 of n1 changes while the cluster runs",
        ),
        (
            ("VOLUME_GROUP /dev/vgshop\n", ""),
            "error: the volume group /dev/vgshop is gone from the file, and package shop uses it and runs; halt it first: cmhaltpkg shop",
        ),
        (
            ("LOCK_VG /dev/vglock", "LOCK_VG /dev/vgshop"),
            "line 2: error: the lock, on /dev/sda, changes while the cluster runs; halt it",
        ),
        (
            ("FIRST_CLUSTER_LOCK_PV /dev/sda", "FIRST_CLUSTER_LOCK_PV /dev/sdb"),
            "line 2: error: the lock, on /dev/sda, changes while the cluster runs",
        ),
        (
            ("NODE_TIMEOUT 8000000", "NODE_TIMEOUT 9000000"),
            "line 12: error: NODE_TIMEOUT changes from 8000000 to 9000000 while the cluster runs; say MEMBER_TIMEOUT",
        ),
    ];
    let up = ["n1", "n2"];
    assert_eq!(found(NOW, &up), Vec::<String>::new());
    each_is_found(&table, |(from, to)| found(&with(NOW, from, to), &up));
    for ((from, to), _) in table {
        assert_eq!(found(&with(NOW, from, to), &[]), Vec::<String>::new(), "nothing runs");
    }
}

#[test]
fn heartbeats_that_changed_while_the_cluster_was_down_are_no_change() {
    let wanted = with(NOW, "HEARTBEAT_IP 10.0.0.2", "HEARTBEAT_IP 10.0.0.9");
    let conf = |text: &str| {
        let cluster = Cluster::of(&Text::parse(text));
        corosync::Conf::parse(&crate::lower::corosync_conf(&cluster).0)
    };
    let up = ["n1", "n2"];
    assert_eq!(found_with(&wanted, &up, Some(&conf(&wanted))), Vec::<String>::new());
    assert_eq!(found_with(&wanted, &up, Some(&conf(NOW))).len(), 1);

    // Nor is a lock.
    let other = NOW.replace("/dev/sda", "/dev/sdb");
    assert_eq!(found_with(&other, &up, Some(&conf(&other))), Vec::<String>::new());
    let told = found_with(&other, &up, Some(&conf(NOW)));
    assert_eq!(told.len(), 1, "{told:?}");
    let begin = "line 2: error: the lock, on /dev/sda, changes while the cluster runs; halt it";
    assert!(told.iter().all(|line| line.starts_with(begin)), "{told:?}");
}

/// Corosync with `last_man_standing` turns a quorum device off.
#[test]
fn a_lock_beside_those_who_had_quorum_last_begins_while_nothing_runs() {
    let node = |id| format!("NODE_NAME n{id}\nNETWORK_INTERFACE a\nHEARTBEAT_IP 10.0.0.{id}\n");
    let three: String = (1..=3).map(node).collect();
    let conf = crate::lower::corosync_conf(&Cluster::of(&Text::parse(&three))).0;
    let conf = corosync::Conf::parse(&conf);
    let server = format!("QS_HOST qs1\n{three}");
    let disk = three.replace("NETWORK_INTERFACE", "CLUSTER_LOCK_LUN /dev/sda\nNETWORK_INTERFACE");
    for (wanted, line) in [(&server, 1), (&disk, 2)] {
        let told = |up: &[&str], conf: &corosync::Conf| {
            let all = found_with(wanted, up, Some(conf));
            all.into_iter().filter(|line| line.contains("a lock begins")).collect::<Vec<_>>()
        };
        let begin = format!(
            "line {line}: error: a lock begins while the cluster runs, whose Corosync counts those"
        );
        let said = told(&["n1"], &conf);
        assert!(matches!(said.as_slice(), [one] if one.starts_with(&begin)), "{said:?}");
        assert_eq!(told(&[], &conf), Vec::<String>::new());
        // One that is there counts them as well, and without Corosync's rule.
        let conf = crate::lower::corosync_conf(&Cluster::of(&Text::parse(wanted))).0;
        assert_eq!(told(&["n1"], &corosync::Conf::parse(&conf)), Vec::<String>::new());
    }
}

#[test]
fn what_may_change_is_not_held_up() {
    let up = ["n1"];
    for (from, to) in [
        ("NODE_NAME n2\n", "NODE_NAME n3\n"),
        ("VOLUME_GROUP /dev/vglock\n", "VOLUME_GROUP /dev/vglock\nVOLUME_GROUP /dev/vgnew\n"),
        ("HEARTBEAT_INTERVAL 1000000\nNODE_TIMEOUT 8000000\n", "MEMBER_TIMEOUT 14000000\n"),
        ("HEARTBEAT_IP 10.0.0.1\n", "HEARTBEAT_IP 10.0.0.1\nNETWORK_INTERFACE lan1\n"),
    ] {
        assert_eq!(found(&with(NOW, from, to), &up), Vec::<String>::new(), "{to}");
    }
}

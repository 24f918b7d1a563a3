use super::*;

mod of_changes;
mod of_machines;
mod of_packages;
mod of_sets;

/// A cluster's file with nothing to say about.
pub(super) const CLUSTER: &str = "CLUSTER_NAME            web
QS_HOST                 qs1
QS_POLLING_INTERVAL     120000000
QS_TIMEOUT_EXTENSION    2000000

NODE_NAME               n1
  NETWORK_INTERFACE     lan0
    HEARTBEAT_IP        10.0.0.1
  NETWORK_INTERFACE     lan1
    HEARTBEAT_IP        10.0.1.1
  NETWORK_INTERFACE     lan2
    STATIONARY_IP       192.10.24.1
  CAPACITY_NAME         memory
    CAPACITY_VALUE      16
NODE_NAME               n2
  NETWORK_INTERFACE     lan0
    HEARTBEAT_IP        10.0.0.2
  NETWORK_INTERFACE     lan1
    HEARTBEAT_IP        10.0.1.2
  NETWORK_INTERFACE     lan2
    STATIONARY_IP       192.10.24.2
  CAPACITY_NAME         memory
    CAPACITY_VALUE      16.5
# Times are microseconds.

MEMBER_TIMEOUT          14000000
AUTO_START_TIMEOUT      600000000
NETWORK_POLLING_INTERVAL 2000000
SUBNET                  192.10.24.0
  IP_MONITOR            ON
  POLLING_TARGET        192.10.24.254
MAX_CONFIGURED_PACKAGES 300
WEIGHT_NAME             memory
WEIGHT_DEFAULT          1
USER_NAME               ANY_USER
USER_HOST               ANY_SERVICEGUARD_NODE
USER_ROLE               MONITOR
";

/// `text` with one piece replaced by another.
pub(super) fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

pub(super) fn lines(found: &[Finding]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

/// Asks each text for a finding that begins so; all that are missed are shown at once.
pub(super) fn each_is_found<T>(table: &[(T, &str)], find: impl Fn(&T) -> Vec<String>) {
    let missed = |(text, wanted): &(T, &str)| {
        let found = find(text);
        let is_there = found.iter().any(|line| line.starts_with(wanted));
        (!is_there).then(|| format!("wanted: {wanted}\n found: {}", found.join("\n        ")))
    };
    let missed: Vec<String> = table.iter().filter_map(missed).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The cluster's file with a piece replaced.
fn cluster(from: &str, to: &str) -> String {
    with(CLUSTER, from, to)
}

/// As it was written before A.11.19.
fn old(times: &str) -> String {
    cluster("MEMBER_TIMEOUT          14000000", times)
}

/// With a third and a fourth node.
fn nodes(names: &[&str]) -> String {
    let mut more = String::new();
    for (at, name) in names.iter().enumerate() {
        more.push_str(&format!(
            "NODE_NAME {name}\nNETWORK_INTERFACE lan0\nHEARTBEAT_IP 10.0.0.{0}\nNETWORK_INTERFACE lan1\nHEARTBEAT_IP 10.0.1.{0}\n",
            at + 3
        ));
    }
    cluster("\nMEMBER_TIMEOUT", &format!("{more}\nMEMBER_TIMEOUT"))
}

/// One network for heartbeats on each node.
fn one_network(card: &str) -> String {
    CLUSTER
        .replace("  NETWORK_INTERFACE     lan1\n    HEARTBEAT_IP        10.0.1.1\n", "")
        .replace("  NETWORK_INTERFACE     lan1\n    HEARTBEAT_IP        10.0.1.2\n", "")
        .replace("lan0", card)
}

/// Another lock instead of the quorum server; `of_nodes` stands in each node.
fn lock(lines: &str, of_nodes: [&str; 2]) -> String {
    let without = CLUSTER.replace(
        "QS_HOST                 qs1\nQS_POLLING_INTERVAL     120000000\nQS_TIMEOUT_EXTENSION    2000000\n",
        lines,
    );
    let mut text = String::new();
    for line in without.lines() {
        text.push_str(&format!("{line}\n"));
        if line.starts_with("NODE_NAME") {
            text.push_str(of_nodes[usize::from(line.ends_with("n2"))]);
        }
    }
    text
}

const DISK: &str = "FIRST_CLUSTER_LOCK_PV /dev/dsk/c0\n";
const DISK_VG: &str = "FIRST_CLUSTER_LOCK_VG /dev/vglock\nVOLUME_GROUP /dev/vglock\n";
const LUN: &str = "CLUSTER_LOCK_LUN /dev/sdd1\n";

fn policy(lines: &str) -> String {
    format!("{CLUSTER}{lines}")
}

#[test]
fn a_good_cluster_has_no_findings() {
    assert_eq!(lines(&check_cluster(CLUSTER)), Vec::<String>::new());
    for good in [
        lock(DISK_VG, [DISK, DISK]),
        lock("", [LUN, LUN]),
        one_network("bond0"),
        one_network("lan900"),
        nodes(&["n3"]),
        CLUSTER.to_lowercase(),
        policy("USER_NAME john mary\nUSER_HOST n1\nUSER_ROLE package_admin\n"),
    ] {
        assert_eq!(lines(&check_cluster(&good)), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn what_is_old_is_understood() {
    let found = lines(&check_cluster(&old("HEARTBEAT_INTERVAL 1000000\nNODE_TIMEOUT 5000000")));
    let expected = [
        "line 26: note: `HEARTBEAT_INTERVAL` is gone since A.11.19; say MEMBER_TIMEOUT; the interval is a quarter of it, at most a second",
        "line 27: note: `NODE_TIMEOUT` is gone since A.11.19; say MEMBER_TIMEOUT",
    ];
    assert_eq!(found, expected);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_rule_broken_once_is_found_in_its_line() {
    let long = "x".repeat(40);
    let table = [
        (cluster("CLUSTER_NAME", "CLUSTER_NAM"), "line 1: error: there is no parameter `CLUSTER_NAM`; did you mean `CLUSTER_NAME`?"),
        (cluster("CLUSTER_NAME            web\n", ""), "error: there is no CLUSTER_NAME; say it once"),
        (cluster("            web\n", "\n"), "line 1: error: the cluster's name is empty"),
        (cluster("web", &long), "line 1: error: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` is no value of `CLUSTER_NAME`; it takes a text of at most 39 bytes"),
        (cluster("web", "we b"), "line 1: error: the cluster's name has a blank in it"),
        (cluster("web", "w/b"), "line 1: error: the cluster's name has a `/` in it"),
        (cluster("web", "w\\b"), "line 1: error: the cluster's name has a `\\` in it"),
        (cluster("web", "w*b"), "line 1: error: the cluster's name has a `*` in it"),
        (cluster("web", "w=b"), "line 1: error: the cluster's name has a `=` in it; a quorum server does not take it"),
        (lock("", [LUN, LUN]).replacen("web", "w@b", 1), "line 1: warning: the cluster's name has a `@` in it; a quorum server would not take it"),
        (cluster("QS_HOST  ", "CLUSTER_NAME other\nQS_HOST  "), "line 2: error: `CLUSTER_NAME` is said a second time; first in line 1"),
        (cluster("AUTO_START", "AUTO_START_TIMEOUT 1\nAUTO_START"), "line 28: error: `AUTO_START_TIMEOUT` is said a second time; first in line 27"),
        (old("HEARTBEAT_INTERVAL 1000000\nHEARTBEAT_INTERVAL 1000000"), "line 27: error: `HEARTBEAT_INTERVAL` is said a second time; first in line 26"),
        (cluster("web", "\"web"), "line 1: error: a quote is not closed"),
        (cluster("NODE_NAME               n1", "NODE_NAME"), "line 6: error: `NODE_NAME` has no value; it takes a name of at most 39 bytes"),
        (cluster("CLUSTER_NAME ", "service_name x\nCLUSTER_NAME "), "line 1: error: there is no parameter `service_name`; it belongs into a package's file"),
        (cluster("CLUSTER_NAME ", "frobnicate x\nCLUSTER_NAME "), "line 1: error: there is no parameter `frobnicate`; a comment begins with #"),
        // Places.
        (cluster("CLUSTER_NAME ", "HEARTBEAT_IP 10.0.0.9\nCLUSTER_NAME "), "line 1: error: `HEARTBEAT_IP` before any NETWORK_INTERFACE"),
        (cluster("CLUSTER_NAME ", "NETWORK_INTERFACE lan3\nCLUSTER_NAME "), "line 1: error: `NETWORK_INTERFACE` before any NODE_NAME"),
        (cluster("NODE_NAME               n2\n", "NODE_NAME n2\nSTATIONARY_IP 10.9.9.9\n"), "line 16: error: `STATIONARY_IP` before any NETWORK_INTERFACE"),
        (cluster("  CAPACITY_NAME         memory\n    CAPACITY_VALUE      16\n", "CAPACITY_VALUE 16\n"), "line 13: error: `CAPACITY_VALUE` before any CAPACITY_NAME"),
        (cluster("SUBNET                  192.10.24.0\n", ""), "line 29: error: `IP_MONITOR` before any SUBNET"),
        (cluster("USER_NAME               ANY_USER\n", ""), "line 35: error: `USER_HOST` before any USER_NAME"),
        // The lock.
        (lock("", ["", ""]), "line 12: error: a cluster of two nodes without a lock; say QS_HOST, or CLUSTER_LOCK_LUN for each node"),
        (cluster("QS_HOST ", "FIRST_CLUSTER_LOCK_VG /dev/vglock\nQS_HOST "), "line 3: error: a second kind of cluster lock; a lock disk is already specified in line 2"),
        (cluster("NODE_NAME               n1\n", "NODE_NAME n1\nCLUSTER_LOCK_LUN /dev/sdd1\n"), "line 7: error: a second kind of cluster lock; a quorum server is already specified in line 2"),
        (lock(DISK_VG, ["FIRST_CLUSTER_LOCK_PV /dev/dsk/c0\nCLUSTER_LOCK_LUN /dev/sdd1\n", DISK]), "line 7: error: a second kind of cluster lock; a lock disk is already specified in line 2"),
        (lock("", [LUN, ""]), "line 13: error: n2 has no CLUSTER_LOCK_LUN, other nodes have; all nodes, or none"),
        (lock("QS_ADDR q2\n", [LUN, LUN]), "line 2: error: QS_ADDR without QS_HOST"),
        (lock("QS_POLLING_INTERVAL 10000000\n", [LUN, LUN]), "line 2: error: QS_POLLING_INTERVAL without QS_HOST"),
        (lock("QS_TIMEOUT_EXTENSION 0\n", [LUN, LUN]), "line 2: error: QS_TIMEOUT_EXTENSION without QS_HOST"),
        (cluster("120000000", "9999999"), "line 3: error: `9999999` is no value of `QS_POLLING_INTERVAL`; it takes 10000000 to 2147483647 microseconds"),
        (cluster("2000000\n\n", "300000001\n\n"), "line 4: error: `300000001` is no value of `QS_TIMEOUT_EXTENSION`"),
        (lock("FIRST_CLUSTER_LOCK_VG /dev/vglock\n", [DISK, DISK]), "line 2: error: the lock's volume group /dev/vglock is no VOLUME_GROUP"),
        (lock(DISK_VG, [DISK, ""]), "line 15: error: n2 has no FIRST_CLUSTER_LOCK_PV"),
        (lock("", [DISK, DISK]), "line 4: error: FIRST_CLUSTER_LOCK_PV without FIRST_CLUSTER_LOCK_VG"),
        (lock("SECOND_CLUSTER_LOCK_VG /dev/vg2\n", ["", ""]), "line 2: error: a second lock disk without a first; say FIRST_CLUSTER_LOCK_VG"),
        (with(&nodes(&["n3", "n4", "n5"]), "QS_HOST                 qs1", "FIRST_CLUSTER_LOCK_VG /dev/v"), "line 2: error: a lock disk for more than 4 nodes"),
        (lock("", [LUN, LUN]).replace("\nMEMBER", "NODE_NAME n3\nNODE_NAME n4\nNODE_NAME n5\n\nMEMBER"), "line 4: error: a lock LUN for more than 4 nodes; say QS_HOST"),
        (lock("", ["", ""]).replace("\nMEMBER", "NODE_NAME n3\nNODE_NAME n4\n\nMEMBER"), "note: no lock: of two equal halves, both stop"),
        // Nodes, cards and addresses.
        ("CLUSTER_NAME web\n".to_owned(), "error: there is no NODE_NAME"),
        (cluster("NODE_NAME               n2", "NODE_NAME n1"), "line 15: error: the node n1 is there twice; first in line 6"),
        (cluster("NODE_NAME               n2", "NODE_NAME n2.example.com"), "line 15: error: n2.example.com is not what `hostname` says; without its domain: n2"),
        (cluster("NODE_NAME               n2", &format!("NODE_NAME {long}")), "line 15: error: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` is no value of `NODE_NAME`"),
        (nodes(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"]), "line 95: error: more than 16 nodes"),
        (nodes(&["n3"]).replace("NETWORK_INTERFACE lan0\nHEARTBEAT_IP 10.0.0.3\nNETWORK_INTERFACE lan1\nHEARTBEAT_IP 10.0.1.3\n", ""), "line 25: error: n3 has no NETWORK_INTERFACE"),
        (cluster("  NETWORK_INTERFACE     lan1\n    HEARTBEAT_IP        10.0.1.2", "  NETWORK_INTERFACE     lan0\n    HEARTBEAT_IP        10.0.1.2"), "line 18: error: the interface lan0 of n2 is there twice; first in line 16"),
        (cluster("    HEARTBEAT_IP        10.0.0.2\n", "    HEARTBEAT_IP        10.0.0.2\nSTATIONARY_IP 10.7.0.2\n"), "line 18: error: lan0 has a second IPv4 address"),
        (cluster("10.0.1.2", "10.0.1.1"), "line 19: error: the address 10.0.1.1 is there twice; first in line 10"),
        (cluster("10.0.1.2", "n2-hb"), "line 19: error: `n2-hb` is no value of `HEARTBEAT_IP`; it takes an address in numbers"),
        (cluster("10.0.1.2", "10.0.1.2/24"), "line 19: error: `10.0.1.2/24` is no value of `HEARTBEAT_IP`; leave the length of the network out: 10.0.1.2"),
        (cluster("HEARTBEAT_IP        10.0.1.2", "STATIONARY_IP 10.0.1.2"), "line 15: error: n2 is on 1 of 2 heartbeat subnets"),
        (CLUSTER.replace("HEARTBEAT_IP        10.0.0.2", "STATIONARY_IP 10.0.0.2").replace("HEARTBEAT_IP        10.0.1.2", "STATIONARY_IP 10.0.1.2"), "line 15: error: n2 has no HEARTBEAT_IP"),
        (one_network("lan0"), "line 6: warning: n1 has one network for heartbeats, and no card that stands by; a second HEARTBEAT_IP, or a bond"),
        (with(&nodes(&["n3"]), "NODE_NAME               n1\n", "NODE_NAME n1\nSERIAL_DEVICE_FILE /dev/tty0p0\n"), "line 7: error: a serial line for more than two nodes"),
        (cluster("NODE_NAME               n1\n", "NODE_NAME n1\nSERIAL_DEVICE_FILE /dev/tty0p0\nSERIAL_DEVICE_FILE /dev/tty1p0\n"), "line 8: error: `SERIAL_DEVICE_FILE` is said a second time"),
        // Times.
        (old("HEARTBEAT_INTERVAL 900000\nNODE_TIMEOUT 5000000"), "line 26: error: `900000` is no value of `HEARTBEAT_INTERVAL`; it takes 1000000 to 30000000 microseconds"),
        (old("HEARTBEAT_INTERVAL 3000000\nNODE_TIMEOUT 5000000"), "line 27: error: NODE_TIMEOUT (5000000) is less than twice HEARTBEAT_INTERVAL; 6000000 at least"),
        (old("HEARTBEAT_INTERVAL 3000000"), "line 26: error: NODE_TIMEOUT (2000000) is less than twice HEARTBEAT_INTERVAL"),
        (old("HEARTBEAT_INTERVAL 16000000\nNODE_TIMEOUT 40000000"), "line 26: warning: a heartbeat every 15 s"),
        (old("HEARTBEAT_INTERVAL 16000000\nNODE_TIMEOUT 40000000"), "line 27: warning: a NODE_TIMEOUT of 30 s"),
        (old("NODE_TIMEOUT 70000000"), "line 26: error: `70000000` is no value of `NODE_TIMEOUT`"),
        (old("NODE_TIMEOUT 5000000\nMEMBER_TIMEOUT 14000000"), "line 26: error: times of two releases: this one is from before MEMBER_TIMEOUT; MEMBER_TIMEOUT is in line 27"),
        (old("MEMBER_TIMEOUT 2000000"), "line 26: error: `2000000` is no value of `MEMBER_TIMEOUT`; it takes 3000000 to 300000000 microseconds"),
        (with(&one_network("bond0"), "14000000", "13000000"), "line 22: error: MEMBER_TIMEOUT is 13000000 with one heartbeat subnet; 14000000 at least"),
        (old("MEMBER_TIMEOUT 61000000"), "line 26: note: a lost node is waited for 61 s; 60 s at most is usual"),
        (cluster("600000000", "0"), "line 27: error: `0` is no value of `AUTO_START_TIMEOUT`; it takes 1 to 2147483647 microseconds"),
        (cluster("NETWORK_POLLING_INTERVAL 2000000", "NETWORK_POLLING_INTERVAL 2s"), "line 28: error: `2s` is no value of `NETWORK_POLLING_INTERVAL`"),
        (cluster("NETWORK_POLLING_INTERVAL 2000000", "NETWORK_POLLING_INTERVAL 20000000"), "line 28: warning: network cards are looked at every 20 s only; 15 s at most"),
        (lock("FAILOVER_OPTIMIZATION TWO_NODE\n", [LUN, LUN]), "line 2: error: FAILOVER_OPTIMIZATION needs a quorum server; say NONE"),
        (with(&nodes(&["n3"]), "QS_HOST ", "FAILOVER_OPTIMIZATION TWO_NODE\nQS_HOST "), "line 2: error: FAILOVER_OPTIMIZATION needs at most two nodes"),
        (with(&one_network("bond0"), "QS_HOST ", "FAILOVER_OPTIMIZATION TWO_NODE\nQS_HOST "), "line 2: error: FAILOVER_OPTIMIZATION needs at least two heartbeat subnets"),
        (cluster("QS_HOST ", "NETWORK_FAILURE_DETECTION INOUTS\nQS_HOST "), "line 2: error: `INOUTS` is no value of `NETWORK_FAILURE_DETECTION`; did you mean `INOUT`?"),
        (cluster("QS_HOST ", "NETWORK_AUTO_FAILBACK maybe\nQS_HOST "), "line 2: error: `maybe` is no value of `NETWORK_AUTO_FAILBACK`; it takes yes, no"),
        (cluster("QS_HOST ", "HOSTNAME_ADDRESS_FAMILY IPV5\nQS_HOST "), "line 2: error: `IPV5` is no value of `HOSTNAME_ADDRESS_FAMILY`"),
        // Subnets, capacities, weights, sites, volume groups.
        (cluster("192.10.24.0", "192.10.25.0"), "line 29: error: no node has an address on the subnet 192.10.25.0"),
        (cluster("MAX_CONF", "SUBNET 192.10.24.0\nMAX_CONF"), "line 32: error: the subnet 192.10.24.0 is there twice; first in line 29"),
        (cluster("IP_MONITOR            ON", "IP_MONITOR OFF"), "line 31: warning: a target that nobody polls; say IP_MONITOR ON"),
        (cluster("  POLLING_TARGET        192.10.24.254\n", ""), "line 29: warning: two nodes that only ask each other both lose the subnet when one of them does; name a POLLING_TARGET, such as the router"),
        (cluster("300\n", "301\n"), "line 32: error: `301` is no value of `MAX_CONFIGURED_PACKAGES`; it takes 0 to 300"),
        (cluster("16.5", "1000001"), "line 23: error: `1000001` is no value of `CAPACITY_VALUE`; it takes a number from 0 to 1000000"),
        (cluster("    CAPACITY_VALUE      16\n", ""), "line 13: error: the capacity memory has no value; say CAPACITY_VALUE after it"),
        (cluster("    CAPACITY_VALUE      16\n", "CAPACITY_VALUE 1\nCAPACITY_NAME memory\nCAPACITY_VALUE 1\n"), "line 15: error: the capacity memory of n1 is there twice"),
        (cluster("  CAPACITY_NAME         memory", "CAPACITY_NAME -memory"), "line 13: error: `-memory` is no value of `CAPACITY_NAME`"),
        (cluster("    CAPACITY_VALUE      16\n", "CAPACITY_VALUE 1\nCAPACITY_NAME package_limit\nCAPACITY_VALUE 1\n"), "line 15: error: package_limit is not the only capacity"),
        (cluster("    CAPACITY_VALUE      16\n", "CAPACITY_VALUE 1\nCAPACITY_NAME b\nCAPACITY_VALUE 1\nCAPACITY_NAME c\nCAPACITY_VALUE 1\nCAPACITY_NAME d\nCAPACITY_VALUE 1\nCAPACITY_NAME e\nCAPACITY_VALUE 1\n"), "line 21: error: more than 4 capacities"),
        (cluster("WEIGHT_NAME             memory", "WEIGHT_NAME memoir"), "line 33: error: no node has the capacity memoir"),
        (CLUSTER.replace("memory", "package_limit").replace("WEIGHT_DEFAULT          1", "WEIGHT_DEFAULT 2"), "line 34: error: a package weighs 1 in package_limit"),
        (policy("WEIGHT_NAME memory\n"), "line 38: error: the weight memory is there twice; first in line 33"),
        (policy("WEIGHT_NAME a\nWEIGHT_NAME b\nWEIGHT_NAME c\nWEIGHT_NAME d\n"), "line 41: error: more than 4 weights"),
        (cluster("NODE_NAME               n1\n", "SITE_NAME east\nNODE_NAME n1\nSITE west\n"), "line 8: error: there is no site west"),
        (cluster("NODE_NAME               n1\n", "SITE_NAME east\nNODE_NAME n1\nSITE east\n"), "line 17: error: n2 is at no site"),
        (cluster("NODE_NAME               n1\n", "NODE_NAME n1\nSITE east\nSITE_NAME east\n"), "line 8: error: SITE_NAME behind a NODE_NAME"),
        (cluster("NODE_NAME               n1\n", "SITE_NAME east\nSITE_NAME east\nNODE_NAME n1\n"), "line 7: error: the site east is there twice"),
        (policy("VOLUME_GROUP vg01\n"), "line 38: error: `vg01` is no value of `VOLUME_GROUP`; it takes an absolute path"),
        (policy("VOLUME_GROUP /dev/vg01\nVOLUME_GROUP /dev/vg01\n"), "line 39: error: the volume group /dev/vg01 is there twice; first in line 38"),
        // Access.
        (policy("USER_NAME john\nUSER_ROLE MONITOR\n"), "line 38: error: an access policy without USER_HOST"),
        (policy("USER_NAME john\nUSER_HOST n1\n"), "line 38: error: an access policy without USER_ROLE"),
        (policy("USER_NAME\nUSER_HOST n1\nUSER_ROLE MONITOR\n"), "line 38: error: USER_NAME names nobody"),
        (policy("USER_NAME a b c d e f g h i\nUSER_HOST n1\nUSER_ROLE MONITOR\n"), "line 38: error: more than 8 names in one USER_NAME"),
        (policy("USER_NAME a b\nUSER_HOST n1\nUSER_ROLE MONITOR\nUSER_NAME b\nUSER_HOST n1\nUSER_ROLE FULL_ADMIN\n"), "line 41: error: a second policy for b from n1; first in line 38"),
        (policy("USER_NAME a\nUSER_HOST ANY_SERVICEGUARD_NODE\nUSER_ROLE FULL_ADMIN\n"), "line 39: warning: who comes from ANY_SERVICEGUARD_NODE may only look"),
        (policy("USER_NAME a\nUSER_HOST n1\nUSER_ROLE ADMIN\n"), "line 40: error: `ADMIN` is no value of `USER_ROLE`; it takes MONITOR, PACKAGE_ADMIN, FULL_ADMIN"),
        (policy(&"USER_NAME x\nUSER_HOST n1\nUSER_ROLE MONITOR\n".repeat(201)), "line 635: error: more than 200 access policies"),
    ];
    each_is_found(&table, |text| lines(&check_cluster(text)));
}

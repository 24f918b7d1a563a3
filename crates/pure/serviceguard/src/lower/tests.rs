use super::*;
use crate::Severity;

const CLUSTER: &str = "CLUSTER_NAME web
QS_HOST qs1
NODE_NAME n1
NETWORK_INTERFACE lan0
HEARTBEAT_IP 10.0.0.1
NETWORK_INTERFACE lan1
HEARTBEAT_IP 10.0.1.1
NODE_NAME n2
NETWORK_INTERFACE lan1
HEARTBEAT_IP 10.0.1.2
NETWORK_INTERFACE lan0
HEARTBEAT_IP 10.0.0.2
MEMBER_TIMEOUT 14000000
";

const PACKAGE: &str = "package_name shop
module_name sg/basic
node_name n1
node_name n2
monitored_subnet 10.0.0.0
ip_subnet 10.0.0.0
ip_address 10.0.0.50
service_name shop
service_cmd \"/opt/shop -d\"
service_restart 3
service_fail_fast_enabled yes
vg vg01
fs_name /dev/vg01/lvol1
fs_directory /shop
fs_type ext4
fs_mount_opt \"-o rw\"
";

fn document() -> Document {
    Document::parse(
        "<cib validate-with='pacemaker-4.0' epoch='1' num_updates='0' admin_epoch='0'>\
         <configuration><crm_config/><nodes><node id='1' uname='n1'/><node id='2' uname='n2'/>\
         </nodes><resources><primitive id='other' class='ocf' provider='pacemaker' type='Dummy'/>\
         </resources><constraints/></configuration><status/></cib>",
    )
    .unwrap()
}

fn write(document: &mut Document, text: &str) {
    let cluster = Cluster::of(&Text::parse(CLUSTER));
    let text = Text::parse(text);
    write_package(document, &cluster, &text, &[Package::of(&text)]);
}

#[test]
fn a_package_is_a_group_in_the_order_of_its_start() {
    let mut document = document();
    write_cluster(&mut document, &Text::parse(CLUSTER));
    write(&mut document, PACKAGE);
    let group = document.find_id("shop").unwrap();
    let members: Vec<&str> =
        group.children_named("primitive").filter_map(|member| member.attr("id")).collect();
    assert_eq!(members, ["shop-vg-vg01", "shop-fs-1", "shop-ip-10.0.0.50", "shop-service-shop"]);
    let broken = cib::schema::check(&document).violations;
    assert!(broken.is_empty(), "{broken:?}");
    let value = |id: &str| document.find_id(id).and_then(|pair| pair.attr("value"));
    assert_eq!(value("shop-fs-1-params-options"), Some("rw"));
    assert_eq!(value("shop-service-shop-params-restarts"), Some("3"));
    assert_eq!(
        document.find_id("shop-service-shop-monitor").unwrap().attr("on-fail"),
        Some("fence")
    );
    assert_eq!(document.find_id("shop-vg-vg01-stop").unwrap().attr("on-fail"), Some("block"));
}

#[test]
fn what_was_read_is_given_back_and_nothing_else_is_touched() {
    let mut document = document();
    let before = document.to_string();
    write(&mut document, PACKAGE);
    write(&mut document, PACKAGE);
    assert_eq!(package_text(&document, "shop").as_deref(), Some(PACKAGE));
    assert_eq!(package_texts(&document).len(), 1);
    let again = Document::parse(&document.to_string()).unwrap();
    assert_eq!(package_text(&again, "shop").as_deref(), Some(PACKAGE), "also after a reading");
    delete_package(&mut document, "shop");
    let left = document.to_string();
    assert!(!left.contains("shop"), "{left}");
    assert!(before.contains("other") && left.contains("other"));
}

#[test]
fn who_is_switched_off_stays_so_when_it_is_written_anew() {
    let mut document = document();
    write(&mut document, &format!("{PACKAGE}auto_run no\n"));
    assert!(switching::is_disabled(&document, "shop"));
    switching::enable(&mut document, "shop");
    switching::ban(&mut document, "shop", "n2");
    write(&mut document, &format!("{PACKAGE}auto_run no\n"));
    assert!(!switching::is_disabled(&document, "shop"));
    assert_eq!(switching::banned(&document, "shop"), ["n2"]);
    switching::disable(&mut document, "shop");
    switching::hold(&mut document, "shop", &["n1".to_owned()]);
    write(&mut document, PACKAGE);
    assert_eq!(switching::unhalted(&document, "shop"), ["n1"]);
    assert!(switching::is_disabled(&document, "shop"));
    switching::allow(&mut document, "shop", "n2");
    assert!(switching::banned(&document, "shop").is_empty());
}

#[test]
fn a_cluster_becomes_corosyncs_file() {
    let (text, found) = corosync_conf(&Cluster::of(&Text::parse(CLUSTER)));
    assert!(found.is_empty(), "{found:?}");
    for line in [
        "    cluster_name: web\n",
        "    token: 14000\n",
        "        ring0_addr: 10.0.0.2\n        ring1_addr: 10.0.1.2\n        name: n2\n",
        "            host: qs1\n",
        "            algorithm: ffsplit\n",
    ] {
        assert!(text.contains(line), "{text}\nwithout {line}");
    }
    let errors: Vec<_> = corosync::check(&text)
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
}

#[test]
fn only_what_the_file_says_changes_in_corosyncs() {
    let present = "totem {\n    cluster_name: web\n    token: 1000\n    consensus: 5000\n}\nnodelist {\n    node {\n        \
                   ring0_addr: 192.0.2.7\n        nodeid: 7\n        name: n1\n    }\n}\nquorum {\n    \
                   provider: corosync_votequorum\n    two_node: 1\n}\n";
    let cluster = Cluster::of(&Text::parse(CLUSTER));
    let mut conf = corosync::Conf::parse(present);
    let changes = adjust(&mut conf, &cluster, true);
    let expected = [
        "Modifying corosync.conf: the token's 1000 ms become 14000 ms",
        "Modifying corosync.conf: the quorum server is qs1",
    ];
    assert_eq!(changes, expected);
    let text = conf.to_string();
    for line in
        ["token: 14000\n", "ring0_addr: 192.0.2.7\n", "nodeid: 7\n", "host: qs1\n", "tls: on\n"]
    {
        assert!(text.contains(line), "{text}\nwithout {line}");
    }
    for gone in ["consensus", "two_node"] {
        assert!(!text.contains(gone), "{text}");
    }
    assert!(adjust(&mut conf, &cluster, true).is_empty(), "{conf}");
    let silent = Cluster::of(&Text::parse("CLUSTER_NAME web\n"));
    assert!(adjust(&mut corosync::Conf::parse(present), &silent, true).is_empty());
}

#[test]
fn what_has_no_counterpart_is_said() {
    let text = CLUSTER.replace("QS_HOST qs1\n", "").replace(
        "NODE_NAME n1\n",
        "NODE_NAME n1\nCLUSTER_LOCK_LUN /dev/sdd\nSERIAL_DEVICE_FILE /dev/tty0\n",
    );
    let (_, found) = corosync_conf(&Cluster::of(&Text::parse(&text)));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = ["line 4: warning: no heartbeat over serial lines; say a second HEARTBEAT_IP"];
    assert_eq!(found, expected);
}

#[test]
fn a_lock_on_a_disk_takes_the_server_s_place_and_gives_it_back() {
    let server = Cluster::of(&Text::parse(CLUSTER));
    let lock = CLUSTER
        .replace("QS_HOST qs1\n", "")
        .replace("NODE_NAME n1\n", "NODE_NAME n1\nCLUSTER_LOCK_LUN /dev/sdd1\n")
        .replace("NODE_NAME n2\n", "NODE_NAME n2\nCLUSTER_LOCK_LUN /dev/sde1\n");
    let lock = Cluster::of(&Text::parse(&lock));
    let (text, _) = corosync_conf(&lock);
    let mut conf = corosync::Conf::parse(&corosync_conf(&server).0);
    let changes = adjust(&mut conf, &lock, false);
    let place = "a disk of its own name on each node";
    assert_eq!(changes, [format!("Modifying corosync.conf: the cluster lock is on {place}")]);
    for text in [text, conf.to_string()] {
        let said =
            ["model: sanlock\n", "votes: 1\n", "path: /dev/sdd1\n", "lock_path: /dev/sde1\n"];
        said.iter().for_each(|line| assert!(text.contains(line), "{text}\nwithout {line}"));
        assert!(!text.contains("two_node") && !text.contains("qs1"), "{text}");
        let errors = corosync::check(&text);
        assert!(
            !errors.iter().any(|found| found.severity == Severity::Error),
            "{errors:?}\n{text}"
        );
    }
    assert!(adjust(&mut conf, &lock, false).is_empty(), "{conf}");

    let changes = adjust(&mut conf, &server, false);
    assert_eq!(changes, ["Modifying corosync.conf: the quorum server is qs1"]);
    let text = conf.to_string();
    assert!(text.contains("model: net\n") && !text.contains("/dev/sd"), "{text}");
}

#[test]
fn a_quorum_server_has_three_seconds_and_what_the_file_adds() {
    let timeouts = |text: &str| {
        let said = corosync::Settings::of(&corosync::Conf::parse(text)).device.unwrap();
        (said.timeout.unwrap().value, said.sync_timeout.unwrap().value)
    };
    let server = Cluster::of(&Text::parse(CLUSTER));
    assert_eq!(timeouts(&corosync_conf(&server).0), (3_000, 30_000));
    let patient = format!("QS_TIMEOUT_EXTENSION 20000000\n{CLUSTER}");
    let patient = Cluster::of(&Text::parse(&patient));
    assert_eq!(timeouts(&corosync_conf(&patient).0), (23_000, 69_000));
}

#[test]
fn a_lock_ends_only_while_nothing_runs() {
    let server = Cluster::of(&Text::parse(CLUSTER));
    let none = Cluster::of(&Text::parse(&CLUSTER.replace("QS_HOST qs1\n", "")));
    let mut conf = corosync::Conf::parse(&corosync_conf(&server).0);
    assert!(adjust(&mut conf, &none, false).is_empty(), "{conf}");
    let changes = replace_lock(&mut conf, &none, false);
    assert_eq!(changes, ["Modifying corosync.conf: there is no lock any more"]);
    let text = conf.to_string();
    assert!(!text.contains("device") && text.contains("two_node: 1"), "{text}");
    let errors = corosync::check(&text);
    assert!(!errors.iter().any(|found| found.severity == Severity::Error), "{errors:?}\n{text}");
    assert!(replace_lock(&mut conf, &none, false).is_empty(), "{conf}");
    assert_eq!(replace_lock(&mut conf, &server, false).len(), 1, "{conf}");
}

/// So many nodes; `of_node` is said of each.
fn nodes(count: usize, of_cluster: &str, of_node: &str) -> Cluster {
    let node =
        |at| format!("NODE_NAME n{at}\nNETWORK_INTERFACE a\nHEARTBEAT_IP 10.0.0.{at}\n{of_node}");
    let nodes: String = (1..=count).map(node).collect();
    Cluster::of(&Text::parse(&format!("{of_cluster}{nodes}")))
}

const SERVER: &str = "QS_HOST qs1\n";
const LUN: &str = "CLUSTER_LOCK_LUN /dev/sdd1\n";

#[test]
fn a_server_of_an_even_number_is_another_one_for_an_odd_number_while_nothing_runs() {
    let of = |count| nodes(count, SERVER, "");
    let mut conf = corosync::Conf::parse(&corosync_conf(&of(4)).0);
    let changes = adjust(&mut conf, &of(3), false);
    let warning = "Warning: ffsplit with 3 nodes: the device's vote breaks no tie, and quorum takes 3 of 4 votes";
    assert_eq!(changes[0], "Modifying corosync.conf: the node n4 is taken out");
    assert_eq!(changes[1], warning);
    assert_eq!(changes.len(), 3, "{changes:?}");
    assert!(adjust(&mut conf, &of(3), false).is_empty(), "{conf}");
    assert!(corosync::check(&conf.to_string()).iter().any(|found| found.what.contains("ffsplit")));

    let changes = replace_lock(&mut conf, &of(3), false);
    let text = conf.to_string();
    assert_eq!(changes, ["Modifying corosync.conf: the quorum server decides by lms, not ffsplit"]);
    assert!(text.contains("algorithm: lms") && text.contains("votes: 2"), "{text}");
    assert!(replace_lock(&mut conf, &of(3), false).is_empty(), "{conf}");
}

#[test]
fn a_server_of_an_odd_number_needs_fence_devices() {
    let found = |count| corosync_conf(&nodes(count, SERVER, "")).1;
    assert!([1, 2, 4].into_iter().all(|count| found(count).is_empty()));
    let warning = "line 1: warning: of an odd number of nodes the quorum server may keep two sides in quorum \
                   (lms): nobody counts on watchdogs; have fence devices; or a lock LUN, or neither, where \
                   those who had quorum last are counted";
    assert_eq!(found(3).iter().map(ToString::to_string).collect::<Vec<_>>(), [warning]);
    let conf = corosync::Conf::parse(&corosync_conf(&nodes(3, SERVER, "")).0);
    assert!(!corosync::Settings::of(&conf).quorum_by().is_one_sided());
}

#[test]
fn a_lock_is_for_any_number_of_nodes_from_two_on() {
    let of = |count| nodes(count, "CLUSTER_NAME web\n", LUN);
    let quorum_by = |conf: &corosync::Conf| corosync::Settings::of(conf).quorum_by();
    for count in [2, 3, 4] {
        let (text, found) = corosync_conf(&of(count));
        assert!(found.is_empty() && uses_lock(&of(count)), "{found:?}");
        assert!(text.contains("model: sanlock") && !text.contains("last_man"), "{text}");
        let conf = corosync::Conf::parse(&text);
        assert_eq!(quorum_by(&conf).counts_previous(), count > 2, "{text}");
        let found = corosync::check(&text);
        assert!(found.iter().all(|found| found.severity == Severity::Note), "{found:?}");
    }
    let mut conf = corosync::Conf::parse(&corosync_conf(&of(4)).0);
    let gone = |node| format!("Modifying corosync.conf: the node {node} is taken out");
    assert_eq!(adjust(&mut conf, &of(3), false), [gone("n4")]);
    assert!(replace_lock(&mut conf, &of(3), false).is_empty(), "{conf}");
    let all = "Modifying corosync.conf: all nodes are counted".to_owned();
    assert_eq!(adjust(&mut conf, &of(2), false), [gone("n3"), all]);

    let changes = adjust(&mut conf, &of(1), false);
    assert_eq!(changes[0], gone("n2"));
    assert!(changes[1].starts_with("Warning: a lock with one node"), "{changes:?}");
    let (text, found) = corosync_conf(&of(1));
    assert!(!text.contains("device") && !uses_lock(&of(1)), "{text}");
    let note = "line 5: note: one node has no halves; the lock is not used";
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [note]);
    let changes = replace_lock(&mut conf, &of(1), false);
    assert_eq!(changes, ["Modifying corosync.conf: there is no lock any more"]);
}

#[test]
fn who_counts_is_said_where_that_changes() {
    let (none, server) = (nodes(3, "", ""), nodes(3, SERVER, ""));
    let lock = nodes(3, "", LUN);
    let mut conf = corosync::Conf::parse(&corosync_conf(&none).0);
    let said = |who: &str| format!("Modifying corosync.conf: {who}");
    let by_lock = said("those who had quorum last are counted (the lock)");
    for (next, words) in [
        (&lock, [said("the cluster lock is on /dev/sdd1"), by_lock.clone()]),
        (&server, [said("the quorum server is qs1"), said("all nodes are counted")]),
        (&lock, [said("the cluster lock is on /dev/sdd1"), by_lock]),
        (
            &none,
            [
                said("there is no lock any more"),
                said("those who had quorum last are counted (last_man_standing)"),
            ],
        ),
        (
            &server,
            [said("the quorum server is qs1"), said("all nodes are counted (last_man_standing)")],
        ),
    ] {
        assert_eq!(replace_lock(&mut conf, next, false), words, "{conf}");
        assert!(replace_lock(&mut conf, next, false).is_empty(), "{conf}");
        let said = corosync::Settings::of(&conf);
        let is_last_man = said.quorum.last_man_standing.is_some();
        assert_eq!(is_last_man, said.device.is_none(), "{conf}");
    }
}

#[test]
fn three_without_a_lock_count_those_who_were_together_last() {
    let of = |text: &str| Cluster::of(&Text::parse(text));
    let node =
        |id: u32| format!("NODE_NAME n{id}\nNETWORK_INTERFACE a\nHEARTBEAT_IP 10.0.0.{id}\n");
    let nodes = |count| (1..=count).map(node).collect::<String>();
    let quorum_by = |conf: &corosync::Conf| corosync::Settings::of(conf).quorum_by();
    let first = corosync_conf(&of(&nodes(4))).0;
    let mut conf = corosync::Conf::parse(&first);
    assert_eq!(quorum_by(&conf), model::QuorumBy::Previous);
    let found = corosync::check(&first);
    assert!(found.iter().all(|found| found.severity == Severity::Note), "{found:?}");
    assert!(adjust(&mut conf, &of(&nodes(4)), false).is_empty());

    let with_server = of(&format!("QS_HOST qs1\n{}", nodes(4)));
    let changes = replace_lock(&mut conf, &with_server, false);
    let all = "Modifying corosync.conf: all nodes are counted (last_man_standing)";
    assert_eq!(changes[1..], [all]);
    assert!(!conf.to_string().contains("last_man"), "{conf}");
    let changes = replace_lock(&mut conf, &of(&nodes(4)), false);
    let previous =
        "Modifying corosync.conf: those who had quorum last are counted (last_man_standing)";
    assert_eq!(changes[1..], [previous]);

    let changes = adjust(&mut conf, &of(&nodes(2)), false);
    assert_eq!(changes.last().map(String::as_str), Some(all), "{changes:?}");
    let mut asked = corosync::Conf::parse(&first.replace("standing: 1", "standing: 0"));
    assert!(adjust(&mut asked, &of(&nodes(4)), false).is_empty(), "who says no is heeded");
}

#[test]
fn links_become_the_file_s_heartbeat_subnets() {
    let one = "NODE_NAME n1\nNETWORK_INTERFACE a\nHEARTBEAT_IP 10.0.0.1\n\
               NODE_NAME n2\nNETWORK_INTERFACE a\nHEARTBEAT_IP 10.0.0.2\n";
    let two = one
        .replace("IP 10.0.0.1\n", "IP 10.0.0.1\nNETWORK_INTERFACE b\nHEARTBEAT_IP 10.0.7.1\n")
        .replace("IP 10.0.0.2\n", "IP 10.0.0.2\nNETWORK_INTERFACE b\nHEARTBEAT_IP 10.0.7.2\n");
    let of = |text: &str| Cluster::of(&Text::parse(text));
    let three = format!(
        "{two}NODE_NAME n3\nNETWORK_INTERFACE a\nHEARTBEAT_IP 10.0.0.3\n\
                         NETWORK_INTERFACE b\nHEARTBEAT_IP 10.0.7.3\n"
    );
    let mut conf = corosync::Conf::parse(&corosync_conf(&of(&three)).0);

    let changes = adjust(&mut conf, &of(&two), false);
    let all = "Modifying corosync.conf: all nodes are counted (last_man_standing)";
    assert_eq!(changes, ["Modifying corosync.conf: the node n3 is taken out", all]);
    let said = conf.to_string();
    assert!(!said.contains("n3") && said.contains("two_node: 1"), "{said}");

    assert!(check_links(&conf, &of(one)).is_empty());
    let changes = adjust(&mut conf, &of(one), false);
    let words = "10.0.7.1 (n1), 10.0.7.2 (n2)";
    assert_eq!(changes, [format!("Modifying corosync.conf: no heartbeats by {words}")]);
    assert!(!conf.to_string().contains("ring1_addr"), "{conf}");

    let changes = adjust(&mut conf, &of(&two), false);
    assert_eq!(changes, [format!("Modifying corosync.conf: heartbeats by {words}")]);
    assert!(conf.to_string().contains("ring1_addr: 10.0.7.2"), "{conf}");
    assert!(adjust(&mut conf, &of(&two), false).is_empty(), "{conf}");

    // A link whose addresses change gets another number; but the first can only end while nothing runs.
    let other = two.replace("10.0.7.", "10.0.8.");
    assert!(check_links(&conf, &of(&other)).is_empty());
    adjust(&mut conf, &of(&other), false);
    let said = conf.to_string();
    assert!(said.contains("ring2_addr: 10.0.8.1") && !said.contains("ring1"), "{said}");
    let other = other.replace("10.0.0.", "10.0.6.");
    let found = check_links(&conf, &of(&other));
    let wanted = "line 3: error: heartbeats by 10.0.0.1 (n1), 10.0.0.2 (n2) cannot end while the cluster runs";
    assert!(found.iter().any(|found| found.to_string().starts_with(wanted)), "{found:?}");
    let changes = adjust(&mut conf, &of(&other), false);
    assert_eq!(changes.len(), 2, "{changes:?}");
    let said = conf.to_string();
    assert!(
        said.contains("ring0_addr: 10.0.6.1") && said.contains("ring1_addr: 10.0.8.1"),
        "{said}"
    );
    let errors = corosync::check(&said);
    assert!(!errors.iter().any(|found| found.severity == Severity::Error), "{errors:?}\n{said}");
}

/// Two nodes whose cards differ: `n1` has a card that stands by, `n2` none.
const NETWORKS: &str = "CLUSTER_NAME web
NODE_NAME n1
NETWORK_INTERFACE lan0
HEARTBEAT_IP 10.0.0.1
NETWORK_INTERFACE lan1
NETWORK_INTERFACE lan2
STATIONARY_IP 10.0.1.1
NODE_NAME n2
NETWORK_INTERFACE eth5
HEARTBEAT_IP 10.0.0.2
NETWORK_INTERFACE eth6
STATIONARY_IP 10.0.1.2
NETWORK_POLLING_INTERVAL 1500000
NETWORK_FAILURE_DETECTION INONLY_OR_INOUT
NETWORK_AUTO_FAILBACK no
SUBNET 10.0.0.0
IP_MONITOR ON
SUBNET 10.0.1.0
IP_MONITOR ON
POLLING_TARGET 10.0.1.254
";

#[test]
fn each_wire_of_each_node_is_watched_there_and_nowhere_else() {
    let mut document = document();
    write_cluster(&mut document, &Text::parse(NETWORKS));
    let said = |id: &str| -> Vec<String> {
        let set = document.find_id(&format!("{id}-params")).unwrap();
        let pair = |pair: Element<'_>| {
            format!("{}={}", pair.attr("name").unwrap(), pair.attr("value").unwrap())
        };
        set.children().map(pair).collect()
    };
    let wire = |cards: &str, subnet: &str, who: &str| {
        let mut all = vec![format!("interfaces={cards}"), format!("subnets={subnet}")];
        let same = "attribute_prefix=sg-subnet- card_prefix=sg-card- failure_detection=inonly_or_inout \
                    polling_interval=1500ms auto_failback=no";
        all.extend(same.split_whitespace().chain(who.split_whitespace()).map(str::to_owned));
        all
    };
    // Two silences last longer than a lost node's token and the agreement after it.
    let peer = |who: &str| format!("ip_polling_interval=17s peers={who}");
    assert_eq!(said("sg-lan.n1.lan0"), wire("lan0 lan1", "10.0.0.0", &peer("n2=10.0.0.2")));
    assert_eq!(said("sg-lan.n1.lan2"), wire("lan2", "10.0.1.0", "targets=10.0.1.254"));
    assert_eq!(said("sg-lan.n2.eth5"), wire("eth5", "10.0.0.0", &peer("n1=10.0.0.1")));
    assert_eq!(said("sg-lan.n2.eth6"), wire("eth6", "10.0.1.0", "targets=10.0.1.254"));
    let broken = cib::schema::check(&document).violations;
    assert!(broken.is_empty(), "{broken:?}");
    let cards: Vec<_> = watched_wires(&document, "n1").into_iter().map(|wire| wire.cards).collect();
    assert_eq!(cards, [vec!["lan0", "lan1"], vec!["lan2"]]);

    // Written anew, nothing moves; without the subnets nothing is watched.
    let before = document.to_string();
    write_cluster(&mut document, &Text::parse(NETWORKS));
    assert_eq!(document.to_string(), before);
    let (rest, _) = NETWORKS.split_once("SUBNET").unwrap();
    write_cluster(&mut document, &Text::parse(rest));
    assert!(!document.to_string().contains("sg-lan"), "{document}");
}

#[test]
fn a_subnet_that_a_package_monitors_is_watched_and_its_address_finds_the_card_itself() {
    let mut document = document();
    write(&mut document, PACKAGE);
    let interfaces = |id: &str| {
        document.find_id(&format!("{id}-params-interfaces")).and_then(|pair| pair.attr("value"))
    };
    assert_eq!(interfaces("sg-lan.n1.lan0"), Some("lan0"));
    assert_eq!(interfaces("sg-lan.n2.lan0"), Some("lan0"));
    assert_eq!(interfaces("sg-lan.n2.lan1"), None, "nobody monitors its subnet");
    // With a card said, the agent would not find an address that moved to another.
    assert!(document.find_id("shop-ip-10.0.0.50-params-nic").is_none());
}

#[test]
fn where_wires_are_several_it_is_said_for_which_card_another_stands_by() {
    let (_, found) = corosync_conf(&Cluster::of(&Text::parse(NETWORKS)));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected =
        ["line 5: note: lan1 stands by for lan0; name it below the card whose wire it is on"];
    assert_eq!(found, expected);
}

#[test]
fn a_resource_is_polled_once_where_its_packages_may_be_and_untouched_by_others() {
    let mut document = document();
    write_cluster(&mut document, &Text::parse(CLUSTER));
    let need = |name: &str, node: &str, rest: &str| {
        format!("package_name {name}\nnode_name {node}\nresource_name /a/b\n{rest}")
    };
    let often = "resource_polling_interval 20\nresource_up_value > 3 and < 7\n";
    write(&mut document, &need("one", "n1", "resource_up_value > 3\n"));
    let (here, there) = (names::polled("n1", "/a/b"), names::polled("n2", "/a/b"));
    let is_there = |document: &Document, id: &str| document.find_id(id).is_some();
    let said = |document: &Document, name: &str| {
        let monitor = document.find_id(&format!("{here}-monitor"));
        monitor.and_then(|at| at.attr(name)).map(str::to_owned)
    };
    assert_eq!(said(&document, "interval").as_deref(), Some("60s"));
    let parameters = |document: &Document| {
        let at = document.find_id(&format!("{here}-params"));
        at.map(|at| at.to_string()).unwrap_or_default()
    };
    let first = parameters(&document);
    assert!(first.contains("sg-resource-a-b") && first.contains("number"), "{first}");
    assert!(!is_there(&document, &there));

    // The shorter interval counts for all. What hangs on parameters does not start anew for that.
    write(&mut document, &need("two", "*", often));
    assert_eq!(said(&document, "interval").as_deref(), Some("20s"));
    assert_eq!(said(&document, "timeout").as_deref(), Some("30s"));
    assert_eq!(parameters(&document), first);
    let order = |node: &str, package: &str| format!("sg-resource.{node}.a-b.before.{package}");
    for (node, package, is_it) in [("n1", "one", true), ("n2", "one", false), ("n2", "two", true)] {
        assert_eq!(is_there(&document, &order(node, package)), is_it, "{node} {package}");
    }
    let broken = cib::schema::check(&document).violations;
    assert!(broken.is_empty(), "{broken:?}");
    let at = document.find_id(&here).unwrap().id();
    write(&mut document, &need("two", "*", often));
    assert_eq!(document.find_id(&here).unwrap().id(), at);

    delete_package(&mut document, "two");
    assert_eq!(said(&document, "interval").as_deref(), Some("60s"));
    assert!(!is_there(&document, &there) && !is_there(&document, &order("n1", "two")));
    delete_package(&mut document, "one");
    assert!(!document.to_string().contains("sg-resource"), "{document}");
}

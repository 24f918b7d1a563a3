use super::*;

fn said(text: &str) -> Vec<String> {
    check(text).iter().map(ToString::to_string).collect()
}

/// A file with nothing to say about.
const GOOD: &str = "totem {
    version: 2
    cluster_name: web
    config_version: 3
    transport: knet
    crypto_cipher: aes256
    crypto_hash: sha256
}
nodelist {
    node {
        ring0_addr: 10.0.0.1
        name: n1
        nodeid: 1
    }
    node {
        ring0_addr: 10.0.0.2
        name: n2
        nodeid: 2
    }
    node {
        ring0_addr: 10.0.0.3
        name: n3
        nodeid: 3
    }
}
quorum {
    provider: corosync_votequorum
}
";

/// `GOOD` with one piece replaced by another.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

/// The file with lines added to one of its sections.
fn quorum(lines: &str) -> String {
    with("provider: corosync_votequorum", &format!("provider: corosync_votequorum\n{lines}"))
}

fn two(lines: &str) -> String {
    let third =
        "    node {\n        ring0_addr: 10.0.0.3\n        name: n3\n        nodeid: 3\n    }\n";
    quorum(lines).replacen(third, "", 1)
}

const DEVICE: &str = "device {\nmodel: net\nnet {\nhost: q\nalgorithm: lms\n}\n}";

/// The device with a line more for the way to it.
fn net(line: &str) -> String {
    DEVICE.replace("algorithm: lms", &format!("algorithm: lms\n{line}"))
}

#[test]
fn a_good_file_has_no_findings() {
    assert_eq!(said(GOOD), Vec::<String>::new());
    assert_eq!(said(&quorum(&net("tls: required"))), Vec::<String>::new());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_mistake_is_found_in_its_line() {
    for (text, wanted) in [
        (
            with("version: 2", "version: 2\n    tokn: 3"),
            "line 3: warning: there is no `tokn` in `totem`: it does nothing; did you mean `token`?",
        ),
        (
            with("version: 2", "two_node: 1"),
            "line 2: warning: there is no `two_node` in `totem`: it does nothing; it belongs into `quorum`",
        ),
        (
            with("version: 2", "version: 1"),
            "line 2: error: `1` is no value of `version`; did you mean `2`?",
        ),
        (
            with("knet", "kned"),
            "line 5: error: `kned` is no value of `transport`; did you mean `knet`?",
        ),
        (
            with("aes256", "aes257"),
            "error: `aes257` is no value of `crypto_cipher`; did you mean `aes256`?",
        ),
        (
            with("quorum {", "quorm {"),
            "line 26: warning: there is no section `quorm` in the file outside of sections: it does nothing; did you mean `quorum`?",
        ),
        (
            with("version: 2", "rrp_mode: passive"),
            "line 2: warning: `rrp_mode` is gone since Corosync 3.0; say transport knet and link_mode",
        ),
        (
            with("version: 2", "join: 20"),
            "line 2: error: `join` is 20; it takes a whole number from 30 on",
        ),
        (
            with("version: 2", "token: 200\n token_coefficient: 0"),
            "line 2: warning: a token of 200 ms takes busy machines for dead",
        ),
        (
            with("version: 2", "token: 100\n token_coefficient: 0"),
            "line 2: error: the token would be sent again every 23 ms",
        ),
        (
            with("version: 2", "token: 1000\n    consensus: 1500"),
            "line 3: warning: consensus (1500) is less than 1.2 times the token (1650); 1980 at least",
        ),
        (
            with("version: 2", "consensus: 40"),
            "line 2: error: consensus (40) is shorter than join (50)",
        ),
        (
            with("version: 2", "version: 2\nversion: 2"),
            "line 2: warning: `version` is said again in line 3, which counts",
        ),
        (
            with("nodeid: 2", "nodeid: 1"),
            "line 18: error: the nodeid 1 is there twice; first in line 13",
        ),
        (
            with("nodeid: 2", "nodeid: 0"),
            "line 18: error: `nodeid` is 0; it takes a whole number from 1 on",
        ),
        (
            with("        nodeid: 2\n", ""),
            "line 15: error: a node without a `nodeid`; each needs a number of its own",
        ),
        (with("name: n2", "name: n1"), "the name n1 is there twice"),
        (
            with("10.0.0.2", "10.0.0.1"),
            "line 16: error: the address 10.0.0.1 is there twice; first in line 11",
        ),
        (with("10.0.0.2", "10.0.0.256"), "line 16: error: `10.0.0.256` is no address"),
        (with("10.0.0.2", "10.0.0.2/24"), "leave the length of the network out: 10.0.0.2"),
        (with("10.0.0.2", "fd00::2"), "line 16: error: IPv4 and IPv6 addresses on link 0"),
        (
            with("version: 2", "ip_version: ipv6"),
            "line 11: error: `ip_version` is ipv6, and this address is not",
        ),
        (
            with("ring0_addr: 10.0.0.2", "ring0_addr: 10.0.0.2\n ring1_addr: 10.1.0.2"),
            "line 10: error: `n1` is not on link 1, others are; say its ring1_addr",
        ),
        (
            with("    crypto_cipher: aes256\n    crypto_hash: sha256\n", ""),
            "warning: what travels is neither encrypted nor signed",
        ),
        (
            with("crypto_hash: sha256", "crypto_hash: none"),
            "line 6: error: encrypted but not signed",
        ),
        (with("sha256", "sha1"), "line 7: warning: sha1 is weak"),
        (
            with("knet", "udpu"),
            "line 6: error: encryption without knet: Corosync 3 refuses to start",
        ),
        (with("provider: corosync_votequorum", ""), "there is no quorum provider"),
        (quorum("two_node: 1"), "line 28: error: `two_node` with 3 nodes; it is for exactly two"),
        (two("two_node: 1"), "note: `two_node` turns `wait_for_all` on"),
        (two("two_node: 1\nwait_for_all: 0"), "warning: `two_node` without `wait_for_all`"),
        (two(""), "note: two nodes without `two_node`"),
        (two("two_node: yes"), "error: `yes` is no number for `two_node`; it takes 0 to 1; say 1"),
        (two("two_node: 1\nauto_tie_breaker: 1"), "error: `auto_tie_breaker` beside `two_node`"),
        (two(&format!("two_node: 1\n{DEVICE}")), "error: `two_node` beside a quorum device"),
        (
            quorum("expected_votes: 5"),
            "line 28: warning: `expected_votes` is 5, the nodelist has 3",
        ),
        (
            quorum("last_man_standing: 1"),
            "line 28: warning: `last_man_standing` without `wait_for_all`",
        ),
        (quorum("last_man_standing_window: 1000"), "without `last_man_standing` does nothing"),
        (
            quorum(&format!("last_man_standing: 1\nwait_for_all: 1\n{DEVICE}")),
            "`last_man_standing` turns the quorum device off; one of them; the device is in line 30",
        ),
        (
            quorum(&format!("auto_tie_breaker: 1\n{DEVICE}")),
            "`auto_tie_breaker` turns the quorum device off",
        ),
        (
            quorum("auto_tie_breaker: 1\nauto_tie_breaker_node: 1 9"),
            "line 29: error: there is no node 9",
        ),
        (quorum("allow_downscale: 1"), "`allow_downscale` is not supported"),
        (quorum(&DEVICE.replace("lms", "ffsplit")), "ffsplit with 3 nodes"),
        (quorum(&DEVICE.replace("model: net\n", "")), "a quorum device without `model`"),
        (quorum(&DEVICE.replace("host: q\n", "")), "the device's `net` has no `host`"),
        (
            quorum(&DEVICE.replace("host: q", "host: q\ntls: off")),
            "the way to the quorum device is not encrypted",
        ),
        (
            quorum(&DEVICE.replace("model: net", "model: net\nvotes: 1")),
            "lms has all nodes' votes less one: 2",
        ),
        (
            quorum(&DEVICE.replace("model: net", "model: net\ntimeout: 5000\nsync_timeout: 400")),
            "sync_timeout (400) is shorter than timeout (5000)",
        ),
        (
            quorum(&net("")),
            "note: a quorum device that offers no encryption is believed all the same",
        ),
        (quorum(&net("tie_breaker: 9")), "error: there is no node 9 to break ties"),
        (
            quorum(&net("keep_active_partition_tie_breaker: on")),
            "line 33: warning: `keep_active_partition_tie_breaker` does nothing with lms",
        ),
        (
            quorum(&net("keep_active_partition_tie_breaker: off").replace("lms", "ffsplit")),
            "note: without `keep_active_partition_tie_breaker`, of two equal sides",
        ),
        (quorum(&DEVICE.replace("algorithm: lms\n", "")), "has no `algorithm`: ffsplit"),
        (quorum(&DEVICE.replace("algorithm: lms\n", "")), "line 28: warning: ffsplit with 3 nodes"),
        (
            quorum(&DEVICE.replace("host: q", "host: 10.0.0.2")),
            "line 31: error: the quorum device is node n2: its vote is lost with it",
        ),
        (
            quorum(DEVICE).replace("    cluster_name: web\n", ""),
            "error: a quorum device, and the cluster has no name",
        ),
        (
            quorum(&DEVICE.replace("model: net", "model: net\nheuristics {\nmode: on\n}")),
            "line 31: warning: heuristics without any `exec_NAME`",
        ),
        (
            quorum(&DEVICE.replace("model: net", "model: net\nheuristics {\nexec_ping: /bin/x\n}")),
            "line 31: warning: a command that never runs; say `mode: on` or `mode: sync`",
        ),
    ] {
        let found = said(&text);
        assert!(found.iter().any(|line| line.contains(wanted)), "{found:#?}\n  wanted: {wanted}");
    }
}

#[test]
fn interfaces_fit_their_transport() {
    let interface = |lines: &str| with("version: 2", &format!("interface {{\n{lines}\n}}"));
    for (text, wanted) in [
        (
            interface("bindnetaddr: 10.0.0.0"),
            "line 3: warning: `bindnetaddr` does nothing with knet",
        ),
        (interface("linknumber: 1"), "no node has an address on link 1; say ring1_addr"),
        (interface("linknumber: 8"), "line 3: error: `linknumber` is 8; it takes 0 to 7"),
        (interface("ringnumber: 0"), "`ringnumber` is gone since Corosync 3.0; say linknumber"),
        (
            interface("bindnetaddr: 192.168.0.0").replace("knet", "udp"),
            "bindnetaddr 192.168.0.0 is no network of the nodes' ring0_addr",
        ),
        (
            interface("mcastaddr: 10.1.1.1").replace("knet", "udp"),
            "10.1.1.1 is no multicast address",
        ),
        (
            interface("mcastaddr: 224.1.1.1").replace("knet", "udp"),
            "224.1.1.1 is kept for routers' own use",
        ),
        (
            interface("mcastaddr: 239.1.1.1\nbroadcast: yes").replace("knet", "udp"),
            "a multicast address beside `broadcast: yes`",
        ),
        (
            interface("knet_pong_count: 3").replace("knet\n", "udp\n"),
            "`knet_pong_count` is for knet only",
        ),
        (
            interface("linknumber: 0\n}\ninterface {\nlinknumber: 0"),
            "line 5: error: link 0 was described in line 2",
        ),
        (
            interface("bindnetaddr: storage").replace("knet", "udp"),
            "`storage` is no address; `bindnetaddr` takes numbers, not names",
        ),
    ] {
        let found = said(&text);
        assert!(found.iter().any(|line| line.contains(wanted)), "{found:#?}\n  wanted: {wanted}");
    }
}

#[test]
fn what_was_right_then_is_right_for_then() {
    let old = "compatibility: whitetank\ntotem {\n version: 2\n secauth: on\n interface {\n  \
               ringnumber: 0\n  bindnetaddr: 10.0.0.0\n  mcastaddr: 239.0.0.7\n  mcastport: 5405\n }\n \
               transport: udp\n}\nservice {\n name: pacemaker\n ver: 1\n}\n";
    let then: Vec<String> = check_for(old, (1, 4)).iter().map(ToString::to_string).collect();
    let only_notes = then.iter().all(|line| line.contains("note: "));
    assert!(only_notes, "{then:#?}");
    let now = said(old);
    for wanted in [
        "line 1: warning: `compatibility` is gone since Corosync 2.0",
        "line 4: error: encryption without knet",
        "line 6: warning: `ringnumber` is gone since Corosync 3.0; say linknumber",
        "line 13: warning: the section `service` is gone since Corosync 2.0; what was started so is a service of its own",
    ] {
        assert!(now.iter().any(|line| line.contains(wanted)), "{now:#?}\n  wanted: {wanted}");
    }
}

#[test]
fn a_lock_on_a_disk() {
    let lock = |votes: &str, inside: &str| {
        said(&two(&format!("device {{\nmodel: sanlock\n{votes}\nsanlock {{\n{inside}\n}}\n}}")))
    };
    let good = lock("votes: 1", "path: /dev/sdd1\nio_timeout: 5");
    assert!(!good.iter().any(|line| line.contains("error")), "{good:?}");
    for (votes, inside, wrong) in [
        ("votes: 1", "io_timeout: 5", "the device's `sanlock` has no `path`"),
        ("", "path: /dev/sdd1", "a lock has exactly one vote"),
        ("votes: 2", "path: /dev/sdd1", "a lock has exactly one vote"),
        ("votes: 1", "path: /dev/sdd1\nio_timeout: 31", "io_timeout"),
    ] {
        let said = lock(votes, inside);
        assert!(said.iter().any(|line| line.contains(wrong)), "{wrong}: {said:?}");
    }
    // Any number of nodes may have one, and each has one vote: those who had quorum last are counted.
    let device = "device {\nmodel: sanlock\nvotes: 1\nsanlock {\npath: /dev/sdd1\n}\n}";
    let three = quorum(device);
    assert_eq!(said(&three), Vec::<String>::new());
    let uneven = three.replacen("nodeid: 2", "nodeid: 2\n        quorum_votes: 2", 1);
    let wrong = "line 19: error: a lock among three nodes or more needs one vote for each node";
    assert_eq!(said(&uneven), [wrong]);
    let of_two = two(device).replacen("nodeid: 2", "nodeid: 2\n        quorum_votes: 2", 1);
    assert!(!said(&of_two).iter().any(|line| line.contains("error")), "{of_two}");
}

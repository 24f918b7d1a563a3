use super::*;

/// A file with nothing to say about, its lines counted from 1.
const GOOD: &str = "use_logd yes
udpport 694
keepalive 2
deadtime 30
initdead 60
bcast eth1
mcast eth0 225.0.0.1 694 1 0
ucast eth0 10.0.0.2
auto_failback off
node n1 n2
ping 10.0.0.254
respawn hacluster /usr/lib/heartbeat/ipfail
apiauth ipfail uid=hacluster
";

fn around() -> Surroundings {
    Surroundings { local: Some("n1".to_owned()), ..Surroundings::default() }
}

fn said(text: &str, around: &Surroundings) -> Vec<String> {
    check(&HaCf::parse(text), around).iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_file_has_nothing_to_be_said_of() {
    assert_eq!(said(GOOD, &around()), [""; 0]);
}

/// A line of `GOOD` is replaced by the second text; one finding is expected.
const BROKEN: &[(&str, &str, &str)] = &[
    (
        "use_logd yes",
        "Use_logd yes",
        "line 1: error: Illegal directive [Use_logd] in ha.cf; did you mean `use_logd`?",
    ),
    (
        "use_logd yes",
        "use_logd maybe",
        "line 1: error: `maybe` is no value of `use_logd`; expected: use_logd on, off, yes, no, true, false, 1 or 0",
    ),
    (
        "use_logd yes",
        "use_logd",
        "line 1: error: `use_logd` has no value; expected: use_logd on, off, yes, no, true, false, 1 or 0",
    ),
    (
        "udpport 694",
        "udpport 70000",
        "line 2: error: `70000` is no value of `udpport`; expected: udpport 1 to 65535",
    ),
    (
        "udpport 694",
        "baud 1200\nserial /dev/ttyS0",
        "line 2: error: `1200` is no value of `baud`; did you mean `19200`? expected: baud 9600, 19200, 38400, 57600, 115200, 230400, 460800",
    ),
    (
        "udpport 694",
        "hopfudge 256",
        "line 2: error: `256` is no value of `hopfudge`; expected: hopfudge 0 to 255",
    ),
    (
        "udpport 694",
        "rtprio 100",
        "line 2: error: `100` is no value of `rtprio`; expected: rtprio 1 to 99",
    ),
    (
        "udpport 694",
        "msgfmt xml",
        "line 2: error: `xml` is no value of `msgfmt`; expected: msgfmt classic, netstring",
    ),
    (
        "udpport 694",
        "compression_threshold 0",
        "line 2: error: `0` is no value of `compression_threshold`; expected: compression_threshold a whole number from 1 on",
    ),
    (
        "udpport 694",
        "env PATH",
        "line 2: error: `PATH` is no value of `env`; expected: env NAME=VALUE",
    ),
    (
        "udpport 694",
        "watchdog /dev/watchdog\nwatchdog /dev/other",
        "line 3: error: `watchdog` is said a second time; the first is in line 2; leave one of them",
    ),
    (
        "udpport 694",
        "crm on\npacemaker on",
        "line 3: error: `pacemaker` is said a second time; the first is in line 2; leave one of them",
    ),
    (
        "udpport 694",
        "crm on\ncrm_daemon_dir /usr/lib",
        "line 3: error: `crm_daemon_dir` comes behind `crm` in line 2; put it above that line",
    ),
    (
        "udpport 694",
        "crm sometimes",
        "line 2: error: `sometimes` is no value of `crm`; expected: crm false, off, no, n, 0, true, on, yes, y, 1, respawn, minimal, manual, valgrind, ccm-only",
    ),
    (
        "udpport 694",
        "autojoin any",
        "line 2: error: autojoin with haresources: who may join must be known; say `autojoin none`, or `crm on`",
    ),
    (
        "udpport 694",
        "logfile /var/log/ha-log",
        "line 2: warning: `logfile` means nothing with `use_logd yes`; say it in /etc/logd.cf",
    ),
    ("udpport 694", "udp eth1", "line 2: warning: `udp` is an obsolete name; say `bcast`"),
    ("udpport 694", "baud 19200", "line 2: note: `baud` without a serial line"),
    (
        "keepalive 2",
        "keepalive 0",
        "line 3: error: `0` is no value of `keepalive`; expected: keepalive a time above 0, in seconds or with ms or us",
    ),
    (
        "keepalive 2",
        "keepalive 2s",
        "line 3: error: `2s` is no value of `keepalive`; expected: keepalive a time above 0, in seconds or with ms or us",
    ),
    (
        "keepalive 2",
        "keepalive 2 3",
        "line 3: warning: `keepalive` has 2 values; `3` counts; leave one of them",
    ),
    (
        "deadtime 30",
        "deadtime 4",
        "line 4: error: deadtime is 4 s, keepalive 2 s; expected: more than 4 s",
    ),
    (
        "deadtime 30",
        "deadping 500ms",
        "line 4: error: deadping is 500 ms, keepalive 2 s; expected: more than 4 s",
    ),
    (
        "initdead 60",
        "initdead 20",
        "line 5: error: initdead is 20 s, deadtime 30 s; expected: at least deadtime, better twice that",
    ),
    (
        "bcast eth1",
        "bcast",
        "line 6: error: `bcast` has no value; expected: bcast one value or more",
    ),
    (
        "bcast eth1",
        "bcast eth1\ndebug 1",
        "line 7: warning: `debug` comes behind the medium in line 6; put it above all media: it takes effect when it is met",
    ),
    (
        "bcast eth1",
        "serial a b c d e",
        "line 6: error: there are 5 serial lines; expected: at most 4",
    ),
    (
        "mcast eth0 225.0.0.1 694 1 0",
        "mcast eth0 225.0.0.1 694",
        "line 7: error: `mcast` with 3 values; expected: mcast DEVICE GROUP PORT TTL LOOP, such as `eth0 225.0.0.1 694 1 0`",
    ),
    (
        "mcast eth0 225.0.0.1 694 1 0",
        "mcast eth0 10.0.0.1 694 1 0",
        "line 7: error: `10.0.0.1` is no multicast group; expected: an address from 224.0.0.0 to 239.255.255.255",
    ),
    (
        "mcast eth0 225.0.0.1 694 1 0",
        "mcast6 eth0 fe80::1 694 1 0",
        "line 7: error: `fe80::1` is no IPv6 multicast group; expected: an address that begins with ff",
    ),
    (
        "mcast eth0 225.0.0.1 694 1 0",
        "mcast eth0 225.0.0.1 0 1 0",
        "line 7: error: `0` is no port for `mcast`; expected: 1 to 65535",
    ),
    (
        "mcast eth0 225.0.0.1 694 1 0",
        "mcast eth0 225.0.0.1 694 0 0",
        "line 7: error: `0` is no ttl for `mcast`; expected: 1 to 255",
    ),
    (
        "mcast eth0 225.0.0.1 694 1 0",
        "mcast eth0 225.0.0.1 694 1 2",
        "line 7: error: `2` is no loop for `mcast`; expected: 0 to 1",
    ),
    (
        "mcast eth0 225.0.0.1 694 1 0",
        "mcast eth0 225.0.0.1 694 1 1",
        "line 7: warning: with loop 1 a node hears its own heartbeats; it should be 0",
    ),
    (
        "ucast eth0 10.0.0.2",
        "ucast eth0 10.0.0.256",
        "line 8: error: `10.0.0.256` is no address for `ucast`; expected: an IPv4 address",
    ),
    (
        "ucast eth0 10.0.0.2",
        "ucast6 eth0 10.0.0.2",
        "line 8: error: `10.0.0.2` is no address for `ucast6`; expected: an IPv6 address",
    ),
    (
        "ucast eth0 10.0.0.2",
        "ucast 10.0.0.2",
        "line 8: error: `ucast` with 1 values; expected: ucast DEVICE ADDRESS",
    ),
    (
        "auto_failback off",
        "auto_failback perhaps",
        "line 9: error: `perhaps` is no value of `auto_failback`; expected: auto_failback on, off or legacy",
    ),
    (
        "auto_failback off",
        "nice_failback on",
        "line 9: warning: `nice_failback` is an obsolete name, with the opposite sense; say `auto_failback off` for `nice_failback on`",
    ),
    (
        "node n1 n2",
        "node n2 n3",
        "line 10: error: Current node [n1] not in configuration!; names are what `uname -n` says",
    ),
    ("node n1 n2", "node n1 N1", "line 10: note: node n1 is in line 10 already"),
    (
        "node n1 n2",
        "node n1 n2\nstonith_host n9 ssh n1",
        "line 11: warning: no node is called n9: the fence device is used by none; expected: a node, or * for any",
    ),
    (
        "ping 10.0.0.254",
        "ping_group routers",
        "line 11: error: the ping group routers has no address; expected: ping_group NAME ADDRESS...",
    ),
    (
        "ping 10.0.0.254",
        "ping_group routers 10.0.0",
        "line 11: error: `10.0.0` is no address for `ping_group`; expected: an IPv4 address",
    ),
    (
        "ping 10.0.0.254",
        "ping 10.0.0.254\nhbaping fc0",
        "line 12: note: `hbaping` has never fully worked",
    ),
    (
        "respawn hacluster /usr/lib/heartbeat/ipfail",
        "respawn hacluster ipfail",
        "line 12: error: `ipfail` is no full path of a program; expected: respawn USER /PROGRAM [ARGUMENT...]",
    ),
    (
        "respawn hacluster /usr/lib/heartbeat/ipfail",
        "respawn hacluster",
        "line 12: error: `respawn` is incomplete; expected: respawn USER /PROGRAM [ARGUMENT...]",
    ),
    (
        "respawn hacluster /usr/lib/heartbeat/ipfail",
        "stonith ssh hosts",
        "line 12: error: `hosts` is no path; expected: stonith TYPE FILE",
    ),
    (
        "respawn hacluster /usr/lib/heartbeat/ipfail",
        "stonith_host *",
        "line 12: error: `stonith_host` is incomplete; expected: stonith_host HOST TYPE PARAMETER..., where * is any host",
    ),
    (
        "apiauth ipfail uid=hacluster",
        "apiauth ipfail",
        "line 13: error: `apiauth` names neither users nor groups; expected: apiauth CLIENT [uid=USER,...] [gid=GROUP,...]",
    ),
    (
        "apiauth ipfail uid=hacluster",
        "apiauth ipfail user=x",
        "line 13: error: `user=x` is neither uid= nor gid=; expected: apiauth CLIENT [uid=USER,...] [gid=GROUP,...]",
    ),
    (
        "apiauth ipfail uid=hacluster",
        "apiauth a uid=x\napiauth a gid=y",
        "line 14: error: Duplicate apiauth directive [a]; the first is in line 13; say all of a client's users and groups in one line",
    ),
    (
        "udpport 694",
        "crm on\ncrmd_spawns_pengine yes",
        "line 3: error: `crmd_spawns_pengine` comes behind `crm` in line 2; put it above that line",
    ),
    (
        "udpport 694",
        "autojoin other",
        "line 2: error: autojoin with haresources: who may join must be known; say `autojoin none`, or `crm on`",
    ),
    (
        "udpport 694",
        "baud 9600\nbaud 19200\nserial /dev/ttyS0",
        "line 3: error: `baud` is said a second time; the first is in line 2; leave one of them",
    ),
    (
        "bcast eth1",
        "bcast eth1\nudpport 695",
        "line 7: warning: `udpport` comes behind the medium in line 6; put it above all media: it takes effect when it is met",
    ),
    (
        "bcast eth1",
        "serial /dev/ttyS0\nbaud 9600",
        "line 7: warning: `baud` comes behind the medium in line 6; put it above all media: it takes effect when it is met",
    ),
    (
        "udpport 694",
        "debugfile /var/log/ha-debug",
        "line 2: warning: `debugfile` means nothing with `use_logd yes`; say it in /etc/logd.cf",
    ),
    (
        "udpport 694",
        "logfacility local0",
        "line 2: warning: `logfacility` means nothing with `use_logd yes`; say it in /etc/logd.cf",
    ),
    (
        "respawn hacluster /usr/lib/heartbeat/ipfail",
        "failfast root watcher",
        "line 12: error: `watcher` is no full path of a program; expected: failfast USER /PROGRAM [ARGUMENT...]",
    ),
];

/// What each kind of value is not.
fn wrong(takes: table::Takes) -> Option<&'static str> {
    use table::Takes;
    match takes {
        Takes::Time => Some("-1"),
        Takes::Number { .. } => Some("99999999999999"),
        Takes::Boolean | Takes::Word(_) => Some("perhaps"),
        Takes::Variable => Some("=x"),
        Takes::Multicast | Takes::Unicast | Takes::PingGroup => Some("x"),
        Takes::Device | Takes::HostsDevice | Takes::Child | Takes::Client => Some("x"),
        // Anything is one.
        Takes::One | Takes::Many => None,
    }
}

#[test]
fn a_wrong_value_of_any_directive_is_an_error_with_its_line() {
    for known in directives() {
        let bad = wrong(known.takes).map(|value| format!("{} {value}", known.name));
        for text in bad.into_iter().chain([known.name.to_owned()]) {
            let found = check(&HaCf::parse(&format!("# first\n{text}\n{GOOD}")), &around());
            let at_line =
                |finding: &Finding| finding.line == 2 && finding.severity == Severity::Error;
            assert!(found.iter().any(at_line), "{text}: {found:?}");
        }
    }
}

#[test]
fn what_the_machine_knows_is_looked_at() {
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let around = Surroundings {
        cards: Some(of(&["eth0", "lo"])),
        services: [(5353, "mdns".to_owned()), (694, "ha-cluster".to_owned())].into(),
        ..around()
    };
    let text = GOOD.replacen("694", "5353", 1);
    let expected = [
        "line 2: warning: the UDP port 5353 is mdns's; Heartbeat's own is 694",
        "line 6: warning: this machine has no card eth1; there are eth0, lo",
    ];
    assert_eq!(said(&text, &around), expected);
    let known = Surroundings { cards: None, ..around };
    assert_eq!(said(GOOD, &known), [""; 0]);
}

#[test]
fn each_rule_broken_once() {
    for (from, to, expected) in BROKEN {
        assert!(GOOD.contains(from), "{from}");
        assert_eq!(said(&GOOD.replacen(from, to, 1), &around()), [*expected], "{to}");
    }
}

#[test]
fn what_is_of_the_whole_file_has_no_line() {
    let bare = "node n1\nauto_failback on\n";
    let media =
        "error: No heartbeat media defined; expected: a line with bcast, mcast, ucast or serial";
    assert_eq!(said(bare, &around()), [media]);
    let nobody = "bcast eth0\nauto_failback on\n";
    let nodes = "error: no nodes defined; expected: `node NAME`, as `uname -n` says there";
    assert_eq!(said(nobody, &around()), [nodes]);
    assert_eq!(said("crm on\nautojoin any\nbcast eth0\n", &around()), [""; 0]);
    let legacy = said("node n1\nbcast eth0\n", &around());
    let expected = "warning: auto_failback is legacy: resources always go back, and cannot be moved; say \
                    `auto_failback on` or `off`";
    assert_eq!(legacy, [expected]);
}

#[test]
fn many_nodes_media_and_long_names_are_too_much() {
    let nodes: String = (1..=101).map(|n| format!(" n{n}")).collect();
    let text = GOOD.replacen("node n1 n2", &format!("node{nodes}"), 1);
    assert_eq!(
        said(&text, &around()),
        ["line 10: error: there are 101 nodes; expected: at most 100"]
    );
    let devices: String = (1..=63).map(|n| format!(" e{n}")).collect();
    let text = GOOD.replacen("bcast eth1", &format!("bcast{devices}"), 1);
    assert_eq!(said(&text, &around()), ["line 8: error: there are 65 media; expected: at most 64"]);
    let long = "n".repeat(100);
    let found = said(&GOOD.replacen("node n1 n2", &format!("node n1 {long}"), 1), &around());
    assert!(
        found.len() == 1 && found[0].ends_with("expected: fewer than 100 characters"),
        "{found:?}"
    );
}

#[test]
fn short_times_after_the_start_are_risky() {
    let text = GOOD.replacen("deadtime 30\ninitdead 60", "deadtime 5\ninitdead 8", 1);
    let expected =
        "line 5: warning: initdead is 8 s; 10 s or more: networks need time after a boot";
    assert_eq!(said(&text, &around()), [expected]);
}

#[test]
fn with_the_resource_manager_haresources_is_named_with_its_conversion() {
    let around = Surroundings { has_resources: true, ..around() };
    let text = GOOD.replacen("udpport 694", "crm respawn", 1);
    let expected = [
        "line 2: warning: File haresources exists.; move it away when it is converted",
        "line 2: warning: This file is not used because crm is enabled; `quorate import heartbeat \
         --resources` turns it into configuration",
    ];
    assert_eq!(said(&text, &around), expected);
    let serial = said("crm on\nserial ttyS0\nnode n1\n", &self::around());
    let expected = "line 2: warning: serial lines are too slow for the cluster resource manager; use a \
                    network";
    assert_eq!(serial, [expected]);
}

#[test]
fn children_are_looked_for_where_users_and_programs_are_known() {
    let programs = [("/opt/w", Program::Missing), ("/opt/x", Program::NotExecutable)];
    let programs = programs.map(|(path, program)| (path.to_owned(), program));
    let users = ["root".to_owned()].into();
    let around = Surroundings { users: Some(users), programs: Some(programs.into()), ..around() };
    let children = "respawn hacluster /usr/lib/heartbeat/ipfail
respawn nobody9 /opt/y
failfast root /opt/w -v
respawn root /opt/x";
    let text = GOOD.replacen("respawn hacluster /usr/lib/heartbeat/ipfail", children, 1);
    let expected = [
        "line 13: error: `respawn` as nobody9: no such user; expected: a user of this machine",
        "line 14: error: `failfast` /opt/w: no such program; expected: the full path of a program of this \
         machine",
        "line 15: error: `respawn` /opt/x: it is no program that can be run; expected: the full path of a \
         program of this machine",
    ];
    assert_eq!(said(&text, &around), expected, "what becomes something else need not be here");
    let text = GOOD.replacen("auto_failback off", "auto_failback legacy", 1);
    assert_eq!(said(&text, &self::around()).len(), 2);
    let text = GOOD.replacen("ping 10.0.0.254\n", "", 1);
    let expected = "line 11: warning: ipfail without a ping node has nothing to compare; expected: a \
                    line with ping or ping_group";
    assert_eq!(said(&text, &self::around()), [expected]);
}

//! Files as they are found on machines, each with what is to be said of it in the file beside it.
//! `REWRITE=1` writes those anew.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "the files are the test")]

use std::fs;
use std::path::Path;

use corosync::check::check_for;
use corosync::timing::Effective;
use corosync::{Conf, Member, Settings, Transport, check};
use model::QuorumBy;

fn files() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

fn read(name: &str) -> String {
    fs::read_to_string(files().join(name)).unwrap()
}

const NAMES: [&str; 5] =
    ["multicast-1.conf", "udpu-2.conf", "knet-3.conf", "two-node.conf", "qdevice.conf"];

#[test]
fn findings_are_as_written_beside_each_file() {
    for name in NAMES {
        let found: String =
            check(&read(name)).iter().map(|finding| format!("{finding}\n")).collect();
        let beside = files().join(name).with_extension("findings");
        if std::env::var_os("REWRITE").is_some() {
            fs::write(&beside, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&beside).unwrap(), "{name}");
    }
}

#[test]
fn files_were_right_for_their_release() {
    for (name, release) in [("multicast-1.conf", (1, 4)), ("udpu-2.conf", (2, 4))] {
        let bad: Vec<String> = check_for(&read(name), release)
            .iter()
            .filter(|finding| finding.severity == corosync::Severity::Error)
            .map(ToString::to_string)
            .collect();
        assert!(bad.is_empty(), "{name}: {bad:#?}");
    }
}

#[test]
fn a_node_comes_and_goes_and_the_file_is_the_same_but_for_its_edition() {
    for name in ["udpu-2.conf", "knet-3.conf"] {
        let text = read(name);
        let mut conf = Conf::parse(&text);
        let before = Settings::of(&conf).config_version();
        let addresses = match name {
            "udpu-2.conf" => vec!["db4.example.com".to_owned()],
            _ => vec!["10.1.0.14".to_owned(), "fd00:2::14".to_owned()],
        };
        let id = conf.add(&Member { name: "new".to_owned(), id: 0, addresses }).unwrap();
        assert_eq!(id, 4);
        let errors = |text: &str| {
            check(text).into_iter().filter(|f| f.severity == corosync::Severity::Error).count()
        };
        assert_eq!(errors(&conf.to_string()), errors(&text), "{conf}");
        assert_eq!(Settings::of(&conf).node("new").unwrap().id.as_ref().unwrap().value, 4);
        conf.drop_node("new").unwrap();
        assert_eq!(Settings::of(&conf).config_version(), before + 2);
        let version = |at: u64| format!("config_version: {at}");
        assert_eq!(conf.to_string().replace(&version(before + 2), &version(before)), text);
    }
}

#[test]
fn the_pair_of_two_becomes_three_and_two_again() {
    let mut conf = Conf::parse(&read("two-node.conf"));
    let third = Member { name: "third".to_owned(), id: 9, addresses: vec!["10.0.0.3".to_owned()] };
    conf.add(&third).unwrap();
    assert_eq!(Settings::of(&conf).quorum.two_node, None);
    assert_eq!(Settings::of(&conf).config_version(), 1, "{conf}");
    conf.drop_node("left").unwrap();
    assert!(Settings::of(&conf).quorum.two_node.unwrap().value, "{conf}");
}

#[test]
fn who_does_not_fit_is_refused() {
    let refused = |name: &str, id: u32, addresses: &[&str]| {
        let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
        let mut conf = Conf::parse(&read("knet-3.conf"));
        let error = conf.add(&Member { name: name.to_owned(), id, addresses }).unwrap_err();
        assert_eq!(conf.to_string(), read("knet-3.conf"), "nothing was changed");
        error.to_string()
    };
    assert_eq!(refused("m2", 0, &["10.1.0.14", "fd00:2::14"]), "the name `m2` is taken");
    assert_eq!(refused("m4", 2, &["10.1.0.14", "fd00:2::14"]), "the number 2 is taken");
    assert_eq!(refused("m4", 0, &["10.1.0.12", "fd00:2::14"]), "the address 10.1.0.12 is taken");
    assert_eq!(refused("m4", 0, &["10.1.0.14"]), "the cluster has 2 links; 1 addresses were given");
    let mut conf = Conf::parse(&read("knet-3.conf"));
    assert_eq!(conf.drop_node("m9").unwrap_err().to_string(), "there is no node `m9`");
    let mut conf = Conf::parse(&read("multicast-1.conf"));
    assert!(conf.add(&Member { name: "x".into(), id: 0, addresses: vec![] }).is_err());
}

#[test]
fn settings_are_what_the_files_say() {
    let of = |name: &str| Settings::of(&Conf::parse(&read(name)));
    let old = of("multicast-1.conf");
    assert_eq!(old.interfaces.len(), 2);
    assert!(old.needs_key());
    assert_eq!(of("udpu-2.conf").transport(), Transport::Udpu);
    assert!(!of("udpu-2.conf").needs_key());
    let mail = of("knet-3.conf");
    assert_eq!(mail.nodes.iter().map(|node| node.addresses.len()).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(Effective::of(&mail).real_token, 2650);
    let device = of("qdevice.conf").device.unwrap();
    assert_eq!(device.algorithm.unwrap().value, "ffsplit");
}

#[test]
fn one_vote_of_a_device_leaves_quorum_to_one_side() {
    let of = |text: &str| Settings::of(&Conf::parse(text));
    let server = read("qdevice.conf");
    let outlasts = std::time::Duration::from_millis(12_800);
    assert_eq!(of(&server).quorum_by(), QuorumBy::Device { outlasts });
    let quick = server.replace("timeout: 8000", "timeout: 2000");
    let outlasts = std::time::Duration::from_millis(3_200);
    assert_eq!(of(&quick).quorum_by(), QuorumBy::Device { outlasts });
    // A heartbeat takes a second at least, and half of the nodes waits for one and a half.
    let quickest = server.replace("timeout: 8000", "timeout: 500");
    let outlasts = std::time::Duration::from_secs(2);
    assert_eq!(of(&quickest).quorum_by(), QuorumBy::Device { outlasts });
    assert_eq!(Effective::of(&of(&quickest)).vote, 1_500);
    let lock = server.replace("model: net", "model: sanlock");
    let outlasts = std::time::Duration::ZERO;
    assert_eq!(of(&lock).quorum_by(), QuorumBy::Device { outlasts });
    assert_eq!(of(&server).nodes.len(), 2);
    for rule in [
        server.replace("votes: 1", "votes: 2"),
        server.replace("votes: 1", ""),
        server.replace("model: net", "model: new"),
        server.replace("device {", "auto_tie_breaker: 1\n    device {"),
    ] {
        assert_eq!(of(&rule).quorum_by(), QuorumBy::Rule, "{rule}");
    }
    assert_eq!(of(&read("knet-3.conf")).quorum_by(), QuorumBy::Majority);
}

#[test]
fn beside_a_lock_those_who_had_quorum_last_are_counted_where_there_are_three_nodes_or_more() {
    let lock = "device {\n        model: sanlock\n        votes: 1\n        sanlock {\n            path: /dev/sdd1\n        }\n    }\n";
    let device = format!("provider: corosync_votequorum\n    {lock}");
    let text = read("knet-3.conf").replace("    auto_tie_breaker: 0\n", "");
    let text = text.replace("provider: corosync_votequorum\n", &device);
    let mut conf = Conf::parse(&text);
    let by = |conf: &Conf| Settings::of(conf).quorum_by();
    assert_eq!(by(&conf), QuorumBy::PreviousOrLock, "{conf}");
    assert_eq!(Settings::of(&conf).odd_with_device(), None);

    let addresses = vec!["10.1.0.14".to_owned(), "fd00:2::14".to_owned()];
    conf.add(&Member { name: "m4".into(), id: 0, addresses }).unwrap();
    assert_eq!(by(&conf), QuorumBy::PreviousOrLock, "four");
    ["m4", "m3"].iter().for_each(|name| conf.drop_node(name).unwrap());
    let outlasts = std::time::Duration::ZERO;
    assert_eq!(by(&conf), QuorumBy::Device { outlasts }, "of two, each is one half of both");
    conf.drop_node("m2").unwrap();
    let said = Settings::of(&conf).odd_with_device();
    let words =
        "a lock with one node: the device's vote breaks no tie, and quorum takes 2 of 2 votes";
    assert_eq!(said.as_deref(), Some(words));

    // Where Corosync's own rules are on as well, which it refuses, two sides may have quorum.
    for rule in ["last_man_standing: 1", "auto_tie_breaker: 1", "two_node: 1"] {
        let text = text.replace("device {", &format!("{rule}\n    device {{"));
        assert_eq!(by(&Conf::parse(&text)), QuorumBy::Rule, "{rule}");
    }
}

#[test]
fn a_device_that_lets_the_last_one_stand_has_the_votes_of_all_but_one() {
    let text = read("qdevice.conf").replace("ffsplit", "lms");
    let mut conf = Conf::parse(&text);
    conf.add(&Member { name: "x".into(), id: 0, addresses: vec!["x.example.com".into()] }).unwrap();
    assert!(conf.to_string().contains("        votes: 2\n"), "{conf}");
    conf.drop_node("left").unwrap();
    conf.drop_node("right").unwrap();
    assert!(conf.to_string().contains("        votes: 0\n"), "{conf}");
}

const REFERENCE: &str = "# corosync.conf, line by line

Every directive that `quorate cluster check` knows, made of the table in
[`crates/pure/corosync`](../../crates/pure/corosync/src/table.rs); `cargo xtask bless` writes it anew.
A section or key that is not here does nothing. `ringX_addr` is ring0_addr to ring7_addr, and `exec_*` any
name.
";

#[test]
fn the_reference_is_what_the_table_says() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/corosync-conf.md");
    let text = format!("{REFERENCE}{}", corosync::table::markdown());
    if std::env::var_os("REWRITE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

use super::*;

const GOOD: &str = r#"
name = "n1"
state_dir = "state"
nodes = [{ name = "n1", id = 1 }, { name = "n2", id = 2, votes = 3 }]

[fabric]
kind = "embedded"
socket = "/run/fabric.sock"
"#;

fn checked(text: &str) -> Result<Config, String> {
    check(Path::new("/etc/quorate/quorate.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn a_short_file_is_completed() {
    let config = checked(GOOD).unwrap();
    assert_eq!(config.state_dir, Path::new("/etc/quorate/state"));
    assert_eq!(config.api_socket, Path::new("/etc/quorate/state/api.sock"));
    assert_eq!(config.log_level, LogLevel::Info);
    let socket = PathBuf::from("/run/fabric.sock");
    let nodes = vec![(NodeId(1), NodeName::new("n1")), (NodeId(2), NodeName::new("n2"))];
    let roster = Roster { id: NodeId(1), name: NodeName::new("n1"), nodes, majority_only: true };
    let votes = Votes::new([(NodeId(1), 1), (NodeId(2), 3)]);
    assert_eq!(config.fabric, FabricConfig::Embedded { socket, roster, votes });
    assert_eq!(config.watchdog, None);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let edit = |from: &str, to: &str| {
        assert!(GOOD.contains(from));
        GOOD.replace(from, to)
    };
    for (text, wanted) in [
        (
            edit("state_dir", "sate_dir"),
            "line 3: there is no key `sate_dir`; did you mean `state_dir`?",
        ),
        (edit("votes = 3", "vots = 3"), "line 4: there is no key `vots`; did you mean `votes`?"),
        (edit("socket", "sokcet"), "line 8: there is no key `sokcet`; did you mean `socket`?"),
        (
            edit("[fabric]", "[watchdog]\ndevise = 1\n[fabric]"),
            "line 7: there is no key `devise`; did you mean `device`?",
        ),
        (edit("name = \"n1\"\n", "zebra = 1\nname = \"n1\"\n"), "line 2: there is no key `zebra`"),
        (
            edit("name = \"n1\"\n", "name = \"n11\"\n"),
            "this node, `n11`, is not among the nodes; did you mean `n1`?",
        ),
        (edit("id = 2", "id = 1"), "two nodes have id 1"),
        (edit("id = 2", "id = 0"), "node `n2` has id 0; ids start at 1"),
        (edit("\"n2\"", "\"n1\""), "two nodes are called `n1`"),
        (edit("id = 2", "id = \"two\""), "invalid type: string \"two\", expected u32"),
        (
            edit("embedded", "carrier pigeon"),
            "unknown variant `carrier pigeon`, expected `embedded` or `corosync`",
        ),
        (edit("socket = \"/run/fabric.sock\"", ""), "missing field `socket`"),
        (edit("kind = ", "kind "), "is not a configuration file: TOML parse error at line 7"),
        (edit("votes = 3", "votes = -3"), "expected u32"),
        (edit("name = \"n1\"\n", ""), "say which of the nodes this is"),
        (edit("socket = ", "stall = 3\nsocket = "), "unknown field `stall`, expected `socket`"),
    ] {
        let said = checked(&text).unwrap_err();
        assert!(said.contains(wanted), "{said}\n  wanted: {wanted}");
    }
    let none = edit("id = 1 }", "id = 1, votes = 0 }").replace("votes = 3", "votes = 0");
    assert!(checked(&none).unwrap_err().contains("no node has a vote"));
}

const BETWEEN_MACHINES: &str = "state_dir = \"state\"\n[fabric]\nkind = \"corosync\"\n";

#[cfg(feature = "corosync")]
#[test]
fn corosync_says_who_the_nodes_are() {
    let said = |text: &str| checked(text).map(|config| config.fabric);
    let stall = fabric::corosync::STALL_DEFAULT;
    assert_eq!(said(BETWEEN_MACHINES).unwrap(), FabricConfig::Corosync { name: None, stall });
    let named = format!("name = \"n1\"\n{BETWEEN_MACHINES}stall = 2.5\n");
    let (name, stall) = (Some(NodeName::new("n1")), Duration::from_millis(2500));
    assert_eq!(said(&named).unwrap(), FabricConfig::Corosync { name, stall });
    for (text, wanted) in [
        (format!("{BETWEEN_MACHINES}stall = 0.1\n"), "expected at least 500ms"),
        (format!("{BETWEEN_MACHINES}stall = -1\n"), "expected at least 500ms"),
        (format!("{BETWEEN_MACHINES}socket = \"x\"\n"), "unknown field `socket`"),
        (format!("nodes = []\n{BETWEEN_MACHINES}"), "leave `nodes` out"),
    ] {
        let said = said(&text).unwrap_err();
        assert!(said.contains(wanted), "{said}\n  wanted: {wanted}");
    }
}

#[cfg(not(feature = "corosync"))]
#[test]
fn without_corosync_in_the_program_it_says_so() {
    let said = checked(BETWEEN_MACHINES).unwrap_err();
    assert!(said.contains("built without Corosync"), "{said}");
}

const WITH_TRACES: &str = "[traces]\nendpoint = \"http://127.0.0.1:4318\"\n";

#[cfg(feature = "traces")]
#[test]
fn traces_are_sent_to_a_collector() {
    let text = format!("{GOOD}{WITH_TRACES}");
    assert_eq!(checked(&text).unwrap().traces, Some("http://127.0.0.1:4318".parse().unwrap()));
    assert_eq!(checked(GOOD).unwrap().traces, None);
    for (from, to, wanted) in [
        ("endpoint", "endpiont", "there is no key `endpiont`; did you mean `endpoint`?"),
        ("http:", "https:", "`endpoint` of `[traces]`: expected `http://HOST:PORT`"),
        ("127.0", "root:hush@127.0", "`endpoint` of `[traces]`: expected `http://HOST:PORT`"),
    ] {
        let said = checked(&text.replace(from, to)).unwrap_err();
        assert!(said.contains(wanted) && !said.contains("hush"), "{said}\n  wanted: {wanted}");
    }
}

#[cfg(not(feature = "traces"))]
#[test]
fn without_traces_in_the_program_it_says_so() {
    let said = checked(&format!("{GOOD}{WITH_TRACES}")).unwrap_err();
    assert!(said.contains("built without traces"), "{said}");
}

#[test]
fn paths_are_plain() {
    let config = checked(&GOOD.replace("\"state\"", "\"./a//b/.\"")).unwrap();
    assert_eq!(config.state_dir.as_os_str(), "/etc/quorate/a/b");
    assert_eq!(config.api_socket.as_os_str(), "/etc/quorate/a/b/api.sock");
}

#[test]
fn a_missing_file_is_said_to_be_missing() {
    let error = read(Path::new("/nonexistent/quorate.toml")).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }), "{error}");
}

#[cfg(feature = "corosync")]
#[test]
fn the_usual_file_need_not_be_there_nor_say_much_where_corosync_is_set_up() {
    without_file(Path::new(USUAL_FILE), true).unwrap();
    for text in ["", "[web]\nlisten = \"0.0.0.0:5560\"\n"] {
        let config = checked(text).unwrap();
        assert_eq!(config.state_dir, Path::new("/var/lib/quorate"));
        assert_eq!(config.api_socket, Path::new("/run/quorate/api.sock"));
        let stall = fabric::corosync::STALL_DEFAULT;
        assert_eq!(config.fabric, FabricConfig::Corosync { name: None, stall });
        assert_eq!(config.web.is_some(), !text.is_empty());
    }
}

#[test]
fn a_machine_in_no_cluster_is_told_what_is_missing() {
    let said = without_file(Path::new(USUAL_FILE), false).unwrap_err().to_string();
    assert!(said.contains("in no cluster") && said.contains("corosync.conf"), "{said}");
}

#[test]
fn other_clusters_are_checked() {
    let others = "[web]\n[[web.clusters]]\nname = \"east\"\nurls = [\"https://n1:7630\"]\n\
                  token = \"east.token\"\nauthority = \"/east.pem\"\n";
    let config = checked(&format!("{GOOD}{others}")).unwrap();
    let [east] = config.others.as_slice() else { panic!("{:?}", config.others) };
    assert_eq!(east.token, Path::new("/etc/quorate/east.token"));
    assert_eq!(east.addresses, ["https://n1:7630".parse().unwrap()]);
    let (_, again) = others.split_once('\n').unwrap();
    for (text, wanted) in [
        (others.replace("token", "tokn"), "there is no key `tokn`; did you mean `token`?"),
        (others.replace("https:", "http:"), "`http://n1:7630`: expected `https://HOST`"),
        (others.replace("n1:7630", "root@n1"), "`https://root@n1`: expected `https://HOST`"),
        (others.replace("[\"https://n1:7630\"]", "[]"), "has 0 `urls`; 1 to 8 are possible"),
        (format!("{others}{again}"), "two of `web.clusters` are called `east`"),
        (others.replace("east\"\nurls", "\"\nurls"), "has no `name`"),
        (format!("[web]\n{}", again.repeat(33)), "`web` has 33 `clusters`; 32 are possible"),
    ] {
        let said = checked(&format!("{GOOD}{text}")).unwrap_err();
        assert!(said.contains(wanted), "{said}\n  wanted: {wanted}");
    }
}

#[test]
fn times_have_ranges() {
    let of = |text: &str| checked(&format!("{GOOD}[web]\n{text}"));
    let config = of("session_idle = 60\nsession_length = 3600\nuntaken = 5\n").unwrap();
    let seconds = Duration::from_secs;
    let wanted = SessionTimes { idle: seconds(60), length: seconds(3600) };
    assert_eq!((config.sessions, config.web.unwrap().untaken), (wanted, seconds(5)));
    let usual = of("").unwrap();
    assert_eq!(usual.sessions, SessionTimes::default());
    for (text, wanted) in [
        ("session_idle = 0", "`session_idle` of `web` is 0; it may be 5 to 86400 seconds"),
        ("session_idle = 86401", "it may be 5 to 86400 seconds"),
        ("session_length = 4", "`session_length` of `web` is 4; it may be 5 to 2592000 seconds"),
        ("untaken = 1000", "`untaken` of `web` is 1000; it may be 2 to 600 seconds"),
        ("session_idle = -5", "expected u64"),
    ] {
        let said = of(text).unwrap_err();
        assert!(said.contains(wanted), "{said}\n  wanted: {wanted}");
    }
}

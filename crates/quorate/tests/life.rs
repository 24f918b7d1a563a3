//! The life of a cluster of three machines, with real Corosync between them: the first is made one,
//! two join by token, links are cut, members stop, come back, leave and are taken out.

#![cfg(feature = "corosync")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

#[path = "life/town.rs"]
mod town;

use std::path::Path;
use std::time::Duration;

use testbed::Watchdog;
use town::Town;

#[test]
fn a_cluster_is_made_grows_and_shrinks() {
    let Some(mut town) = Town::of(5, 2, "grows") else { return };
    let token = town.init(1);
    town.joins(2, &token);
    assert!(town.votes(1).starts_with("2 2Node Quorate"), "{}", town.votes(1));
    let again = town.says_no(3, &["join", &token]);
    assert!(again.contains("the token was used"), "{again}");
    let token = town.invite(1);
    let taken = town.says_no(3, &["join", &token, "--node", "n2"]);
    assert!(taken.contains("the name `n2` is taken"), "{taken}");
    town.joins(3, &token);

    // Who joins knows at once that it is a member, and of all others a moment later.
    let status = town.until(3, &["status"], |said| said.matches("  member").count() == 3);
    assert!(status.starts_with("Cluster web, edition 3"), "{status}");
    assert!(town.votes(1).starts_with("3 Quorate"), "{}", town.votes(1));
    assert_eq!(town.file(1), town.file(2));
    assert_eq!(town.file(1), town.file(3));
    assert_eq!(town.mode(3, "/etc/corosync/authkey"), "400");
    assert_eq!(town.mode(3, "/etc/corosync/corosync.conf"), "644");
    town.share_authority(&[1, 2, 3]);
    town.ok(1, &["check"]);

    town.ok(2, &["timing", "--failover-time", "5s", "--apply"]);
    town.until(3, &["timing"], |said| said.starts_with("   2159 ms  token"));
    town.wait("Corosync reads it", || town.running_token(3) == "2159");

    town.bed.set_link(2, 1, false).unwrap();
    let only_that =
        |said: &str| said.contains("n2  DOWN") && said.matches("connected").count() == 3;
    town.until(1, &["link", "status"], only_that);
    town.bed.set_link(2, 1, true).unwrap();
    town.until(1, &["link", "status"], |said| !said.contains("DOWN"));

    town.ok(3, &["stop"]);
    town.until(1, &["status"], |said| said.contains("n3  10.77.0.3 10.77.1.3  stopped"));
    let no = town.says_no(1, &["remove", "n2"]);
    assert!(no.contains("without n2, 1 of 3 nodes would have no quorum"), "{no}");
    let token = town.invite(1);
    let no = town.says_no(4, &["join", &token]);
    assert!(no.contains("2 of 4 nodes would have no quorum until the new one runs"), "{no}");
    town.ok(3, &["start"]);
    town.joins(4, &token);

    // While one is down, another comes: who was down learns of it when it starts.
    town.ok(3, &["stop"]);
    let token = town.invite(2);
    town.joins(5, &token);
    assert!(!town.file(3).contains("n5"));
    town.ok(3, &["start"]);
    assert_eq!(town.file(3), town.file(1));
    let status = town.until(1, &["status"], |said| said.matches("  member").count() == 5);
    assert!(status.starts_with("Cluster web, edition 6"), "{status}");

    town.ok(1, &["remove", "n2"]);
    assert!(!town.file(1).contains("n2"));
    assert_eq!(town.file(2), "", "its files are put aside");
    for node in [5, 4] {
        town.ok(node, &["leave"]);
    }
    town.ok(3, &["leave"]);
    assert!(!town.file(1).contains("n3"));
    assert_eq!(town.file(3), "", "its files are put aside");
    let token = town.invite(1);
    town.joins(2, &token);
    let stopped = town.ok(1, &["stop", "--all"]);
    assert_eq!(stopped, "n1 has stopped\nn2 has stopped\n");
    let started = town.ok(1, &["start", "--all"]);
    assert_eq!(started, "n1 runs\nn2 runs\n");
    town.until(2, &["status"], |said| said.matches("  member").count() == 2);
    town.ok(2, &["leave"]);
    town.ok(1, &["leave"]);
    let none = town.says_no(1, &["status"]);
    assert!(none.contains("there is no /etc/corosync/corosync.conf"), "{none}");
}

/// Of two heartbeat networks, so that three seconds are enough.
const CLUSTER_FILE: &str = "CLUSTER_NAME web
NODE_NAME n1
  NETWORK_INTERFACE eth0
    HEARTBEAT_IP 10.77.0.1
  NETWORK_INTERFACE eth1
    HEARTBEAT_IP 10.77.1.1
NODE_NAME n2
  NETWORK_INTERFACE eth0
    HEARTBEAT_IP 10.77.0.2
  NETWORK_INTERFACE eth1
    HEARTBEAT_IP 10.77.1.2
NODE_NAME n3
  NETWORK_INTERFACE eth0
    HEARTBEAT_IP 10.77.0.3
  NETWORK_INTERFACE eth1
    HEARTBEAT_IP 10.77.1.3
MEMBER_TIMEOUT 3000000
AUTO_START_TIMEOUT 600000000
NETWORK_POLLING_INTERVAL 2000000
";

#[test]
fn serviceguard_s_commands_set_up_the_cluster_halt_it_and_run_it() {
    if !testkit::has(&["/usr/bin/corosync-qnetd", "/usr/sbin/corosync-qdevice"]) {
        return;
    }
    let Some(mut town) = Town::of(4, 2, "serviceguard") else { return };
    let token = town.init(1);
    town.joins(2, &token);
    let token = town.invite(1);
    town.joins(3, &token);
    let is_up = |said: &str| said.matches(" running").count() == 3;
    town.until_of(2, &["cmviewcl"], is_up);

    asked_and_checked(&town);
    let file = town.bed.root().join("cluster.ascii");
    let path = file.to_str().unwrap();
    std::fs::write(&file, CLUSTER_FILE).unwrap();
    let said = town.tool(1, &["cmapplyconf", "-f", "-C", path]);
    assert!(said.contains("corosync.conf: the token's 1729 ms become 3000 ms\n"), "{said}");
    assert!(said.contains("those who had quorum last are counted (last_man_standing)\n"), "{said}");
    assert_eq!(town.file(1), town.file(2));
    town.wait("Corosync reads it", || town.running_token(2) == "3000");
    let said = town.tool(2, &["cmapplyconf", "-f", "-C", path]);
    assert!(said.ends_with("Nothing changes: the configuration is this already.\n"), "{said}");

    std::fs::write(
        &file,
        CLUSTER_FILE.replace("NODE_NAME n1\n", "QS_HOST 10.77.0.4\nNODE_NAME n1\n"),
    )
    .unwrap();
    let no = town.tool_says_no(2, &["cmapplyconf", "-f", "-C", path]);
    assert!(no.contains("a lock begins while the cluster runs"), "{no}");
    town.tool(2, &["cmhaltcl"]);
    let said = town.tool(2, &["cmapplyconf", "-f", "-C", path]);
    assert!(said.contains("corosync.conf: the quorum server is 10.77.0.4\n"), "{said}");
    town.tool(2, &["cmruncl"]);
    town.wait("its votes count", || [1, 2, 3].into_iter().all(|node| town.counted(node) == "5"));
    town.end_device(2);
    town.wait("its votes are missed", || town.counted(2) == "3");
    let said = town.tool(2, &["cmapplyconf", "-f", "-C", path]);
    assert!(said.contains("Starting the daemon that asks the quorum server\n"), "{said}");
    town.wait("its votes count again", || town.counted(2) == "5");

    let no = town.tool_says_no(2, &["cmruncl"]);
    assert!(no.starts_with("cmruncl: The cluster is already running, on node n"), "{no}");
    let said = town.tool(2, &["cmhaltcl"]);
    assert!(said.ends_with("Successfully halted all nodes specified.\nHalt operation complete.\n"));
    for node in [1, 2, 3] {
        let status = town.ok(node, &["status"]);
        assert_eq!(status.matches("stopped").count(), 3, "{status}");
    }
    let said = town.tool(1, &["cmruncl", "-v"]);
    assert!(said.starts_with("Waiting for cluster to form .... done\n"), "{said}");
    town.until_of(1, &["cmviewcl"], is_up);

    town.tool(1, &["cmhaltnode", "n2"]);
    town.until_of(1, &["cmviewcl"], |said| said.contains("n2") && said.contains("halted"));
    let said = town.tool(1, &["cmrunnode", "n2"]);
    assert!(
        said.starts_with("Waiting for nodes to join .... done\nCluster successfully formed.\n")
    );
    town.until_of(2, &["cmviewcl"], is_up);
    let no = town.tool_says_no(1, &["cmrunnode", "n4"]);
    assert_eq!(no, "cmrunnode: there is no node `n4`\ncmrunnode: The nodes are n1, n2 and n3.\n");
    halted_by_its_administrator(&town, &file);
}

/// Who has FULL_ADMIN on a node halts the cluster there; Corosync and starting it are root's.
fn halted_by_its_administrator(town: &Town, file: &Path) {
    let path = file.to_str().unwrap();
    let policy = "USER_NAME oper\nUSER_HOST n2\nUSER_ROLE FULL_ADMIN\n";
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, format!("{text}{policy}")).unwrap();
    let said = town.tool(1, &["cmapplyconf", "-f", "-C", path]);
    assert!(
        said.contains("oper is not in the group haclient on n2; nobody else is let in"),
        "{said}"
    );
    const ENTER: &str = "grep -q ^oper: /etc/passwd && exit
                         echo 'oper:x:4001:4001::/:/bin/sh' >>/etc/passwd
                         sed -i '/^haclient:/s/$/,oper/' /etc/group";
    let as_oper = |node: u32, words: &[&str]| {
        town.shell(node, ENTER);
        town.said_to("4001", node, words)
    };
    let (said, done) = as_oper(1, &["cmviewcl"]);
    assert!(!done && said.contains("no access policy lets oper do that on this node"), "{said}");
    let (said, done) = as_oper(2, &["cmrunnode", "n1"]);
    assert!(!done && said.contains("starting nodes takes root, and not oper"), "{said}");
    let (said, done) = as_oper(2, &["cmhaltcl"]);
    assert!(done && said.ends_with("Halt operation complete.\n"), "{said}");
    let status = town.ok(1, &["status"]);
    assert_eq!(status.matches("Corosync runs").count(), 3, "{status}");
}

/// `cmquerycl` writes a file that `cmcheckconf` takes; what one of the nodes is not is said before anything changes.
fn asked_and_checked(town: &Town) {
    let path = |name: &str| town.bed.root().join(name).to_str().unwrap().to_owned();
    let template = path("template.ascii");
    let ask = ["cmquerycl", "-v", "-c", &template, "-q", "10.77.0.4", "-n", "n1", "-n", "n2"];
    let no = town.tool_says_no(1, &[&ask[..], &["-n", "n4", "-w", "none"]].concat());
    assert!(no.contains("Unable to reach node n4: it is no member"), "{no}");
    assert!(!Path::new(&template).exists());
    let said = town.tool(1, &[&ask[..], &["-n", "n3", "-w", "full"]].concat());
    assert!(said.ends_with(&format!("Writing cluster data to {template}.\n")), "{said}");
    let text = std::fs::read_to_string(&template).unwrap();
    for wanted in ["HEARTBEAT_IP        10.77.1.3\n", "SUBNET                  10.77.1.0\n"] {
        assert!(text.contains(wanted), "{text}");
    }
    let warning = "# Warning: There are no standby network interfaces for eth0.\n";
    assert_eq!(text.matches(warning).count(), 3, "{text}");
    assert!(!text.contains("gets no answer"), "{text}");
    let no = town.tool_says_no(2, &["cmcheckconf", "-c", &template]);
    assert!(
        no.contains("n3 does not reach the quorum server 10.77.0.4:5403: Connection refused"),
        "{no}"
    );
    town.serve_quorum(4);
    let said = town.tool(2, &["cmcheckconf", "-v", "-c", &template]);
    assert!(said.contains("Verification completed with no errors found.\n"), "{said}");
    let all = town.tool(2, &["cmscancl", "-s"]);
    for wanted in ["*** cmviewcl -v\n", "*** Node n3\n", "10.77.1.3 "] {
        assert!(all.contains(wanted), "{wanted}{all}");
    }
    let facts = town.tool(3, &["cmquerycl", "-f", "line", "-l", "net", "-w", "none", "-n", "n1"]);
    assert!(facts.contains("node:n1|interface:eth1|ip_address=10.77.1.1\n"), "{facts}");

    std::fs::write(&template, text.replace("10.77.1.2\n", "10.77.1.9\n")).unwrap();
    let no = town.tool_says_no(1, &["cmapplyconf", "-f", "-C", &template]);
    assert!(no.contains("error: eth1 of n2 has no address 10.77.1.9; it has 10.77.1.2\n"), "{no}");
    std::fs::write(&template, text).unwrap();

    let package = path("mail.conf");
    let script = "RUN_SCRIPT /run/mail.sh\nHALT_SCRIPT /run/mail.sh\n";
    let nodes = "NODE_NAME n1\nNODE_NAME n3\n";
    std::fs::write(&package, format!("PACKAGE_NAME mail\n{nodes}{script}")).unwrap();
    town.shell(1, "echo '#!/bin/sh' >/run/mail.sh; chmod 755 /run/mail.sh");
    let check = ["cmcheckconf", "-C", &template, "-P", &package];
    let no = town.tool_says_no(1, &check);
    assert!(no.contains("line 4: error: /run/mail.sh is not there on n3: No such file"), "{no}");
    town.shell(3, "echo '#!/bin/sh' >/run/mail.sh; chmod 644 /run/mail.sh");
    let no = town.tool_says_no(1, &check);
    assert!(no.contains("line 5: error: /run/mail.sh is not executable on n3"), "{no}");
    town.shell(3, "chmod 755 /run/mail.sh");
    town.tool(1, &check);
}

#[test]
fn who_may_not_join_is_told_why() {
    let Some(mut town) = Town::of(2, 1, "refused") else { return };
    let dry = town.ok(1, &["init", "web", "--dry-run"]);
    assert!(dry.contains("write /etc/corosync/authkey (0400, 256 bytes)"), "{dry}");
    assert_eq!(town.file(1), "", "only shown");
    let token = town.init(1);

    let expired = town.ok(1, &["invite", "--for", "1ms"]);
    let expired = expired.rsplit(' ').next().unwrap().trim().to_owned();
    for (token, wanted) in [
        (expired.as_str(), "the token expired"),
        (&token[..token.len() - 2], "the token is not whole"),
        ("hello", "a token begins with `quorate-`"),
    ] {
        let said = town.says_no(2, &["join", token]);
        assert!(said.contains(wanted), "{said}");
    }
    let elsewhere = town.says_no(2, &["join", &token, "--addr", "192.0.2.1"]);
    assert!(elsewhere.contains("192.0.2.1 is not an address of this machine"), "{elsewhere}");
    let twice = town.says_no(1, &["init", "other"]);
    assert!(twice.contains("is of the cluster `web`"), "{twice}");

    // Another cluster's door at the address of this one.
    let other = town.init(2);
    let strange = town.says_no(2, &["join", &token]);
    assert!(strange.contains("a cluster runs on this machine already"), "{strange}");
    town.ok(2, &["leave"]);
    let said = town.says_no(2, &["join", &other]);
    assert!(said.contains("no door answers") || said.contains("is not the door"), "{said}");
    assert!(said.contains("quorate cluster listen") || said.contains("made anew"), "{said}");

    town.joins(2, &token);
}

/// As Corosync 2 had it, with its author's words.
const OLD_FILE: &str = "# Rack 4, left and right.
totem {
\tversion: 2
\ttransport: udpu # the switch forbids multicast
\ttoken: 2500
}

nodelist {
\tnode {
\t\tring0_addr: 10.77.0.1
\t\tname: n1
\t\tnodeid: 101
\t}
\tnode {
\t\tring0_addr: 10.77.0.2
\t\tname: n2
\t\tnodeid: 102
\t}
}

quorum {
\tprovider: corosync_votequorum
\ttwo_node: 1
}
";

#[test]
fn a_file_that_is_there_is_kept() {
    let Some(mut town) = Town::of(3, 1, "kept") else { return };
    for node in [1, 2] {
        town.write(node, OLD_FILE);
    }
    let no = town.says_no(1, &["init", "rack"]);
    assert!(no.contains("line 4: error: `udpu # the switch"), "{no}");
    let good = OLD_FILE.replace(" # the switch forbids multicast", "");
    for node in [1, 2] {
        town.write(node, &good);
    }
    let said = town.ok(1, &["init", "rack"]);
    let kept = good
        .replace("\ttoken: 2500\n", "\ttoken: 2500\n\tcluster_name: rack\n\tconfig_version: 1\n");
    assert_eq!(town.file(1), kept);
    town.joins(2, town::token(&said).as_str());
    assert_eq!(town.file(2), kept, "who is listed changes nothing");
    let token = town.invite(2);
    town.joins(3, &token);
    let grown = kept.replace("config_version: 1", "config_version: 2").replace(
        "102\n\t}\n",
        "102\n\t}\n\tnode {\n\t\tring0_addr: 10.77.0.3\n\t\tname: n3\n\t\tnodeid: 103\n\t}\n",
    );
    assert_eq!(town.file(1), grown.replace("\ttwo_node: 1\n", ""));
}

#[test]
fn machines_may_come_at_once() {
    let Some(mut town) = Town::of(4, 1, "at-once") else { return };
    let first = town.init(1);
    let joining = [(2, first), (3, town.invite(1)), (4, town.invite(1))];
    town.join_at_once(&joining);
    let status = town.until(4, &["status"], |said| said.matches("  member").count() == 4);
    assert!(status.starts_with("Cluster web, edition 4"), "{status}");
    assert!(town.votes(2).starts_with("4 Quorate"), "{}", town.votes(2));
}

#[test]
fn who_is_listed_and_does_not_come_yet_harms_nobody() {
    let Some(mut town) = Town::of(3, 1, "listed") else { return };
    let token = town.init(1);
    town.ok(2, &["join", &token, "--no-start"]);
    let status = town.ok(1, &["status"]);
    assert!(
        status.starts_with("Cluster web, edition 2 of its nodes' file: has quorum."),
        "{status}"
    );
    assert!(town.votes(1).starts_with("2 2Node Quorate"), "{}", town.votes(1));

    // As if joining had been interrupted: another token, and the same machine.
    let token = town.invite(1);
    town.joins(2, &token);
    let token = town.invite(2);
    town.ok(3, &["join", &token, "--no-start"]);
    let status = town.ok(2, &["status"]);
    assert!(
        status.starts_with("Cluster web, edition 3 of its nodes' file: has quorum."),
        "{status}"
    );
    town.ok(1, &["remove", "n3"]);
    assert!(!town.file(2).contains("n3"));
    assert!(town.votes(2).starts_with("2 2Node Quorate"), "{}", town.votes(2));
}

#[test]
fn a_quorum_device_is_started_and_stopped_with_the_cluster() {
    const NEEDED: [&str; 2] = ["/usr/bin/corosync-qnetd", "/usr/sbin/corosync-qdevice"];
    let Some(mut town) = Town::of(3, 1, "device") else { return };
    if !testkit::has(&NEEDED) {
        return;
    }
    let mut server = town.bed.command(3, "sh").unwrap();
    server.args(["-c", "mkdir -p /run/corosync-qnetd; exec corosync-qnetd -f -s off"]);
    let mut server = server.spawn().unwrap();
    let token = town.init(1);
    town.joins(2, &token);
    let device =
        "device {\nmodel: net\nnet {\nhost: 10.77.0.3\ntls: off\nalgorithm: ffsplit\n}\n}\n";
    let with_device = town.file(1).replace("    two_node: 1\n", device);
    assert!(with_device.contains("ffsplit"), "{with_device}");
    town.ok(1, &["stop", "--all"]);
    [1, 2].iter().for_each(|node| town.write(*node, &with_device));
    let steps = town.ok(1, &["start", "--dry-run"]);
    assert!(steps.contains("corosync-qdevice"), "{steps}");
    town.ok(1, &["start", "--all"]);
    town.wait("the device's vote", || town.votes(1) == "3 Quorate Qdevice");
    town.wait("the device's vote", || town.votes(2) == "3 Quorate Qdevice");
    let (said, _) = town.said_to("0", 2, &["cluster", "leave", "--dry-run"]);
    let odd = "Then there is ffsplit with one node: the device's vote breaks no tie, and quorum takes 2 of 2";
    assert!(said.contains(odd), "{said}");
    let secure = with_device.replace("tls: off\n", "");
    [1, 2].iter().for_each(|node| town.write(*node, &secure));
    let said = town.ok(2, &["check"]);
    let wanted =
        "warning: there is no certificate for the quorum device in /etc/corosync/qdevice/net/nssdb";
    assert!(said.contains(wanted) && said.contains("-r -n web"), "{said}");
    [1, 2].iter().for_each(|node| town.write(*node, &with_device));
    town.ok(1, &["stop", "--all"]);
    drop(town);
    server.wait().unwrap(); // it ended with its node
}

#[test]
fn what_started_with_a_machine_that_leaves_does_not_any_more() {
    let Some(mut town) = Town::with_systemd(2, "enabled") else { return };
    if !testkit::has(&["/usr/sbin/corosync-qdevice"]) {
        return;
    }
    let token = town.init(1);
    town.joins(2, &token);
    let units = ["quorate", "corosync", "quorate-door", "corosync-qdevice"];
    let enabled = |town: &Town| {
        let is_enabled =
            |unit: &&str| town.systemctl(2, &["is-enabled", "--quiet", unit]).status.success();
        units.into_iter().filter(is_enabled).collect::<Vec<_>>()
    };
    assert_eq!(enabled(&town), units[..3]);
    // As starting does with a device in the file, or the device's own tool.
    assert!(town.systemctl(2, &["enable", "corosync-qdevice"]).status.success());
    assert_eq!(enabled(&town), units);
    let steps = town.ok(2, &["leave", "--dry-run"]);
    assert!(steps.contains("run systemctl disable corosync-qdevice.service"), "{steps}");
    town.ok(2, &["leave"]);
    assert_eq!(enabled(&town), Vec::<&str>::new());
    let steps = town.ok(1, &["leave", "--dry-run"]);
    assert!(!steps.contains("qdevice"), "it was never enabled: {steps}");
}

#[test]
fn what_votes_with_one_kind_of_lock_does_not_start_with_the_machine_once_there_is_the_other() {
    let Some(mut town) = Town::with_systemd(2, "other-lock") else { return };
    if !testkit::has(&["/usr/sbin/corosync-qdevice"]) {
        return;
    }
    let token = town.init(1);
    town.joins(2, &token);
    let units = ["corosync-qdevice", "quorate-lock"];
    let enabled = |node: u32| {
        let is_enabled =
            |unit: &&str| town.systemctl(node, &["is-enabled", "--quiet", unit]).status.success();
        units.into_iter().filter(is_enabled).collect::<Vec<_>>()
    };
    let before = town.file(1);
    let with = |device: &str| {
        let device = format!("device {{\nvotes: 1\n{device}}}\n");
        let text = before.replace("    two_node: 1\n", &device);
        town.ok(1, &["stop", "--all"]);
        [1, 2].iter().for_each(|node| town.write(*node, &text));
        // That there is no such server, and no such disk, is said, and no reason not to start.
        town.ok(1, &["start", "--all"]);
    };
    let server = "model: net\nnet {\nhost: 10.77.0.9\ntls: off\nalgorithm: ffsplit\n}\n";
    let disk = "model: sanlock\nsanlock {\npath: /dev/nothing\n}\n";
    for (device, own) in [(server, units[0]), (disk, units[1]), (server, units[0])] {
        with(device);
        [1, 2].iter().for_each(|node| assert_eq!(enabled(*node), [own], "n{node}"));
    }
    // Nor what a hand has switched on.
    assert!(town.systemctl(2, &["enable", units[1]]).status.success());
    town.ok(2, &["start"]);
    assert_eq!(enabled(2), [units[0]]);
}

#[test]
fn a_cluster_is_formed_without_nodes_that_do_not_answer_and_with_those_that_only_corosync_hears() {
    let Some(mut town) = Town::of(3, 1, "without") else { return };
    if !testkit::has(&["/usr/sbin/nft"]) {
        return;
    }
    let token = town.init(1);
    town.joins(2, &token);
    let token = town.invite(1);
    town.joins(3, &token);
    // All three had quorum last, and Corosync waits for all: the word of who forms it without two counts for more.
    let counted = "sed -i 's/provider: corosync_votequorum/&\\n  last_man_standing: 1\\n  wait_for_all: 1/' \
                   /etc/corosync/corosync.conf";
    [1, 2, 3].iter().for_each(|node| town.shell(*node, counted));
    town.shell(1, "corosync-cfgtool -R");
    town.ok(1, &["stop", "--all"]);
    let said = town.tool(1, &["cmruncl", "-f", "-n", "n1"]);
    assert!(said.contains("node n2 is left out, and is halted."), "{said}");
    assert!(said.contains("Cluster successfully formed."), "{said}");
    assert_eq!(town.votes(1), "1 Quorate WaitForAll LastManStanding");
    // Corosync would expect all three again.
    let no = town.says_no(1, &["timing", "--failover-time", "5s", "--apply"]);
    let why = "1 of 3 nodes would have no quorum when Corosync reads its file";
    assert!(no.contains(why) && town.votes(1).starts_with("1 Quorate"), "{no}");

    // The others run, and their doors are shut: whoever starts finds them, and cuts nobody off.
    town.ok(1, &["start", "--all"]);
    town.wait("all", || town.votes(1).starts_with("3 Quorate"));
    town.ok(1, &["stop"]);
    let shut = "nft 'add table inet shut; add chain inet shut in { type filter hook input priority 0; }; \
                add rule inet shut in tcp dport 2226 reject with tcp reset'";
    [2, 3].iter().for_each(|node| town.shell(*node, shut));
    let said = town.tool(1, &["cmruncl", "-f", "-n", "n1"]);
    assert!(said.contains("node n2 is left out, and does not answer"), "{said}");
    assert!(town.votes(1).starts_with("3 Quorate"), "{}", town.votes(1));
    let history = town.tool(1, &["fence", "history"]);
    assert!(!history.contains("n2") && !history.contains("n3"), "{history}");
}

#[test]
fn machines_with_watchdogs_join_and_are_counted_on() {
    let Some(mut town) = Town::of(3, 1, "watchdogs") else { return };
    let device = |node: u32| town.bed.node_dir(&format!("n{node}")).join("watchdog");
    let devices = [1, 2, 3].map(device);
    let [first, second, third] = [0, 1, 2].map(|at| devices[at].to_str().unwrap());
    let words = ["--failover-time", "12s", "--fencing", "watchdog", "--watchdog", first];
    let dry = [&["init", "web", "--addr", "10.77.0.1", "--dry-run"], words.as_slice()].concat();
    let said = town.ok(1, &dry);
    let timeout = said.lines().find_map(|line| line.trim().strip_prefix("timeout = "));
    let timeout = Duration::from_secs(timeout.unwrap_or_else(|| panic!("{said}")).parse().unwrap());
    let watchdogs: Vec<Watchdog> = (1..)
        .zip(&devices)
        .map(|(node, pipe)| Watchdog::start(town.bed.root(), node, pipe, timeout).unwrap())
        .collect();
    let said = town.ok(1, &[&["init", "web", "--addr", "10.77.0.1"], words.as_slice()].concat());
    let token = town::token(&said);
    town.ok(2, &["join", &token, "--watchdog", second]);
    let token = town.invite(2);
    town.ok(3, &["join", &token, "--watchdog", third]);
    town.until(3, &["status"], |said| said.matches("  member").count() == 3);
    town.ok(1, &["check"]);
    for node in [1, 2, 3] {
        town.wait("a promise", || town.has(node, "/run/quorate/reset-promised"));
    }

    let words = ["resource", "add", "note", "ocf:heartbeat:Dummy", "--yes", "--clone"];
    town.until_of(1, &words, |_| true);

    town.bed.cut(&[&[1, 2], &[3]]).unwrap();
    let reset = town.bed.root().join("run/n3.reset");
    town.wait("the reset", || reset.exists());
    let fenced = |said: &str| said.contains("n3") && said.contains("after its loss");
    let history = town.until_of(1, &["fence", "history"], fenced);
    assert!(reset.exists(), "{history}");
    // Of two nodes none counts on the other's reset, so none is reset for being one of two.
    town.ok(1, &["remove", "n3"]);
    town.wait("a rule", || town.votes(2).starts_with("2 2Node Quorate"));
    town.until(2, &["status"], |said| said.matches("  member").count() == 2);
    for node in [1, 2] {
        town.wait("the promise is taken back", || !town.has(node, "/run/quorate/reset-promised"));
        let reset = town.bed.root().join(format!("run/n{node}.reset"));
        assert!(!reset.exists(), "n{node} is reset for being one of two");
    }
    drop(watchdogs);
}

/// Two nodes, each with a name of its own for the disk of the lock.
const LOCKED: &str = "CLUSTER_NAME web
NODE_NAME n1
  NETWORK_INTERFACE eth0
    HEARTBEAT_IP 10.77.0.1
  CLUSTER_LOCK_LUN LUN1
NODE_NAME n2
  NETWORK_INTERFACE eth0
    HEARTBEAT_IP 10.77.0.2
  CLUSTER_LOCK_LUN LUN2
MEMBER_TIMEOUT 14000000
AUTO_START_TIMEOUT 600000000
NETWORK_POLLING_INTERVAL 2000000
";

#[test]
fn cmapplyconf_makes_a_disk_the_cluster_s_lock() {
    let Some(mut town) = Town::of(2, 1, "lock") else { return };
    if !testkit::has(&["/usr/sbin/sanlock", "/sbin/mkfs.ext4"]) {
        return;
    }
    let token = town.init(1);
    town.joins(2, &token);
    let path = |name: &str| town.bed.root().join(name).to_str().unwrap().to_owned();
    let (file, disk, other) = (path("cluster.ascii"), path("disk"), path("same-disk"));
    std::fs::File::create(&disk).unwrap().set_len(4 << 20).unwrap();
    std::os::unix::fs::symlink(&disk, &other).unwrap();
    let say = |second: &str| {
        let text = LOCKED.replace("LUN1", &disk).replace("LUN2", second);
        std::fs::write(&file, text).unwrap();
    };
    let check = ["cmcheckconf", "-C", &file];

    say(&path("nothing"));
    let no = town.tool_says_no(1, &check);
    assert!(no.contains("nothing of n2 cannot be used: No such file"), "{no}");
    say(&other);
    town.shell(1, &format!("mkfs.ext4 -q {disk}"));
    let no = town.tool_says_no(1, &["cmapplyconf", "-f", "-C", &file]);
    assert!(no.contains("line 5: error: the lock disk") && no.contains("holds ext4"), "{no}");
    assert!(!town.file(1).contains("sanlock"));
    std::fs::File::create(&disk).unwrap().set_len(4 << 20).unwrap();
    town.tool(2, &check);

    let said = town.tool(1, &["cmapplyconf", "-f", "-C", &file]);
    assert!(said.contains(&format!("Initializing the cluster lock on {disk}\n")), "{said}");
    assert!(
        said.contains("the cluster lock is on a disk of its own name on each node\n"),
        "{said}"
    );
    for node in [1, 2] {
        town.wait("the lock's vote", || town.votes(node) == "3 Quorate Qdevice");
        town.wait("the lock's vote", || town.counted(node) == "3");
        assert!(town.file(node).contains(&format!("lock_path: {other}\n")), "{}", town.file(node));
    }
    let said = town.tool(2, &["cmapplyconf", "-f", "-C", &file]);
    assert!(said.ends_with("Nothing changes: the configuration is this already.\n"), "{said}");
    let steps = town.ok(1, &["start", "--dry-run"]);
    assert!(steps.contains("lock serve") && !steps.contains("qdevice"), "{steps}");

    let elsewhere = path("another-disk");
    std::fs::File::create(&elsewhere).unwrap().set_len(4 << 20).unwrap();
    say(&elsewhere);
    let no = town.tool_says_no(1, &check);
    assert!(no.contains("all name the same disk"), "{no}");
    town.ok(1, &["stop", "--all"]);
}

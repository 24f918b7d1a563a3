//! A quorum device outside of the cluster: Corosync's own, with its algorithms, and with certificates.

use std::fs;

use wire::api::Carrier;

use super::bed::{Machines, boot, can_be};
use super::document::{came_on, constraints, document, note, prefers, runs, strip};
use super::quorum_rules::{QUICK, sees};
use super::was_fenced;

pub const NEEDED: [&str; 4] = [
    "/usr/bin/corosync-qnetd",
    "/usr/sbin/corosync-qdevice",
    "/usr/bin/corosync-qnetd-certutil",
    "/usr/bin/certutil",
];

/// Where a server and nodes keep their certificates.
const SERVER: &str = "etc/corosync/qnetd/nssdb";
const NODE: &str = "etc/corosync/qdevice/net/nssdb";

/// The last machine only votes.
#[derive(Clone, Copy)]
pub struct Voter {
    pub voter: u32,
    pub algorithm: &'static str,
    pub votes: u32,
    /// `off`, `on` or `required`, at both ends.
    pub tls: &'static str,
    /// The device's (ms).
    pub timeout: u32,
}

impl Voter {
    /// A cluster that has the device's votes.
    fn start(self) -> Machines {
        let machines = self.not_booted();
        self.power_on(&machines);
        machines
    }

    /// Nodes without power yet.
    pub fn not_booted(self) -> Machines {
        let Self { voter, algorithm, votes, tls, timeout } = self;
        let demanded = if tls == "required" { "req" } else { tls };
        let boot = format!(
            "until [ -e $OWN/go ]; do sleep 0.05; done; \
             case $NODE in n{voter}) mkdir -p /run/corosync-qnetd; exec corosync-qnetd -f -s {demanded};; esac; \
             corosync; until corosync-cmapctl >/dev/null 2>&1; do sleep 0.05; done; \
             mkdir -p /run/corosync-qdevice; corosync-qdevice; {}",
            boot().replace("corosync; ", "")
        );
        let own = [
            format!("votes: {votes}"),
            format!("host: 10.77.0.{voter}"),
            format!("tls: {tls}"),
            format!("algorithm: {algorithm}"),
            format!("timeout: {timeout}"),
            format!("sync_timeout: {}", 2 * timeout),
        ];
        let [votes, host, tls_line, algorithm, timeout, sync_timeout] = &own;
        let net = ["net {", host, tls_line, algorithm, "}"];
        let device = ["device {", "model: net", votes, timeout, sync_timeout];
        let device: Vec<&str> = device.into_iter().chain(net).chain(["}"]).collect();
        let machines = Machines::not_booted(voter, &device, &boot);
        machines.leave_out_of_corosync(voter);
        machines
    }

    /// Until all have quorum.
    pub fn power_on(self, machines: &Machines) {
        let all: Vec<u32> = (1..self.voter).collect();
        (1..=self.voter).for_each(|node| machines.bed.power_on(node).unwrap());
        if self.tls != "off" {
            certify(machines, self.voter);
        }
        (1..=self.voter).for_each(|node| fs::write(machines.own(node).join("go"), "").unwrap());
        for node in &all {
            machines.wait("all with quorum", || sees(machines, *node, &all, true));
        }
    }
}

/// Corosync's own procedure: the server has an authority, which signs what the cluster asks for; one key
/// is for all nodes.
fn certify(machines: &Machines, voter: u32) {
    let own = |node: u32, folder: &str, file: &str| machines.own(node).join(folder).join(file);
    let run = |node: u32, words: &[&str]| {
        machines.run(node, words).unwrap_or_else(|| panic!("{words:?} on {node}"));
    };
    let copy = |from: std::path::PathBuf, node: u32| {
        fs::copy(&from, machines.own(node).join(from.file_name().unwrap())).unwrap();
    };
    let tool = "corosync-qdevice-net-certutil";
    let at = |node: u32, file: &str| own(node, "", file).to_str().unwrap().to_owned();
    fs::create_dir_all(machines.own(voter).join("etc/corosync/qnetd")).unwrap();
    run(voter, &["corosync-qnetd-certutil", "-i"]);
    for node in 1..voter {
        copy(own(voter, SERVER, "qnetd-cacert.crt"), node);
        run(node, &[tool, "-i", "-c", &at(node, "qnetd-cacert.crt")]);
    }
    run(1, &[tool, "-r", "-n", "bed"]);
    copy(own(1, NODE, "qdevice-net-node.crq"), voter);
    let request = at(voter, "qdevice-net-node.crq");
    run(voter, &["corosync-qnetd-certutil", "-s", "-c", &request, "-n", "bed"]);
    copy(own(voter, SERVER, "cluster-bed.crt"), 1);
    run(1, &[tool, "-M", "-c", &at(1, "cluster-bed.crt")]);
    for node in 2..voter {
        copy(own(1, NODE, "qdevice-net-node.p12"), node);
        run(node, &[tool, "-m", "-c", &at(node, "qdevice-net-node.p12")]);
    }
}

pub fn has_votes(machines: &Machines, node: u32, votes: u32) -> bool {
    let said = machines.run(node, &["corosync-quorumtool", "-s"]);
    said.is_some_and(|said| said.contains(&format!("Total votes:      {votes}\n")))
}

/// What the node says of its Corosync.
fn told(machines: &Machines, node: u32) -> Option<Carrier> {
    machines.see(node)?.cluster.carrier.map(|carrier| *carrier)
}

#[test]
fn of_two_nodes_with_a_quorum_device_the_one_that_it_votes_for_goes_on() {
    if !can_be() || !testkit::has(&NEEDED) {
        return;
    }
    let mut machines =
        Voter { voter: 3, algorithm: "ffsplit", votes: 1, tls: "off", timeout: 3000 }.start();
    // Whom the vote leaves has more to lose.
    let resources = [strip(&machines), note("large"), note("larger"), note("small")].concat();
    let places = [prefers("large", 2), prefers("larger", 2), prefers("small", 1)];
    machines.replace(1, document(&QUICK, &resources, &constraints(&places)));
    machines.wait_idle(1);
    machines.wait("the device's vote", || has_votes(&machines, 1, 3));
    machines.wait("the device and the link in what is told", || {
        told(&machines, 1).is_some_and(|carrier| {
            let link = carrier.links.first();
            carrier.tie_breaker.is_some_and(|device| {
                (device.model.as_str(), device.votes, device.alive && device.ours)
                    == ("net", 1, true)
            }) && (carrier.expected_votes, carrier.needed_votes) == (3, 2)
                && link.is_some_and(|link| {
                    link.to == "n2" && link.connected && link.latency_us.is_some()
                })
        })
    });
    let life = machines.bed.first_process(1);

    machines.bed.cut(&[&[1, 3], &[2]]).unwrap();
    machines.wait("all on the side with the vote", || {
        ["large", "larger", "small"].iter().all(|id| runs(&machines, 1, id).is_some())
    });
    assert!(runs(&machines, 1, "large") >= came_on(&machines, 2), "first fenced");
    assert!(was_fenced(&machines, 1, 2), "{}", machines.log(1));
    assert_eq!(machines.bed.first_process(1), life);
    machines.wait("one without quorum", || sees(&machines, 2, &[2], false));
    machines.wait_idle(2);
    assert_eq!(runs(&machines, 2, "large"), None);
    machines.bed.heal().unwrap();
    machines.wait("everyone at home", || runs(&machines, 2, "large").is_some());
    assert_eq!(machines.bed.first_process(1), life);

    // Without the device two are enough, and one is not.
    machines.bed.power_off(3).unwrap();
    for node in [1, 2] {
        machines.wait("the device's vote to be missed", || has_votes(&machines, node, 2));
        assert!(sees(&machines, node, &[1, 2], true), "{}", machines.log(node));
        machines.wait("the device missed in what is told", || {
            told(&machines, node)
                .and_then(|carrier| carrier.tie_breaker)
                .is_some_and(|device| !device.ours)
        });
    }
    assert!(runs(&machines, 2, "large").is_some());
    let lives = [1, 2].map(|node| machines.bed.first_process(node));
    machines.bed.cut(&[&[1], &[2]]).unwrap();
    for node in [1, 2] {
        machines.wait("neither with quorum", || sees(&machines, node, &[node], false));
        machines.wait("nothing runs", || {
            ["large", "larger", "small"].iter().all(|id| runs(&machines, node, id).is_none())
        });
    }
    assert_eq!([1, 2].map(|node| machines.bed.first_process(node)), lives);
}

#[test]
fn the_last_of_three_goes_on_with_a_device_whose_certificate_it_trusts() {
    if !can_be() || !testkit::has(&NEEDED) {
        return;
    }
    let mut machines =
        Voter { voter: 4, algorithm: "lms", votes: 2, tls: "required", timeout: 3000 }.start();
    let resources = strip(&machines) + &note("service");
    let places = constraints(&[prefers("service", 3)]);
    machines.replace(1, document(&QUICK, &resources, &places));
    machines.wait_idle(1);
    assert!(runs(&machines, 3, "service").is_some(), "{}", machines.log(1));
    for node in 1..=3 {
        machines.wait("the device's votes", || has_votes(&machines, node, 5));
        let said = machines.run(node, &["corosync-qdevice-tool", "-s", "-v"]).unwrap_or_default();
        let tls = said.lines().find(|line| line.trim_start().starts_with("TLS active"));
        assert!(tls.is_some_and(|line| line.contains("Yes (client certificate sent)")), "{said}");
    }
    let life = machines.bed.first_process(1);

    machines.bed.cut(&[&[1, 4], &[2], &[3]]).unwrap();
    machines.wait("the service with the device", || runs(&machines, 1, "service").is_some());
    assert!(runs(&machines, 1, "service") >= came_on(&machines, 3), "first fenced");
    assert!(was_fenced(&machines, 1, 3), "{}", machines.log(1));
    machines.wait("quorum of one", || sees(&machines, 1, &[1], true));
    for node in [2, 3] {
        machines.wait("one without quorum", || sees(&machines, node, &[node], false));
        machines.wait_idle(node);
        assert_eq!(runs(&machines, node, "service"), None);
    }
    // Acknowledged by one disk of three: the others are proven off.
    machines.wait("both fenced", || was_fenced(&machines, 1, 2));
    machines.replace(1, document(&QUICK, &(resources.clone() + &note("new")), &places));
    machines.bed.heal().unwrap();
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    machines.wait("the new one", || (1..=3).any(|node| runs(&machines, node, "new").is_some()));
    assert_eq!(machines.bed.first_process(1), life);

    // Without the device all are needed.
    machines.bed.power_off(4).unwrap();
    for node in 1..=3 {
        machines.wait("the device to be missed", || has_votes(&machines, node, 3));
        assert!(sees(&machines, node, &[1, 2, 3], true), "{}", machines.log(node));
    }
    machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
    for node in 1..=3 {
        machines.wait("nothing runs", || {
            ["service", "new"].iter().all(|id| runs(&machines, node, id).is_none())
                && machines.see(node).is_some_and(|seen| !seen.cluster.quorate)
        });
    }
    assert_eq!(machines.bed.first_process(1), life);
}

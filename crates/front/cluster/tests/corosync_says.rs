//! What Corosync itself refuses, `check` must call an error: files drawn at random, and Corosync's
//! own test of each (`corosync -t`).

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use corosync::{Conf, Severity, check};

/// Files, unless `QUORATE_SEEDS` says otherwise.
const SEEDS: u64 = 120;

const GOOD: &str = "totem {
    version: 2
    cluster_name: web
    transport: knet
    crypto_cipher: none
    crypto_hash: none
}
nodelist {
    node {
        ring0_addr: 127.0.0.1
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

/// One text for another, or lines for the end of a section's opening.
const CHANGES: &[(&str, &str)] = &[
    ("version: 2", "version: 1"),
    ("version: 2", "version: two"),
    ("version: 2", "version: 3"),
    ("transport: knet", "transport: kned"),
    ("transport: knet", "transport: udpu"),
    ("transport: knet", "transport: udp"),
    ("transport: knet", "transport: iba"),
    ("transport: knet", ""),
    ("crypto_cipher: none", "crypto_cipher: aes257"),
    ("crypto_cipher: none", "crypto_cipher: aes256"),
    ("crypto_hash: none", "crypto_hash: sha3"),
    ("crypto_hash: none", "crypto_hash: sha256"),
    ("nodeid: 2", "nodeid: 1"),
    ("nodeid: 2", "nodeid: 0"),
    ("nodeid: 2", "nodeid: -2"),
    ("nodeid: 2", "nodeid: 4294967296"),
    ("nodeid: 3", ""),
    ("10.0.0.2", "10.0.0.256"),
    ("10.0.0.2", "10.0.0.2/24"),
    ("10.0.0.2", "fd00::2"),
    ("10.0.0.2", "10.0.0.2\n        ring1_addr: 10.1.0.2"),
    ("ring0_addr: 10.0.0.3", "ring1_addr: 10.0.0.3"),
    ("ring0_addr: 10.0.0.3", ""),
    ("totem {", "totem {\n    token: 20"),
    ("totem {", "totem {\n    token: abc"),
    ("totem {", "totem {\n    token: 100\n    token_coefficient: 0"),
    ("totem {", "totem {\n    token: 300\n    token_retransmits_before_loss_const: 20"),
    ("totem {", "totem {\n    token_retransmits_before_loss_const: 0"),
    ("totem {", "totem {\n    token_retransmit: 20"),
    ("totem {", "totem {\n    hold: 10"),
    ("totem {", "totem {\n    join: 20"),
    ("totem {", "totem {\n    consensus: 40"),
    ("totem {", "totem {\n    consensus: 20"),
    ("totem {", "totem {\n    merge: 10"),
    ("totem {", "totem {\n    downcheck: 10"),
    ("totem {", "totem {\n    max_network_delay: 10"),
    ("totem {", "totem {\n    netmtu: 20000"),
    ("totem {", "totem {\n    ip_version: ipv6"),
    ("totem {", "totem {\n    ip_version: both"),
    ("totem {", "totem {\n    link_mode: sometimes"),
    ("totem {", "totem {\n    config_version: 1.5"),
    ("totem {", "totem {\n    token_warning: 101"),
    ("totem {", "totem {\n    knet_mtu: 100000"),
    ("totem {", "totem {\n    knet_compression_model: zlib"),
    ("totem {", "totem {\n    interface {\n        linknumber: 9\n    }"),
    ("totem {", "totem {\n    interface {\n        ttl: 300\n    }"),
    ("totem {", "totem {\n    interface {\n        mcastport: 70000\n    }"),
    ("totem {", "totem {\n    interface {\n        knet_ping_interval: 100\n    }"),
    ("totem {", "totem {\n    interface {\n        knet_transport: tcp\n    }"),
    ("totem {", "totem {\n    interface {\n        knet_link_priority: 300\n    }"),
    ("totem {", "totem {\n    what is this"),
    ("totem {", "totem { x"),
    ("quorum {", "quorum {\n    two_node: yes"),
    ("quorum {", "quorum {\n    two_node: 1"),
    ("quorum {", "quorum {\n    expected_votes: many"),
    ("quorum {", "quorum {\n    last_man_standing: 2"),
    ("quorum {", "quorum {\n}\n}\nquorum {"),
    ("quorum {", "quorum {\nquorum {"),
    ("quorum {", "logging {\n    debug: maybe\n}\nquorum {"),
    ("quorum {", "logging {\n    to_syslog: maybe\n}\nquorum {"),
    ("quorum {", "logging {\n    timestamp: maybe\n}\nquorum {"),
    ("quorum {", "logging {\n    syslog_facility: mail\n}\nquorum {"),
    ("quorum {", "logging {\n    logfile_priority: loud\n}\nquorum {"),
    ("quorum {", "logging {\n    to_logfile: yes\n}\nquorum {"),
    ("quorum {", "logging {\n    logger_subsys {\n        debug: on\n    }\n}\nquorum {"),
    ("quorum {", "system {\n    qb_ipc_type: pipe\n}\nquorum {"),
    ("quorum {", "system {\n    sched_rr: maybe\n}\nquorum {"),
    ("quorum {", "system {\n    move_to_root_cgroup: maybe\n}\nquorum {"),
    ("quorum {", "system {\n    priority: high\n}\nquorum {"),
    ("quorum {", "nozzle {\n    name: noz\n}\nquorum {"),
    ("provider: corosync_votequorum", "provider: majority"),
    ("provider: corosync_votequorum", ""),
];

/// Numbers that look random and are the same each time (Knuth's constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Whether Corosync takes the file; its words if not.
fn corosync_takes(path: &Path) -> Result<(), String> {
    let mut command = Command::new("/usr/sbin/corosync");
    let output = command.arg("-t").arg("-c").arg(path).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    if output.status.success() { Ok(()) } else { Err(said) }
}

fn errors(text: &str) -> Vec<String> {
    check(text).iter().filter(|f| f.severity == Severity::Error).map(ToString::to_string).collect()
}

#[test]
fn what_corosync_refuses_is_an_error() {
    if !testkit::is_root() || !testkit::has(&["/usr/sbin/corosync"]) {
        return;
    }
    let seeds = std::env::var("QUORATE_SEEDS").ok().and_then(|text| text.parse().ok());
    let path: PathBuf = std::env::temp_dir().join(format!("quorate-says-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    let (key, file) = (path.join("key"), path.join("corosync.conf"));
    std::fs::write(&key, [7; 256]).unwrap();
    let good = GOOD.replace("totem {", &format!("totem {{\n    keyfile: {}", key.display()));
    let mut wrong = String::new();
    let (mut refused, mut taken) = (0, 0);
    for seed in 0..CHANGES.len() as u64 + seeds.unwrap_or(SEEDS) {
        let mut dice = Dice(seed);
        let mut text = good.clone();
        // Each alone first, then up to three at once.
        let chosen: Vec<usize> = match usize::try_from(seed).unwrap() {
            alone if alone < CHANGES.len() => vec![alone],
            _ => (0..=dice.below(3)).map(|_| dice.below(CHANGES.len())).collect(),
        };
        for at in chosen {
            let (from, to) = CHANGES[at];
            text = text.replacen(from, to, 1);
        }
        std::fs::write(&file, &text).unwrap();
        let errors = errors(&text);
        match corosync_takes(&file) {
            Ok(()) => taken += 1,
            Err(said) => {
                refused += 1;
                if errors.is_empty() {
                    wrong.push_str(&format!("---- Corosync says:\n{said}\nof\n{text}\n"));
                }
            }
        }
        assert_eq!(Conf::parse(&text).to_string(), text);
    }
    std::fs::remove_dir_all(&path).unwrap();
    assert!(wrong.is_empty(), "{wrong}");
    assert!(refused > 20 && taken > 5, "{refused} refused, {taken} taken");
}

#[test]
fn what_init_writes_is_taken() {
    if !testkit::is_root() || !testkit::has(&["/usr/sbin/corosync"]) {
        return;
    }
    let path = std::env::temp_dir().join(format!("quorate-writes-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    let (key, file) = (path.join("key"), path.join("corosync.conf"));
    std::fs::write(&key, [7; 256]).unwrap();
    for (nodes, seconds) in [(1, 2), (2, 2), (3, 1), (8, 2), (16, 30), (64, 600)] {
        let address =
            |id: u32| if id == 1 { "127.0.0.1".to_owned() } else { format!("10.0.0.{id}") };
        let members = (1..=nodes).map(|id| corosync::Member {
            name: format!("n{id}"),
            id,
            addresses: vec![address(id)],
        });
        let wish = corosync::Wish {
            failover: std::time::Duration::from_secs(seconds),
            nodes: u64::from(nodes),
            fencing: corosync::Fencing::Device,
        };
        let timing = corosync::Timing::derive(wish).unwrap();
        let new = corosync::NewCluster { name: "web".into(), members: members.collect(), timing };
        let text = corosync::fresh(&new);
        let mut conf = Conf::parse(&text);
        conf.set(&["totem"], "keyfile", &key.display().to_string());
        std::fs::write(&file, conf.to_string()).unwrap();
        assert_eq!(corosync_takes(&file), Ok(()), "{conf}");
    }
    std::fs::remove_dir_all(&path).unwrap();
}

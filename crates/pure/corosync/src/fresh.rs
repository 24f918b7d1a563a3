//! A file for a cluster that is new.

use crate::edit::Member;
use crate::timing::Timing;

/// A cluster to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCluster {
    pub name: String,
    pub members: Vec<Member>,
    pub timing: Timing,
}

/// Its file: knet, encrypted, votes counted.
pub fn fresh(cluster: &NewCluster) -> String {
    let NewCluster { name, members, timing } = cluster;
    let mut text = format!(
        "# Written by `quorate cluster init`. Changes by hand are kept; give every member the same \
         file.\n\
         totem {{\n    version: 2\n    cluster_name: {name}\n    config_version: 1\n    \
         transport: knet\n    crypto_cipher: aes256\n    crypto_hash: sha256\n"
    );
    for (key, value) in totem(timing) {
        text.push_str(&format!("    {key}: {value}\n"));
    }
    text.push_str("}\n\nnodelist {\n");
    for member in members {
        text.push_str("    node {\n");
        for (link, address) in member.addresses.iter().enumerate() {
            text.push_str(&format!("        ring{link}_addr: {address}\n"));
        }
        text.push_str(&format!(
            "        name: {}\n        nodeid: {}\n    }}\n",
            member.name, member.id
        ));
    }
    text.push_str("}\n\nquorum {\n    provider: corosync_votequorum\n");
    if members.len() == 2 {
        text.push_str("    two_node: 1\n");
    }
    text.push_str("}\n\nlogging {\n    to_logfile: yes\n    logfile: /var/log/corosync/corosync.log\n    to_syslog: yes\n    timestamp: on\n}\n");
    text
}

/// What the timing is in `totem`'s words. Without consensus: Corosync makes it of the real token, also
/// when nodes are added.
pub fn totem(timing: &Timing) -> Vec<(&'static str, u64)> {
    vec![
        ("token", timing.token),
        ("token_coefficient", timing.token_coefficient),
        ("token_retransmits_before_loss_const", timing.token_retransmits),
        ("join", timing.join),
    ]
}

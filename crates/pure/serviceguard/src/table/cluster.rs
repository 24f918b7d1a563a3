//! The cluster's ASCII file.

use super::{DEVICE, Kind, NAME, Of, Parameter, Source, YES_NO, count, microseconds, said_once};

const fn c(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static str,
) -> Parameter {
    said_once(Of::Cluster, name, kind, default, words)
}

/// Where a number has no bound of its own.
const TIME_MAX: u64 = 2_147_483_647;

#[rustfmt::skip]
pub(super) const PARAMETERS: &[Parameter] = &[
    c("CLUSTER_NAME", Kind::Text { max: 39 }, "", "what the cluster is called"),
    c("HOSTNAME_ADDRESS_FAMILY", Kind::Word(&["IPV4", "IPV6", "ANY"]), "IPV4", "to which family names of nodes resolve").since((11, 20)),
    c("FIRST_CLUSTER_LOCK_VG", DEVICE, "", "the volume group of the lock disk; HP-UX"),
    c("SECOND_CLUSTER_LOCK_VG", DEVICE, "", "that of a second lock disk; HP-UX"),
    c("QS_HOST", Kind::Host, "", "where the quorum server runs"),
    c("QS_ADDR", Kind::Host, "", "the quorum server's address on another subnet").since((11, 18)),
    c("QS_POLLING_INTERVAL", microseconds(10_000_000, TIME_MAX), "300000000", "how often the quorum server is asked whether it lives"),
    c("QS_TIMEOUT_EXTENSION", microseconds(0, 300_000_000), "0", "how much longer than 3 s the quorum server may take; counts when the server is named"),
    c("SITE_NAME", NAME, "", "a site; before all nodes").many(),
    c("NODE_NAME", NAME, "", "a node, as its `hostname` says").many(),
    c("SITE", NAME, "", "at which site the node is").below("NODE_NAME"),
    c("CLUSTER_LOCK_LUN", Kind::Path { max: 255 }, "", "the block device of the lock LUN on this node").below("NODE_NAME"),
    c("FIRST_CLUSTER_LOCK_PV", DEVICE, "", "the lock disk on this node").below("NODE_NAME"),
    c("SECOND_CLUSTER_LOCK_PV", DEVICE, "", "the second lock disk on this node").below("NODE_NAME"),
    c("NETWORK_INTERFACE", Kind::Name { max: 15 }, "", "a network card; without an address it stands by").below("NODE_NAME").many(),
    c("HEARTBEAT_IP", Kind::Address, "", "its address, which carries heartbeats").below("NETWORK_INTERFACE").many(),
    c("STATIONARY_IP", Kind::Address, "", "its address, which carries none").below("NETWORK_INTERFACE").many(),
    c("SERIAL_DEVICE_FILE", DEVICE, "", "heartbeats over a serial line: there are none any more").below("NODE_NAME").until((11, 19)),
    c("CAPACITY_NAME", Kind::Identifier, "", "what the node has so much of").below("NODE_NAME").many().since((11, 19)),
    c("CAPACITY_VALUE", Kind::Amount, "", "how much").below("CAPACITY_NAME").since((11, 19)),
    c("HEARTBEAT_INTERVAL", microseconds(1_000_000, 30_000_000), "1000000", "say MEMBER_TIMEOUT; the interval is a quarter of it, at most a second").until((11, 19)),
    c("NODE_TIMEOUT", microseconds(2_000_000, 60_000_000), "2000000", "say MEMBER_TIMEOUT").until((11, 19)),
    c("MEMBER_TIMEOUT", microseconds(3_000_000, 300_000_000), "14000000", "how long a silent node is waited for").since((11, 19)),
    c("FAILOVER_OPTIMIZATION", Kind::Word(&["NONE", "TWO_NODE"]), "NONE", "it has no successor").since((11, 16)).until((11, 19)),
    c("AUTO_START_TIMEOUT", microseconds(1, TIME_MAX), "600000000", "how long a cluster that forms waits for all its nodes"),
    c("NETWORK_POLLING_INTERVAL", microseconds(1_000_000, 30_000_000), "2000000", "how often network cards are looked at"),
    c("CONFIGURED_IO_TIMEOUT_EXTENSION", microseconds(0, TIME_MAX), "0", "how long a lost node's writes may still arrive").since((11, 19)),
    c("NETWORK_FAILURE_DETECTION", Kind::Word(&["INOUT", "INONLY_OR_INOUT"]), "INOUT", "which counters say that a card is down; HP-UX"),
    c("NETWORK_AUTO_FAILBACK", YES_NO, "yes", "whether addresses go back to a card that works again; HP-UX").since((11, 17)),
    c("SUBNET", Kind::Address, "", "a subnet of the nodes").many().since((11, 19)),
    c("IP_MONITOR", Kind::Word(&["ON", "OFF"]), "OFF", "whether its addresses are polled").below("SUBNET").since((11, 19)),
    c("POLLING_TARGET", Kind::Address, "", "whom to poll there; else the nodes poll each other").below("SUBNET").many().since((11, 19)),
    c("MAX_CONFIGURED_PACKAGES", count(0, 300), "300", "how many packages there may be"),
    c("WEIGHT_NAME", Kind::Identifier, "", "a capacity that packages use").many().since((11, 19)),
    c("WEIGHT_DEFAULT", Kind::Amount, "0", "how much of it a package uses that does not say").below("WEIGHT_NAME").since((11, 19)),
    c("USER_NAME", Kind::Text { max: 1024 }, "", "who may do something: ANY_USER or up to eight names").many().since((11, 16)),
    c("USER_HOST", NAME, "", "from where: ANY_SERVICEGUARD_NODE, CLUSTER_MEMBER_NODE or a node").below("USER_NAME").since((11, 16)),
    c("USER_ROLE", Kind::Word(&["MONITOR", "PACKAGE_ADMIN", "FULL_ADMIN"]), "", "what they may").below("USER_NAME").since((11, 16)),
    c("VOLUME_GROUP", DEVICE, "", "a volume group of several nodes; HP-UX").many(),
    c("OPS_VOLUME_GROUP", DEVICE, "", "one that several nodes use at once; HP-UX").many().source(Source::Memory),
];

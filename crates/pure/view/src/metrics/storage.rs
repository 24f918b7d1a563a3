//! What `ha_cluster_exporter` tells of disks: sbd's and DRBD's, of the node that answers.
//!
//! Source: its `doc/metrics.md`: names, labels and meanings.

use serde::Deserialize;

use super::write::{Kind, Text};

/// One of the disks by which this node is fenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SbdDisk {
    /// As sbd's file names it.
    pub device: String,
    /// It was read lately, and is what it was.
    pub healthy: bool,
    /// The header's seconds until the watchdog resets, and until who fences believes it; nothing while the
    /// disk was not read yet.
    pub timeouts: Option<(u64, u64)>,
}

/// What DRBD's own program says of this node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drbd {
    pub resources: Vec<DrbdResource>,
    /// Resources and volumes of which a handler of DRBD's has noted that they were written apart.
    pub split: Vec<(String, String)>,
}

/// A resource, as `drbdsetup status --json` has it. What a version of DRBD does not tell is left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct DrbdResource {
    name: String,
    role: String,
    devices: Vec<Device>,
    connections: Vec<Connection>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Device {
    volume: u32,
    disk_state: String,
    quorum: Option<bool>,
    written: Option<f64>,
    read: Option<f64>,
    al_writes: Option<f64>,
    bm_writes: Option<f64>,
    upper_pending: Option<f64>,
    lower_pending: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Connection {
    peer_node_id: u32,
    peer_role: String,
    #[serde(rename = "peer_devices")]
    devices: Vec<PeerDevice>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct PeerDevice {
    volume: u32,
    peer_disk_state: String,
    percent_in_sync: Option<f64>,
    received: Option<f64>,
    sent: Option<f64>,
    pending: Option<f64>,
    unacked: Option<f64>,
}

pub(super) fn sbd(disks: &[SbdDisk], text: &mut Text) {
    let help = "Disks of sbd's; 1 for the status that each is in";
    text.family("ha_cluster_sbd_devices", Kind::Gauge, help);
    for disk in disks {
        let status = if disk.healthy { "healthy" } else { "unhealthy" };
        text.value(&[("device", &disk.device), ("status", status)], 1.0);
    }
    text.family("ha_cluster_sbd_timeouts", Kind::Gauge, "Seconds, as each disk's header has them");
    for disk in disks {
        let Some((watchdog, msgwait)) = disk.timeouts else { continue };
        for (kind, seconds) in [("watchdog", watchdog), ("msgwait", msgwait)] {
            text.value(&[("device", &disk.device), ("type", kind)], seconds as f64);
        }
    }
}

/// A family's name and help, and its value.
type Column<T> = (&'static str, &'static str, fn(&T) -> Option<f64>);

/// Of each resource and volume.
const OF_DEVICES: [Column<Device>; 7] = [
    ("ha_cluster_drbd_written", "KiB written to the volume", |device| device.written),
    ("ha_cluster_drbd_read", "KiB read from the volume", |device| device.read),
    ("ha_cluster_drbd_al_writes", "Updates of the activity log", |device| device.al_writes),
    ("ha_cluster_drbd_bm_writes", "Updates of the bitmap", |device| device.bm_writes),
    ("ha_cluster_drbd_upper_pending", "Requests that DRBD has not answered", |device| {
        device.upper_pending
    }),
    ("ha_cluster_drbd_lower_pending", "Requests that the disk below has not answered", |device| {
        device.lower_pending
    }),
    ("ha_cluster_drbd_quorum", "Whether the volume has quorum, by DRBD's own rules", |device| {
        device.quorum.map(|has| f64::from(u8::from(has)))
    }),
];

/// Of each resource, other node and volume.
const OF_PEERS: [Column<PeerDevice>; 5] = [
    ("ha_cluster_drbd_connections_sync", "How much is in sync, of 100", |peer| {
        peer.percent_in_sync
    }),
    ("ha_cluster_drbd_connections_received", "KiB received from the other node", |peer| {
        peer.received
    }),
    ("ha_cluster_drbd_connections_sent", "KiB sent to the other node", |peer| peer.sent),
    (
        "ha_cluster_drbd_connections_pending",
        "Requests that the other node has not answered",
        |peer| peer.pending,
    ),
    (
        "ha_cluster_drbd_connections_unacked",
        "Requests of the other node's to be answered",
        |peer| peer.unacked,
    ),
];

pub(super) fn drbd(drbd: &Drbd, text: &mut Text) {
    let Drbd { resources, split } = drbd;
    let help = "1 for what each volume of each resource is on this node";
    text.family("ha_cluster_drbd_resources", Kind::Gauge, help);
    each_device(resources, |name, role, volume, device| {
        let state = device.disk_state.to_lowercase();
        let labels =
            [("resource", name), ("role", role), ("volume", volume), ("disk_state", &*state)];
        text.value(&labels, 1.0);
    });
    for (family, help, value) in OF_DEVICES {
        text.family(family, Kind::Gauge, help);
        each_device(resources, |name, _, volume, device| {
            if let Some(value) = value(device) {
                text.value(&[("resource", name), ("volume", volume)], value);
            }
        });
    }
    let help = "1 for what each volume is on each other node that is connected";
    text.family("ha_cluster_drbd_connections", Kind::Gauge, help);
    each_peer(resources, |[name, node, volume], role, peer| {
        let state = peer.peer_disk_state.to_lowercase();
        let place = [("resource", name), ("peer_node_id", node), ("peer_role", role)];
        let labels = [&place[..], &[("volume", volume), ("peer_disk_state", &*state)]].concat();
        text.value(&labels, 1.0);
    });
    for (family, help, value) in OF_PEERS {
        text.family(family, Kind::Gauge, help);
        each_peer(resources, |[name, node, volume], _, peer| {
            if let Some(value) = value(peer) {
                let labels = [("resource", name), ("peer_node_id", node), ("volume", volume)];
                text.value(&labels, value);
            }
        });
    }
    let help = "1 where the handler of DRBD's that leaves a file about it found a split brain";
    text.family("ha_cluster_drbd_split_brain", Kind::Gauge, help);
    for (resource, volume) in split {
        text.value(&[("resource", resource), ("volume", volume)], 1.0);
    }
}

/// With the resource's name and role, and the volume's number.
fn each_device(resources: &[DrbdResource], mut told: impl FnMut(&str, &str, &str, &Device)) {
    for resource in resources {
        for device in &resource.devices {
            told(&resource.name, &resource.role, &device.volume.to_string(), device);
        }
    }
}

/// With the resource's name, the other node's number and the volume's; and the other's role.
fn each_peer(resources: &[DrbdResource], mut told: impl FnMut([&str; 3], &str, &PeerDevice)) {
    for resource in resources {
        for connection in &resource.connections {
            let node = connection.peer_node_id.to_string();
            for peer in &connection.devices {
                let volume = peer.volume.to_string();
                told([&resource.name, &node, &volume], &connection.peer_role, peer);
            }
        }
    }
}

//! `corosync.conf` changed for every member by another command than ours, while the cluster runs.

use std::path::Path;

use corosync::{Conf, Fencing, Settings};

use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::power::{self, Order};
use crate::services::{self, Service, Services};
use crate::timing;
use crate::trouble::{Kind, Trouble};

/// The file as this machine has it.
///
/// # Errors
/// Where there is none, or it cannot be read.
pub fn file() -> Result<Conf, Trouble> {
    nodes_file::read(&Places::default())
}

/// Where `corosync-qdevice-net-certutil` keeps a node's certificate for a quorum server.
const CERTIFICATES: &str = "/etc/corosync/qdevice/net/nssdb";

/// Whether this machine can ask a quorum server over TLS.
pub fn is_certified() -> bool {
    Path::new(CERTIFICATES).exists()
}

/// Has `edit` change the file on every member, and Corosync read it.
///
/// # Errors
/// When the members do not agree, times would have watchdogs reset healthy nodes, or a member cannot be reached.
pub fn change_file(edit: impl Fn(&mut Conf)) -> Result<(), Trouble> {
    let places = Places::default();
    let services = Services::new(&Own::read(&places)?, &places, None);
    nodes_file::change(&services, &places, |conf| {
        edit(conf);
        conf.count_up();
        timing::fits_watchdog(&services, &places, conf, Fencing::Device)
    })
    .map(drop)
}

/// Whether the file names a quorum device whose daemon does not run on this machine.
///
/// # Errors
/// Where this machine belongs to no cluster, or its files cannot be read.
pub fn device_is_silent() -> Result<bool, Trouble> {
    let places = Places::default();
    let services = Services::new(&Own::read(&places)?, &places, None);
    let settings = Settings::of(&nodes_file::read(&places)?);
    Ok(Service::of_device(&settings).is_some_and(|device| !services.runs(device)))
}

/// Makes a lock of a disk, for the cluster of this machine. Whether nobody's data is there must be known.
///
/// # Errors
/// When the disk cannot be written, or sanlock is not there.
pub fn initialise_lock(path: &str) -> Result<(), Trouble> {
    let own = std::env::current_exe();
    let own = own.map_err(|error| Trouble::new(Kind::Failed, error.to_string()))?;
    let cluster = cluster_name()?;
    let words = ["lock", "init", path, "--cluster", &cluster];
    services::output(&own.display().to_string(), &words).map(drop)
}

/// What `corosync.conf` calls the cluster.
///
/// # Errors
/// Where there is no such file, or it cannot be read.
pub fn cluster_name() -> Result<String, Trouble> {
    let name = Settings::of(&file()?).totem.cluster_name;
    Ok(name.map(|name| name.value).unwrap_or_default())
}

/// Starts the daemon that asks the quorum device on every member, where the file names one.
///
/// # Errors
/// When a member cannot be reached, or the daemon ends at once.
pub fn start_device() -> Result<(), Trouble> {
    let settings = Settings::of(&file()?);
    if settings.device.is_none() {
        return Ok(());
    }
    let names: Vec<String> = settings.nodes.iter().map(|node| node.called().to_owned()).collect();
    power::switch(Order::Start, &names)?.into_iter().try_for_each(|(_node, result)| result)?;
    if !device_is_silent()? {
        return Ok(());
    }
    let (what, tool) = if Service::of_device(&settings) == Some(Service::Lock) {
        ("what votes for the cluster lock does not run here", "quorate lock serve")
    } else {
        ("the daemon that asks the quorum server does not run here", "corosync-qdevice -f -d")
    };
    let help = format!("`{tool}` says why. The configuration is changed already.");
    Err(Trouble::new(Kind::Failed, what).help(help))
}

//! What a monitoring system reads: the cluster as numbers, in OpenMetrics' text or the one before it.
//!
//! Names that begin with `ha_cluster_` are those of ClusterLabs' `ha_cluster_exporter`, with its
//! labels and meanings, so that dashboards made for it go on working; what it asks of Corosync is
//! told from the membership. Names that begin with `quorate_` are ours.
//!
//! The text is written here, without a library: values are looked up anew for each reading, so there
//! is nothing to register, and what is left is escaping three characters
//! ([decision](../../../../docs/decisions/own-metrics-text.md)).
//!
//! **Not here:** clocks. What takes time is measured by the daemon and brought as [`Counted`].
//!
//! **Always:** the same document and counts are the same text; no value of a secret is in it.

mod counted;
mod exporter;
mod own;
mod storage;
mod write;

use scheduler::Input;

use crate::status::{Seen, status};

pub use counted::{Counted, Histogram, Noted};
pub use storage::{Drbd, DrbdResource, SbdDisk};
pub use write::Format;

use write::Text;

/// All metrics of the node that answers.
pub fn metrics(seen: Seen<'_>, counted: &Counted, drbd: &Drbd, format: Format) -> String {
    let input = Input { now: seen.now, ..Input::default() };
    let resolved = scheduler::resolve(seen.document, &input);
    let status = status(seen);
    let mut text = Text::new(format);
    exporter::pacemaker(&resolved, seen, &mut text);
    exporter::corosync(seen, &mut text);
    storage::sbd(&counted.sbd, &mut text);
    storage::drbd(drbd, &mut text);
    own::of_status(&status, seen, &mut text);
    own::of_counted(counted, &mut text);
    text.end()
}

#[cfg(test)]
mod tests;

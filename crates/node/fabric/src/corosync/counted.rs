//! How votequorum counts, as it is now: expected votes may have been lowered by hand, and a device votes or not.

use rust_corosync::votequorum::{self, NodeInfo};
use rust_corosync::{CsError, NodeId};

/// What it says of this node.
pub(super) fn counted(own: u32) -> Result<NodeInfo, CsError> {
    let quorum = votequorum::initialize(&votequorum::Callbacks {
        quorum_notification_fn: None,
        nodelist_notification_fn: None,
        expectedvotes_notification_fn: None,
    })?;
    let info = votequorum::get_info(&quorum, NodeId::from(own));
    let _closed = votequorum::finalize(&quorum);
    info
}

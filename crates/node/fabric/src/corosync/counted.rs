//! How votequorum counts, as it is now: expected votes may have been lowered, by hand or by the daemons, and a device votes
//! or not.

use std::time::Duration;

use rust_corosync::votequorum::{self, Handle, NodeInfo, NodeInfoFlags};
use rust_corosync::{CsError, NodeId};

/// Looks at what came of a new number, and the wait between two of them. A message to all members lies between, which
/// takes milliseconds.
const LOOKS_MAX: u32 = 200;
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// To votequorum: the node that is asked.
const THIS_NODE: u32 = 0;

/// What it says of this node.
pub(super) fn counted(own: u32) -> Result<NodeInfo, CsError> {
    votequorum::get_info(&open()?, NodeId::from(own))
}

/// Has no more than so many votes expected; again after the file was read anew, which brings back the file's number.
/// Answers whether there is quorum then.
pub(super) fn lower(votes: u32, is_wanted: impl Fn() -> bool) -> Result<bool, CsError> {
    let handle = open()?;
    let look = || votequorum::get_info(&handle, NodeId::from(THIS_NODE));
    let needs_more = |info: &NodeInfo| info.quorum > votes / 2 + 1;
    let mut info = look()?;
    if info.highest_expected > votes || needs_more(&info) {
        votequorum::set_expected(&handle, votes)?;
    }
    // The number is there at once, and what follows from it with the message to all members.
    for _look in 0..LOOKS_MAX {
        if !needs_more(&info) || !is_wanted() {
            break;
        }
        std::thread::sleep(LOOK_AGAIN);
        info = look()?;
    }
    Ok(info.flags.contains(NodeInfoFlags::VOTEQUORUM_INFO_QUORATE))
}

fn open() -> Result<Handle, CsError> {
    votequorum::initialize(&votequorum::Callbacks {
        quorum_notification_fn: None,
        nodelist_notification_fn: None,
        expectedvotes_notification_fn: None,
    })
}

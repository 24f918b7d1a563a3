//! Processes as `/proc` shows them: who they are, which belong together, and how they are ended.
//!
//! A number alone never names a process here: [`Identity`] is the number with the moment of the
//! start, so a number that the kernel gave to another program is never mistaken for the old one.
//! Every process of a node's agents carries marks in its environment, which its children inherit;
//! [`marked`] finds them after whatever forks and sessions.
//!
//! **Not here:** starting programs (`exec`), deciding whom to end.

mod identity;
mod scan;
mod signal;

pub use identity::Identity;
pub use scan::{Stat, all, descendants, environment_value, in_session, marked};
pub use signal::{Signal, end_now, open, send, wait_end};

/// The variable that marks every process of a node: its value is the node's state directory.
pub const NODE_MARK: &str = "QUORATE_STATE_DIR";

/// The variable that says where a node's agents keep what must not outlive its power, where the node has a machine
/// of its own. Nodes that share one keep it in the directory `run` of what [`NODE_MARK`] says.
pub const RUN_DIRECTORY: &str = "QUORATE_RUN_DIR";

/// Where that is: the kernel's memory, which is empty after each start of the machine.
pub const RUN_OF_MACHINE: &str = "/run/quorate";

/// The variable that marks what was started on behalf of a resource.
pub const RESOURCE_MARK: &str = "QUORATE_RESOURCE";

/// The variable that marks what was started by one operation.
pub const OPERATION_MARK: &str = "QUORATE_OPERATION";

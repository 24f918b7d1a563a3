//! The agents of this machine, for people: which are installed, what they say of themselves, and one
//! run of one of them by hand, past the cluster.
//!
//! **Not here:** what the cluster runs (`exec` of the node's tier): what is run here is recorded
//! nowhere and watched by nobody; what an invocation looks like and what codes mean (`agent`).
//!
//! **Always:** a run has a deadline, and is ended with all that it started in its group when that is
//! over; no parameter becomes an argument.
//!
//! Field words: `crm_resource --list-agents`, `--show-metadata`, `--force-start`; pcs
//! `resource debug-start`.

mod by_hand;
mod child;
mod describe;
mod installed;
mod parameters;

pub use by_hand::{ByHand, CannotRun, Ran, ask_fence_agent, run};
pub use describe::metadata;
pub use installed::{agents, is_unit, ocf_root, providers, standards};
pub use parameters::{parameters, timeout};

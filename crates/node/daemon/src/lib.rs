//! One node: wires the brain (`controller`) to disk, network, agents, clients and clocks.
//!
//! One loop waits for everything ([`run`](run::run)); what it hears becomes an input, the brain's
//! step answers with effects, and each effect is handed over without waiting.
//!
//! **Not here:** decisions. If something here asks *whether*, it is in the wrong crate.
//!
//! **Always:** one task steps the brain; a panic in it ends the process at once, so that no
//! half-done thought is ever acted on.
//!
//! Field word: Pacemaker *pacemakerd*.

mod agent_tools;
mod carrier;
mod checkpoints;
mod clock;
mod commands;
mod config;
mod disk;
mod end;
mod fabric_file;
mod log;
mod node;
mod notify;
mod ownership;
mod perform;
mod report;
mod reset;
#[cfg(feature = "corosync")]
mod roster;
mod run;
mod sbd_disks;
mod timers;
mod watchdog;

pub use api::pam_check;
pub use commands::{daemon, fabric, stored_configuration};

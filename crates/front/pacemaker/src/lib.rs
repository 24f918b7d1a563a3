//! Pacemaker's command line tools: same names, options, output and exit codes.
//!
//! **Not here:** decisions; these are views of the document and of plans.

mod attributes;
mod crm_simulate;
mod dot;
mod exit;
mod graph;
mod options;
mod status;
mod summary;
mod text;
mod time;

pub use attributes::{attrd_updater, crm_attribute, crm_master};
pub use crm_simulate::{crm_simulate, crm_simulate_to};

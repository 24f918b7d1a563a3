//! Pacemaker's command line tools: same names, options, output and exit codes.
//!
//! **Not here:** decisions; these are views of the document and of plans.

mod crm_simulate;
mod dot;
mod exit;
mod graph;
mod options;
mod status;
mod summary;
mod text;
mod time;

pub use crm_simulate::{crm_simulate, crm_simulate_to};

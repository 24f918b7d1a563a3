//! Pacemaker's command line tools: same names, options, output and exit codes.
//!
//! **Not here:** decisions; these are views of the document and of plans.

mod attributes;
mod command_line;
mod crm_simulate;
mod dot;
mod elements;
mod exit;
mod graph;
mod lines;
mod natural_order;
mod options;
mod outline;
mod output;
mod shown;
mod status;
mod time;
mod xml_out;

pub use attributes::{attrd_updater, crm_attribute, crm_master};
pub use crm_simulate::{crm_simulate, crm_simulate_to};

//! Pacemaker's command line tools: same names, options, output and exit codes.
//!
//! **Not here:** decisions; these are views of the document and of plans.

mod attributes;
mod cibadmin;
mod command_line;
mod crm_mon;
mod crm_node;
mod crm_resource;
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
mod stonith_admin;
mod time;
mod tool;
mod xml_out;

pub use attributes::{attrd_updater, crm_attribute, crm_master};
pub use cibadmin::cibadmin;
pub use crm_mon::crm_mon;
pub use crm_node::{crm_node, pacemakerd};
pub use crm_resource::crm_resource;
pub use crm_simulate::{crm_simulate, crm_simulate_to, simulate};
pub use stonith_admin::fencing_admin;

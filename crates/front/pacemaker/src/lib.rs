//! Pacemaker's command line tools: same names, options, output and exit codes.
//!
//! **Not here:** decisions; these are views of the document and of plans.

mod attributes;
mod cibadmin;
mod command_line;
mod complaints;
mod crm_diff;
mod crm_error;
mod crm_mon;
mod crm_node;
mod crm_report;
mod crm_resource;
mod crm_rule;
mod crm_shadow;
mod crm_simulate;
mod crm_ticket;
mod crm_verify;
mod crmadmin;
mod daemons;
mod dot;
mod elements;
mod exit;
mod fence_watchdog;
mod graph;
mod home;
mod iso8601;
mod lines;
mod memory;
mod natural_order;
mod option_list;
mod options;
mod outline;
mod output;
mod replace;
mod schemas;
mod shown;
mod source;
mod status;
mod stonith_admin;
mod time;
mod tool;
mod xml_out;

use std::ffi::OsString;
use std::process::ExitCode;

pub use crm_simulate::{crm_simulate, crm_simulate_to, simulate};
pub use schemas::schema_files;

/// A tool; it gets the words after its name.
pub type Entry = fn(Vec<OsString>) -> ExitCode;

/// Every tool, by the name that it is called with.
pub const TOOLS: [(&str, Entry); 26] = [
    ("attrd_updater", attributes::attrd_updater),
    ("cibadmin", cibadmin::cibadmin),
    ("crm_attribute", attributes::crm_attribute),
    ("crm_diff", crm_diff::crm_diff),
    ("crm_error", crm_error::crm_error),
    ("crm_failcount", attributes::crm_failcount),
    ("crm_master", attributes::crm_master),
    ("crm_mon", crm_mon::crm_mon),
    ("crm_node", crm_node::crm_node),
    ("crm_report", crm_report::crm_report),
    ("crm_resource", crm_resource::crm_resource),
    ("crm_rule", crm_rule::crm_rule),
    ("crm_shadow", crm_shadow::crm_shadow),
    ("crm_simulate", crm_simulate),
    ("crm_standby", attributes::crm_standby),
    ("crm_ticket", crm_ticket::crm_ticket),
    ("crm_verify", crm_verify::crm_verify),
    ("crmadmin", crmadmin::crmadmin),
    ("fence_watchdog", fence_watchdog::fence_watchdog),
    ("iso8601", iso8601::iso8601),
    ("pacemaker-based", daemons::based),
    ("pacemaker-controld", daemons::controld),
    ("pacemaker-fenced", daemons::fenced),
    ("pacemaker-schedulerd", daemons::schedulerd),
    ("pacemakerd", crm_node::pacemakerd),
    ("stonith_admin", stonith_admin::fencing_admin),
];

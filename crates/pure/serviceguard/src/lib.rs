//! What Serviceguard's files mean: the cluster's ASCII file and those of packages, read and judged
//! line by line.
//!
//! [`Text`] keeps every line, so that a file which is read and written is the same file. [`Cluster`]
//! and [`Package`] are what the lines add up to; [`check_cluster`] and [`check_package`] say what is
//! odd in one file and where, [`check_together`] what is odd between them. [`table`] knows every
//! parameter.
//!
//! [`lower`] is what all of it becomes: `corosync.conf`, and elements of the one document.
//!
//! [`check_online`] says what may not change while the cluster runs; [`check_nodes`] and [`check_programs`] hold files against machines that were looked at;
//! [`cluster_template`] makes a file of such machines.
//!
//! **Not here:** files, nodes, networks, devices: the caller looks at them. Nor the commands.
//!
//! **Always:** any text is read; what is no parameter is kept and reported.
//!
//! Field word: *package* is Serviceguard's, and stays in this crate and in its front end.

mod text;

pub mod table;

mod outline;

mod cluster;
mod package;
mod up_value;

pub mod access;
mod migrate;
pub mod modules;
pub mod probed;
mod template;

pub mod check;

pub mod lower;

mod address;

pub use address::could_be_on;
pub use check::{
    Looked, Running, check_cluster, check_groups, check_nodes, check_online, check_owners,
    check_package, check_programs, check_resource_here, check_resources, check_together,
    check_users, programs, quorum_address, users,
};
pub use cluster::{Cluster, Interface, Lock, Node, Policy, Subnet};
pub use corosync::{Finding, Severity, Valued};
pub use migrate::{Migrated, migrated};
pub use package::{
    Address, Condition, Dependency, FileSystem, GenericResource, Package, PolledResource, Restarts,
    Service, Style, Timeout, Type,
};
pub use probed::Probed;
pub use template::{Wish, cluster_template};
pub use text::Text;

//! What is odd in a file, line by line; and what in it the nodes are not, where somebody looked at them.
//!
//! An [`Severity::Error`] is what `cmcheckconf` refuses; a [`Severity::Warning`] does something other
//! than its author thinks; a [`Severity::Note`] is worth a thought.

mod cluster;
mod dependencies;
mod lines;
mod lock;
mod machines;
mod nodes;
mod online;
mod package;
mod policies;
mod resources;
mod storage;
mod timing;
mod together;
mod unheeded;

use corosync::{Finding, Severity};

use crate::cluster::Cluster;
use crate::outline::Outline;
use crate::package::Package;
use crate::table::Of;
use crate::text::Text;

pub use machines::{
    Looked, check_groups, check_nodes, check_owners, check_programs, check_users, programs,
    quorum_address, users,
};
pub use online::{Running, check_online};
pub use resources::{check_resource_here, check_resources};
pub use together::check_together;

/// Everything odd in a cluster's file, in the order of the lines.
pub fn check_cluster(text: &str) -> Vec<Finding> {
    let outline = Outline::of(Of::Cluster, &Text::parse(text));
    let cluster = Cluster::read(&outline);
    let mut found = Findings::default();
    lines::check(&outline, &mut found);
    cluster::check(&cluster, &mut found);
    lock::check(&cluster, &mut found);
    nodes::check(&cluster, &mut found);
    timing::check(&cluster, &mut found);
    policies::check(&cluster.policies, &mut found);
    unheeded::of_cluster(&cluster, &mut found);
    found.in_order()
}

/// Everything odd in a package's file, in the order of the lines.
pub fn check_package(text: &str) -> Vec<Finding> {
    let outline = Outline::of(Of::Package, &Text::parse(text));
    let package = Package::read(&outline);
    let mut found = Findings::default();
    lines::check(&outline, &mut found);
    package::check(&package, &mut found);
    dependencies::check(&package, &mut found);
    storage::check(&package, &mut found);
    policies::check(&package.policies, &mut found);
    unheeded::of_package(&package, &mut found);
    found.in_order()
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, severity: Severity, line: u32, what: impl Into<String>, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.0.push(Finding { line, severity, what: what.into(), hint });
    }

    pub(crate) fn error(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Error, line, what, hint);
    }

    pub(crate) fn warning(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Warning, line, what, hint);
    }

    pub(crate) fn note(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Note, line, what, hint);
    }

    pub(crate) fn in_order(mut self) -> Vec<Finding> {
        self.0.sort_by(|a, b| (a.line, b.severity).cmp(&(b.line, a.severity)));
        self.0
    }
}

/// Each value that is there a second time, with the line of the first.
fn twice<'a>(
    values: impl IntoIterator<Item = (&'a str, u32)>,
) -> impl Iterator<Item = (&'a str, u32, u32)> {
    let mut first = std::collections::BTreeMap::new();
    values.into_iter().filter_map(move |(value, line)| match first.get(value) {
        Some(before) => Some((value, line, *before)),
        None => {
            first.insert(value, line);
            None
        }
    })
}

#[cfg(test)]
mod tests;

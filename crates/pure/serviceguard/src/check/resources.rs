//! Resources of packages: which belong to each other, and whether the nodes can say their values.

use std::collections::BTreeMap;

use corosync::Finding;
use polled::{Native, PROGRAMS};
use wire::machine::PolledSource;

use super::{Findings, Looked};
use crate::lower::names;
use crate::package::{Package, PolledResource};

/// Packages that name the same resource mean the same; and two resources have two node attributes.
pub(super) fn together(packages: &[Package], found: &mut [Findings]) {
    let mut first: BTreeMap<String, (&str, Option<&PolledResource>)> = BTreeMap::new();
    for (package, found) in packages.iter().zip(found) {
        for resource in &package.resources {
            let name = &resource.name;
            let attribute = names::resource(&name.value);
            let known = first.entry(attribute).or_insert((&name.value, Some(resource)));
            if known.0 != name.value {
                distinguish(&name.value, known.0, name.line, found);
            } else if known.1.is_some_and(|other| has_other_kind(resource, other)) {
                let (here, there) = match resource.is_number() {
                    true => ("numbers", "texts"),
                    false => ("texts", "numbers"),
                };
                let what = format!(
                    "the resource {} has {here} here, and {there} in another package",
                    name.value
                );
                found.error(name.line, what, "its values are one or the other");
            }
        }
        for resource in &package.generic_resources {
            let name = &resource.name;
            let known = first.entry(names::resource(&name.value)).or_insert((&name.value, None));
            if known.0 != name.value || known.1.is_some() {
                distinguish(&name.value, known.0, name.line, found);
            }
        }
    }
}

fn distinguish(name: &str, other: &str, line: u32, found: &mut Findings) {
    let what = format!("the resources {name} and {other} have the same node attribute");
    found.error(line, what, "call one of them otherwise");
}

/// Whether one is compared as numbers, and the other as texts.
fn has_other_kind(one: &PolledResource, other: &PolledResource) -> bool {
    one.is_number() && other.text().is_some() || other.is_number() && one.text().is_some()
}

/// Polled resources of a package whose value nobody can say on one of its nodes.
pub fn check_resources(
    package: &Package,
    nodes: &[&str],
    looked: &BTreeMap<String, Looked>,
) -> Vec<Finding> {
    let mut found = Findings::default();
    for (name, looked) in looked.iter().filter(|(name, _)| nodes.contains(&name.as_str())) {
        let Ok(machine) = looked else { continue };
        for resource in &package.resources {
            let seen = machine.resources.iter().find(|seen| seen.name == resource.name.value);
            if let Some(seen) = seen {
                unsaid(resource, name, &seen.source, &mut found);
            }
        }
    }
    found.in_order()
}

/// The same of this machine alone, by the program that is there, if it can be run.
pub fn check_resource_here(resource: &PolledResource, program: Option<bool>) -> Vec<Finding> {
    let source = match (program, Native::of(&resource.name.value)) {
        (Some(true), _) => PolledSource::Program,
        (Some(false), _) => PolledSource::NotExecutable,
        (None, Some(_)) => PolledSource::Native,
        (None, None) => PolledSource::None,
    };
    let mut found = Findings::default();
    unsaid(resource, "this node", &source, &mut found);
    found.in_order()
}

fn unsaid(resource: &PolledResource, node: &str, source: &PolledSource, found: &mut Findings) {
    let name = &resource.name.value;
    let program = polled::program(PROGRAMS, name).unwrap_or_else(|| PROGRAMS.to_owned());
    let hint = format!("put a program there that prints its value: {program}");
    let (what, hint) = match source {
        PolledSource::Program | PolledSource::Native => return,
        PolledSource::NotExecutable => (
            format!("{program} is not executable on {node}"),
            format!("it is to print the value of {name}"),
        ),
        PolledSource::Unknown { why } => (format!("{node} does not know {name}: {why}"), hint),
        PolledSource::None => {
            let hint = format!("{hint}; a value that others set is a generic_resource_name");
            (format!("nothing on {node} says the value of {name}"), hint)
        }
    };
    found.error(resource.name.line, what, &hint);
}

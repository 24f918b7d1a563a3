//! Configurations for clusters of machines, and what their resources leave behind where they run.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::bed::Machines;

/// A whole configuration.
pub fn document(options: &[(&str, &str)], resources: &str, rest: &str) -> String {
    let options: String = options
        .iter()
        .map(|(name, value)| format!(r#"<nvpair id="o-{name}" name="{name}" value="{value}"/>"#))
        .collect();
    format!(
        r#"<configuration><crm_config><cluster_property_set id="options">{options}</cluster_property_set></crm_config>
  <nodes/><resources>{resources}</resources>{rest}</configuration>"#
    )
}

/// Fences by this agent of the bed's, with these parameters besides.
pub fn device(machines: &Machines, id: &str, agent: &str, parameters: &[(&str, &str)]) -> String {
    let bed = machines.bed.root().display().to_string();
    let pairs: String = [("bed", bed.as_str())]
        .iter()
        .chain(parameters)
        .map(|(name, value)| format!(r#"<nvpair id="{id}-{name}" name="{name}" value="{value}"/>"#))
        .collect();
    format!(
        r#"<primitive id="{id}" class="stonith" type="{agent}"><instance_attributes id="{id}-p">{pairs}</instance_attributes></primitive>"#
    )
}

/// The power strip.
pub fn strip(machines: &Machines) -> String {
    device(machines, "strip", "fence_bed", &[])
}

/// Something that only remembers that it runs.
pub fn note(id: &str) -> String {
    format!(r#"<primitive id="{id}" class="ocf" provider="heartbeat" type="Dummy"/>"#)
}

/// Where something would rather be.
pub fn prefers(resource: &str, node: u32) -> String {
    location(resource, node, "100")
}

/// Where something would rather be, or not at all.
pub fn location(resource: &str, node: u32, score: &str) -> String {
    format!(
        r#"<rsc_location id="l-{resource}-{node}" rsc="{resource}" node="n{node}" score="{score}"/>"#
    )
}

/// Preferences in their place.
pub fn constraints(all: &[String]) -> String {
    format!("<constraints>{}</constraints>", all.concat())
}

/// A file of a node that is on.
pub fn file_of(machines: &Machines, node: u32, path: &str) -> Option<PathBuf> {
    let first = machines.bed.first_process(node)?;
    let path = PathBuf::from(format!("/proc/{first}/root{path}"));
    path.exists().then_some(path)
}

/// Since when a [`note`] runs on a node, if it does.
pub fn runs(machines: &Machines, node: u32, id: &str) -> Option<SystemTime> {
    let path = format!("/run/resource-agents/Dummy-{id}.state");
    modified(&file_of(machines, node, &path)?)
}

/// The role of the instance of a promotable agent, as that wrote it.
pub fn role(machines: &Machines, node: u32, id: &str) -> String {
    let path = format!("/run/resource-agents/Stateful-{id}.state");
    let text = file_of(machines, node, &path).map(fs::read_to_string);
    text.and_then(Result::ok).unwrap_or_default().trim().to_owned()
}

/// When a node's power last came on.
pub fn came_on(machines: &Machines, node: u32) -> Option<SystemTime> {
    modified(&machines.bed.root().join(format!("run/n{node}.pid")))
}

/// When a file was last written.
pub fn modified(path: &std::path::Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|about| about.modified()).ok()
}

//! The document of Heartbeat's own resource manager (CRM, Heartbeat 2.0 and 2.1), as one of today.
//!
//! It followed a DTD and named no schema. Values stood in `attributes`, names had underscores, resources had XML
//! attributes where there are meta attributes now, and an order read `action FROM type to_action TO`. What nothing
//! stands for is said; the newest schema judges the rest.
//!
//! A document that names a schema is brought to the newest one only. In both, nodes were known by UUIDs: they get
//! the numbers of `corosync.conf` by their names.
//!
//! Source: behaviour and documents of Heartbeat 2.1.

mod constraints;
mod nodes;
mod pings;
mod resources;

use std::collections::BTreeMap;

use cib::{Document, Element, NodeId, Section};

use crate::lower::{File, Kind, Word};
use crate::settings::Settings;

/// What the first schema of all is called; the newer ones follow by `cib`'s own migrations.
const FIRST_SCHEMA: &str = "pacemaker-1.0";

/// What becomes of a document.
pub(crate) struct Renewed {
    pub(crate) document: Document,
    pub(crate) words: Vec<Word>,
}

/// Brings `old` to the newest schema; `numbers` are those of the nodes, by name in lower case.
///
/// # Errors
/// What is wrong with the document, in words.
pub(crate) fn renew(old: &Document, numbers: &BTreeMap<String, u32>) -> Result<Renewed, String> {
    let mut work = Work { document: old.clone(), words: Vec::new() };
    if !work.document.root().is("cib") {
        return Err(format!("its root is <{}>, not <cib>", work.document.root().name()));
    }
    if work.document.root().attr("validate-with").is_none() {
        work.say(
            0,
            Kind::Becomes,
            "a document of Heartbeat's resource manager becomes one of today",
        );
        work.root();
        work.unwrap_values();
        work.options();
        resources::renew(&mut work);
        constraints::renew(&mut work);
    }
    nodes::renew(&mut work, numbers);
    let Work { mut document, mut words } = work;
    let done = cib::upgrade::upgrade(&mut document).map_err(|error| error.to_string())?;
    let gone = done.dropped.into_iter();
    words.extend(gone.map(|text| Word { file: File::Document, line: 0, kind: Kind::Gone, text }));
    Ok(Renewed { document, words })
}

/// Whether a manager's document counts ping nodes by a resource of its own.
pub(crate) fn counts_pings(old: &Document) -> bool {
    pings::counters(old).next().is_some()
}

/// Renews a manager's document for the nodes of `corosync`, and adds what ha.cf said beside it: how long the first
/// nodes wait, and who is pinged; the clones that count them are in `lowered`. Fence devices of ha.cf were not for a
/// manager.
///
/// # Errors
/// What is wrong with the document, in words.
pub(crate) fn take_over(
    old: &Document,
    settings: &Settings,
    corosync: &str,
    lowered: &str,
) -> Result<Renewed, String> {
    let nodes = corosync::Settings::of(&corosync::Conf::parse(corosync)).nodes;
    let numbers = nodes.iter().filter_map(|node| {
        Some((node.called().to_lowercase(), node.id.as_ref().map(|id| id.value)?))
    });
    let Renewed { document, words } = renew(old, &numbers.collect())?;
    let mut work = Work { document, words };
    work.first_wait(settings);
    let lowered = Document::parse(lowered).map_err(|error| error.to_string())?;
    pings::renew(&mut work, settings, &lowered);
    for device in &settings.devices {
        let text = format!(
            "the fence device {}: the resource manager did not use it; its own devices count",
            device.kind
        );
        work.words.push(Word { file: File::HaCf, line: device.line, kind: Kind::Gone, text });
    }
    Ok(Renewed { document: work.document, words: work.words })
}

/// A document that is being rewritten.
struct Work {
    document: Document,
    words: Vec<Word>,
}

impl Work {
    fn say(&mut self, line: u32, kind: Kind, text: impl Into<String>) {
        self.words.push(Word { file: File::Document, line, kind, text: text.into() });
    }

    /// All elements of these names.
    fn all(&self, names: &[&str]) -> Vec<NodeId> {
        let root = self.document.root().descendants();
        root.filter(|at| names.contains(&at.name())).map(Element::id).collect()
    }

    fn at(&self, id: NodeId) -> Element<'_> {
        self.document.element(id)
    }

    fn attr(&self, id: NodeId, name: &str) -> Option<String> {
        self.at(id).attr(name).map(str::to_owned)
    }

    /// Takes an attribute out.
    fn take(&mut self, id: NodeId, name: &str) -> Option<String> {
        let value = self.attr(id, name);
        self.document.unset(id, name);
        value
    }

    fn set_if(&mut self, id: NodeId, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.document.set(id, name, &value);
        }
    }

    fn rename_attribute(&mut self, id: NodeId, from: &str, to: &str) {
        let value = self.take(id, from);
        self.set_if(id, to, value);
    }

    /// Only the editions count; the state is the old cluster's.
    fn root(&mut self) {
        let root = self.document.root().id();
        let names: Vec<String> = self.at(root).attrs().map(|(name, _)| name.to_owned()).collect();
        let editions = ["admin_epoch", "epoch", "num_updates"];
        for name in names.iter().filter(|name| !editions.contains(&name.as_str())) {
            self.document.unset(root, name);
        }
        for name in editions {
            if self.at(root).attr(name).is_none() {
                self.document.set(root, name, "0");
            }
        }
        self.document.set(root, "validate-with", FIRST_SCHEMA);
        for section in
            [Section::CrmConfig, Section::Nodes, Section::Resources, Section::Constraints]
        {
            self.document.section_or_new(section);
        }
        let status = self.document.section_or_new(Section::Status);
        self.document.clear(status);
    }

    /// Values stand in their set, without `attributes` around them.
    fn unwrap_values(&mut self) {
        for around in self.all(&["attributes"]) {
            let Some(set) = self.at(around).parent().map(Element::id) else { continue };
            let inside: Vec<NodeId> = self.at(around).children().map(Element::id).collect();
            for value in inside {
                self.document.relocate(value, set, Some(around));
            }
            self.document.remove(around);
        }
    }

    /// Options stood in no set at first. `cib` knows what became of their names, but for the underscores.
    fn options(&mut self) {
        let Some(section) = self.document.section(Section::CrmConfig) else { return };
        let (section, bare) = (section.id(), section.children_named("nvpair").map(Element::id));
        let bare: Vec<NodeId> = bare.collect();
        if !bare.is_empty() {
            let set = self.document.append(section, "cluster_property_set");
            self.document.set(set, "id", &self.free("cib-bootstrap-options"));
            for option in bare {
                self.document.relocate(option, set, None);
            }
        }
        for option in self.all(&["nvpair"]) {
            if self.at(option).parent().is_some_and(|set| set.is("cluster_property_set")) {
                self.option(option);
            }
        }
    }

    fn option(&mut self, option: NodeId) {
        let name = self.dashed(option);
        let line = self.at(option).line();
        match name.as_str() {
            "stonith-action" if self.at(option).attr("value") == Some("poweroff") => {
                self.document.set(option, "value", "off");
            }
            "default-resource-failure-stickiness" => {
                self.document.remove(option);
                self.say(line, Kind::ToDo, NO_FAILURE_STICKINESS.replace("NAME", &name));
            }
            "short-resource-names" | "require-quorum" | "suppress-cib-writes" => {
                self.document.remove(option);
                self.say(line, Kind::Gone, format!("{name}: there is nothing to choose"));
            }
            _ => {}
        }
    }

    /// `initdead`, where the document does not say how long the first nodes wait.
    fn first_wait(&mut self, settings: &Settings) {
        let is_there = |at: &Element<'_>| at.is("nvpair") && at.attr("name") == Some("dc-deadtime");
        let section = self.document.section_or_new(Section::CrmConfig);
        if self.at(section).descendants().any(|at| is_there(&at)) {
            return;
        }
        let set = self.at(section).child("cluster_property_set").map(Element::id);
        let set = set.unwrap_or_else(|| {
            let set = self.document.append(section, "cluster_property_set");
            self.document.set(set, "id", &self.free("cib-bootstrap-options"));
            set
        });
        self.add_pair(set, "dc-deadtime", &format!("{}s", settings.initdead_seconds()));
    }

    /// Adds a value to a set.
    fn add_pair(&mut self, set: NodeId, name: &str, value: &str) {
        let id = self.free(&format!("{}-{name}", self.attr(set, "id").unwrap_or_default()));
        let pair = self.document.append(set, "nvpair");
        for (attribute, value) in [("id", id.as_str()), ("name", name), ("value", value)] {
            self.document.set(pair, attribute, value);
        }
    }

    /// Gives a value its name with dashes; answers it.
    fn dashed(&mut self, value: NodeId) -> String {
        let name = self.attr(value, "name").unwrap_or_default().replace('_', "-");
        self.document.set(value, "name", &name);
        name
    }

    /// An id that nothing has.
    fn free(&self, wanted: &str) -> String {
        let mut others = (2..).map(|number| format!("{wanted}-{number}"));
        if self.document.find_id(wanted).is_none() {
            return wanted.to_owned();
        }
        others.find(|id| self.document.find_id(id).is_none()).unwrap_or_default()
    }
}

/// What to do where failures counted as scores.
const NO_FAILURE_STICKINESS: &str = "NAME: failures are counted now; say `migration-threshold`, after how many a resource leaves its node";

#[cfg(test)]
mod tests;

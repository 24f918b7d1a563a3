//! The document's fixed parts: where they are, and the document that has nothing in them.

use std::fmt;
use std::str::FromStr;

use crate::element::Element;
use crate::tree::{Document, NodeId};

/// A part of the document with a place of its own.
///
/// Field word: Pacemaker *scope* or *section*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// The root: everything.
    Cib,
    /// All that people write.
    Configuration,
    /// Options of the whole cluster.
    CrmConfig,
    /// The member machines and their permanent attributes.
    Nodes,
    /// What to keep running.
    Resources,
    /// Where, together with what, in which order.
    Constraints,
    /// Levels of fence devices by node.
    FencingTopology,
    /// Who may read and write what.
    Acls,
    /// Names for sets of things.
    Tags,
    /// Whom to tell outside.
    Alerts,
    /// Meta attributes of resources that set none.
    RscDefaults,
    /// Options of operations that set none.
    OpDefaults,
    /// The world as reported.
    Status,
}

/// No [`Section`] is called this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no section called {0}")]
pub struct UnknownSection(pub String);

impl Section {
    /// Every section, in the order in which Pacemaker's tools list them.
    pub const ALL: [Self; 13] = [
        Self::Cib,
        Self::Configuration,
        Self::CrmConfig,
        Self::Nodes,
        Self::Resources,
        Self::Constraints,
        Self::FencingTopology,
        Self::Acls,
        Self::Tags,
        Self::Alerts,
        Self::RscDefaults,
        Self::OpDefaults,
        Self::Status,
    ];

    /// Its element's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cib => "cib",
            Self::Configuration => "configuration",
            Self::CrmConfig => "crm_config",
            Self::Nodes => "nodes",
            Self::Resources => "resources",
            Self::Constraints => "constraints",
            Self::FencingTopology => "fencing-topology",
            Self::Acls => "acls",
            Self::Tags => "tags",
            Self::Alerts => "alerts",
            Self::RscDefaults => "rsc_defaults",
            Self::OpDefaults => "op_defaults",
            Self::Status => "status",
        }
    }

    /// The section around it; the root is in none.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Cib => None,
            Self::Configuration | Self::Status => Some(Self::Cib),
            Self::CrmConfig
            | Self::Nodes
            | Self::Resources
            | Self::Constraints
            | Self::FencingTopology
            | Self::Acls
            | Self::Tags
            | Self::Alerts
            | Self::RscDefaults
            | Self::OpDefaults => Some(Self::Configuration),
        }
    }
}

impl FromStr for Section {
    type Err = UnknownSection;

    fn from_str(text: &str) -> Result<Self, UnknownSection> {
        if text == "all" {
            return Ok(Self::Cib);
        }
        Self::ALL
            .into_iter()
            .find(|section| section.name() == text)
            .ok_or_else(|| UnknownSection(text.to_owned()))
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Document {
    /// The document of a cluster that nobody has configured yet.
    pub fn empty_cib(feature_set: &str, schema: &str) -> Self {
        let mut made = Self::new(Section::Cib.name());
        let root = made.root().id();
        made.set(root, "crm_feature_set", feature_set);
        made.set(root, "validate-with", schema);
        for counter in ["admin_epoch", "epoch", "num_updates"] {
            made.set(root, counter, "0");
        }
        for section in
            [Section::CrmConfig, Section::Nodes, Section::Resources, Section::Constraints]
        {
            made.section_or_new(section);
        }
        made.section_or_new(Section::Status);
        made
    }

    /// The section's element, if the document has it.
    pub fn section(&self, section: Section) -> Option<Element<'_>> {
        match section.parent() {
            None => Some(self.root()),
            Some(parent) => self.section(parent)?.child(section.name()),
        }
    }

    /// The section's element, made where it belongs if need be.
    pub fn section_or_new(&mut self, section: Section) -> NodeId {
        if let Some(found) = self.section(section) {
            return found.id();
        }
        match section.parent() {
            None => self.root().id(),
            Some(parent) => {
                let parent = self.section_or_new(parent);
                // The configuration stands before the status.
                let status = self.section(Section::Status).map(Element::id);
                match (section, status) {
                    (Section::Configuration, Some(status)) => {
                        self.insert_before(status, section.name())
                    }
                    _ => self.append(parent, section.name()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_or_made_in_place() {
        let mut document = Document::parse("<cib><status/></cib>").unwrap();
        assert!(document.section(Section::Tags).is_none());
        let tags = document.section_or_new(Section::Tags);
        assert_eq!(document.section_or_new(Section::Tags), tags);
        let text = document.to_string();
        assert!(text.find("<tags/>").unwrap() < text.find("<status/>").unwrap());
    }

    #[test]
    fn names_read_back() {
        for section in Section::ALL {
            assert_eq!(section.name().parse(), Ok(section));
        }
        assert!("ressources".parse::<Section>().is_err());
    }

    #[test]
    fn an_empty_cib_has_the_required_sections() {
        let document = Document::empty_cib("3.20.5", "pacemaker-4.0");
        assert_eq!(document.root().attr("validate-with"), Some("pacemaker-4.0"));
        assert!(document.section(Section::Constraints).is_some());
        assert!(document.section(Section::Status).is_some());
    }
}

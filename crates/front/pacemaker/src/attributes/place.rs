//! Where a value stands in the document, and the edits that change it there.

use cib::{Document, Element, Section, escape_attribute};
use wire::api::Edit;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// With the node's state: until it leaves. Field word: *transient attribute*.
    Passing,
    /// With the node's configuration.
    Kept,
    /// The node's capacities. Field word: *utilization*.
    Capacity,
    /// The cluster's options.
    Options,
}

impl Place {
    /// The section's name, as the tools say it.
    pub(super) fn scope(self) -> &'static str {
        match self {
            Self::Passing => "status",
            Self::Kept | Self::Capacity => "nodes",
            Self::Options => "crm_config",
        }
    }

    fn set(self) -> &'static str {
        match self {
            Self::Passing | Self::Kept => "instance_attributes",
            Self::Capacity => "utilization",
            Self::Options => "cluster_property_set",
        }
    }

    /// The element that has the sets; `node` does not matter for options.
    pub(super) fn owner<'d>(self, document: &'d Document, node: &str) -> Option<Element<'d>> {
        let of = |section, name, key| {
            document
                .section(section)?
                .children_named(name)
                .find(move |at: &Element<'d>| at.attr(key) == Some(node))
        };
        match self {
            Self::Passing => {
                of(Section::Status, "node_state", "uname")?.child("transient_attributes")
            }
            Self::Kept | Self::Capacity => of(Section::Nodes, "node", "uname"),
            Self::Options => document.section(Section::CrmConfig),
        }
    }

    /// Values in the place: all, or those of this name, in any set or only in this one.
    pub(super) fn pairs<'d>(
        self,
        owner: Option<Element<'d>>,
        name: Option<&str>,
        within: Option<&str>,
    ) -> Vec<Element<'d>> {
        let sets = owner.into_iter().flat_map(move |owner| owner.children_named(self.set()));
        let sets = sets.filter(|set| within.is_none_or(|id| set.attr("id") == Some(id)));
        sets.flat_map(|set| set.children_named("nvpair"))
            .filter(|pair| name.is_none_or(|name| pair.attr("name") == Some(name)))
            .collect()
    }

    /// The edit that sets a value that is not passing, in the set `within` if one is named.
    pub(super) fn set_value(
        self,
        document: &Document,
        owner: Element<'_>,
        (name, value): (&str, &str),
        within: Option<&str>,
    ) -> Edit {
        let kind = self.set();
        let set = owner.children_named(kind).find(|set| match within {
            Some(id) => set.attr("id") == Some(id),
            // A set with a rule holds only sometimes.
            None => set.child("rule").is_none(),
        });
        let pair = set.and_then(|set| set.children().find(|pair| pair.attr("name") == Some(name)));
        let id_of = |found: Option<Element<'_>>, wanted: String| match found
            .and_then(|found| found.attr("id"))
        {
            Some(id) => id.to_owned(),
            None => free_id(document, &wanted),
        };
        let owner_id = owner.attr("id").unwrap_or_default();
        let set_id = id_of(
            set,
            match self {
                _ if let Some(id) = within => id.to_owned(),
                Self::Options => "cib-bootstrap-options".to_owned(),
                Self::Passing => format!("status-{owner_id}"),
                Self::Kept => format!("nodes-{owner_id}"),
                Self::Capacity => format!("nodes-{owner_id}-utilization"),
            },
        );
        let pair_id = id_of(pair, id_like(&format!("{set_id}-{name}")));
        let xml = format!(
            "<{kind} id=\"{set_id}\"><nvpair id=\"{pair_id}\" name=\"{}\" value=\"{}\"/></{kind}>",
            escape_attribute(name),
            escape_attribute(value),
        );
        match (self, set) {
            (Self::Options, Some(_)) => Edit::Modify { xml },
            (Self::Options, None) => {
                Edit::Create { parent: "/cib/configuration/crm_config".to_owned(), xml }
            }
            (Self::Passing | Self::Kept | Self::Capacity, _) => {
                let tag = owner.name();
                Edit::Modify { xml: format!("<{tag} id=\"{owner_id}\">{xml}</{tag}>") }
            }
        }
    }
}

/// The edits that remove values.
pub(super) fn remove(pairs: &[Element<'_>]) -> Vec<Edit> {
    let xpath = |id: &str| format!("//nvpair[@id='{id}']");
    let ids = pairs.iter().filter_map(|pair| pair.attr("id"));
    ids.map(|id| Edit::Delete { xpath: xpath(id) }).collect()
}

/// Ids are XML names: what may not stand in one becomes a dot.
fn id_like(text: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().map(|c| if fits(c) { c } else { '.' }).collect()
}

fn free_id(document: &Document, wanted: &str) -> String {
    let numbered = (1_u32..).map(|number| format!("{wanted}-{number}"));
    let mut ids = std::iter::once(wanted.to_owned()).chain(numbered);
    ids.find(|id| document.find_id(id).is_none()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::parse(
            "<cib><configuration><crm_config/><nodes><node id='1' uname='n1'/></nodes>\
             </configuration><status><node_state id='1' uname='n1'><transient_attributes id='1'>\
             <instance_attributes id='s'><nvpair id='s-a' name='a' value='5'/>\
             </instance_attributes></transient_attributes></node_state></status></cib>",
        )
        .unwrap()
    }

    #[test]
    fn passing_values_are_found() {
        let document = document();
        let owner = Place::Passing.owner(&document, "n1");
        let values: Vec<_> = Place::Passing
            .pairs(owner, Some("a"), None)
            .iter()
            .map(|pair| pair.attr("value"))
            .collect();
        assert_eq!(values, [Some("5")]);
        assert!(Place::Passing.owner(&document, "n2").is_none());
    }

    #[test]
    fn kept_values_go_into_the_sets_that_pacemaker_names() {
        let document = document();
        let node = Place::Kept.owner(&document, "n1").unwrap();
        let Edit::Modify { xml } = Place::Kept.set_value(&document, node, ("a b", "<1>"), None)
        else {
            panic!("a node is modified");
        };
        assert_eq!(
            xml,
            "<node id=\"1\"><instance_attributes id=\"nodes-1\"><nvpair id=\"nodes-1-a.b\" \
             name=\"a b\" value=\"&lt;1&gt;\"/></instance_attributes></node>"
        );
        let options = Place::Options.owner(&document, "").unwrap();
        for (within, id) in [(None, "cib-bootstrap-options-x"), (Some("mine"), "mine-x")] {
            let edit = Place::Options.set_value(&document, options, ("x", "1"), within);
            let Edit::Create { parent, xml } = edit else { panic!("there is no set yet") };
            assert_eq!(parent, "/cib/configuration/crm_config");
            assert!(xml.contains(&format!("id=\"{id}\"")), "{xml}");
        }
    }
}

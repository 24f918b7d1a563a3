//! Where values stand in the document, and what makes them there.

use cib::edit::{Edit, Place as Within};
use cib::{Document, Element, Section, escape_attribute};

use super::Select;
use super::node::Node;

/// Where values stand.
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
    /// What resources have that say nothing else.
    ResourceDefaults,
    /// The same for operations.
    OperationDefaults,
    /// With the tickets.
    Tickets,
    /// A part of the document in which no values stand.
    Elsewhere(Section),
}

impl Place {
    /// The place that a user's word means.
    pub(super) fn named(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "reboot" | "status" => Some(Self::Passing),
            "forever" | "nodes" => Some(Self::Kept),
            "crm_config" => Some(Self::Options),
            "rsc_defaults" => Some(Self::ResourceDefaults),
            "op_defaults" => Some(Self::OperationDefaults),
            "tickets" => Some(Self::Tickets),
            other => other.parse().ok().map(Self::Elsewhere),
        }
    }

    /// The section's name, as the tools say it.
    pub(super) fn scope(self) -> &'static str {
        match self {
            Self::Tickets => "tickets",
            Self::Passing
            | Self::Kept
            | Self::Capacity
            | Self::Options
            | Self::ResourceDefaults
            | Self::OperationDefaults
            | Self::Elsewhere(_) => self.section().name(),
        }
    }

    fn section(self) -> Section {
        match self {
            Self::Passing | Self::Tickets => Section::Status,
            Self::Kept | Self::Capacity => Section::Nodes,
            Self::Options => Section::CrmConfig,
            Self::ResourceDefaults => Section::RscDefaults,
            Self::OperationDefaults => Section::OpDefaults,
            Self::Elsewhere(section) => section,
        }
    }

    /// Whether each node has its own values here.
    pub(super) fn is_of_nodes(self) -> bool {
        matches!(self, Self::Passing | Self::Kept | Self::Capacity)
    }

    /// What the element is called that values stand in.
    fn set(self) -> &'static str {
        match self {
            Self::Passing | Self::Kept | Self::Tickets => "instance_attributes",
            Self::Capacity => "utilization",
            Self::Options => "cluster_property_set",
            Self::ResourceDefaults | Self::OperationDefaults | Self::Elsewhere(_) => {
                "meta_attributes"
            }
        }
    }

    /// The values that are meant, in the document's order. Patterns are not looked at.
    pub(super) fn pairs<'d>(
        self,
        document: &'d Document,
        node: Option<&Node>,
        select: &Select,
    ) -> Vec<Element<'d>> {
        let Some(section) = document.section(self.section()) else { return Vec::new() };
        let of_node = |name: &'static str| {
            let id = node.map(|node| node.id.as_str());
            let all = section.descendants();
            all.filter(move |at| at.is(name) && id.is_some() && at.attr("id") == id)
        };
        // Compatibility: of passing values, what is around all their sets counts as the set.
        let (owners, set): (Vec<Element<'d>>, &str) = match self {
            Self::Passing => (of_node("node_state").collect(), "transient_attributes"),
            Self::Kept | Self::Capacity => (of_node("node").collect(), self.set()),
            Self::Tickets => {
                (section.descendants().filter(|at| at.is("tickets")).collect(), self.set())
            }
            Self::Options | Self::ResourceDefaults | Self::OperationDefaults => {
                (vec![section], self.set())
            }
            Self::Elsewhere(_) => (Vec::new(), self.set()),
        };
        let is_wanted = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        owners
            .into_iter()
            .flat_map(Element::descendants)
            .filter(|at| at.is(set) && is_wanted(&select.set, at.attr("id")))
            .flat_map(Element::descendants)
            .filter(|at| {
                at.is("nvpair")
                    && is_wanted(&select.name, at.attr("name"))
                    && is_wanted(&select.id, at.attr("id"))
            })
            .collect()
    }

    /// The id of the set that a new value goes into.
    pub(super) fn set_id(self, node: Option<&Node>) -> String {
        let of_node = || node.map_or("", |node| node.id.as_str());
        match self {
            Self::Options => "cib-bootstrap-options".to_owned(),
            Self::Passing => format!("status-{}", of_node()),
            Self::Kept => format!("nodes-{}", of_node()),
            Self::Capacity => format!("nodes-{}-utilization", of_node()),
            Self::Tickets => "status-tickets".to_owned(),
            Self::ResourceDefaults | Self::OperationDefaults | Self::Elsewhere(_) => {
                format!("{}-options", self.scope())
            }
        }
    }

    /// The edit that makes a value in a set.
    pub(super) fn create(
        self,
        node: Option<&Node>,
        set_id: &str,
        (id, name, value): (&str, &str, &str),
    ) -> Edit {
        let set = self.set();
        let pair = pair(id, name, value);
        let inner = format!("<{set} id=\"{}\">{pair}</{set}>", escape_attribute(set_id));
        let id = escape_attribute(node.map_or("", |node| node.id.as_str()));
        let xml = match self {
            Self::Passing => format!(
                "<node_state id=\"{id}\"><transient_attributes id=\"{id}\">{inner}\
                 </transient_attributes></node_state>"
            ),
            Self::Kept | Self::Capacity if node.is_some_and(|node| node.is_remote) => format!(
                "<nodes><node type=\"remote\" id=\"{id}\" uname=\"{id}\">{inner}</node></nodes>"
            ),
            Self::Kept | Self::Capacity => format!("<node id=\"{id}\">{inner}</node>"),
            Self::Tickets => format!("<status><tickets>{inner}</tickets></status>"),
            Self::Options
            | Self::ResourceDefaults
            | Self::OperationDefaults
            | Self::Elsewhere(_) => {
                let scope = self.scope();
                format!("<{scope}>{inner}</{scope}>")
            }
        };
        self.modify(xml)
    }

    /// The edit that changes a value that is there.
    pub(super) fn change(self, id: &str, name: &str, value: &str) -> Edit {
        self.modify(pair(id, name, value))
    }

    fn modify(self, xml: String) -> Edit {
        Edit::Modify { place: Within::Section(self.section()), xml, or_create: false }
    }

    /// The edit that removes a value.
    pub(super) fn remove(self, id: &str, name: Option<&str>) -> Edit {
        let name = name.map(|name| format!(" name=\"{}\"", escape_attribute(name)));
        let xml = format!("<nvpair id=\"{}\"{}/>", escape_attribute(id), name.unwrap_or_default());
        Edit::DeleteLike { place: Within::Section(self.section()), xml }
    }
}

fn pair(id: &str, name: &str, value: &str) -> String {
    let [id, name, value] = [id, name, value].map(escape_attribute);
    format!("<nvpair id=\"{id}\" name=\"{name}\" value=\"{value}\"/>")
}

/// Ids are XML names: what may not stand in one becomes a dot.
pub(super) fn id_like(text: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().map(|c| if fits(c) { c } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::parse(
            "<cib><configuration><crm_config><cluster_property_set id='o'><nvpair id='o-a' name='a'/>\
             </cluster_property_set><cluster_property_set id='p'><nvpair id='p-a' name='a'/>\
             </cluster_property_set></crm_config><nodes><node id='1' uname='n1'>\
             <instance_attributes id='k'><nvpair id='k-a' name='a'/></instance_attributes>\
             <utilization id='u'><nvpair id='u-a' name='a'/></utilization></node></nodes>\
             <rsc_defaults><meta_attributes id='r'><nvpair id='r-a' name='a'/></meta_attributes>\
             </rsc_defaults></configuration><status><node_state id='1' uname='n1'>\
             <transient_attributes id='1'><instance_attributes id='s'><nvpair id='s-a' name='a'/>\
             </instance_attributes></transient_attributes></node_state><tickets>\
             <instance_attributes id='t'><nvpair id='t-a' name='a'/></instance_attributes></tickets>\
             </status></cib>",
        )
        .unwrap()
    }

    #[test]
    fn values_are_found_where_they_stand() {
        let document = document();
        let node = Node { id: "1".to_owned(), name: "n1".to_owned(), is_remote: false };
        let ids = |place: Place, select: &Select| -> Vec<String> {
            let pairs = place.pairs(&document, Some(&node), select);
            pairs.iter().filter_map(|pair| pair.attr("id")).map(str::to_owned).collect()
        };
        let all = Select::default();
        for (word, found) in [
            ("reboot", vec!["s-a"]),
            ("nodes", vec!["k-a"]),
            ("CRM_CONFIG", vec!["o-a", "p-a"]),
            ("rsc_defaults", vec!["r-a"]),
            ("op_defaults", vec![]),
            ("tickets", vec!["t-a"]),
            ("resources", vec![]),
        ] {
            assert_eq!(ids(Place::named(word).unwrap(), &all), found, "{word}");
        }
        assert_eq!(ids(Place::Capacity, &all), ["u-a"]);
        let in_set = Select { set: Some("p".to_owned()), ..Select::default() };
        assert_eq!(ids(Place::Options, &in_set), ["p-a"]);
        let by_id = Select { id: Some("o-a".to_owned()), ..Select::default() };
        assert_eq!(ids(Place::Options, &by_id), ["o-a"]);
        assert_eq!(Place::named("sometimes"), None);
    }

    #[test]
    fn new_values_go_into_the_sets_that_pacemaker_names() {
        let node = Node { id: "1".to_owned(), name: "n1".to_owned(), is_remote: false };
        let set = Place::Kept.set_id(Some(&node));
        assert_eq!(set, "nodes-1");
        let edit = Place::Kept.create(Some(&node), &set, (&id_like("nodes-1-a b"), "a b", "<1>"));
        let Edit::Modify { xml, .. } = edit else { panic!("a node is modified") };
        assert_eq!(
            xml,
            "<node id=\"1\"><instance_attributes id=\"nodes-1\"><nvpair id=\"nodes-1-a.b\" \
             name=\"a b\" value=\"&lt;1&gt;\"/></instance_attributes></node>"
        );
    }
}

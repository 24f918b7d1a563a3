//! The node that is meant.

use cib::{Document, Element, Section};

use super::Environment;
use crate::exit::Exit;
use crate::home::Found;
use crate::tool::Trouble;

/// A node whose values are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: String,
    /// It is not a member but run by one, and may have no element of its own yet.
    pub(super) is_remote: bool,
}

/// The node that was named; else the one for which an agent works, or on which this runs.
pub(super) fn find(
    given: Option<&str>,
    found: &Found,
    environment: Environment<'_>,
) -> Result<Node, Trouble> {
    let own = || match &found.cluster {
        Some(cluster) => cluster.node.clone(),
        None => rustix::system::uname().nodename().to_string_lossy().into_owned(),
    };
    let name = named(given, environment).unwrap_or_else(own);
    known(&found.document, &name).ok_or_else(|| unknown(&name))
}

pub(super) fn unknown(name: &str) -> Trouble {
    Trouble::new(Exit::NoSuch, format!("Could not map name={name} to a UUID"))
}

/// The node that is meant by name, or by what the environment of an agent says.
pub(super) fn named(given: Option<&str>, environment: Environment<'_>) -> Option<String> {
    let is_here =
        |name: &&str| name.eq_ignore_ascii_case("auto") || name.eq_ignore_ascii_case("localhost");
    if let Some(name) = given.filter(|name| !is_here(name)) {
        return Some(name.to_owned());
    }
    let wants_host = environment("OCF_RESKEY_CRM_meta_container_attribute_target")
        .is_some_and(|target| target.eq_ignore_ascii_case("host"));
    let host = environment("OCF_RESKEY_CRM_meta_physical_host").filter(|_| wants_host);
    host.or_else(|| environment("OCF_RESKEY_CRM_meta_on_node"))
}

/// The node of this name: a member, or one that a resource makes, or one that there was.
fn known(document: &Document, name: &str) -> Option<Node> {
    let is = |value: Option<&str>| value.is_some_and(|value| value.eq_ignore_ascii_case(name));
    let children = |section| document.section(section).into_iter().flat_map(Element::children);
    let member = || {
        let mut nodes = children(Section::Nodes).filter(|at| at.is("node"));
        let node = nodes.find(|at| is(at.attr("uname")))?;
        let name = node.attr("uname")?.to_owned();
        let is_remote = node.attr("type").is_some_and(|kind| kind.eq_ignore_ascii_case("remote"));
        let id = if is_remote { name.clone() } else { node.attr("id")?.to_owned() };
        Some(Node { id, name, is_remote })
    };
    let made = |name: &str| Node { id: name.to_owned(), name: name.to_owned(), is_remote: true };
    let by_resource = || {
        let resources = document.section(Section::Resources)?;
        resources.descendants().filter(|at| at.is("primitive")).find_map(|primitive| {
            if is_connection(primitive) && is(primitive.attr("id")) {
                return primitive.attr("id").map(made);
            }
            let metas = primitive.children_named("meta_attributes");
            let mut pairs = metas.flat_map(|set| set.children_named("nvpair"));
            let pair =
                pairs.find(|at| at.attr("name") == Some("remote-node") && is(at.attr("value")))?;
            pair.attr("value").map(made)
        })
    };
    let formerly = || {
        let mut states = children(Section::Status).filter(|at| at.is("node_state"));
        let state = states.find(|at| at.attr("remote_node").is_some() && is(at.attr("id")))?;
        state.attr("uname").or(state.attr("id")).map(made)
    };
    member().or_else(by_resource).or_else(formerly)
}

fn is_connection(primitive: Element<'_>) -> bool {
    [("class", "ocf"), ("provider", "pacemaker"), ("type", "remote")]
        .iter()
        .all(|(name, value)| primitive.attr(name) == Some(value))
}

/// The nodes that the configuration lists.
pub(super) fn all(document: &Document) -> Vec<&str> {
    let nodes = document.section(Section::Nodes);
    let nodes = nodes.into_iter().flat_map(|nodes| nodes.children_named("node"));
    nodes.filter_map(|node| node.attr("uname")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_every_kind_are_found_by_any_spelling() {
        let document = Document::parse(
            "<cib><configuration><nodes><node id='1' uname='Alpha'/>\
             <node id='x' uname='far' type='remote'/></nodes><resources><group id='g'>\
             <primitive id='rem' class='ocf' provider='pacemaker' type='remote'/></group>\
             <primitive id='vm'><meta_attributes id='m'><nvpair id='p' name='remote-node' \
             value='guest'/></meta_attributes></primitive></resources></configuration><status>\
             <node_state id='gone' uname='gone' remote_node='true'/></status></cib>",
        )
        .unwrap();
        for (name, id, is_remote) in [
            ("ALPHA", "1", false),
            ("far", "far", true),
            ("rem", "rem", true),
            ("Guest", "guest", true),
            ("gone", "gone", true),
        ] {
            let node = known(&document, name).unwrap();
            assert_eq!((node.id.as_str(), node.is_remote), (id, is_remote), "{name}");
        }
        assert_eq!(known(&document, "vm"), None);
    }

    #[test]
    fn agents_mean_the_node_that_they_work_for() {
        let agent: Environment<'_> =
            &|name| (name == "OCF_RESKEY_CRM_meta_on_node").then(|| "n7".to_owned());
        assert_eq!(named(Some("auto"), agent).as_deref(), Some("n7"));
        assert_eq!(named(None, agent).as_deref(), Some("n7"));
        assert_eq!(named(Some("n1"), agent).as_deref(), Some("n1"));
        assert_eq!(named(Some("localhost"), &|_| None), None);
    }
}

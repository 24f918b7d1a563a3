//! Finding what a name means, or saying what was probably meant.

use cib::{Document, Element, Section};

use crate::trouble::Trouble;

/// Elements that are resources.
pub(crate) const RESOURCE_TAGS: [&str; 5] = ["primitive", "group", "clone", "master", "bundle"];

/// The configured resource of that id.
pub(crate) fn resource<'d>(document: &'d Document, id: &str) -> Result<Element<'d>, Trouble> {
    let all = || {
        let section = document.section(Section::Resources);
        section
            .into_iter()
            .flat_map(Element::descendants)
            .filter(|element| RESOURCE_TAGS.iter().any(|tag| element.is(tag)))
    };
    if let Some(found) = all().find(|element| element.attr("id") == Some(id)) {
        return Ok(found);
    }
    let known = all().filter_map(|element| element.attr("id")).map(str::to_owned).collect();
    Err(Trouble::unknown("resource", id, known))
}

/// The configured or seen node of that name.
pub(crate) fn node<'d>(document: &'d Document, name: &str) -> Result<Element<'d>, Trouble> {
    let nodes = || {
        let configured = document.section(Section::Nodes).into_iter().flat_map(Element::children);
        let seen = document.section(Section::Status).into_iter().flat_map(Element::children);
        configured.chain(seen).filter(|node| node.is("node") || node.is("node_state"))
    };
    if let Some(found) = nodes().find(|node| node.attr("uname") == Some(name)) {
        return Ok(found);
    }
    let mut known: Vec<String> =
        nodes().filter_map(|node| node.attr("uname")).map(str::to_owned).collect();
    known.sort();
    known.dedup();
    Err(Trouble::unknown("node", name, known))
}

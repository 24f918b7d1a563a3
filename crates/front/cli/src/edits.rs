//! Edits of the configuration, as the cluster takes them, and the document after them.
//!
//! Edits name what they change by id, not by place, so that they still mean the same when
//! somebody else changed something else meanwhile.

use cib::{Document, Element, Section, escape_attribute};
use client::ClientError;
use wire::api::{Change, Edit};

use crate::trouble::Trouble;

/// The document after `edits`, by the cluster's own code.
pub(crate) fn apply(document: &Document, edits: &[Edit]) -> Result<Document, Trouble> {
    after(document, &Change::Edit { edits: edits.to_vec() }, 0)
}

/// The document after `change` at `now`, by the cluster's own code.
pub(crate) fn after(document: &Document, change: &Change, now: i64) -> Result<Document, Trouble> {
    controller::after(document, change, now)
        .map_err(|refused| Trouble::Client(ClientError::Refused(refused)))
}

/// Sets a named value in a set that belongs to `owner`, such as its `meta_attributes`.
pub(crate) fn set_value(
    document: &Document,
    owner: Element<'_>,
    kind: &str,
    set_id: &str,
    (name, value): (&str, &str),
) -> Edit {
    let set = owner.children_named(kind).find(|set| set.child("rule").is_none());
    let pair = set.and_then(|set| set.children().find(|pair| pair.attr("name") == Some(name)));
    let set_id = match set.and_then(|set| set.attr("id")) {
        Some(id) => id.to_owned(),
        None => free_id(document, set_id),
    };
    let pair_id = match pair.and_then(|pair| pair.attr("id")) {
        Some(id) => id.to_owned(),
        None => free_id(document, &format!("{set_id}-{name}")),
    };
    let owner_id = owner.attr("id").unwrap_or_default();
    let xml = format!(
        "<{tag} id=\"{owner_id}\"><{kind} id=\"{set_id}\">\
         <nvpair id=\"{pair_id}\" name=\"{}\" value=\"{}\"/></{kind}></{tag}>",
        escape_attribute(name),
        escape_attribute(value),
        tag = owner.name(),
    );
    Edit::Modify { xml }
}

/// Removes a named value from the sets of `kind` of `owner`; nothing if it is not there.
pub(crate) fn unset_value(owner: Element<'_>, kind: &str, name: &str) -> Vec<Edit> {
    owner
        .children()
        .filter(|set| set.is(kind))
        .flat_map(Element::children)
        .filter(|pair| pair.is("nvpair") && pair.attr("name") == Some(name))
        .filter_map(delete)
        .collect()
}

/// Removes an element that has an id.
pub(crate) fn delete(element: Element<'_>) -> Option<Edit> {
    let id = element.attr("id")?;
    Some(Edit::Delete { xpath: format!("//{}[@id='{id}']", element.name()) })
}

/// Adds to a section.
pub(crate) fn create_in(section: Section, xml: String) -> Edit {
    Edit::Create { parent: format!("/cib/configuration/{}", section.name()), xml }
}

/// `wanted`, or the first of `wanted-1`, `wanted-2`, ... that nothing is called yet.
pub(crate) fn free_id(document: &Document, wanted: &str) -> String {
    let taken = |id: &str| document.root().descendants().any(|at| at.attr("id") == Some(id));
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let numbered = (1_u32..).map(|number| format!("{wanted}-{number}"));
    numbered.into_iter().find(|id| !taken(id)).unwrap_or_default()
}

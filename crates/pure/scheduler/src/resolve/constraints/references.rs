//! What a name in a constraint stands for: a resource, a tag, a template.

use cib::Element;

use super::super::Reading;
use super::super::types::{ResIx, Resolved};
use crate::rules::dereference;

/// Reads `configuration/tags`. A template counts as the tag of all that use it.
pub(super) fn read_tags(reading: &mut Reading<'_>) {
    let document = reading.resolved.document;
    let tags = &mut reading.resolved.tags;
    if let Some(section) = document.root().path(&["configuration", "tags"]) {
        for tag in section.children_named("tag") {
            let Some(id) = tag.attr("id") else { continue };
            let references = tags.entry(id).or_default();
            for reference in tag.children_named("obj_ref").filter_map(|child| child.attr("id")) {
                if !references.contains(&reference) {
                    references.push(reference);
                }
            }
        }
    }
}

/// What a constraint's reference stands for.
pub(super) enum Target<'a> {
    Resource(ResIx),
    /// Ids of what is tagged, or of what uses the template.
    Several(Vec<&'a str>),
}

/// Looks up `name`: a resource first, then a template, then a tag.
pub(super) fn target<'a>(resolved: &Resolved<'a>, name: &str) -> Option<Target<'a>> {
    if let Some(resource) = resource(resolved, name) {
        return Some(Target::Resource(resource));
    }
    let from_template = users_of_template(resolved, name);
    if !from_template.is_empty() {
        return Some(Target::Several(from_template));
    }
    let tagged = resolved.tags.get(name)?;
    (!tagged.is_empty()).then(|| Target::Several(tagged.clone()))
}

/// The resource called `name`. The name of an anonymous instance stands for its whole clone set.
pub(super) fn resource(resolved: &Resolved<'_>, name: &str) -> Option<ResIx> {
    let found = resolved.find_recorded(name)?;
    if &*resolved.resource(found).id == name {
        Some(found)
    } else {
        Some(resolved.top_of(found, false))
    }
}

fn users_of_template<'a>(resolved: &Resolved<'a>, name: &str) -> Vec<&'a str> {
    let root = resolved.document.root();
    let Some(resources) = root.path(&["configuration", "resources"]) else { return Vec::new() };
    resources
        .descendants()
        .filter(|element| element.is("primitive") && element.attr("template") == Some(name))
        .filter_map(|element| element.attr("id"))
        .collect()
}

/// A set of resources in a constraint, its references expanded.
pub(super) struct Set<'a> {
    pub(super) id: &'a str,
    /// Where the attributes are; `None` for a set made of a tag or template.
    pub(super) element: Option<Element<'a>>,
    /// Up to the first that does not exist.
    pub(super) resources: Vec<ResIx>,
    /// The first that does not exist.
    pub(super) missing: Option<&'a str>,
}

impl<'a> Set<'a> {
    /// An attribute of the set; sets made of a tag have none.
    pub(super) fn attr(&self, name: &str) -> Option<&'a str> {
        self.element.and_then(|element| element.attr(name))
    }
}

/// The sets that are written in the constraint. A set that refers to an unknown one ends the list.
pub(super) fn sets<'a>(resolved: &Resolved<'a>, constraint: Element<'a>) -> Vec<Set<'a>> {
    constraint
        .children_named("resource_set")
        .map_while(dereference)
        .map(|element| {
            let names = element.children_named("resource_ref");
            let names = names.filter_map(|reference| reference.attr("id"));
            written_set(resolved, element, names)
        })
        .collect()
}

fn written_set<'a>(
    resolved: &Resolved<'a>,
    element: Element<'a>,
    names: impl Iterator<Item = &'a str>,
) -> Set<'a> {
    let id = element.attr("id").unwrap_or("");
    let mut set = Set { id, element: Some(element), resources: Vec::new(), missing: None };
    for name in names {
        let members = match target(resolved, name) {
            Some(Target::Resource(resource)) => vec![resource],
            Some(Target::Several(names)) => {
                names.into_iter().filter_map(|name| resource(resolved, name)).collect()
            }
            None => {
                set.missing = Some(name);
                return set;
            }
        };
        set.resources.extend(members);
    }
    set
}

/// A set made of a tag or template that a simple constraint refers to.
pub(super) fn set_of_names<'a>(resolved: &Resolved<'a>, id: &'a str, names: &[&'a str]) -> Set<'a> {
    let mut set = Set { id, element: None, resources: Vec::new(), missing: None };
    for name in names {
        match resource(resolved, name) {
            Some(found) => set.resources.push(found),
            None => {
                set.missing = Some(name);
                break;
            }
        }
    }
    set
}

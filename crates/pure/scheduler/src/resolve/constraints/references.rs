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
    pub(super) source: Source<'a>,
    pub(super) members: Vec<Member<'a>>,
}

/// Where a set comes from.
pub(super) enum Source<'a> {
    /// Written as a set; the attributes are there.
    Written(Element<'a>),
    /// Made of a tag or template that a simple constraint refers to. No sequence.
    Tag,
    /// Made of the single resource that stands opposite such a tag or template.
    Single,
}

/// One reference in a set.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    /// `None` if there is no such resource.
    pub(super) resource: Option<ResIx>,
}

impl<'a> Set<'a> {
    /// The set of one resource.
    pub(super) fn single(name: &'a str, resource: ResIx) -> Self {
        let member = Member { name, resource: Some(resource) };
        Self { id: name, source: Source::Single, members: vec![member] }
    }

    /// The set of what is tagged, or of what uses a template.
    pub(super) fn tagged(resolved: &Resolved<'a>, id: &'a str, names: &[&'a str]) -> Self {
        let members = names.iter().map(|name| member(resolved, name)).collect();
        Self { id, source: Source::Tag, members }
    }

    /// An attribute of the set; sets that are not written have none.
    pub(super) fn attr(&self, name: &str) -> Option<&'a str> {
        match self.source {
            Source::Written(element) => element.attr(name),
            Source::Tag | Source::Single => None,
        }
    }

    /// Its resources up to the first that does not exist.
    pub(super) fn resources(&self) -> impl Iterator<Item = ResIx> + '_ {
        self.members.iter().map_while(|member| member.resource)
    }

    /// The first reference to what does not exist.
    pub(super) fn missing(&self) -> Option<&'a str> {
        self.members.iter().find(|member| member.resource.is_none()).map(|member| member.name)
    }
}

fn member<'a>(resolved: &Resolved<'a>, name: &'a str) -> Member<'a> {
    Member { name, resource: resource(resolved, name) }
}

/// The sets that are written in the constraint. A set that refers to an unknown one ends the list.
///
/// Tags and templates are expanded in sets that are written in place, if every reference in them
/// stands for something; else none is, and they count as resources that do not exist.
/// (Behaviour of Pacemaker 3.0.)
pub(super) fn sets<'a>(resolved: &Resolved<'a>, constraint: Element<'a>) -> Vec<Set<'a>> {
    let in_place = || constraint.children_named("resource_set");
    let expands = in_place().flat_map(names_in).all(|name| target(resolved, name).is_some());
    in_place()
        .map_while(|set| {
            let element = dereference(set)?;
            let expands = expands && set.attr("id-ref").is_none();
            Some(written_set(resolved, element, expands))
        })
        .collect()
}

fn names_in<'a>(set: Element<'a>) -> impl Iterator<Item = &'a str> {
    set.children_named("resource_ref").filter_map(|reference| reference.attr("id"))
}

fn written_set<'a>(resolved: &Resolved<'a>, element: Element<'a>, expands: bool) -> Set<'a> {
    let mut members = Vec::new();
    for name in names_in(element) {
        match target(resolved, name) {
            Some(Target::Several(names)) if expands => {
                members.extend(names.into_iter().map(|name| member(resolved, name)));
            }
            Some(_) | None => members.push(member(resolved, name)),
        }
    }
    Set { id: element.attr("id").unwrap_or(""), source: Source::Written(element), members }
}

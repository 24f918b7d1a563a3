//! Promotable clones by their old name, and resources of kinds that nothing runs any more.

use std::collections::BTreeSet;

use super::{PREFIX, all, attr, make, parent_is};
use crate::element::Element;
use crate::tree::{Document, NodeId};

/// Renames what got another name; answers the names of nodes that were only there to be pinged.
pub(super) fn rewrite(document: &mut Document) -> Vec<String> {
    for master in all(document, |at| at.is("master")) {
        master_to_clone(document, master);
    }
    for container in all(document, |at| at.attr("masters").is_some()) {
        if let Some(count) = attr(document, container, "masters") {
            document.unset(container, "masters");
            document.set(container, "promoted-max", &count);
        }
    }
    let mut pinged = Vec::new();
    for node in all(document, |at| at.is("node") && at.attr("type") == Some("ping")) {
        document.set(node, "type", "member");
        pinged.extend(attr(document, node, "uname"));
    }
    pinged
}

fn master_to_clone(document: &mut Document, master: NodeId) {
    document.rename(master, "clone");
    let id = attr(document, master, "id").unwrap_or_default();
    let block_id = format!("{PREFIX}promotable-legacy-{id}-meta_attributes");
    let first = document.element(master).nodes().next().map(Element::id);
    let block = make(document, master, "meta_attributes", &block_id);
    document.relocate(block, master, first);
    document.set(block, "score", "INFINITY");
    let pair = make(document, block, "nvpair", &format!("{block_id}-promotable"));
    document.set(pair, "name", "promotable");
    document.set(pair, "value", "true");
}

/// Drops resources of kinds that are gone, with what would be left empty or point at them.
pub(super) fn drop_unsupported(document: &mut Document, dropped: &mut Vec<String>) {
    let gone = unsupported(document);
    for resource in &gone {
        let element = document.element(*resource);
        let (name, id) = (element.name(), element.attr("id").unwrap_or_default());
        let what = if element.is("bundle") { "rkt containers" } else { "its kind of agent" };
        dropped.push(format!("the {name} {id}: {what} cannot be run any more"));
    }
    let ids: BTreeSet<String> = gone.iter().filter_map(|at| attr(document, *at, "id")).collect();
    gone.into_iter().for_each(|resource| document.remove(resource));
    drop_constraints(document, &ids);
    drop_options(document, dropped);
}

fn unsupported(document: &Document) -> Vec<NodeId> {
    let gone_class = |at: Element<'_>| {
        at.attr("class").is_some_and(|class| {
            class.eq_ignore_ascii_case("nagios") || class.eq_ignore_ascii_case("upstart")
        })
    };
    let templates: BTreeSet<&str> = document
        .root()
        .descendants()
        .filter(|at| at.is("template") && gone_class(*at))
        .filter_map(|at| at.attr("id"))
        .collect();
    let gone_primitive = |at: Element<'_>| {
        let template = at.attr("template");
        gone_class(at) || template.is_some_and(|template| templates.contains(template))
    };
    let only_gone = |at: Element<'_>| {
        at.descendants().filter(|inner| inner.is("primitive")).all(gone_primitive)
    };
    let gone = |at: Element<'_>| match at.name() {
        "template" => gone_class(at),
        "primitive" => gone_primitive(at),
        "group" | "clone" => only_gone(at),
        "bundle" => at.child("rkt").is_some(),
        _ => false,
    };
    let resources = document.section(crate::sections::Section::Resources);
    let below = resources.into_iter().flat_map(Element::descendants);
    below.filter(|at| gone(*at)).map(Element::id).collect()
}

fn drop_constraints(document: &mut Document, ids: &BTreeSet<String>) {
    if ids.is_empty() {
        return;
    }
    let names = |at: Element<'_>, attribute| at.attr(attribute).is_some_and(|id| ids.contains(id));
    for reference in all(document, |at| at.is("resource_ref") && names(at, "id")) {
        document.remove(reference);
    }
    for set in all(document, |at| at.is("resource_set") && at.child("resource_ref").is_none()) {
        let Some(parent) = document.element(set).parent().map(Element::id) else { continue };
        document.remove(set);
        if document.element(parent).child("resource_set").is_none() {
            document.remove(parent);
        }
    }
    let attributes = ["rsc", "with-rsc", "first", "then"];
    let points_there = |at: Element<'_>| {
        parent_is(at, &["constraints"]) && attributes.iter().any(|name| names(at, name))
    };
    for constraint in all(document, points_there) {
        document.remove(constraint);
    }
}

fn drop_options(document: &mut Document, dropped: &mut Vec<String>) {
    let gone = |pair: Element<'_>| {
        let Some(block) = pair.parent().filter(|block| block.is("meta_attributes")) else {
            return false;
        };
        match pair.attr("name") {
            Some("restart-type") => parent_is(
                block,
                &["template", "primitive", "group", "clone", "bundle", "rsc_defaults"],
            ),
            Some("can_fail" | "role_after_failure") => parent_is(block, &["op", "op_defaults"]),
            Some(_) | None => false,
        }
    };
    for pair in all(document, |at| at.is("nvpair") && gone(at)) {
        let name = attr(document, pair, "name").unwrap_or_default();
        let id = attr(document, pair, "id").unwrap_or_default();
        dropped.push(format!("the meta attribute {name} ({id}) has no meaning any more"));
        document.remove(pair);
    }
}

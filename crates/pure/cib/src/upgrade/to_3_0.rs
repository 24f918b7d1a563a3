//! From 2.x: options with underscores, defaults among the cluster's options, and what operations
//! said for their resource find their places.

mod operations;
mod properties;

use super::{all, attr};
use crate::element::Element;
use crate::tree::{Document, NodeId};

pub(super) fn migrate(document: &mut Document) -> Vec<String> {
    let mut dropped = Vec::new();
    let copies = unfold(document);
    properties::migrate(document, &mut dropped);
    for node in all(document, |at| at.is("node") && at.attr("type") == Some("normal")) {
        document.set(node, "type", "member");
    }
    for resource in all(document, |at| matches!(at.name(), "primitive" | "template")) {
        migrate_blocks(document, resource, "instance_attributes", INSTANCE, &mut dropped);
        migrate_blocks(document, resource, "meta_attributes", META, &mut dropped);
        operations::migrate(document, resource);
    }
    for constraint in all(document, |at| at.is("rsc_colocation")) {
        // They never had an effect.
        document.unset(constraint, "score-attribute");
        document.unset(constraint, "score-attribute-mangle");
    }
    fold(document, &copies);
    dropped
}

/// One pair's fate.
#[derive(Clone, Copy)]
struct Change {
    name: &'static str,
    /// Only pairs with this value.
    value: Option<&'static str>,
    to: Fate,
}

#[derive(Clone, Copy)]
enum Fate {
    Drop,
    Rename(&'static str),
    /// With another value.
    Replace(&'static str, &'static str),
    /// The value loses this prefix; pairs without it are dropped.
    Cut(&'static str, &'static str),
}

const fn renamed(name: &'static str, to: &'static str) -> Change {
    Change { name, value: None, to: Fate::Rename(to) }
}

const INSTANCE: &[Change] = &[
    Change { name: "pcmk_arg_map", value: None, to: Fate::Cut("port:", "pcmk_host_argument") },
    renamed("pcmk_list_cmd", "pcmk_list_action"),
    renamed("pcmk_monitor_cmd", "pcmk_monitor_action"),
    renamed("pcmk_off_cmd", "pcmk_off_action"),
    renamed("pcmk_on_cmd", "pcmk_on_action"),
    renamed("pcmk_reboot_cmd", "pcmk_reboot_action"),
    renamed("pcmk_status_cmd", "pcmk_status_action"),
];

/// A resource in a container of its own cannot run any more: better not at all than bare.
const fn isolated(name: &'static str) -> Change {
    Change { name, value: None, to: Fate::Replace("target-role", "Stopped") }
}

/// Resources that had to leave after their first failure.
const fn first_failure(name: &'static str) -> Change {
    Change { name, value: Some("-INFINITY"), to: Fate::Replace("migration-threshold", "1") }
}

const META: &[Change] = &[
    isolated("isolation"),
    isolated("isolation-host"),
    isolated("isolation-instance"),
    isolated("isolation-wrapper"),
    first_failure("resource-failure-stickiness"),
    Change { name: "resource-failure-stickiness", value: None, to: Fate::Drop },
    first_failure("resource_failure_stickiness"),
    Change { name: "resource_failure_stickiness", value: None, to: Fate::Drop },
];

fn migrate_blocks(
    document: &mut Document,
    resource: NodeId,
    block: &str,
    changes: &[Change],
    dropped: &mut Vec<String>,
) {
    let blocks: Vec<NodeId> =
        document.element(resource).children().filter(|at| at.is(block)).map(Element::id).collect();
    for block in blocks {
        let pairs = pairs_of(document, block);
        let before = pairs.len();
        let kept = pairs.into_iter().filter(|pair| change_pair(document, *pair, changes, dropped));
        if kept.count() == 0 && before > 0 {
            document.remove(block);
        }
    }
}

fn pairs_of(document: &Document, block: NodeId) -> Vec<NodeId> {
    document.element(block).children().filter(|at| at.is("nvpair")).map(Element::id).collect()
}

/// Answers whether the pair is still there.
fn change_pair(
    document: &mut Document,
    pair: NodeId,
    changes: &[Change],
    dropped: &mut Vec<String>,
) -> bool {
    let name = attr(document, pair, "name").unwrap_or_default();
    let value = attr(document, pair, "value").unwrap_or_default();
    let fits =
        |change: &&Change| change.name == name && change.value.is_none_or(|wanted| wanted == value);
    let Some(change) = changes.iter().find(fits) else { return true };
    match change.to {
        Fate::Rename(to) => document.set(pair, "name", to),
        Fate::Replace(to, value) => {
            document.set(pair, "name", to);
            document.set(pair, "value", value);
        }
        Fate::Cut(prefix, to) => match value.strip_prefix(prefix) {
            Some(rest) if !rest.contains(',') => {
                document.set(pair, "name", to);
                document.set(pair, "value", rest);
            }
            Some(_) | None => return drop_pair(document, pair, &name, dropped),
        },
        Fate::Drop => return drop_pair(document, pair, &name, dropped),
    }
    true
}

fn drop_pair(document: &mut Document, pair: NodeId, name: &str, dropped: &mut Vec<String>) -> bool {
    let id = attr(document, pair, "id").unwrap_or_default();
    dropped.push(format!("{name} ({id}) has no meaning any more"));
    document.remove(pair);
    false
}

/// A block that stood for another one, and the id of that.
struct Copied {
    block: NodeId,
    original: String,
}

/// Blocks that stand for another block elsewhere become copies of it where the two places are
/// migrated differently; the rest stay references.
fn unfold(document: &mut Document) -> Vec<Copied> {
    let kind = |at: Element<'_>| match at.parent().map(Element::name) {
        Some("primitive" | "template") => 1,
        Some("op") => 2,
        Some(_) | None => 0,
    };
    let blocks = ["cluster_property_set", "instance_attributes", "meta_attributes"];
    let references = all(document, |at| at.attr("id-ref").is_some() && blocks.contains(&at.name()));
    let source = document.clone();
    let mut copies = Vec::new();
    for reference in references {
        let at = source.element(reference);
        let id = at.attr("id-ref").unwrap_or_default();
        let Some(original) = source.find_id(id) else { continue };
        // What operations say for their resource moves out of the block, so it cannot be shared.
        if original.name() != at.name() || (kind(original) == kind(at) && kind(at) != 2) {
            continue;
        }
        let block = document.insert_copy_before(reference, original);
        document.remove(reference);
        let parent = at.parent().and_then(|parent| parent.attr("id")).unwrap_or_default();
        for inner in document.with_ids(block) {
            let old = attr(document, inner, "id").unwrap_or_default();
            // Compatibility: the names that Pacemaker gives to copies, as long as they are unique.
            let usual = match inner == block {
                true => format!("_cibtr-2_{id}"),
                false => format!("__cibtr-2_{id}__{old}"),
            };
            let is_taken = document.find_id(&usual).is_some();
            let name = if is_taken { format!("_2TO3_{parent}-{old}") } else { usual };
            document.set(inner, "id", &name);
        }
        copies.push(Copied { block, original: id.to_owned() });
    }
    copies
}

/// Copies that came out like their originals stand for them again.
fn fold(document: &mut Document, copies: &[Copied]) {
    for Copied { block, original } in copies {
        if document.element(*block).parent().is_none() {
            continue;
        }
        let copy = document.element(*block);
        let found = document.find_id(original).filter(|found| found.name() == copy.name());
        if found.is_none_or(|found| !alike(found, copy)) {
            continue;
        }
        document.clear(*block);
        let names: Vec<String> =
            document.element(*block).attrs().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            document.unset(*block, &name);
        }
        document.set(*block, "id-ref", original);
    }
}

/// Whether two elements say the same, whatever their ids.
fn alike(one: Element<'_>, other: Element<'_>) -> bool {
    let said = |at: Element<'_>| -> Vec<(String, String)> {
        let attributes = at.attrs().filter(|(name, _)| *name != "id");
        attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    one.name() == other.name()
        && said(one) == said(other)
        && one.children().count() == other.children().count()
        && one.children().zip(other.children()).all(|(a, b)| alike(a, b))
}

/// Where a defaults block for what has no rule goes: the first such one, or a new one.
fn block_without_rule(document: &mut Document, parent: NodeId, id: &str) -> NodeId {
    let plain = |at: &Element<'_>| at.is("meta_attributes") && at.child("rule").is_none();
    let found =
        document.element(parent).children().find(|at| plain(at) && at.attr("id-ref").is_none());
    match found.map(Element::id) {
        Some(found) => found,
        None => {
            let made = document.append(parent, "meta_attributes");
            document.set(made, "id", id);
            made
        }
    }
}

//! Elements that stand for others: resolved into copies, and made references again.

use super::{PREFIX, all, attr};
use crate::element::Element;
use crate::parse::DEPTH_MAX;
use crate::tree::{Document, NodeId};

/// Nodes below this were there before copies were made.
#[derive(Clone, Copy)]
pub(super) struct Originals(usize);

impl Originals {
    pub(super) fn has(self, node: NodeId) -> bool {
        (node.0 as usize) < self.0
    }
}

/// More rounds than elements can nest mean references in a circle.
const ROUNDS_MAX: usize = DEPTH_MAX;

/// More copied nodes than this are not a configuration but an attack: references to references
/// double what they stand for with each step.
const COPIED_MAX: usize = 500_000;

/// Puts a copy of what it stands for in place of each reference.
pub(super) fn resolve(document: &mut Document) -> Originals {
    let originals = Originals(document.nodes.len());
    for _ in 0..ROUNDS_MAX {
        let references = all(document, |at| at.attr("id-ref").is_some());
        if references.is_empty() || document.nodes.len() > originals.0 + COPIED_MAX {
            break;
        }
        let source = document.clone();
        for reference in references {
            let at = source.element(reference);
            let id = at.attr("id-ref").unwrap_or_default();
            match source.find_id(id) {
                Some(target) if !within(at, target) => put_copy(document, at, target),
                // A block that stands for itself, or for nothing, stands for nothing.
                Some(_) | None => document.remove(reference),
            }
        }
    }
    originals
}

fn within(element: Element<'_>, ancestor: Element<'_>) -> bool {
    std::iter::successors(Some(element), |at| at.parent()).any(|at| at == ancestor)
}

fn put_copy(document: &mut Document, reference: Element<'_>, target: Element<'_>) {
    let copy = document.insert_copy_before(reference.id(), target);
    // One value under several names: the copy is a pair of its own.
    if reference.is("nvpair")
        && let Some(name) = reference.attr("name")
    {
        let id = target.attr("id").unwrap_or_default();
        document.set(copy, "id", &format!("{PREFIX}{id}-{name}"));
        document.set(copy, "name", name);
    }
    document.remove(reference.id());
}

/// Makes copies references again, where what they are copies of is still there.
pub(super) fn restore(document: &mut Document, originals: Originals) {
    let mut first: std::collections::BTreeMap<(String, String), NodeId> = Default::default();
    let copies_of_blocks = |at: Element<'_>| at.attr("id").is_some() && may_refer(at.name());
    let all_blocks = all(document, copies_of_blocks);
    let key = |document: &Document, at: NodeId| {
        let element = document.element(at);
        (element.name().to_owned(), element.attr("id").unwrap_or_default().to_owned())
    };
    for block in all_blocks.iter().filter(|block| originals.has(**block)) {
        first.entry(key(document, *block)).or_insert(*block);
    }
    for block in all_blocks {
        if !document.element(block).is_attached() {
            continue;
        }
        let key = key(document, block);
        match first.get(&key) {
            Some(known) if *known != block && !originals.has(block) => {
                document.clear(block);
                for (name, _) in attributes(document, block) {
                    document.unset(block, &name);
                }
                document.set(block, "id-ref", &key.1);
            }
            Some(_) => {}
            None => {
                first.insert(key, block);
            }
        }
    }
}

fn may_refer(name: &str) -> bool {
    matches!(
        name,
        "cluster_property_set"
            | "instance_attributes"
            | "meta_attributes"
            | "utilization"
            | "nvpair"
            | "rule"
            | "resource_set"
            | "operations"
    )
}

fn attributes(document: &Document, at: NodeId) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    document.element(at).attrs().map(owned).collect()
}

/// Permissions on what was dropped match nothing from now on.
pub(super) fn mend_permissions(document: &mut Document) {
    let permissions = all(document, |at| at.is("acl_permission") && at.attr("reference").is_some());
    for permission in permissions {
        let id = attr(document, permission, "reference").unwrap_or_default();
        if document.find_id(&id).is_none() {
            document.unset(permission, "reference");
            document.set(permission, "xpath", "/*[false()]");
        }
    }
}

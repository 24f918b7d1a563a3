//! The same document with its unordered parts in another order.
//!
//! What the scheduler, as Pacemaker, takes in document order, and so is left alone: resources (ties
//! of priority, the order of actions), members of groups, constraints and sets (the order in which
//! orderings are made), operations, records within one resource's history, `node_state`s (where a
//! resource is found first) and the resources in their histories (where removed ones are found
//! first), fence levels, and blocks of the same score.

use cib::{Document, Element, NodeId};

use crate::chance::Chance;

/// A part of the document that has no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unordered {
    /// Attributes of an element.
    Attributes,
    /// Pairs of a block, whose names differ.
    Pairs,
    /// Cluster nodes in the `nodes` section.
    Nodes,
    /// Sections below `configuration`.
    Sections,
}

impl Unordered {
    /// Every such part.
    pub const ALL: [Self; 4] = [Self::Attributes, Self::Pairs, Self::Nodes, Self::Sections];
}

/// A copy of `document` in which `part` has another order.
pub fn reorder(document: &Document, part: Unordered, chance: &mut Chance) -> Document {
    let root = document.root();
    let mut copy = Document::new(root.name());
    let top = copy.root().id();
    fill(&mut copy, top, root, part, chance);
    copy
}

fn fill(
    copy: &mut Document,
    into: NodeId,
    from: Element<'_>,
    part: Unordered,
    chance: &mut Chance,
) {
    let mut attributes: Vec<(&str, &str)> = from.attrs().collect();
    if part == Unordered::Attributes {
        chance.shuffle(&mut attributes);
    }
    for (name, value) in attributes {
        copy.set(into, name, value);
    }
    let mut children: Vec<Element<'_>> = from.children().collect();
    if is_unordered(from, &children, part) {
        chance.shuffle(&mut children);
    }
    for child in children {
        let inner = copy.append(into, child.name());
        fill(copy, inner, child, part, chance);
    }
}

fn is_unordered(element: Element<'_>, children: &[Element<'_>], part: Unordered) -> bool {
    match part {
        Unordered::Attributes => false,
        Unordered::Nodes => element.is("nodes"),
        Unordered::Sections => element.is("configuration"),
        Unordered::Pairs => {
            let mut names: Vec<&str> =
                children.iter().filter_map(|child| child.attr("name")).collect();
            names.sort_unstable();
            names.dedup();
            names.len() == children.len() && children.iter().all(|child| child.is("nvpair"))
        }
    }
}

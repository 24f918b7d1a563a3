//! Finding an element by its `id` without walking the tree.
//!
//! The index is made at the first question and survives edits: what it says is checked against
//! the tree, and elements that came or changed since are few and looked at one by one.
//!
//! **Always:** the answer is the first element in document order, as a walk would find it.

use std::sync::{Arc, OnceLock};

use crate::element::Element;
use crate::tree::{Document, NodeId};

/// More changed elements than this, and the next question makes the index anew.
const CHANGED_MAX: usize = 64;

#[derive(Clone, Debug, Default)]
pub(crate) struct IdIndex {
    made: OnceLock<Arc<Made>>,
    /// Elements that may have got their id, or their place in the tree, after `made`.
    changed: Vec<NodeId>,
}

/// Elements by the hash of their id; equal ids stay in document order.
#[derive(Debug)]
struct Made(Vec<(u64, NodeId)>);

impl IdIndex {
    pub(crate) fn forget(&mut self) {
        self.made = OnceLock::new();
        self.changed.clear();
    }

    pub(crate) fn note(&mut self, changed: NodeId) {
        if self.made.get().is_none() {
            return;
        }
        if self.changed.len() >= CHANGED_MAX {
            self.forget();
        } else if !self.changed.contains(&changed) {
            self.changed.push(changed);
        }
    }
}

impl Document {
    /// The first element, in document order, whose `id` attribute is `id`.
    pub fn find_id(&self, id: &str) -> Option<Element<'_>> {
        let made = self.ids.made.get_or_init(|| Arc::new(Made::of(self)));
        let holds = |at: NodeId| {
            let element = self.element(at);
            (element.attr("id") == Some(id) && element.is_attached()).then_some(element)
        };
        let unchanged = |at: &NodeId| !self.ids.changed.contains(at);
        let old = made.candidates(id).filter(unchanged).find_map(holds);
        let mut new = self.ids.changed.iter().copied().filter_map(holds);
        match (old, new.next(), new.next()) {
            (found, None, _) => found,
            (None, Some(found), None) => Some(found),
            // Which of several comes first only the tree can tell.
            (Some(_), Some(_), _) | (None, Some(_), Some(_)) => {
                self.root().descendants().find(|element| element.attr("id") == Some(id))
            }
        }
    }

    /// All elements whose `id` attribute is `id`, in document order.
    pub(crate) fn find_all_ids(&self, id: &str) -> Vec<Element<'_>> {
        let named = |element: &Element<'_>| element.attr("id") == Some(id);
        let made = self.ids.made.get_or_init(|| Arc::new(Made::of(self)));
        if self.ids.changed.is_empty() {
            let candidates = made.candidates(id).map(|at| self.element(at));
            return candidates.filter(|at| named(at) && at.is_attached()).collect();
        }
        self.root().descendants().filter(named).collect()
    }
}

impl Made {
    fn of(document: &Document) -> Self {
        let mut all: Vec<(u64, NodeId)> = document
            .root()
            .descendants()
            .filter_map(|element| Some((hash(element.attr("id")?), element.id())))
            .collect();
        all.sort_by_key(|(hash, _)| *hash);
        Self(all)
    }

    fn candidates(&self, id: &str) -> impl Iterator<Item = NodeId> {
        let wanted = hash(id);
        let from = self.0.partition_point(|(hash, _)| *hash < wanted);
        let rest = self.0.get(from..).unwrap_or_default();
        rest.iter().take_while(move |(hash, _)| *hash == wanted).map(|(_, at)| *at)
    }
}

/// FNV-1a. Candidates are compared in full, so a collision costs time, not truth.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use crate::Document;

    fn line_of(document: &Document, id: &str) -> Option<String> {
        document.find_id(id).map(|element| element.name().to_owned())
    }

    #[test]
    fn the_first_of_several_is_found_whatever_was_edited() {
        let mut document =
            Document::parse("<a><b id='x'/><c id='y'/><d id='x'/><e><f id='z'/></e></a>").unwrap();
        assert_eq!(line_of(&document, "x").as_deref(), Some("b"));
        let b = document.find_id("x").unwrap().id();
        document.remove(b);
        assert_eq!(line_of(&document, "x").as_deref(), Some("d"));
        let c = document.find_id("y").unwrap().id();
        document.set(c, "id", "x");
        assert_eq!(line_of(&document, "x").as_deref(), Some("c"));
        assert_eq!(line_of(&document, "y"), None);
        let e = document.root().child("e").unwrap().id();
        document.relocate(e, document.root().id(), Some(c));
        document.set(e, "id", "x");
        assert_eq!(line_of(&document, "x").as_deref(), Some("e"));
        document.clear(e);
        assert_eq!(line_of(&document, "z"), None);
    }

    #[test]
    fn copies_are_found_even_many_of_them() {
        let mut document = Document::parse("<a><b><c id='1'/></b></a>").unwrap();
        assert!(document.find_id("1").is_some());
        let root = document.root().id();
        for number in 2..200 {
            let other = Document::parse(&format!("<b><c id='{number}'/></b>")).unwrap();
            document.append_copy(root, other.root());
            assert!(document.find_id(&number.to_string()).is_some());
        }
        assert_eq!(line_of(&document, "1").as_deref(), Some("c"));
    }
}

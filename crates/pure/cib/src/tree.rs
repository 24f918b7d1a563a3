//! The arena that holds the tree: nodes and attributes as numbers, text in a [`Pool`].
//!
//! **Always:** cloning copies no node and no text; the first change after it does.

use std::fmt;
use std::sync::Arc;

use crate::element::Element;
use crate::ids::IdIndex;
use crate::names::{Name, Names};
use crate::text::{Pool, Span};

/// Handle of one node in a [`Document`]. Stays valid until that node is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

pub(crate) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Element,
    Comment,
    Text,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Elements only.
    pub(crate) name: Name,
    /// Comments and text only.
    pub(crate) text: Span,
    pub(crate) parent: u32,
    pub(crate) previous: u32,
    pub(crate) next: u32,
    pub(crate) first_child: u32,
    pub(crate) last_child: u32,
    pub(crate) attributes_start: u32,
    pub(crate) attributes_len: u32,
    /// Line of the start tag in the text this was parsed from, from 1; 0 for what was made here.
    pub(crate) line: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: Name,
    pub(crate) value: Span,
}

/// An XML document with exactly one root element.
#[derive(Clone)]
pub struct Document {
    pub(crate) nodes: Arc<Vec<Node>>,
    pub(crate) attributes: Arc<Vec<Attribute>>,
    pub(crate) names: Arc<Names>,
    pub(crate) pool: Pool,
    pub(crate) ids: IdIndex,
    pub(crate) root: u32,
    /// How many nodes there were when this was parsed or extracted.
    pub(crate) nodes_at_first: usize,
}

impl Document {
    /// A document whose root is an empty element called `root`.
    pub fn new(root: &str) -> Self {
        let mut made = Self::without_root();
        made.root = made.make_element(root, 0);
        made.nodes_at_first = 1;
        made
    }

    /// A document of its own, with a copy of `source` as root: also the way to give back the
    /// memory of removed nodes.
    pub fn extract(source: Element<'_>) -> Self {
        let mut made = Self::without_root();
        made.root = made.copy_in(source);
        made.nodes_at_first = made.nodes.len();
        made
    }

    pub(crate) fn without_root() -> Self {
        Self {
            nodes: Arc::default(),
            attributes: Arc::default(),
            names: Arc::default(),
            pool: Pool::new(Arc::default()),
            ids: IdIndex::default(),
            root: NONE,
            nodes_at_first: 0,
        }
    }

    /// The outermost element.
    pub fn root(&self) -> Element<'_> {
        Element { document: self, index: self.root }
    }

    /// The element behind a handle.
    pub fn element(&self, id: NodeId) -> Element<'_> {
        Element { document: self, index: id.0 }
    }

    /// The handle of an element or attribute name, if this document has ever used it.
    pub fn name(&self, text: &str) -> Option<Name> {
        self.names.find(text)
    }

    /// About how many bytes were added since parsing; removed nodes stay counted. Owners of
    /// long-lived documents call [`Document::extract`] on the root when it gets large.
    pub fn slack(&self) -> usize {
        let nodes = self.nodes.len().saturating_sub(self.nodes_at_first);
        self.pool.written_len() + nodes * size_of::<Node>()
    }

    pub(crate) fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(index as usize)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} nodes, root {})", self.nodes.len(), self.root().name())
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.root(), f)
    }
}

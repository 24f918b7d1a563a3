//! Reading a [`Document`]: a cursor and its iterators.

use std::fmt;

use crate::names::{Name, slot_of};
use crate::tree::{Attribute, Document, Kind, NONE, Node, NodeId};

/// Something in an element.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// An element.
    Element(Element<'a>),
    /// A comment or a text, as it is written.
    Other(String),
}

/// A place in a document, for reading. Copy it freely.
///
/// [`Element::children`] yields elements only; comments and text are seen by
/// printing, copying, comparing, and [`Element::contents`].
#[derive(Clone, Copy)]
pub struct Element<'a> {
    pub(crate) document: &'a Document,
    pub(crate) index: u32,
}

impl<'a> Element<'a> {
    /// The handle, for changes and as a map key.
    pub fn id(self) -> NodeId {
        NodeId(self.index)
    }

    /// The document this is part of.
    pub fn document(self) -> &'a Document {
        self.document
    }

    /// The tag's name.
    pub fn name(self) -> &'a str {
        self.node().map_or("", |node| self.document.names.text(node.name))
    }

    /// Whether the tag's name is `name`.
    pub fn is(self, name: &str) -> bool {
        self.name() == name
    }

    /// The attribute's value, unescaped.
    #[inline]
    pub fn attr(self, name: &str) -> Option<&'a str> {
        self.attr_in(slot_of(name), name)
    }

    fn attr_in(self, slot: usize, name: &str) -> Option<&'a str> {
        self.attr_named(self.document.names.find_in(slot, name)?)
    }

    /// Like [`Element::attr`], with a name looked up once by [`Document::name`].
    pub fn attr_named(self, name: Name) -> Option<&'a str> {
        let found = self.run().iter().find(|attribute| attribute.name == name)?;
        Some(self.document.pool.get(found.value))
    }

    /// The tag's name as the document knows it; compare with [`Document::name`].
    pub fn name_id(self) -> Option<Name> {
        self.node().map(|node| node.name)
    }

    /// All attributes in document order.
    pub fn attrs(self) -> Attributes<'a> {
        Attributes { document: self.document, run: self.run().iter() }
    }

    /// Child elements in document order.
    pub fn children(self) -> Children<'a> {
        Children { nodes: self.nodes() }
    }

    /// Child elements called `name`.
    pub fn children_named(self, name: &str) -> impl Iterator<Item = Element<'a>> + Clone + use<'a> {
        let name = self.document.names.find(name);
        // A name that the document never used is no element's.
        let nodes = Nodes { next: name.map_or(NONE, |_| self.nodes().next), ..self.nodes() };
        Children { nodes }.filter(move |child| child.name_id() == name)
    }

    /// The first child element called `name`.
    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.children_named(name).next()
    }

    /// Follows a path of child names: `root.path(&["configuration", "resources"])`.
    pub fn path(self, names: &[&str]) -> Option<Element<'a>> {
        names.iter().try_fold(self, |at, name| at.child(name))
    }

    /// The enclosing element; `None` for the root.
    pub fn parent(self) -> Option<Element<'a>> {
        let parent = self.node()?.parent;
        (parent != NONE).then_some(Element { document: self.document, index: parent })
    }

    /// The element that follows this one under the same parent.
    pub fn next_sibling(self) -> Option<Element<'a>> {
        let mut rest = Nodes { document: self.document, next: self.node()?.next };
        rest.find(|node| node.kind() == Kind::Element)
    }

    /// Whether this is still part of its document: removed elements are not.
    pub fn is_attached(self) -> bool {
        let mut at = self.index;
        while at != self.document.root {
            match self.document.node(at) {
                Some(node) if node.parent != NONE => at = node.parent,
                _ => return false,
            }
        }
        true
    }

    /// Whether both say the same: names, attributes in any order, and all inside in order.
    /// Comments count, layout does not.
    pub fn same_as(self, other: Element<'_>) -> bool {
        self.equals(other, |a, b| {
            a.attrs().count() == b.attrs().count()
                && a.attrs().all(|(name, value)| b.attr(name) == Some(value))
        })
    }

    /// Like [`Element::same_as`], with attributes in the same order.
    pub(crate) fn is_copy_of(self, other: Element<'_>) -> bool {
        self.equals(other, |a, b| a.attrs().eq(b.attrs()))
    }

    fn equals(
        self,
        other: Element<'_>,
        same_attributes: fn(Element<'_>, Element<'_>) -> bool,
    ) -> bool {
        if self.kind() != other.kind() || self.name() != other.name() {
            return false;
        }
        match self.kind() {
            Kind::Comment => return self.own_text() == other.own_text(),
            Kind::Text => return self.own_text().trim() == other.own_text().trim(),
            Kind::Element => {}
        }
        if !same_attributes(self, other) {
            return false;
        }
        let (mut left, mut right) = (self.nodes(), other.nodes());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a.equals(b, same_attributes) => {}
                _ => return false,
            }
        }
    }

    /// This element and all below it, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Element<'a>> + Clone {
        let mut next = Some(self);
        let first = self.index;
        std::iter::from_fn(move || {
            let at = next?;
            next = at.following(first);
            Some(at)
        })
        .filter(|at| at.kind() == Kind::Element)
    }

    /// Line of the start tag in the parsed text, from 1; 0 for what was made in memory.
    pub fn line(self) -> u32 {
        self.node().map_or(0, |node| node.line)
    }

    /// The character data directly inside, concatenated.
    pub fn text(self) -> String {
        self.nodes()
            .filter(|node| node.kind() == Kind::Text)
            .filter_map(|node| node.node().map(|n| node.document.pool.get(n.text)))
            .collect()
    }

    /// All that is in it, in order.
    pub fn contents(self) -> impl Iterator<Item = Content<'a>> {
        self.nodes().map(|node| match node.kind() {
            Kind::Element => Content::Element(node),
            Kind::Comment | Kind::Text => Content::Other(node.to_string().trim().to_owned()),
        })
    }

    /// Children of every kind: elements, comments, text.
    pub(crate) fn nodes(self) -> Nodes<'a> {
        Nodes { document: self.document, next: self.node().map_or(NONE, |n| n.first_child) }
    }

    pub(crate) fn kind(self) -> Kind {
        self.node().map_or(Kind::Text, |node| node.kind)
    }

    /// A comment's or text node's own characters.
    pub(crate) fn own_text(self) -> &'a str {
        self.node().map_or("", |node| self.document.pool.get(node.text))
    }

    pub(crate) fn following(self, root: u32) -> Option<Element<'a>> {
        let go = |index| Element { document: self.document, index };
        let node = self.node()?;
        if node.first_child != NONE {
            return Some(go(node.first_child));
        }
        let mut at = self.index;
        while at != root {
            let node = self.document.node(at)?;
            if node.next != NONE {
                return Some(go(node.next));
            }
            at = node.parent;
        }
        None
    }

    pub(crate) fn node(self) -> Option<&'a Node> {
        self.document.nodes.get(self.index as usize)
    }

    pub(crate) fn run(self) -> &'a [Attribute] {
        let Some(node) = self.node() else { return &[] };
        let start = node.attributes_start as usize;
        self.document.attributes.get(start..start + node.attributes_len as usize).unwrap_or(&[])
    }
}

impl PartialEq for Element<'_> {
    /// The same place in the same document.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} id={:?} line {}>", self.name(), self.attr("id"), self.line())
    }
}

/// Iterator of an element's `(name, value)` pairs.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    document: &'a Document,
    run: std::slice::Iter<'a, Attribute>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let attribute = self.run.next()?;
        Some((self.document.names.text(attribute.name), self.document.pool.get(attribute.value)))
    }
}

/// Iterator of child elements.
#[derive(Clone, Debug)]
pub struct Children<'a> {
    nodes: Nodes<'a>,
}

impl<'a> Iterator for Children<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.nodes.by_ref().find(|node| node.kind() == Kind::Element)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Nodes<'a> {
    document: &'a Document,
    next: u32,
}

impl<'a> Iterator for Nodes<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let node = self.document.nodes.get(self.next as usize)?;
        let found = Element { document: self.document, index: self.next };
        self.next = node.next;
        Some(found)
    }
}

//! The arena tree: reading with [`Element`], changing through [`Document`].

use std::fmt;

use crate::names::{Name, Names};
use crate::text::{Pool, Span};

/// Handle of one node in a [`Document`]. Stays valid until that node is removed; removed handles
/// read as an empty element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Element,
    Comment,
    Text,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// Elements only.
    name: Name,
    /// Comments and text only.
    text: Span,
    parent: u32,
    previous: u32,
    next: u32,
    first_child: u32,
    last_child: u32,
    attributes_start: u32,
    attributes_len: u32,
    /// Line of the start tag in the text this was parsed from, from 1; 0 for what was made here.
    line: u32,
}

#[derive(Clone, Copy, Debug)]
struct Attribute {
    name: Name,
    value: Span,
}

/// An XML document with exactly one root element.
#[derive(Clone)]
pub struct Document {
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    pub(crate) names: Names,
    pub(crate) pool: Pool,
    root: u32,
}

impl Document {
    /// A document whose root is an empty element called `root`.
    pub fn new(root: &str) -> Self {
        let mut made = Self::without_root(Pool::new("".into()));
        let name = made.names.intern(root);
        made.root = made.push_element(NONE, name, 0);
        made
    }

    pub(crate) fn without_root(pool: Pool) -> Self {
        Self {
            nodes: Vec::new(),
            attributes: Vec::new(),
            names: Names::default(),
            pool,
            root: NONE,
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

    /// The first element, in document order, whose `id` attribute is `id`. Walks the tree.
    pub fn find_id(&self, id: &str) -> Option<Element<'_>> {
        self.root().descendants().find(|element| element.attr("id") == Some(id))
    }

    // ---- changing -------------------------------------------------------------------------

    /// Adds an element called `name` as `parent`'s last child.
    pub fn append(&mut self, parent: NodeId, name: &str) -> NodeId {
        let name = self.names.intern(name);
        let index = self.push_element(NONE, name, 0);
        self.link(index, parent.0, NONE);
        NodeId(index)
    }

    /// Adds an element called `name` before `sibling`.
    pub fn insert_before(&mut self, sibling: NodeId, name: &str) -> NodeId {
        let name = self.names.intern(name);
        let index = self.push_element(NONE, name, 0);
        let parent = self.node(sibling.0).map_or(NONE, |node| node.parent);
        self.link(index, parent, sibling.0);
        NodeId(index)
    }

    /// Sets an attribute; a new one goes after the others.
    pub fn set(&mut self, element: NodeId, name: &str, value: &str) {
        let name = self.names.intern(name);
        let value = self.pool.write(value);
        self.set_span(element.0, name, value);
    }

    /// Removes an attribute; `false` if there was none.
    pub fn unset(&mut self, element: NodeId, name: &str) -> bool {
        let Some(name) = self.names.find(name) else { return false };
        let Some(node) = self.node(element.0) else { return false };
        let start = node.attributes_start as usize;
        let end = start + node.attributes_len as usize;
        let Some(run) = self.attributes.get_mut(start..end) else { return false };
        let Some(at) = run.iter().position(|attribute| attribute.name == name) else {
            return false;
        };
        run.get_mut(at..).unwrap_or_default().rotate_left(1);
        if let Some(node) = self.node_mut(element.0) {
            node.attributes_len -= 1;
        }
        true
    }

    /// Removes a node and all below it. The root stays.
    pub fn remove(&mut self, id: NodeId) {
        if id.0 == self.root {
            return;
        }
        self.unlink(id.0);
    }

    /// Removes all children of an element.
    pub fn clear(&mut self, id: NodeId) {
        while let Some(node) = self.node(id.0)
            && node.first_child != NONE
        {
            self.unlink(node.first_child);
        }
    }

    /// Copies `source` (of this or another document) and all below it to the end of `parent`.
    pub fn append_copy(&mut self, parent: NodeId, source: Element<'_>) -> NodeId {
        let index = self.copy_in(source);
        self.link(index, parent.0, NONE);
        NodeId(index)
    }

    /// Copies `source` and all below it to just before `sibling`.
    pub fn insert_copy_before(&mut self, sibling: NodeId, source: Element<'_>) -> NodeId {
        let index = self.copy_in(source);
        let parent = self.node(sibling.0).map_or(NONE, |node| node.parent);
        self.link(index, parent, sibling.0);
        NodeId(index)
    }

    /// Moves `id` to be the child of `parent` before `sibling`, or the last one.
    pub fn relocate(&mut self, id: NodeId, parent: NodeId, before: Option<NodeId>) {
        self.unlink(id.0);
        self.link(id.0, parent.0, before.map_or(NONE, |sibling| sibling.0));
    }

    /// A document of its own, with a copy of `source` as root: also the way to give back the
    /// memory of removed nodes.
    pub fn extract(source: Element<'_>) -> Self {
        let mut made = Self::without_root(Pool::new("".into()));
        made.root = made.copy_in(source);
        made
    }

    /// Bytes written since parsing; grows with every [`Document::set`]. Owners of long-lived
    /// documents call [`Document::extract`] on the root when it gets large.
    pub fn slack(&self) -> usize {
        self.pool.written_len()
    }

    // ---- construction, for the reader -----------------------------------------------------

    pub(crate) fn push_element(&mut self, parent: u32, name: Name, line: u32) -> u32 {
        let attributes_start = self.attributes.len() as u32;
        self.push(Kind::Element, name, Pool::parsed_span(0, 0), parent, attributes_start, line)
    }

    pub(crate) fn push_text(&mut self, kind: Kind, text: Span, parent: u32, line: u32) -> u32 {
        let name = self.names.intern("");
        self.push(kind, name, text, parent, 0, line)
    }

    /// Adds an attribute to the element pushed last.
    pub(crate) fn push_attribute(&mut self, name: Name, value: Span) {
        self.attributes.push(Attribute { name, value });
        if let Some(node) = self.nodes.last_mut() {
            node.attributes_len += 1;
        }
    }

    pub(crate) fn set_root(&mut self, index: u32) {
        self.root = index;
    }

    fn push(
        &mut self,
        kind: Kind,
        name: Name,
        text: Span,
        parent: u32,
        attributes_start: u32,
        line: u32,
    ) -> u32 {
        let index = self.nodes.len() as u32;
        self.nodes.push(Node {
            kind,
            name,
            text,
            parent: NONE,
            previous: NONE,
            next: NONE,
            first_child: NONE,
            last_child: NONE,
            attributes_start,
            attributes_len: 0,
            line,
        });
        if parent != NONE {
            self.link(index, parent, NONE);
        }
        index
    }

    fn set_span(&mut self, index: u32, name: Name, value: Span) {
        let Some(node) = self.node(index) else { return };
        let start = node.attributes_start as usize;
        let end = start + node.attributes_len as usize;
        let run = self.attributes.get_mut(start..end).unwrap_or_default();
        if let Some(found) = run.iter_mut().find(|attribute| attribute.name == name) {
            found.value = value;
            return;
        }
        // The run is followed by another element's: move it to the end, where it can grow.
        if end != self.attributes.len() {
            let moved = self.attributes.len() as u32;
            self.attributes.extend_from_within(start..end);
            if let Some(node) = self.node_mut(index) {
                node.attributes_start = moved;
            }
        }
        self.attributes.push(Attribute { name, value });
        if let Some(node) = self.node_mut(index) {
            node.attributes_len += 1;
        }
    }

    fn copy_in(&mut self, source: Element<'_>) -> u32 {
        let Some(node) = source.node().copied() else {
            let name = self.names.intern("");
            return self.push_element(NONE, name, 0);
        };
        if node.kind != Kind::Element {
            let text = self.pool.write(source.document.pool.get(node.text));
            return self.push_text(node.kind, text, NONE, node.line);
        }
        let name = self.names.intern(source.name());
        let index = self.push_element(NONE, name, node.line);
        for (name, value) in source.attrs() {
            let name = self.names.intern(name);
            let value = self.pool.write(value);
            self.push_attribute(name, value);
        }
        for child in source.nodes() {
            let child = self.copy_in(child);
            self.link(child, index, NONE);
        }
        index
    }

    fn link(&mut self, index: u32, parent: u32, before: u32) {
        let previous = if before == NONE {
            self.node(parent).map_or(NONE, |node| node.last_child)
        } else {
            self.node(before).map_or(NONE, |node| node.previous)
        };
        if let Some(node) = self.node_mut(index) {
            node.parent = parent;
            node.previous = previous;
            node.next = before;
        }
        if let Some(node) = self.node_mut(previous) {
            node.next = index;
        } else if let Some(node) = self.node_mut(parent) {
            node.first_child = index;
        }
        if let Some(node) = self.node_mut(before) {
            node.previous = index;
        } else if let Some(node) = self.node_mut(parent) {
            node.last_child = index;
        }
    }

    fn unlink(&mut self, index: u32) {
        let Some(node) = self.node(index) else { return };
        if let Some(previous) = self.node_mut(node.previous) {
            previous.next = node.next;
        } else if let Some(parent) = self.node_mut(node.parent) {
            parent.first_child = node.next;
        }
        if let Some(next) = self.node_mut(node.next) {
            next.previous = node.previous;
        } else if let Some(parent) = self.node_mut(node.parent) {
            parent.last_child = node.previous;
        }
        if let Some(node) = self.node_mut(index) {
            node.parent = NONE;
            node.previous = NONE;
            node.next = NONE;
        }
    }

    fn node(&self, index: u32) -> Option<Node> {
        self.nodes.get(index as usize).copied()
    }

    fn node_mut(&mut self, index: u32) -> Option<&mut Node> {
        self.nodes.get_mut(index as usize)
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

/// A place in a document, for reading. Copy it freely.
///
/// [`Element::children`] yields elements only; comments and text are seen by
/// [`Element::nodes`], which printing and copying use.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    document: &'a Document,
    index: u32,
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
    pub fn attr(self, name: &str) -> Option<&'a str> {
        let found = self.run().iter().find(|a| self.document.names.text(a.name) == name)?;
        Some(self.document.pool.get(found.value))
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
    pub fn children_named(self, name: &'a str) -> impl Iterator<Item = Element<'a>> + Clone {
        self.children().filter(move |child| child.is(name))
    }

    /// The first child element called `name`.
    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.is(name))
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

    fn following(self, root: u32) -> Option<Element<'a>> {
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

    fn node(self) -> Option<&'a Node> {
        self.document.nodes.get(self.index as usize)
    }

    fn run(self) -> &'a [Attribute] {
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

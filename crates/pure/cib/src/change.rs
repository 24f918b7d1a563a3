//! Changing a [`Document`].

use std::sync::Arc;

use crate::element::Element;
use crate::names::Name;
use crate::text::{Pool, Span};
use crate::tree::{Attribute, Document, Kind, NONE, Node, NodeId};

impl Document {
    /// Adds an element called `name` as `parent`'s last child.
    pub fn append(&mut self, parent: NodeId, name: &str) -> NodeId {
        let index = self.make_element(name, 0);
        self.link(index, parent.0, NONE);
        NodeId(index)
    }

    /// Adds a comment as `parent`'s last child.
    pub fn append_comment(&mut self, parent: NodeId, text: &str) -> NodeId {
        // Two hyphens would end it early when it is read again.
        let mut text = text.replace("--", "- -");
        if text.ends_with('-') {
            text.push(' ');
        }
        let index = self.make_text(Kind::Comment, &text, 0);
        self.link(index, parent.0, NONE);
        NodeId(index)
    }

    /// Adds an element called `name` before `sibling`.
    pub fn insert_before(&mut self, sibling: NodeId, name: &str) -> NodeId {
        let index = self.make_element(name, 0);
        let parent = self.node(sibling.0).map_or(NONE, |node| node.parent);
        self.link(index, parent, sibling.0);
        NodeId(index)
    }

    /// Sets an attribute; a new one goes after the others.
    pub fn set(&mut self, element: NodeId, name: &str, value: &str) {
        if name == "id" {
            self.ids.note(element);
        }
        let name = self.intern(name);
        let value = self.pool.write(value);
        self.set_span(element.0, name, value);
    }

    /// Gives an element another name.
    pub fn rename(&mut self, element: NodeId, name: &str) {
        let name = self.intern(name);
        if let Some(node) = self.node_mut(element.0) {
            node.name = name;
        }
    }

    /// Removes an attribute; `false` if there was none.
    pub fn unset(&mut self, element: NodeId, name: &str) -> bool {
        let Some(name) = self.names.find(name) else { return false };
        let Some((start, end)) = self.run_of(element.0) else { return false };
        let attributes = Arc::make_mut(&mut self.attributes);
        let Some(run) = attributes.get_mut(start..end) else { return false };
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
        if id.0 != self.root {
            self.unlink(id.0);
        }
    }

    /// Removes all children of an element, comments and text too.
    pub fn clear(&mut self, id: NodeId) {
        while let Some(node) = self.node(id.0)
            && node.first_child != NONE
        {
            let child = node.first_child;
            self.unlink(child);
        }
    }

    /// Copies `source` (of this or another document) and all below it to the end of `parent`.
    pub fn append_copy(&mut self, parent: NodeId, source: Element<'_>) -> NodeId {
        self.insert_copy(parent, source, None)
    }

    /// Copies `source` and all below it to just before `sibling`.
    pub fn insert_copy_before(&mut self, sibling: NodeId, source: Element<'_>) -> NodeId {
        let parent = NodeId(self.node(sibling.0).map_or(NONE, |node| node.parent));
        self.insert_copy(parent, source, Some(sibling))
    }

    /// Moves `id` to be the child of `parent` before `sibling`, or the last one.
    pub fn relocate(&mut self, id: NodeId, parent: NodeId, before: Option<NodeId>) {
        self.ids.forget();
        self.unlink(id.0);
        self.link(id.0, parent.0, before.map_or(NONE, |sibling| sibling.0));
    }

    fn insert_copy(
        &mut self,
        parent: NodeId,
        source: Element<'_>,
        before: Option<NodeId>,
    ) -> NodeId {
        let index = self.copy_in(source);
        self.link(index, parent.0, before.map_or(NONE, |sibling| sibling.0));
        self.with_ids(NodeId(index)).into_iter().for_each(|at| self.ids.note(at));
        NodeId(index)
    }

    /// This element and those below it that have an id.
    pub(crate) fn with_ids(&self, top: NodeId) -> Vec<NodeId> {
        let with_id = |at: Element<'_>| at.attr("id").is_some().then_some(at.id());
        self.element(top).descendants().filter_map(with_id).collect()
    }

    // ---- nodes that are not linked yet ----------------------------------------------------

    pub(crate) fn make_element(&mut self, name: &str, line: u32) -> u32 {
        let name = self.intern(name);
        let start = self.attributes.len() as u32;
        push(Arc::make_mut(&mut self.nodes), Node::new(Kind::Element, name, line, start))
    }

    fn make_text(&mut self, kind: Kind, text: &str, line: u32) -> u32 {
        let name = self.intern("");
        let text = self.pool.write(text);
        let node = Node { text, ..Node::new(kind, name, line, 0) };
        push(Arc::make_mut(&mut self.nodes), node)
    }

    pub(crate) fn copy_in(&mut self, source: Element<'_>) -> u32 {
        let line = source.line();
        if source.kind() != Kind::Element {
            return self.make_text(source.kind(), source.own_text(), line);
        }
        let index = self.make_element(source.name(), line);
        for (name, value) in source.attrs() {
            let name = self.intern(name);
            let value = self.pool.write(value);
            Arc::make_mut(&mut self.attributes).push(Attribute { name, value });
            if let Some(node) = self.node_mut(index) {
                node.attributes_len += 1;
            }
        }
        for child in source.nodes() {
            let child = self.copy_in(child);
            self.link(child, index, NONE);
        }
        index
    }

    fn intern(&mut self, text: &str) -> Name {
        match self.names.find(text) {
            Some(known) => known,
            None => Arc::make_mut(&mut self.names).intern(text),
        }
    }

    fn run_of(&self, index: u32) -> Option<(usize, usize)> {
        let node = self.node(index)?;
        let start = node.attributes_start as usize;
        Some((start, start + node.attributes_len as usize))
    }

    fn set_span(&mut self, index: u32, name: Name, value: Span) {
        let Some((start, end)) = self.run_of(index) else { return };
        let attributes = Arc::make_mut(&mut self.attributes);
        let run = attributes.get_mut(start..end).unwrap_or_default();
        if let Some(found) = run.iter_mut().find(|attribute| attribute.name == name) {
            found.value = value;
            return;
        }
        // The run is followed by another element's: move it to the end, where it can grow.
        let mut begin = start;
        if end != attributes.len() {
            begin = attributes.len();
            attributes.extend_from_within(start..end);
        }
        attributes.push(Attribute { name, value });
        if let Some(node) = self.node_mut(index) {
            node.attributes_start = begin as u32;
            node.attributes_len += 1;
        }
    }

    // ---- links ----------------------------------------------------------------------------

    fn link(&mut self, index: u32, parent: u32, before: u32) {
        let nodes: &mut Vec<Node> = Arc::make_mut(&mut self.nodes);
        link(nodes, index, parent, before);
    }

    fn unlink(&mut self, index: u32) {
        let nodes = Arc::make_mut(&mut self.nodes);
        let Some(node) = nodes.get(index as usize).copied() else { return };
        if let Some(previous) = nodes.get_mut(node.previous as usize) {
            previous.next = node.next;
        } else if let Some(parent) = nodes.get_mut(node.parent as usize) {
            parent.first_child = node.next;
        }
        if let Some(next) = nodes.get_mut(node.next as usize) {
            next.previous = node.previous;
        } else if let Some(parent) = nodes.get_mut(node.parent as usize) {
            parent.last_child = node.previous;
        }
        if let Some(node) = nodes.get_mut(index as usize) {
            (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
        }
    }

    fn node_mut(&mut self, index: u32) -> Option<&mut Node> {
        Arc::make_mut(&mut self.nodes).get_mut(index as usize)
    }
}

impl Node {
    pub(crate) fn new(kind: Kind, name: Name, line: u32, attributes_start: u32) -> Self {
        Self {
            kind,
            name,
            text: Pool::empty(),
            parent: NONE,
            previous: NONE,
            next: NONE,
            first_child: NONE,
            last_child: NONE,
            attributes_start,
            attributes_len: 0,
            line,
        }
    }
}

pub(crate) fn push(nodes: &mut Vec<Node>, node: Node) -> u32 {
    nodes.push(node);
    nodes.len() as u32 - 1
}

/// Makes `index` a child of `parent`: the last one, or the one before the sibling `before`.
pub(crate) fn link(nodes: &mut [Node], index: u32, parent: u32, before: u32) {
    let node_at = |nodes: &[Node], at: u32| nodes.get(at as usize).copied();
    let previous = if before == NONE {
        node_at(nodes, parent).map_or(NONE, |node| node.last_child)
    } else {
        node_at(nodes, before).map_or(NONE, |node| node.previous)
    };
    if let Some(node) = nodes.get_mut(index as usize) {
        (node.parent, node.previous, node.next) = (parent, previous, before);
    }
    if let Some(node) = nodes.get_mut(previous as usize) {
        node.next = index;
    } else if let Some(node) = nodes.get_mut(parent as usize) {
        node.first_child = index;
    }
    if let Some(node) = nodes.get_mut(before as usize) {
        node.previous = index;
    } else if let Some(node) = nodes.get_mut(parent as usize) {
        node.last_child = index;
    }
}

//! Reading XML text into a [`Document`].
//!
//! One pass over the bytes, in two layers: [`scan`](crate::scan) finds names, values and markup;
//! the builder here makes nodes of them. Names, entities and nesting are checked as XML 1.0
//! demands; a document type declaration is read over, and entities that it would define are
//! unknown, so no text can grow by expansion.

use std::sync::Arc;

use crate::change::{link, push};
use crate::names::{Name, Names};
use crate::scan::{Refusal, Scanner, Value, unescape_attribute, unescape_text};
use crate::text::{Pool, Span};
use crate::tree::{Attribute, Document, Kind, NONE, Node};

/// Text that is not one well-formed XML element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// Line of the text, from 1.
    pub line: u32,
    /// What is wrong there, in words.
    pub reason: String,
}

/// Elements nested deeper than this are refused: no real document needs it, and recursion over
/// the tree stays within any stack.
pub(crate) const DEPTH_MAX: usize = 256;

/// Longer texts are refused; spans are 31 bits.
const BYTES_MAX: usize = (1 << 31) - 1;

impl Document {
    /// Reads a whole XML text.
    ///
    /// # Errors
    /// When the text is not well formed, has no or more than one root element, nests deeper than
    /// 256 elements, or is 2 GiB or longer.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_owned(text.to_owned())
    }

    /// Like [`Document::parse`] for text that may be kept: saves the copy.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_owned(text: String) -> Result<Self, ParseError> {
        if text.len() > BYTES_MAX {
            return Err(ParseError { line: 1, reason: "the text is 2 GiB or longer".to_owned() });
        }
        let text = Arc::new(text);
        let mut reading = Reading::of(&text);
        reading.pool = Pool::new(Arc::clone(&text));
        match reading.read() {
            Ok(()) => Ok(reading.finish()),
            Err(refusal) => {
                let line = 1 + newlines(text.as_bytes().get(..refusal.at).unwrap_or_default());
                Err(ParseError { line, reason: refusal.reason.into_owned() })
            }
        }
    }
}

struct Reading<'s> {
    scanner: Scanner<'s>,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    names: Names,
    pool: Pool,
    open: Vec<Open<'s>>,
    root: Option<u32>,
    line: u32,
    line_known_to: usize,
    /// By name: the element that last had an attribute of that name. Finds duplicates.
    last_user: Vec<u32>,
    /// By name, an element's or an attribute's: the attribute that last came after it. Attributes
    /// mostly come in the same order, and to see that is cheaper than to read and look up a name.
    followers: Vec<Option<Name>>,
}

/// An element whose end tag has not come yet.
struct Open<'s> {
    index: u32,
    name: &'s str,
}

impl<'s> Reading<'s> {
    fn of(text: &'s str) -> Self {
        // Typical elements take 200 bytes, typical attributes 20; untouched memory costs nothing.
        Self {
            scanner: Scanner::of(text),
            nodes: Vec::with_capacity(text.len() / 160 + 1),
            attributes: Vec::with_capacity(text.len() / 20 + 1),
            names: Names::default(),
            pool: Pool::new(Arc::default()),
            open: Vec::new(),
            root: None,
            line: 1,
            line_known_to: 0,
            last_user: Vec::new(),
            followers: Vec::new(),
        }
    }

    fn read(&mut self) -> Result<(), Refusal> {
        self.scanner.prolog()?;
        loop {
            let start = self.scanner.at();
            let text = self.scanner.until_markup();
            if !text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
                self.text(text, start)?;
            }
            let tag = self.scanner.at();
            if self.scanner.take("</") {
                self.end_tag(tag)?;
            } else if self.scanner.take("<!--") {
                let comment = self.scanner.comment()?;
                self.comment(comment, tag);
            } else if self.scanner.take("<![CDATA[") {
                let data = self.scanner.character_data()?;
                if !data.trim().is_empty() {
                    self.push_text(data, tag)?;
                }
            } else if self.scanner.take("<!DOCTYPE") {
                self.doctype(tag)?;
            } else if self.scanner.take("<?") {
                self.scanner.instruction()?;
            } else if self.scanner.take("<") {
                self.start_tag(tag)?;
            } else {
                return self.end_of_text();
            }
        }
    }

    fn start_tag(&mut self, tag: usize) -> Result<(), Refusal> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(Refusal::new(tag, "a second root element"));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(Refusal::new(tag, "elements are nested too deeply"));
        }
        let text = self.scanner.name().ok_or(Refusal::new(tag, "no name follows <"))?;
        let name = self.intern(text);
        self.count_lines(tag);
        let node = Node::new(Kind::Element, name, self.line, self.attributes.len() as u32);
        let index = push(&mut self.nodes, node);
        match self.open.last() {
            Some(parent) => link(&mut self.nodes, index, parent.index, NONE),
            None => self.root = Some(index),
        }
        let has_content = self.attributes(index, name)?;
        if let Some(node) = self.nodes.last_mut() {
            node.attributes_len = self.attributes.len() as u32 - node.attributes_start;
        }
        if has_content {
            self.open.push(Open { index, name: text });
        }
        Ok(())
    }

    /// Reads to the tag's end; answers whether an end tag must follow.
    fn attributes(&mut self, element: u32, tag: Name) -> Result<bool, Refusal> {
        let mut before = tag;
        loop {
            let spaced = self.scanner.skip_space();
            if self.scanner.take(">") {
                return Ok(true);
            }
            if self.scanner.take("/>") {
                return Ok(false);
            }
            let at = self.scanner.at();
            let name = self.attribute_name(before)?;
            before = name;
            let text = self.names.text(name);
            if !spaced {
                return Err(Refusal::new(at, format!("no blank before the attribute {text}")));
            }
            let value = self.scanner.attribute_value(text)?;
            if self.last_user.get(name.index()) == Some(&element) {
                return Err(Refusal::new(at, format!("the attribute {text} is there twice")));
            }
            if let Some(last) = self.last_user.get_mut(name.index()) {
                *last = element;
            }
            let value = self.value(value)?;
            self.attributes.push(Attribute { name, value });
        }
    }

    /// The name of the attribute that stands after the name `before`.
    #[inline]
    fn attribute_name(&mut self, before: Name) -> Result<Name, Refusal> {
        let guess = self.followers.get(before.index()).copied().flatten();
        if let Some(guess) = guess.filter(|guess| self.scanner.take_name(self.names.text(*guess))) {
            return Ok(guess);
        }
        let Some(text) = self.scanner.name() else {
            return Err(self.scanner.unexpected("an attribute, > or />"));
        };
        let name = self.intern(text);
        if let Some(follower) = self.followers.get_mut(before.index()) {
            *follower = Some(name);
        }
        Ok(name)
    }

    fn end_tag(&mut self, tag: usize) -> Result<(), Refusal> {
        let name = self.scanner.name().ok_or(Refusal::new(tag, "no name follows </"))?;
        self.scanner.skip_space();
        if !self.scanner.take(">") {
            return Err(self.scanner.unexpected("> after the end tag's name"));
        }
        match self.open.pop() {
            Some(open) if open.name == name => Ok(()),
            Some(open) => {
                let reason = format!("</{name}> stands where </{}> must", open.name);
                Err(Refusal::new(tag, reason))
            }
            None => Err(Refusal::new(tag, format!("</{name}> ends nothing"))),
        }
    }

    fn comment(&mut self, text: &'s str, at: usize) {
        // Comments around the root are layout: a document is its root element.
        let Some(parent) = self.open.last().map(|open| open.index) else { return };
        self.count_lines(at);
        let span = self.span(text);
        self.push_node(Kind::Comment, span, parent);
    }

    fn text(&mut self, raw: &'s str, at: usize) -> Result<(), Refusal> {
        if raw.contains("]]>") {
            return Err(Refusal::new(at, "]]> in text"));
        }
        match unescape_text(raw, at)? {
            Some(plain) => self.push_text(&plain, at),
            None => self.push_text(raw, at),
        }
    }

    /// Pieces of text that touch are one node.
    fn push_text(&mut self, text: &str, at: usize) -> Result<(), Refusal> {
        let Some(parent) = self.open.last().map(|open| open.index) else {
            return Err(Refusal::new(at, "text outside the root element"));
        };
        let last = self.nodes.get(parent as usize).map_or(NONE, |node| node.last_child);
        let last = self.nodes.get(last as usize).copied();
        if let Some(last) = last.filter(|last| last.kind == Kind::Text) {
            let joined = format!("{}{text}", self.pool.get(last.text));
            let joined = self.pool.write(&joined);
            if let Some(node) = self.nodes.last_mut() {
                node.text = joined;
            }
            return Ok(());
        }
        self.count_lines(at);
        let span = self.span(text);
        self.push_node(Kind::Text, span, parent);
        Ok(())
    }

    fn doctype(&mut self, tag: usize) -> Result<(), Refusal> {
        if self.root.is_some() {
            return Err(Refusal::new(tag, "a document type after the root element's start"));
        }
        self.scanner.doctype()
    }

    fn end_of_text(&self) -> Result<(), Refusal> {
        let end = self.scanner.at();
        match (self.open.last(), self.root) {
            (Some(open), _) => {
                Err(Refusal::new(end, format!("the text ends inside the element {}", open.name)))
            }
            (None, None) => Err(Refusal::new(end, "there is no element")),
            (None, Some(_)) => Ok(()),
        }
    }

    fn push_node(&mut self, kind: Kind, text: Span, parent: u32) {
        let name = self.intern("");
        let node = Node { text, ..Node::new(kind, name, self.line, 0) };
        let index = push(&mut self.nodes, node);
        link(&mut self.nodes, index, parent, NONE);
    }

    fn intern(&mut self, text: &'s str) -> Name {
        let name = self.names.intern(text);
        if name.index() >= self.last_user.len() {
            self.last_user.resize(name.index() + 1, NONE);
            self.followers.resize(name.index() + 1, None);
        }
        name
    }

    fn value(&mut self, value: Value<'s>) -> Result<Span, Refusal> {
        match value {
            Value::Plain { text, at } => Ok(Pool::parsed_span(at, text.len())),
            Value::Escaped { text, at } => Ok(self.pool.write(&unescape_attribute(text, at)?)),
        }
    }

    /// Where `text` lies in the source; copied if it is not a slice of it.
    fn span(&mut self, text: &str) -> Span {
        match self.scanner.offset_of(text) {
            Some(at) => Pool::parsed_span(at, text.len()),
            None => self.pool.write(text),
        }
    }

    fn count_lines(&mut self, to: usize) {
        self.line += newlines(self.scanner.between(self.line_known_to, to));
        self.line_known_to = to;
    }

    fn finish(self) -> Document {
        let mut document = Document::without_root();
        document.nodes_at_first = self.nodes.len();
        document.nodes = Arc::new(self.nodes);
        document.attributes = Arc::new(self.attributes);
        document.names = Arc::new(self.names);
        document.pool = self.pool;
        document.root = self.root.unwrap_or(NONE);
        document
    }
}

fn newlines(passed: &[u8]) -> u32 {
    memchr::memchr_iter(b'\n', passed).count() as u32
}

#[cfg(test)]
mod tests;

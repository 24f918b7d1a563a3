//! Reading XML text into a [`Document`].

use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::text::{Pool, Span};
use crate::tree::{Document, Kind};

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
const DEPTH_MAX: usize = 256;

/// Longer texts are refused; spans are 31 bits.
const BYTES_MAX: usize = (1 << 31) - 1;

impl Document {
    /// Reads a whole XML text.
    ///
    /// # Errors
    /// When the text is not well formed, has no or more than one root element, nests deeper than
    /// 256 elements, or is 2 GiB or longer.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > BYTES_MAX {
            return Err(ParseError { line: 1, reason: "the text is 2 GiB or longer".to_owned() });
        }
        let pool = Pool::new(Arc::from(text));
        let source = Arc::clone(pool.parsed());
        let mut building = Building {
            document: Document::without_root(pool),
            source: &source,
            open: Vec::new(),
            line: 1,
            line_known_to: 0,
        };
        building.read()?;
        Ok(building.document)
    }
}

struct Building<'s> {
    document: Document,
    source: &'s str,
    open: Vec<u32>,
    line: u32,
    line_known_to: usize,
}

impl Building<'_> {
    fn read(&mut self) -> Result<(), ParseError> {
        let mut reader = Reader::from_str(self.source);
        reader.config_mut().check_end_names = true;
        let mut seen_root = false;
        loop {
            let at = reader.buffer_position() as usize;
            let event = reader.read_event();
            self.count_lines(at);
            let event = event.map_err(|error| {
                let position = reader.error_position() as usize;
                self.count_lines(position);
                self.refuse(&error.to_string())
            })?;
            match event {
                Event::Start(tag) => {
                    self.open_element(&tag, &mut seen_root, at)?;
                }
                Event::Empty(tag) => {
                    self.open_element(&tag, &mut seen_root, at)?;
                    self.open.pop();
                }
                Event::End(_) => {
                    self.open.pop();
                }
                Event::Comment(comment) => {
                    let text = self.span(comment.as_ref());
                    if let Some(parent) = self.open.last() {
                        self.document.push_text(Kind::Comment, text, *parent, self.line);
                    }
                }
                Event::Text(text) => self.text(text.as_ref())?,
                Event::CData(data) => {
                    let text = self.span(data.as_ref());
                    self.push_text(text)?;
                }
                Event::GeneralRef(reference) => self.reference(reference.as_ref())?,
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
        }
        if !self.open.is_empty() {
            return Err(self.refuse("the text ends inside an element"));
        }
        if !seen_root {
            return Err(self.refuse("there is no element"));
        }
        Ok(())
    }

    fn open_element(
        &mut self,
        tag: &BytesStart<'_>,
        seen_root: &mut bool,
        at: usize,
    ) -> Result<(), ParseError> {
        let parent = self.open.last().copied();
        if parent.is_none() && *seen_root {
            return Err(self.refuse("a second root element"));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(self.refuse("elements are nested too deeply"));
        }
        self.count_lines_to_tag(at);
        let name = tag.name();
        let name = name.as_ref();
        let name = self.document.names.intern(name);
        let index = self.document.push_element(parent.unwrap_or(u32::MAX), name, self.line);
        if parent.is_none() {
            self.document.set_root(index);
            *seen_root = true;
        }
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.refuse(&error.to_string()))?;
            let value = self.value(attribute.value.as_ref())?;
            let name = self.document.names.intern(attribute.key.as_ref());
            self.document.push_attribute(name, value);
        }
        self.open.push(index);
        Ok(())
    }

    /// Character data outside elements is not XML; white space between elements is layout.
    fn text(&mut self, raw: &str) -> Result<(), ParseError> {
        if raw.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Ok(());
        }
        let text = self.value(raw)?;
        self.push_text(text)
    }

    fn reference(&mut self, name: &str) -> Result<(), ParseError> {
        let escaped = format!("&{name};");
        let text = self.value(&escaped)?;
        self.push_text(text)
    }

    fn push_text(&mut self, text: Span) -> Result<(), ParseError> {
        let Some(parent) = self.open.last() else {
            return Err(self.refuse("text outside the root element"));
        };
        self.document.push_text(Kind::Text, text, *parent, self.line);
        Ok(())
    }

    fn value(&mut self, raw: &str) -> Result<Span, ParseError> {
        if !raw.contains(['&', '\n', '\t', '\r']) {
            return Ok(self.span(raw));
        }
        // White space in attributes reads as blanks (XML 1.0, 3.3.3).
        let normal = raw.replace(['\n', '\t', '\r'], " ");
        let plain = unescape(&normal).map_err(|error| self.refuse(&error.to_string()))?;
        Ok(self.document.pool.write(&plain))
    }

    /// Where `raw`, a slice of the source, lies in it; copied if it is not one.
    fn span(&mut self, raw: &str) -> Span {
        let offset = (raw.as_ptr() as usize).wrapping_sub(self.source.as_ptr() as usize);
        if self.source.get(offset..offset.wrapping_add(raw.len())) == Some(raw) {
            return Pool::parsed_span(offset, raw.len());
        }
        self.document.pool.write(raw)
    }

    fn count_lines(&mut self, to: usize) {
        let passed = self.source.as_bytes().get(self.line_known_to..to).unwrap_or(&[]);
        self.line += memchr::memchr_iter(b'\n', passed).count() as u32;
        self.line_known_to = self.line_known_to.max(to);
    }

    /// The event's position is the tag's `<` already, unless white space came with it.
    fn count_lines_to_tag(&mut self, at: usize) {
        let rest = self.source.as_bytes().get(at..).unwrap_or(&[]);
        self.count_lines(at + memchr::memchr(b'<', rest).unwrap_or(0));
    }

    fn refuse(&self, reason: &str) -> ParseError {
        ParseError { line: self.line, reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use crate::Document;

    #[test]
    fn order_comments_and_escapes_survive() {
        let text = "<cib a=\"1\" b=\"&lt;&amp;&quot;&#10;\">\n  <!-- why -->\n  <x id=\"é\"/>\n  <y>\n    <z/>\n  </y>\n</cib>\n";
        let document = Document::parse(text).unwrap();
        assert_eq!(document.to_string(), text);
        assert_eq!(document.root().attr("b"), Some("<&\"\n"));
        assert_eq!(document.find_id("é").unwrap().line(), 3);
    }

    #[test]
    fn broken_text_names_its_line() {
        for (text, line) in
            [("<a>\n<b>\n</a>", 3), ("", 1), ("<a/>\n<b/>", 2), ("<a x=1/>", 1), ("<a>\n", 2)]
        {
            let error = Document::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
        }
    }

    #[test]
    fn attributes_grow_and_shrink() {
        let mut document = Document::parse("<a x=\"1\" y=\"2\"><b z=\"3\"/></a>").unwrap();
        let root = document.root().id();
        document.set(root, "w", "4");
        document.set(root, "y", "5");
        assert!(document.unset(root, "x"));
        assert!(!document.unset(root, "x"));
        assert_eq!(document.to_string(), "<a y=\"5\" w=\"4\">\n  <b z=\"3\"/>\n</a>\n");
    }

    #[test]
    fn nodes_move_copy_and_go() {
        let mut document = Document::parse("<a><b/><c/><d><e/></d></a>").unwrap();
        let root = document.root();
        let (b, c, d) =
            (root.child("b").unwrap(), root.child("c").unwrap(), root.child("d").unwrap());
        let (root, b, c, d) = (root.id(), b.id(), c.id(), d.id());
        document.relocate(b, root, None);
        let snapshot = document.clone();
        document.insert_copy_before(c, snapshot.element(d));
        document.remove(d);
        let names: Vec<_> = document.root().descendants().map(|e| e.name()).collect();
        assert_eq!(names, ["a", "d", "e", "c", "b"]);
    }
}

//! Attribute values and text as spans of two buffers: what was parsed (shared, never copied) and
//! what was written since.

use std::sync::Arc;

/// A piece of text in a [`Pool`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Offset; the top bit says that it lies in the written buffer.
    start: u32,
    len: u32,
}

const WRITTEN: u32 = 1 << 31;

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    parsed: Arc<String>,
    written: Arc<String>,
}

impl Pool {
    /// Invariant: `parsed` is shorter than 2 GiB; the reader refuses longer input.
    pub(crate) fn new(parsed: Arc<String>) -> Self {
        Self { parsed, written: Arc::default() }
    }

    /// A span of the parsed text. The range must lie on character boundaries.
    pub(crate) fn parsed_span(start: usize, len: usize) -> Span {
        Span { start: start as u32, len: len as u32 }
    }

    pub(crate) fn empty() -> Span {
        Span { start: 0, len: 0 }
    }

    /// Keeps `text` and answers where.
    pub(crate) fn write(&mut self, text: &str) -> Span {
        let written = Arc::make_mut(&mut self.written);
        // Beyond this a span would point into the wrong text: better no answer than a false one.
        // Owners rebuild long before (`Document::slack`).
        assert!(written.len() + text.len() < WRITTEN as usize, "2 GiB of text written");
        let start = written.len() as u32 | WRITTEN;
        written.push_str(text);
        Span { start, len: text.len() as u32 }
    }

    pub(crate) fn get(&self, span: Span) -> &str {
        let start = (span.start & !WRITTEN) as usize;
        let end = start + span.len as usize;
        let buffer = if span.start & WRITTEN == 0 { &self.parsed } else { &self.written };
        buffer.get(start..end).unwrap_or("")
    }

    /// How many bytes were written after parsing; the owner may rebuild when it grows too large.
    pub(crate) fn written_len(&self) -> usize {
        self.written.len()
    }
}

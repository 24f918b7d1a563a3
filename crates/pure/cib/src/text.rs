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
    parsed: Arc<str>,
    written: String,
}

impl Pool {
    /// Invariant: `parsed` is shorter than 2 GiB; the reader refuses longer input.
    pub(crate) fn new(parsed: Arc<str>) -> Self {
        Self { parsed, written: String::new() }
    }

    /// A span of the parsed text. `range` must lie on character boundaries.
    pub(crate) fn parsed_span(start: usize, len: usize) -> Span {
        Span { start: start as u32, len: len as u32 }
    }

    pub(crate) fn parsed(&self) -> &Arc<str> {
        &self.parsed
    }

    /// Keeps `text` and answers where.
    pub(crate) fn write(&mut self, text: &str) -> Span {
        let start = self.written.len() as u32 | WRITTEN;
        self.written.push_str(text);
        Span { start, len: text.len() as u32 }
    }

    pub(crate) fn get(&self, span: Span) -> &str {
        let start = (span.start & !WRITTEN) as usize;
        let end = start + span.len as usize;
        let buffer: &str = if span.start & WRITTEN == 0 { &self.parsed } else { &self.written };
        buffer.get(start..end).unwrap_or("")
    }

    /// How many bytes were written after parsing; the owner may rebuild when it grows too large.
    pub(crate) fn written_len(&self) -> usize {
        self.written.len()
    }
}

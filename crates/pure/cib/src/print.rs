//! Writing a tree the way Pacemaker's tools do: two blanks of indent, one element a line.

use std::fmt::{self, Write};

use crate::element::Element;
use crate::scan::is_xml;
use crate::tree::Kind;

impl fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece: a formatter is slow with many small ones.
        let mut out = String::new();
        write_pretty(&mut out, *self, 0);
        f.write_str(&out)
    }
}

impl Element<'_> {
    /// On one line without blanks between tags, comments included, with only those attributes
    /// whose names are wanted: what digests are made of.
    pub(crate) fn compact(self, wanted: impl Fn(&str) -> bool) -> String {
        let mut out = String::new();
        write_compact(&mut out, self, &wanted);
        out
    }
}

/// `text` as it stands between the quotes of an attribute.
pub fn escape_attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

/// Writes ` name="value"` with the value escaped.
pub fn push_attribute(out: &mut String, name: &str, value: &str) {
    push_all(out, &[" ", name, "=\""]);
    push_escaped(out, value);
    out.push('"');
}

fn write_pretty(out: &mut String, node: Element<'_>, depth: usize) {
    match node.kind() {
        Kind::Comment => {
            push_indent(out, depth);
            push_all(out, &["<!--", node.own_text(), "-->\n"]);
        }
        Kind::Text => {
            let text = node.own_text().trim();
            if !text.is_empty() {
                push_indent(out, depth);
                push_escaped(out, text);
                out.push('\n');
            }
        }
        Kind::Element => {
            push_indent(out, depth);
            push_start(out, node, &|_| true);
            if node.nodes().next().is_none() {
                out.push_str("/>\n");
                return;
            }
            out.push_str(">\n");
            for child in node.nodes() {
                write_pretty(out, child, depth + 1);
            }
            push_indent(out, depth);
            push_all(out, &["</", node.name(), ">\n"]);
        }
    }
}

fn write_compact(out: &mut String, node: Element<'_>, wanted: &impl Fn(&str) -> bool) {
    match node.kind() {
        Kind::Comment => push_all(out, &["<!--", node.own_text(), "-->"]),
        Kind::Text => {}
        Kind::Element => {
            push_start(out, node, wanted);
            if node.nodes().next().is_none() {
                out.push_str("/>");
                return;
            }
            out.push('>');
            for child in node.nodes() {
                write_compact(out, child, wanted);
            }
            push_all(out, &["</", node.name(), ">"]);
        }
    }
}

/// The start tag, still open.
fn push_start(out: &mut String, node: Element<'_>, wanted: &impl Fn(&str) -> bool) {
    push_all(out, &["<", node.name()]);
    for (name, value) in node.attrs().filter(|(name, _)| wanted(name)) {
        push_attribute(out, name, value);
    }
}

fn push_all(out: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| out.push_str(piece));
}

fn push_indent(out: &mut String, depth: usize) {
    const BLANKS: &str = "                                ";
    let mut left = depth * 2;
    while left > 0 {
        let some = left.min(BLANKS.len());
        out.push_str(BLANKS.get(..some).unwrap_or_default());
        left -= some;
    }
}

fn push_escaped(out: &mut String, text: &str) {
    // All that is escaped is ASCII, or begins with this byte.
    const NOT_XML: u8 = 0xef;
    let may_need = |byte: u8| byte < b' ' || matches!(byte, b'<' | b'>' | b'&' | b'"' | NOT_XML);
    let mut rest = text;
    while let Some(at) = rest.bytes().position(may_need) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('&') => out.push_str("&amp;"),
            Some('"') => out.push_str("&quot;"),
            // No XML may hold it (2.2): a document that nobody can read helps nobody.
            Some(bad) if !is_xml(bad) => out.push('\u{fffd}'),
            // Literal line ends would come back as blanks (XML 1.0, 3.3.3).
            Some(end @ ('\n' | '\r' | '\t')) => {
                // Writing to a String does not fail.
                let _ = write!(out, "&#x{:02X};", u32::from(end));
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_is_escaped() {
        for (text, escaped) in [
            ("a<b>&\"'c", "a&lt;b&gt;&amp;&quot;'c"),
            ("\n\t\r", "&#x0A;&#x09;&#x0D;"),
            ("\u{1}\u{fffe}\u{fffd}\u{feff}é", "\u{fffd}\u{fffd}\u{fffd}\u{feff}é"),
            ("", ""),
        ] {
            assert_eq!(escape_attribute(text), escaped);
        }
    }
}

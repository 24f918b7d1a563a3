//! Writing a tree the way Pacemaker's tools do: two blanks of indent, one element a line.

use std::fmt::{self, Write};

use crate::element::Element;
use crate::scan::is_xml;
use crate::tree::Kind;

impl fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_node(f, *self, 0)
    }
}

fn write_node(f: &mut fmt::Formatter<'_>, node: Element<'_>, depth: usize) -> fmt::Result {
    let indent = depth * 2;
    match node.kind() {
        Kind::Comment => writeln!(f, "{:indent$}<!--{}-->", "", node.own_text()),
        Kind::Text if node.own_text().trim().is_empty() => Ok(()),
        Kind::Text => writeln!(f, "{:indent$}{}", "", escape_attribute(node.own_text().trim())),
        Kind::Element => {
            write!(f, "{:indent$}<{}", "", node.name())?;
            for (name, value) in node.attrs() {
                write!(f, " {name}=\"")?;
                write_escaped(f, value)?;
                f.write_char('"')?;
            }
            if node.nodes().next().is_none() {
                return f.write_str("/>\n");
            }
            f.write_str(">\n")?;
            for child in node.nodes() {
                write_node(f, child, depth + 1)?;
            }
            writeln!(f, "{:indent$}</{}>", "", node.name())
        }
    }
}

impl Element<'_> {
    /// On one line without blanks between tags, comments included, with only those attributes
    /// whose names are wanted: what digests are made of.
    pub(crate) fn compact(self, wanted: impl Fn(&str) -> bool) -> String {
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = write_compact(&mut out, self, &wanted);
        out
    }
}

fn write_compact(
    out: &mut String,
    node: Element<'_>,
    wanted: &impl Fn(&str) -> bool,
) -> fmt::Result {
    match node.kind() {
        Kind::Comment => write!(out, "<!--{}-->", node.own_text()),
        Kind::Text => Ok(()),
        Kind::Element => {
            write!(out, "<{}", node.name())?;
            for (name, value) in node.attrs().filter(|(name, _)| wanted(name)) {
                write!(out, " {name}=\"")?;
                write_escaped(out, value)?;
                out.write_char('"')?;
            }
            if node.nodes().next().is_none() {
                return out.write_str("/>");
            }
            out.write_char('>')?;
            for child in node.nodes() {
                write_compact(out, child, wanted)?;
            }
            write!(out, "</{}>", node.name())
        }
    }
}

/// `text` as it stands between the quotes of an attribute.
pub fn escape_attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a String does not fail.
    let _ = write_escaped(&mut out, text);
    out
}

fn write_escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    let special = |c: char| matches!(c, '<' | '>' | '&' | '"' | '\n' | '\r' | '\t') || !is_xml(c);
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        let (plain, from) = rest.split_at(at);
        out.write_str(plain)?;
        let mut chars = from.chars();
        match chars.next() {
            Some('<') => out.write_str("&lt;")?,
            Some('>') => out.write_str("&gt;")?,
            Some('&') => out.write_str("&amp;")?,
            Some('"') => out.write_str("&quot;")?,
            // No XML may hold it (2.2): a document that nobody can read helps nobody.
            Some(bad) if !is_xml(bad) => out.write_char('\u{fffd}')?,
            // Literal line ends would come back as blanks (XML 1.0, 3.3.3).
            Some(other) => write!(out, "&#x{:02X};", u32::from(other))?,
            None => {}
        }
        rest = chars.as_str();
    }
    out.write_str(rest)
}

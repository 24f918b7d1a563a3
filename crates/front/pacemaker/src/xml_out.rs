//! Writes an XML document: one element a line, two blanks of indent.

use cib::escape_attribute;

use crate::outline::escape_text;

/// Builds a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct XmlOut {
    out: String,
    open: Vec<String>,
    /// The last start tag has no `>` yet.
    unfinished: bool,
}

impl XmlOut {
    /// Opens an element; attributes follow, then children, until [`XmlOut::end`].
    pub(crate) fn begin(&mut self, name: &str) {
        self.finish_tag(true);
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name.to_owned());
        self.unfinished = true;
    }

    /// An attribute of the element that was just opened.
    pub(crate) fn attr(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.out.push_str(&escape_attribute(value));
        self.out.push('"');
    }

    /// The same, if there is a value.
    pub(crate) fn attr_if(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.attr(name, value);
        }
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.attr(name, if value { "true" } else { "false" });
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &str, value: impl std::fmt::Display) {
        self.attr(name, &value.to_string());
    }

    pub(crate) fn end(&mut self) {
        let name = self.open.pop().unwrap_or_default();
        if self.unfinished {
            self.unfinished = false;
            self.out.push_str("/>\n");
            return;
        }
        self.indent();
        self.out.push_str("</");
        self.out.push_str(&name);
        self.out.push_str(">\n");
    }

    /// An element without children.
    pub(crate) fn empty(&mut self, name: &str, pairs: &[(&str, &str)]) {
        self.begin(name);
        for (name, value) in pairs {
            self.attr(name, value);
        }
        self.end();
    }

    /// An element with nothing but text in it.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, None, text);
    }

    /// The same, with an attribute.
    pub(crate) fn text_with(&mut self, name: &str, with: Option<(&str, &str)>, text: &str) {
        self.begin(name);
        if let Some((key, value)) = with {
            self.attr(key, value);
        }
        if text.is_empty() {
            return self.end();
        }
        self.finish_tag(false);
        self.out.push_str(&escape_text(text));
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
        self.open.pop();
    }

    /// An element with a text in it that is markup itself.
    pub(crate) fn verbatim(&mut self, name: &str, text: &str) {
        self.begin(name);
        self.finish_tag(false);
        // The mark that ends such a text may not stand in it.
        let text = text.replace("]]>", "]]]]><![CDATA[>");
        self.out.push_str(&format!("<![CDATA[{text}]]></{name}>\n"));
        self.open.pop();
    }

    /// The document; whatever is open is closed.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.out
    }

    fn finish_tag(&mut self, new_line: bool) {
        if self.unfinished {
            self.unfinished = false;
            self.out.push('>');
            if new_line {
                self.out.push('\n');
            }
        }
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.out.push_str("  ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_nest_and_text_is_escaped() {
        let mut xml = XmlOut::default();
        xml.begin("a");
        xml.attr("x", "1 < \"2\"");
        xml.empty("b", &[("y", "z")]);
        xml.text("c", "p & q");
        xml.begin("d");
        assert_eq!(
            xml.finish(),
            "<a x=\"1 &lt; &quot;2&quot;\">\n  <b y=\"z\"/>\n  <c>p &amp; q</c>\n  <d/>\n</a>\n"
        );
    }
}

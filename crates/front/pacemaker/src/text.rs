//! Nested lists as text: the form of most of Pacemaker's tools' output.

use std::fmt::Write;

/// Builds text of nested lists.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    out: String,
    depth: usize,
    style: Style,
}

/// How lists are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Titles, bullets and indents.
    Lists,
    /// Items alone, one a line.
    Bare,
}

impl Text {
    pub(crate) fn new(style: Style) -> Self {
        Self { out: String::new(), depth: 0, style }
    }

    /// Opens a list; what follows is inside it until [`Text::end`].
    pub(crate) fn begin(&mut self, title: &str) {
        if self.style == Style::Lists {
            self.indent();
            self.out.push_str(title);
            self.out.push_str(":\n");
        }
        self.depth += 1;
    }

    pub(crate) fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(crate) fn item(&mut self, text: &str) {
        if self.style == Style::Lists {
            self.indent();
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A line outside any list.
    pub(crate) fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// An empty line.
    pub(crate) fn space(&mut self) {
        self.out.push('\n');
    }

    /// What was written since the last time.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn indent(&mut self) {
        let width = self.depth * 2;
        // Writing to a String does not fail.
        let _ = write!(self.out, "{:width$}", "");
        if self.depth > 0 {
            self.out.push_str("* ");
        }
    }
}

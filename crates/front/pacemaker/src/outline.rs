//! Nested lists of lines, for people: as text, or as a page.

use std::fmt::Write;

/// Builds nested lists.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
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
    /// The body of an HTML page.
    Page,
}

impl Outline {
    pub(crate) fn new(style: Style) -> Self {
        Self { out: String::new(), depth: 0, style }
    }

    /// Opens a list; what follows is inside it until [`Outline::end`].
    pub(crate) fn begin(&mut self, title: &str) {
        match self.style {
            Style::Lists => {
                self.indent();
                self.out.push_str(title);
                self.out.push_str(":\n");
            }
            Style::Bare => {}
            Style::Page => self.begin_on_page(title),
        }
        self.depth += 1;
    }

    /// Opens a list that has no title.
    pub(crate) fn nest(&mut self) {
        if self.style == Style::Page {
            self.out.push_str(if self.depth > 0 { "<li><ul>\n" } else { "<ul>\n" });
        }
        self.depth += 1;
    }

    pub(crate) fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.style == Style::Page {
            self.out.push_str(if self.depth > 0 { "</ul></li>\n" } else { "</ul>\n" });
        }
    }

    pub(crate) fn item(&mut self, text: &str) {
        match self.style {
            Style::Lists => {
                self.indent();
                self.out.push_str(text);
                self.out.push('\n');
            }
            Style::Bare => {
                self.out.push_str(text);
                self.out.push('\n');
            }
            Style::Page => self.element("li", text),
        }
    }

    /// A line outside any list.
    pub(crate) fn line(&mut self, text: &str) {
        match self.style {
            Style::Lists | Style::Bare => {
                self.out.push_str(text);
                self.out.push('\n');
            }
            Style::Page => self.element("p", text.trim()),
        }
    }

    /// An empty line; pages have margins instead.
    pub(crate) fn space(&mut self) {
        if self.style != Style::Page {
            self.out.push('\n');
        }
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

    fn begin_on_page(&mut self, title: &str) {
        let level = match self.depth {
            0 => "h2",
            1 => "h3",
            _ => "h4",
        };
        if self.depth > 0 {
            self.out.push_str("<li>");
        }
        self.element(level, title);
        self.out.push_str("<ul>\n");
    }

    fn element(&mut self, name: &str, text: &str) {
        let text = escape_text(text);
        let _ = writeln!(self.out, "<{name}>{text}</{name}>");
    }
}

/// `text` as it stands between tags.
pub(crate) fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What is around the body of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dress {
    pub(crate) title: String,
    /// The address of a style sheet of somebody's own.
    pub(crate) style_sheet: Option<String>,
    /// The browser asks for it again after so many seconds.
    pub(crate) again: Option<u64>,
    /// It answers a web server's call, which wants to hear first what it is.
    pub(crate) with_header: bool,
}

/// A whole page around a body.
pub(crate) fn page(dress: &Dress, body: &str) -> String {
    let Dress { title, style_sheet, again, with_header } = dress;
    let title = escape_text(title);
    let header = if *with_header { "Content-Type: text/html\n\n" } else { "" };
    let again =
        again.map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"));
    let own = style_sheet.as_ref().map(|address| {
        let address = cib::escape_attribute(address);
        format!("<link rel=\"stylesheet\" href=\"{address}\">\n")
    });
    let (again, own) = (again.unwrap_or_default(), own.unwrap_or_default());
    format!(
        "{header}<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{again}\
         <title>{title}</title>\n<style>{STYLE_SHEET}</style>\n{own}</head>\n<body>\n{body}\
         </body>\n</html>\n"
    )
}

const STYLE_SHEET: &str = "body { font-family: sans-serif; margin: 2em; } \
                           li { white-space: pre-wrap; } h3, h4 { margin: 0.6em 0 0.2em; }";

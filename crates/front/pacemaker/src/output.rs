//! Where sections go: written for people or for programs, with what goes wrong in between.

use std::io::Write;

use crate::exit::{self, Exit};
use crate::outline::{self, Dress, Outline, Style};
use crate::shown::Section;
use crate::xml_out::XmlOut;
use crate::{elements, lines};

/// The form of what is written. Field word: *output format*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Text,
    /// XML by Pacemaker's API schema.
    Xml,
    /// A page for a browser.
    Html,
    /// The exit code alone.
    Nothing,
}

impl Format {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Text, Self::Xml, Self::Html, Self::Nothing]
            .into_iter()
            .find(|format| format.name() == word)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Xml => "xml",
            Self::Html => "html",
            Self::Nothing => "none",
        }
    }

    /// Whether `--quiet` leaves anything out: programs always get all.
    pub(crate) fn can_be_quiet(self) -> bool {
        match self {
            Self::Text | Self::Nothing => true,
            Self::Xml | Self::Html => false,
        }
    }
}

/// Collects what a tool says, in order, until it ends.
#[derive(Debug)]
pub(crate) struct Output {
    writer: Writer,
    said: Vec<Said>,
    /// Sections were written already: the next one keeps its distance.
    any: bool,
    /// What Pacemaker writes to its log is said, too.
    logs: bool,
}

#[derive(Debug)]
enum Writer {
    Text(Outline),
    Page { outline: Outline, dress: Dress, errors: Vec<String> },
    Xml { xml: XmlOut, errors: Vec<String> },
    Nothing,
}

#[derive(Debug)]
enum Said {
    Output(String),
    Error(String),
}

impl Output {
    /// `request` is the command line; `bare` leaves out what makes text nice to read.
    pub(crate) fn new(format: Format, request: &str, bare: bool) -> Self {
        let writer = match format {
            Format::Text if bare => Writer::Text(Outline::new(Style::Bare)),
            Format::Text => Writer::Text(Outline::new(Style::Lists)),
            Format::Html => Writer::Page {
                outline: Outline::new(Style::Page),
                dress: Dress { title: request.to_owned(), ..Dress::default() },
                errors: Vec::new(),
            },
            Format::Xml => {
                let mut xml = XmlOut::default();
                elements::open(&mut xml, request);
                Writer::Xml { xml, errors: Vec::new() }
            }
            Format::Nothing => Writer::Nothing,
        };
        Self { writer, said: Vec::new(), any: false, logs: false }
    }

    /// Writes a section.
    pub(crate) fn show(&mut self, section: &Section<'_>) {
        self.any = true;
        match &mut self.writer {
            Writer::Text(outline) | Writer::Page { outline, .. } => lines::write(outline, section),
            Writer::Xml { xml, .. } => elements::write(xml, section),
            Writer::Nothing => {}
        }
    }

    /// Writes lines for people, or elements for programs.
    pub(crate) fn tell(
        &mut self,
        lines: impl FnOnce(&mut Outline),
        elements: impl FnOnce(&mut XmlOut),
    ) {
        self.any = true;
        match &mut self.writer {
            Writer::Text(outline) | Writer::Page { outline, .. } => lines(outline),
            Writer::Xml { xml, .. } => elements(xml),
            Writer::Nothing => {}
        }
    }

    /// Writes a text that is XML itself; programs find it, as text, in an element called `name`.
    pub(crate) fn quote(&mut self, name: &str, text: &str) {
        self.tell(
            |out| out.line(text.strip_suffix('\n').unwrap_or(text)),
            |xml| xml.verbatim(name, text),
        );
    }

    /// Forgets the form that was wanted, and what was written in it: what is said from here on is
    /// plain text.
    pub(crate) fn be_plain(&mut self) {
        self.writer = Writer::Text(Outline::new(Style::Bare));
    }

    /// Puts this around a page.
    pub(crate) fn dress(&mut self, wanted: Dress) {
        if let Writer::Page { dress, .. } = &mut self.writer {
            *dress = wanted;
        }
    }

    /// Leaves out what makes text nice to read.
    pub(crate) fn be_bare(&mut self) {
        if let Writer::Text(outline) = &mut self.writer {
            *outline = Outline::new(Style::Bare);
        }
    }

    /// Writes named values: for programs as a list called `name`; people see the values.
    pub(crate) fn list(&mut self, name: &str, items: &[(&str, &str)]) {
        self.tell(
            |out| items.iter().for_each(|(_, value)| out.item(value)),
            |xml| {
                xml.begin("list");
                xml.attr("name", name);
                xml.number("count", items.len());
                for (name, value) in items {
                    let name = Some(("name", *name)).filter(|(_, name)| !name.is_empty());
                    xml.text_with("item", name, value);
                }
                xml.end();
            },
        );
    }

    /// Something that people are told on the standard error output, and programs see anyway.
    pub(crate) fn tell_people(&mut self, words: &str) {
        if matches!(self.writer, Writer::Text(_)) {
            self.complain(words);
        }
    }

    /// A remark for people.
    pub(crate) fn note(&mut self, words: &str) {
        match &mut self.writer {
            Writer::Text(outline) | Writer::Page { outline, .. } => outline.line(words),
            Writer::Xml { .. } | Writer::Nothing => {}
        }
    }

    /// Something that went wrong with what was asked; it is part of the answer where the answer
    /// is not text.
    pub(crate) fn error(&mut self, words: String) {
        match &mut self.writer {
            Writer::Text(_) => self.complain(&words),
            Writer::Xml { errors, .. } | Writer::Page { errors, .. } => errors.push(words),
            Writer::Nothing => {}
        }
    }

    /// One line for the standard error output, in any form.
    pub(crate) fn complain(&mut self, words: &str) {
        self.flush();
        self.said.push(Said::Error(format!("{words}\n")));
    }

    /// Whether the caller wants to see what Pacemaker's tools write to their log: the errors of it.
    pub(crate) fn show_log(&mut self, wanted: bool) {
        self.logs = wanted;
    }

    /// A line of that log, for the standard error output.
    pub(crate) fn log(&mut self, words: &str) {
        if self.logs {
            self.complain(words);
        }
    }

    /// Keeps the distance to the sections before, if there were any.
    pub(crate) fn gap(&mut self) {
        if self.any {
            self.space();
        }
    }

    /// An empty line.
    pub(crate) fn space(&mut self) {
        match &mut self.writer {
            Writer::Text(outline) | Writer::Page { outline, .. } => outline.space(),
            Writer::Xml { .. } | Writer::Nothing => {}
        }
    }

    /// From here on sections keep their distance, even if none was written.
    pub(crate) fn expect_gap(&mut self) {
        self.any = true;
    }

    /// Ends what was written, and says all of it.
    pub(crate) fn finish(mut self, exit: Exit, output: &mut dyn Write, errors: &mut dyn Write) {
        self.flush();
        let last = match self.writer {
            Writer::Text(_) | Writer::Nothing => String::new(),
            Writer::Page { mut outline, dress, errors } => {
                if !errors.is_empty() {
                    outline.begin("Errors");
                    errors.iter().for_each(|error| outline.item(error));
                    outline.end();
                }
                outline::page(&dress, &outline.take())
            }
            Writer::Xml { xml, errors } => {
                elements::close(xml, exit as u8, exit::words_of(exit), &errors)
            }
        };
        self.said.push(Said::Output(last));
        for said in self.said {
            // Nobody is left to tell if the outputs are closed.
            let _ = match said {
                Said::Output(text) => output.write_all(text.as_bytes()),
                Said::Error(text) => errors.write_all(text.as_bytes()),
            };
        }
        let _ = output.flush();
    }

    /// Says what was written so far at once, since this program ends without a word.
    pub(crate) fn say_now(&mut self) {
        self.flush();
        for said in std::mem::take(&mut self.said) {
            let _closed = match said {
                Said::Output(text) => std::io::stdout().write_all(text.as_bytes()),
                Said::Error(text) => std::io::stderr().write_all(text.as_bytes()),
            };
        }
        let _closed = std::io::stdout().flush();
    }

    fn flush(&mut self) {
        if let Writer::Text(outline) = &mut self.writer {
            self.said.push(Said::Output(outline.take()));
        }
    }
}

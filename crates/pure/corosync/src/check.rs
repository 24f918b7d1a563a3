//! What is odd in a file, line by line.
//!
//! An [`Severity::Error`] keeps Corosync from starting or the cluster from being one; a
//! [`Severity::Warning`] does something other than its author thinks; a [`Severity::Note`] is worth a
//! thought.

mod device;
mod directives;
mod nodes;
mod quorum;
mod totem;

use crate::settings::Settings;
use crate::table::{CURRENT, Release};
use crate::text::{Conf, Wrong};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    /// In a message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Counted from 1; 0 is the file as a whole.
    pub line: u32,
    pub severity: Severity,
    pub what: String,
    /// The nearest right word, or what to do.
    pub hint: Option<String>,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, severity, what, hint } = self;
        if *line > 0 {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}: {what}", severity.word())?;
        hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// Everything odd in the text for Corosync as it is now, in the order of the lines.
pub fn check(text: &str) -> Vec<Finding> {
    check_for(text, CURRENT)
}

/// The same for another release.
pub fn check_for(text: &str, release: Release) -> Vec<Finding> {
    let conf = Conf::parse(text);
    let mut found = Findings { found: Vec::new(), release };
    wrong_lines(&conf, &mut found);
    directives::check(&conf, &mut found);
    let settings = Settings::of(&conf);
    totem::check(&settings, &mut found);
    nodes::check(&settings, &mut found);
    quorum::check(&settings, &mut found);
    found.found.sort_by(|a, b| (a.line, b.severity).cmp(&(b.line, a.severity)));
    found.found
}

/// What was found so far, and for which release.
pub(crate) struct Findings {
    found: Vec<Finding>,
    release: Release,
}

impl Findings {
    fn add(
        &mut self,
        severity: Severity,
        line: u32,
        what: impl Into<String>,
        hint: Option<String>,
    ) {
        self.found.push(Finding { line, severity, what: what.into(), hint });
    }

    fn error(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Error, line, what, some(hint));
    }

    fn warning(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Warning, line, what, some(hint));
    }

    fn note(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Note, line, what, some(hint));
    }
}

fn some(hint: &str) -> Option<String> {
    (!hint.is_empty()).then(|| hint.to_owned())
}

fn wrong_lines(conf: &Conf, found: &mut Findings) {
    for wrong in conf.wrong() {
        let line = wrong.line;
        match &wrong.what {
            Wrong::NoMeaning => found.error(
                line,
                format!("`{}` is neither `key: value` nor a section", shown(conf.line(line))),
                "a comment begins with #",
            ),
            Wrong::NameMissing => found.error(line, "a section without a name", ""),
            Wrong::KeyMissing => found.error(line, "a value without a key", ""),
            Wrong::BehindOpening => {
                found.error(line, "there is more behind the `{`", "begin a new line after it");
            }
            Wrong::AroundClosing => {
                found.error(line, "the `}` is not alone on its line", "give it a line of its own");
            }
            Wrong::NothingToClose => found.error(line, "there is no section to close", ""),
            Wrong::TooDeep => found.error(line, "sections are nested too deep", ""),
            Wrong::NeverClosed(name) => {
                found.error(line, format!("the section `{name}` is never closed"), "");
            }
        }
    }
}

/// Not more of a line than fits a message.
fn shown(text: &str) -> String {
    const MAX: usize = 60;
    let text = text.trim();
    let short: String = text.chars().take(MAX).collect();
    if short.len() < text.len() { format!("{short}...") } else { short }
}

#[cfg(test)]
mod tests;

//! The configuration replaced whole: what `quorate config` and its editor share.

use std::path::Path;

use cib::{Document, Section};
use view::diff;
use view::text::Tone;
use wire::api::Edit;

use crate::arguments::{Changing, Common};
use crate::change::{Wanted, carry_out};
use crate::exit::Exit;
use crate::source::{self, Source};
use crate::trouble::Trouble;
use crate::{edits, say};

/// A change that replaces the configuration whole: shown as a difference before its plan.
pub(super) fn replace(
    common: &Common,
    changing: Changing,
    source: &Source,
    wanted: Wanted,
) -> Result<Exit, Trouble> {
    let difference = difference(&source.document, &wanted.after);
    if difference.is_empty() {
        say::out("The configuration is that already: nothing to change.\n");
        return Ok(Exit::Done);
    }
    if !common.json {
        say::out(&painted(&difference));
    }
    carry_out(common, changing, source, &wanted)
}

/// What replaces the configuration whole is for the one that was looked at: another would lose what
/// somebody else changed meanwhile.
pub(super) fn based_on(document: &Document) -> Option<String> {
    document.version().ok().map(|version| version.to_string())
}

/// The edits that make another document's configuration ours, and our document after them.
pub(super) fn replaced(document: &Document, path: &Path) -> Result<(Vec<Edit>, Document), Trouble> {
    let xml = source::read_text(path)?;
    source::parse(xml.clone(), &path.display().to_string())?;
    let edits = vec![Edit::Replace { xml }];
    let after = edits::apply(document, &edits)?;
    Ok((edits, after))
}

pub(super) fn difference(before: &Document, after: &Document) -> String {
    diff::unified(&configuration(before), &configuration(after))
}

/// What people write, as text.
pub(super) fn configuration(document: &Document) -> String {
    document.section(Section::Configuration).map(|found| found.to_string()).unwrap_or_default()
}

pub(super) fn painted(difference: &str) -> String {
    let options = view::RenderOptions { colour: say::colour(), now: 0 };
    let mut text = String::new();
    for line in difference.lines() {
        let tone = match line.as_bytes().first() {
            Some(b'+') => Tone::Good,
            Some(b'-') => Tone::Bad,
            _ => Tone::Plain,
        };
        text.push_str(&options.paint(tone, line));
        text.push('\n');
    }
    text
}

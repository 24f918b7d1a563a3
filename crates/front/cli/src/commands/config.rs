//! `quorate config`: the document and its configuration.

use std::path::Path;
use std::process::Command;

use cib::{Document, Element, Section};
use view::diff;
use view::text::Tone;
use wire::api::{Edit, Request};

use crate::arguments::{Changing, Common, Config};
use crate::change::{Wanted, carry_out};
use crate::exit::Exit;
use crate::source::{self, Source};
use crate::trouble::Trouble;
use crate::{edits, say};

pub(super) fn run(common: &Common, verb: &Config) -> Result<Exit, Trouble> {
    match verb {
        Config::Show { section } => show(common, section.as_deref()),
        Config::Edit { changing } => edit(common, *changing),
        Config::Diff { other } => differences(common, other),
        Config::Apply { new, changing } => apply(common, *changing, new),
        Config::Undo { changing } => undo(common, *changing),
        Config::Check { document } => check(common, document.as_deref()),
    }
}

fn show(common: &Common, section: Option<&str>) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let section = match section {
        None => Section::Cib,
        Some(name) => name.parse().map_err(|_| {
            let known = Section::ALL.iter().map(|section| section.name().to_owned());
            Trouble::unknown("section", name, known.collect())
        })?,
    };
    match source.document.section(section) {
        Some(found) => say::out(&found.to_string()),
        None => say::out(&format!("<{}/>\n", section.name())),
    }
    Ok(Exit::Done)
}

/// The edits that make another document's configuration ours, and our document after them.
pub(super) fn replaced(document: &Document, path: &Path) -> Result<(Vec<Edit>, Document), Trouble> {
    let xml = source::read_text(path)?;
    source::parse(xml.clone(), &path.display().to_string())?;
    let edits = vec![Edit::Replace { xml }];
    let after = edits::apply(document, &edits)?;
    Ok((edits, after))
}

fn apply(common: &Common, changing: Changing, path: &Path) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let (edits, after) = replaced(&source.document, path)?;
    let what = format!("Make {} the configuration", path.display());
    replace(common, changing, &source, (what, edits, after))
}

fn replace(
    common: &Common,
    changing: Changing,
    source: &Source,
    (what, edits, after): (String, Vec<Edit>, Document),
) -> Result<Exit, Trouble> {
    let difference = difference(&source.document, &after);
    if difference.is_empty() {
        say::out("The configuration is that already: nothing to change.\n");
        return Ok(Exit::Done);
    }
    if !common.json {
        say::out(&painted(&difference));
    }
    let change = wire::api::Change::Edit { edits };
    let wanted = Wanted::change(what, changing, change, after);
    carry_out(common, changing, source, &wanted)
}

fn edit(common: &Common, changing: Changing) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let before = configuration(&source.document);
    let path = std::env::temp_dir().join(format!("quorate-{}.xml", std::process::id()));
    write_new(&path, &before)?;
    let edited = run_editor(&path).and_then(|()| source::read_text(&path));
    // It may hold passwords of fence devices: it goes whatever happened.
    let _ = std::fs::remove_file(&path);
    let edited = edited?;
    source::parse(edited.clone(), "what you wrote")?;
    let edits = vec![Edit::Replace { xml: edited }];
    let after = edits::apply(&source.document, &edits)?;
    replace(common, changing, &source, ("Make that the configuration".to_owned(), edits, after))
}

/// Makes a file that only its owner may read, and that was not there.
fn write_new(path: &Path, text: &str) -> Result<(), Trouble> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| Trouble::Write { path: path.to_owned(), source })
}

fn run_editor(path: &Path) -> Result<(), Trouble> {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|command| !command.trim().is_empty());
    let command = named.unwrap_or_else(|| "vi".to_owned());
    // The variable may hold options, so a shell reads it, as everywhere.
    let status =
        Command::new("sh").arg("-c").arg(format!("{command} \"$1\"")).arg("sh").arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Trouble::Editor { command, reason: format!("ended with {status}") }),
        Err(error) => {
            Err(Trouble::Editor { command, reason: format!("could not be run: {error}") })
        }
    }
}

fn differences(common: &Common, other: &Path) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let (_, after) = replaced(&source.document, other)?;
    let difference = difference(&source.document, &after);
    say::out(&painted(&difference));
    Ok(if difference.is_empty() { Exit::Done } else { Exit::Different })
}

fn difference(before: &Document, after: &Document) -> String {
    diff::unified(&configuration(before), &configuration(after))
}

/// What people write, as text.
fn configuration(document: &Document) -> String {
    document.section(Section::Configuration).map(|found| found.to_string()).unwrap_or_default()
}

fn painted(difference: &str) -> String {
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

fn undo(common: &Common, changing: Changing) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    // Which configuration that is only the daemon knows.
    let wanted = Wanted {
        what: "Go back to the configuration before the last change of it".to_owned(),
        requests: vec![Request::Undo { force: changing.force }],
        after: source.document.clone(),
        notes: vec![
            "What that configuration is the daemon knows; afterwards `quorate config undo` again \
             comes back here."
                .to_owned(),
        ],
    };
    carry_out(common, changing, &source, &wanted)
}

fn check(common: &Common, path: Option<&Path>) -> Result<Exit, Trouble> {
    let document = match path {
        Some(path) => source::read_file(path)?,
        None => Source::read(common)?.document,
    };
    let checked = cib::schema::check(&document);
    let violations: Vec<String> =
        checked.violations.iter().chain(&checked.misdirected).map(ToString::to_string).collect();
    let now = source::now(common);
    let planned = scheduler::plan(&document, &scheduler::Input { now, ..Default::default() });
    let findings = view::status::findings(&planned.findings);
    let errors =
        violations.len() + findings.iter().filter(|found| found.severity == "error").count();
    if common.json {
        say::json(&serde_json::json!({ "violations": violations, "findings": findings }));
    } else {
        for found in &violations {
            say::out(&format!("error: {found}\n"));
        }
        for finding in &findings {
            let at = match finding.line {
                0 => String::new(),
                line => format!("line {line}: "),
            };
            say::out(&format!("{}: {at}{}\n", finding.severity, finding.message));
        }
        if violations.is_empty() && findings.is_empty() {
            let resources = document.section(Section::Resources);
            let count = resources.into_iter().flat_map(Element::children).count();
            let counted = view::words::count(count, "resource");
            say::out(&format!("Nothing wrong with it: {counted}.\n"));
        }
    }
    Ok(if errors == 0 { Exit::Done } else { Exit::Different })
}

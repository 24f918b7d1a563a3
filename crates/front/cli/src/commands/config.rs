//! `quorate config`: the document and its configuration.

use std::path::Path;

use cib::{Element, Section};
use wire::api::{Edit, Request};

use super::config_edit;
use super::config_whole::{based_on, difference, painted, replace, replaced};
use crate::arguments::{Changing, Common, Config};
use crate::change::{OnMisfits, Wanted};
use crate::exit::Exit;
use crate::source::{self, Source};
use crate::trouble::Trouble;
use crate::{edits, say};

pub(super) fn run(common: &Common, verb: &Config) -> Result<Exit, Trouble> {
    match verb {
        Config::Show { section } => show(common, section.as_deref()),
        Config::Edit { changing } => config_edit::edit(common, *changing),
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

fn apply(common: &Common, changing: Changing, path: &Path) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let (edits, after) = replaced(&source.document, path)?;
    let what = format!("Make {} the configuration", path.display());
    let change = wire::api::Change::Edit { edits };
    let based_on = based_on(&source.document);
    let request = Request::Change { change, force: changing.force, based_on };
    replace(
        common,
        changing,
        &source,
        Wanted {
            what,
            requests: vec![request],
            after,
            notes: Vec::new(),
            misfits: OnMisfits::Tell,
        },
    )
}

fn differences(common: &Common, other: &Path) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let (_, after) = replaced(&source.document, other)?;
    let difference = difference(&source.document, &after);
    say::out(&painted(&difference));
    Ok(if difference.is_empty() { Exit::Done } else { Exit::Different })
}

fn undo(common: &Common, changing: Changing) -> Result<Exit, Trouble> {
    let client = source::daemon(common, "undo")?;
    // In this order: what somebody changes in between makes the undo stale, not another one.
    let source = Source::read(common)?;
    let earlier = client.earlier()?;
    let after = edits::apply(&source.document, &[Edit::Replace { xml: earlier }])?;
    let based_on = based_on(&source.document);
    let wanted = Wanted {
        what: "Go back to the configuration before the last change of it".to_owned(),
        requests: vec![Request::Undo { force: changing.force, based_on }],
        after,
        notes: vec!["`quorate config undo` once more would come back here.".to_owned()],
        misfits: OnMisfits::Tell,
    };
    replace(common, changing, &source, wanted)
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

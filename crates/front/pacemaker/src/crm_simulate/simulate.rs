//! The tool's course: status, changes, plan, rehearsal, status again.

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use cib::Document;
use scheduler::{Input, ScoreLine};
use transition::rehearse::Ending;

use super::arguments::{Source, Wanted};
use super::{Spoken, Trouble, execute, inject, input};
use crate::dot::Drawn;
use crate::exit::Exit;
use crate::status::{self, Shown};
use crate::text::Text;
use crate::{dot, graph, summary, time};

/// Everything but `--profile`.
pub(super) fn simulate(
    text: &mut Text,
    spoken: &mut Spoken,
    wanted: &Wanted,
) -> Result<(), Trouble> {
    let mut document = input::read(&wanted.source, spoken)?;
    // Nothing is said before it is clear that the result can be kept.
    if let Some(path) = output_path(wanted) {
        input::save(path, &document)?;
    }
    let mut any_text = false;
    let when = effective_time(text, &document, wanted);
    if !wanted.quiet {
        show_current(text, &document, &when, wanted);
        any_text = true;
    }
    if wanted.injections.any() {
        if any_text {
            text.space();
        }
        inject::inject(text, spoken, &mut document, &wanted.injections, when.now, wanted.quiet);
        any_text = true;
        effective_time(text, &document, wanted);
    }
    if let Some(path) = &wanted.save_input {
        input::save(path, &document)?;
    }
    let ended =
        if wanted.plan { plan(text, spoken, &document, &when, wanted, any_text)? } else { None };
    let end = ended.as_ref().unwrap_or(&document);
    if let Some(path) = output_path(wanted) {
        input::save(path, end)?;
    }
    Ok(())
}

fn output_path(wanted: &Wanted) -> Option<&Path> {
    match (&wanted.source, wanted.in_place) {
        (Source::File(path), true) => Some(path),
        (Source::File(_) | Source::Pipe | Source::Live, _) => wanted.save_output.as_deref(),
    }
}

/// When it is, for everything that depends on time.
fn effective_time(text: &mut Text, document: &Document, wanted: &Wanted) -> Input {
    let executed = document.root().attr("execution-date").and_then(|text| text.parse().ok());
    let (now, words) = match (&wanted.now, executed) {
        (Some((given, now)), _) => (*now, format!("Setting effective cluster time: {given}")),
        (None, Some(now)) => {
            let date = time::calendar(now);
            (now, format!("Using the original execution date of: {date}"))
        }
        (None, None) => return Input { now: clock(), sanitized: true },
    };
    if !wanted.quiet {
        text.line(&words);
    }
    Input { now, sanitized: true }
}

/// Seconds since 1970 by the machine's clock.
fn clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn show_current(text: &mut Text, document: &Document, when: &Input, wanted: &Wanted) {
    let resolved = scheduler::resolve(document, when);
    let mut any_text = false;
    if resolved.options.maintenance_mode {
        text.space();
        text.line("              *** Resource management is DISABLED ***");
        text.line("  The cluster will not attempt to start, stop or recover services");
        any_text = true;
    }
    let counts = status::count(&resolved);
    if counts.disabled > 0 || counts.blocked > 0 {
        if any_text {
            text.space();
        }
        text.line(&format!(
            "{} of {} resource instances DISABLED and {} BLOCKED from further action due to \
             failure",
            counts.disabled, counts.instances, counts.blocked
        ));
        any_text = true;
    }
    if any_text {
        text.space();
    }
    text.begin("Current cluster status");
    status::write(text, &resolved, shown(wanted, true));
    text.end();
}

fn shown(wanted: &Wanted, pending: bool) -> Shown {
    Shown { pending, attributes: wanted.attributes, failures: wanted.failures }
}

/// Plans, and carries the plan out if that is wanted: then the document at the end comes back.
fn plan(
    text: &mut Text,
    spoken: &mut Spoken,
    document: &Document,
    when: &Input,
    wanted: &Wanted,
    any_text: bool,
) -> Result<Option<Document>, Trouble> {
    let planned = scheduler::plan(document, when);
    let mut any_text = any_text;
    if wanted.scores || wanted.utilization {
        if any_text {
            text.space();
        }
        show_scores(text, &planned.scores, wanted);
        any_text = true;
    }
    if let Some(path) = &wanted.save_graph {
        input::save_plan(path, &graph::render(&planned.plan, 1))?;
    }
    if let Some(path) = &wanted.save_dot {
        let drawn = Drawn { all: wanted.all_actions, numbers: wanted.verbose };
        input::save_plan(path, &dot::render(&planned.actions, drawn))?;
    }
    if !wanted.quiet {
        if any_text {
            text.space();
        }
        text.begin("Transition Summary");
        summary::write(text, &planned.changes);
        text.end();
        any_text = true;
    }
    if !wanted.rehearse {
        return Ok(None);
    }
    if any_text {
        text.space();
    }
    let resolved = scheduler::resolve(document, when);
    let wishes = execute::Wishes { failing: &wanted.failing, now: when.now, quiet: wanted.quiet };
    let (ended, ending) = execute::execute(text, spoken, &resolved, &planned.plan, &wishes);
    if !wanted.quiet {
        let when = effective_time(text, &ended, wanted);
        text.space();
        text.begin("Revised Cluster Status");
        status::write(text, &scheduler::resolve(&ended, &when), shown(wanted, false));
        text.end();
    }
    match ending {
        Ending::Complete | Ending::Stopped => Ok(Some(ended)),
        Ending::Stuck => Err(Trouble::new(Exit::Error, "")),
    }
}

fn show_scores(text: &mut Text, scores: &[ScoreLine], wanted: &Wanted) {
    text.begin(match (wanted.scores, wanted.utilization) {
        (true, true) => "Assignment Scores and Utilization Information",
        (true, false) => "Assignment Scores",
        (false, _) => "Utilization Information",
    });
    for line in scores {
        let shown = if line.is_utilization() { wanted.utilization } else { wanted.scores };
        if shown {
            text.item(&line.to_string());
        }
    }
    text.end();
}

/// Plans for every document of a folder, and says how long each took.
pub(super) fn profile(
    text: &mut Text,
    spoken: &mut Spoken,
    wanted: &Wanted,
    folder: &Path,
) -> Result<(), Trouble> {
    let unreadable = |error: std::io::Error| {
        Trouble::new(Exit::Error, format!("cannot read {}: {error}", folder.display()))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.is_file() && path.extension().is_some_and(|end| end == "xml") {
            paths.push(path);
        }
    }
    paths.sort();
    text.begin("Timings");
    for path in paths {
        let Ok(document) = input::read(&Source::File(path.clone()), spoken) else { continue };
        let began = Instant::now();
        for _ in 0..wanted.repeat {
            let mut unseen = Text::new(crate::text::Style::Bare);
            let when = effective_time(&mut unseen, &document, wanted);
            scheduler::plan(&document, &when);
        }
        let seconds = began.elapsed().as_secs_f64();
        text.item(&format!("Testing {} ... {seconds:.2} secs", path.display()));
    }
    text.end();
    Ok(())
}

//! The tool's course: status, changes, plan, rehearsal, status again.

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use cib::Document;
use scheduler::{DeviceChanged, Input, Resolved};
use transition::rehearse::Ending;

use super::arguments::{Source, Wanted};
use super::as_read::as_read;
use super::{Trouble, execute, inject, input};
use crate::complaints;
use crate::dot::Drawn;
use crate::exit::Exit;
use crate::output::Output;
use crate::shown::{Scores, Section};
use crate::source::file_in_place_of_cluster;
use crate::status::{self, Look, Shown};
use crate::{dot, graph, home, time};

/// Everything but `--profile`. What is recorded happens at `clock`, whatever time is planned for.
pub(super) fn simulate(said: &mut Output, wanted: &Wanted, clock: i64) -> Result<(), Trouble> {
    // None of the large things here is dropped: for what ends with the process, that would take
    // longer than some stages do.
    let mut document = ManuallyDrop::new(input::read(&wanted.source, said)?);
    // Nothing is said before it is clear that the result can be kept.
    let output = output_path(wanted);
    if let Some(path) = &output {
        input::save_for_planning(path, &document, said)?;
    }
    let when = told_time(said, &document, wanted, clock);
    let injects = wanted.injections.any();
    if injects {
        if !wanted.quiet {
            let resolved = scheduler::resolve(&document, &when);
            complaints::say(&resolved, said);
            tell_devices(said, &resolved, true);
            show_current(said, &resolved, wanted);
        }
        said.gap();
        inject::inject(said, &mut document, &wanted.injections, clock, wanted.quiet)?;
        said.expect_gap();
        told_time(said, &document, wanted, clock);
    }
    // What is shown is planned from, unless something came in between.
    let shows = !wanted.quiet && !injects;
    let resolved = ManuallyDrop::new(scheduler::resolve(&document, &when));
    complaints::say(&resolved, said);
    if !wanted.quiet {
        tell_devices(said, &resolved, true);
    }
    if shows {
        show_current(said, &resolved, wanted);
    }
    if let Some(path) = &wanted.save_input {
        input::save(path, &as_read(&resolved))?;
    }
    let ended = if wanted.plan { plan(said, &resolved, wanted, clock)? } else { None };
    let ended = ManuallyDrop::new(ended);
    let end = ended.as_ref().unwrap_or(&document);
    match &output {
        // The document that tools work on is replaced as they do it.
        Some(path) if wanted.source == Source::Live && wanted.in_place => {
            home::save(path, end).map_err(|trouble| Trouble::new(trouble.exit, trouble.words))?;
        }
        Some(path) => input::save(path, end)?,
        None => {}
    }
    Ok(())
}

/// Where what came of it is kept. What is changed in place goes nowhere else; a running cluster is
/// not changed, and a file that stands for it is.
fn output_path(wanted: &Wanted) -> Option<PathBuf> {
    match (&wanted.source, wanted.in_place) {
        (Source::File(path), true) => Some(path.clone()),
        (Source::Pipe, true) => Some(PathBuf::from("-")),
        (Source::Live, true) => file_in_place_of_cluster(),
        (Source::File(_) | Source::Pipe | Source::Live, false) => wanted.save_output.clone(),
    }
}

/// When it is, for everything that depends on time.
pub(super) struct When {
    pub(super) input: Input,
    /// What to say of it, if it is not now.
    pub(super) note: Option<String>,
}

pub(super) fn effective_time(document: &Document, wanted: &Wanted, clock: i64) -> When {
    let executed = document.root().attr("execution-date").and_then(|text| text.parse().ok());
    let (now, note) = match (&wanted.now, executed) {
        // What is no moment is taken for now.
        (Some(given), _) => (
            time::parse(given).unwrap_or(clock),
            Some(format!("Setting effective cluster time: {given}")),
        ),
        (None, Some(now)) => {
            let date = time::calendar(now);
            (now, Some(format!("Using the original execution date of: {date}")))
        }
        (None, None) => (clock, None),
    };
    When { input: Input { now, sanitized: wanted.source != Source::Live }, note }
}

/// The same, and says so.
fn told_time(said: &mut Output, document: &Document, wanted: &Wanted, clock: i64) -> Input {
    let when = effective_time(document, wanted, clock);
    if let Some(note) = when.note.filter(|_| !wanted.quiet) {
        said.note(&note);
    }
    when.input
}

/// Which devices are not what nodes remember of their unfencing. Before the plan also what a node
/// would remember.
fn tell_devices(said: &mut Output, resolved: &Resolved<'_>, before: bool) {
    for DeviceChanged { device, node, entry, private } in scheduler::devices_changed(resolved) {
        if private {
            said.note(&format!(
                "Only 'private' parameters to {device} for unfencing {node} changed"
            ));
            continue;
        }
        if before && resolved.sanitized {
            said.note(&format!(
                "Parameters to {device} for unfencing {node} changed, try '{entry}'"
            ));
        }
        said.note(&format!(
            "notice: Unfencing node {node} because the definition of {device} changed"
        ));
    }
}

fn show_current(said: &mut Output, resolved: &Resolved<'_>, wanted: &Wanted) {
    if resolved.options.maintenance_mode {
        said.show(&Section::Maintenance);
    }
    let counts = status::count(resolved);
    if counts.disabled > 0 || counts.blocked > 0 {
        said.gap();
        said.show(&Section::Held(counts));
    }
    said.gap();
    said.show(&Section::Current(status::read(resolved, shown(wanted, true))));
}

fn shown(wanted: &Wanted, pending: bool) -> Shown<'static> {
    let look = if pending { Look::PENDING } else { Look::default() };
    Shown::simulated(look, wanted.attributes, wanted.failures)
}

/// Plans, and carries the plan out if that is wanted: then the document at the end comes back.
fn plan(
    said: &mut Output,
    resolved: &Resolved<'_>,
    wanted: &Wanted,
    clock: i64,
) -> Result<Option<Document>, Trouble> {
    let planned = ManuallyDrop::new(scheduler::plan_resolved(resolved));
    if wanted.scores || wanted.utilization {
        said.gap();
        said.show(&Section::Scores(Scores {
            scores: wanted.scores,
            utilization: wanted.utilization,
            lines: &planned.scores,
            private_changes: if wanted.quiet { &[] } else { &planned.private_changes },
        }));
    }
    if let Some(path) = &wanted.save_graph {
        input::save_plan(path, &graph::render(&planned.plan, 1))?;
    }
    if let Some(path) = &wanted.save_dot {
        let drawn = Drawn { all: wanted.all_actions, numbers: wanted.verbose };
        input::save_plan(path, &dot::render(&planned.actions, drawn))?;
    }
    if !wanted.quiet {
        said.gap();
        said.show(&Section::Changes(&planned.changes));
    }
    if !wanted.rehearse {
        return Ok(None);
    }
    said.gap();
    let wishes = execute::Wishes {
        failing: &wanted.failing,
        now: clock,
        quiet: wanted.quiet,
        configure: wanted.injections.configure(),
    };
    let (ended, ending) = execute::execute(said, resolved, &planned.plan, &wishes);
    if !wanted.quiet {
        let when = told_time(said, &ended, wanted, clock);
        let resolved = ManuallyDrop::new(scheduler::resolve(&ended, &when));
        complaints::say(&resolved, said);
        tell_devices(said, &resolved, false);
        said.space();
        said.show(&Section::Revised(status::read(&resolved, shown(wanted, false))));
    }
    match ending {
        Ending::Complete | Ending::Stopped => Ok(Some(ended)),
        Ending::Stuck => Err(Trouble::new(Exit::Error, "")),
    }
}

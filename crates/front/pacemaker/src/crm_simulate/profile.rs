//! Planning for every document of a folder, and how long each took.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::arguments::{Source, Wanted};
use super::simulate::effective_time;
use super::{Trouble, input};
use crate::exit::Exit;
use crate::output::Output;
use crate::shown::{Run, Scores, Section, Timing};

/// Plans for each document as often as is wanted.
pub(super) fn profile(
    said: &mut Output,
    wanted: &Wanted,
    clock: i64,
    folder: &Path,
) -> Result<(), Trouble> {
    let paths = documents(folder).map_err(|error| Trouble::new(Exit::of(&error), ""))?;
    if paths.is_empty() {
        return Ok(());
    }
    let mut timings = Vec::new();
    for path in paths {
        let source = Source::File(path.clone());
        // What cannot be read or is not valid has said so, and takes no time.
        let Ok(document) = input::read(&source, said) else { continue };
        let mut runs = Vec::new();
        let began = Instant::now();
        for _ in 0..wanted.repeat {
            let when = effective_time(&document, wanted, clock);
            let planned = scheduler::plan(&document, &when.input);
            let scores = Scores {
                scores: wanted.scores,
                utilization: wanted.utilization,
                lines: &planned.scores,
                private_changes: &[],
            };
            // Only a time that was given is told of each run.
            let note = when.note.filter(|_| wanted.now.is_some() && !wanted.quiet);
            runs.push(Run { note, scores: scores.wanted().cloned().collect() });
        }
        let seconds = began.elapsed().as_secs_f64();
        timings.push(Timing { file: path.display().to_string(), seconds, runs });
    }
    said.show(&Section::Timings(timings));
    Ok(())
}

/// Files whose names end in `.xml`, but no hidden ones, by name.
fn documents(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.is_file() && path.extension().is_some_and(|end| end == "xml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

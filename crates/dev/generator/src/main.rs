//! Holds the scheduler against its laws over as many documents as wanted.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cib::{Document, schema};
use generator::laws::{self, Broken, Held, Presumed, Unrest};
use generator::{Chance, cluster, mutate};
use scheduler::Input;

const USAGE: &str = "\
usage: generator seeds FIRST END           laws over drawn clusters
       generator mutated DIR FIRST END     laws over changed copies of the files in DIR
       generator files FILE...             laws over files
       generator rounds FILE [OUTPUT]      what is done on the way to rest, and what is there then
       generator print SEED                a drawn cluster
       generator print-mutated DIR SEED    a changed copy of one of the files in DIR";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    match words.as_slice() {
        ["seeds", first, end] => match (number(first), number(end)) {
            (Some(first), Some(end)) => over_seeds(first..end, |seed| Some(cluster(seed))),
            _ => usage(),
        },
        ["mutated", folder, first, end] => match (number(first), number(end)) {
            (Some(first), Some(end)) => {
                let files = files_in(Path::new(folder));
                over_seeds(first..end, |seed| changed(&files, seed))
            }
            _ => usage(),
        },
        ["files", files @ ..] => over_files(files),
        ["rounds", file] => rounds(Path::new(file), None),
        ["rounds", file, output] => rounds(Path::new(file), Some(Path::new(output))),
        ["print", seed] => match number(seed) {
            Some(seed) => print(Some(cluster(seed))),
            None => usage(),
        },
        ["print-mutated", folder, seed] => match number(seed) {
            Some(seed) => print(changed(&files_in(Path::new(folder)), seed)),
            None => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(64)
}

fn print(document: Option<Document>) -> ExitCode {
    match document {
        Some(document) => {
            println!("{document}");
            ExitCode::SUCCESS
        }
        None => ExitCode::FAILURE,
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "xml"));
    files.sort();
    files
}

fn read(file: &Path) -> Option<Document> {
    let text = std::fs::read_to_string(file).ok()?;
    Document::parse(&text).ok()
}

/// One of the files, changed up to 15 times.
fn changed(files: &[PathBuf], seed: u64) -> Option<Document> {
    let mut chance = Chance::new(seed);
    let mut document = read(chance.pick(files)?)?;
    let times = chance.pick(&[2, 4, 6, 10, 15]).copied().unwrap_or(2);
    mutate(&mut document, &mut chance, times);
    Some(document)
}

/// What was seen over many documents.
#[derive(Default)]
struct Tally {
    documents: usize,
    invalid: usize,
    panics: usize,
    broken: BTreeMap<&'static str, usize>,
    unrest: BTreeMap<Unrest, usize>,
    presumed: BTreeMap<Presumed, usize>,
    slowest: (Duration, String),
}

impl Tally {
    fn note(&mut self, name: &str, document: &Document, seed: u64) {
        self.documents += 1;
        self.invalid += usize::from(!schema::check(document).is_valid());
        let input = Input { now: time_of(document), ..Input::default() };
        let started = Instant::now();
        let planned = catch_unwind(|| drop(scheduler::plan(document, &input)));
        let took = started.elapsed();
        if took > self.slowest.0 {
            self.slowest = (took, name.to_owned());
        }
        let broken = planned.and_then(|()| catch_unwind(|| laws::check(document, &input, seed)));
        let Ok(Held { broken, unrest, presumed }) = broken else {
            self.panics += 1;
            println!("{name}: PANIC");
            return;
        };
        for reason in unrest {
            *self.unrest.entry(reason).or_default() += 1;
        }
        for what in presumed {
            *self.presumed.entry(what).or_default() += 1;
        }
        for Broken { law, what } in broken {
            *self.broken.entry(law).or_default() += 1;
            println!("{name}: {law}: {what}");
        }
    }

    fn report(&self) -> ExitCode {
        let Self { documents, invalid, panics, broken, unrest, presumed, slowest } = self;
        println!(
            "{documents} documents ({invalid} break their schema), {panics} panics, broken laws \
             {broken:?}, never at rest for a reason {unrest:?}, presumed of nodes {presumed:?}, \
             slowest plan {:.0} ms ({})",
            slowest.0.as_secs_f64() * 1000.0,
            slowest.1
        );
        if broken.is_empty() && *panics == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The time that the document was saved for, or one after all that is drawn.
fn time_of(document: &Document) -> i64 {
    let date = document.root().attr("execution-date");
    date.and_then(|text| text.parse().ok()).unwrap_or(1_700_000_000)
}

/// Plans and carries out, and prints what each round does.
fn rounds(file: &Path, output: Option<&Path>) -> ExitCode {
    let Some(mut document) = read(file) else { return ExitCode::FAILURE };
    let input = Input { now: time_of(&document), ..Input::default() };
    let rest = laws::come_to_rest(&mut document, &input, |round, planned| {
        println!("round {round}:");
        for step in &planned.plan.steps {
            let action = &step.action;
            let node = action.node.as_ref().map_or("", |node| node.name.as_str());
            println!("  {} {node}", action.key);
        }
    });
    println!("{rest:?}");
    if let Some(Err(error)) = output.map(|file| std::fs::write(file, document.to_string())) {
        eprintln!("cannot write the document: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn over_seeds(seeds: Range<u64>, draw: impl Fn(u64) -> Option<Document>) -> ExitCode {
    let mut tally = Tally::default();
    for seed in seeds {
        if let Some(document) = draw(seed) {
            tally.note(&format!("seed {seed}"), &document, seed);
        }
    }
    tally.report()
}

fn over_files(files: &[&str]) -> ExitCode {
    let mut tally = Tally::default();
    for file in files {
        match read(Path::new(file)) {
            Some(document) => tally.note(file, &document, 0),
            None => println!("{file}: cannot be read as a document"),
        }
    }
    tally.report()
}

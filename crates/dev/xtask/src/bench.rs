//! `cargo xtask bench`: our `crm_simulate` beside any other that is found, as whole processes.
//!
//! **Always:** the programs take turns, so that what else the machine does hits all alike; what
//! counts is the ratio.

mod corpus;
mod growth;
mod process;
mod programs;
mod schemas;
mod sizes;

use std::path::PathBuf;
use std::process::Command;

use process::Measured;
use programs::{Other, Program};
use schemas::Newest;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A folder with documents in `xml`, and further arguments by name in `args.json`.
    #[arg(long, env = "QUORATE_CORPUS")]
    corpus: Option<PathBuf>,
    /// Another crm_simulate to compare with, instead of those in PATH; after a colon, the folder
    /// of its schemas, if they are not where it was built to look. May be repeated.
    #[arg(long, value_name = "FILE[:FOLDER]")]
    against: Vec<Other>,
    /// Our crm_simulate, instead of one that is built for this.
    #[arg(long)]
    ours: Option<PathBuf>,
    /// How often each document is run; what is shown is the median.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Seconds after which a run is given up.
    #[arg(long, default_value_t = 30)]
    patience: u64,
    /// Also 100 nodes and 10,000 resources: a document of 450 MB.
    #[arg(long)]
    largest: bool,
}

/// A large document, and where to write it.
#[derive(clap::Args)]
pub(crate) struct Wanted {
    nodes: usize,
    resources: usize,
    file: PathBuf,
}

pub(crate) fn document(wanted: &Wanted) -> Result<(), String> {
    let Wanted { nodes, resources, file } = wanted;
    sizes::write(scale::Size { nodes: *nodes, resources: *resources }, file)
}

/// What all parts of the comparison share.
struct Comparison {
    /// Ours first.
    programs: Vec<Program>,
    runs: usize,
    patience: u64,
    folder: PathBuf,
}

pub(crate) fn bench(arguments: &Arguments) -> Result<(), String> {
    let ours = match &arguments.ours {
        Some(path) => path.clone(),
        None => programs::build_ours()?,
    };
    let programs = programs::find(&ours, &arguments.against)?;
    let folder = std::env::temp_dir().join(format!("quorate-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let comparison =
        Comparison { programs, runs: arguments.runs.max(1), patience: arguments.patience, folder };
    let result = comparison.introduce().and_then(|()| comparison.compare(arguments));
    let removed = std::fs::remove_dir_all(&comparison.folder);
    result?;
    removed.map_err(|error| format!("{}: {error}", comparison.folder.display()))?;
    replan()
}

impl Comparison {
    /// Who takes part, and with which schemas: a program that lacks some skips work.
    fn introduce(&self) -> Result<(), String> {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        println!("{cores} cores; medians of {} runs that take turns", self.runs);
        for program in &self.programs {
            let newest = schemas::newest(program, &self.folder, self.patience)?;
            println!("  {:8} {}, {newest}", program.name, program.version);
            if newest < Newest::Checked(cib::schema::Schema::NEWEST) {
                println!(
                    "           so it may do less than ours: --against FILE:FOLDER names its schemas"
                );
            }
        }
        if self.programs.len() == 1 {
            println!("no other crm_simulate was found in PATH or given by --against:");
            println!("there is nothing to compare with, and no ratios are shown");
        }
        Ok(())
    }

    fn compare(&self, arguments: &Arguments) -> Result<(), String> {
        match &arguments.corpus {
            Some(corpus) => self.corpus(corpus)?,
            None => println!("\nno corpus: give one by --corpus or QUORATE_CORPUS"),
        }
        self.sizes(arguments.largest)
    }

    /// Runs every program on one input as often as wanted, in turns, and answers the middle run of
    /// each. A program that takes too long is not asked again.
    fn run(&self, words: &[String]) -> Result<Vec<Option<Measured>>, String> {
        let mut all: Vec<Vec<Measured>> = vec![Vec::new(); self.programs.len()];
        let mut given_up = vec![false; self.programs.len()];
        for _ in 0..self.runs {
            for ((program, runs), given_up) in self.programs.iter().zip(&mut all).zip(&mut given_up)
            {
                if *given_up {
                    continue;
                }
                match program.run(words, &self.folder, self.patience)? {
                    Some(measured) => runs.push(measured),
                    None => *given_up = true,
                }
            }
        }
        let middles = all.into_iter().zip(given_up);
        Ok(middles.map(|(runs, given_up)| Measured::middle(runs).filter(|_| !given_up)).collect())
    }
}

/// Planning after one event on a document in memory: no process, so a bench of the scheduler's.
fn replan() -> Result<(), String> {
    println!("\na new plan after one event, in memory");
    let status = Command::new(env!("CARGO"))
        .args(["bench", "--quiet", "--package", "scheduler", "--bench", "event"])
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo bench: {status}")),
        Err(error) => Err(format!("cargo bench does not run: {error}")),
    }
}

/// `n` of the second for one of the first, or nothing to say.
fn ratio(ours: Option<f64>, other: Option<f64>) -> String {
    match (ours, other) {
        (Some(ours), Some(other)) if ours > 0.0 => format!("{:.1}", other / ours),
        (_, _) => "-".to_owned(),
    }
}

//! `cargo xtask cluster clients`: Debian's `pcs` and `crm`, unmodified, drive a live cluster, command by
//! command, and what each answers and does is compared with what it answered and did on Pacemaker.
//!
//! What Pacemaker's side was is in files beside this one, with the commands; `--record` writes it anew on a
//! bed of the distribution's Pacemaker. What is known to differ is in one more, with reasons.
//!
//! **Always:** a difference that is not listed fails, and so does one that is listed and is not there.

mod known;
mod normal;
mod outline;
mod record;
mod side;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;

use self::known::{Aspect, Known};
use self::record::{Answer, Record};
use self::side::Side;

/// What is compared.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Words {
    /// Without a name both, at the same time.
    #[arg(value_enum)]
    client: Option<Client>,
    /// Plays them on the distribution's Pacemaker, and writes down what comes of it.
    #[arg(long)]
    record: bool,
    /// The program, instead of one that is built now.
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    program: Option<PathBuf>,
    /// Shows every difference, also those that are known.
    #[arg(long)]
    all: bool,
}

/// A client of Pacemaker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Client {
    /// Red Hat's `pcs`.
    Pcs,
    /// SUSE's `crm`.
    Crmsh,
}

impl Client {
    fn name(self) -> &'static str {
        match self {
            Self::Pcs => "pcs",
            Self::Crmsh => "crmsh",
        }
    }

    /// Where its commands are, and what Pacemaker made of them.
    fn file(self) -> PathBuf {
        folder().join(format!("{}.txt", self.name()))
    }
}

fn folder() -> PathBuf {
    xtask::tidy::root().join("crates/dev/xtask/src/cluster/clients")
}

/// Plays the commands, and compares or records.
pub(crate) fn clients(root: &Path, words: &Words) -> Result<(), String> {
    let start = Instant::now();
    let wanted = match &words.client {
        Some(client) => std::slice::from_ref(client),
        None => Client::value_variants(),
    };
    let program = if words.record { None } else { side::program(words.program.as_deref())? };
    let verdicts: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let play = |client: Client| {
            let (root, program) = (root.join(client.name()), program.as_deref());
            scope.spawn(move || play(&root, client, program, words.all))
        };
        let playing: Vec<_> = wanted.iter().map(|client| play(*client)).collect();
        let end = |thread: std::thread::ScopedJoinHandle<'_, Result<(), String>>| {
            thread.join().unwrap_or_else(|_panic| Err("a client's thread ended early".to_owned()))
        };
        playing.into_iter().map(end).collect()
    });
    let failed: Vec<String> = verdicts.into_iter().filter_map(Result::err).collect();
    // What is there still is of a client that failed.
    let _kept = std::fs::remove_dir(root);
    println!("the clients' commands took {:.0} s", start.elapsed().as_secs_f64());
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

/// Plays one client's commands, on a bed of its own.
fn play(root: &Path, client: Client, program: Option<&Path>, all: bool) -> Result<(), String> {
    let file = client.file();
    let recorded = Record::read(&file)?;
    let side = Side::start(root, program)?;
    let played = recorded.answers.iter().map(|answer| side.play(answer)).collect();
    let played: Result<Vec<Answer>, String> = played;
    side.end()?;
    let played = played?;
    if program.is_none() {
        return Record { answers: played, ..recorded }.write(&file);
    }
    let known = Known::read(&folder().join("differs.txt"), client.name())?;
    compare(client, &recorded.answers, &played, &known, all)
}

/// Says what differs; an error if anything does that is not known, or does not that is.
fn compare(
    client: Client,
    recorded: &[Answer],
    played: &[Answer],
    known: &Known,
    all: bool,
) -> Result<(), String> {
    let mut equal = 0;
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for (theirs, ours) in recorded.iter().zip(played) {
        let differing = Aspect::ALL.into_iter().filter(|aspect| aspect.differs(theirs, ours));
        let differing: Vec<Aspect> = differing.collect();
        equal += usize::from(differing.is_empty());
        for aspect in differing {
            let is_known = known.has(aspect, &ours.command);
            if !is_known || all {
                println!("{} {}: {}", aspect.name(), ours.command, aspect.shown(theirs, ours));
            }
            if !is_known {
                wrong.push(format!("{} differs: {}", aspect.name(), ours.command));
            }
            found.push((aspect, ours.command.as_str()));
        }
    }
    wrong.extend(known.not_in(&found).map(|stale| format!("listed, and equal: {stale}")));
    println!("{}: {equal} of {} commands alike", client.name(), recorded.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

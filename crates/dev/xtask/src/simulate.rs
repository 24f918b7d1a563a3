//! `cargo xtask sim`: one seed, a range of seeds, or as many as fit into a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sim::{Corner, Corners, Options, Plant, Ran};

/// Among so many seeds some must reach every corner.
const ENOUGH_SEEDS: u64 = 1_000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run this seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// Run so many seeds, from --first on.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Run as many seeds as fit into this time instead.
    #[arg(long)]
    minutes: Option<u64>,
    /// Run as many of this day's seeds as fit into so many seconds, as `check` does.
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["seed", "minutes", "first"])]
    today: Option<u64>,
    /// Virtual length of the faulty phase.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Draw clusters of so many nodes only.
    #[arg(long)]
    nodes: Option<u32>,
    /// Print every event of the run.
    #[arg(long)]
    trace: bool,
    /// Plant a defect, to see that it is found.
    #[arg(long, value_enum)]
    plant: Option<PlantName>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum PlantName {
    /// Fence devices lie: they report success and do nothing.
    FencingSkipped,
}

pub(crate) fn simulate(arguments: &Arguments) -> Result<(), String> {
    let template = Options {
        seed: 0,
        seconds: arguments.seconds,
        nodes: arguments.nodes,
        trace: arguments.trace,
        plant: arguments.plant.map(|PlantName::FencingSkipped| Plant::FencingSkipped),
    };
    let Arguments { seed, minutes, today, .. } = arguments;
    let (first, seeds, limit) = match (seed, minutes, today) {
        (Some(seed), ..) => (*seed, 1, None),
        (None, Some(minutes), _) => {
            (arguments.first, u64::MAX, Some(Duration::from_secs(60 * minutes)))
        }
        (None, None, Some(seconds)) => {
            (first_of_today(), u64::MAX, Some(Duration::from_secs(*seconds)))
        }
        (None, None, None) => (arguments.first, arguments.seeds, None),
    };
    run(&template, first, seeds, limit)
}

/// The seeds differ from day to day; which they are is printed.
fn first_of_today() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() / 86_400) * 1_000_000
}

fn run(template: &Options, first: u64, seeds: u64, limit: Option<Duration>) -> Result<(), String> {
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let out_of_time = limit.is_some_and(|limit| started.elapsed() >= limit);
                    let Ok(broken) = tally.lock().map(|tally| tally.broken.is_some()) else {
                        return;
                    };
                    if number >= seeds || out_of_time || broken {
                        return;
                    }
                    let ran = sim::run(&Options { seed: first + number, ..template.clone() });
                    if let Ok(mut tally) = tally.lock() {
                        tally.add(ran);
                    }
                }
            });
        }
    });
    let tally = tally.into_inner().map_err(|_| "a simulation panicked".to_owned())?;
    tally.conclude(template, first, started.elapsed())
}

#[derive(Default)]
struct Tally {
    seeds: u64,
    events: u64,
    corners: Corners,
    broken: Option<Ran>,
    last: Vec<String>,
}

impl Tally {
    fn add(&mut self, ran: Ran) {
        self.seeds += 1;
        self.events += ran.events;
        for (corner, times) in &ran.corners {
            *self.corners.entry(*corner).or_default() += times;
        }
        let is_earlier = self.broken.as_ref().is_none_or(|broken| ran.seed < broken.seed);
        if ran.violation.is_some() && is_earlier {
            self.broken = Some(ran);
        } else {
            self.last = ran.trace;
        }
    }

    fn conclude(self, template: &Options, first: u64, took: Duration) -> Result<(), String> {
        let Self { seeds, events, corners, broken, last } = self;
        if let Some(broken) = broken {
            println!("{}", broken.trace.join("\n"));
            let what = broken.violation.map_or_else(String::new, |what| what.to_string());
            let seed = broken.seed;
            let plant = if template.plant.is_some() { " --plant fencing-skipped" } else { "" };
            let seconds = template.seconds;
            let nodes =
                template.nodes.map_or_else(String::new, |nodes| format!(" --nodes {nodes}"));
            return Err(format!(
                "seed {seed} at {}: {what}\nreplay it: cargo xtask sim --seed {seed} --seconds {seconds}{nodes}{plant} --trace",
                commit()
            ));
        }
        if template.trace {
            println!("{}", last.join("\n"));
        }
        println!(
            "{seeds} seeds from {first}, {events} events, {:.1} s: no violation",
            took.as_secs_f64()
        );
        for corner in Corner::ALL {
            println!("  {:8} {}", corners.get(&corner).unwrap_or(&0), corner.words());
        }
        let unseen: Vec<&str> = Corner::ALL
            .iter()
            .filter(|corner| !corners.contains_key(corner))
            .map(|corner| corner.words())
            .collect();
        if seeds >= ENOUGH_SEEDS && template.nodes.is_none() && !unseen.is_empty() {
            return Err(format!("no seed went where they should go: {}", unseen.join(", ")));
        }
        Ok(())
    }
}

fn commit() -> String {
    let output = std::process::Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "an unknown commit".to_owned())
}

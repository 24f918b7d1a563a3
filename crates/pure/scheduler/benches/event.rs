//! How long a daemon thinks after one event: the record of a failed monitor comes into a document
//! that is in memory, and the cluster is planned for again. Not the middle counts but the slow ones.
//!
//! `cargo bench -p scheduler --bench event`

#![expect(clippy::print_stdout, reason = "a bench reports to people")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]
#![expect(clippy::expect_used, reason = "a bench whose document does not read has nothing to do")]

use std::time::{Duration, Instant};

use cib::{Document, Element, NodeId};
use rustix::time::{ClockId, clock_gettime};
use scale::Size;
use scheduler::Input;

/// When the generated documents are.
const NOW: Input = Input { now: 1_400_000_100, sanitized: false };

const ROUNDS: usize = 300;

fn main() {
    for size in [Size { nodes: 4, resources: 100 }, Size { nodes: 32, resources: 1000 }] {
        println!("{:>4} nodes, {:>5} resources", size.nodes, size.resources);
        let (wall, cpu) = times(size).into_iter().unzip();
        print("CPU time", cpu);
        print("by the wall clock", wall);
    }
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |permille: usize| {
        let position = (times.len() - 1) * permille / 1000;
        times.get(position).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    let (middle, slow, worst) = (at(500), at(990), at(1000));
    println!("  {what:18} {middle:7.2} ms median, {slow:7.2} ms p99, {worst:7.2} ms at worst");
}

/// What this thread has used of a core: on a busy machine the wall clock measures the neighbours.
fn used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.try_into().unwrap_or_default()
}

/// Each round another resource fails, and the one before it works again. Answers times by the wall
/// clock and of the CPU.
fn times(size: Size) -> Vec<(Duration, Duration)> {
    let mut document =
        Document::parse_owned(scale::steady(size)).expect("generated documents are well formed");
    let monitors: Vec<NodeId> = document
        .root()
        .descendants()
        .filter(|entry| entry.attr("interval") == Some("10000"))
        .map(Element::id)
        .collect();
    let mut times = Vec::new();
    for (round, monitor) in monitors.iter().cycle().take(ROUNDS).enumerate() {
        let (started, before) = (Instant::now(), used());
        record(&mut document, *monitor, "7", round);
        let planned = scheduler::plan(&document, &NOW);
        times.push((started.elapsed(), used().saturating_sub(before)));
        assert!(!planned.plan.steps.is_empty(), "a failure is recovered from");
        record(&mut document, *monitor, "0", round);
    }
    times
}

/// The monitor says whether its resource runs.
fn record(document: &mut Document, monitor: NodeId, code: &str, round: usize) {
    document.set(monitor, "rc-code", code);
    document.set(monitor, "call-id", &(1_000_000 + round).to_string());
    let magic = format!("0:{code};1:1:0:12345678-1234-1234-1234-123456789012");
    document.set(monitor, "transition-magic", &magic);
    document.set(monitor, "last-rc-change", "1400000090");
}

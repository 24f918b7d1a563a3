//! `cargo xtask cluster compare`: Quorate beside the distribution's Pacemaker, on beds alike.

pub(super) mod system;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::system::{Kind, System};
use super::storm::draw::Dice;
use super::storm::world::ADDRESS;
use super::up;

/// How long is looked at what an idle node uses.
const IDLE: Duration = Duration::from_secs(30);
const EDITS: u32 = 50;

/// What is compared.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Words {
    #[arg(long, default_value_t = 3)]
    nodes: u32,
    /// How often each fault is tried with each.
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// So many more resources, which do nothing.
    #[arg(long, default_value_t = 0)]
    resources: u32,
    /// Only this; may be given more than once.
    #[arg(long = "trial", value_name = "TRIAL")]
    trials: Vec<Trial>,
    /// The program, instead of one that is built now.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// What is done to both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Trial {
    NodeKilled,
    LinksCut,
    ProcessKilled,
    Moved,
    Edits,
    Memory,
    Idle,
}

const TRIALS: [Trial; 7] = [
    Trial::Idle,
    Trial::Memory,
    Trial::Edits,
    Trial::Moved,
    Trial::NodeKilled,
    Trial::LinksCut,
    Trial::ProcessKilled,
];

impl Trial {
    fn words(self) -> &'static str {
        match self {
            Self::NodeKilled => "node's power lost to its address elsewhere, s",
            Self::LinksCut => "all of a node's links cut to its address elsewhere, s",
            Self::ProcessKilled => "resource's process killed to its next one, s",
            Self::Moved => "command to move to address elsewhere, s",
            Self::Edits => "changes a second, one after the other, a process each",
            Self::Memory => "memory of a node's stack, MB",
            Self::Idle => "processor time of an idle node's stack and agents, ms a second",
        }
    }

    /// How often: what hardly varies is measured less often.
    fn runs(self, runs: u32) -> u32 {
        match self {
            Self::NodeKilled | Self::LinksCut | Self::ProcessKilled | Self::Moved => runs,
            Self::Edits => runs.div_ceil(4),
            Self::Memory | Self::Idle => 1,
        }
    }
}

/// Compares, and prints a table.
pub(crate) fn compare(root: &Path, words: &Words) -> Result<(), String> {
    let mut quorate = up::Words::of(words.nodes, words.program.as_deref());
    quorate.program = up::program(&quorate)?;
    quorate.failover = Some(corosync::timing::FAILOVER_DEFAULT.as_secs_f64());
    let mut pacemaker = up::Words::of(words.nodes, None);
    pacemaker.pacemaker = true;
    std::fs::create_dir_all(root).map_err(|error| error.to_string())?;
    let systems = [
        System::start(&root.join("quorate"), Kind::Quorate, &quorate)?,
        System::start(&root.join("pacemaker"), Kind::Pacemaker, &pacemaker)?,
    ];
    for system in &systems {
        system.configure(&resources(words.nodes, words.resources))?;
        system.wait_ready()?;
    }
    println!("{} nodes, {} resources, {} runs", words.nodes, 5 + words.resources, words.runs);
    println!("| | Quorate | Pacemaker |\n|---|---|---|");
    let mut dice = Dice::new(1);
    let wanted = |trial: &Trial| words.trials.is_empty() || words.trials.contains(trial);
    for trial in TRIALS.into_iter().filter(wanted) {
        let mut cells = vec![trial.words().to_owned()];
        let mut results = [Vec::new(), Vec::new()];
        // In turns, so that what else the machine does is shared fairly.
        for _ in 0..trial.runs(words.runs) {
            for (system, results) in systems.iter().zip(&mut results) {
                match run(system, trial, &mut dice) {
                    Ok(result) => results.push(result),
                    Err(why) => eprintln!("{trial:?}: {why}"),
                }
                system.wait_ready()?;
            }
        }
        cells.extend(results.map(|results| summary(&results)));
        println!("| {} |", cells.join(" | "));
    }
    for system in systems {
        system.bed.down()?;
    }
    std::fs::remove_dir_all(root).map_err(|error| error.to_string())
}

/// Median; from the least to the most; of how many.
fn summary(results: &[f64]) -> String {
    let mut sorted = results.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    let median = at(sorted.len() / 2);
    if sorted.len() < 2 {
        return short(median);
    }
    let count = sorted.len();
    let (least, most) = (short(at(0)), short(at(sorted.len() - 1)));
    format!("{} ({least} to {most}; {count})", short(median))
}

fn short(value: f64) -> String {
    if value >= 10.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// Does it once; the trouble it makes is over when the system is ready again.
fn run(system: &System, trial: Trial, dice: &mut Dice) -> Result<f64, String> {
    match trial {
        Trial::NodeKilled => {
            let victim = system.holder()?;
            let start = Instant::now();
            system.keeper.off(victim)?;
            Ok(system.until_elsewhere(start, victim)?.as_secs_f64())
        }
        Trial::LinksCut => cut(system),
        Trial::ProcessKilled => kill_process(system, dice),
        Trial::Moved => {
            let holder = system.holder()?;
            let target = holder % system.bed.plan().nodes + 1;
            let start = Instant::now();
            let mut command = system.begin_move(target)?;
            let took = system.until_elsewhere(start, holder)?;
            command.wait().map_err(|error| error.to_string())?;
            system.wait_idle()?;
            system.clear_move()?;
            Ok(took.as_secs_f64())
        }
        Trial::Edits => system.edit(EDITS),
        Trial::Memory => Ok(system.memory(system.holder()?)),
        Trial::Idle => {
            let node = system.holder()?;
            let before = system.used(node);
            std::thread::sleep(IDLE);
            Ok((system.used(node) - before) * 1000.0 / IDLE.as_secs_f64())
        }
    }
}

fn cut(system: &System) -> Result<f64, String> {
    let victim = system.holder()?;
    let mut bed = testbed::Bed::open(system.bed.root())?;
    let start = Instant::now();
    bed.cut(&[&[victim]])?;
    let took = system.until_elsewhere(start, victim);
    bed.heal()?;
    Ok(took?.as_secs_f64())
}

/// At any moment between two monitors.
fn kill_process(system: &System, dice: &mut Dice) -> Result<f64, String> {
    std::thread::sleep(Duration::from_millis(dice.between(0, 10_000)));
    let file = "/run/bed-worker.pid";
    // Wherever it comes back.
    let see = || -> Vec<(u32, String)> {
        let nodes = system.bed.plan().numbers();
        let seen = nodes.filter_map(|node| {
            let first = system.bed.first_process(node)?;
            let text = std::fs::read_to_string(format!("/proc/{first}/root{file}")).ok()?;
            (!text.trim().is_empty()).then(|| (node, text.trim().to_owned()))
        });
        seen.collect()
    };
    let before = see();
    let (node, process) = before.first().ok_or("the worker runs nowhere")?;
    let start = Instant::now();
    system.shell_on(*node, &format!("kill -9 {process}"))?;
    system.wait_until("another process", || {
        see().iter().any(|now| !before.contains(now)).then_some(())
    })?;
    Ok(start.elapsed().as_secs_f64())
}

/// A fence device, a group with an address, a process, and what does nothing.
fn resources(nodes: u32, more: u32) -> String {
    let monitor = |id: &str| {
        format!(
            "<operations><op id=\"{id}-m\" name=\"monitor\" interval=\"10s\" timeout=\"20s\"/>\
             </operations>"
        )
    };
    let primitive = |id: &str, agent: &str, parameters: &[(&str, &str)]| {
        let pair = |(name, value): &(&str, &str)| {
            format!("<nvpair id=\"{id}-{name}\" name=\"{name}\" value=\"{value}\"/>")
        };
        let pairs: String = parameters.iter().map(pair).collect();
        format!(
            "<primitive id=\"{id}\" class=\"ocf\" provider=\"heartbeat\" type=\"{agent}\">\
             <instance_attributes id=\"{id}-p\">{pairs}</instance_attributes>{}</primitive>",
            monitor(id)
        )
    };
    let hosts: Vec<String> = (1..=nodes).map(|node| format!("n{node}")).collect();
    let address = [("ip", ADDRESS), ("cidr_netmask", "24"), ("nic", "eth0")];
    let worker = [
        ("binfile", "/usr/bin/sleep"),
        ("cmdline_options", "infinity"),
        ("pidfile", "/run/bed-worker.pid"),
    ];
    let mut text = format!(
        "<primitive id=\"power\" class=\"stonith\" type=\"fence_bed\"><instance_attributes \
         id=\"power-p\"><nvpair id=\"power-h\" name=\"pcmk_host_list\" value=\"{}\"/>\
         </instance_attributes></primitive><group id=\"g\">{}{}{}</group>{}",
        hosts.join(" "),
        primitive("address", "IPaddr2", &address),
        primitive("d1", "Dummy", &[("fake", "1")]),
        primitive("d2", "Dummy", &[("fake", "2")]),
        primitive("worker", "anything", &worker),
    );
    for number in 0..more {
        text.push_str(&primitive(&format!("m{number}"), "Dummy", &[("fake", "m")]));
    }
    text
}

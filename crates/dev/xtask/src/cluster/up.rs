//! `cargo xtask cluster up`, `down`, `status`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use client::Client;
use corosync::{Fencing, Timing, Wish};
use testbed::{Bed, Init, Life, Plan, ask_power};

use super::boot;

/// How long a cluster may take to form. Only a broken one takes longer.
const FORMING_MAX: Duration = Duration::from_secs(120);

/// What a bed is to be like.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Words {
    /// How many nodes.
    #[arg(long, default_value_t = 3)]
    pub(super) nodes: u32,
    /// Links of each node.
    #[arg(long, default_value_t = 2)]
    pub(super) links: u32,
    /// Gives each node's state a disk of its own, of so many megabytes.
    #[arg(long, value_name = "MEGABYTES")]
    pub(super) disk: Option<u32>,
    /// Gives each node's daemon a wall clock of its own (with libfaketime).
    #[arg(long)]
    pub(super) clocks: bool,
    /// Corosync's token timeout in milliseconds, instead of its default.
    #[arg(long, value_name = "MILLISECONDS")]
    pub(super) token: Option<u32>,
    /// Derives Corosync's times from a wish, as `quorate cluster init` does: from a node's death to
    /// its resources elsewhere, fence device not included.
    #[arg(long, value_name = "SECONDS", conflicts_with = "token")]
    pub(super) failover: Option<f64>,
    /// With times for watchdogs that fence their own nodes.
    #[arg(skip)]
    pub(super) self_fencing: bool,
    /// What each machine does before it begins with the cluster.
    #[arg(skip)]
    pub(super) machine: String,
    /// Cards of each node that stand by on the first link's wire.
    #[arg(skip)]
    pub(super) standby_cards: u32,
    /// With systemd as first process of each node.
    #[arg(skip)]
    pub(super) systemd: bool,
    /// Runs the distribution's Pacemaker instead of Quorate.
    #[arg(long)]
    pub(super) pacemaker: bool,
    /// The program, instead of one that is built now.
    #[arg(long, value_name = "FILE")]
    pub(super) program: Option<PathBuf>,
}

impl Words {
    /// A bed of so many nodes for a program that is there.
    pub(super) fn of(nodes: u32, program: Option<&Path>) -> Self {
        let program = program.map(Path::to_owned);
        Self {
            nodes,
            links: 2,
            disk: None,
            clocks: false,
            token: None,
            failover: None,
            self_fencing: false,
            machine: String::new(),
            standby_cards: 0,
            systemd: false,
            pacemaker: false,
            program,
        }
    }
}

/// Makes the bed that the words ask for, with all nodes off.
pub(super) fn make(root: &Path, words: &Words) -> Result<Bed, String> {
    let boot = match &words.program {
        Some(_) => boot::quorate(words.clocks),
        None if words.pacemaker => boot::pacemaker(),
        None => return Err("no program".to_owned()),
    };
    let quorum = if words.nodes == 2 { vec!["two_node: 1".to_owned()] } else { Vec::new() };
    let plan = Plan {
        links: words.links,
        standby_cards: words.standby_cards,
        token_ms: words.token,
        totem: timing(words)?.iter().flat_map(totem).collect(),
        quorum,
        boot: Some(format!("{}{boot}", words.machine)),
        boot_ms: 2000,
        disk: words.disk,
        life: Life::WithThread,
        init: if words.systemd { Init::Systemd } else { Init::Idle },
        ..Plan::of(words.nodes)
    };
    let agents = root.join("agents");
    let failed = |error| format!("{}: {error}", agents.display());
    fs::create_dir_all(root.join("shared")).map_err(failed)?;
    fs::create_dir_all(&agents).map_err(failed)?;
    symlink(xtask::tidy::root().join("agents/ocf"), agents.join("ocf")).map_err(failed)?;
    fs::create_dir_all(root.join("sbin")).map_err(failed)?;
    if let Some(program) = &words.program {
        symlink(program, root.join("sbin/quorate")).map_err(failed)?;
        for (what, folder) in
            [("links", "sbin"), ("links", "lib/pacemaker"), ("schemas", "share/pacemaker")]
        {
            write_out(program, what, &root.join(folder))?;
        }
    }
    Bed::create(root, plan)
}

/// Has the program write what other systems' clients look for: names by which they call it, schemas.
fn write_out(program: &Path, what: &str, folder: &Path) -> Result<(), String> {
    let said = Command::new(program).arg(what).arg(folder).output();
    let said = said.map_err(|error| format!("{}: {error}", program.display()))?;
    if said.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&said.stderr).into_owned())
}

/// All times for the failover that is wished, if one is.
pub(super) fn timing(words: &Words) -> Result<Option<Timing>, String> {
    let Some(failover) = words.failover else { return Ok(None) };
    let failover = Duration::try_from_secs_f64(failover).map_err(|why| why.to_string())?;
    let fencing = if words.self_fencing { Fencing::Watchdog } else { Fencing::Device };
    let wish = Wish { failover, nodes: words.nodes.into(), fencing };
    Timing::derive(wish).map(Some).map_err(|impossible| impossible.why.join("\n"))
}

/// Lines of Corosync's configuration.
fn totem(timing: &Timing) -> Vec<String> {
    let lines = corosync::totem(timing).into_iter();
    lines.map(|(name, value)| format!("{name}: {value}")).collect()
}

/// The program to run: the given one, or one that is built now.
pub(super) fn program(words: &Words) -> Result<Option<PathBuf>, String> {
    if words.pacemaker {
        return Ok(None);
    }
    let built = match &words.program {
        Some(program) => program.clone(),
        None => {
            let build =
                ["build", "--release", "--quiet", "-p", "quorate", "--features", "corosync"];
            let status = Command::new(env!("CARGO")).args(build).status();
            if !status.is_ok_and(|status| status.success()) {
                return Err("the program does not build".to_owned());
            }
            xtask::tidy::root().join("target/release/quorate")
        }
    };
    built.canonicalize().map(Some).map_err(|error| format!("{}: {error}", built.display()))
}

pub(super) fn up(root: &Path, words: &Words) -> Result<(), String> {
    clear(root)?;
    let words = Words { program: program(words)?, ..words.clone() };
    start_host(root, &words)?;
    let bed = Bed::open(root)?;
    if words.pacemaker {
        println!("{} nodes boot with Pacemaker at {}", words.nodes, root.display());
        return Ok(());
    }
    let start = Instant::now();
    wait_formed(&bed, FORMING_MAX)?;
    let took = start.elapsed().as_secs_f64();
    println!("{} nodes are up at {} after {took:.1} s", words.nodes, root.display());
    println!("a command on a node: cargo xtask cluster x n1 quorate status");
    Ok(())
}

/// Makes an empty directory for a bed; what is left there of one whose holder has died goes.
pub(super) fn clear(root: &Path) -> Result<(), String> {
    if let Ok(bed) = Bed::open(root) {
        if ask_power(root, "status", "n1").is_ok() {
            return Err(format!("a bed is up at {}: take it down first", root.display()));
        }
        bed.down()?;
    } else if root.exists() && fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(format!("{} holds something that is not a bed", root.display()));
    }
    let failed = |error| format!("{}: {error}", root.display());
    if root.exists() {
        fs::remove_dir_all(root).map_err(failed)?;
    }
    fs::create_dir_all(root).map_err(failed)
}

/// Starts the process that holds the bed, apart from this terminal, and waits until it does.
fn start_host(root: &Path, words: &Words) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let said = root.join("host.log");
    let file = fs::File::create(&said).map_err(|error| format!("{}: {error}", said.display()))?;
    let mut command = Command::new("setsid");
    command.arg(own).args(["cluster", "--dir"]).arg(root).arg("host");
    command.arg("--nodes").arg(words.nodes.to_string());
    command.arg("--links").arg(words.links.to_string());
    let numbers = [("--disk", words.disk), ("--token", words.token)];
    if let Some(failover) = words.failover {
        command.arg("--failover").arg(failover.to_string());
    }
    for (word, number) in numbers {
        command.args(number.iter().flat_map(|number| [word.to_owned(), number.to_string()]));
    }
    for (word, given) in [("--clocks", words.clocks), ("--pacemaker", words.pacemaker)] {
        command.args(given.then_some(word));
    }
    if let Some(program) = &words.program {
        command.arg("--program").arg(program);
    }
    let mut host = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file)
        .spawn()
        .map_err(|error| format!("setsid: {error}"))?;
    let mut line = String::new();
    if let Some(stdout) = host.stdout.take() {
        let _unreadable = BufReader::new(stdout).read_line(&mut line);
    }
    if line.trim() != "ready" {
        return Err(fs::read_to_string(&said).unwrap_or_default().trim().to_owned());
    }
    fs::write(root.join("host.pid"), host.id().to_string()).map_err(|error| error.to_string())
}

/// Waits until all nodes are members of one membership that has agreed on its document.
pub(super) fn wait_formed(bed: &Bed, most: Duration) -> Result<(), String> {
    let start = Instant::now();
    let wanted: Vec<String> = bed.plan().numbers().map(|node| format!("n{node}")).collect();
    for node in bed.plan().numbers() {
        loop {
            let seen = client(bed, node).and_then(|client| client.document().ok());
            let seen = seen.map(|seen| seen.cluster);
            if seen.as_ref().is_some_and(|seen| seen.formed && seen.members == wanted) {
                break;
            }
            if start.elapsed() > most {
                return Err(format!("n{node} does not see all nodes after {most:?}: {seen:?}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// Asks a node's daemon; `None` when the node is off.
pub(super) fn client(bed: &Bed, node: u32) -> Option<Client> {
    Some(Client::new(bed.api_socket(node)?, Duration::from_secs(10)))
}

pub(super) fn down(root: &Path) -> Result<(), String> {
    let Ok(bed) = Bed::open(root) else {
        println!("there is no bed at {}", root.display());
        return Ok(());
    };
    // The host ends with its bed.
    let asked = ask_power(root, "end", "bed");
    bed.down()?;
    if let Err(why) = asked {
        println!("nobody held the bed: {why}");
    }
    fs::remove_dir_all(root).map_err(|error| format!("{}: {error}", root.display()))
}

pub(super) fn status(root: &Path) -> Result<(), String> {
    let bed = Bed::open(root)?;
    for node in bed.plan().numbers() {
        match bed.first_process(node) {
            Some(first) => println!("n{node}  on, first process {first}"),
            None => println!("n{node}  off"),
        }
    }
    let on = bed.plan().numbers().find(|node| bed.first_process(*node).is_some());
    let Some(node) = on else { return Ok(()) };
    println!();
    let mut command = if bed.api_socket(node).is_some_and(|socket| socket.exists()) {
        let mut quorate = Command::new(program_of(&bed)?);
        quorate.arg("--socket").args(bed.api_socket(node)).arg("status");
        quorate
    } else {
        let mut monitor = bed.command(node, "crm_mon")?;
        monitor.arg("-1");
        monitor
    };
    command.status().map(drop).map_err(|error| error.to_string())
}

/// The program that the bed's nodes boot.
pub(super) fn program_of(bed: &Bed) -> Result<PathBuf, String> {
    let link = bed.root().join("sbin/quorate");
    link.canonicalize().map_err(|error| format!("{}: {error}", link.display()))
}

//! `cargo xtask cluster storm`: faults drawn from a seed, and audits without mercy.

pub(super) mod audit;
mod disk;
pub(super) mod draw;
mod editor;
mod fencing;
pub(super) mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use testbed::{Bed, Keeper};
use wire::api::{Change, Edit, Request};

use self::audit::Watch;
use self::draw::{Dice, Planned, ROUND, round};
use self::editor::Editor;
use self::fencing::Fencing;
use self::world::World;
use super::up;

/// What a storm is to be like.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Words {
    /// Draws the faults. The same seed draws the same; what comes of them depends on the machine.
    #[arg(long)]
    seed: u64,
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    #[arg(long, default_value_t = 3)]
    nodes: u32,
    /// Within so many seconds after the last fault of a round everything runs again.
    #[arg(long, default_value_t = 90)]
    bound: u64,
    /// With Corosync's times derived from a failover of so many seconds, instead of its own.
    #[arg(long, value_name = "SECONDS")]
    failover: Option<f64>,
    /// How lost nodes are made sure to be off; drawn from the seed if not given.
    #[arg(long, value_enum)]
    fencing: Option<Fencing>,
    /// Begins with this round, drawn as if those before it had been.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// The program, instead of one that is built now.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Plays a storm at this place, and leaves what the nodes wrote there if something is wrong.
pub(crate) fn storm(root: &Path, words: &Words) -> Result<(), String> {
    let mut wanted = up::Words::of(words.nodes, words.program.as_deref());
    wanted.program = up::program(&wanted)?;
    // Not every machine has loop devices; then disks are not filled.
    wanted.disk = Path::new("/dev/loop-control").exists().then_some(24);
    wanted.clocks = true;
    let Words { seed, nodes, minutes, .. } = words;
    let fencing = words.fencing.unwrap_or_else(|| Fencing::drawn(*seed, *nodes));
    wanted.self_fencing = fencing == Fencing::Watchdog;
    wanted.failover = words.failover.or(fencing.failover());
    let timing = up::timing(&wanted)?;
    up::clear(root)?;
    let mut bed = up::make(root, &wanted)?;
    let power = Keeper::hold(&bed)?;
    println!(
        "storm: seed {seed}, {nodes} nodes, fencing by {fencing:?}, {minutes} minutes, at {}",
        root.display()
    );
    let armed = fencing.arm(&bed, timing)?;
    let marked = [
        ("@DEVICES@", fencing.devices(&bed, &armed)),
        ("@TOPOLOGY@", fencing.topology(&bed, *seed)),
        ("@OPTION@", fencing.option(timing)),
    ];
    let document = world::document(&bed, &marked);
    let done = play(&mut bed, &power, words, document);
    bed.down()?;
    drop(armed);
    match done {
        Ok(()) => fs::remove_dir_all(root).map_err(|error| format!("{}: {error}", root.display())),
        Err(why) => Err(format!(
            "{why}\nwhat the nodes wrote is at {}\nto repeat: cargo xtask cluster storm --seed {seed} \
             --minutes {minutes} --nodes {nodes} --fencing {}{}",
            root.display(),
            format!("{fencing:?}").to_lowercase(),
            words.failover.map(|failover| format!(" --failover {failover}")).unwrap_or_default()
        )),
    }
}

fn play(bed: &mut Bed, power: &Keeper, words: &Words, document: String) -> Result<(), String> {
    let program = up::program_of(bed)?;
    let bound = Duration::from_secs(words.bound);
    bed.plan().numbers().for_each(|node| power.on(node));
    up::wait_formed(bed, bound)?;
    configure(bed, document)?;
    let took = audit::settle(bed, &program, bound)?;
    println!("everything runs after {:.1} s", took.as_secs_f64());
    let (editor, watch) = (Editor::start(bed.root()), Watch::start(bed.root()));
    let mut dice = Dice::new(words.seed);
    let end = Instant::now() + Duration::from_secs_f64(60.0 * words.minutes);
    let mut number = 0;
    while number <= words.from || Instant::now() < end {
        let faults = round(&mut dice, number, bed.plan().nodes, bed.plan().links);
        if number >= words.from {
            println!("round {number}");
            let mut world = World::new(bed, power);
            go_wrong(&mut world, &faults)?;
            let settled = audit::settle(bed, &program, bound);
            let book = editor.rest();
            let mut found = watch.found();
            match settled {
                // The last edit may have been under way.
                Ok(took) => {
                    found.extend(audit::settle(bed, &program, bound).err());
                    println!(
                        "  settled {:.1} s after; {} changes acknowledged, {} not",
                        took.as_secs_f64(),
                        book.acknowledged,
                        book.unanswered
                    );
                }
                Err(why) => found.push(why),
            }
            found.extend(audit::findings(bed, &book));
            if !found.is_empty() {
                return Err(format!(
                    "round {number} broke what must hold:\n  {}",
                    found.join("\n  ")
                ));
            }
            editor.go_on();
        }
        number += 1;
    }
    println!("{number} rounds without a violation; {} fencings", fencings(power));
    Ok(())
}

fn fencings(power: &Keeper) -> usize {
    let by = ["off for a fence agent", "off for its watchdog"];
    power.record().iter().filter(|(_, what)| by.iter().any(|by| what.ends_with(by))).count()
}

fn configure(bed: &Bed, xml: String) -> Result<(), String> {
    let client = up::client(bed, 1).ok_or("n1 is off")?;
    let edits = vec![Edit::Replace { xml }];
    let request = Request::Change { change: Change::Edit { edits }, force: false, based_on: None };
    client.change(&request).map(drop).map_err(|why| format!("{why:?}"))
}

/// Plays a round's faults, and mends everything when the last is over.
fn go_wrong(world: &mut World<'_>, faults: &[Planned]) -> Result<(), String> {
    let mut moments: Vec<(Duration, bool, &Planned)> = Vec::new();
    for planned in faults {
        moments.push((planned.from, true, planned));
        moments.push((planned.to.min(ROUND), false, planned));
    }
    moments.sort_by_key(|(at, ..)| *at);
    let start = Instant::now();
    for (at, begins, planned) in moments {
        std::thread::sleep(at.saturating_sub(start.elapsed()));
        let Planned { fault, from, to } = planned;
        if begins {
            let said = match world.begin(fault) {
                Ok(said) => said,
                Err(why) => format!("not done: {why}"),
            };
            let length = to.saturating_sub(*from).as_secs_f64();
            println!("  {:5.1} s  {fault:?}, {length:.1} s {said}", at.as_secs_f64());
        } else {
            world.end(fault);
        }
    }
    world.calm()
}

//! A bed of real namespaces: power, cables, and the fence agent that switches them.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use testbed::{Bed, Keeper, Life, Plan, Watchdog};

/// A directory that goes away with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("testbed-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn can_be() -> bool {
    testkit::is_root() && testkit::has(&testbed::NEEDED) && testkit::has(&["/usr/bin/ping"])
}

fn bed(scratch: &Scratch, nodes: u32, boot: Option<&str>) -> Bed {
    let boot = boot.map(str::to_owned);
    let bed =
        Bed::create(&scratch.0, Plan { life: Life::WithThread, boot, ..Plan::of(nodes) }).unwrap();
    for node in 1..=nodes {
        bed.power_on(node).unwrap();
    }
    bed
}

fn ping(bed: &Bed, from: u32, to: u32, patience: &[&str]) -> bool {
    let mut ping = bed.command(from, "ping").unwrap();
    ping.args(["-c", "1"]).args(patience).arg(format!("n{to}"));
    ping.output().unwrap().status.success()
}

/// Until an answer comes: a cable that is plugged in works a moment later.
fn reaches(bed: &Bed, from: u32, to: u32) -> bool {
    ping(bed, from, to, &["-w", "60"])
}

fn misses(bed: &Bed, from: u32, to: u32) -> bool {
    !ping(bed, from, to, &["-W", "1"])
}

#[test]
fn nodes_see_each_other_as_the_cables_let_them() {
    if !can_be() {
        return;
    }
    let scratch = Scratch::new("cables");
    let mut bed = bed(&scratch, 3, None);
    assert!(reaches(&bed, 1, 2) && reaches(&bed, 2, 3));
    bed.cut(&[&[1, 2], &[3]]).unwrap();
    assert!(reaches(&bed, 1, 2) && misses(&bed, 2, 3) && misses(&bed, 3, 1));
    bed.heal().unwrap();
    assert!(reaches(&bed, 2, 3));
    bed.set_link(1, 0, false).unwrap();
    assert!(misses(&bed, 1, 2) && reaches(&bed, 2, 3));
    bed.set_link(1, 0, true).unwrap();
    assert!(reaches(&bed, 1, 2));
    bed.set_loss(1, 100, 0).unwrap();
    assert!(misses(&bed, 1, 2), "answers are lost on the way in");
    bed.set_loss(1, 0, 0).unwrap();
    assert!(reaches(&bed, 1, 2));
}

/// Runs the fence agent on a node.
fn fence(bed: &Bed, on: u32, action: &str, plug: &str) -> Output {
    let mut agent = bed.command(on, bed.root().join("agents/fence/fence_bed")).unwrap();
    let mut child = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let words = format!("action={action}\nplug={plug}\nbed={}\n", bed.root().display());
    child.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn wait_for_lines(file: &Path, lines: usize) {
    let start = std::time::Instant::now();
    while std::fs::read_to_string(file).unwrap_or_default().lines().count() < lines {
        assert!(start.elapsed().as_secs() < 60, "{}", file.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_node_is_switched_off_and_on_by_another() {
    if !can_be() {
        return;
    }
    let scratch = Scratch::new("power");
    let boot = "echo $NODE is up >>$OWN/lives; exec sleep infinity";
    let bed = bed(&scratch, 2, Some(boot));
    let root = bed.root().to_owned();
    let lives = bed.node_dir("n2").join("lives");
    let strip = std::thread::spawn(move || testbed::serve_power(&root).unwrap());
    wait_for_lines(&lives, 1);
    let status = fence(&bed, 1, "status", "n2");
    assert!(status.status.success(), "{status:?}");
    let before = bed.first_process(2).unwrap();
    assert!(fence(&bed, 1, "off", "n2").status.success());
    assert_eq!(bed.first_process(2), None);
    assert!(!Path::new(&format!("/proc/{before}")).exists(), "it is dead, and all that it ran");
    assert_eq!(fence(&bed, 1, "status", "n2").status.code(), Some(2));
    assert!(fence(&bed, 1, "reboot", "n2").status.success());
    wait_for_lines(&lives, 2);
    assert!(reaches(&bed, 1, 2));
    assert_eq!(fence(&bed, 1, "off", "n7").status.code(), Some(1), "there is no such node");
    let list = fence(&bed, 1, "list", "");
    assert_eq!(String::from_utf8(list.stdout).unwrap(), "n1,\nn2,\n");
    bed.power_off(2).unwrap();
    testbed::stop_power(bed.root()).unwrap();
    strip.join().unwrap();
}

#[test]
fn a_bed_that_is_down_runs_nothing() {
    if !can_be() {
        return;
    }
    let scratch = Scratch::new("down");
    let bed = bed(&scratch, 2, Some("exec sleep infinity"));
    let first = bed.first_process(1).unwrap();
    bed.down().unwrap();
    let left = Command::new("ls").arg(format!("/proc/{first}/ns")).output().unwrap();
    assert!(!left.status.success() || left.stdout.is_empty());
    assert_eq!((bed.first_process(1), bed.first_process(2)), (None, None));
}

#[test]
fn who_comes_on_is_plugged_in_as_the_cables_are_by_then() {
    if !can_be() {
        return;
    }
    let scratch = Scratch::new("late");
    let mut bed = bed(&scratch, 2, None);
    bed.power_off(2).unwrap();
    bed.cut(&[&[1], &[2]]).unwrap();
    // What a watchdog has in its hand while somebody else joins the network.
    let earlier = Bed::open(bed.root()).unwrap();
    bed.heal().unwrap();
    earlier.power_on(2).unwrap();
    assert!(reaches(&bed, 1, 2));
    bed.power_off(2).unwrap();
}

/// The first process of a node that is on, and was not `before`.
fn booted(bed: &Bed, before: Option<u32>) -> u32 {
    for _ in 0..6000 {
        match bed.first_process(1).filter(|first| Some(*first) != before) {
            Some(first) => return first,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    panic!("n1 does not boot");
}

#[test]
fn a_machine_that_resets_itself_boots_again() {
    if !can_be() {
        return;
    }
    let scratch = Scratch::new("reset");
    let plan = Plan { life: Life::WithThread, boot_ms: 10, ..Plan::of(1) };
    let bed = Bed::create(&scratch.0, plan).unwrap();
    let keeper = Keeper::hold(&bed).unwrap();
    let pipe = scratch.0.join("food");
    let timeout = Duration::from_millis(100);
    let _watchdog = Watchdog::start(&scratch.0, 1, &pipe, timeout).unwrap();
    keeper.on(1);
    let first = booted(&bed, None);
    std::fs::write(&pipe, "x").unwrap();
    // What is left of it after reboot(2).
    Command::new("kill").args(["-9", &first.to_string()]).status().unwrap();
    booted(&bed, Some(first));
    keeper.off(1).unwrap();
}

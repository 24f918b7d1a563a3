//! Nodes that are fenced by a disk they share, as sbd has it, with its own tool and fence agent.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use testbed::Watchdog;

use super::bed::{Machines, PROGRAM, can_be};
use super::document::{constraints, document, modified, note, prefers, runs};
use super::{metrics, wait_fenced};

/// The watchdog's time on the disk; msgwait gives it the same again, and time to look and to feed.
const TIMEOUT: Duration = Duration::from_secs(5);

const TOOLS: [&str; 3] = ["/usr/sbin/sbd", "/usr/sbin/losetup", "/usr/sbin/fence_sbd"];

/// A disk that all nodes see.
struct Disk(String);

impl Disk {
    fn new(machines: &Machines) -> Self {
        let file = machines.bed.root().join("disk");
        fs::File::create(&file).unwrap().set_len(4 << 20).unwrap();
        let made = Command::new("losetup").args(["-f", "--show"]).arg(&file).output().unwrap();
        let disk = Self(String::from_utf8(made.stdout).unwrap().trim().to_owned());
        disk.sbd(&["-1", "5", "-2", "1", "-3", "1", "-4", "12", "create"]);
        disk
    }

    fn sbd(&self, words: &[&str]) -> String {
        let output = Command::new("sbd").args(["-d", &self.0]).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is in a node's slot.
    fn message_to(&self, node: &str) -> Option<String> {
        let listed = self.sbd(&["list"]);
        let mut slots = listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let own = slots.find(|words| words.get(1) == Some(&node))?;
        own.get(2).map(|word| (*word).to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("losetup").args(["-d", &self.0]).status();
    }
}

/// Has the node's daemon heed the disk, with a stand-in for the node's watchdog.
fn heed(machines: &Machines, node: u32, disk: &Disk) -> Watchdog {
    let own = machines.own(node);
    let (device, settings) = (own.join("watchdog"), own.join("sbd"));
    let text = format!("SBD_DEVICE=\"{}\"\nSBD_WATCHDOG_DEV={}\n", disk.0, device.display());
    fs::write(&settings, text).unwrap();
    let mut file = fs::File::options().append(true).open(own.join("quorate.toml")).unwrap();
    file.write_all(format!("[sbd]\nfile = \"{}\"\n", settings.display()).as_bytes()).unwrap();
    Watchdog::start(machines.bed.root(), node, &device, TIMEOUT).unwrap()
}

fn device(disk: &Disk) -> String {
    format!(
        r#"<primitive id="disk" class="stonith" type="fence_sbd"><instance_attributes id="disk-p">
  <nvpair id="disk-d" name="devices" value="{}"/>
  <nvpair id="disk-h" name="pcmk_host_list" value="n1 n2 n3"/>
</instance_attributes></primitive>"#,
        disk.0
    )
}

/// Three nodes that are all together and heed one disk; a note is on the third. The stand-ins for
/// watchdogs end before the nodes do.
struct Shared {
    watchdogs: [Watchdog; 3],
    disk: Disk,
    machines: Machines,
}

impl Shared {
    /// None where that cannot be: a kernel without loop devices has none by any package.
    fn start() -> Option<Self> {
        let is_possible =
            can_be() && testkit::has(&TOOLS) && Path::new("/dev/loop-control").exists();
        if !is_possible {
            return None;
        }
        // What is beside the socket goes with a machine's life, and this directory does not.
        let boot = "rm -f $OWN/state/sbd-watched; corosync; ";
        let boot = format!("{boot}exec {PROGRAM} daemon --config $OWN/quorate.toml");
        let machines = Machines::not_booted(3, &[], &boot);
        let disk = Disk::new(&machines);
        let watchdogs = [1, 2, 3].map(|node| heed(&machines, node, &disk));
        (1..=3).for_each(|node| machines.bed.power_on(node).unwrap());
        (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
        let resources = format!("{}{}", device(&disk), note("note"));
        machines.replace(1, document(&[], &resources, &constraints(&[prefers("note", 3)])));
        machines.wait("the note", || runs(&machines, 3, "note").is_some());
        machines.wait_idle(1);
        Some(Self { watchdogs, disk, machines })
    }
}

#[test]
fn a_message_on_a_shared_disk_fences_a_node() {
    let Some(Shared { mut machines, disk, watchdogs }) = Shared::start() else { return };
    let lives = [1, 2].map(|node| machines.bed.first_process(node));
    let device = format!("device=\"{}\"", disk.0);
    for line in [
        format!("ha_cluster_sbd_devices{{{device},status=\"healthy\"}} 1.0"),
        format!("ha_cluster_sbd_timeouts{{{device},type=\"watchdog\"}} 5.0"),
        format!("ha_cluster_sbd_timeouts{{{device},type=\"msgwait\"}} 12.0"),
    ] {
        machines.wait(&line, || metrics(&machines, 1).lines().any(|found| found == line));
    }

    // Cut off, it lives by the disk, until the others write to it.
    machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
    let taken = || (1..=2).find_map(|node| runs(&machines, node, "note"));
    machines.wait("the note elsewhere", || taken().is_some());
    let reset = modified(&machines.bed.root().join("run/n3.reset"));
    assert!(reset.is_some() && taken() >= reset, "{reset:?} {:?}\n{}", taken(), machines.log(1));
    wait_fenced(&machines, 1, 3);
    let said = machines.log(3);
    assert!(said.contains("told to die by sbd's disk"), "{said}");
    assert!(said.contains("resetting this machine") && !said.contains("cannot be reset"), "{said}");
    assert_eq!([1, 2].map(|node| machines.bed.first_process(node)), lives, "who has quorum lives");
    machines.bed.heal().unwrap();
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    assert_eq!(disk.message_to("n3").as_deref(), Some("clear"), "that was its life before");

    // By hand.
    machines.wait("the note at home", || runs(&machines, 3, "note").is_some());
    machines.wait_idle(1);
    let life = machines.bed.first_process(2);
    let mut tool = Command::new("sbd");
    tool.args(["-d", &disk.0, "message", "n2", "reset"]).stdout(Stdio::null());
    let mut tool = tool.spawn().unwrap();
    assert!(tool.wait().unwrap().success());
    assert_ne!(machines.bed.first_process(2), life, "{}", machines.log(2));
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    assert_eq!(machines.bed.first_process(1), lives[0]);
    drop(watchdogs);
}

#[test]
fn who_has_neither_the_disk_nor_the_others_resets_itself() {
    let Some(Shared { mut machines, disk, watchdogs }) = Shared::start() else { return };
    let lives = [1, 2, 3].map(|node| machines.bed.first_process(node));
    fs::write(machines.bed.root().join("disk"), vec![0; 4 << 20]).unwrap();
    let has_lost = |node| machines.log(node).contains("most of sbd's disks are lost");
    (1..=3).for_each(|node| machines.wait("the disk's loss", || has_lost(node)));
    machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
    machines.wait("a new life", || machines.bed.first_process(3) != lives[2]);
    assert_eq!([1, 2].map(|node| machines.bed.first_process(node)), lives[..2]);
    // Nobody could tell that it is off.
    assert!((1..=2).all(|node| runs(&machines, node, "note").is_none()));
    drop((watchdogs, disk));
}

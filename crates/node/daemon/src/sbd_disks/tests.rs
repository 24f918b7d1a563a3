use std::process::{Command, Stdio};

use sbd::Message;

use super::device::Device;
use super::*;

const TOOLS: [&str; 2] = ["/usr/sbin/sbd", "/usr/sbin/losetup"];

/// A kernel without loop devices has none by any package.
fn can_be() -> bool {
    testkit::is_root() && testkit::has(&TOOLS) && Path::new("/dev/loop-control").exists()
}

fn said(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().unwrap();
    assert!(output.status.success(), "{program} {words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A disk that is a file, and gone with its test. Made ready by sbd's own tool, with short times.
struct Disk {
    file: PathBuf,
    device: String,
}

impl Disk {
    fn new(name: &str) -> Self {
        let file = std::env::temp_dir().join(format!("quorate-sbd-{name}-{}", std::process::id()));
        std::fs::File::create(&file).unwrap().set_len(4 << 20).unwrap();
        let device = said("losetup", &["-f", "--show", file.to_str().unwrap()]).trim().to_owned();
        let times = ["-1", "2", "-2", "0", "-3", "1", "-4", "7"];
        said("sbd", &[&["-d", &device], times.as_slice(), &["create"]].concat());
        Self { file, device }
    }

    fn sbd(&self, words: &[&str]) -> String {
        said("sbd", &[&["-d", &self.device], words].concat())
    }

    fn path(&self) -> &Path {
        Path::new(&self.device)
    }

    /// Written at once; that tool then waits until it must have had its effect.
    fn message(&self, node: &str, word: &str) -> std::process::Child {
        let mut tool = Command::new("sbd");
        tool.args(["-d", &self.device, "message", node, word]);
        tool.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("losetup").args(["-d", &self.device]).status();
        let _gone = std::fs::remove_file(&self.file);
    }
}

#[test]
fn ours_and_sbd_s_own_tool_see_the_same() {
    if !can_be() {
        return;
    }
    let disk = Disk::new("same");
    let device = Device::open(disk.path()).unwrap();
    let header = device.header().unwrap();
    let dumped = disk.sbd(&["dump"]);
    let shown: Vec<&str> = dumped.lines().filter(|line| line.contains(" : ")).collect();
    assert_eq!(header.lines(), shown);
    disk.sbd(&["allocate", "n1"]);
    assert_eq!(device.claim(&header, "n2").unwrap(), 1);
    assert_eq!(device.claim(&header, "N1").unwrap(), 0);
    let mut tool = disk.message("n2", "off");
    wait(|| device.letter(1).unwrap().message == Message::Off);
    let listed = disk.sbd(&["list"]);
    let slots: Vec<Vec<&str>> =
        listed.lines().map(|line| line.split_whitespace().collect()).collect();
    let from = device.letter(1).unwrap().from;
    assert_eq!(slots, [vec!["0", "n1", "clear"], vec!["1", "n2", "off", from.as_str()]]);
    device.clear(1).unwrap();
    assert!(!disk.sbd(&["list"]).contains("off"));
    tool.kill().unwrap();
    tool.wait().unwrap();
}

fn wait(mut wanted: impl FnMut() -> bool) {
    let start = Instant::now();
    while !wanted() {
        assert!(start.elapsed() < Duration::from_secs(60), "never");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// sbd's file and what outlives a daemon, in a directory.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, disks: &[&str], more: &str) -> Self {
        let root = std::env::temp_dir().join(format!("quorate-sbdd-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let text = format!("SBD_DEVICE=\"{}\"\nSBD_WATCHDOG_DEV=/w\n{more}", disks.join(";"));
        std::fs::write(root.join("sbd"), text).unwrap();
        Self(root)
    }

    fn start(&self) -> Result<SbdDisks, SbdError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mark = Mark::find(&self.0)?;
        runtime.block_on(SbdDisks::start(&self.0.join("sbd"), "n1", mark))
    }

    /// As if the machine had started anew.
    fn forget(&self) {
        std::fs::remove_file(self.0.join("sbd-watched")).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn who_is_told_to_die_does_in_this_life_and_not_in_the_next() {
    if !can_be() {
        return;
    }
    let disk = Disk::new("die");
    let scratch = Scratch::new("die", &[&disk.device], "");
    let mut disks = scratch.start().unwrap();
    assert_eq!(disks.timeout(), Duration::from_secs(2));
    // On a busy machine a look may be too old by the time that one asks: then the next counts.
    wait(|| disks.may_live(false));
    let mut tool = disk.message("n1", "reset");
    wait(|| !disks.may_live(true));
    assert!(disks.must_die());
    assert!(disk.sbd(&["list"]).contains("reset"), "it stays for all to see");
    let mut again = scratch.start().unwrap();
    assert!(again.must_die() && !again.may_live(true), "a new daemon is the same life");
    tool.kill().unwrap();
    tool.wait().unwrap();
    scratch.forget();
    let mut next = scratch.start().unwrap();
    assert!(!next.must_die());
    wait(|| next.may_live(false));
    assert!(!disk.sbd(&["list"]).contains("reset"));
}

#[test]
fn who_was_fenced_does_not_start_where_only_the_clean_do() {
    if !can_be() {
        return;
    }
    let disk = Disk::new("clean");
    let scratch = Scratch::new("clean", &[&disk.device], "SBD_STARTMODE=clean\n");
    disk.sbd(&["allocate", "n1"]);
    let mut tool = disk.message("n1", "off");
    let device = Device::open(disk.path()).unwrap();
    wait(|| device.letter(0).unwrap().message == Message::Off);
    tool.kill().unwrap();
    tool.wait().unwrap();
    let no = scratch.start().unwrap_err();
    assert!(matches!(no, SbdError::Fenced { word: "off", .. }), "{no}");
    device.clear(0).unwrap();
    assert!(scratch.start().is_ok());
}

#[test]
fn without_most_of_the_disks_quorum_decides() {
    if !can_be() {
        return;
    }
    let disks = ["a", "b", "c"].map(|name| Disk::new(&format!("most-{name}")));
    let devices = [0, 1, 2].map(|at: usize| disks[at].device.as_str());
    let scratch = Scratch::new("most", &devices, "");
    let mut watched = scratch.start().unwrap();
    let wipe = |disk: &Disk| std::fs::write(&disk.file, vec![0; 4 << 20]).unwrap();
    // One look at each, also at the one that was not waited for.
    wait(|| watched.disks.iter().all(|disk| lock(disk).looked.is_some()));
    wipe(&disks[0]);
    wait(|| !watched.is_good(&watched.disks[0], Instant::now()));
    // Two of three are enough.
    wait(|| watched.may_live(false));
    wipe(&disks[1]);
    wait(|| !watched.may_live(false));
    assert!(watched.may_live(true));
}

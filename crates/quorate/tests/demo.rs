//! `quorate demo` at a terminal: whatever way it ends, nothing of it stays.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test may fail loudly")]

#[path = "demo/terminal.rs"]
mod terminal;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use terminal::{Ended, Terminal};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
/// What is shown when the cluster does its work.
const SERVING: &str = "the service answers from";

/// A directory for runs of the demo, one after the other, and what their networks are called.
struct Place {
    dir: PathBuf,
    /// What all its namespaces' and links' names have in common; none for an ordinary user.
    mark: Option<String>,
}

impl Place {
    /// Runs the demo once, to the end, to learn the names.
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("quorate-{name}-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        let mut place = Self { dir, mark: None };
        let mut terminal = place.start();
        terminal.wait_for(SERVING);
        let namespace = fs::read_to_string(place.demo().join("n1/netns")).ok();
        // Before it is the number of the network, which each run chooses anew.
        place.mark = namespace.and_then(|name| Some(name.split('-').nth(1)?.get(3..)?.to_owned()));
        terminal.type_in("q\n");
        place.is_clean_after(terminal.end(), "q");
        place
    }

    fn demo(&self) -> PathBuf {
        self.dir.join("demo")
    }

    fn start(&self) -> Terminal {
        let temporary = self.dir.join("tmp");
        fs::create_dir_all(&temporary).unwrap();
        let words = ["demo".into(), "--dir".into(), self.demo().into_os_string()];
        Terminal::start(words.iter().map(OsString::as_os_str), &[("TMPDIR", temporary.as_os_str())])
    }

    /// Nothing stays but its directory, and it said so.
    fn is_clean_after(&self, ended: Ended, how: &str) {
        let Ended { code, screen } = ended;
        assert!(matches!(code, Some(0 | 130)), "{how}: {code:?}\n{screen}");
        let demo = self.demo();
        let marks = ["n1", "n2", "n3"].map(|node| (process::NODE_MARK, demo.join(node)));
        for (mark, value) in marks.into_iter().chain([("QUORATE_DEMO", demo.clone())]) {
            let left = process::marked(&[(mark, value.to_str().unwrap())]);
            assert!(left.is_empty(), "{how}: {left:?}\n{screen}");
        }
        let outside: Vec<_> = fs::read_dir(self.dir.join("tmp")).unwrap().collect();
        assert!(outside.is_empty(), "{how}: {outside:?}\n{screen}");
        if let Some(mark) = &self.mark {
            let left = [names_in("/run/netns", mark), names_in("/sys/class/net", mark)].concat();
            assert!(left.is_empty(), "{how}: {left:?}\n{screen}");
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(self.dir.to_str().unwrap()), "{how}: {mounts}\n{screen}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _gone = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Names in a directory that say they are ours.
fn names_in(directory: impl AsRef<Path>, mark: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_demo_s = |name: &String| name.starts_with("qr") || name.starts_with("quorate-");
    names.filter(|name| is_demo_s(name) && name.contains(mark)).collect()
}

#[test]
fn ctrl_c_leaves_nothing_whenever_it_comes() {
    let place = Place::new("ctrl-c");
    // From the first file that it makes to the last, and so on each side of what is between.
    for file in ["lock", "network", "agents", "n3/quorate.toml", "fabric.sock", "n2/api.sock"] {
        if file == "network" && place.mark.is_none() {
            continue; // only root's nodes have one
        }
        let path = place.demo().join(file);
        let _earlier = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        let mut terminal = place.start();
        terminal.wait_until(|| path.exists());
        terminal.type_in(CTRL_C);
        place.is_clean_after(terminal.end(), file);
    }
    let mut terminal = place.start();
    terminal.wait_for(SERVING);
    // The active node's death, its fencing and recovery are all under way.
    terminal.type_in("a\n");
    terminal.wait_for("is killed");
    terminal.type_in(CTRL_C);
    terminal.type_in(CTRL_C);
    place.is_clean_after(terminal.end(), "two while a node is fenced");
    let mut terminal = place.start();
    terminal.wait_for(SERVING);
    place.is_clean_after(terminal.hammer(CTRL_C), "many until it has ended");
}

#[test]
fn signals_and_a_lost_terminal_leave_nothing() {
    let place = Place::new("signals");
    for signal in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        let mut terminal = place.start();
        terminal.wait_for(SERVING);
        terminal.send(signal);
        place.is_clean_after(terminal.end(), &format!("{signal:?}"));
    }
    let mut terminal = place.start();
    terminal.wait_for(SERVING);
    terminal.type_in(CTRL_D);
    place.is_clean_after(terminal.end(), "Ctrl-D");
    let mut terminal = place.start();
    terminal.wait_for(SERVING);
    place.is_clean_after(terminal.close(), "closed");
}

#[test]
fn what_a_killed_demo_left_is_removed_by_the_next() {
    let place = Place::new("killed");
    let mut terminal = place.start();
    terminal.wait_for(SERVING);
    terminal.kill();
    let mut terminal = place.start();
    terminal.wait_for(SERVING);
    terminal.type_in("q\n");
    place.is_clean_after(terminal.end(), "after a kill");
}

/// Two demos of root in one network and with one `/run/netns`, the first ended first. What others have
/// mounted there came along, and would be taken for theirs: what is covered is listed, too.
const TWO: &str = "set -e
while umount --recursive --lazy /run/netns 2>/dev/null; do :; done
mount -t tmpfs tmpfs /run
ip link set lo up
begin() {
  $1 demo --dir $2 > $2.log 2>&1 &
  until [ -S $2/n1/api.sock ]; do kill -0 $! || { cat $2.log; exit 1; }; sleep 0.05; done
}
begin $1 $2/one; one=$!
begin $1 $2/two; two=$!
kill $one; wait $one || true
grep -q /run/netns/ /proc/self/mountinfo
kill $two; wait $two || true
cat /proc/self/mountinfo; ls /run";

#[test]
fn of_two_at_the_same_time_the_last_removes_what_both_used() {
    if !testkit::is_root() || !testkit::has(&["/usr/sbin/ip"]) {
        return;
    }
    let folder = std::env::temp_dir().join(format!("quorate-two-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let output = std::process::Command::new("unshare")
        .args(["--mount", "--net", "--propagation", "private", "sh", "-c", TWO, "sh"])
        .args([OsString::from(env!("CARGO_BIN_EXE_quorate")), folder.clone().into()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let trouble = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{trouble}");
    assert!(!said.contains("netns"), "{said}{trouble}");
    fs::remove_dir_all(&folder).unwrap();
}

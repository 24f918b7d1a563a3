//! Starts members as processes, gives them orders, and reads what happens to them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use model::Quorum;
use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything here takes on a loaded machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// What carries the messages of one test's members.
pub trait Carrier {
    /// The command that runs a member of a cluster of `nodes`.
    fn member(&self, node: u32, nodes: &[u32]) -> Command;
    /// Splits the network into these groups.
    fn cut(&self, groups: &[&[u32]]);
    /// Joins it again.
    fn heal(&self);
    /// Takes a member's machine away, where members have machines.
    fn power_off(&self, _node: u32) {}
}

/// The members of one cluster.
pub struct Bed<'a> {
    pub carrier: &'a dyn Carrier,
    nodes: Vec<u32>,
    pub members: BTreeMap<u32, Process>,
    /// Logs of members that are gone, for the final check.
    gone: Vec<Vec<Line>>,
}

/// One thing that happened to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Membership { id: u64, quorum: Quorum, members: Vec<u32> },
    Delivered { from: u32, text: String },
    Other(String),
}

impl<'a> Bed<'a> {
    /// Starts these members and waits until they are together.
    pub fn start(carrier: &'a dyn Carrier, nodes: &[u32]) -> Self {
        let mut bed =
            Self { carrier, nodes: nodes.to_vec(), members: BTreeMap::new(), gone: Vec::new() };
        for node in nodes {
            bed.join(*node);
        }
        bed.wait_membership(nodes, nodes);
        bed
    }

    pub fn join(&mut self, node: u32) {
        let process = Process::start(self.carrier.member(node, &self.nodes));
        self.members.insert(node, process);
    }

    /// Waits until the last membership of each of `of` is exactly `members`.
    pub fn wait_membership(&self, of: &[u32], members: &[u32]) {
        for node in of {
            self.members[node].wait(&format!("membership {members:?} on {node}"), |log| {
                log.iter().rev().find_map(membership).is_some_and(|last| last == members)
            });
        }
    }

    /// How much has happened to `node` so far.
    pub fn so_far(&self, node: u32) -> usize {
        self.members[&node].log().len()
    }

    /// Waits until `node` noticed, after `past`, that it was left out, and is back among `members`. Before that it
    /// may have been alone for other reasons, as when it starts ahead of what carries its messages.
    pub fn wait_return(&self, node: u32, past: usize, members: &[u32]) {
        self.members[&node].wait(&format!("return of {node}"), |log| {
            let mut stays = log.iter().skip(past).filter_map(membership);
            stays.any(|stay| stay == [node])
                && stays.next_back().is_some_and(|last| last == members)
        });
        self.wait_membership(members, members);
    }

    /// Waits until each of `of` was delivered `text`.
    pub fn wait_delivered(&self, of: &[u32], text: &str) {
        for node in of {
            self.members[node].wait_delivered(text);
        }
    }

    /// Each of `from` sends one more message; waits until each of them was delivered all of these,
    /// so that everything ordered before has arrived.
    pub fn flush(&self, among: &[u32], mark: &str) {
        for node in among {
            self.members[node].order(&format!("send {mark}-from-{node}"));
        }
        for node in among {
            self.wait_delivered(among, &format!("{mark}-from-{node}"));
        }
    }

    pub fn kill(&mut self, node: u32) {
        let process = self.members.remove(&node).unwrap();
        self.gone.push(process.end(Signal::KILL));
    }

    /// Takes a member away with its machine.
    pub fn power_off(&mut self, node: u32) {
        self.carrier.power_off(node);
        self.kill(node);
    }

    /// Lets a member end by itself.
    pub fn wait_end(&mut self, node: u32) {
        let mut process = self.members.remove(&node).unwrap();
        process.child.wait().unwrap();
        self.gone.push(process.end(Signal::KILL));
    }

    /// Ends all and checks what every fabric promises.
    pub fn finish(mut self) {
        let mut logs = std::mem::take(&mut self.gone);
        for (_, process) in std::mem::take(&mut self.members) {
            logs.push(process.end(Signal::KILL));
        }
        check_promises(&logs);
    }
}

fn membership(line: &Line) -> Option<&[u32]> {
    match line {
        Line::Membership { members, .. } => Some(members),
        Line::Delivered { .. } | Line::Other(_) => None,
    }
}

/// A membership and what was delivered in it.
type Stay = ((u64, Vec<u32>), Vec<(u32, String)>);

fn stays(log: &[Line]) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    for line in log {
        match line {
            Line::Membership { id, members, .. } => stays.push(((*id, members.clone()), vec![])),
            Line::Delivered { from, text } => {
                let (_, delivered) = stays.last_mut().expect("a membership comes first");
                delivered.push((*from, text.clone()));
            }
            Line::Other(_) => {}
        }
    }
    stays
}

fn check_promises(logs: &[Vec<Line>]) {
    let all: Vec<Vec<Stay>> = logs.iter().map(|log| stays(log)).collect();
    for stays in &all {
        let ids: Vec<u64> = stays.iter().map(|((id, _), _)| *id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "membership ids go up: {ids:?}");
        for ((_, members), delivered) in stays {
            let stranger = delivered.iter().find(|(from, _)| !members.contains(from));
            assert_eq!(stranger, None, "only members are heard in {members:?}");
        }
    }
    for log in logs {
        let mut heard = BTreeSet::new();
        let again = log.iter().find(
            |line| matches!(line, Line::Delivered { from, text } if !heard.insert((from, text))),
        );
        assert_eq!(again, None, "what is said once is heard once");
    }
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            check_pair(one, other);
        }
    }
}

fn check_pair(one: &[Stay], other: &[Stay]) {
    for (at, (membership, delivered)) in one.iter().enumerate() {
        let Some(other_at) = other.iter().position(|(m, _)| m == membership) else { continue };
        let (_, other_delivered) = &other[other_at];
        let common = delivered.len().min(other_delivered.len());
        assert_eq!(delivered[..common], other_delivered[..common], "one order in {membership:?}");
        let next = one.get(at + 1).map(|(m, _)| m);
        let other_next = other.get(other_at + 1).map(|(m, _)| m);
        if next.is_some() && next == other_next {
            assert_eq!(
                delivered.len(),
                other_delivered.len(),
                "who goes from {membership:?} to {next:?} together has delivered the same"
            );
        }
    }
}

/// One running member.
pub struct Process {
    child: Child,
    stdin: ChildStdin,
    log: Arc<(Mutex<Log>, Condvar)>,
}

#[derive(Default)]
struct Log {
    lines: Vec<Line>,
    ended: bool,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let log = Arc::new((Mutex::new(Log::default()), Condvar::new()));
        let shared = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                shared.0.lock().unwrap().lines.push(parse(&line));
                shared.1.notify_all();
            }
            shared.0.lock().unwrap().ended = true;
            shared.1.notify_all();
        });
        Self { child, stdin, log }
    }

    pub fn order(&self, order: &str) {
        writeln!(&self.stdin, "{order}").unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.member(), signal).unwrap();
        if signal == Signal::CONT {
            // `nsenter` stops when what it started is stopped, and waits for a word of its own.
            kill_process(Pid::from_child(&self.child), signal).unwrap();
        }
    }

    /// The member itself: the child, or what that started in namespaces of their own.
    fn member(&self) -> Pid {
        let outer = Pid::from_child(&self.child);
        let number = outer.as_raw_nonzero();
        let name = std::fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
        if name.trim() != "nsenter" {
            return outer;
        }
        let children = std::fs::read_to_string(format!("/proc/{number}/task/{number}/children"));
        let inner = children.unwrap_or_default().trim().parse().ok();
        inner.and_then(Pid::from_raw).unwrap_or(outer)
    }

    pub fn log(&self) -> Vec<Line> {
        self.log.0.lock().unwrap().lines.clone()
    }

    /// Waits until the log satisfies `wanted`.
    pub fn wait(&self, what: &str, wanted: impl Fn(&[Line]) -> bool) {
        let start = Instant::now();
        let mut log = self.log.0.lock().unwrap();
        while !wanted(&log.lines) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            let tail = log.lines.len().saturating_sub(12);
            let ended = log.ended;
            assert!(!left.is_zero() && !ended, "no {what}; last: {:#?}", &log.lines[tail..]);
            log = self.log.1.wait_timeout(log, left).unwrap().0;
        }
    }

    pub fn wait_delivered(&self, wanted: &str) {
        self.wait(&format!("delivery of {wanted}"), |log| {
            log.iter().any(|line| matches!(line, Line::Delivered { text, .. } if text == wanted))
        });
    }

    /// Ends the process and takes all that it said.
    fn end(mut self, signal: Signal) -> Vec<Line> {
        let _already_ended = kill_process(self.member(), signal);
        let _already_ended = kill_process(Pid::from_child(&self.child), Signal::CONT);
        self.child.wait().unwrap();
        let mut log = self.log.0.lock().unwrap();
        while !log.ended {
            log = self.log.1.wait(log).unwrap();
        }
        // A killed process may leave its last line cut short.
        std::mem::take(&mut log.lines)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _already_ended = kill_process(self.member(), Signal::KILL);
        let _already_ended = self.child.kill();
        let _already_waited_for = self.child.wait();
    }
}

fn parse(line: &str) -> Line {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["membership", id, quorum, members] => Line::Membership {
            id: id.parse().unwrap(),
            quorum: match *quorum {
                "inquorate" => Quorum::No,
                "quorate" => Quorum::Majority,
                "by-device" => Quorum::ByDevice,
                "by-rule" => Quorum::ByRule,
                other => panic!("unknown quorum {other}"),
            },
            members: members.split(',').map(|node| node.parse().unwrap()).collect(),
        },
        ["delivered", from, text] => {
            Line::Delivered { from: from.parse().unwrap(), text: (*text).to_owned() }
        }
        _ => Line::Other(line.to_owned()),
    }
}

/// A directory for sockets that goes away with its test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("quorate-fabric-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

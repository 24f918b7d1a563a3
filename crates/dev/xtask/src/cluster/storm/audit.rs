//! Looks for what must never be, while it happens and after it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use own_agents::check_ledger;
use serde_json::Value;
use testbed::Bed;

use super::editor::{Book, missing};
use super::world::{ADDRESS, LOCKS};
use crate::cluster::up::client;

/// Between two looks at who has the address.
const LOOK: Duration = Duration::from_millis(20);

/// Watches over the address that must never be on two nodes.
#[derive(Debug)]
pub(super) struct Watch {
    found: Arc<Mutex<Vec<String>>>,
    ends: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watch {
    pub(super) fn start(root: &Path) -> Self {
        let (found, ends) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let root = root.to_owned();
        let thread = thread::spawn({
            let (found, ends) = (Arc::clone(&found), Arc::clone(&ends));
            move || watch(&root, &found, &ends)
        });
        Self { found, ends, thread: Some(thread) }
    }

    /// What was seen so far that must not be.
    pub(super) fn found(&self) -> Vec<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

fn watch(root: &Path, found: &Mutex<Vec<String>>, ends: &AtomicBool) {
    let Ok(bed) = Bed::open(root) else { return };
    while !ends.load(Ordering::SeqCst) {
        thread::sleep(LOOK);
        let first = holders(&bed);
        // One look is not one moment: who had it in both looks had it while the other had it.
        if first.len() > 1 {
            let again = holders(&bed);
            let both: Vec<&u32> = first.iter().filter(|node| again.contains(node)).collect();
            if both.len() > 1 {
                let what = format!("{ADDRESS} is on the nodes {both:?} at once");
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                if found.last() != Some(&what) {
                    found.push(what);
                }
            }
        }
    }
}

/// The nodes that have the address, as the kernel says.
pub(in crate::cluster) fn holders(bed: &Bed) -> Vec<u32> {
    let has = |node: &u32| {
        let Some(first) = bed.first_process(*node) else { return false };
        let routes = fs::read_to_string(format!("/proc/{first}/net/fib_trie"));
        routes.unwrap_or_default().contains(&format!("|-- {ADDRESS}\n"))
    };
    bed.plan().numbers().filter(has).collect()
}

/// Why the cluster is not as it should be when nothing is wrong any more; `None` if it is.
pub(super) fn unsettled(bed: &Bed, program: &Path) -> Option<String> {
    let mut documents = Vec::new();
    let wanted: Vec<String> = bed.plan().numbers().map(|node| format!("n{node}")).collect();
    for node in bed.plan().numbers() {
        let Some(client) = client(bed, node) else { return Some(format!("n{node} is off")) };
        let seen = match client.document() {
            Ok(seen) => seen,
            Err(why) => return Some(format!("n{node}: {}", chain(&why))),
        };
        let cluster = &seen.cluster;
        if !cluster.formed || cluster.members != wanted {
            return Some(format!(
                "n{node} is with {:?}, formed: {}",
                cluster.members, cluster.formed
            ));
        }
        if !cluster.idle || !cluster.running.is_empty() {
            return Some(format!("n{node} is busy: {:?} {:?}", cluster.running, cluster.fencing));
        }
        documents.push(seen.xml);
    }
    if documents.iter().any(|document| Some(document) != documents.first()) {
        return Some("the nodes' documents differ".to_owned());
    }
    unhealthy(bed, program).or_else(|| match holders(bed).as_slice() {
        [_one] => None,
        others => Some(format!("{ADDRESS} is on {others:?}")),
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

/// What the cluster's own status says, if it is not well.
fn unhealthy(bed: &Bed, program: &Path) -> Option<String> {
    let socket = bed.api_socket(1)?;
    let asked =
        Command::new(program).arg("--socket").arg(socket).args(["status", "--json"]).output();
    let output = match asked {
        Ok(output) => output,
        Err(why) => return Some(why.to_string()),
    };
    let Ok(status) = serde_json::from_slice::<Value>(&output.stdout) else {
        return Some(String::from_utf8_lossy(&output.stderr).into_owned());
    };
    let health = status.pointer("/verdict/health").and_then(Value::as_str).unwrap_or("unknown");
    let planned = status.get("planned").and_then(Value::as_u64).unwrap_or(0);
    if matches!(health, "healthy" | "weakened") && planned == 0 {
        return None;
    }
    let sentence = status.pointer("/verdict/sentence").and_then(Value::as_str).unwrap_or("");
    let advice = status.pointer("/verdict/advice").map(Value::to_string).unwrap_or_default();
    Some(format!("{health}: {sentence} {advice} ({planned} actions planned)"))
}

/// What must hold once the cluster has settled, and does not.
pub(super) fn findings(bed: &Bed, book: &Book) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(seen) = client(bed, 1).and_then(|client| client.document().ok()) {
        // Where a single node may have quorum, what it acknowledged may be set aside, if it is kept.
        let kept = if bed.plan().nodes == 2 { set_aside(bed) } else { Vec::new() };
        let lost = missing(book, &seen.xml, &kept);
        found
            .extend(lost.into_iter().map(|what| format!("an acknowledged change is lost: {what}")));
    }
    for name in LOCKS {
        match check_ledger(&bed.root().join("shared").join(name)) {
            Ok(sum) => {
                let lines = sum.violations.iter();
                found.extend(lines.map(|line| format!("lock {name} was held twice: {line}")));
                if sum.refused > 0 {
                    found.push(format!("lock {name} was to be taken twice: {} times", sum.refused));
                }
                if sum.acquired != sum.released + sum.lost + 1 {
                    found.push(format!("lock {name} is not held: {sum:?}"));
                }
            }
            Err(why) => found.push(format!("lock {name}: {why}")),
        }
    }
    for node in bed.plan().numbers() {
        let said = bed.node_dir(&format!("n{node}")).join("boot.log");
        let said = fs::read_to_string(said).unwrap_or_default();
        let panics = said.lines().filter(|line| line.contains("panicked at"));
        found.extend(panics.map(|line| format!("n{node}: {line}")));
    }
    found
}

/// The configurations that lost against the quorum's, which the nodes keep.
fn set_aside(bed: &Bed) -> Vec<String> {
    let stores = bed.plan().numbers().filter_map(|node| {
        let first = bed.first_process(node)?;
        fs::read_dir(format!("/proc/{first}/root/var/lib/quorate/store")).ok()
    });
    let files = stores.flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let aside = files.filter(|path| path.to_string_lossy().contains("/set-aside-"));
    aside.filter_map(|path| fs::read_to_string(path).ok()).collect()
}

/// Waits until the cluster has settled; says how long it took, or why it has not.
pub(super) fn settle(bed: &Bed, program: &Path, most: Duration) -> Result<Duration, String> {
    let start = Instant::now();
    loop {
        let Some(why) = unsettled(bed, program) else { return Ok(start.elapsed()) };
        if start.elapsed() > most {
            return Err(format!("not settled {} s after the last fault: {why}", most.as_secs()));
        }
        thread::sleep(Duration::from_millis(100));
    }
}

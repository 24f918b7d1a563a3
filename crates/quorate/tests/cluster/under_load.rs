//! Daemons are killed while changes pour in: what was acknowledged is there in the end, and what ran
//! was found again and not started twice.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use client::Client;
use process::Identity;
use wire::api::{Change, Edit, Event, Reply, Request};

use crate::bed::{Bed, PATIENCE};
use crate::{check_ledger, other_than, with_lock};

/// Somebody who edits without pause, wherever he is let in.
struct Load {
    acknowledged: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    editor: JoinHandle<Vec<usize>>,
}

impl Load {
    fn begin(bed: &Bed) -> Self {
        let sockets: Vec<PathBuf> =
            (1..=3).map(|node| bed.node_dir(node).join("api.sock")).collect();
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let (count, end) = (Arc::clone(&acknowledged), Arc::clone(&is_over));
        let editor = thread::spawn(move || {
            let mut kept = Vec::new();
            for number in 0.. {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                // A change whose answer was lost may have been made or not: it is never repeated.
                if add(&sockets[number % 3], number) {
                    kept.push(number);
                    count.store(kept.len(), Ordering::Relaxed);
                }
            }
            kept
        });
        Self { acknowledged, is_over, editor }
    }

    /// Waits until so many more changes were acknowledged; `node` hears of each.
    fn go_on(&self, bed: &Bed, node: u32, more: usize) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + more;
        bed.wait(node, "changes", |_| self.acknowledged.load(Ordering::Relaxed) >= wanted);
    }

    /// The numbers of all that was acknowledged.
    fn end(self) -> Vec<usize> {
        self.is_over.store(true, Ordering::Relaxed);
        self.editor.join().unwrap()
    }
}

/// Adds one value; `false` if it was refused, or nobody answered.
fn add(socket: &PathBuf, number: usize) -> bool {
    let xml = format!("<nvpair id=\"load-{number}\" name=\"load-{number}\" value=\"1\"/>");
    let parent = "//cluster_property_set[@id='options']".to_owned();
    let change = Change::Edit { edits: vec![Edit::Create { parent, xml }] };
    let request = Request::Change { change, force: false, based_on: None };
    matches!(Client::new(socket, PATIENCE).ask(&request), Ok(Reply::Done { .. }))
}

fn coordinator(bed: &Bed, witness: u32) -> u32 {
    let name = bed.see(witness).cluster.coordinator.unwrap();
    (1..=3).find(|node| name == format!("n{node}")).unwrap()
}

/// Whether the lock's own process lives on a node: a probe that runs there is marked as the resource's, too.
fn holds(bed: &Bed, node: u32) -> bool {
    let said = fs::read_to_string(bed.node_dir(node).join("run/lock-lock.pid")).ok();
    let process = said.and_then(|text| text.trim().parse().ok());
    process.is_some_and(|process: Identity| process.is_alive())
}

/// The only node that has the lock, when one has.
fn holder(bed: &Bed) -> u32 {
    let begun = Instant::now();
    loop {
        let holders: Vec<u32> = (1..=3).filter(|node| holds(bed, *node)).collect();
        if let [holder] = holders[..] {
            return holder;
        }
        assert!(begun.elapsed() < PATIENCE, "{holders:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Kills a node's daemon, waits until it is fenced and the lock is held again, and starts it.
fn kill_and_restart(bed: &mut Bed, load: &Load, node: u32) {
    let witness = other_than(node);
    let before = bed.client(witness).history(0).unwrap().last().map_or(0, |entry| entry.number);
    bed.kill_node(node);
    let is_fenced = || {
        let entries = bed.client(witness).history(before).unwrap();
        entries.iter().any(|entry| {
            matches!(&entry.event, Event::Fenced { target, succeeded: true, .. }
                if *target == format!("n{node}"))
        })
    };
    bed.wait(witness, "recovery", |_| is_fenced() && !bed.running("lock").is_empty());
    load.go_on(bed, witness, 20);
    bed.start_node(node);
    bed.wait_members(witness, &[1, 2, 3]);
    load.go_on(bed, witness, 20);
}

#[test]
fn kills_under_load_lose_no_acknowledged_change_and_start_nothing_twice() {
    let (mut bed, first) = with_lock();
    let load = Load::begin(&bed);
    load.go_on(&bed, 1, 20);

    // Who coordinates, who holds the lock, and one that does neither.
    let coordinating = coordinator(&bed, 1);
    kill_and_restart(&mut bed, &load, coordinating);
    let moved = u64::from(first == coordinating);
    let holding = holder(&bed);
    kill_and_restart(&mut bed, &load, holding);
    let (holding, coordinating) = (holder(&bed), coordinator(&bed, 1));
    let other = (1..=3).find(|node| ![holding, coordinating].contains(node)).unwrap();
    kill_and_restart(&mut bed, &load, other);
    assert_eq!(holder(&bed), holding, "nothing moves without need");

    // All at once, in the middle of it: nobody fences anybody, and the lock is found as it runs.
    bed.kill_everyone();
    bed.start_sequencer();
    for node in 1..=3 {
        bed.start_node(node);
    }
    bed.wait_members(1, &[1, 2, 3]);
    load.go_on(&bed, 1, 20);
    let kept = load.end();
    bed.wait_idle(1);
    assert_eq!(holder(&bed), holding);

    let documents = [1, 2, 3].map(|node| bed.see(node).xml);
    assert!(documents.iter().all(|xml| *xml == documents[0]), "copies differ");
    let lost: Vec<&usize> = kept
        .iter()
        .filter(|number| !documents[0].contains(&format!("id=\"load-{number}\"")))
        .collect();
    assert_eq!(lost, Vec::<&usize>::new(), "of {} acknowledged changes", kept.len());
    check_ledger(&bed, 2 + moved);
}

//! Cuts the power at every write, sync, rename and removal; fails each of them once; damages each
//! file: what was acknowledged is there afterwards.

use std::io;

use super::memory::{Dice, Fault, MemoryDisk};
use crate::damage::DamageKind;
use crate::engine::{Done, Engine, Found, Request, RequestKind};
use crate::error::StoreError;
use crate::history::HISTORY_KEPT;
use crate::thread::{Ack, Ticket};

/// The state under test is a list of lines; a record adds one, a snapshot is all of them.
#[derive(Clone, Copy)]
enum Act {
    /// Appends this many records in one batch.
    Append(usize),
    Compact,
    /// Takes over another list.
    Replace,
}

const SCRIPT: &[Act] = &[
    Act::Append(1),
    Act::Append(3),
    Act::Compact,
    Act::Append(2),
    Act::Compact,
    Act::Compact,
    Act::Append(1),
    Act::Replace,
    Act::Append(2),
    Act::Compact,
    Act::Append(4),
];

/// Runs requests and notes what the caller would believe.
struct Caller {
    engine: Engine,
    tickets: u64,
    /// Every state that the caller has been in, oldest first.
    states: Vec<Vec<String>>,
    /// Index of the last state that was acknowledged as durable.
    durable: usize,
    lines: usize,
}

impl Caller {
    fn open(disk: &MemoryDisk) -> io::Result<Self> {
        let (engine, found) = Engine::open(Box::new(disk.clone()))?;
        let states = vec![state_of(&found)];
        Ok(Self { engine, tickets: 0, states, durable: 0, lines: 0 })
    }

    fn state(&self) -> Vec<String> {
        self.states.last().unwrap().clone()
    }

    fn line(&mut self) -> String {
        self.lines += 1;
        format!("line {} of {}", self.lines, self.states.len())
    }

    fn run(&mut self, kinds: Vec<RequestKind>) -> Vec<Result<Done, StoreError>> {
        let first = self.tickets + 1;
        self.tickets += kinds.len() as u64;
        let batch =
            kinds.into_iter().zip(first..).map(|(kind, n)| Request { ticket: Ticket(n), kind });
        let mut acks: Vec<Ack> = Vec::new();
        self.engine.run(batch.collect(), &mut |ack| acks.push(ack));
        let told: Vec<u64> = acks.iter().map(|ack| ack.ticket.0).collect();
        let asked: Vec<u64> = (first..=self.tickets).collect();
        assert_eq!(told, asked, "each request is answered once and in order");
        acks.into_iter().map(|ack| ack.result).collect()
    }

    /// Whether everything in this act was acknowledged.
    fn act(&mut self, act: Act) -> bool {
        let before = self.states.len();
        let mut requests = Vec::new();
        match act {
            Act::Append(count) => {
                for _ in 0..count {
                    let line = self.line();
                    requests.push(RequestKind::Append(line.clone().into_bytes()));
                    let mut state = self.state();
                    state.push(line);
                    self.states.push(state);
                }
            }
            Act::Compact => {
                requests.push(RequestKind::Compact(self.state().join("\n").into_bytes()));
                self.states.push(self.state());
            }
            Act::Replace => {
                let state = vec!["from elsewhere".to_owned(), self.line()];
                requests.push(RequestKind::Replace(state.join("\n").into_bytes()));
                self.states.push(state);
            }
        }
        let results = self.run(requests);
        for (index, result) in results.iter().enumerate() {
            if result.is_ok() {
                self.durable = before + index;
            }
        }
        results.iter().all(Result::is_ok)
    }
}

fn state_of(found: &Found) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let snapshot = found.snapshot.as_deref().map(text).unwrap_or_default();
    let mut state: Vec<String> =
        snapshot.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect();
    state.extend(found.records.iter().map(|record| text(record)));
    state
}

/// Opens what a crash left and compares it with what the caller had been told.
fn check_survivor(disk: &MemoryDisk, caller: &Caller, context: &str) {
    let mut reopened = Caller::open(disk).unwrap_or_else(|error| panic!("{context}: {error}"));
    let found = reopened.state();
    let allowed = &caller.states[caller.durable..];
    assert!(
        allowed.contains(&found),
        "{context}: found {found:?}, acknowledged {:?}",
        caller.states[caller.durable]
    );
    // It can be written on, and that is found as well.
    for act in [Act::Append(2), Act::Compact, Act::Append(1)] {
        assert!(reopened.act(act), "{context}: no writing after the crash");
    }
    let last = Caller::open(&disk.after_kill()).unwrap();
    assert_eq!(last.state(), reopened.state(), "{context}: after writing again");
}

fn operations_of_script() -> u64 {
    let disk = MemoryDisk::new();
    let mut caller = Caller::open(&disk).unwrap();
    for act in SCRIPT {
        assert!(caller.act(*act));
    }
    disk.operations()
}

#[test]
fn power_cut_at_every_operation_keeps_what_was_acknowledged() {
    let operations = operations_of_script();
    assert!(operations > 50, "the script writes: {operations}");
    for at in 0..=operations {
        for seed in 0..24 {
            let context = format!("cut at {at} of {operations}, seed {seed}");
            let disk = MemoryDisk::new();
            disk.set_fault(Fault::Cut { at });
            let mut dice = Dice::new(seed * 1000 + at);
            let Ok(mut caller) = Caller::open(&disk) else {
                let after = disk.after_power_cut(&mut dice);
                assert_eq!(Caller::open(&after).unwrap().state(), Vec::<String>::new());
                continue;
            };
            for act in SCRIPT {
                if !caller.act(*act) {
                    break;
                }
            }
            check_survivor(&disk.after_power_cut(&mut dice), &caller, &context);
        }
    }
}

#[test]
fn a_second_power_cut_while_recovering_keeps_it_too() {
    let operations = operations_of_script();
    for at in (0..=operations).step_by(3) {
        let disk = MemoryDisk::new();
        disk.set_fault(Fault::Cut { at });
        let mut dice = Dice::new(at);
        let Ok(mut caller) = Caller::open(&disk) else { continue };
        while caller.durable + 1 == caller.states.len() {
            let act = SCRIPT[(caller.states.len() * 7) % SCRIPT.len()];
            caller.act(act);
        }
        for again in 0..12 {
            let first = disk.after_power_cut(&mut dice);
            first.set_fault(Fault::Cut { at: again });
            let recovered = Caller::open(&first).is_ok();
            let second = first.after_power_cut(&mut dice);
            let context = format!("cut at {at}, then at {again} (recovered: {recovered})");
            check_survivor(&second, &caller, &context);
        }
    }
}

#[test]
fn one_failure_anywhere_is_answered_and_costs_nothing_else() {
    let operations = operations_of_script();
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for count in [1, 3] {
            for at in 4..operations {
                let context = format!("{count} x {kind:?} at {at}");
                let disk = MemoryDisk::new();
                let mut caller = Caller::open(&disk).unwrap();
                disk.set_fault(Fault::Failing { at: at - 4, count, kind });
                let mut refused = false;
                for act in SCRIPT {
                    refused |= !caller.act(*act);
                }
                // A compaction closes the hole, if one was left; each failure may hit one.
                let mended = (0..=count).any(|_| caller.act(Act::Compact));
                assert!(mended && caller.act(Act::Append(1)), "{context}: usable again");
                let cut = disk.after_power_cut(&mut Dice::new(at));
                check_survivor(&cut, &caller, &format!("{context}, refused: {refused}"));
            }
        }
    }
}

#[test]
fn after_a_refused_append_nothing_is_taken_until_a_snapshot() {
    let disk = MemoryDisk::new();
    let mut caller = Caller::open(&disk).unwrap();
    assert!(caller.act(Act::Append(2)));
    let before = caller.state();
    disk.set_fault(Fault::Failing { at: 0, count: 1, kind: io::ErrorKind::StorageFull });
    let refused = caller.run(vec![RequestKind::Append(b"lost".to_vec())]);
    assert!(matches!(&refused[..], [Err(error)] if error.disk_is_full()), "{refused:?}");
    let next = caller.run(vec![RequestKind::Append(b"after".to_vec())]);
    assert!(matches!(&next[..], [Err(StoreError::Incomplete)]), "{next:?}");
    let found = Caller::open(&disk.after_kill()).unwrap();
    assert_eq!(found.state(), before, "earlier state is intact, and clean");
    assert!(caller.act(Act::Compact) && caller.act(Act::Append(1)));
}

#[test]
fn small_appends_before_one_that_does_not_fit_are_taken() {
    let disk = MemoryDisk::new();
    let mut caller = Caller::open(&disk).unwrap();
    assert!(caller.act(Act::Append(1)));
    // Together: write fails, cut off (truncate, sync). Then one by one: write and sync each.
    disk.set_fault(Fault::Failing { at: 0, count: 1, kind: io::ErrorKind::StorageFull });
    assert!(caller.act(Act::Append(3)), "each fits alone");
    assert_eq!(Caller::open(&disk.after_kill()).unwrap().state(), caller.state());
}

fn written() -> (MemoryDisk, Caller) {
    let disk = MemoryDisk::new();
    let mut caller = Caller::open(&disk).unwrap();
    let script = [Act::Append(2), Act::Compact, Act::Append(3), Act::Compact, Act::Append(2)];
    for act in script {
        assert!(caller.act(act));
    }
    (disk, caller)
}

fn newest(disk: &MemoryDisk, prefix: &str) -> String {
    disk.names()
        .into_iter()
        .rfind(|name| name.starts_with(prefix) && !name.contains("dam"))
        .unwrap()
}

#[test]
fn a_damaged_snapshot_costs_nothing_while_the_one_before_is_good() {
    let (disk, caller) = written();
    let name = newest(&disk, "snapshot-");
    disk.damage(&name, |bytes| bytes[3] ^= 1);
    let (_, found) = Engine::open(Box::new(disk.clone())).unwrap();
    assert_eq!(state_of(&found), caller.state());
    let [damage] = &found.damage[..] else { panic!("{:?}", found.damage) };
    assert_eq!((&damage.file, &damage.kind), (&name, &DamageKind::Snapshot));
    let kept = damage.kept_as.clone().unwrap();
    assert!(disk.names().contains(&kept) && !disk.names().contains(&name), "kept aside");
    let (_, again) = Engine::open(Box::new(disk)).unwrap();
    assert_eq!(kinds_of(&again), [DamageKind::Earlier]);
    assert_eq!(state_of(&again), caller.state());
}

fn kinds_of(found: &Found) -> Vec<DamageKind> {
    found.damage.iter().map(|damage| damage.kind.clone()).collect()
}

#[test]
fn that_something_is_lost_is_known_until_a_snapshot_has_made_it_good() {
    let (disk, _) = written();
    let name = newest(&disk, "journal-");
    disk.damage(&name, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let whole = disk.after_kill();
    let mut dice = Dice::new(7);
    disk.set_fault(Fault::None);
    let (_, found) = Engine::open(Box::new(disk.clone())).unwrap();
    assert!(matches!(kinds_of(&found)[..], [DamageKind::Checksum { .. }]));
    for at in 0..disk.operations() {
        let cut = whole.after_kill();
        cut.set_fault(Fault::Cut { at });
        let _dies = Engine::open(Box::new(cut.clone()));
        let (_, next) = Engine::open(Box::new(cut.after_power_cut(&mut dice))).unwrap();
        assert!(!next.damage.is_empty(), "cut at {at}");
    }
    let mut next = Caller::open(&disk.after_power_cut(&mut dice)).unwrap();
    assert!(next.act(Act::Append(1)));
    let (_, still) = Engine::open(Box::new(disk.after_kill())).unwrap();
    assert_eq!(kinds_of(&still), [DamageKind::Earlier]);
    let mut last = Caller::open(&disk).unwrap();
    assert!(last.act(Act::Compact));
    let (_, sound) = Engine::open(Box::new(disk.after_kill())).unwrap();
    assert_eq!(kinds_of(&sound), []);
}

#[test]
fn a_damaged_journal_gives_the_last_good_record() {
    let (disk, caller) = written();
    let name = newest(&disk, "journal-");
    disk.damage(&name, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let (mut engine, found) = Engine::open(Box::new(disk.clone())).unwrap();
    assert_eq!(state_of(&found), caller.states[caller.states.len() - 2]);
    let [damage] = &found.damage[..] else { panic!("{:?}", found.damage) };
    assert!(matches!(damage.kind, DamageKind::Checksum { after_record: 6, .. }), "{damage}");
    let mut acks = Vec::new();
    let kind = RequestKind::Append(b"new".to_vec());
    engine.run(vec![Request { ticket: Ticket(1), kind }], &mut |ack| acks.push(ack));
    let (_, again) = Engine::open(Box::new(disk)).unwrap();
    assert_eq!(kinds_of(&again), [DamageKind::Earlier]);
    assert_eq!(again.records.last().unwrap(), b"new");
}

#[test]
fn a_cut_journal_is_reported_as_cut() {
    let (disk, caller) = written();
    let name = newest(&disk, "journal-");
    disk.damage(&name, |bytes| bytes.truncate(bytes.len() - 4));
    let (_, found) = Engine::open(Box::new(disk)).unwrap();
    assert_eq!(state_of(&found), caller.states[caller.states.len() - 2]);
    let [damage] = &found.damage[..] else { panic!("{:?}", found.damage) };
    assert!(matches!(damage.kind, DamageKind::Truncated { after_record: 6, .. }), "{damage}");
}

#[test]
fn any_one_byte_of_any_file_may_break() {
    let (disk, caller) = written();
    for name in disk.names() {
        let length = crate::disk::Disk::read(&disk, &name).unwrap().len();
        for byte in 0..length {
            let broken = disk.after_kill();
            broken.damage(&name, |bytes| bytes[byte] ^= 0x10);
            let (_, found) = Engine::open(Box::new(broken)).unwrap();
            let state = state_of(&found);
            assert!(caller.states.contains(&state), "byte {byte} of {name}: {state:?}");
        }
    }
}

#[test]
fn a_damaged_snapshot_without_another_is_not_believed() {
    let disk = MemoryDisk::new();
    let mut caller = Caller::open(&disk).unwrap();
    assert!(caller.act(Act::Replace));
    assert!(caller.act(Act::Append(1)));
    disk.damage(&newest(&disk, "snapshot-"), |bytes| bytes.truncate(10));
    let (_, found) = Engine::open(Box::new(disk)).unwrap();
    assert_eq!(state_of(&found), Vec::<String>::new());
    assert_eq!(kinds_of(&found), [DamageKind::Snapshot, DamageKind::Gap { wanted: 1, found: 2 }]);
}

#[test]
fn old_generations_go_and_two_stay() {
    let disk = MemoryDisk::new();
    let mut caller = Caller::open(&disk).unwrap();
    for _ in 0..5 {
        assert!(caller.act(Act::Append(1)) && caller.act(Act::Compact));
    }
    let count = |prefix: &str| disk.names().iter().filter(|n| n.starts_with(prefix)).count();
    assert_eq!((count("snapshot-"), count("journal-")), (2, 2), "{:?}", disk.names());
}

#[test]
fn the_last_hundred_configurations_are_kept() {
    let disk = MemoryDisk::new();
    let mut caller = Caller::open(&disk).unwrap();
    for number in 1..=350_u64 {
        let kind = RequestKind::Remember(format!("configuration {number}").into_bytes());
        let results = caller.run(vec![kind]);
        assert!(matches!(results[..], [Ok(Done::Remembered { number: n })] if n == number));
        if number % 70 == 0 {
            caller = Caller::open(&disk).unwrap();
        }
    }
    let results = caller.run(vec![RequestKind::ReadHistory]);
    let [Ok(Done::History(entries))] = &results[..] else { panic!("{results:?}") };
    assert_eq!(entries.len(), HISTORY_KEPT);
    assert_eq!(entries[0].number, 251);
    assert_eq!(entries[99].payload, b"configuration 350");
    assert!(disk.names().len() < 8, "old ones are removed: {:?}", disk.names());
}

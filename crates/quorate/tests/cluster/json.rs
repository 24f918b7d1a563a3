//! What commands write with `--json` is what the guide says: no key more, no key less.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bed::Bed;
use crate::{other_than, with_lock};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/json.md");
const STATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/cli/states");

/// Words in the first column of the guide's tables that are kinds of events, not keys.
const KINDS: [&str; 12] = [
    "membership",
    "coordinator",
    "changed",
    "refused",
    "planned",
    "started",
    "finished",
    "fencing",
    "fenced",
    "quorum-is-others",
    "set-aside",
    "idle",
];

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Every key that the guide names: those in first columns, and those listed beside them.
fn documented() -> (BTreeSet<String>, BTreeSet<String>) {
    let text = fs::read_to_string(GUIDE).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let first = |row: &&str| row.split('|').nth(1).unwrap_or_default().to_owned();
    let all = rows.iter().flat_map(|row| quoted(row)).map(str::to_owned).collect();
    let columns: Vec<String> = rows.iter().map(first).collect();
    let keys = columns.iter().flat_map(|column| quoted(column)).map(str::to_owned).collect();
    (keys, all)
}

/// Collects the keys of a value and of all in it.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            into.extend(map.keys().cloned());
            map.values().for_each(|value| keys(value, into));
        }
        Value::Array(list) => list.iter().for_each(|value| keys(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a command writes, which must be one value.
fn value(command: &mut Command) -> Value {
    let output = command.arg("--json").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{said}"))
}

/// A live cluster on which something went wrong, so that there is something to tell.
fn eventful() -> (Bed, u32) {
    let (mut bed, holder) = with_lock();
    let witness = other_than(holder);
    let target = format!("n{holder}");
    let shown = bed.quorate(witness, &["node", "fence", &target, "--yes"]).output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
    bed.wait_end(holder);
    bed.start_node(holder);
    bed.wait_members(witness, &[1, 2, 3]);
    bed.wait_idle(witness);
    (bed, witness)
}

#[test]
fn every_key_is_in_the_guide_and_the_guide_has_no_other() {
    let (bed, node) = eventful();
    let mut found = BTreeSet::new();
    let added = ["resource", "add", "x", "ocf:nobody:nothing", "--unchecked", "--yes"];
    let removed = ["resource", "remove", "x", "--yes"];
    let live: [&[&str]; 12] = [
        &["resource", "add", "y", "ocf:nobody:nothing", "--unchecked", "--dry-run"],
        &added,
        &["status"],
        &["resource", "list"],
        &["node", "list"],
        &["why", "lock"],
        &["plan"],
        &["fence", "devices"],
        &["fence", "history"],
        &["config", "check"],
        &removed,
        &["history"],
    ];
    for words in live {
        keys(&value(&mut bed.quorate(node, words)), &mut found);
    }
    for state in fs::read_dir(STATES).unwrap().map(|entry| entry.unwrap().path()) {
        let file = state.to_str().unwrap();
        if Path::new(file).file_stem().is_some_and(|stem| stem == "not-closed") {
            continue;
        }
        for words in [
            &["status"][..],
            &["plan"],
            &["why", "web"],
            &["why", "counters"],
            &["why", "web", "--action"],
        ] {
            let mut command = bed.quorate(node, words);
            let output =
                command.env_remove("QUORATE_SOCKET").args(["--json", "--file", file]).output();
            // Not every one of them has every resource.
            if let Ok(value) = serde_json::from_slice(&output.unwrap().stdout) {
                keys(&value, &mut found);
            }
        }
    }
    let (wanted, mentioned) = documented();
    let missing: Vec<&String> = found.difference(&mentioned).collect();
    assert!(missing.is_empty(), "not in the guide: {missing:?}");
    let is_key = |word: &&String| !KINDS.contains(&word.as_str());
    let stale: Vec<&String> = wanted.difference(&found).filter(is_key).collect();
    assert!(stale.is_empty(), "in the guide alone: {stale:?}");
}

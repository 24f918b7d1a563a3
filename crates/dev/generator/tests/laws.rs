//! Holds what the scheduler decides against its laws: over clusters that are drawn at random, over
//! documents that are changed at random, and over whole documents.
//!
//! `QUORATE_CORPUS` names a folder with documents (`*.xml`) to use in place of those in the scenarios.
//! `QUORATE_SEEDS` says how many clusters to draw; the program of this crate runs over more.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cib::{Document, schema};
use generator::laws::{self, Broken, Presumed, Unrest};
use generator::{Chance, cluster, mutate};
use scheduler::Input;

/// After all that is drawn.
const NOW: i64 = 1_700_000_000;

/// Drawn clusters, unless `QUORATE_SEEDS` says otherwise.
const SEEDS: u64 = 200;

/// How many of the first drawn clusters each excuse is for. An excuse that comes to fit more documents
/// would hide what is wrong, and one for fewer may not be needed: whoever changes a number says why.
const EXCUSED: &[(Excuse, usize)] = &[
    (Excuse::Rest(Unrest::NotHelped), 15),
    (Excuse::Rest(Unrest::TiedToItself), 2),
    (Excuse::Rest(Unrest::OtherName), 7),
    (Excuse::Hosts(Presumed::ReachedUntilFenced), 4),
    (Excuse::Hosts(Presumed::UpWithoutWaiting), 1),
    (Excuse::Hosts(Presumed::EndsWithGuest), 3),
];

/// How many of a hundred of any number of drawn clusters may be excused from coming to rest.
const RESTLESS_PERCENT_MAX: usize = 15;

/// Why a law may be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Excuse {
    Rest(Unrest),
    Hosts(Presumed),
}

fn seeds() -> u64 {
    std::env::var("QUORATE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

/// What it had to be excused for.
fn hold(document: &Document, name: &str, seed: u64, broken: &mut Vec<String>) -> BTreeSet<Excuse> {
    let date = document.root().attr("execution-date").and_then(|text| text.parse().ok());
    let input = Input { now: date.unwrap_or(NOW), ..Input::default() };
    let found = laws::check(document, &input, seed);
    broken.extend(
        found.broken.into_iter().map(|Broken { law, what }| format!("{name}: {law}: {what}")),
    );
    let of_hosts = found.presumed.into_iter().map(Excuse::Hosts);
    found.unrest.into_iter().map(Excuse::Rest).chain(of_hosts).collect()
}

#[track_caller]
fn nothing_broken(broken: &[String]) {
    assert!(broken.is_empty(), "{} laws broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn drawn_clusters_follow_their_schema_and_are_drawn_alike() {
    for seed in 0..seeds() {
        let document = cluster(seed);
        assert!(schema::check(&document).is_valid(), "seed {seed} breaks its schema");
        assert_eq!(document.to_string(), cluster(seed).to_string(), "seed {seed}");
    }
}

#[test]
fn the_laws_hold_for_drawn_clusters() {
    let mut broken = Vec::new();
    let mut excused: BTreeMap<Excuse, usize> = BTreeMap::new();
    let mut restless = 0;
    for seed in 0..seeds() {
        let found = hold(&cluster(seed), &format!("seed {seed}"), seed, &mut broken);
        restless += usize::from(found.iter().any(|excuse| matches!(excuse, Excuse::Rest(_))));
        if seed < SEEDS {
            found.into_iter().for_each(|excuse| *excused.entry(excuse).or_default() += 1);
        }
    }
    nothing_broken(&broken);
    let most = usize::try_from(seeds()).unwrap() * RESTLESS_PERCENT_MAX / 100;
    assert!(restless <= most, "{restless} of {} are excused from coming to rest", seeds());
    if seeds() >= SEEDS {
        assert_eq!(excused, EXCUSED.iter().copied().collect::<BTreeMap<_, _>>());
    }
}

/// Documents for which a guard of the scheduler is needed: without it, a law is broken.
#[test]
fn guarded_documents_keep_the_laws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guarded");
    let files = files_in(&folder, "xml");
    assert!(!files.is_empty(), "nothing is guarded");
    let mut broken = Vec::new();
    for (name, document) in files.iter().map(|file| read(file)) {
        let excused = hold(&document, &name, 0, &mut broken);
        assert!(excused.is_empty(), "{name}: {excused:?}");
    }
    nothing_broken(&broken);
}

/// For each excuse a document that needs it, and no other: without the excuse, a law would be broken.
#[test]
fn each_excuse_is_needed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/excused");
    let mut missing: BTreeSet<String> = Presumed::ALL.iter().map(|it| format!("{it:?}")).collect();
    missing.extend(Unrest::ALL.iter().map(|it| format!("{it:?}")));
    for (name, document) in files_in(&folder, "xml").iter().map(|file| read(file)) {
        let mut broken = Vec::new();
        let excused = hold(&document, &name, 0, &mut broken);
        nothing_broken(&broken);
        let words: Vec<String> = excused.iter().map(Excuse::word).collect();
        let expected = Path::new(&name).file_stem().unwrap().to_str().unwrap();
        assert_eq!(words, [expected], "{name}");
        missing.remove(expected);
    }
    assert!(missing.is_empty(), "no document for {missing:?}");
}

impl Excuse {
    fn word(&self) -> String {
        match self {
            Self::Rest(reason) => format!("{reason:?}"),
            Self::Hosts(presumed) => format!("{presumed:?}"),
        }
    }
}

#[test]
fn the_laws_hold_for_whole_documents() {
    let mut broken = Vec::new();
    let documents = documents();
    assert!(!documents.is_empty(), "there is nothing to plan");
    for (name, document) in &documents {
        hold(document, name, 0, &mut broken);
    }
    nothing_broken(&broken);
}

/// A changed document may be in a state that no cluster was ever in, so that only the laws are asked
/// for that must hold in any.
#[test]
fn plans_of_changed_documents_can_be_carried_out() {
    let documents = documents();
    let mut broken = Vec::new();
    for seed in 0..seeds() {
        let mut chance = Chance::new(seed);
        let Some((name, document)) = chance.pick(&documents) else { continue };
        let mut document = document.clone();
        let times = 1 + chance.below(12);
        mutate(&mut document, &mut chance, times);
        let mut found = Vec::new();
        hold(&document, &format!("{name} changed by seed {seed}"), seed, &mut found);
        found.retain(|line| {
            [": valid:", ": deterministic:", ": order:"].iter().any(|law| line.contains(law))
        });
        broken.extend(found);
    }
    nothing_broken(&broken);
}

/// Documents of `QUORATE_CORPUS`, or those that the plan scenarios build.
fn documents() -> Vec<(String, Document)> {
    if let Ok(folder) = std::env::var("QUORATE_CORPUS") {
        return files_in(Path::new(&folder), "xml").iter().map(|file| read(file)).collect();
    }
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/plan");
    let files = files_in(&scenarios, "txt");
    files.iter().filter_map(|file| of_scenario(file)).collect()
}

fn files_in(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.collect();
    files.retain(|file| file.extension().is_some_and(|found| found == ending));
    files.sort();
    files
}

fn read(file: &Path) -> (String, Document) {
    let text = std::fs::read_to_string(file).unwrap();
    (file.display().to_string(), Document::parse(&text).unwrap())
}

/// The configuration that a scenario begins with, on two nodes that are there.
fn of_scenario(file: &Path) -> Option<(String, Document)> {
    let text = std::fs::read_to_string(file).unwrap();
    let (_, rest) = text.split_once("\ndocument\n")?;
    let (configuration, _) = rest.split_once("\n----\n")?;
    if configuration.contains("<configuration") || configuration.contains("<cib") {
        return None;
    }
    let states: String = [("1", "a"), ("2", "b")]
        .iter()
        .map(|(id, name)| {
            format!(
                "<node_state id='{id}' uname='{name}' in_ccm='true' crmd='online' join='member' \
                 expected='member'/>"
            )
        })
        .collect();
    let text = format!(
        "<cib validate-with='pacemaker-4.0' have-quorum='true'><configuration><crm_config/>\
         <nodes><node id='1' uname='a'/><node id='2' uname='b'/></nodes>{configuration}\
         </configuration><status>{states}</status></cib>"
    );
    Some((file.display().to_string(), Document::parse(&text).ok()?))
}

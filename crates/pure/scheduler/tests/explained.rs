//! Nothing is decided that cannot be explained: every score that is told is recomputed from its
//! terms, and every action of every plan leads back to a root cause.
//!
//! Over the documents in `scenarios/`, and over Pacemaker's regression corpus where
//! `QUORATE_CORPUS` names a folder with its `xml`, `scores` and `args.json`.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a test reads its documents")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cib::Document;
use model::Score;
use scheduler::assign::{ScoreEvent, ScoreSource, ScoreTerm, sum_of};
use scheduler::cause::{Cause, Root};
use scheduler::{Assigned, Input, Resolved, assign, explain, plan, resolve};

/// After everything that any of the documents records.
const NOW: i64 = 1_795_223_471;

/// A document, and what Pacemaker says of its scores where that is known.
struct Case {
    name: String,
    text: String,
    scores: Option<String>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios");
    for path in xml_files(&scenarios.join("cli/states")) {
        let text = fs::read_to_string(&path).unwrap();
        cases.push(Case { name: name_of(&path), text, scores: None });
    }
    assert!(!cases.is_empty(), "no documents in {}", scenarios.display());
    let Ok(corpus) = std::env::var("QUORATE_CORPUS") else { return cases };
    let corpus = PathBuf::from(corpus);
    // These are decided as of a time of their own.
    let timed = fs::read_to_string(corpus.join("args.json")).unwrap_or_default();
    for path in xml_files(&corpus.join("xml")) {
        let name = name_of(&path);
        let text = fs::read_to_string(&path).unwrap();
        let scores = corpus.join("scores").join(format!("{name}.scores"));
        let known = !timed.contains(&format!("\"{name}\""));
        let scores = fs::read_to_string(scores).ok().filter(|_| known);
        cases.push(Case { name, text, scores });
    }
    cases
}

fn xml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "xml")).collect();
    found.sort();
    found
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// The document with its time; `None` for those that are broken on purpose.
fn read(case: &Case) -> Option<(Document, Input)> {
    let document = Document::parse(&case.text).ok()?;
    let executed = document.root().attr("execution-date").and_then(|text| text.parse().ok());
    let now = executed.unwrap_or(NOW);
    Some((document, Input { now, ..Input::default() }))
}

#[test]
fn every_score_is_the_sum_of_its_terms() {
    let mut holes = String::new();
    let mut explained = 0;
    for case in cases() {
        let Some((document, input)) = read(&case) else { continue };
        let resolved = resolve(&document, &input);
        let assigned = assign(&resolved);
        let mut lines = Vec::new();
        for event in &assigned.scores {
            let Some((line, told)) = recomputed(&resolved, &assigned, event, &mut holes) else {
                continue;
            };
            if !line.ends_with(&format!(": {told}")) {
                writeln!(holes, "{}: {line}, but told as {told}", case.name).unwrap();
            }
            lines.push(line);
            explained += 1;
        }
        final_scores(&case.name, &resolved, &assigned, &mut holes);
        if let Some(expected) = &case.scores {
            let mut expected: Vec<&str> = expected.lines().filter(|l| !l.is_empty()).collect();
            expected.sort_unstable();
            lines.sort_unstable();
            if lines != expected {
                writeln!(holes, "{}: not Pacemaker's scores", case.name).unwrap();
            }
        }
    }
    assert!(explained > 100, "only {explained} scores");
    assert!(holes.is_empty(), "{holes}");
}

/// What `quorate why` shows is the end of it: also what was told to nobody is the sum of its terms.
fn final_scores(name: &str, resolved: &Resolved<'_>, assigned: &Assigned, holes: &mut String) {
    for resource in resolved.resource_indices() {
        for (node, cell) in assigned.resource(resource).scores.listed() {
            let terms = assigned.terms(resource, node);
            if sum_of(&terms) != cell.score() {
                let id = &resolved.resource(resource).id;
                let score = cell.score();
                writeln!(holes, "{name}: {id}: {score} is not the sum of {terms:?}").unwrap();
            }
            for term in &terms {
                check_term(assigned, name, term, holes);
            }
        }
    }
}

/// The line that `crm_simulate -s` prints, with the score as its terms make it; and the score that
/// was decided with.
fn recomputed(
    resolved: &Resolved<'_>,
    assigned: &Assigned,
    event: &ScoreEvent,
    holes: &mut String,
) -> Option<(String, Score)> {
    let (what, told, terms) = match event {
        ScoreEvent::Node { step, resource, node, score, term } => {
            let (id, node) = (&resolved.resource(*resource).id, &resolved.node(*node).name);
            let what = format!("{}: {id} allocation score on {node}", step.word());
            (what, *score, assigned.terms_up_to(*term))
        }
        ScoreEvent::Promotion { resource, node, score, term } => {
            let id = &resolved.resource(*resource).id;
            let place = match node {
                Some(node) => format!("on {}", resolved.node(*node).name),
                None => "(inactive)".to_owned(),
            };
            let what = format!("{id} promotion score {place}");
            (what, *score, assigned.terms_up_to(*term))
        }
        ScoreEvent::Capacity { .. } | ScoreEvent::Demand { .. } => return None,
    };
    for term in &terms {
        check_term(assigned, &what, term, holes);
    }
    Some((format!("{what}: {}", sum_of(&terms)), told))
}

/// A term that is itself a sum is the sum of its terms.
fn check_term(assigned: &Assigned, what: &str, term: &ScoreTerm, holes: &mut String) {
    if let ScoreSource::Claim(instance) = term.source
        && sum_of(&assigned.claim_terms(instance)) != term.value
    {
        writeln!(holes, "{what}: the claim of {instance:?} is not the sum of its terms").unwrap();
    }
}

/// A node's own score is the source of nothing but that score.
#[test]
fn no_term_hides_behind_the_nodes_own_score() {
    let mut holes: BTreeMap<String, u32> = BTreeMap::new();
    for case in cases() {
        let Some((document, input)) = read(&case) else { continue };
        let resolved = resolve(&document, &input);
        let assigned = assign(&resolved);
        for resource in resolved.resource_indices() {
            for node in resolved.node_indices() {
                let own = resolved.node(node).score;
                let terms = assigned.terms(resource, node);
                if terms.iter().any(|term| term.source == ScoreSource::Node && term.value != own) {
                    *holes.entry(case.name.clone()).or_default() += 1;
                }
            }
        }
    }
    assert!(holes.is_empty(), "{holes:?}");
}

#[test]
fn every_action_has_a_chain_that_ends_in_a_root() {
    let mut holes = String::new();
    let mut chains = 0;
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for case in cases() {
        let Some((document, input)) = read(&case) else { continue };
        let resolved = resolve(&document, &input);
        let assigned = assign(&resolved);
        let explained = explain(&resolved, &assigned);
        assert_eq!(explained.plan, plan(&document, &input).plan, "{}", case.name);
        for (step, chain) in explained.plan.steps.iter().zip(&explained.chains) {
            assert_eq!(step.action.id, chain.action);
            let key = &step.action.key;
            let roots = chain.causes.iter().filter(|cause| cause.is_root()).count();
            let last = chain.causes.last();
            if roots != 1 || !last.is_some_and(Cause::is_root) {
                writeln!(holes, "{}: {key}: {:?}", case.name, chain.causes).unwrap();
            }
            if matches!(last, Some(Cause::Root(Root::Unexplained { .. }))) {
                writeln!(holes, "{}: {key} is not explained", case.name).unwrap();
            }
            if let Some(last) = last {
                *kinds.entry(last.facts().kind).or_default() += 1;
            }
            chains += 1;
        }
        for blocked in &explained.blocked {
            let last = blocked.causes.last();
            let known = !matches!(last, Some(Cause::Root(Root::Unexplained { .. })));
            if !known || !last.is_some_and(Cause::is_root) {
                writeln!(holes, "{}: {blocked:?}", case.name).unwrap();
            }
        }
    }
    assert!(chains > 50, "only {chains} chains");
    assert!(holes.is_empty(), "{holes}");
    if std::env::var_os("QUORATE_CORPUS").is_some() {
        // A cause that explains everything explains nothing.
        let most = kinds.values().copied().max().unwrap_or(0);
        assert!(most * 2 < chains, "one kind of root explains most: {kinds:?}");
        assert!(kinds.len() > 30, "only these kinds of roots: {kinds:?}");
        let vague = kinds.get("blocked").copied().unwrap_or(0);
        assert_eq!(vague, 0, "why the cluster does not act was not kept");
    }
}

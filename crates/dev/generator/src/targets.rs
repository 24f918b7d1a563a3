//! What is fuzzed: functions that take anything and must neither panic nor break their promise.
//!
//! `fuzz/fuzz_targets` feeds them with what a fuzzer finds out; this crate's tests with documents that
//! are damaged at random, which needs no nightly compiler.

use std::ffi::OsString;

use cib::Document;
use corosync::{Member, Settings};
use scheduler::Input;
use transition::rehearse::{Ending, FaithfulTo, Rehearsing, rehearse};
use wire::peer;

/// After all that is drawn.
const NOW: i64 = 1_700_000_000;

/// Words of `crm_simulate` that a line of a script begins with, each with one value.
const INJECTIONS: &[&str] =
    &["-u", "-d", "-f", "-i", "-F", "-Q", "-w", "-g", "-r", "-b", "-e", "-t"];

/// Any text is read or refused; what was read prints to a text that reads the same.
///
/// # Panics
/// If the promise is broken; so do the others.
pub fn read(text: &str) {
    if let Ok(document) = Document::parse(text) {
        let printed = document.to_string();
        let again = Document::parse(&printed).map(|again| again.to_string());
        assert_eq!(again.as_deref(), Ok(printed.as_str()), "what was printed reads otherwise");
    }
}

/// Any document that reads is planned for, and the plan can be carried out.
#[expect(clippy::missing_panics_doc, reason = "see `read`")]
pub fn plan(text: &str) {
    let Ok(mut document) = Document::parse(text) else { return };
    let input = Input { now: NOW, ..Input::default() };
    let planned = scheduler::plan(&document, &input);
    let how = Rehearsing {
        now: NOW,
        origin: "fuzz",
        faithful_to: FaithfulTo::Cluster,
        failures: &[],
        is_known: &|_| true,
    };
    let rehearsed = rehearse(&mut document, &planned.plan, &how);
    assert_eq!(rehearsed.ending, Ending::Complete, "the plan cannot be carried out");
    scheduler::plan(&document, &input);
}

/// Any bytes are a message or are refused; what is a message is written as what reads the same.
#[expect(clippy::missing_panics_doc, reason = "see `read`")]
pub fn message(bytes: &[u8]) {
    if let Ok(message) = peer::decode(bytes) {
        let written = peer::encode(&message);
        let again = peer::decode(&written).map(|again| peer::encode(&again)).ok();
        assert_eq!(again, Some(written), "what was written reads otherwise");
    }
    if let Ok((edits, author)) = peer::decode_edits(bytes) {
        let written = peer::encode_edits(&edits, author.as_ref());
        let encoded =
            |(edits, author): (Vec<_>, Option<_>)| peer::encode_edits(&edits, author.as_ref());
        let again = peer::decode_edits(&written).map(encoded).ok();
        assert_eq!(again, Some(written), "what was written reads otherwise");
    }
}

/// Any text is a `corosync.conf` to judge and to edit, and what no edit names stays as it was.
#[expect(clippy::missing_panics_doc, reason = "see `read`")]
pub fn corosync(text: &str) {
    let conf = corosync::Conf::parse(text);
    assert_eq!(conf.to_string(), text, "what was read is written otherwise");
    let lines = text.split_inclusive('\n').count();
    for finding in corosync::check(text) {
        assert!(usize::try_from(finding.line).is_ok_and(|line| line <= lines), "{finding}");
    }
    let mut edited = conf.clone();
    let links = Settings::of(&conf).nodes.iter().map(|node| node.addresses.len()).max();
    let addresses = (0..links.unwrap_or(1)).map(|link| format!("new-{link}")).collect();
    let new = Member { name: "new".to_owned(), id: 0, addresses };
    if edited.add(&new).is_ok() {
        let kept = text.lines().filter(|line| edited.to_string().contains(line)).count();
        // Its edition, and what fits the quorum to the count.
        assert!(kept + 4 >= text.lines().count(), "an edit changed lines that are not its own");
    }
}

/// `crm_simulate` takes any injections: lines of a number, which chooses one, and its value; then an
/// empty line and the document.
pub fn inject(text: &str) {
    let Some((script, document)) = text.split_once("\n\n") else { return };
    let mut words: Vec<OsString> = vec!["-S".into(), "-X".into(), document.into()];
    for line in script.lines() {
        let (number, value) = line.split_once(' ').unwrap_or((line, ""));
        let chosen: usize = number.parse().unwrap_or_default();
        if let Some(word) = INJECTIONS.get(chosen % INJECTIONS.len()) {
            words.extend([OsString::from(word), value.into()]);
        }
    }
    let (mut output, mut errors) = (std::io::sink(), std::io::sink());
    pacemaker::crm_simulate_to("crm_simulate", words, NOW, &mut output, &mut errors);
}

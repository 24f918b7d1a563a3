//! How long a large document takes to read, copy, search and print.
//!
//! `cargo bench -p cib` makes a document like that of 32 nodes and 1,000 resources, each with its
//! history on every node (15 MB); `cargo bench -p cib -- FILE` takes one of your own.

#![expect(clippy::print_stdout, reason = "a bench reports to people")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time, and may read its input")]

use std::fmt::Write;
use std::time::{Duration, Instant};

use cib::edit::{Edit, Place, apply};
use cib::patch::diff;
use cib::{Document, Section};

const ROUNDS: usize = 15;

fn main() {
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let text = match file {
        Some(path) => std::fs::read_to_string(path).unwrap_or_else(|_| large_document(32, 1000)),
        None => large_document(32, 1000),
    };
    let Ok(document) = Document::parse(&text) else { return };
    println!("{} bytes, {:?}", text.len(), document);
    report("parse", || Document::parse(&text).is_ok());
    report("clone", || document.clone().root().is("cib"));
    report("clone and set", || {
        let mut copy = document.clone();
        copy.set(copy.root().id(), "epoch", "77");
        copy.root().attr("epoch") == Some("77")
    });
    report("walk, one attribute each", || {
        document.root().descendants().filter(|at| at.attr("operation").is_some()).count() > 0
    });
    report("first find_id", || {
        let copy = document.clone();
        copy.find_id("r999").is_some()
    });
    report("print", || document.to_string().len() > 1);
    report("check against the schema", || cib::schema::check(&document).is_valid());
    report("upgrade to the newest schema", || {
        let mut copy = document.clone();
        cib::upgrade::upgrade(&mut copy).is_ok()
    });
    edits(&document);
    for xpath in
        ["//primitive[@id='r500']", "//lrm_rsc_op[@rc-code!='7']", "//node_state/lrm//*[2]"]
    {
        report(xpath, || document.select(xpath).is_ok());
    }
}

/// One small change and what follows from it.
fn edits(document: &Document) {
    let place = Place::Section(Section::Resources);
    let xml = "<primitive id=\"r500\" description=\"changed\"/>".to_owned();
    let edit = [Edit::Modify { place, xml, or_create: false }];
    report("one edit", || apply(document, &edit).is_ok());
    let Ok(after) = apply(document, &edit) else { return };
    report("patchset of one edit", || {
        diff(document, &after.document).is_ok_and(|patch| !patch.is_empty())
    });
    let Ok(patch) = diff(document, &after.document) else { return };
    report("apply it", || patch.apply(document).is_ok());
    report("digest", || document.digest().len() == 32);
}

/// Prints the fastest and the middle one of some rounds.
fn report(what: &str, mut act: impl FnMut() -> bool) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            assert!(std::hint::black_box(act()), "{what} did not work");
            start.elapsed()
        })
        .collect();
    times.sort();
    let at = |index: usize| times.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3;
    println!("{what:30} {:9.3} ms at best, {:9.3} ms in the middle", at(0), at(ROUNDS / 2));
}

fn large_document(nodes: usize, resources: usize) -> String {
    let mut out = String::from(
        "<cib crm_feature_set=\"3.19.7\" validate-with=\"pacemaker-3.9\" epoch=\"10\" num_updates=\"5\" \
         admin_epoch=\"0\"><configuration><crm_config/><nodes>",
    );
    let node = |out: &mut String, n: usize| writeln!(out, "<node id=\"{n}\" uname=\"n{n}\"/>");
    let primitive = |out: &mut String, r: usize| {
        writeln!(
            out,
            "<primitive id=\"r{r}\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"><operations>\
             <op id=\"r{r}-m\" name=\"monitor\" interval=\"10s\" timeout=\"20s\"/></operations></primitive>"
        )
    };
    let history = |out: &mut String, r: usize, n: usize| {
        writeln!(
            out,
            "<lrm_resource id=\"r{r}\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\">\
             <lrm_rsc_op id=\"r{r}_monitor_0\" operation_key=\"r{r}_monitor_0\" operation=\"monitor\" \
             crm_feature_set=\"3.19.7\" transition-key=\"1:1:7:12345678-1234-1234-1234-123456789012\" \
             transition-magic=\"0:7;1:1:7:12345678-1234-1234-1234-123456789012\" call-id=\"{r}\" \
             rc-code=\"7\" op-status=\"0\" interval=\"0\" last-rc-change=\"1400000000\" \
             exec-time=\"10\" queue-time=\"0\" on_node=\"n{n}\"/></lrm_resource>"
        )
    };
    let mut written = Ok(());
    for n in 1..=nodes {
        written = written.and(node(&mut out, n));
    }
    out.push_str("</nodes><resources>");
    for r in 0..resources {
        written = written.and(primitive(&mut out, r));
    }
    out.push_str("</resources><constraints/></configuration><status>");
    for n in 1..=nodes {
        written = written.and(write!(
            out,
            "<node_state id=\"{n}\" uname=\"n{n}\"><lrm id=\"{n}\"><lrm_resources>"
        ));
        for r in 0..resources {
            written = written.and(history(&mut out, r, n));
        }
        out.push_str("</lrm_resources></lrm></node_state>");
    }
    out.push_str("</status></cib>\n");
    assert!(written.is_ok(), "writing to a string does not fail");
    out
}

//! The fuzz targets, fed with documents and messages that are damaged at random. `QUORATE_SEEDS` says
//! how often.

use cib::Document;
use generator::{Chance, cluster, targets};
use wire::peer;

/// Damaged texts for each target, unless `QUORATE_SEEDS` says otherwise.
const SEEDS: u64 = 150;

fn seeds() -> u64 {
    std::env::var("QUORATE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

/// Pieces that mean something to a reader.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "<",
    ">",
    "/>",
    "&",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "INFINITY",
    "-INFINITY",
    "99999999999999999999",
    "-1",
    "true",
    "P1M",
    "2024-02-30",
    "\u{0}",
    "\u{fffd}",
    " id=\"x\"",
    "<rule>",
    "</primitive>",
    "node1",
    "r1:99999",
    ":",
];

fn damage(bytes: &mut Vec<u8>, chance: &mut Chance) {
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(40)).min(bytes.len());
        match chance.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let copy = bytes.get(at..end).unwrap_or_default().to_vec();
                let to = chance.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            2 => bytes.truncate(at.max(bytes.len() / 2)),
            3 => {
                let value = u8::try_from(chance.below(256)).unwrap_or_default();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            _ => {
                let piece = chance.word(PIECES);
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
}

fn damaged(seed: u64) -> (String, Chance) {
    let mut chance = Chance::new(seed);
    let mut bytes = cluster(seed).to_string().into_bytes();
    damage(&mut bytes, &mut chance);
    (String::from_utf8_lossy(&bytes).into_owned(), chance)
}

#[test]
fn damaged_texts_are_read_or_refused() {
    for seed in 0..seeds() {
        targets::read(&damaged(seed).0);
    }
}

#[test]
fn damaged_documents_are_planned_for() {
    let mut read = 0;
    for seed in 0..seeds() {
        let text = damaged(seed).0;
        read += usize::from(Document::parse(&text).is_ok());
        targets::plan(&text);
    }
    assert!(read > 0, "no damaged document could be read");
}

#[test]
fn damaged_messages_are_read_or_refused() {
    let edits = [wire::api::Edit::Replace { xml: cluster(1).to_string() }];
    let author = peer::Author {
        user: "root".to_owned(),
        client: "cibadmin".to_owned(),
        origin: "n1".to_owned(),
        at: 1,
    };
    let whole = peer::encode_edits(&edits, Some(&author));
    targets::message(&whole);
    for seed in 0..seeds() {
        let mut bytes = whole.clone();
        damage(&mut bytes, &mut Chance::new(seed));
        targets::message(&bytes);
    }
}

#[test]
fn any_injections_are_taken_or_refused() {
    let values = [
        "node1",
        "node9",
        "r1_monitor_10000@node1=1",
        "true",
        "ticketA",
        "r1_start_0@node2=",
        "_@=",
        "x_y_z@n=-9",
        "",
    ];
    for seed in 0..seeds() {
        let (document, mut chance) = damaged(seed);
        let lines: Vec<String> = (0..=chance.below(4))
            .map(|_| format!("{} {}", chance.below(12), chance.word(&values)))
            .collect();
        targets::inject(&format!("{}\n\n{document}", lines.join("\n")));
    }
}

#[test]
fn any_corosync_conf_is_judged() {
    let whole = include_str!("../../../pure/corosync/tests/files/knet-3.conf");
    targets::corosync(whole);
    for seed in 0..seeds() {
        let mut bytes = whole.as_bytes().to_vec();
        damage(&mut bytes, &mut Chance::new(seed));
        targets::corosync(&String::from_utf8_lossy(&bytes));
    }
}

/// Columns are as wide as what stands in them; `format!` has a limit there.
#[test]
fn what_is_longer_than_a_column_can_be_is_shown() {
    let long = "a".repeat(100_000);
    targets::inject(&format!(
        "\n\n<cib validate-with='pacemaker-4.0' epoch='1' num_updates='0' admin_epoch='0' \
         have-quorum='1'><configuration><crm_config/><nodes><node id='1' uname='n1'/></nodes>\
         <resources><primitive id='{long}' class='ocf' provider='pacemaker' type='Dummy'/>\
         </resources><constraints/></configuration><status><node_state id='1' uname='n1' \
         in_ccm='true' crmd='online' join='member' expected='member'/></status></cib>"
    ));
    let refused = cib::xpath::XPath::parse(&format!("{long}[")).expect_err("it has no end");
    assert!(refused.to_string().ends_with("^"), "the place is marked");
}

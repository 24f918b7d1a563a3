//! How the brain's records look as bytes.
//!
//! A snapshot is the document's XML with the lineage in a comment behind it, so that any tool reads
//! it. A record in the journal is a letter, the lineage, and what it carries.

use controller::Record;

const SNAPSHOT: u8 = b'S';
const EDITS: u8 = b'E';

const OPEN: &str = "\n<!-- quorate lineage=";
const CLOSE: &str = " -->";

pub(super) fn encode(record: &Record) -> Vec<u8> {
    match record {
        Record::Snapshot { configuration, lineage } => {
            with_letter(SNAPSHOT, *lineage, configuration.as_bytes())
        }
        Record::Edits { edits, lineage } => with_letter(EDITS, *lineage, edits),
    }
}

fn with_letter(letter: u8, lineage: u64, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![letter];
    bytes.extend_from_slice(&lineage.to_le_bytes());
    bytes.extend_from_slice(rest);
    bytes
}

pub(super) fn encode_snapshot(configuration: &str, lineage: u64) -> Vec<u8> {
    format!("{configuration}{OPEN}{lineage}{CLOSE}").into_bytes()
}

/// Everything that was on disk, up to what cannot be read; and why that cannot.
pub(super) fn decode_all(
    snapshot: Option<Vec<u8>>,
    journal: Vec<Vec<u8>>,
) -> (Vec<Record>, Option<String>) {
    let mut records = Vec::new();
    if let Some(bytes) = snapshot {
        match decode_snapshot(bytes) {
            Some(record) => records.push(record),
            None => return (records, Some("the snapshot is of no known form".to_owned())),
        }
    }
    for bytes in journal {
        match decode(bytes) {
            Some(record) => records.push(record),
            None => return (records, Some("a record is of no known form".to_owned())),
        }
    }
    (records, None)
}

fn decode_snapshot(bytes: Vec<u8>) -> Option<Record> {
    let mut configuration = String::from_utf8(bytes).ok()?;
    let at = configuration.rfind(OPEN)?;
    let tail = configuration.split_off(at);
    let lineage = tail.strip_prefix(OPEN)?.strip_suffix(CLOSE)?.parse().ok()?;
    Some(Record::Snapshot { configuration, lineage })
}

fn decode(bytes: Vec<u8>) -> Option<Record> {
    let (letter, rest) = bytes.split_first()?;
    let (lineage, rest) = rest.split_first_chunk()?;
    let lineage = u64::from_le_bytes(*lineage);
    match *letter {
        SNAPSHOT => {
            let configuration = String::from_utf8(rest.to_vec()).ok()?;
            Some(Record::Snapshot { configuration, lineage })
        }
        EDITS => Some(Record::Edits { edits: rest.to_vec(), lineage }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back() {
        let whole = Record::Snapshot { configuration: "<cib/>".to_owned(), lineage: 7 };
        let edits = Record::Edits { edits: vec![1, 2, 3], lineage: 8 };
        let snapshot = encode_snapshot("<cib/>", 7);
        let journal = vec![encode(&edits), encode(&whole)];
        let (records, unread) = decode_all(Some(snapshot), journal);
        assert_eq!(unread, None);
        assert_eq!(records, [whole.clone(), edits, whole]);
    }

    #[test]
    fn what_has_no_form_ends_the_reading() {
        let good = encode(&Record::Edits { edits: vec![], lineage: 1 });
        for bad in [vec![], vec![b'E', 1], vec![b'X', 0, 0, 0, 0, 0, 0, 0, 0]] {
            let (records, unread) = decode_all(None, vec![good.clone(), bad, good.clone()]);
            assert_eq!(records.len(), 1);
            assert!(unread.is_some());
        }
        let (records, unread) = decode_all(Some(b"<cib/>".to_vec()), vec![good]);
        assert!(records.is_empty() && unread.is_some(), "nothing is applied to nothing");
    }
}

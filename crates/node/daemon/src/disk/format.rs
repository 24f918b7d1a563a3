//! How the brain's records look as bytes.
//!
//! A snapshot is the document's XML with comments behind it, so that any tool reads it: the
//! configuration before the last change, the pedigree, the keepers, who had quorum last, and the lineage. A record
//! in the journal is a letter, the lineage, and what it carries.

use controller::{Record, Whole};
use wire::peer::{Base, Edited};

const SNAPSHOT: u8 = b'S';
const EDITS: u8 = b'E';

const EARLIER: &str = "\n<!-- quorate earlier=";
const PEDIGREE: &str = "\n<!-- quorate pedigree=";
const KEEPERS: &str = "\n<!-- quorate keepers=";
/// Among the keepers.
const DOUBTFUL: &str = "doubtful";
const BASE: &str = "\n<!-- quorate base=";
/// Of a base: when it was settled last. Without a number: the one that it is.
const SETTLED: &str = "settled";
const LINEAGE: &str = "\n<!-- quorate lineage=";
const CLOSE: &str = " -->";

pub(super) fn encode(record: &Record) -> Vec<u8> {
    match record {
        Record::Snapshot(whole) => with_letter(SNAPSHOT, whole.lineage, &encode_snapshot(whole)),
        Record::Edits { edits, lineage } => with_letter(EDITS, *lineage, edits),
    }
}

fn with_letter(letter: u8, lineage: u64, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![letter];
    bytes.extend_from_slice(&lineage.to_le_bytes());
    bytes.extend_from_slice(rest);
    bytes
}

pub(super) fn encode_snapshot(whole: &Whole) -> Vec<u8> {
    let Whole { configuration, earlier, lineage, pedigree, keepers, base, doubtful } = whole;
    let earlier = earlier
        .as_ref()
        .map_or_else(String::new, |earlier| format!("{EARLIER}{}{CLOSE}", for_comment(earlier)));
    let entry = |Edited { membership, admin_epoch, epoch }: &Edited| {
        format!("{membership}:{admin_epoch}.{epoch}")
    };
    let pedigree: Vec<String> = pedigree.iter().map(entry).collect();
    let pedigree = format!("{PEDIGREE}{}{CLOSE}", pedigree.join(" "));
    let mut keepers: Vec<String> = keepers.iter().map(u32::to_string).collect();
    keepers.extend(doubtful.then(|| DOUBTFUL.to_owned()));
    let keepers = format!("{KEEPERS}{}{CLOSE}", keepers.join(" "));
    let base = encode_base(base);
    format!("{configuration}{earlier}{pedigree}{keepers}{base}{LINEAGE}{lineage}{CLOSE}")
        .into_bytes()
}

/// How often it was sought, when it was settled last, and the numbers of each set. Nothing where nobody counts it.
fn encode_base(base: &Base) -> String {
    if *base == Base::default() {
        return String::new();
    }
    let numbers = |set: &Vec<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let Base { sought, settled, sets } = base;
    let sets: String = sets.iter().map(|set| format!(" {}", numbers(set))).collect();
    format!("{BASE}{sought} {SETTLED}={settled}{sets}{CLOSE}")
}

fn decode_base(text: &str) -> Option<Base> {
    let mut words = text.split(' ');
    let sought = words.next()?.parse().ok()?;
    let (settled, sets): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with(SETTLED));
    let settled = match settled.first().map(|word| word.split_once('=')) {
        Some(Some((_, number))) => number.parse().ok()?,
        Some(None) => sought,
        None => 0,
    };
    let numbers =
        |set: &str| set.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect();
    let sets = sets.into_iter().map(numbers).collect::<Option<_>>()?;
    Some(Base { sought, settled, sets })
}

/// A comment cannot hold two hyphens in a row.
fn for_comment(text: &str) -> String {
    text.replace('%', "%25").replace("--", "%2D%2D")
}

fn from_comment(text: &str) -> String {
    text.replace("%2D", "-").replace("%25", "%")
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
    let lineage = cut_comment(&mut configuration, LINEAGE)?.parse().ok()?;
    let base = cut_comment(&mut configuration, BASE);
    let base = base.map_or(Some(Base::default()), |text| decode_base(&text))?;
    // Those of before there were any name none.
    let keepers = cut_comment(&mut configuration, KEEPERS).unwrap_or_default();
    let doubtful = keepers.split_whitespace().any(|word| word == DOUBTFUL);
    let numbers = keepers.split_whitespace().filter(|word| *word != DOUBTFUL);
    let keepers = numbers.map(|id| id.parse().ok()).collect::<Option<_>>()?;
    let pedigree = cut_comment(&mut configuration, PEDIGREE)?;
    let pedigree = pedigree.split_whitespace().map(read_edited).collect::<Option<_>>()?;
    let earlier = cut_comment(&mut configuration, EARLIER).map(|text| from_comment(&text));
    let whole = Whole { configuration, earlier, lineage, pedigree, keepers, base, doubtful };
    Some(Record::Snapshot(whole))
}

fn read_edited(text: &str) -> Option<Edited> {
    let (membership, version) = text.split_once(':')?;
    let (admin_epoch, epoch) = version.split_once('.')?;
    let number = |text: &str| text.parse().ok();
    let (admin_epoch, epoch) = (number(admin_epoch)?, number(epoch)?);
    Some(Edited { membership: number(membership)?, admin_epoch, epoch })
}

/// What is in the comment at the end of `text`, which is cut off.
fn cut_comment(text: &mut String, open: &str) -> Option<String> {
    let at = text.rfind(open)?;
    let inside = text.get(at..)?.strip_prefix(open)?.strip_suffix(CLOSE)?.to_owned();
    text.truncate(at);
    Some(inside)
}

fn decode(bytes: Vec<u8>) -> Option<Record> {
    let (letter, rest) = bytes.split_first()?;
    let (lineage, rest) = rest.split_first_chunk()?;
    let lineage = u64::from_le_bytes(*lineage);
    match *letter {
        SNAPSHOT => decode_snapshot(rest.to_vec()),
        EDITS => Some(Record::Edits { edits: rest.to_vec(), lineage }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back() {
        let configuration = "<cib/>".to_owned();
        let first = Whole { configuration, lineage: 7, ..Whole::default() };
        let earlier = "<cib><!-- 100% -- %2D -->\n<!-- quorate lineage=3 --></cib>".to_owned();
        let edited = Edited { membership: 256, admin_epoch: 1, epoch: 12 };
        let pedigree = vec![edited, Edited { membership: 513, ..edited }];
        let keepers = vec![1, 3];
        let second = Whole { earlier: Some(earlier), pedigree, keepers, ..first.clone() };
        let third = Whole { doubtful: true, ..second.clone() };
        let settled = Base { sought: 3, settled: 3, sets: vec![vec![1, 2]] };
        let fourth = Whole { base: settled, ..second.clone() };
        let sought = Base { sought: 4, settled: 2, sets: vec![vec![1, 2], vec![], vec![2]] };
        let fifth = Whole { base: sought, ..first.clone() };
        let sixth = Whole { base: Base { sought: 9, settled: 9, sets: vec![] }, ..first.clone() };
        for whole in [first, second, third, fourth, fifth, sixth] {
            let record = Record::Snapshot(whole.clone());
            let edits = Record::Edits { edits: vec![1, 2, 3], lineage: 8 };
            let journal = vec![encode(&edits), encode(&record)];
            let (records, unread) = decode_all(Some(encode_snapshot(&whole)), journal);
            assert_eq!(unread, None);
            assert_eq!(records, [record.clone(), edits, record]);
        }
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

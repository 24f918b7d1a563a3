//! The form of a journal: one header line, then records of length, checksum and payload.
//!
//! A record's checksum also covers its number, so a record that is whole but in the wrong place
//! (an old block that came back) is not believed.

/// Larger payloads are refused: the largest document that the fabric carries, with room to spare.
pub(crate) const PAYLOAD_MAX: usize = 256 << 20;

/// Bytes before a record's payload: its length and its checksum.
const PREFIX: usize = 8;

/// The first line of a journal whose first record is number `base + 1`. `word` says what it is a
/// journal of.
pub(crate) fn header(word: &str, base: u64) -> Vec<u8> {
    let text = format!("quorate {word} 1 {base:020} ");
    let checksum = crc32fast::hash(text.as_bytes());
    format!("{text}{checksum:08x}\n").into_bytes()
}

/// The length of the header, if `bytes` begin with the one that [`header`] writes.
pub(crate) fn check_header(bytes: &[u8], word: &str, base: u64) -> Option<usize> {
    let wanted = header(word, base);
    bytes.starts_with(&wanted).then_some(wanted.len())
}

/// Adds one record to `out`.
pub(crate) fn encode(sequence: u64, payload: &[u8], out: &mut Vec<u8>) {
    // `PAYLOAD_MAX` is checked where payloads come in, so the length fits.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.reserve(PREFIX + payload.len());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&checksum(sequence, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

fn checksum(sequence: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sequence.to_le_bytes());
    hasher.update(&(payload.len() as u64).to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// What a journal's bytes after the header hold.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    /// The good records, in order and without a gap.
    pub(crate) payloads: Vec<&'a [u8]>,
    /// Bytes up to the end of the last good one.
    pub(crate) good: usize,
    pub(crate) end: ScanEnd,
}

/// Why the scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanEnd {
    /// With the last byte of a record.
    Clean,
    /// The file ends inside a record.
    Truncated,
    /// A record's checksum does not fit.
    Checksum,
}

/// Reads records, the first of which has number `first`, up to the first that is not good.
pub(crate) fn scan(bytes: &[u8], first: u64) -> Scan<'_> {
    let mut payloads = Vec::new();
    let mut good = 0;
    let mut rest = bytes;
    let mut sequence = first;
    let end = loop {
        if rest.is_empty() {
            break ScanEnd::Clean;
        }
        let Some((length, rest_of_prefix)) = rest.split_first_chunk::<4>() else {
            break ScanEnd::Truncated;
        };
        let Some((sum, body)) = rest_of_prefix.split_first_chunk::<4>() else {
            break ScanEnd::Truncated;
        };
        let length = u32::from_le_bytes(*length) as usize;
        let Some((payload, after)) = body.split_at_checked(length) else {
            break ScanEnd::Truncated;
        };
        if u32::from_le_bytes(*sum) != checksum(sequence, payload) {
            break ScanEnd::Checksum;
        }
        payloads.push(payload);
        good += PREFIX + length;
        sequence += 1;
        rest = after;
    };
    Scan { payloads, good, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(5, b"five", &mut bytes);
        encode(6, b"", &mut bytes);
        encode(7, b"seven", &mut bytes);
        bytes
    }

    #[test]
    fn records_read_back() {
        let bytes = three();
        let scan = scan(&bytes, 5);
        assert_eq!(scan.payloads, [b"five".as_slice(), b"", b"seven"]);
        assert_eq!((scan.good, scan.end), (bytes.len(), ScanEnd::Clean));
    }

    #[test]
    fn every_cut_leaves_whole_records() {
        let bytes = three();
        let ends = [0, 12, 20, 33];
        for cut in 0..bytes.len() {
            let scan = scan(&bytes[..cut], 5);
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(scan.payloads.len(), whole, "cut at {cut}");
            let clean = ends.contains(&cut);
            assert_eq!(scan.end == ScanEnd::Clean, clean, "cut at {cut}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = three();
        for bit in 0..bytes.len() * 8 {
            let mut broken = bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(scan(&broken, 5).end, ScanEnd::Clean, "bit {bit}");
        }
    }

    #[test]
    fn a_record_in_another_place_is_not_believed() {
        assert_eq!(scan(&three(), 6).end, ScanEnd::Checksum);
    }

    #[test]
    fn header_is_checked() {
        let bytes = header("journal", 12);
        assert_eq!(check_header(&bytes, "journal", 12), Some(bytes.len()));
        assert_eq!(check_header(&bytes, "journal", 13), None);
        assert_eq!(check_header(&bytes, "history", 12), None);
        assert_eq!(check_header(b"", "journal", 12), None);
    }
}

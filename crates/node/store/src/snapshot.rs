//! The form of a snapshot: the state's own bytes, then one line with length and checksum.
//!
//! The line is an XML comment, so a snapshot of a document is still a document that any tool
//! reads.

const OPEN: &str = "<!-- quorate snapshot ";
const CLOSE: &str = " -->\n";

/// The state followed by its trailer.
pub(crate) fn seal(state: &[u8]) -> Vec<u8> {
    let checksum = crc32fast::hash(state);
    let mut bytes = Vec::with_capacity(state.len() + 80);
    bytes.extend_from_slice(state);
    let trailer = format!("\n{OPEN}bytes={} crc32={checksum:08x}{CLOSE}", state.len());
    bytes.extend_from_slice(trailer.as_bytes());
    bytes
}

/// The state, if the trailer is there and fits.
pub(crate) fn unseal(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let length = checked_length(&bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

fn checked_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.strip_suffix(CLOSE.as_bytes())?;
    let line = end.iter().rposition(|byte| *byte == b'\n')?;
    let (state, trailer) = end.split_at_checked(line)?;
    let trailer = std::str::from_utf8(trailer.get(1..)?).ok()?.strip_prefix(OPEN)?;
    let (length, checksum) = trailer.split_once(' ')?;
    let length: usize = length.strip_prefix("bytes=")?.parse().ok()?;
    let checksum = u32::from_str_radix(checksum.strip_prefix("crc32=")?, 16).ok()?;
    (length == state.len() && checksum == crc32fast::hash(state)).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_unseals() {
        for state in [b"".as_slice(), b"<cib/>", b"<cib/>\n", b"two\nlines"] {
            assert_eq!(unseal(seal(state)).as_deref(), Some(state));
        }
    }

    #[test]
    fn cuts_and_flips_are_noticed() {
        let sealed = seal(b"<cib epoch=\"3\"><configuration/></cib>");
        for cut in 0..sealed.len() {
            assert_eq!(unseal(sealed[..cut].to_vec()), None, "cut at {cut}");
        }
        for byte in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[byte] ^= 0x04;
            assert_eq!(unseal(broken), None, "byte {byte}");
        }
    }
}

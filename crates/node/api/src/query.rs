//! What stands behind the question mark.

/// The value of a parameter, with `%41` and `+` resolved. `None` if it is not there; an error, in
/// words, if it is no text.
pub(crate) fn value(query: Option<&str>, name: &str) -> Result<Option<String>, String> {
    let mut pairs = query.unwrap_or_default().split('&');
    let Some(text) = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')) else {
        return Ok(None);
    };
    decoded(text).map(Some).ok_or_else(|| format!("`{name}` is not text"))
}

/// A text that came in an address.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut all = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        all.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            plain => plain,
        });
    }
    let text = String::from_utf8(all).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_decoded() {
        let of = |query: &str| value(Some(query), "node");
        assert_eq!(of("a=b&node=n%31+x"), Ok(Some("n1 x".to_owned())));
        assert_eq!(of("nodes=1"), Ok(None));
        assert_eq!(value(None, "node"), Ok(None));
        for wrong in ["node=%", "node=%4", "node=%zz", "node=%ff", "node=a%0d%0ab", "node=%+1"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}

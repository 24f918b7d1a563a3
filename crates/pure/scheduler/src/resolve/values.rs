//! Small readers of attribute values.

use model::{Score, parse_interval};

/// Pacemaker's booleans, in any case; `None` for anything else.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    const TRUE: [&str; 5] = ["true", "on", "yes", "y", "1"];
    const FALSE: [&str; 5] = ["false", "off", "no", "n", "0"];
    if TRUE.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(true);
    }
    FALSE.iter().any(|word| text.eq_ignore_ascii_case(word)).then_some(false)
}

/// Whether an optional boolean is there and true.
pub(crate) fn is_true(text: Option<&str>) -> bool {
    text.and_then(parse_bool).unwrap_or(false)
}

/// The number at the start of `text`, after blanks; anything may follow it.
pub(crate) fn parse_integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let end = text.len() - unsigned.len() + digits;
    let number = text.get(..end)?;
    Some(number.parse().unwrap_or(if number.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// A score; of a number with something behind it (`1.0`), the number.
pub(crate) fn parse_score(text: &str) -> Option<Score> {
    Score::parse(text).or_else(|| parse_integer(text).map(Score::new))
}

/// A whole number of at least `least`; `least` for what is none.
pub(crate) fn at_least(text: Option<&str>, least: u32) -> u32 {
    let number = text.and_then(parse_integer).unwrap_or(i64::from(least));
    u32::try_from(number.max(i64::from(least))).unwrap_or(i32::MAX as u32).min(i32::MAX as u32)
}

/// A length of time in milliseconds; 0 for what is none.
pub(crate) fn milliseconds(text: Option<&str>) -> u64 {
    text.and_then(parse_interval)
        .and_then(|length| u32::try_from(length.as_millis()).ok())
        .map_or(0, u64::from)
}

/// An id without the number of an instance: `ping:1` is `ping`.
pub(crate) fn base_name(id: &str) -> &str {
    match id.rsplit_once(':') {
        Some((base, number))
            if !base.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            base
        }
        Some(_) | None => id,
    }
}

/// Whether `text` is one of `words`, case aside.
pub(crate) fn is_any_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

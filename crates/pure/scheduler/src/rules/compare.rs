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
        Kind::Number => match (a.trim().parse::<f64>(), b.trim().parse::<f64>()) {
            (Ok(a), Ok(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
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

/// Orders version numbers: segments between dots, as numbers; a missing one is 0.
pub(crate) fn versions(a: &str, b: &str) -> Ordering {
    let mut left = a.split('.');
    let mut right = b.split('.');
    loop {
        let (one, other) = (left.next(), right.next());
        if one.is_none() && other.is_none() {
            return Ordering::Equal;
        }
        let number = |segment: Option<&str>| segment.and_then(leading_integer).unwrap_or(0);
        match number(one).cmp(&number(other)) {
            Ordering::Equal => {}
            unequal @ (Ordering::Less | Ordering::Greater) => return unequal,
        }
    }
}

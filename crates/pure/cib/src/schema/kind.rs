//! What an attribute's value may be.

use super::table::Life;
use super::version::Schema;

/// Kinds of values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Anything.
    Text,
    /// A name that no other element of the document has.
    Id,
    /// The name of something.
    IdRef(Target),
    Boolean,
    Integer,
    /// From 0.
    Count,
    /// From 1 to the bound.
    Positive(u64),
    /// A whole number or infinity.
    Score,
    /// One of these words.
    Words(&'static [Word]),
    /// Anything but these words.
    Except(&'static [Word]),
    /// Names, with commas between them.
    Devices,
    /// Digits and `-`.
    Ports,
}

/// What a reference may point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A resource, or a tag that stands for some; constraints may name a template too.
    Resource,
    Template,
    /// An element of the same name.
    Same,
    Role,
    Anything,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) text: &'static str,
    pub(super) life: Life,
}

pub(super) const fn word(text: &'static str) -> Word {
    Word { text, life: Life { since: Schema::OLDEST, until: Schema::NEWEST } }
}

impl Word {
    pub(super) const fn since(mut self, number: u16) -> Self {
        self.life.since = Schema::number(number);
        self
    }

    pub(super) const fn until(mut self, number: u16) -> Self {
        self.life.until = Schema::number(number);
        self
    }
}

impl Kind {
    pub(super) fn accepts(self, value: &str, schema: Schema) -> bool {
        let listed = |words: &[Word], value: &str| {
            words.iter().any(|word| word.text == value && word.life.covers(schema))
        };
        // Datatypes and word lists read their value without white space around it.
        let trimmed = trim(value);
        match self {
            Self::Text => true,
            Self::Id | Self::IdRef(_) => is_name(trimmed),
            Self::Boolean => matches!(trimmed, "true" | "false" | "1" | "0"),
            Self::Integer => is_integer(trimmed),
            Self::Count => is_integer(trimmed) && !is_negative(trimmed),
            Self::Positive(most) => {
                let digits = trimmed.strip_prefix('+').unwrap_or(trimmed);
                is_integer(trimmed)
                    && digits.parse::<u64>().is_ok_and(|number| (1..=most).contains(&number))
            }
            Self::Score => {
                is_integer(trimmed) || matches!(trimmed, "INFINITY" | "+INFINITY" | "-INFINITY")
            }
            Self::Words(words) => listed(words, trimmed),
            Self::Except(words) => !listed(words, value),
            Self::Devices => value.split(',').all(|device| {
                let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
                !device.is_empty() && device.bytes().all(plain)
            }),
            Self::Ports => {
                !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit() || b == b'-')
            }
        }
    }

    /// What would have been right, in words.
    pub(super) fn wanted(self, schema: Schema) -> String {
        match self {
            Self::Text => "any text".to_owned(),
            Self::Id => "a name: a letter or _, then letters, digits, and any of . _ -".to_owned(),
            Self::IdRef(_) => "the id of another element".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Count => "a whole number from 0".to_owned(),
            Self::Positive(u64::MAX) => "a whole number from 1".to_owned(),
            Self::Positive(most) => format!("a whole number from 1 to {most}"),
            Self::Score => "a whole number, INFINITY or -INFINITY".to_owned(),
            Self::Words(_) => self.words(schema).join(", "),
            Self::Except(_) => "something else: this is no longer supported".to_owned(),
            Self::Devices => "device ids with commas between them".to_owned(),
            Self::Ports => "a range of ports, such as 2000-2010".to_owned(),
        }
    }

    /// The words among which the value must be, if it is that kind.
    pub(super) fn words(self, schema: Schema) -> Vec<&'static str> {
        match self {
            Self::Words(words) => {
                words.iter().filter(|word| word.life.covers(schema)).map(|word| word.text).collect()
            }
            Self::Boolean => vec!["true", "false"],
            Self::Score => vec!["INFINITY", "-INFINITY"],
            Self::Text
            | Self::Id
            | Self::IdRef(_)
            | Self::Integer
            | Self::Count
            | Self::Positive(_)
            | Self::Except(_)
            | Self::Devices
            | Self::Ports => Vec::new(),
        }
    }
}

/// Without white space around it.
fn trim(value: &str) -> &str {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t' | b'\n' | b'\r'));
    let bytes = value.as_bytes();
    // Nearly all values have none, and trimming looks at characters.
    if is_blank(bytes.first()) || is_blank(bytes.last()) {
        value.trim_matches([' ', '\t', '\n', '\r'])
    } else {
        value
    }
}

/// XML's NCName: no colon, and digits only inside.
fn is_name(text: &str) -> bool {
    if let Some((first, rest)) = text.as_bytes().split_first()
        && (first.is_ascii_alphabetic() || *first == b'_')
        && rest.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    {
        return true;
    }
    let start = |c: char| c == '_' || c.is_alphabetic();
    let inside = |c: char| start(c) || c.is_numeric() || matches!(c, '-' | '.' | '\u{b7}');
    let mut chars = text.chars();
    chars.next().is_some_and(start) && chars.all(inside)
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_negative(text: &str) -> bool {
    text.starts_with('-') && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

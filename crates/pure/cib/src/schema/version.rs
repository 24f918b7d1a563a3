//! Which schema a document says it follows.

use std::fmt;
use std::str::FromStr;

/// A schema, by its number: `pacemaker-3.10` comes after `pacemaker-3.9`.
///
/// Field word: Pacemaker *validate-with*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Schema(u16);

/// Not the name of a schema that we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no schema called {0}")]
pub struct UnknownSchema(pub String);

/// Major number times 100 plus minor number, as the tables write them.
const KNOWN: [u16; 26] = [
    100, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 300, 301, 302, 303, 304,
    305, 306, 307, 308, 309, 310, 400,
];

impl Schema {
    /// The newest: what upgrades lead to.
    pub const NEWEST: Self = Self(400);
    /// The oldest that is read.
    pub const OLDEST: Self = Self(100);

    /// Major number times 100 plus minor number. For tables: not checked against what exists.
    pub(crate) const fn number(number: u16) -> Self {
        Self(number)
    }

    /// Every schema, oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.into_iter().map(Self)
    }
}

impl FromStr for Schema {
    type Err = UnknownSchema;

    fn from_str(text: &str) -> Result<Self, UnknownSchema> {
        let (major, minor) = text
            .strip_prefix("pacemaker-")
            .and_then(|number| number.split_once('.'))
            .map_or(("", ""), |parts| parts);
        let number = |text: &str| text.parse::<u16>().ok();
        number(major)
            .zip(number(minor).filter(|minor| *minor < 100))
            .and_then(|(major, minor)| major.checked_mul(100)?.checked_add(minor))
            .filter(|number| KNOWN.contains(number))
            .map(Self)
            // Signs and leading zeros are not how it is written.
            .filter(|schema| schema.to_string() == text)
            .ok_or_else(|| UnknownSchema(text.to_owned()))
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pacemaker-{}.{}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_order() {
        for schema in Schema::all() {
            assert_eq!(schema.to_string().parse(), Ok(schema));
        }
        let ten: Schema = "pacemaker-3.10".parse().unwrap();
        assert!(ten > "pacemaker-3.9".parse().unwrap());
        assert!("pacemaker-1.1".parse::<Schema>().is_err());
        for wrong in ["none", "pacemaker-", "pacemaker-3", "pacemaker-03.9", "pacemaker-3.+9"] {
            assert!(wrong.parse::<Schema>().is_err(), "{wrong}");
        }
        assert!("pacemaker-2.109".parse::<Schema>().is_err());
    }
}

//! Checksums of an operation's parameters, kept with its history: a changed configuration is
//! noticed by comparing them. Equal to Pacemaker's, so that either's history can be read.
//!
//! Source: Pacemaker's version 1 operation digests: MD5 of the sorted parameters written as one
//! XML element with a blank before and a line end after it. Not used for security.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};

/// What goes into the checksum: names with their values.
///
/// Of the options only the timeout of a recurring operation counts, since an executor has to be
/// told when that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Parameters<'a> {
    /// From all that an action carries: parameters and `CRM_meta_*` options.
    pub fn of_action(attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut all: BTreeMap<&str, &str> = attributes.into_iter().collect();
        let recurring = all.get("CRM_meta_interval").is_some_and(|interval| *interval != "0");
        all.retain(|name, _| match *name {
            TIMEOUT => recurring,
            "id" | "crm_feature_set" | "op-digest" | "on_node" | "on_node_uuid"
            | "pcmk_external_ip" => false,
            name => !name.starts_with("CRM_meta_"),
        });
        Self(all)
    }

    /// Without the parameters that `names`, words between blanks, contain.
    #[must_use]
    pub fn without(&self, names: &str) -> Self {
        self.filtered(|name| !names.split(' ').any(|word| word == name))
    }

    /// Only the parameters that `names`, words between blanks, contain.
    #[must_use]
    pub fn only(&self, names: &str) -> Self {
        self.filtered(|name| names.split(' ').any(|word| word == name))
    }

    fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(name, _)| keep(name));
        Self(kept.map(|(name, value)| (*name, *value)).collect())
    }

    /// Whether the parameter counts.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The checksum, 32 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut text = String::from(" <parameters");
        for (name, value) in &self.0 {
            cib::push_attribute(&mut text, name, value);
        }
        text.push_str("/>\n");
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
        let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
        Md5::digest(text.as_bytes()).iter().flat_map(digits).collect()
    }
}

/// What counts of a recurring operation besides its parameters.
pub const TIMEOUT: &str = "CRM_meta_timeout";

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn nothing_has_the_well_known_checksum() {
        // Seen in the history of every resource without parameters.
        let nothing = Parameters::of_action([("CRM_meta_timeout", "20000"), ("id", "x")]);
        assert_eq!(nothing.digest(), "f2317cad3d54cec5d7d7aa7d0bf35cf8");
    }

    #[test]
    fn a_recurring_operations_timeout_counts() {
        let once = Parameters::of_action([("a", "1"), ("CRM_meta_timeout", "20000")]);
        let often = Parameters::of_action([
            ("CRM_meta_interval", "10000"),
            ("CRM_meta_timeout", "20000"),
            ("a", "1"),
        ]);
        assert_ne!(once.digest(), often.digest());
        assert_eq!(often.only(" a ").digest(), once.digest());
        assert_eq!(often.without(" CRM_meta_timeout ").digest(), once.digest());
    }
}

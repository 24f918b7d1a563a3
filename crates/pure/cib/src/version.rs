//! Which edition of the document: three counters on the root element.

use std::fmt;

use crate::element::Element;
use crate::tree::Document;

/// A document's edition. Later ones are greater.
///
/// Field words: Pacemaker *admin_epoch*, *epoch*, *num_updates*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Raised by people who want their copy to win.
    pub admin_epoch: u32,
    /// Raised by each change of the configuration.
    pub epoch: u32,
    /// Raised by each change of the status; back to 0 when the configuration changes.
    pub num_updates: u32,
}

/// A root attribute that should count and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {attribute}=\"{found}\" is not a whole number from 0 to {}", u32::MAX)]
pub struct VersionError {
    /// Line of the root's start tag.
    pub line: u32,
    /// Which counter.
    pub attribute: &'static str,
    /// Its text.
    pub found: String,
}

impl Version {
    /// Reads the counters of a root element, or of a patchset's `source` and `target`; missing
    /// ones are 0.
    ///
    /// # Errors
    /// When one is not a whole number.
    pub fn of(root: Element<'_>) -> Result<Self, VersionError> {
        let read = |attribute: &'static str| match root.attr(attribute) {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| VersionError {
                line: root.line(),
                attribute,
                found: text.to_owned(),
            }),
        };
        Ok(Self {
            admin_epoch: read("admin_epoch")?,
            epoch: read("epoch")?,
            num_updates: read("num_updates")?,
        })
    }

    /// The edition after a change of the configuration.
    #[must_use]
    pub fn after_configuration_change(self) -> Self {
        Self { epoch: self.epoch.saturating_add(1), num_updates: 0, ..self }
    }

    /// The edition after a change of anything else.
    #[must_use]
    pub fn after_status_change(self) -> Self {
        Self { num_updates: self.num_updates.saturating_add(1), ..self }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.admin_epoch, self.epoch, self.num_updates)
    }
}

impl Document {
    /// This document's edition.
    ///
    /// # Errors
    /// When a counter is not a whole number.
    pub fn version(&self) -> Result<Version, VersionError> {
        Version::of(self.root())
    }

    /// Writes the counters; those that stand there already keep their place.
    pub fn set_version(&mut self, version: Version) {
        let root = self.root().id();
        let Version { admin_epoch, epoch, num_updates } = version;
        self.set(root, "admin_epoch", &admin_epoch.to_string());
        self.set(root, "epoch", &epoch.to_string());
        self.set(root, "num_updates", &num_updates.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_read_compare_and_rise() {
        let mut document = Document::parse("<cib num_updates=\"7\" epoch=\"3\"/>").unwrap();
        let version = document.version().unwrap();
        assert_eq!(version.to_string(), "0.3.7");
        assert!(version.after_status_change() < version.after_configuration_change());
        document.set_version(version.after_configuration_change());
        assert_eq!(
            document.to_string(),
            "<cib num_updates=\"0\" epoch=\"4\" admin_epoch=\"0\"/>\n"
        );
    }

    #[test]
    fn nonsense_is_named() {
        let document = Document::parse("\n<cib epoch=\"many\"/>").unwrap();
        let error = document.version().unwrap_err();
        assert!(error.to_string().starts_with("line 2: epoch=\"many\" is not a whole number"));
        assert!(Document::parse("<cib epoch=\"-1\"/>").unwrap().version().is_err());
    }
}

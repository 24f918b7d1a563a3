//! Replacing the configuration as a whole.

use super::Refused;
use crate::element::Element;
use crate::sections::Section;
use crate::tree::Document;
use crate::version::Version;

/// Attributes of the root that say how the cluster is, not how it should be.
const OBSERVED: [&str; 8] = [
    "have-quorum",
    "dc-uuid",
    "no-quorum-panic",
    "execution-date",
    "cib-last-written",
    "update-origin",
    "update-client",
    "update-user",
];

/// The new configuration with the old status.
pub(super) fn replace(document: &mut Document, xml: &str) -> Result<(), Refused> {
    let given = super::read(xml)?;
    let root = given.root();
    let configuration = match root.name() {
        "cib" => given.section(Section::Configuration).ok_or_else(|| Refused::WrongElement {
            line: root.line(),
            wanted: "a cib with a configuration",
            found: super::refused::shown(root),
        })?,
        "configuration" => root,
        _ => {
            return Err(Refused::WrongElement {
                line: root.line(),
                wanted: "cib or configuration",
                found: super::refused::shown(root),
            });
        }
    };
    let old = document.section_or_new(Section::Configuration);
    document.insert_copy_before(old, configuration);
    document.remove(old);
    if root.is("cib") {
        root_attributes(document, root);
    }
    Ok(())
}

fn root_attributes(document: &mut Document, given: Element<'_>) {
    let root = document.root().id();
    let counters = ["admin_epoch", "epoch", "num_updates"];
    for (name, value) in given.attrs() {
        if !OBSERVED.contains(&name) && !counters.contains(&name) {
            document.set(root, name, value);
        }
    }
    // Whoever raises it wants this configuration to win.
    let old = document.version().unwrap_or_default();
    let admin_epoch = Version::of(given).map_or(0, |version| version.admin_epoch);
    if admin_epoch > old.admin_epoch {
        document.set(root, "admin_epoch", &admin_epoch.to_string());
    }
}

/// The version after a change of the configuration, with the administrator's counter if that was
/// raised.
pub(super) fn raised(old: Version, after: &Document) -> Version {
    let admin_epoch = after.version().map_or(0, |version| version.admin_epoch);
    let next = old.after_configuration_change();
    Version { admin_epoch: admin_epoch.max(old.admin_epoch), ..next }
}

//! The section `alerts` of the document.
//!
//! Source: Pacemaker Explained, "Alerts". Ours are the paths `quorate:webhook` and `quorate:mail`,
//! whose instance attributes are theirs: `severity` (`trouble` for nothing but trouble), `nodes`
//! and `resources` (only these), `secret-file`, `ca-file`, `server`, `from`, `netrc-file`, `tls`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cib::{Document, Element, Section};
use model::parse_interval;

use crate::notice::{Kind, Notice};

/// Unless the document says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
const TIMESTAMP_FORMAT: &str = "%H:%M:%S.%6N";

/// One alert with one recipient, or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) way: Way,
    pub(crate) recipient: String,
    pub(crate) timeout: Duration,
    pub(crate) timestamp_format: String,
    /// Instance attributes.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) kinds: BTreeSet<Kind>,
    /// Only these; all, where none is named.
    pub(crate) attribute_names: BTreeSet<String>,
}

/// How a target is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Agent,
    Webhook,
    Mail,
}

/// Every target that is enabled, each once.
pub(crate) fn targets(document: &Document) -> BTreeSet<Target> {
    let alerts = document.section(Section::Alerts);
    let alerts = alerts.into_iter().flat_map(Element::children);
    alerts.filter(|alert| alert.is("alert")).flat_map(|alert| of_alert(document, alert)).collect()
}

fn of_alert(document: &Document, alert: Element<'_>) -> Vec<Target> {
    let meta = values(document, alert, "meta_attributes");
    let attributes = values(document, alert, "instance_attributes");
    let recipients: Vec<Element<'_>> = alert.children().filter(|at| at.is("recipient")).collect();
    if recipients.is_empty() {
        return target(alert, alert, meta, attributes).into_iter().collect();
    }
    let of_recipient = |recipient: &Element<'_>| {
        let (mut meta, mut attributes) = (meta.clone(), attributes.clone());
        // An alert that is disabled stays so, whatever its recipient says.
        if is_enabled(&meta) {
            meta.extend(values(document, *recipient, "meta_attributes"));
        }
        attributes.extend(values(document, *recipient, "instance_attributes"));
        target(alert, *recipient, meta, attributes)
    };
    recipients.iter().filter_map(of_recipient).collect()
}

fn target(
    alert: Element<'_>,
    recipient: Element<'_>,
    meta: BTreeMap<String, String>,
    attributes: BTreeMap<String, String>,
) -> Option<Target> {
    let path = alert.attr("path")?;
    is_enabled(&meta).then(|| Target {
        id: recipient.attr("id").unwrap_or_default().to_owned(),
        path: path.to_owned(),
        way: match path {
            "quorate:webhook" => Way::Webhook,
            "quorate:mail" => Way::Mail,
            _ => Way::Agent,
        },
        recipient: recipient.attr("value").unwrap_or_default().to_owned(),
        timeout: meta
            .get("timeout")
            .and_then(|text| parse_interval(text))
            .filter(|timeout| !timeout.is_zero())
            .unwrap_or(TIMEOUT),
        timestamp_format: meta
            .get("timestamp-format")
            .map_or(TIMESTAMP_FORMAT, String::as_str)
            .to_owned(),
        attributes,
        kinds: kinds(alert),
        attribute_names: attribute_names(alert),
    })
}

fn is_enabled(meta: &BTreeMap<String, String>) -> bool {
    let says = meta.get("enabled").map(|text| text.to_lowercase());
    says.is_none_or(|text| !matches!(text.as_str(), "false" | "off" | "no" | "n" | "0"))
}

/// What it is told; attributes only where it asks for them.
fn kinds(alert: Element<'_>) -> BTreeSet<Kind> {
    let Some(select) = alert.child("select") else {
        return [Kind::Node, Kind::Fencing, Kind::Resource].into();
    };
    let named = [
        ("select_nodes", Kind::Node),
        ("select_fencing", Kind::Fencing),
        ("select_resources", Kind::Resource),
        ("select_attributes", Kind::Attribute),
    ];
    named
        .into_iter()
        .filter(|(name, _)| select.child(name).is_some())
        .map(|(_, kind)| kind)
        .collect()
}

fn attribute_names(alert: Element<'_>) -> BTreeSet<String> {
    let selected = alert.child("select").and_then(|select| select.child("select_attributes"));
    let named = selected.into_iter().flat_map(Element::children).filter(|at| at.is("attribute"));
    named.filter_map(|attribute| attribute.attr("name").map(str::to_owned)).collect()
}

/// The first set that gives a name wins, as everywhere in the document.
fn values(document: &Document, owner: Element<'_>, set: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for set in owner.children().filter(|child| child.is(set)) {
        let set = set.attr("id-ref").and_then(|id| document.find_id(id)).unwrap_or(set);
        for pair in set.children().filter(|child| child.is("nvpair")) {
            if let (Some(name), Some(value)) = (pair.attr("name"), pair.attr("value")) {
                values.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
    }
    values
}

impl Target {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether it is to be told.
    pub(crate) fn wants(&self, notice: &Notice) -> bool {
        if !self.kinds.contains(&notice.kind) {
            return false;
        }
        let is_named = |name: &String| self.attribute_names.contains(name);
        if !self.attribute_names.is_empty() && !notice.attribute.as_ref().is_none_or(is_named) {
            return false;
        }
        // Agents have their own words for what they filter by.
        if self.way == Way::Agent {
            return true;
        }
        let among = |name: &str, value: Option<&str>| {
            let Some(list) = self.attribute(name) else { return true };
            value.is_none_or(|value| list.split([',', ' ']).any(|one| one == value))
        };
        (self.attribute("severity") != Some("trouble") || notice.is_trouble)
            && among("nodes", Some(&notice.node))
            && among("resources", notice.resource.as_deref())
    }
}

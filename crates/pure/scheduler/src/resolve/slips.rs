//! Slips of the pen in what the schema takes as it comes: names and values of meta attributes and
//! of cluster options.
//!
//! **Not here:** what becomes of them. Who reads such a value takes its default, as Pacemaker does;
//! this only tells the person who wrote it.

mod known;

use cib::Element;
use cib::schema::nearest;
use model::{Role, parse_interval};

use super::Reading;
use super::values::{is_any_of, parse_bool, parse_integer, parse_score};
use crate::report::{FindingKind, Severity};
use known::{Known, META, Meaning, OPTIONS};

/// Reports what was probably meant otherwise.
pub(super) fn read(reading: &mut Reading<'_>) {
    let Some(configuration) = reading.resolved.document.root().child("configuration") else {
        return;
    };
    let sections = ["resources", "rsc_defaults"].map(|name| configuration.child(name));
    let blocks = sections.into_iter().flatten().flat_map(Element::descendants);
    // What stands in an operation is about the operation.
    let of_resources = |block: &Element<'_>| {
        block.is("meta_attributes") && !block.parent().is_some_and(|parent| parent.is("op"))
    };
    for block in blocks.filter(of_resources) {
        read_block(reading, block, "meta attribute", &META);
    }
    let options = configuration.child("crm_config").into_iter();
    for block in options.flat_map(|section| section.children_named("cluster_property_set")) {
        read_block(reading, block, "cluster option", &OPTIONS);
    }
}

fn read_block(reading: &mut Reading<'_>, block: Element<'_>, noun: &str, known: &[Known]) {
    for pair in block.children_named("nvpair") {
        let (Some(name), Some(value)) = (pair.attr("name"), pair.attr("value")) else { continue };
        let Some(slip) = slip(name, value, known) else { continue };
        let id = pair.attr("id").unwrap_or_default();
        let (severity, kind, message) = match slip {
            Slip::Name { near } => (
                Severity::Warning,
                FindingKind::UnlikelyName,
                format!("<nvpair id=\"{id}\">: {name} is no {noun}; did you mean {near}?"),
            ),
            Slip::Value { wanted, near } => {
                let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                let message = format!("<nvpair id=\"{id}\">: {name}=\"{value}\" must be {wanted}");
                (Severity::Error, FindingKind::BadValue, message + &near)
            }
        };
        reading.find(severity, pair, kind, message);
    }
}

/// What is probably not meant as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slip {
    /// It is like a known name, and is none.
    Name { near: &'static str },
    /// No such value means anything.
    Value { wanted: String, near: Option<&'static str> },
}

/// Whether a resource's meta attribute is probably meant otherwise. A name that is like no known
/// one is somebody's own.
pub fn meta_slip(name: &str, value: &str) -> Option<Slip> {
    slip(name, value, &META)
}

fn slip(name: &str, value: &str, known: &[Known]) -> Option<Slip> {
    let Some((_, meaning)) = known.iter().find(|(word, _)| *word == name) else {
        return nearest(name, known.iter().map(|(word, _)| *word)).map(|near| Slip::Name { near });
    };
    let is_good = value.eq_ignore_ascii_case("#default") || meaning.takes(value);
    (!is_good).then(|| Slip::Value {
        wanted: meaning.wanted(),
        near: nearest(value, meaning.words().iter().copied()),
    })
}

const ROLES: [&str; 4] = ["Started", "Stopped", "Promoted", "Unpromoted"];

impl Meaning {
    fn takes(self, value: &str) -> bool {
        match self {
            Self::Flag => parse_bool(value).is_some(),
            Self::Role => Role::parse(value).is_some() || is_any_of(value, &["default"]),
            Self::Score => parse_score(value).is_some(),
            Self::Number => parse_integer(value).is_some(),
            Self::Length => parse_interval(value).is_some(),
            Self::OneOf(words) => is_any_of(value, words),
            Self::Anything => true,
        }
    }

    fn wanted(self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Score => "a whole number, INFINITY or -INFINITY".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Length => "a length of time, such as 10s, 5min or 1h".to_owned(),
            Self::Role | Self::OneOf(_) => format!("one of {}", self.words().join(", ")),
            Self::Anything => String::new(),
        }
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Flag => &["true", "false"],
            Self::Role => &ROLES,
            Self::Score => &["INFINITY", "-INFINITY"],
            Self::OneOf(words) => words,
            Self::Number | Self::Length | Self::Anything => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_taken_in_all_its_spellings() {
        for (name, value) in [
            ("target-role", "stopped"),
            ("target-role", "Master"),
            ("target-role", "#default"),
            ("is-managed", "Y"),
            ("migration-threshold", "INFINITY"),
            ("failure-timeout", "PT5M"),
            ("our-own", "anything"),
        ] {
            assert_eq!(meta_slip(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn each_slip_names_the_nearest_right_word() {
        assert_eq!(meta_slip("target-rol", "Stopped"), Some(Slip::Name { near: "target-role" }));
        for (name, value, right) in [
            ("target-role", "Stoped", Some("Stopped")),
            ("is-managed", "flase", Some("false")),
            ("requires", "unfencin", Some("unfencing")),
            ("migration-threshold", "three", None),
            ("failure-timeout", "soon", None),
        ] {
            match meta_slip(name, value) {
                Some(Slip::Value { near, .. }) => assert_eq!(near, right, "{name}={value}"),
                other => panic!("{name}={value}: {other:?}"),
            }
        }
    }
}

//! Changes of passing node attributes, seen in the document.
//!
//! Source: Pacemaker Explained, "Alerts": `select_attributes` asks for them. There the attribute manager
//! tells of a value when it is written into the document; so what is told here is what differs in the
//! document since it was looked at before.

use std::collections::{BTreeMap, BTreeSet};

use cib::{Document, Element, Section};

/// Values by node and name.
type Values = BTreeMap<(String, String), String>;

/// One that differs. `value` is `None` where it was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// What was there at the last look.
#[derive(Debug, Default)]
pub(crate) struct Attributes(Option<Values>);

impl Attributes {
    /// What differs from the last look; nothing at the first. What went with a node that is not there any
    /// more is no change, and a secret is told to nobody.
    pub(crate) fn look(&mut self, document: &Document, members: &BTreeSet<String>) -> Vec<Changed> {
        let now = values(document);
        let Some(before) = self.0.replace(now.clone()) else { return Vec::new() };
        let is_new = |(key, value): &(&(String, String), &String)| before.get(*key) != Some(*value);
        let set = now.iter().filter(is_new).map(|(key, value)| changed(key, Some(value)));
        let is_gone = |key: &&(String, String)| !now.contains_key(*key) && members.contains(&key.0);
        let gone = before.keys().filter(is_gone).map(|key| changed(key, None));
        set.chain(gone).collect()
    }

    /// Nobody asks for them: the next look is the first.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}

fn changed((node, name): &(String, String), value: Option<&String>) -> Changed {
    Changed { node: node.clone(), name: name.clone(), value: value.cloned() }
}

fn values(document: &Document) -> Values {
    let states = document.section(Section::Status).into_iter().flat_map(Element::children);
    let mut values = Values::new();
    for state in states {
        let node = state.attr("uname").unwrap_or_default();
        let sets = state.child("transient_attributes").into_iter();
        for pair in sets.flat_map(Element::descendants).filter(|at| at.is("nvpair")) {
            let (Some(name), Some(value)) = (pair.attr("name"), pair.attr("value")) else {
                continue;
            };
            if !agent::is_secret_by_name(name) {
                values.insert((node.to_owned(), name.to_owned()), value.to_owned());
            }
        }
    }
    values
}

//! The lines of a file, each with its parameter and the line that it belongs to.

use std::collections::BTreeMap;

use corosync::Valued;

use crate::table::{Of, Parameter, parameter};
use crate::text::{Said, Text};

/// What a file says, in order.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    pub(crate) of: Of,
    pub(crate) entries: Vec<Entry>,
    /// Lines whose name nobody knows.
    pub(crate) unknown: Vec<Said>,
    pub(crate) unclosed: Vec<u32>,
}

/// A line that says a parameter.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) line: u32,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) parameter: &'static Parameter,
    pub(crate) place: Place,
}

/// To what a line belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    File,
    /// The entry of that number.
    Below(usize),
    /// There is no line before it that it could belong to.
    Nowhere,
}

impl Outline {
    pub(crate) fn of(of: Of, text: &Text) -> Self {
        let (mut entries, mut unknown) = (Vec::<Entry>::new(), Vec::new());
        let mut latest: BTreeMap<&'static str, usize> = BTreeMap::new();
        for said in text.said() {
            let Some(parameter) = parameter(of, &said.name) else {
                unknown.push(said.clone());
                continue;
            };
            let outer = latest.get(parameter.below).copied();
            let is_open = |at: usize| {
                let place = entries.get(at).map(|entry| (entry.place, entry.parameter.below));
                let newest = |below| latest.get(below).copied();
                // A card of the node before is not this node's.
                place.is_some_and(|(place, below)| match place {
                    Place::File => true,
                    Place::Below(outer) => newest(below) == Some(outer),
                    Place::Nowhere => true,
                })
            };
            let place = match (parameter.below, outer) {
                ("", _) => Place::File,
                (_, Some(at)) if is_open(at) => Place::Below(at),
                (_, Some(_) | None) => Place::Nowhere,
            };
            latest.insert(parameter.name, entries.len());
            entries.push(Entry {
                line: said.line,
                name: said.name.clone(),
                value: said.value.clone(),
                parameter,
                place,
            });
        }
        Self { of, entries, unknown, unclosed: text.unclosed().to_vec() }
    }

    /// Every value of a parameter, with the number of its entry.
    pub(crate) fn each<'a>(
        &'a self,
        name: &'static str,
    ) -> impl Iterator<Item = (usize, &'a Entry)> {
        self.entries.iter().enumerate().filter(move |(_, entry)| entry.parameter.name == name)
    }

    /// Every value of a parameter that belongs to this entry.
    pub(crate) fn below<'a>(
        &'a self,
        outer: usize,
        name: &'static str,
    ) -> impl Iterator<Item = (usize, &'a Entry)> {
        self.each(name).filter(move |(_, entry)| entry.place == Place::Below(outer))
    }

    /// The file's value of a parameter: the first, since a second is a mistake.
    pub(crate) fn one(&self, name: &'static str) -> Option<Valued<String>> {
        self.each(name).next().map(|(_, entry)| entry.valued())
    }

    pub(crate) fn one_below(&self, outer: usize, name: &'static str) -> Option<Valued<String>> {
        self.below(outer, name).next().map(|(_, entry)| entry.valued())
    }

    pub(crate) fn all(&self, name: &'static str) -> Vec<Valued<String>> {
        self.each(name).map(|(_, entry)| entry.valued()).collect()
    }
}

impl Entry {
    pub(crate) fn valued(&self) -> Valued<String> {
        Valued { value: self.value.clone(), line: self.line }
    }
}

/// The value read as something else; nothing if it cannot be.
pub(crate) fn read<T: std::str::FromStr>(valued: Option<Valued<String>>) -> Option<Valued<T>> {
    let Valued { value, line } = valued?;
    value.parse().ok().map(|value| Valued { value, line })
}

/// `yes` or `no`.
pub(crate) fn switch(valued: Option<Valued<String>>) -> Option<Valued<bool>> {
    let Valued { value, line } = valued?;
    let value = match value.to_ascii_lowercase().as_str() {
        "yes" => true,
        "no" => false,
        _ => return None,
    };
    Some(Valued { value, line })
}

/// The value in small letters, for those whose case does not count.
pub(crate) fn lower(valued: Option<Valued<String>>) -> Option<Valued<String>> {
    valued.map(|Valued { value, line }| Valued { value: value.to_ascii_lowercase(), line })
}

//! What must be true of every plan, whatever the document.
//!
//! Each law has a file of its own; the reason stands there.

mod copies;
mod hosts;
mod rest;
mod same;
mod valid;

use std::collections::BTreeSet;
use std::fmt;

use cib::Document;
use scheduler::{Input, Planned, Resolved};

use crate::chance::Chance;

pub use hosts::Presumed;
pub use rest::{Left, ROUNDS_MAX, Rest, Unrest, come_to_rest};

/// A law that does not hold for a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub law: &'static str,
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.what)
    }
}

/// What came of holding a document against every law.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub broken: Vec<Broken>,
    /// Why it never comes to rest, where the law of rest excuses that.
    pub unrest: BTreeSet<Unrest>,
    /// What the law of hosts had to presume.
    pub presumed: BTreeSet<Presumed>,
}

/// A decision with what it was made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) document: &'a Document,
    pub(crate) input: &'a Input,
    pub(crate) resolved: &'a Resolved<'a>,
    pub(crate) planned: &'a Planned,
}

/// Holds a document against every law. `seed` decides what is drawn on the way.
///
/// What Pacemaker decides is decided alike, also where a law does not hold for it. Each law says which
/// reasons it knows for that, and how they are seen in the document.
pub fn check(document: &Document, input: &Input, seed: u64) -> Held {
    let planned = scheduler::plan(document, input);
    let resolved = scheduler::resolve(document, input);
    let case = Case { document, input, resolved: &resolved, planned: &planned };
    let mut chance = Chance::new(seed);
    let mut broken = Vec::new();
    let mut hold = |law, found: Result<(), String>| {
        broken.extend(found.err().map(|what| Broken { law, what }));
    };
    hold("valid", valid::check(case));
    let mut presumed = BTreeSet::new();
    hold("hosts", hosts::check(case).map(|found| presumed = found));
    hold("copies", copies::check(case, &mut chance));
    hold("deterministic", same::deterministic(case));
    hold("order", same::order_does_not_matter(case, &mut chance));
    let mut unrest = BTreeSet::new();
    hold("rest", rest::check(case).map(|reasons| unrest = reasons));
    Held { broken, unrest, presumed }
}

#[cfg(test)]
mod tests;

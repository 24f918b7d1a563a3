//! Each line against the table: known, in its place, said once, with such a value?

use std::collections::BTreeMap;
use std::net::IpAddr;

use view::words::nearest;

use super::Findings;
use crate::outline::{Entry, Outline, Place};
use crate::package::Restarts;
use crate::table::{self, Kind, Of, Parameter, parameters, release};

pub(super) fn check(outline: &Outline, found: &mut Findings) {
    for line in &outline.unclosed {
        found.error(*line, "a quote is not closed", "");
    }
    for said in &outline.unknown {
        unknown(outline.of, said.line, &said.name, found);
    }
    for entry in &outline.entries {
        if entry.place == Place::Nowhere {
            let (name, below) = (&entry.name, entry.parameter.below);
            found.error(entry.line, format!("`{name}` before any {below}"), "to which is it?");
        }
        value(entry, found);
        if let Some(until) = entry.parameter.until {
            let what = format!("`{}` is gone since {}", entry.name, release(until));
            found.note(entry.line, what, entry.parameter.words);
        }
    }
    repeated(outline, found);
}

fn unknown(of: Of, line: u32, name: &str, found: &mut Findings) {
    let other = match of {
        Of::Cluster => Of::Package,
        Of::Package => Of::Cluster,
    };
    let known = parameters(of)
        .iter()
        .flat_map(|known| std::iter::once(known.name).chain(known.also.iter().copied()));
    let what = format!("there is no parameter `{}`", shown(name));
    if table::parameter(other, name).is_some() {
        let place = match other {
            Of::Cluster => "the cluster's file",
            Of::Package => "a package's file",
        };
        found.error(line, what, &format!("it belongs into {place}"));
    } else if let Some(near) = nearest(name, known) {
        found.error(line, what, &format!("did you mean `{near}`?"));
    } else if name.contains('=') {
        found.error(line, what, "this looks like a control script: name it by `run_script`");
    } else {
        found.error(line, what, "a comment begins with #");
    }
}

/// What may stand only once stands twice.
fn repeated(outline: &Outline, found: &mut Findings) {
    let mut first: BTreeMap<(Place, &str), u32> = BTreeMap::new();
    for entry in outline.entries.iter().filter(|entry| entry.place != Place::Nowhere) {
        if entry.parameter.many {
            continue;
        }
        let key = (entry.place, entry.parameter.name);
        match first.get(&key) {
            Some(line) => {
                let what = format!("`{}` is said a second time", entry.name);
                found.error(entry.line, what, &format!("first in line {line}"));
            }
            None => {
                first.insert(key, entry.line);
            }
        }
    }
}

fn value(entry: &Entry, found: &mut Findings) {
    let Entry { line, name, value, parameter, .. } = entry;
    let may_be_empty = matches!(parameter.kind, Kind::Text { .. } | Kind::Restarts);
    if value.is_empty() && !may_be_empty {
        let takes = table::takes(parameter.kind);
        return found.error(*line, format!("`{name}` has no value"), &format!("it takes {takes}"));
    }
    if let Err(hint) = fits(parameter, value) {
        let what = format!("`{}` is no value of `{name}`", shown(value));
        found.error(*line, what, &hint);
    }
}

/// Whether the parameter may have that value; else what it takes.
fn fits(parameter: &Parameter, value: &str) -> Result<(), String> {
    let takes = || format!("it takes {}", table::takes(parameter.kind));
    let is_one_word = !value.contains(char::is_whitespace);
    let good = match parameter.kind {
        Kind::Number { min, max, .. } => within(value, min, max),
        Kind::Amount => {
            value.parse::<f64>().is_ok_and(|amount| (0.0..=1_000_000.0).contains(&amount))
        }
        Kind::Timeout { max } => value.eq_ignore_ascii_case("no_timeout") || within(value, 0, max),
        Kind::Word(words) => return word(value, words),
        Kind::Address => return address(value),
        Kind::Host => is_one_word && is_host(value),
        Kind::Name { max } => is_one_word && value.len() <= max,
        Kind::Identifier => is_identifier(value),
        Kind::Path { max } => is_one_word && value.starts_with('/') && value.len() <= max,
        Kind::Command => value.starts_with('/'),
        Kind::Restarts => value.parse::<Restarts>().is_ok(),
        Kind::Text { max } => value.len() <= max,
    };
    if good { Ok(()) } else { Err(takes()) }
}

fn within(value: &str, min: u64, max: u64) -> bool {
    value.parse::<u64>().is_ok_and(|number| (min..=max).contains(&number))
}

fn word(value: &str, words: &[&str]) -> Result<(), String> {
    if words.iter().any(|word| word.eq_ignore_ascii_case(value)) {
        return Ok(());
    }
    Err(match nearest(value, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it takes {}", words.join(", ")),
    })
}

fn address(value: &str) -> Result<(), String> {
    if value.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    match value.split_once('/').filter(|(bare, _)| bare.parse::<IpAddr>().is_ok()) {
        Some((bare, _)) => Err(format!("leave the length of the network out: {bare}")),
        None => Err("it takes an address in numbers".to_owned()),
    }
}

/// A name of a machine, or an address; not what only looks like one.
fn is_host(value: &str) -> bool {
    let is_numbers = value.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let is_name =
        value.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter));
    value.parse::<IpAddr>().is_ok() || (is_name && !is_numbers)
}

/// What packages, dependencies and the like may be called.
fn is_identifier(value: &str) -> bool {
    let ends = value.starts_with(|first: char| first.is_ascii_alphanumeric())
        && value.ends_with(|last: char| last.is_ascii_alphanumeric());
    ends && value.len() <= 39
        && value.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter))
}

/// Not more of a value than fits a message.
pub(super) fn shown(text: &str) -> String {
    const MAX: usize = 60;
    let short: String = text.chars().take(MAX).collect();
    if short.len() < text.len() { format!("{short}...") } else { short }
}

//! Each line against the table: known here, in this release, with such a value?

use std::collections::BTreeMap;
use std::net::IpAddr;

use view::words::nearest;

use super::{Findings, Severity, shown};
use crate::table::{self, Directive, FREE, Kind, LISTS, Release, directive, directives};
use crate::text::{Conf, Pair, Section};

pub(super) fn check(conf: &Conf, found: &mut Findings) {
    section(conf.root(), "", &table::sections(), found);
}

fn section(at: &Section, path: &str, known: &[&str], found: &mut Findings) {
    if FREE.contains(&path) {
        return;
    }
    for pair in &at.pairs {
        match directive(path, &pair.key) {
            Some(known) => said(pair, known, found),
            None => unknown(pair, path, found),
        }
    }
    if path == "logging.logger_subsys" && at.pair("subsys").is_none() {
        found.error(at.line, "`logger_subsys` without `subsys`", "of which part of Corosync?");
    }
    repeated(at, path, found);
    for below in &at.sections {
        let inner = inner(path, &below.name);
        if known.contains(&inner.as_str()) {
            if let Some(until) = gone(&inner, found.release) {
                let what =
                    format!("the section `{inner}` is gone since Corosync {}", release(until));
                let instead = directives().find(|known| known.section == inner);
                found.warning(below.line, what, instead.map_or("", |known| known.words));
            } else {
                section(below, &inner, known, found);
            }
        } else if !below.name.is_empty() {
            unknown_section(below, path, known, found);
        }
    }
}

/// Since when all that the section can say is gone.
fn gone(path: &str, release: Release) -> Option<Release> {
    let mut inside = directives().filter(|known| known.section == path).peekable();
    inside.peek()?;
    inside
        .map(|known| known.until.filter(|until| *until <= release))
        .collect::<Option<Vec<Release>>>()
        .and_then(|untils| untils.into_iter().max())
}

fn unknown(pair: &Pair, path: &str, found: &mut Findings) {
    let what = format!("there is no `{}` in {}", shown(&pair.key), place(path));
    let here = directives().filter(|known| known.section == path).map(|known| known.key);
    let elsewhere = || directives().find(|known| known.key == pair.key);
    let hint = match (nearest(&pair.key, here), elsewhere()) {
        (_, Some(known)) => Some(format!("it belongs into {}", place(known.section))),
        (Some(near), None) => Some(format!("did you mean `{near}`?")),
        (None, None) => None,
    };
    found.add(Severity::Warning, pair.line, format!("{what}: it does nothing"), hint);
}

fn unknown_section(at: &Section, path: &str, known: &[&str], found: &mut Findings) {
    let what = format!("there is no section `{}` in {}", shown(&at.name), place(path));
    let here = known.iter().filter_map(|name| {
        let (outer, inner) = name.rsplit_once('.').unwrap_or(("", name));
        (outer == path).then_some(inner)
    });
    let hint = nearest(&at.name, here).map(|near| format!("did you mean `{near}`?"));
    found.add(Severity::Warning, at.line, format!("{what}: it does nothing"), hint);
}

fn said(pair: &Pair, known: &Directive, found: &mut Findings) {
    let now = found.release;
    if let Some(until) = known.until.filter(|until| *until <= now) {
        let what = format!("`{}` is gone since Corosync {}", pair.key, release(until));
        return found.warning(pair.line, what, known.words);
    }
    if known.since > now {
        let what =
            format!("`{}` came with Corosync {}: it does nothing", pair.key, release(known.since));
        return found.warning(pair.line, what, "");
    }
    value(pair, known, found);
}

fn value(pair: &Pair, known: &Directive, found: &mut Findings) {
    let (key, value) = (&pair.key, pair.value.as_str());
    if value.is_empty() && known.kind != Kind::Text {
        return found.error(pair.line, format!("`{key}` has no value"), known.words);
    }
    match known.kind {
        Kind::Number { min, max } => number(pair, (min, max), found),
        // Infiniband went with Corosync 2.
        Kind::Word(words) if words.contains(&value) && (value, found.release.0) != ("iba", 3) => {}
        Kind::Word(words) => {
            let what = format!("`{}` is no value of `{key}`", shown(value));
            let hint = match nearest(value, words.iter().copied().filter(|word| *word != value)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", words.join(", ")),
            };
            found.error(pair.line, what, &hint);
        }
        Kind::Address => address(pair, found),
        Kind::NetworkAddress => {
            if value.parse::<IpAddr>().is_err() {
                let what = format!("`{}` is no address", shown(value));
                found.error(pair.line, what, &format!("`{key}` takes numbers, not names"));
            }
        }
        Kind::TieBreaker => {
            let numbers = |text: &str| text.split_whitespace().all(|id| id.parse::<u32>().is_ok());
            if !matches!(value, "lowest" | "highest") && !numbers(value) {
                let what = format!("`{}` is no value of `{key}`", shown(value));
                found.error(pair.line, what, "it takes lowest, highest or numbers of nodes");
            }
        }
        Kind::Text => {}
    }
}

fn number(pair: &Pair, (min, max): (u64, u64), found: &mut Findings) {
    let (key, value) = (&pair.key, pair.value.as_str());
    let hint = if max >= u64::from(u32::MAX) {
        format!("it takes a whole number from {min} on")
    } else {
        format!("it takes {min} to {max}")
    };
    // With two words for one thing, the switch of one section is tried in the other.
    let meant = match (value, max) {
        ("yes" | "on", 1) => "; say 1",
        ("no" | "off", 1) => "; say 0",
        _ => "",
    };
    match value.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => {}
        Ok(_) => found.error(pair.line, format!("`{key}` is {value}"), &hint),
        Err(_) => {
            let what = format!("`{}` is no number for `{key}`", shown(value));
            found.error(pair.line, what, &format!("{hint}{meant}"));
        }
    }
}

/// A name is allowed; what only looks like an address is a mistake.
fn address(pair: &Pair, found: &mut Findings) {
    let value = pair.value.as_str();
    if value.parse::<IpAddr>().is_ok() {
        return;
    }
    let looks_like_one = value.contains(':')
        || (value.contains('.') && value.chars().all(|c| c.is_ascii_digit() || c == '.'));
    let what = format!("`{}` is no address", shown(value));
    if let Some((bare, _)) = value.split_once('/').filter(|(a, _)| a.parse::<IpAddr>().is_ok()) {
        found.error(pair.line, what, &format!("leave the length of the network out: {bare}"));
    } else if looks_like_one {
        found.error(pair.line, what, "an IPv4 address has four numbers below 256");
    } else if !value.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        found.error(pair.line, format!("`{}` is no name of a machine", shown(value)), "");
    }
}

/// Of equal keys the last counts; that is seldom meant.
fn repeated(at: &Section, path: &str, found: &mut Findings) {
    let mut later: BTreeMap<&str, u32> = BTreeMap::new();
    for pair in at.pairs.iter().rev() {
        if let Some(line) = later.get(pair.key.as_str()) {
            let what = format!("`{}` is said again in line {line}, which counts", pair.key);
            found.warning(pair.line, what, "");
        } else {
            later.insert(&pair.key, pair.line);
        }
    }
    let mut first: BTreeMap<&str, u32> = BTreeMap::new();
    for below in &at.sections {
        let inner = inner(path, &below.name);
        if LISTS.contains(&inner.as_str()) {
            continue;
        }
        if let Some(line) = first.get(below.name.as_str()) {
            let what = format!("a second section `{inner}`; the first is in line {line}");
            found.note(below.line, what, "they add up");
        } else {
            first.insert(&below.name, below.line);
        }
    }
}

/// The path of a section in another.
fn inner(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn place(path: &str) -> String {
    if path.is_empty() { "the file outside of sections".to_owned() } else { format!("`{path}`") }
}

fn release((major, minor): Release) -> String {
    format!("{major}.{minor}")
}

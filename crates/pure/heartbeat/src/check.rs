//! What is odd in `ha.cf`, line by line.
//!
//! A [`Severity::Error`] keeps Heartbeat from starting; a [`Severity::Warning`] does something other
//! than its author thinks, or is one that Heartbeat says itself. Where people know Heartbeat's own
//! sentence, it is the sentence.

mod values;
mod whole;

pub(crate) use whole::span;

use std::collections::{BTreeMap, BTreeSet};

use corosync::{Finding, Severity};
use view::words::nearest;

use crate::settings::Settings;
use crate::table::{self, Place, directive, directives};
use crate::text::{HaCf, Line};

/// What the caller knows of the machine. What it does not know is not judged.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// What `uname -n` says here, in lower case.
    pub local: Option<String>,
    /// Whether there is a `haresources` beside `ha.cf`.
    pub has_resources: bool,
    /// The users of this machine.
    pub users: Option<BTreeSet<String>>,
    /// The programs that `respawn` and `failfast` name.
    pub programs: Option<BTreeMap<String, Program>>,
    /// The network cards of this machine.
    pub cards: Option<BTreeSet<String>>,
    /// Services that are known to have an UDP port, by the port.
    pub services: BTreeMap<u16, String>,
}

/// What there is where a program should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Missing,
    NotExecutable,
    Runs,
}

/// Everything odd in the file, in the order of the lines; what is of the whole file has line 0.
pub fn check(conf: &HaCf, around: &Surroundings) -> Vec<Finding> {
    let mut found = Findings::default();
    for line in conf.lines() {
        match directive(&line.directive) {
            Some(known) => values::check(line, known, &mut found),
            None => unknown(line, &mut found),
        }
    }
    order(conf, &mut found);
    repeated(conf, &mut found);
    whole::check(conf, &Settings::of(conf), around, &mut found);
    found.sorted()
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings {
    found: Vec<Finding>,
}

impl Findings {
    pub(crate) fn error(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Error, line, what.into(), hint);
    }

    pub(crate) fn warning(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Warning, line, what.into(), hint);
    }

    pub(crate) fn note(&mut self, line: u32, what: impl Into<String>, hint: &str) {
        self.add(Severity::Note, line, what.into(), hint);
    }

    fn add(&mut self, severity: Severity, line: u32, what: String, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.found.push(Finding { line, severity, what, hint });
    }

    /// By line, the worst first.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.found.sort_by(|a, b| (a.line, b.severity).cmp(&(b.line, a.severity)));
        self.found
    }
}

fn unknown(line: &Line, found: &mut Findings) {
    let name = &line.directive;
    let hint = nearest(name, directives().map(|known| known.name));
    let hint = hint.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
    found.error(line.number, format!("Illegal directive [{name}] in ha.cf"), &hint);
}

/// Each directive takes effect when it is met.
fn order(conf: &HaCf, found: &mut Findings) {
    let place = |line: &&Line| directive(&line.directive).map(|known| known.place);
    let first = |wanted: Place| conf.lines().iter().find(|line| place(line) == Some(wanted));
    let (medium, crm) = (first(Place::Medium), first(Place::Crm));
    for line in conf.lines() {
        let name = &line.directive;
        match (place(&line), medium, crm) {
            (Some(Place::BeforeMedia), Some(medium), _) if medium.number < line.number => found
                .warning(
                    line.number,
                    format!("`{name}` comes behind the medium in line {}", medium.number),
                    "put it above all media: it takes effect when it is met",
                ),
            (Some(Place::BeforeCrm), _, Some(crm)) if crm.number < line.number => found.error(
                line.number,
                format!("`{name}` comes behind `{}` in line {}", crm.directive, crm.number),
                "put it above that line",
            ),
            _ => {}
        }
    }
}

/// What may be said once, and clients that are authorised twice.
fn repeated(conf: &HaCf, found: &mut Findings) {
    let mut first: BTreeMap<&str, u32> = BTreeMap::new();
    for line in conf.lines() {
        let Some(known) = directive(&line.directive).filter(|known| known.once) else { continue };
        // `pacemaker` is another name of `crm`.
        let name = if known.place == Place::Crm { "crm" } else { known.name };
        match first.get(name) {
            Some(before) => found.error(
                line.number,
                format!("`{}` is said a second time; the first is in line {before}", known.name),
                "leave one of them",
            ),
            None => {
                first.insert(name, line.number);
            }
        }
    }
    let mut clients: BTreeMap<&str, u32> = BTreeMap::new();
    for line in conf.all("apiauth") {
        let Some(client) = line.parts().first().copied() else { continue };
        if let Some(before) = clients.get(client) {
            let what =
                format!("Duplicate apiauth directive [{client}]; the first is in line {before}");
            found.error(line.number, what, "say all of a client's users and groups in one line");
        } else {
            clients.insert(client, line.number);
        }
    }
}

/// Not more of a text than fits a message.
pub(crate) fn shown(text: &str) -> String {
    const MAX: usize = 60;
    let short: String = text.chars().take(MAX).collect();
    if short.len() < text.len() { format!("{short}...") } else { short }
}

/// How a line of this directive looks.
fn expected(known: &table::Directive) -> String {
    format!("expected: {} {}", known.name, table::usage(known.takes))
}

#[cfg(test)]
mod tests;

//! What is known to differ, and why.
//!
//! A paragraph of the file is a reason (lines that begin with `#`) and what it explains: an aspect, a client
//! and a command each.

use std::fs;
use std::path::Path;

use super::outline::without;
use super::record::Answer;

/// What of a command may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    Code,
    Output,
    Effect,
}

impl Aspect {
    pub(super) const ALL: [Self; 3] = [Self::Code, Self::Output, Self::Effect];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Output => "output",
            Self::Effect => "effect",
        }
    }

    pub(super) fn differs(self, theirs: &Answer, ours: &Answer) -> bool {
        match self {
            Self::Code => theirs.code != ours.code,
            Self::Output => theirs.output != ours.output,
            Self::Effect => theirs.gone != ours.gone || theirs.come != ours.come,
        }
    }

    /// The difference: what is only there, and what is only here.
    pub(super) fn shown(self, theirs: &Answer, ours: &Answer) -> String {
        match self {
            Self::Code => format!("{} there, {} here", theirs.code, ours.code),
            Self::Output => both(&theirs.output, &ours.output),
            Self::Effect => {
                let all = |answer: &Answer| {
                    let gone = answer.gone.iter().map(|line| format!("- {line}"));
                    let come = answer.come.iter().map(|line| format!("+ {line}"));
                    gone.chain(come).collect::<Vec<_>>()
                };
                both(&all(theirs), &all(ours))
            }
        }
    }
}

fn both(theirs: &[String], ours: &[String]) -> String {
    let there = without(theirs, ours).into_iter().map(|line| format!("\n    there| {line}"));
    let here = without(ours, theirs).into_iter().map(|line| format!("\n    here | {line}"));
    let lines: String = there.chain(here).collect();
    if lines.is_empty() { "the same lines in another order".to_owned() } else { lines }
}

/// What is listed for one client.
pub(super) struct Known(Vec<(Aspect, String)>);

impl Known {
    pub(super) fn read(path: &Path, client: &str) -> Result<Self, String> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        Self::of(&text, client)
            .map_err(|line| format!("{}: not understood: {line}", path.display()))
    }

    fn of(text: &str, client: &str) -> Result<Self, String> {
        let mut known = Vec::new();
        let mut has_reason = false;
        for line in text.lines() {
            if line.is_empty() {
                has_reason = false;
            } else if line.starts_with('#') {
                has_reason = true;
            } else {
                let parts = line.split_once(' ').and_then(|(aspect, rest)| {
                    let aspect = Aspect::ALL.into_iter().find(|known| known.name() == aspect)?;
                    let (of, command) = rest.split_once(": ")?;
                    Some((aspect, of, command.to_owned()))
                });
                let (aspect, of, command) = parts.filter(|_| has_reason).ok_or(line)?;
                if of == client {
                    known.push((aspect, command));
                }
            }
        }
        Ok(Self(known))
    }

    pub(super) fn has(&self, aspect: Aspect, command: &str) -> bool {
        self.0.iter().any(|(known, of)| *known == aspect && of == command)
    }

    /// What is listed and was not found.
    pub(super) fn not_in<'a>(
        &'a self,
        found: &'a [(Aspect, &str)],
    ) -> impl Iterator<Item = String> + 'a {
        let stale = self.0.iter().filter(|(aspect, command)| {
            !found.iter().any(|(of, differing)| of == aspect && differing == command)
        });
        stale.map(|(aspect, command)| format!("{} {command}", aspect.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_a_reason() {
        let known = Known::of("# Why.\ncode pcs: pcs x\noutput crmsh: crm y\n", "pcs").unwrap();
        assert!(known.has(Aspect::Code, "pcs x"));
        assert!(!known.has(Aspect::Output, "crm y"));
        assert_eq!(known.not_in(&[]).collect::<Vec<_>>(), ["code pcs x"]);
        assert!(Known::of("# Why.\n\ncode pcs: pcs x\n", "pcs").is_err());
    }
}

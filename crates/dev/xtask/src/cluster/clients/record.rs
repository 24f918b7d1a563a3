//! The file of a client's commands, and of what Pacemaker made of them.
//!
//! A line that begins with `$` is a command for a shell on the first node; `=` is its exit code, `|` a line
//! that it printed, `-` and `+` lines of the configuration's outline that it took away and added. `&` before
//! a command is a pattern: only what it matches is kept. `~` says that its lines come in any order.
//!
//! Patterns leave out what no comparison can hold still: what else is installed on a machine (lists and
//! descriptions of agents), a client's own usage, which asks nobody, descriptions of options, which are in our
//! words, what 3.0 writes otherwise than the recorded 2.1 (`OK` for `ok`, `Done` for `complete`, attributes of
//! `crm_mon`'s XML), numbers of calls, and options that the cluster does not write into the configuration.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use regex_lite::Regex;

use super::normal::{digest, normalised};

/// More lines than this are kept as a digest.
const LINES_MAX: usize = 120;

/// All of a file.
pub(super) struct Record {
    /// What stands before the first command.
    pub(super) preface: String,
    pub(super) answers: Vec<Answer>,
}

/// A command and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) command: String,
    /// Only what this pattern matches is kept.
    pub(super) only: Option<String>,
    pub(super) any_order: bool,
    pub(super) code: String,
    /// What it printed, normalised.
    pub(super) output: Vec<String>,
    /// Lines of the configuration's outline that went, and that came.
    pub(super) gone: Vec<String>,
    pub(super) come: Vec<String>,
}

impl Record {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        let mut preface = String::new();
        let mut answers: Vec<Answer> = Vec::new();
        let mut only = None;
        let mut any_order = false;
        for line in text.lines() {
            let (mark, rest) = line.split_at_checked(1).unwrap_or_default();
            let rest = rest.strip_prefix(' ').unwrap_or(rest).to_owned();
            match (mark, answers.last_mut()) {
                ("$", _) => {
                    let (only, any_order) = (only.take(), std::mem::take(&mut any_order));
                    answers.push(Answer { command: rest, only, any_order, ..Answer::default() });
                }
                ("&", _) => only = Some(rest),
                ("~", _) => any_order = true,
                ("=", Some(answer)) => answer.code = rest,
                ("|", Some(answer)) => answer.output.push(rest),
                ("-", Some(answer)) => answer.gone.push(rest),
                ("+", Some(answer)) => answer.come.push(rest),
                ("#", None) => {
                    preface.push_str(line);
                    preface.push('\n');
                }
                _ if line.is_empty() => {}
                _ => return Err(format!("{}: not understood: {line}", path.display())),
            }
        }
        // The rules may be newer than the file.
        for answer in &mut answers {
            let output = std::mem::take(&mut answer.output);
            answer.print(&output.join("\n"))?;
        }
        Ok(Self { preface, answers })
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        let mut text = self.preface.clone();
        for answer in &self.answers {
            text.push_str(&answer.to_text());
        }
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Answer {
    fn to_text(&self) -> String {
        let mut text = "\n".to_owned();
        let mut line = |mark: &str, line: &str| {
            let _infallible = writeln!(text, "{}", format!("{mark} {line}").trim_end());
        };
        if self.any_order {
            line("~", "");
        }
        if let Some(only) = &self.only {
            line("&", only);
        }
        line("$", &self.command);
        line("=", &self.code);
        self.output.iter().for_each(|output| line("|", output));
        self.gone.iter().for_each(|gone| line("-", gone));
        self.come.iter().for_each(|come| line("+", come));
        text
    }

    /// Takes what it printed, normalised and shortened.
    pub(super) fn print(&mut self, text: &str) -> Result<(), String> {
        let mut lines = normalised(text);
        if let Some(only) = &self.only {
            let only = Regex::new(only).map_err(|error| format!("{only}: {error}"))?;
            let kept = |line: String| {
                let matched: Vec<&str> =
                    only.find_iter(&line).map(|found| found.as_str()).collect();
                (!matched.is_empty()).then(|| matched.join(" "))
            };
            lines = lines.into_iter().filter_map(kept).collect();
        }
        if self.any_order {
            lines.retain(|line| !line.is_empty());
            lines.sort();
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        self.output = if lines.len() > LINES_MAX {
            vec![format!("({} lines, {:016x})", lines.len(), digest(&lines))]
        } else {
            lines
        };
        Ok(())
    }
}

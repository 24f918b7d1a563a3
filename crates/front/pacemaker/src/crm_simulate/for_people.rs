//! `quorate simulate`: the same as `crm_simulate`, with the manners of our own commands.
//!
//! Pacemaker's tool passes over words that it does not expect and shows only the state unless told
//! otherwise. Here a word is the file, the plan and what comes of it are shown unless something
//! else is asked for, and what is not understood is refused with the nearest right word.

use std::ffi::OsString;
use std::process::ExitCode;

use view::words::nearest;

use super::{crm_simulate_to, help};
use crate::options::{self, Taken};
use crate::time;

const NAME: &str = "quorate simulate";

/// Exit code for a command line that is not understood (`EX_USAGE` of sysexits).
const USAGE: u8 = 64;

/// Runs `quorate simulate`; `arguments` are without these two words.
pub fn simulate(arguments: Vec<OsString>) -> ExitCode {
    let words: Vec<String> =
        arguments.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match translate(&help::taken(), &words) {
        Ok(words) => {
            let words = words.into_iter().map(OsString::from).collect();
            let (mut output, mut errors) = (std::io::stdout(), std::io::stderr());
            ExitCode::from(crm_simulate_to(NAME, words, time::now(), &mut output, &mut errors))
        }
        Err(reason) => {
            use std::io::Write as _;
            let _closed =
                writeln!(std::io::stderr(), "{NAME}: {reason}\n  `{NAME} --help` tells more");
            ExitCode::from(USAGE)
        }
    }
}

/// What says where the state comes from.
const SOURCES: [&str; 5] = ["live-check", "xml-file", "xml-pipe", "xml-text", "profile"];

/// What says what to show; without any of these, all.
const OPERATIONS: [&str; 10] = [
    "run",
    "simulate",
    "in-place",
    "show-attrs",
    "show-failcounts",
    "show-scores",
    "show-utilization",
    "profile",
    "save-graph",
    "save-dotfile",
];

/// The words for `crm_simulate`.
fn translate(taken: &[Taken], words: &[String]) -> Result<Vec<String>, String> {
    let (options, files) = apart(taken, words);
    let given = options::read(taken, &options).map_err(|reason| explained(taken, reason))?;
    let is_given = |names: &[&str]| given.iter().any(|option| names.contains(&option.name));
    let mut translated = options;
    match files.as_slice() {
        [] if is_given(&SOURCES) || asks_about_itself(&given) => {}
        [] => {
            return Err("which state? Name a file, or say `--live-check` for the cluster that \
                        runs here"
                .to_owned());
        }
        [file] if is_given(&SOURCES) => {
            return Err(format!("`{file}` is one state too many: another is named already"));
        }
        [file] => translated.extend(["--xml-file".to_owned(), file.clone()]),
        [_, more, ..] => return Err(format!("`{more}` is one state too many")),
    }
    if !is_given(&OPERATIONS) && !asks_about_itself(&given) {
        translated.push("--simulate".to_owned());
    }
    Ok(translated)
}

fn asks_about_itself(given: &[options::Given]) -> bool {
    given.iter().any(|option| option.name.starts_with("help") || option.name == "version")
}

/// Options with their values, and the words that are neither.
fn apart(taken: &[Taken], words: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut options, mut files) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "-" {
            files.push(word.clone());
            continue;
        }
        options.push(word.clone());
        if wants_next(taken, word) {
            options.extend(words.next().cloned());
        }
    }
    (options, files)
}

/// Whether the word after this option is its value.
fn wants_next(taken: &[Taken], word: &str) -> bool {
    if let Some(long) = word.strip_prefix("--") {
        return taken.iter().any(|option| option.long == long && option.value.is_some());
    }
    let mut letters = word.chars().skip(1);
    let takes_value = |letter: char| {
        taken.iter().any(|option| option.short == Some(letter) && option.value.is_some())
    };
    // What stands behind such a letter in the same word is its value.
    letters.find(|letter| takes_value(*letter)).is_some() && letters.next().is_none()
}

/// Adds the nearest right word, if there is one.
fn explained(taken: &[Taken], reason: String) -> String {
    let Some(wrong) = reason.strip_prefix("Unknown option --") else { return reason };
    let name = wrong.split('=').next().unwrap_or(wrong);
    match nearest(name, taken.iter().map(|option| option.long)) {
        Some(nearest) => format!("`--{name}` is not known here; did you mean `--{nearest}`?"),
        None => format!("`--{name}` is not known here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(line: &str) -> Result<String, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        translate(&help::taken(), &words).map(|words| words.join(" "))
    }

    #[test]
    fn a_word_is_the_file_and_everything_is_shown() {
        assert_eq!(translated("cib.xml"), Ok("--xml-file cib.xml --simulate".to_owned()));
        assert_eq!(translated("-s cib.xml"), Ok("-s --xml-file cib.xml".to_owned()));
        assert_eq!(translated("-d n1 a.xml"), Ok("-d n1 --xml-file a.xml --simulate".to_owned()));
        assert_eq!(translated("-L"), Ok("-L --simulate".to_owned()));
        assert_eq!(translated("--help"), Ok("--help".to_owned()));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_the_nearest_right_word() {
        for (line, reason) in [
            ("--save-grap g", "`--save-grap` is not known here; did you mean `--save-graph`?"),
            ("--frobnicate=1 a", "`--frobnicate` is not known here"),
            ("-x a.xml b.xml", "`b.xml` is one state too many: another is named already"),
            ("a.xml b.xml", "`b.xml` is one state too many"),
            ("a.xml -G", "Missing argument for -G"),
        ] {
            assert_eq!(translated(line), Err(reason.to_owned()), "{line}");
        }
        assert!(translated("-S").unwrap_err().starts_with("which state?"));
    }
}

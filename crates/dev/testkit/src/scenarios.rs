//! Scenarios: text files of commands, each with what is expected of it.
//!
//! ```text
//! # What the file shows.
//! command and its words
//! lines that belong to it
//! ----
//! what it says
//!
//! ```
//!
//! What it says ends with an empty line; where there is one in it, it stands between two lines `--`. A command that
//! says nothing says `ok`. `REWRITE=1` writes what came out in place of what was expected.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Plays each file of a folder. `stage` gives for a file what runs its commands: a command's line and the lines that
/// belong to it become what it says.
///
/// # Panics
/// If something else came out than was expected, with the first difference of each file.
#[expect(clippy::panic, reason = "a test may fail loudly")]
pub fn scenarios<S: FnMut(&str, &[&str]) -> String>(
    folder: &Path,
    mut stage: impl FnMut(&Path) -> S,
) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no scenarios in {}", folder.display());
    let mut wrong = String::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{}: no title", path.display());
        let played = play(&text, &path, stage(&path));
        if std::env::var_os("REWRITE").is_some() {
            fs::write(&path, played).unwrap();
        } else if played != text {
            let difference = first_difference(&text, &played);
            writeln!(wrong, "--- {}\n{difference}", path.display()).unwrap();
        }
    }
    if !wrong.is_empty() {
        panic!("{wrong}");
    }
}

/// The scenario with what came out of each command.
fn play(text: &str, path: &Path, mut run: impl FnMut(&str, &[&str]) -> String) -> String {
    let mut lines = text.lines().peekable();
    let mut out = String::new();
    while let Some(line) = lines.next() {
        writeln!(out, "{line}").unwrap();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut body = Vec::new();
        while let Some(next) = lines.next_if(|next| *next != "----") {
            body.push(next);
        }
        assert_eq!(lines.next(), Some("----"), "{}: `{line}` has no end", path.display());
        let ruled = lines.next_if_eq(&"--").is_some();
        let end = if ruled { "--" } else { "" };
        lines.by_ref().take_while(|next| *next != end).for_each(drop);
        if ruled {
            lines.next_if_eq(&"");
        }
        body.iter().for_each(|each| writeln!(out, "{each}").unwrap());
        let said = run(line, &body);
        let said = if said.trim().is_empty() { "ok" } else { said.trim_end() };
        let rule = if said.contains("\n\n") { "--\n" } else { "" };
        writeln!(out, "----\n{rule}{said}\n{rule}").unwrap();
    }
    // How a file ends says nothing.
    let end = text.strip_prefix(text.trim_end()).unwrap_or_default();
    format!("{}{end}", out.trim_end())
}

fn first_difference(expected: &str, found: &str) -> String {
    let ended = || std::iter::repeat(None);
    let pairs =
        expected.lines().map(Some).chain(ended()).zip(found.lines().map(Some).chain(ended()));
    for (number, (expected, found)) in pairs.enumerate() {
        if expected != found || expected.is_none() {
            return format!("line {}:\n  expected {expected:?}\n  found    {found:?}", number + 1);
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Says back.\nsay\nhello\n----\nhello\n\nsay\n----\nok\n\nlong\n----\n--\na\n\nb\n--\n\n# The end.\n";

    fn say(command: &str, body: &[&str]) -> String {
        if command == "long" { "a\n\nb\n".to_owned() } else { body.join("\n") }
    }

    #[test]
    fn what_came_out_stands_in_the_place_of_what_was_expected() {
        let path = Path::new("a.txt");
        assert_eq!(play(TEXT, path, say), TEXT);
        for (from, to) in [("----\nhello", "----\nbye"), ("----\nok", "----\n--\n1\n\n2\n--")] {
            assert_eq!(play(&TEXT.replacen(from, to, 1), path, say), TEXT);
        }
        assert_eq!(play(TEXT.trim_end(), path, say), TEXT.trim_end());
    }

    #[test]
    fn the_first_difference_is_said() {
        assert_eq!(
            first_difference("a\nb\n", "a\nc\n"),
            "line 2:\n  expected Some(\"b\")\n  found    Some(\"c\")"
        );
        assert_eq!(
            first_difference("a\n", "a\nc\n"),
            "line 2:\n  expected None\n  found    Some(\"c\")"
        );
    }
}

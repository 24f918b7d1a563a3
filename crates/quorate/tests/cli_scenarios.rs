//! Runs `scenarios/cli/*.txt`, and what `docs/concepts/why.md` shows: command lines and what they
//! answer.
//!
//! A line `$ quorate ...` is run in the scenario's folder; below it stands what it wrote to
//! standard output, then, behind `! `, what it wrote to standard error, then its exit code if that
//! is not 0. The first line says what the scenario shows. `REWRITE=1` writes what came out in
//! place of what was expected.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A minute after the last event in the scenarios' documents.
const NOW: &str = "1795223471";

#[test]
fn command_lines_answer_what_they_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/cli");
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no scenarios in {}", folder.display());
    let rewrite = std::env::var_os("REWRITE").is_some();
    let mut wrong = String::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{}: no title", path.display());
        let played = play(&text, &folder);
        if rewrite {
            fs::write(&path, played).unwrap();
        } else if played != text {
            wrong.push_str(&format!("{}:\n{}\n", path.display(), difference(&text, &played)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Each block of the page that begins with a command line shows what that answers.
#[test]
fn the_page_shows_what_the_program_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = root.join("docs/concepts/why.md");
    let text = fs::read_to_string(&page).unwrap();
    let mut played = String::new();
    let mut blocks = text.split("```text\n");
    played.push_str(blocks.next().unwrap());
    let mut shown = 0;
    for block in blocks {
        let (shows, rest) = block.split_once("```").unwrap();
        let command = shows.lines().next().unwrap();
        assert!(command.starts_with("$ quorate "), "{command}");
        let answer = answer(command, &root.join("scenarios/cli"));
        played.push_str(&format!("```text\n{command}\n{answer}```{rest}"));
        shown += 1;
    }
    assert!(shown >= 10, "only {shown} examples");
    if std::env::var_os("REWRITE").is_some() {
        fs::write(&page, played).unwrap();
    } else {
        assert!(played == text, "{}:\n{}", page.display(), difference(&text, &played));
    }
}

/// The scenario with what its commands answer now.
fn play(text: &str, folder: &Path) -> String {
    let title: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    let mut played = title.join("\n");
    played.push('\n');
    for line in text.lines().filter(|line| line.starts_with("$ quorate")) {
        played.push_str(&format!("\n{line}\n{}", answer(line, folder)));
    }
    played
}

/// What a command line answers now.
fn answer(line: &str, folder: &Path) -> String {
    let words = line.split_whitespace().skip(2);
    let done = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(words)
        .args(["--now", NOW])
        .current_dir(folder)
        // Who names a file, or another socket, means that.
        .env("QUORATE_SOCKET", "/nonexistent/of-the-variable.sock")
        .output()
        .unwrap();
    let mut said = String::from_utf8(done.stdout).unwrap();
    for line in String::from_utf8(done.stderr).unwrap().lines() {
        said.push_str(format!("! {line}").trim_end());
        said.push('\n');
    }
    match done.status.code() {
        Some(0) => {}
        Some(code) => said.push_str(&format!("exit code {code}\n")),
        None => said.push_str("ended by a signal\n"),
    }
    said
}

fn difference(expected: &str, found: &str) -> String {
    let lines = expected.lines().zip(found.lines()).enumerate();
    let different = lines.filter(|(_, (expected, found))| expected != found);
    let first = different.map(|(at, (expected, found))| {
        format!("line {}:\n  expected {expected:?}\n  found    {found:?}", at + 1)
    });
    first.take(3).collect::<Vec<_>>().join("\n")
}

//! Runs `scenarios/cli/*.txt`: command lines and what they answer.
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

/// The scenario with what its commands answer now.
fn play(text: &str, folder: &Path) -> String {
    let title: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    let mut played = title.join("\n");
    played.push('\n');
    for line in text.lines().filter(|line| line.starts_with("$ quorate")) {
        let words = line.split_whitespace().skip(2);
        let done = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(words)
            .args(["--now", NOW])
            .current_dir(folder)
            .env_remove("QUORATE_SOCKET")
            .output()
            .unwrap();
        played.push_str(&format!("\n{line}\n"));
        played.push_str(&String::from_utf8(done.stdout).unwrap());
        for said in String::from_utf8(done.stderr).unwrap().lines() {
            played.push_str(format!("! {said}").trim_end());
            played.push('\n');
        }
        match done.status.code() {
            Some(0) => {}
            Some(code) => played.push_str(&format!("exit code {code}\n")),
            None => played.push_str("ended by a signal\n"),
        }
    }
    played
}

fn difference(expected: &str, found: &str) -> String {
    let lines = expected.lines().zip(found.lines()).enumerate();
    let different = lines.filter(|(_, (expected, found))| expected != found);
    let first = different.map(|(at, (expected, found))| {
        format!("line {}:\n  expected {expected:?}\n  found    {found:?}", at + 1)
    });
    first.take(3).collect::<Vec<_>>().join("\n")
}

//! Runs `scenarios/tools/*.txt`: what Pacemaker's commands do with a document in a file.
//!
//! A scenario is a list of commands, each with what is expected of it after `----`: the outputs
//! (between two lines `--` if there is an empty line in them), and the exit code if it is not 0.
//! `document` makes the lines after it the file that `CIB_file` names; each command sees what the
//! ones before it left. Words like `NAME=value` before a command are its environment; copies of the
//! document are in a folder that is shown as `SHADOWS`. A command after `unanswered` has no file, but a
//! daemon that never answers. The first line says what is shown. `REWRITE=1` writes what came out in
//! place of what was expected.
//!
//! This program is also each of the tools, when [`TOOL`] names one: so they run as processes, with
//! an environment of their own.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Names the tool that this process is.
const TOOL: &str = "QUORATE_TOOL_UNDER_TEST";

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(TOOL) {
        let tool = pacemaker::TOOLS.iter().find(|(known, _)| *known == name).unwrap().1;
        return tool(std::env::args_os().skip(1).collect());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/tools");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no scenarios in {}", folder.display());
    let mut wrong = String::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{}: no title", path.display());
        let played = play(&text, &path);
        if std::env::var_os("REWRITE").is_some() {
            fs::write(&path, played).unwrap();
        } else if played != text {
            let pairs = text.lines().zip(played.lines()).enumerate();
            let first = pairs.into_iter().find(|(_, (expected, found))| expected != found);
            writeln!(wrong, "{}: {first:#?}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    ExitCode::SUCCESS
}

/// The scenario with what came out of each command.
fn play(text: &str, path: &Path) -> String {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tools-{name}.xml"));
    // What an earlier run left would be found.
    let shadows = file.with_extension("shadows");
    let _none_left = fs::remove_dir_all(&shadows);
    fs::create_dir_all(&shadows).unwrap();
    let mut lines = text.lines().peekable();
    let mut out = String::new();
    while let Some(command) = lines.next() {
        writeln!(out, "{command}").unwrap();
        if command.is_empty() || command.starts_with('#') {
            continue;
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "----").collect();
        let ruled = lines.next_if_eq(&"--").is_some();
        let ending = if ruled { "--" } else { "" };
        lines.by_ref().take_while(|line| *line != ending).for_each(drop);
        if ruled {
            lines.next_if_eq(&"");
        }
        body.iter().for_each(|line| writeln!(out, "{line}").unwrap());
        let said = run(command, &body.join("\n"), &file);
        let said = if said.trim().is_empty() { "ok" } else { said.trim_end() };
        if said.contains("\n\n") {
            writeln!(out, "----\n--\n{said}\n--\n").unwrap();
        } else {
            writeln!(out, "----\n{said}\n").unwrap();
        }
    }
    format!("{}\n", out.trim_end())
}

/// What a command says, and how it ends.
fn run(command: &str, body: &str, file: &Path) -> String {
    if let Some(command) = command.strip_prefix("unanswered ") {
        let socket = file.with_extension("sock");
        // What an earlier test left.
        let _ = fs::remove_file(&socket);
        let _listener = UnixListener::bind(&socket).unwrap();
        let place = format!("CIB_file= QUORATE_SOCKET={} ", socket.display());
        return run(&(place + command), body, file);
    }
    let words = words(command);
    let is_variable =
        |word: &&String| word.split_once('=').is_some_and(|(name, _)| !name.contains(['-', '/']));
    let variables = words.iter().take_while(is_variable).count();
    let (variables, words) = words.split_at(variables);
    let (name, arguments) = words.split_first().unwrap();
    let shadows = file.with_extension("shadows");
    if name == "document" {
        fs::write(file, body).unwrap();
        return String::new();
    }
    let done = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env(TOOL, name)
        .env("CIB_file", file)
        .env_remove("CIB_shadow")
        .env_remove("EDITOR")
        .env_remove("SHELL")
        .env("CIB_shadow_dir", &shadows)
        .envs(variables.iter().filter_map(|variable| variable.split_once('=')))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut said = String::from_utf8(done.stdout).unwrap();
    said.push_str(&String::from_utf8(done.stderr).unwrap());
    if !done.status.success() {
        writeln!(said, "exit {}", done.status.code().unwrap()).unwrap();
    }
    // As XML, the request is told, with this program's name; and blanks at line ends would be lost
    // in most editors.
    let me = std::env::current_exe().unwrap().display().to_string();
    // Where an unanswered question went is another place on every machine.
    let sockets = format!("{}/", env!("CARGO_TARGET_TMPDIR"));
    let said = said.replace(&shadows.display().to_string(), "SHADOWS").replace(&sockets, "");
    said.replace(&me, name).lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Words as a shell has them: single quotes keep blanks together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quoted, mut open) = (Vec::new(), false, false);
    let mut word = String::new();
    for letter in command.chars() {
        match letter {
            '\'' => (quoted, open) = (!quoted, true),
            ' ' if !quoted => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            letter => {
                word.push(letter);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}

//! Runs `scenarios/tools/*.txt`: what Pacemaker's commands do with a document in a file.
//!
//! `document` makes the lines after it the file that `CIB_file` names; each command sees what the
//! ones before it left. What it says are its outputs, and the exit code if it is not 0. Words like `NAME=value`
//! before a command are its environment; copies of the document are in a folder that is shown as `SHADOWS`. A
//! command after `unanswered` has no file, but a daemon that never answers. How files are written: `testkit`.
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
    testkit::scenarios(&folder, |path| {
        let file = begin(path);
        move |command: &str, body: &[&str]| run(command, &body.join("\n"), &file)
    });
    ExitCode::SUCCESS
}

/// Where a scenario's document is.
fn begin(path: &Path) -> PathBuf {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tools-{name}.xml"));
    // What an earlier run left would be found.
    let shadows = file.with_extension("shadows");
    let _none_left = fs::remove_dir_all(&shadows);
    fs::create_dir_all(&shadows).unwrap();
    file
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

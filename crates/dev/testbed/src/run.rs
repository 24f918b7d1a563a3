//! Commands of the machine, run to their end.

use std::process::{Command, Output};

use crate::Result;

/// Runs it; answers with its standard output.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let said = output(command)?;
    if said.status.success() {
        return Ok(String::from_utf8_lossy(&said.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&said.stderr);
    Err(format!("{command:?}: {}: {}", said.status, why.trim()))
}

pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command.output().map_err(|error| format!("{command:?}: {error}"))
}

/// A command from its words.
pub(crate) fn words(program: &str, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words);
    command
}

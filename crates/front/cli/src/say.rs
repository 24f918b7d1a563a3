//! Where words leave the program: data to standard output, talk to standard error.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::trouble::Trouble;

/// Writes data. That the reader went away (`| head`) is no reason not to do what was asked.
pub(crate) fn out(text: &str) {
    // Nobody is left who could be told.
    let _is_heard = out_if_heard(text);
}

/// Writes data; answers whether there is still somebody who reads it.
pub(crate) fn out_if_heard(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_ok()
}

/// Writes talk.
pub(crate) fn talk(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
}

/// Says what went wrong and what can be done.
pub(crate) fn trouble(trouble: &Trouble) {
    talk(&format!("quorate: {}\n", trouble.headline()));
    for line in trouble.help() {
        talk(&format!("  {line}\n"));
    }
}

/// Whether colour may be used on standard output.
pub(crate) fn colour() -> bool {
    io::stdout().is_terminal() && wants_colour()
}

/// Whether colour may be used on standard error.
pub(crate) fn talk_in_colour() -> bool {
    io::stderr().is_terminal() && wants_colour()
}

/// By the convention of no-color.org.
fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether there is a whole terminal: keys and a screen.
pub(crate) fn is_at_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Whether somebody is there who can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; only `y` and `yes` are yes.
pub(crate) fn ask(question: &str) -> bool {
    talk(&format!("{question} [y/N] "));
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer).is_err() {
        return false;
    }
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Writes a value as JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => out(&format!("{text}\n")),
        // Values of ours are maps with text for keys, lists and numbers: nothing that can fail.
        Err(error) => talk(&format!("quorate: cannot write JSON: {error}\n")),
    }
}

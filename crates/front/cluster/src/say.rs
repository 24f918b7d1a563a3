//! Words to people: data to the standard output, talk to the standard error.

use std::io::Write;

/// Data. Nobody reading it is no trouble.
pub(crate) fn out(text: &str) {
    let _closed = writeln!(std::io::stdout().lock(), "{text}");
}

/// Talk, and the log of the door.
pub(crate) fn talk(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}

/// A value as JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => out(&text),
        Err(error) => talk(&format!("quorate: cannot write JSON: {error}")),
    }
}

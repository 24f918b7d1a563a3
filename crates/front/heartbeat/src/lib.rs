//! Heartbeat's command line tools: same names, words, output and exit codes.
//!
//! **Not here:** decisions; what these tools show is a view of the document, and what they change is an edit
//! of it. What Heartbeat's files mean (`pure/heartbeat`), and taking them over (`cli`, `import`).

mod cl_status;
mod crm_sh;
mod haresources2cib;
mod propagate;
mod seen;
mod standby;

use std::ffi::OsString;
use std::process::ExitCode;

/// A tool; it gets the words after its name.
pub type Entry = fn(Vec<OsString>) -> ExitCode;

/// Every tool, by the name that it is called with.
pub const TOOLS: [(&str, Entry); 6] = [
    ("cl_status", cl_status::cl_status),
    ("crm_sh", crm_sh::crm_sh),
    ("ha_propagate", propagate::ha_propagate),
    ("haresources2cib.py", haresources2cib::haresources2cib),
    ("hb_standby", standby::hb_standby),
    ("hb_takeover", standby::hb_takeover),
];

/// Words as text.
fn texts(words: Vec<OsString>) -> Vec<String> {
    words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Writes data; nobody is left to tell if the output is closed.
fn out(text: &str) {
    use std::io::Write;
    let mut stdout = std::io::stdout().lock();
    let _closed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Writes talk.
fn talk(text: &str) {
    use std::io::Write;
    let _closed = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Where Heartbeat's files are.
fn folder() -> std::path::PathBuf {
    std::env::var_os("HA_DIR").unwrap_or_else(|| "/etc/ha.d".into()).into()
}

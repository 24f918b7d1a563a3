//! What tests have in common: agents that misbehave, and what not every machine has.
//!
//! **Not here:** the tests. Each crate has its own.
//!
//! **Always:** a test that cannot run here says so on the standard error output, past the test
//! runner, which keeps to itself what tests print that did not fail. Where `CI` is `true` it fails.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The directory of agents that misbehave; see its `README.md`.
pub fn agents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("agents")
}

/// Whether all these files are there. If not, the calling test is to end.
///
/// # Panics
/// If not, and nothing may be left out.
pub fn has(needed: &[&str]) -> bool {
    let missing: Vec<&str> =
        needed.iter().copied().filter(|path| !Path::new(path).exists()).collect();
    missing.is_empty() || left_out(&format!("there is no {}", missing.join(", no ")))
}

/// Whether this may be done as root. If not, the calling test is to end.
///
/// # Panics
/// If not, and nothing may be left out.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root() || left_out("only root can do this")
}

fn left_out(why: &str) -> bool {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let is_allowed = std::env::var("CI").as_deref() != Ok("true");
    assert!(is_allowed, "{test}: {why}, and nothing may be left out where CI=true");
    // Not by `eprintln`, which the test runner catches.
    let _closed = writeln!(std::io::stderr(), "left out: {test}: {why}");
    false
}

//! What tests need that not every machine has.
//!
//! A test without it is left out and says so; where nothing may be left out (`CI=true`), it fails.

use std::fs;
use std::path::Path;

/// Whether this file is there.
pub fn has(path: &str) -> bool {
    Path::new(path).exists() || left_out(&format!("no {path}"))
}

/// Whether this runs as root.
pub fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.contains("\nUid:\t0\t") || left_out("only root can do this")
}

#[expect(clippy::print_stderr, reason = "what a test leaves out must be seen")]
fn left_out(why: &str) -> bool {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}: CI=true leaves nothing out");
    let thread = std::thread::current();
    eprintln!("left out: {}: {why}", thread.name().unwrap_or("a test"));
    false
}

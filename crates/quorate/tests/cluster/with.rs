//! What tests need that not every machine has.

use std::path::Path;

/// Without this file the test is left out, and says so; where nothing may be left out, it fails.
#[expect(clippy::print_stderr, reason = "what a test leaves out must be seen")]
pub fn has(agent: &str) -> bool {
    let is_there = Path::new(agent).exists();
    if !is_there {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "needs {agent}");
        eprintln!("left out: no {agent}");
    }
    is_there
}

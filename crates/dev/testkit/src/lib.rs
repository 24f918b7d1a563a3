//! What tests have in common: agents that misbehave, [scenarios] as text, what not every machine has, and
//! what two tests at the same time must not share.
//!
//! **Not here:** the tests. Each crate has its own.
//!
//! **Always:** a test that cannot run here says so on the standard error output, past the test
//! runner, which keeps to itself what tests print that did not fail. Where `CI` is `true` it fails.

mod scenarios;

pub use scenarios::scenarios;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

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

/// Writes a program that can be run at once.
///
/// Another process writes it: what is open for writing anywhere cannot be run ("text file busy"), and
/// a child that another test is just forking has open what this process has.
///
/// # Panics
/// If it cannot be written.
#[expect(clippy::panic, reason = "a test may fail loudly")]
pub fn write_program(path: &Path, text: &str) {
    let mut writer = Command::new("sh");
    writer.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let written = writer.spawn().and_then(|mut child| {
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text.as_bytes())?;
        }
        child.wait()
    });
    match written {
        Ok(status) if status.success() => {}
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// An address and a port on it where nobody listens and nobody will but who is told of them here.
///
/// The address is of this process alone, so that no other test can take the port meanwhile; and the
/// port is not among those that the kernel hands out, so that no connection can.
///
/// # Panics
/// If all are taken.
pub fn free_port() -> (Ipv4Addr, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // Numbers of processes have 22 bits; `127.0.0.0/10` is left to others.
    let address = Ipv4Addr::new(127, 64 | (high & 63), middle, low);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        match TcpListener::bind((address, port)) {
            Ok(_free) => return (address, port),
            Err(error) => assert!(port < 30_000, "no port is free on {address}: {error}"),
        }
    }
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

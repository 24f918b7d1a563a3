//! The steps of `check`, `fix` and `bless`, in order; each stops at the first that fails.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::cluster;
use crate::package;
use crate::packages;
use crate::simulate;
use crate::surroundings;

pub(crate) fn check() -> Result<(), String> {
    let started = Instant::now();
    surroundings::prepare()?;
    packages::install()?;
    step("format", || cargo(&["fmt", "--all", "--check"]))?;
    let features = features()?;
    let lints = ["clippy", "--workspace", "--all-targets", "--quiet", features];
    step("lints", || cargo(&[lints.as_slice(), &["--", "-D", "warnings"]].concat()))?;
    step("tidy", tidy)?;
    step("tests", || cargo(&["test", "--workspace", "--quiet", features]))?;
    step("release build", || release().map(drop))?;
    step("simulation", || simulate::for_seconds(30))?;
    step("demo", || cargo(&["run", "--release", "--quiet", features, "--", "demo", "--check"]))?;
    step("package", || package::trial(&program()))?;
    step("plays", cluster::short_plays)?;
    step("storm", cluster::short_storm)?;
    println!("all checks passed in {} s", started.elapsed().as_secs());
    Ok(())
}

/// The program as it is shipped, built now.
pub(crate) fn release() -> Result<PathBuf, String> {
    cargo(&["build", "--release", "--quiet", "-p", "quorate", features()?])?;
    Ok(program())
}

fn program() -> PathBuf {
    xtask::tidy::root().join("target/release/quorate")
}

/// Corosync's libraries are asked for by name only, so that the program builds without them.
fn features() -> Result<&'static str, String> {
    if packages::has_corosync() {
        return Ok("--features=quorate/corosync");
    }
    left_out("the Corosync fabric; its libraries (libcpg-dev, ...) are not installed")?;
    Ok("--features=")
}

/// Says what cannot be checked here; where `CI` is `true`, that is a failure.
pub(crate) fn left_out(what: &str) -> Result<(), String> {
    if std::env::var("CI").as_deref() == Ok("true") {
        return Err(format!("{what}; and nothing may be left out where CI=true"));
    }
    println!("left out: {what}");
    Ok(())
}

pub(crate) fn fix() -> Result<(), String> {
    cargo(&["clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty", "--quiet"])?;
    cargo(&["fmt", "--all"])
}

pub(crate) fn bless() -> Result<(), String> {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--quiet"])
        .env("REWRITE", "1")
        .status();
    succeeded("cargo test", status)?;
    succeeded("git diff", Command::new("git").args(["diff", "--stat"]).status())
}

pub(crate) fn tidy() -> Result<(), String> {
    let found = xtask::tidy::findings(&xtask::tidy::root());
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

fn step(name: &str, run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let started = Instant::now();
    println!("-- {name}");
    run().map_err(|reason| format!("{name} failed: {reason}"))?;
    println!("   {name}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn cargo(words: &[&str]) -> Result<(), String> {
    let status = Command::new(env!("CARGO")).args(words).status();
    succeeded(&format!("cargo {}", words.join(" ")), status)
}

fn succeeded(what: &str, status: std::io::Result<std::process::ExitStatus>) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what}: {status}")),
        Err(error) => Err(format!("{what} does not run: {error}")),
    }
}

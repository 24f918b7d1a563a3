//! The steps of `check`, `fix` and `bless`.

pub(crate) mod steps;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use self::steps::{Load, Step};
use crate::cluster;
use crate::console;
use crate::package;
use crate::packages;
use crate::surroundings;

/// After this the program is there as tests use it.
pub(crate) const TEST_BUILD: &str = "test build";

/// After this the program is there as it is shipped.
pub(crate) const RELEASE_BUILD: &str = "release build";

/// Below this are the tests of whole machines, which take minutes: they run beside the others.
const MACHINES: &str = "machines::";

/// How many tests of a program run at a time.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

pub(crate) fn check() -> Result<(), String> {
    let started = Instant::now();
    surroundings::prepare()?;
    packages::install()?;
    step("format", || cargo(&["fmt", "--all", "--check"]))?;
    step("tidy", tidy)?;
    let features = features()?;
    let mut steps = built_and_tested(features);
    steps.extend(cluster::steps(&built("debug"), &built("release"))?);
    steps.extend(console::step(&built("release"))?);
    steps.extend(package::step(&built("release"))?);
    steps::run(steps, &xtask::tidy::root().join("target/check"))?;
    println!("all checks passed in {} s", started.elapsed().as_secs());
    Ok(())
}

/// What needs neither root nor Debian.
fn built_and_tested(features: &'static str) -> Vec<Step> {
    let step = |name: &str, load, after, words: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(words);
        Step { name: name.to_owned(), load, after, command }
    };
    // Whoever ships it builds it without traces; what is tested has them.
    let with_traces = format!("{features},quorate/traces");
    let all = ["--workspace", "--quiet", &with_traces];
    let words = |before: &[&'static str], after: &[&'static str]| [before, &all, after].concat();
    let without = ["test", "--quiet", "-p", "daemon", "--lib", "config"];
    let lints = words(&["clippy", "--all-targets"], &["--", "-D", "warnings"]);
    let release = ["build", "--release", "--quiet", "-p", "quorate", features];
    let demo = ["run", "--release", "--quiet", features, "--", "demo", "--check"];
    // The workspace whole also where one file of tests is wanted: for one package alone, cargo chooses other
    // features of what several need, and builds all of that once more.
    let described = words(&["test"], &["--test", "web", "--", "--ignored", "the_description"]);
    let mut tests = step(
        "tests",
        Load::Waits,
        Some(TEST_BUILD),
        &words(&["test"], &["--", "--skip", MACHINES]),
    );
    let mut machines =
        step("machines", Load::Waits, Some(TEST_BUILD), &words(&["test"], &["--test", "machines"]));
    if std::env::var_os(TEST_THREADS).is_none() {
        // Those that take long are of daemons and machines, and wait for these.
        for step in [&mut tests, &mut machines] {
            step.command.env(TEST_THREADS, (2 * processors()).to_string());
        }
    }
    vec![
        step("lints", Load::Computes, None, &lints),
        step(TEST_BUILD, Load::Computes, Some("lints"), &words(&["test", "--no-run"], &[])),
        tests,
        machines,
        step(RELEASE_BUILD, Load::Computes, Some(TEST_BUILD), &release),
        step("API's description", Load::Waits, Some(TEST_BUILD), &described),
        step("demo", Load::Computes, Some(RELEASE_BUILD), &demo),
        Step::own("simulation", Load::Computes, RELEASE_BUILD, &["sim", "--today", "30"]),
        // It builds some of it anew, and much waits for the release.
        step("without features", Load::Computes, Some(RELEASE_BUILD), &without),
    ]
}

/// Measures, and prints what came out.
pub(crate) fn web_load() -> Result<(), String> {
    let test = ["test", "-q", "-p", "quorate", "--test", "web_load", "--"];
    cargo(&[&test[..], &["--ignored", "--nocapture"]].concat())
}

/// The program as it is shipped, built now.
pub(crate) fn release() -> Result<PathBuf, String> {
    cargo(&["build", "--release", "--quiet", "-p", "quorate", features()?])?;
    Ok(built("release"))
}

/// The program as this profile has it.
fn built(profile: &str) -> PathBuf {
    xtask::tidy::root().join("target").join(profile).join("quorate")
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
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

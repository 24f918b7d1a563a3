//! `cargo xtask console`: builds the console's files from `web/`, with node; and plays an operator's watch
//! on them in a browser.
//!
//! **Always:** what is committed is what the source builds to: `--check` builds anew, and compares.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;

use crate::check::RELEASE_BUILD;
use crate::check::steps::{Load, Step};

/// Where the program takes them from.
const ASSETS: &str = "crates/node/console/assets";

/// Each is needed for all of it.
const NEEDED: [&str; 5] = [
    "/usr/bin/node",
    "/usr/bin/npm",
    "/usr/bin/chromium",
    "/usr/sbin/corosync",
    "/usr/bin/corosync-qnetd",
];

#[derive(Parser)]
pub(crate) struct Arguments {
    /// Writes nothing: says whether the committed files are what the source builds to.
    #[arg(long)]
    check: bool,
    /// Plays with this program in a browser, too.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// What `check` does with the program as it is shipped, where that can be done.
pub(crate) fn step(shipped: &Path) -> Result<Option<Step>, String> {
    if let Some(missing) = NEEDED.iter().find(|path| !Path::new(path).exists()) {
        crate::check::left_out(&format!("the console; there is no {missing}"))?;
        return Ok(None);
    }
    let program = shipped.display().to_string();
    let words = ["console", "--check", "--program", &program];
    Ok(Some(Step::own("console", Load::Waits, RELEASE_BUILD, &words)))
}

pub(crate) fn console(arguments: &Arguments) -> Result<(), String> {
    let root = xtask::tidy::root();
    let web = root.join("web");
    let quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    run(Command::new("npm").arg("ci").arg("--ignore-scripts").args(quiet).current_dir(&web))?;
    let tool = |name: &str| web.join("node_modules/.bin").join(name);
    run(Command::new(tool("tsc")).arg("--noEmit").current_dir(&web))?;
    let assets = root.join(ASSETS);
    let out = if arguments.check { root.join("target/console") } else { assets.clone() };
    let mut build = Command::new(tool("vite"));
    build.args(["build", "--logLevel", "warn", "--emptyOutDir", "--outDir"]).arg(&out);
    run(build.current_dir(&web))?;
    if arguments.check {
        same(&assets, &out)?;
    }
    let Some(program) = &arguments.program else { return Ok(()) };
    // A browser drops its connections whenever a network of the machine changes: this one has its own.
    let play = "node tests/run.mjs";
    let mut shell = Command::new("unshare");
    if rustix::process::geteuid().is_root() {
        shell.args(["--net", "sh", "-c", &format!("ip link set lo up && exec {play}")]);
    } else {
        shell.args(["sh", "-c", play]);
    }
    run(shell.env("QUORATE_PROGRAM", program).current_dir(&web))
}

fn same(committed: &Path, built: &Path) -> Result<(), String> {
    let (committed, built) = (files(committed)?, files(built)?);
    let differs = |name: &&String| committed.get(*name) != built.get(*name);
    match committed.keys().chain(built.keys()).find(differs) {
        None => Ok(()),
        Some(name) => Err(format!(
            "{ASSETS}/{name} is not what web/ builds to: `cargo xtask console` builds it"
        )),
    }
}

/// What is below a folder, by its name from there.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let failed = |error| format!("{}: {error}", next.display());
        for entry in fs::read_dir(&next).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                found.insert(name, fs::read(&path).map_err(failed)?);
            }
        }
    }
    Ok(found)
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name} does not run: {error}")),
    }
}

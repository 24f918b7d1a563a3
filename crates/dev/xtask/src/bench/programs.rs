//! Which programs are compared.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use super::process::{self, Measured};

/// Somebody else's `crm_simulate`, as the command line names it.
#[derive(Clone)]
pub(super) struct Other {
    path: PathBuf,
    /// Where its schemas are; `None` where it was built to look.
    schemas: Option<PathBuf>,
}

impl FromStr for Other {
    type Err = std::convert::Infallible;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word.split_once(':') {
            Some((path, schemas)) => Self { path: path.into(), schemas: Some(schemas.into()) },
            None => Self { path: word.into(), schemas: None },
        })
    }
}

/// A `crm_simulate`.
pub(super) struct Program {
    /// A short name for tables.
    pub(super) name: String,
    /// What it says of itself.
    pub(super) version: String,
    path: PathBuf,
    schemas: Option<PathBuf>,
}

impl Program {
    fn of(other: Other, name: String) -> Self {
        let Other { path, schemas } = other;
        let output = Command::new(&path).arg("--version").output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let version = match text {
            Ok(text) => text.lines().next().unwrap_or("of no version").to_owned(),
            Err(error) => format!("does not say its version: {error}"),
        };
        Self { name, version, path, schemas }
    }

    pub(super) fn run(
        &self,
        words: &[String],
        folder: &Path,
        patience: u64,
    ) -> Result<Option<Measured>, String> {
        process::run(&self.path, self.schemas.as_deref(), words, folder, patience)
    }
}

/// Builds the shipped binary; under the name of a tool it is that tool.
pub(super) fn build_ours() -> Result<PathBuf, String> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--package", "quorate"])
        .status()
        .map_err(|error| format!("cargo does not run: {error}"))?;
    if !status.success() {
        return Err(format!("cargo build: {status}"));
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| xtask::tidy::root().join("target"), PathBuf::from);
    Ok(target.join("release/quorate"))
}

/// Ours, and those that were given, or else those in PATH.
pub(super) fn find(ours: &Path, against: &[Other]) -> Result<Vec<Program>, String> {
    let real =
        |path: &Path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
    let own = real(ours)?;
    let mut programs = vec![Program {
        name: "quorate".to_owned(),
        version: format!("quorate, {}", commit()),
        path: own.clone(),
        schemas: None,
    }];
    let mut known = vec![own];
    let others = if against.is_empty() { in_path() } else { against.to_vec() };
    for Other { path, schemas } in others {
        let path = real(&path)?;
        // Our own links may be in PATH.
        let is_ours = path.file_name().is_some_and(|name| name == "quorate");
        if !is_ours && !known.contains(&path) {
            known.push(path.clone());
            let name = format!("peer {}", programs.len());
            programs.push(Program::of(Other { path, schemas }, name));
        }
    }
    Ok(programs)
}

fn in_path() -> Vec<Other> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    let paths = folders.map(|folder| folder.join("crm_simulate")).filter(|path| path.is_file());
    paths.map(|path| Other { path, schemas: None }).collect()
}

fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "an unknown commit".to_owned())
}

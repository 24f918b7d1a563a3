//! The command line of `quorate demo`.

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Three nodes on this machine keep a web service running.

Usage: quorate demo [--check] [--dir DIR]

  --check    kill things, see that the cluster recovers, print how long it took; the exit code
             says whether all was as it should be
  --dir DIR  keep everything below this directory (default: quorate-demo-UID in the directory for
             temporary files)

As root each node gets a network namespace, and the service a real address. Ctrl-C ends it and
leaves nothing behind.";

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) check: bool,
    pub(crate) directory: PathBuf,
}

/// `None` asks for help.
pub(crate) fn read(words: &[OsString]) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments { check: false, directory: default_directory() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--check") => arguments.check = true,
            Some("--help" | "-h") => return Ok(None),
            Some("--dir") => match words.next() {
                Some(directory) => arguments.directory = PathBuf::from(directory),
                None => return Err("after --dir comes a directory".to_owned()),
            },
            Some(text) if text.starts_with("--dir=") => {
                arguments.directory = PathBuf::from(text.trim_start_matches("--dir="));
            }
            Some(_) | None => return Err(format!("`{}` is not known here", word.display())),
        }
    }
    Ok(Some(arguments))
}

/// The same for each run of a user, so that a run finds what an earlier one left.
fn default_directory() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    std::env::temp_dir().join(format!("quorate-demo-{user}"))
}

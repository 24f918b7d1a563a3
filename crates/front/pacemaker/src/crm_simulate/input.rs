//! Reading and saving documents.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bzip2::read::MultiBzDecoder;
use cib::Document;
use cib::schema::{self, Schema};
use cib::upgrade::{NotUpgraded, upgrade};
use client::{Client, socket_path};
use flate2::read::MultiGzDecoder;

use super::arguments::Source;
use super::{Trouble, memory};
use crate::exit::{self, Exit};
use crate::output::Output;

/// Reads the document that is to be planned for.
pub(super) fn read(source: &Source, said: &mut Output) -> Result<Document, Trouble> {
    let parse = |text: String| {
        Document::parse_owned(text)
            .map_err(|error| Unreadable { exit: Exit::Data, why: error.to_string() })
    };
    let found = match source {
        Source::Pipe => read_all(&mut std::io::stdin(), "standard input").and_then(parse),
        Source::File(path) => read_file(path).and_then(parse),
        Source::Live => match file_in_place_of_cluster() {
            Some(path) => read_file(&path).and_then(parse),
            None => read_live().and_then(parse),
        },
    };
    let mut document = found.map_err(|unreadable| unreadable.tell(source, said))?;
    let root = document.root();
    if root.child("status").is_none() {
        let root = root.id();
        document.append(root, "status");
    }
    make_valid(&mut document, said)?;
    Ok(document)
}

/// Why there is no text.
struct Unreadable {
    exit: Exit,
    why: String,
}

impl Unreadable {
    /// Says it in Pacemaker's words, and then which file it was and what was wrong.
    fn tell(self, source: &Source, said: &mut Output) -> Trouble {
        let Self { exit, why } = self;
        if *source != Source::Live {
            let words = format!("Could not read input XML: Bad input value provided\n  {why}");
            return Trouble::new(Exit::Data, words);
        }
        let reason = match exit {
            Exit::Disconnected => "Transport endpoint is not connected",
            Exit::NoSuch => "No such device or address",
            Exit::Data => NOT_CONFORMING,
            Exit::Ok
            | Exit::Error
            | Exit::NotPermitted
            | Exit::Usage
            | Exit::Io
            | Exit::Config
            | Exit::Quorum
            | Exit::Exists
            | Exit::Timeout => exit::words_of(exit),
        };
        said.error(format!("Could not connect to the CIB: {reason}"));
        said.error(why);
        Trouble::new(if exit == Exit::Data { Exit::Config } else { exit }, "")
    }
}

/// A file that the environment names in place of the running cluster.
fn file_in_place_of_cluster() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("CIB_file") {
        return Some(path.into());
    }
    let name = variable("CIB_shadow")?;
    let folder = variable("CIB_shadow_dir").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cib")));
    let mut file = std::ffi::OsString::from("shadow.");
    file.push(name);
    Some(folder.unwrap_or_default().join(file))
}

/// Longer than a node takes that is busy.
const PATIENCE: Duration = Duration::from_secs(15);

/// The running cluster's document, from this machine's daemon.
fn read_live() -> Result<String, Unreadable> {
    let snapshot = Client::new(socket_path(None), PATIENCE).document();
    snapshot
        .map(|snapshot| snapshot.xml)
        .map_err(|error| Unreadable { exit: Exit::of_client(&error), why: error.to_string() })
}

/// Brings the document to the newest schema and holds it against that.
fn make_valid(document: &mut Document, said: &mut Output) -> Result<(), Trouble> {
    let claimed = document.root().attr("validate-with").map(str::to_ascii_lowercase);
    if claimed.as_deref() == Some("none") {
        said.complain(UNCHECKED);
        return Ok(());
    }
    let newest = Schema::NEWEST;
    let (words, violations) = match upgrade(document) {
        // What was brought to another schema is valid there.
        Ok(upgraded) if upgraded.from < upgraded.to => return Ok(()),
        Ok(_) => (None, schema::check(document).violations),
        Err(refused) => match refused {
            NotUpgraded::UnknownSchema(_) => (Some(refused.to_string()), Vec::new()),
            NotUpgraded::Invalid { claimed, violations } => {
                let words = format!(
                    "Cannot upgrade configuration (claiming {claimed} schema) to at least \
                     {newest} because it does not validate with any schema from {claimed} to the \
                     latest"
                );
                (Some(words), violations)
            }
            NotUpgraded::Stuck { claimed, reached, violations } => {
                let words = format!(
                    "Cannot upgrade configuration (claiming {claimed} schema) to at least \
                     {newest} because it would not upgrade past {reached}"
                );
                (Some(words), violations)
            }
        },
    };
    if words.is_none() && violations.is_empty() {
        return Ok(());
    }
    if let Some(words) = words {
        said.complain(&words);
    }
    for violation in violations {
        said.complain(&violation.to_string());
    }
    Err(Trouble::new(Exit::Config, ""))
}

const NOT_CONFORMING: &str = "Update does not conform to the configured schema";

const UNCHECKED: &str = "Schema validation of configuration is disabled (support for \
                         validate-with set to \"none\" is deprecated and will be removed in a \
                         future release)";

/// A document is never larger; what unpacks to more is an attack or a mistake.
const UNPACKED_MAX: u64 = 1 << 30;

fn read_file(path: &Path) -> Result<String, Unreadable> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| Unreadable {
        exit: Exit::of(&error),
        why: format!("{name}: {}", exit::system_words(&error)),
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    memory::expect_document(file.metadata().map_or(0, |about| about.len()));
    read_all(&mut file, &name)
}

/// Reads all there is; packed files, as the cluster keeps its inputs, are unpacked.
fn read_all(file: &mut dyn Read, name: &str) -> Result<String, Unreadable> {
    let unreadable = |error: std::io::Error| Unreadable {
        exit: Exit::Data,
        why: format!("{name}: {}", exit::system_words(&error)),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let bytes = unpack(bytes).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| Unreadable {
        exit: Exit::Data,
        why: format!("{name}: not text in UTF-8: {error}"),
    })
}

fn unpack(bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    if bytes.starts_with(b"BZh") {
        unpack_bz2(&bytes)
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        unpack_gz(&bytes)
    } else {
        Ok(bytes)
    }
}

// Not inlined, as the unpackers take 50 kB of the stack, which others need not touch.

#[inline(never)]
fn unpack_bz2(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    MultiBzDecoder::new(packed).take(UNPACKED_MAX).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[inline(never)]
fn unpack_gz(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(packed).take(UNPACKED_MAX).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// Writes the document to the file that Pacemaker then plans from, and where it keeps what comes of
/// it. From `-` it would read its standard input, which was read already.
pub(super) fn save_for_planning(
    path: &Path,
    document: &Document,
    said: &mut Output,
) -> Result<(), Trouble> {
    if path == Path::new("-") {
        said.error(format!("Could not connect to the CIB: {NOT_CONFORMING}"));
        return Err(Trouble::new(Exit::Config, ""));
    }
    save(path, document)
}

/// Writes a document to a file, and says so if that fails.
pub(super) fn save(path: &Path, document: &Document) -> Result<(), Trouble> {
    std::fs::write(path, document.to_string()).map_err(|error| {
        let why = exit::system_words(&error);
        Trouble::new(Exit::of(&error), format!("Could not create '{}': {why}", path.display()))
    })
}

/// Writes what is drawn or listed of a plan to a file.
pub(super) fn save_plan(path: &Path, text: &str) -> Result<(), Trouble> {
    std::fs::write(path, text).map_err(|error| {
        let why = exit::system_words(&error);
        Trouble::new(Exit::Io, format!("Could not create '{}': {why}", path.display()))
    })
}

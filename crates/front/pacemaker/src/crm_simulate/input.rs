//! Reading and saving documents.

use std::path::Path;
use std::time::Duration;

use cib::Document;
use cib::schema::{self, Schema};
use cib::upgrade::{NotUpgraded, upgrade};
use client::{Client, socket_path};

use super::Trouble;
use super::arguments::Source;
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::source::{self, Unreadable, read_all, read_file};

/// Reads the document that is to be planned for.
pub(super) fn read(from: &Source, said: &mut Output) -> Result<Document, Trouble> {
    let found = match from {
        Source::Pipe => read_all(&mut std::io::stdin(), "standard input").and_then(source::parse),
        Source::File(path) => read_file(path).and_then(source::parse),
        Source::Live => match (source::file_in_place_of_cluster(), source::cluster_elsewhere()) {
            (Some(path), _) => read_file(&path).and_then(source::parse),
            (None, Some(elsewhere)) => Err(elsewhere),
            (None, None) => read_live().and_then(source::parse),
        },
    };
    let mut document = found.map_err(|unreadable| tell(unreadable, from, said))?;
    let root = document.root();
    if root.child("status").is_none() {
        let root = root.id();
        document.append(root, "status");
    }
    make_valid(&mut document, said)?;
    Ok(document)
}

/// Says it in Pacemaker's words, and then which file it was and what was wrong.
fn tell(unreadable: Unreadable, source: &Source, said: &mut Output) -> Trouble {
    let Unreadable { exit, why } = unreadable;
    if *source != Source::Live {
        let words = format!("Could not read input XML: Bad input value provided\n  {why}");
        return Trouble::new(Exit::Data, words);
    }
    let reason = exit.reason();
    said.error(format!("Could not connect to the CIB: {reason}"));
    said.error(why);
    Trouble::new(if exit == Exit::Data { Exit::Config } else { exit }, "")
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

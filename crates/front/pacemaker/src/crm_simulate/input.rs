//! Reading and saving documents.

use std::io::{ErrorKind, Read};
use std::path::Path;

use cib::Document;
use cib::schema::{self, Schema};
use cib::upgrade::{NotUpgraded, upgrade};

use super::arguments::Source;
use super::{Spoken, Trouble};
use crate::exit::Exit;

/// Reads the document that is to be planned for.
pub(super) fn read(source: &Source, spoken: &mut Spoken) -> Result<Document, Trouble> {
    let unreadable =
        |why: String| Trouble::new(Exit::Data, format!("Could not read input XML: {why}"));
    let text = match source {
        Source::Pipe => {
            let mut text = String::new();
            let result = std::io::stdin().read_to_string(&mut text);
            result.map_err(|error| unreadable(error.to_string()))?;
            text
        }
        Source::File(path) => read_text(path).map_err(unreadable)?,
        Source::Live => match std::env::var_os("CIB_file") {
            Some(path) => read_text(Path::new(&path)).map_err(unreadable)?,
            None => return Err(Trouble::new(Exit::Disconnected, NOT_RUNNING)),
        },
    };
    let mut document = Document::parse(&text).map_err(|error| unreadable(error.to_string()))?;
    let root = document.root();
    if root.child("status").is_none() {
        let root = root.id();
        document.append(root, "status");
    }
    make_valid(&mut document, spoken)?;
    Ok(document)
}

/// Brings the document to the newest schema and holds it against that.
fn make_valid(document: &mut Document, spoken: &mut Spoken) -> Result<(), Trouble> {
    let claimed = document.root().attr("validate-with").map(str::to_ascii_lowercase);
    if claimed.as_deref() == Some("none") {
        spoken.error(UNCHECKED);
        return Ok(());
    }
    let newest = Schema::NEWEST;
    let (words, violations) = match upgrade(document) {
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
        spoken.error(&words);
    }
    for violation in violations {
        spoken.error(&violation.to_string());
    }
    Err(Trouble::new(Exit::Config, ""))
}

const NOT_RUNNING: &str = "no running cluster to ask; give a file with --xml-file";

const UNCHECKED: &str = "Schema validation of configuration is disabled (support for \
                         validate-with set to \"none\" is deprecated and will be removed in a \
                         future release)\n";

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    String::from_utf8(bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a document to a file.
pub(super) fn save(path: &Path, document: &Document) -> Result<(), Trouble> {
    std::fs::write(path, document.to_string()).map_err(|error| {
        let exit = if error.kind() == ErrorKind::NotFound {
            Exit::NoSuch
        } else if error.kind() == ErrorKind::PermissionDenied {
            Exit::NotPermitted
        } else {
            Exit::Error
        };
        Trouble::new(exit, format!("Could not create '{}': {error}", path.display()))
    })
}

/// Writes what is drawn or listed of a plan to a file.
pub(super) fn save_plan(path: &Path, text: &str) -> Result<(), Trouble> {
    std::fs::write(path, text).map_err(|error| {
        Trouble::new(Exit::Io, format!("Could not create '{}': {error}", path.display()))
    })
}

//! Reading and saving documents.

use std::io::Read;
use std::path::Path;

use cib::Document;

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
    let checks = document.root().attr("validate-with");
    if checks.is_some_and(|name| name.eq_ignore_ascii_case("none")) {
        spoken.error(UNCHECKED);
    }
    Ok(document)
}

const NOT_RUNNING: &str = "no running cluster to ask; give a file with --xml-file";

const UNCHECKED: &str = "Schema validation of configuration is disabled (support for \
                         validate-with set to \"none\" is deprecated and will be removed in a \
                         future release)\n";

fn read_text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    String::from_utf8(bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes `text` to a file.
pub(super) fn save(path: &Path, text: &str) -> Result<(), Trouble> {
    std::fs::write(path, text).map_err(|error| {
        let words = format!("Could not create '{}': {error}", path.display());
        Trouble::new(Exit::CannotCreate, words)
    })
}

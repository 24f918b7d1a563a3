//! Which schemas a program really has. One that does not find its own checks less and upgrades
//! less, and looks faster than it is.

use std::fmt;
use std::path::Path;

use cib::schema::Schema;

use super::programs::Program;

/// The newest schema of a program, as its answers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Newest {
    /// Takes no document at all.
    None,
    /// Takes whatever claims to follow it.
    Unchecked(Schema),
    /// Takes what follows it, and refuses what does not.
    Checked(Schema),
}

impl fmt::Display for Newest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no schemas: takes no document"),
            Self::Unchecked(schema) => write!(f, "schemas up to {schema}, not checked"),
            Self::Checked(schema) => write!(f, "schemas up to {schema}"),
        }
    }
}

/// Asks with small documents, from the newest schema on.
pub(super) fn newest(program: &Program, folder: &Path, patience: u64) -> Result<Newest, String> {
    let takes = |schema, resources| {
        let path = folder.join("schema.xml");
        std::fs::write(&path, document(schema, resources))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let words = ["-x".to_owned(), path.to_string_lossy().into_owned(), "-S".to_owned()];
        let ran = program.run(&words, folder, patience)?;
        Ok::<bool, String>(ran.is_some_and(|ran| ran.status == 0))
    };
    let all: Vec<Schema> = Schema::all().collect();
    for schema in all.into_iter().rev() {
        if takes(schema, "")? {
            let refuses = !takes(schema, "<unheard-of id=\"unheard-of\"/>")?;
            return Ok(if refuses { Newest::Checked(schema) } else { Newest::Unchecked(schema) });
        }
    }
    Ok(Newest::None)
}

fn document(schema: Schema, resources: &str) -> String {
    format!(
        "<cib validate-with=\"{schema}\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\">\
         <configuration><crm_config/><nodes/><resources>{resources}</resources><constraints/>\
         </configuration><status/></cib>\n"
    )
}

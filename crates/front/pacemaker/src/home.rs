//! Where the document is that a tool works on: in the running cluster, or in a file that the
//! environment names in its place.
//!
//! **Always:** a file is replaced whole, so that who reads it meanwhile sees the old or the new one.
//!
//! Field words: Pacemaker `CIB_file`, `CIB_shadow`, *CIB API connection*.

use std::path::{Path, PathBuf};

use cib::Document;
use cib::patch::diff;
use client::{Client, ClientError, socket_path};
use wire::api::{Change, Cluster, Edit, Refused, Request};

use crate::exit::{self, Exit};
use crate::replace;
use crate::source::{self, Unreadable};
use crate::tool::{self, PATIENCE, Trouble};

/// Where the document is.
#[derive(Clone, Debug)]
pub(crate) enum Home {
    File(PathBuf),
    Cluster(Client),
}

/// The document as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) document: Document,
    /// What is around it, if it came from a running cluster.
    pub(crate) cluster: Option<Cluster>,
}

/// Somebody else changed the document meanwhile: so often it is tried again.
const ATTEMPTS_MAX: usize = 8;

impl Home {
    /// As the environment says.
    pub(crate) fn find() -> Self {
        match source::file_in_place_of_cluster() {
            Some(path) => Self::File(path),
            None => Self::running(),
        }
    }

    /// The running cluster, whatever the environment says.
    pub(crate) fn running() -> Self {
        Self::Cluster(Client::new(socket_path(None), PATIENCE))
    }

    /// The document as it is now.
    pub(crate) fn read(&self) -> Result<Found, Unreadable> {
        match self {
            Self::File(path) => {
                let document = source::read_file(path).and_then(source::parse)?;
                Ok(Found { document, cluster: None })
            }
            Self::Cluster(client) => {
                let snapshot = client.document().map_err(|error| Unreadable {
                    exit: Exit::of_client(&error),
                    why: error.to_string(),
                })?;
                let document = source::parse(snapshot.xml)?;
                Ok(Found { document, cluster: Some(snapshot.cluster) })
            }
        }
    }

    /// The document, with Pacemaker's words if there is none.
    pub(crate) fn open(&self, beginning: &str) -> Result<Found, Trouble> {
        self.read().map_err(|unreadable| trouble(&unreadable, beginning))
    }

    /// Changes the document by `edit`, which may be called more than once: when somebody else was
    /// quicker, it sees their result.
    pub(crate) fn change<T>(
        &self,
        beginning: &str,
        edit: impl Fn(&Found) -> Result<(Document, T), Trouble>,
    ) -> Result<T, Trouble> {
        for _ in 1..ATTEMPTS_MAX {
            let found = self.open(beginning)?;
            let (after, answer) = edit(&found)?;
            match self {
                Self::File(path) => {
                    if !after.root().same_as(found.document.root()) {
                        if path == Path::new("-") {
                            let words = "A document from the standard input cannot be changed";
                            return Err(Trouble::new(Exit::Unimplemented, words));
                        }
                        save(path, &after)?;
                    }
                    return Ok(answer);
                }
                Self::Cluster(client) => match send(client, &found.document, &after) {
                    Err(ClientError::Refused(Refused::Stale { .. })) => {}
                    other => return other.map(|()| answer).map_err(tool::trouble),
                },
            }
        }
        Err(Trouble::new(Exit::Old, "Update was older than existing configuration"))
    }
}

/// Sends what `after` changes, if it changes anything.
fn send(client: &Client, before: &Document, after: &Document) -> Result<(), ClientError> {
    let Ok(patchset) = diff(before, after) else { return Ok(()) };
    if patchset.is_empty() {
        return Ok(());
    }
    let xml = patchset.without_version().to_document().to_string();
    let request = Request::Change {
        change: Change::Edit { edits: vec![Edit::Patch { xml }] },
        force: false,
        based_on: before.version().ok().map(|version| version.to_string()),
    };
    client.change(&request).map(|_version| ())
}

fn trouble(unreadable: &Unreadable, beginning: &str) -> Trouble {
    let exit = unreadable.exit;
    let reason = exit.reason();
    // What cannot be read is what cannot be used.
    let exit = if exit == Exit::Data { Exit::Config } else { exit };
    Trouble::new(exit, format!("{beginning}{reason}\n  {}", unreadable.why))
}

/// Writes a document to a file, whole or not at all.
pub(crate) fn save(path: &Path, document: &Document) -> Result<(), Trouble> {
    let refused = |error: std::io::Error| {
        let why = exit::system_words(&error);
        Trouble::new(Exit::of(&error), format!("Could not write '{}': {why}", path.display()))
    };
    replace::replace(path, document.to_string().as_bytes()).map_err(refused)
}

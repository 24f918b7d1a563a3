//! Where the document is that a tool works on: in the running cluster, or in a file that the
//! environment names in its place.
//!
//! **Always:** a file is replaced whole, so that who reads it meanwhile sees the old or the new one.
//!
//! Field words: Pacemaker `CIB_file`, `CIB_shadow`, *CIB API connection*.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cib::acl::{self, User};
use cib::patch::diff;
use cib::{Document, Section, schema};
use client::{Client, ClientError, socket_path};
use wire::api::{Change, Cluster, Edit, Refused, Request};

use crate::exit::{self, Exit};
use crate::replace;
use crate::source::{self, Unreadable};
use crate::tool::{self, News, Trouble};

/// Where the document is.
#[derive(Clone, Debug)]
pub(crate) enum Home {
    File(DocumentFile),
    Cluster(Client),
    /// A cluster that cannot be asked from here, and why.
    Elsewhere(Unreadable),
}

/// A document in a file.
#[derive(Clone, Debug)]
pub(crate) struct DocumentFile {
    path: PathBuf,
    /// Whose permissions count; with none, nobody is asked for theirs.
    user: Option<User>,
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
        Self::find_as(None)
    }

    /// The same in the name of a user, or of the one whom the environment names.
    pub(crate) fn find_as(user: Option<&str>) -> Self {
        match (source::file_in_place_of_cluster(), source::cluster_elsewhere()) {
            (Some(path), _) => Self::file_as(path, user),
            (None, Some(elsewhere)) => Self::Elsewhere(elsewhere),
            (None, None) => Self::running_as(user),
        }
    }

    /// A file, whatever the environment says of where.
    pub(crate) fn file(path: impl Into<PathBuf>) -> Self {
        Self::file_as(path.into(), None)
    }

    /// The same, and a running cluster must answer within this time, if it is shorter than usual.
    pub(crate) fn within(self, patience: Duration) -> Self {
        match self {
            Self::Cluster(client) => Self::Cluster(client.within(patience.min(tool::patience()))),
            other @ (Self::File(_) | Self::Elsewhere(_)) => other,
        }
    }

    /// The running cluster, whatever the environment says of where.
    pub(crate) fn running() -> Self {
        Self::running_as(None)
    }

    fn file_as(path: PathBuf, user: Option<&str>) -> Self {
        let user = user_of(user).map(|name| {
            let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
            User::listed_in(&groups, name)
        });
        Self::File(DocumentFile { path, user })
    }

    fn running_as(user: Option<&str>) -> Self {
        let client = Client::new(socket_path(None), tool::patience());
        // The privileged may everything in their own name.
        Self::Cluster(match user_of(user).filter(|name| !acl::is_privileged(name)) {
            Some(user) => client.acting_for(user),
            None => client,
        })
    }

    /// The document as it is now, as far as the user may see it.
    pub(crate) fn read(&self) -> Result<Found, Unreadable> {
        match self {
            Self::File(file) => {
                let document = file.visible(&file.whole()?)?;
                Ok(Found { document, cluster: None })
            }
            Self::Elsewhere(why) => Err(why.clone()),
            Self::Cluster(client) => {
                let snapshot = client.document().map_err(|error| match &error {
                    ClientError::Refused(Refused::NotPermitted) => Unreadable::denied(),
                    ClientError::Connect { .. }
                    | ClientError::Deadline { .. }
                    | ClientError::Broken { .. }
                    | ClientError::Garbled { .. }
                    | ClientError::Refused(_) => {
                        Unreadable { exit: Exit::of_client(&error), why: error.to_string() }
                    }
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
    /// quicker, it sees their result. In a file it sees all of the document, and what it did is held
    /// against what the user may.
    pub(crate) fn change<T>(
        &self,
        beginning: &str,
        edit: impl Fn(&Found) -> Result<(Document, T), Trouble>,
    ) -> Result<T, Trouble> {
        let client = match self {
            Self::File(file) => return file.change(beginning, edit),
            Self::Elsewhere(why) => return Err(trouble(why, beginning)),
            Self::Cluster(client) => client,
        };
        let (mut attempts, mut news) = (0, News::new(client));
        while attempts < ATTEMPTS_MAX {
            let found = self.open(beginning)?;
            // Until the members agreed, the document may be an old one.
            if !found.cluster.as_ref().is_some_and(|cluster| cluster.formed) {
                news.wait().map_err(tool::trouble)?;
                continue;
            }
            let (found, is_part) = editable(found);
            let (mut after, answer) = edit(&found)?;
            if is_part {
                let root = after.root().id();
                VERSION.iter().for_each(|name| _ = after.unset(root, name));
            }
            match send(client, &found.document, &after) {
                Err(ClientError::Refused(Refused::NotReady)) => {
                    news.wait().map_err(tool::trouble)?;
                }
                Err(ClientError::Refused(Refused::Stale { .. })) => attempts += 1,
                Err(ClientError::Refused(Refused::NotPermitted)) => return Err(denied()),
                other => return other.map(|()| answer).map_err(tool::trouble),
            }
        }
        Err(Trouble::new(Exit::Old, "Update was older than existing configuration"))
    }
}

/// What says which edition a document is.
const VERSION: [&str; 3] = ["admin_epoch", "epoch", "num_updates"];

/// If the user does not see all of the document, the daemon alone can say whether it is valid, and which
/// edition it is.
fn editable(mut found: Found) -> (Found, bool) {
    let root = found.document.root();
    let is_part = root.attr("validate-with").is_none();
    if is_part {
        let root = root.id();
        found.document.set(root, "validate-with", "none");
    }
    (found, is_part)
}

/// Whose permissions count: the one who is named, or whom the environment names.
fn user_of(named: Option<&str>) -> Option<String> {
    named.map(str::to_owned).or_else(|| tool::environment("CIB_user"))
}

impl DocumentFile {
    /// All of it. As in Pacemaker, nothing is done with what breaks its schema.
    fn whole(&self) -> Result<Document, Unreadable> {
        let mut document = source::read_file(&self.path).and_then(source::parse)?;
        if document.section(Section::Status).is_none() {
            document.section_or_new(Section::Status);
        }
        match schema::check(&document).violations.as_slice() {
            [] => Ok(document),
            violations => Err(Unreadable {
                exit: Exit::Data,
                why: violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "),
            }),
        }
    }

    fn visible(&self, whole: &Document) -> Result<Document, Unreadable> {
        match &self.user {
            None => Ok(whole.clone()),
            Some(user) => acl::readable(whole, user).ok_or_else(Unreadable::denied),
        }
    }

    fn change<T>(
        &self,
        beginning: &str,
        edit: impl Fn(&Found) -> Result<(Document, T), Trouble>,
    ) -> Result<T, Trouble> {
        let refused = |unreadable: Unreadable| trouble(&unreadable, beginning);
        let document = self.whole().map_err(refused)?;
        self.visible(&document).map_err(refused)?;
        let found = Found { document, cluster: None };
        let (after, answer) = edit(&found)?;
        if let Some(user) = &self.user {
            acl::check_change(&found.document, &after, user).map_err(|_| denied())?;
        }
        if !after.root().same_as(found.document.root()) {
            if self.path.as_os_str() == "-" {
                let words = "A document from the standard input cannot be changed";
                return Err(Trouble::new(Exit::Unimplemented, words));
            }
            save(&self.path, &after)?;
        }
        Ok(answer)
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
        based_on: before
            .version()
            .ok()
            .filter(|_| before.root().attr("epoch").is_some())
            .map(|version| version.to_string()),
    };
    client.change(&request).map(|_version| ())
}

/// The user may not. Clients look for these words.
pub(crate) fn denied() -> Trouble {
    Trouble::new(Exit::NotPermitted, "CIB API call failed: Permission denied")
}

fn trouble(unreadable: &Unreadable, beginning: &str) -> Trouble {
    if unreadable.is_denied() {
        return denied();
    }
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

//! Where the document comes from: a daemon or a file.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime};

use cib::Document;
use client::{Client, socket_path};
use view::RenderOptions;
use wire::api::Cluster;

use crate::arguments::Common;
use crate::say;
use crate::trouble::Trouble;

/// The document as it is now.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) document: Document,
    /// `None` for a file.
    pub(crate) cluster: Option<Cluster>,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

impl Source {
    /// Reads it from where the command line says.
    pub(crate) fn read(common: &Common) -> Result<Self, Trouble> {
        let (document, cluster) = match &common.file {
            Some(path) => (read_file(path)?, None),
            None => {
                let snapshot = client(common).document()?;
                (parse(snapshot.xml, "the daemon's document")?, Some(snapshot.cluster))
            }
        };
        Ok(Self { document, cluster, now: now(common) })
    }

    pub(crate) fn seen(&self) -> view::Seen<'_> {
        let Self { document, cluster, now } = self;
        view::Seen { document, cluster: cluster.as_ref(), now: *now }
    }

    pub(crate) fn options(&self) -> RenderOptions {
        RenderOptions { colour: say::colour(), now: self.now }
    }
}

/// The daemon that the command line means.
pub(crate) fn client(common: &Common) -> Client {
    let patience = Duration::from_secs(common.timeout.max(1));
    Client::new(socket_path(common.socket.clone()), patience)
}

/// The daemon, for commands that cannot do without one.
pub(crate) fn daemon(common: &Common, what: &'static str) -> Result<Client, Trouble> {
    match common.file {
        Some(_) => Err(Trouble::NeedsDaemon { what }),
        None => Ok(client(common)),
    }
}

/// The time, or the one that is pretended.
pub(crate) fn now(common: &Common) -> i64 {
    common.now.unwrap_or_else(present)
}

/// The time, in seconds since 1970.
pub(crate) fn present() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// A document from a file; `-` is standard input.
pub(crate) fn read_file(path: &Path) -> Result<Document, Trouble> {
    parse(read_text(path)?, &path.display().to_string())
}

/// A file's text; `-` is standard input.
pub(crate) fn read_text(path: &Path) -> Result<String, Trouble> {
    let failed = |source| Trouble::Read { path: path.to_owned(), source };
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(failed)
}

pub(crate) fn parse(text: String, path: &str) -> Result<Document, Trouble> {
    Document::parse_owned(text).map_err(|error| Trouble::Malformed {
        path: path.to_owned(),
        line: error.line,
        reason: error.reason,
    })
}

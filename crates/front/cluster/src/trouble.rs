//! Why a command did not do what was asked.

use std::fmt::Display;
use std::path::Path;

use client::ClientError;

/// Whose turn it is now; each has an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The words make no sense.
    Usage,
    /// A file is not what it should be.
    BadData,
    /// A file cannot be read.
    NoInput,
    /// Nobody answers.
    Unavailable,
    /// The cluster, or another machine, said no.
    Refused,
    /// There is no node of that name.
    Unknown,
    /// The machine failed us.
    Failed,
    NotPermitted,
}

/// What happened, and what can be done about it.
#[derive(Debug)]
pub enum Trouble {
    Words {
        kind: Kind,
        what: String,
        help: Vec<String>,
    },
    /// The daemon here.
    Client(ClientError),
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl Trouble {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self::Words { kind, what: what.into(), help: Vec::new() }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    pub(crate) fn refused(what: impl Into<String>) -> Self {
        Self::new(Kind::Refused, what)
    }

    /// A file that cannot be read.
    pub(crate) fn read(path: &Path, error: impl Display) -> Self {
        Self::new(Kind::NoInput, format!("cannot read {}: {error}", path.display()))
    }

    /// A file that cannot be written.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
        let is_not_permitted = error.kind() == std::io::ErrorKind::PermissionDenied;
        let kind = if is_not_permitted { Kind::NotPermitted } else { Kind::Failed };
        Self::new(kind, format!("cannot write {}: {error}", path.display()))
    }

    pub(crate) fn help(self, line: impl Into<String>) -> Self {
        match self {
            Self::Words { kind, what, mut help } => {
                help.push(line.into());
                Self::Words { kind, what, help }
            }
            Self::Client(error) => Self::Client(error),
        }
    }

    /// What happened and what to do, for another machine or another command.
    pub fn into_words(self) -> (String, Vec<String>) {
        match self {
            Self::Words { kind: _, what, help } => (what, help),
            Self::Client(ClientError::Refused(refused)) => {
                (format!("the cluster refused: {refused:?}"), Vec::new())
            }
            Self::Client(error) => {
                let cause = std::error::Error::source(&error);
                (
                    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
                    vec![],
                )
            }
        }
    }
}

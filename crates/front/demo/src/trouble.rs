//! Why the demo could not go on.

use std::io;
use std::path::PathBuf;

use client::ClientError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("cannot {what} {path}: {source}")]
    File { what: &'static str, path: PathBuf, source: io::Error },
    #[error("another demo runs in {path}")]
    InUse { path: PathBuf },
    #[error("{path} is not a directory of yours alone")]
    NotOurs { path: PathBuf },
    #[error("the path {path} is too long for the sockets in it")]
    TooLong { path: PathBuf },
    #[error("cannot {what}: {source}")]
    System { what: &'static str, source: io::Error },
    #[error("`{command}` failed: {said}")]
    Command { command: String, said: String },
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("after {seconds} s it was still not so that {what}")]
    NotSo { what: String, seconds: u64 },
    #[error("the example's document: {0}")]
    Example(String),
    #[error("interrupted")]
    Interrupted,
}

impl Trouble {
    /// What can be done about it.
    pub(crate) fn help(&self) -> Vec<String> {
        match self {
            Self::InUse { .. } => vec!["End it, or give this one another --dir.".to_owned()],
            Self::NotOurs { .. } | Self::TooLong { .. } => {
                vec!["Name another one with --dir.".to_owned()]
            }
            Self::NotSo { .. } | Self::Client(_) => {
                vec![
                    "The daemons' logs are in the demo's directory: daemon.log of each node."
                        .to_owned(),
                ]
            }
            Self::File { .. }
            | Self::System { .. }
            | Self::Command { .. }
            | Self::Example(_)
            | Self::Interrupted => Vec::new(),
        }
    }
}

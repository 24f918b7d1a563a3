//! Why the store could not do something. The cause is the `source`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The state directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot create the state directory `{path}`")]
    Create { path: PathBuf, source: io::Error },
    #[error("the state directory `{path}` is in use by another daemon{}", holder(*.pid))]
    InUse { path: PathBuf, pid: Option<u32> },
    #[error("cannot lock the state directory `{path}`")]
    Lock { path: PathBuf, source: io::Error },
    #[error("cannot list the state directory `{path}`")]
    List { path: PathBuf, source: io::Error },
    #[error("cannot prepare `{file}` in the state directory `{path}`")]
    Prepare { path: PathBuf, file: String, source: io::Error },
    #[error("cannot start the store's thread")]
    Thread { source: io::Error },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

/// One request failed. The store stays usable and what was acknowledged before is intact.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot append to `{file}`")]
    Append { file: String, source: Arc<io::Error> },
    #[error("cannot write the snapshot `{file}`")]
    Snapshot { file: String, source: Arc<io::Error> },
    #[error("cannot set aside `{file}`")]
    SetAside { file: String, source: Arc<io::Error> },
    #[error("cannot read `{file}`")]
    Read { file: String, source: Arc<io::Error> },
    #[error("an earlier change could not be written; a whole snapshot must be written first")]
    Incomplete,
    #[error("a record of {bytes} bytes is larger than the limit of {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the disk does not keep up: {waiting} bytes wait to be written")]
    Busy { waiting: usize },
    #[error("the store's thread has ended")]
    Closed,
}

impl StoreError {
    /// Whether the cause is a full disk or an exhausted quota, which an operator can mend.
    pub fn disk_is_full(&self) -> bool {
        match self {
            Self::Append { source, .. }
            | Self::Snapshot { source, .. }
            | Self::SetAside { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Read { .. }
            | Self::Incomplete
            | Self::TooLarge { .. }
            | Self::Busy { .. }
            | Self::Closed => false,
        }
    }
}

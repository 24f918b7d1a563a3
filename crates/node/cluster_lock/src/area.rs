//! Where on the disk what is.

use std::fs;
use std::path::{Path, PathBuf};

/// The area's two parts, sanlock's *lockspace* and its one *resource*, have this size each.
const PART: u64 = 1 << 20;

/// What a name of sanlock's may have. Source: `sanlock help`.
const NAME_MAX: usize = 48;

/// What of sanlock's names belongs to one cluster on one disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) path: PathBuf,
    /// The lockspace is called as the cluster is: a disk that is another's is found out.
    pub(crate) cluster: String,
}

/// A name or a path that sanlock cannot be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AreaError {
    #[error(
        "a cluster's name of 1 to {NAME_MAX} bytes without `:` is needed for a lock, not `{0}`"
    )]
    Name(String),
    #[error("the lock's path must be absolute and without `:`, not `{0}`")]
    Path(PathBuf),
}

impl Area {
    pub(crate) fn new(path: &Path, cluster: &str) -> Result<Self, AreaError> {
        if cluster.is_empty() || cluster.len() > NAME_MAX || cluster.contains([':', ' ']) {
            return Err(AreaError::Name(cluster.to_owned()));
        }
        // sanlock takes words apart at the colon.
        let is_path = path.to_str().is_some_and(|text| !text.contains([':', ' ', '\\']));
        if !is_path || !path.is_absolute() {
            return Err(AreaError::Path(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), cluster: cluster.to_owned() })
    }

    /// The lockspace, for the node with this host id; 0 for all.
    pub(crate) fn lockspace(&self, host: u32) -> String {
        format!("{}:{host}:{}:0", self.cluster, self.path.display())
    }

    pub(crate) fn resource(&self) -> String {
        format!("{}:lock:{}:{PART}", self.cluster, self.path.display())
    }

    /// The sector size that sanlock is to write with: a disk's own; a file's is always the same.
    pub(crate) fn sector(&self) -> u32 {
        let device = fs::canonicalize(&self.path).unwrap_or_default();
        let name = device.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let of = |below: &str| {
            let path = format!("/sys/class/block/{name}/{below}queue/logical_block_size");
            fs::read_to_string(path).ok()?.trim().parse().ok()
        };
        // A partition has its disk's.
        of("").or_else(|| of("../")).filter(|size| *size == 4096).unwrap_or(512)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_sanlock() {
        let area = Area::new(Path::new("/dev/sdd1"), "alpha").unwrap();
        assert_eq!(area.lockspace(2), "alpha:2:/dev/sdd1:0");
        assert_eq!(area.resource(), "alpha:lock:/dev/sdd1:1048576");
        assert!(Area::new(Path::new("/dev/disk/by-path/pci-0000:00"), "alpha").is_err());
        assert!(Area::new(Path::new("sdd1"), "alpha").is_err());
        assert!(Area::new(Path::new("/dev/sdd1"), "al:pha").is_err());
    }
}

//! Whose state it is that lies on disk: that of the cluster which `corosync.conf` sets up, or that of one which was
//! destroyed since.
//!
//! `quorate cluster leave` keeps the state aside. Other tools that destroy a cluster know nothing of it: they
//! remove `corosync.conf` and, from Pacemaker's directory, its document. So a mark lies where that would be, and
//! what cluster it is of is remembered beside the state. Only if *both* are otherwise, the state is not used:
//! a cluster may be given another name or uuid by an administrator, and Pacemaker's directory goes with its
//! package.
//!
//! **Not here:** machines that hold several nodes, or state in another place than the usual.
//!
//! **Always:** nothing is removed. What is not used stays beside the store, under the cluster's name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use corosync::Conf;

use crate::config::Config;

/// Where other tools would look for the state, if they knew of it.
pub(crate) const USUAL_STATE: &str = "/var/lib/quorate";

/// By a name which `pcs cluster destroy` takes for Pacemaker's document.
const MARK: &str = "/var/lib/pacemaker/cib/cib.quorate";

/// Who finds the mark shall know what it is.
const MARK_TEXT: &str = "Quorate's document is below /var/lib/quorate. Without this file, and with another cluster\n\
                         in corosync.conf, that document is kept aside, and the cluster begins anew.\n";

/// File in the state directory with the cluster that it is of.
const REMEMBERED: &str = "cluster";

#[derive(Debug)]
pub(crate) struct Ownership {
    state_dir: PathBuf,
    mark: PathBuf,
    /// The cluster that `corosync.conf` sets up.
    cluster: String,
}

impl Ownership {
    /// Nothing where nobody else looks, or where the file cannot be read.
    pub(crate) fn of(config: &Config, fabric_file: &Path) -> Option<Self> {
        if config.state_dir != Path::new(USUAL_STATE) {
            return None;
        }
        let text = fs::read_to_string(fabric_file).ok()?;
        Some(Self {
            state_dir: config.state_dir.clone(),
            mark: PathBuf::from(MARK),
            cluster: cluster(&text),
        })
    }

    /// Whether the cluster that the state is of was destroyed.
    pub(crate) fn is_destroyed(&self) -> bool {
        let remembered = fs::read_to_string(self.state_dir.join(REMEMBERED));
        remembered.is_ok_and(|text| text != self.cluster) && !self.mark.exists()
    }

    /// Puts the store where it is not used.
    pub(crate) fn set_aside(&self) -> io::Result<()> {
        let store = self.state_dir.join("store");
        let free = (1_u32..).map(|number| self.state_dir.join(format!("store-destroyed-{number}")));
        let Some(aside) = free.into_iter().find(|path| !path.exists()) else { return Ok(()) };
        fs::rename(&store, &aside)?;
        tracing::warn!(
            "the cluster whose configuration was here was destroyed: this one begins without it; \
             it is kept in {}",
            aside.display()
        );
        Ok(())
    }

    /// From now on the state is this cluster's. The mark comes last: without it, and with the cluster
    /// remembered, nothing is thought to be destroyed.
    pub(crate) fn remember(&self) -> io::Result<()> {
        store::replace(&self.state_dir.join(REMEMBERED), self.cluster.as_bytes(), 0o600)?;
        if self.mark.exists() {
            return Ok(());
        }
        self.mark.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(&self.mark, MARK_TEXT)
    }
}

/// What tells one cluster from another.
fn cluster(text: &str) -> String {
    let conf = Conf::parse(text);
    let mut said = String::new();
    for key in ["cluster_name", "cluster_uuid"] {
        let pairs = conf.root().all("totem").filter_map(|totem| totem.pair(key));
        let value = pairs.last().map_or("", |pair| pair.value.as_str());
        said.push_str(&format!("{key}: {value}\n"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ownership(root: &Path, text: &str) -> Ownership {
        fs::create_dir_all(root.join("state/store")).unwrap();
        let mark = root.join("pacemaker/cib/cib.quorate");
        Ownership { state_dir: root.join("state"), mark, cluster: cluster(text) }
    }

    #[test]
    fn only_what_lost_both_its_mark_and_its_name_was_destroyed() {
        let root = std::env::temp_dir().join(format!("quorate-ownership-{}", std::process::id()));
        let first = "totem {\n  cluster_name: web\n  cluster_uuid: 1\n}\n";
        let again = "totem {\n  cluster_name: web\n  cluster_uuid: 2\n}\n";
        let before = ownership(&root, first);
        assert!(!before.is_destroyed(), "nothing was remembered, as after an upgrade");
        before.remember().unwrap();
        assert!(!before.is_destroyed());
        assert!(!ownership(&root, again).is_destroyed(), "given another uuid");
        fs::remove_file(&before.mark).unwrap();
        assert!(!before.is_destroyed(), "Pacemaker's package was purged");
        fs::write(root.join("state/store/journal"), "old").unwrap();
        let after = ownership(&root, again);
        assert!(after.is_destroyed());
        after.set_aside().unwrap();
        let kept = root.join("state/store-destroyed-1/journal");
        assert_eq!(fs::read_to_string(kept).unwrap(), "old");
        after.remember().unwrap();
        assert!(!ownership(&root, again).is_destroyed());
        fs::remove_dir_all(&root).unwrap();
    }
}

//! What DRBD's own program says, for `/metrics`: asked when somebody reads them, and not more often than
//! now and then.
//!
//! **Always:** nothing is run where DRBD is not loaded, since its program would load it; one that hangs is
//! ended, and asked again by the next reading.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use view::metrics::Drbd;

/// For so long an answer is good: who reads metrics does so every few seconds.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// It asks the kernel, which answers at once.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// More than thousands of volumes need.
const OUTPUT_MAX: u64 = 8 << 20;

/// Where things are; a test has its own.
#[derive(Debug)]
struct Places {
    program: PathBuf,
    /// There while DRBD is loaded.
    module: PathBuf,
    /// Where the handler that `ha_cluster_exporter` describes leaves its files.
    split: PathBuf,
}

/// Asks, one at a time.
#[derive(Debug)]
pub(crate) struct Asking {
    places: Places,
    /// For so long an answer is waited for.
    answer_max: Duration,
    /// For so long it is good.
    good_for: Duration,
    last: Mutex<Option<(Instant, Drbd)>>,
}

impl Default for Asking {
    fn default() -> Self {
        let (program, module) = ("/usr/sbin/drbdsetup".into(), "/sys/module/drbd".into());
        let split = "/var/run/drbd/splitbrain".into();
        Self::of(Places { program, module, split }, ANSWER_MAX, GOOD_FOR)
    }
}

impl Asking {
    fn of(places: Places, answer_max: Duration, good_for: Duration) -> Self {
        Self { places, answer_max, good_for, last: Mutex::default() }
    }

    /// What is so now, or was a few seconds ago; nothing where there is no DRBD, or no answer.
    pub(crate) async fn now(&self) -> Drbd {
        let mut last = self.last.lock().await;
        if let Some((at, known)) = &*last
            && at.elapsed() < self.good_for
        {
            return known.clone();
        }
        let drbd = match timeout(self.answer_max, self.places.ask()).await {
            Ok(Ok(drbd)) => drbd,
            Ok(Err(why)) => {
                tracing::debug!(why, "DRBD's state is not known");
                Drbd::default()
            }
            Err(_elapsed) => {
                tracing::warn!(after = ?self.answer_max, "drbdsetup does not answer");
                Drbd::default()
            }
        };
        *last = Some((Instant::now(), drbd.clone()));
        drbd
    }
}

impl Places {
    async fn ask(&self) -> Result<Drbd, String> {
        if !self.module.exists() {
            return Ok(Drbd::default());
        }
        let mut child = Command::new(&self.program)
            .args(["status", "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let mut said = Vec::new();
        if let Some(output) = child.stdout.take() {
            let read = output.take(OUTPUT_MAX).read_to_end(&mut said).await;
            read.map_err(|error| error.to_string())?;
        }
        let resources = serde_json::from_slice(&said).map_err(|error| error.to_string())?;
        Ok(Drbd { resources, split: split_brains(&self.split) })
    }
}

/// Files named `drbd-split-brain-detected-RESOURCE-VOLUME`.
fn split_brains(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |name: String| {
        let (resource, volume) =
            name.strip_prefix("drbd-split-brain-detected-")?.rsplit_once('-')?;
        Some((resource.to_owned(), volume.to_owned()))
    };
    let mut found: Vec<_> =
        entries.filter_map(|entry| of(entry.file_name().into_string().ok()?)).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cib::Document;
    use view::Seen;
    use view::metrics::{Counted, Format, metrics};

    use super::*;

    /// Shaped as drbd-utils 9.22 prints it, with the fields that the exporter reads.
    const STATUS: &str = r#"[
{ "name": "data", "node-id": 0, "role": "Primary", "suspended": false, "write-ordering": "flush",
  "devices": [ { "volume": 0, "minor": 7, "disk-state": "UpToDate", "client": false, "quorum": true,
    "size": 2048, "read": 31, "written": 17, "al-writes": 3, "bm-writes": 0, "upper-pending": 1,
    "lower-pending": 0 } ],
  "connections": [ { "peer-node-id": 1, "name": "n2", "connection-state": "Connected",
    "congested": false, "peer-role": "Secondary", "ap-in-flight": 0, "rs-in-flight": 0,
    "peer_devices": [ { "volume": 0, "replication-state": "SyncSource",
      "peer-disk-state": "Inconsistent", "peer-client": false, "resync-suspended": "no",
      "received": 0, "sent": 12, "out-of-sync": 900, "pending": 2, "unacked": 0,
      "percent-in-sync": 56.05 } ] } ] },
{ "name": "alone", "node-id": 0, "role": "Secondary",
  "devices": [ { "volume": 1, "minor": 8, "disk-state": "Diskless" } ], "connections": [] } ]"#;

    struct House(PathBuf);

    impl House {
        fn new(name: &str, script: &str) -> (Self, Asking) {
            let folder = format!("quorate-drbd-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(folder);
            fs::create_dir_all(folder.join("split")).unwrap();
            fs::write(folder.join("status"), STATUS).unwrap();
            let script = script.replace("HERE", folder.to_str().unwrap());
            testkit::write_program(&folder.join("drbdsetup"), &format!("#!/bin/sh\n{script}\n"));
            let places = Places {
                program: folder.join("drbdsetup"),
                module: folder.join("module"),
                split: folder.join("split"),
            };
            // On a busy machine a script takes its time.
            let (answer_max, good_for) = (Duration::from_secs(60), Duration::from_secs(3600));
            (Self(folder), Asking::of(places, answer_max, good_for))
        }

        fn asked(&self) -> usize {
            fs::read_to_string(self.0.join("asked")).unwrap_or_default().lines().count()
        }
    }

    impl Drop for House {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn volumes_and_connections_have_the_exporters_names() {
        let (house, asking) = House::new(
            "names",
            "echo \"$*\" >>HERE/asked\n[ \"$*\" = 'status --json' ] && cat HERE/status",
        );
        assert_eq!(asking.now().await, Drbd::default());
        assert_eq!(house.asked(), 0, "it would load DRBD");
        fs::write(house.0.join("module"), "").unwrap();
        fs::write(house.0.join("split/drbd-split-brain-detected-my-data-0"), "").unwrap();
        *asking.last.lock().await = None;
        let drbd = asking.now().await;
        assert_eq!(asking.now().await, drbd);
        assert_eq!(house.asked(), 1, "not for each reading");
        let document = Document::parse("<cib/>").unwrap();
        let seen = Seen { document: &document, cluster: None, now: 0 };
        let text = metrics(seen, &Counted::default(), &drbd, Format::OpenMetrics);
        for line in [
            r#"ha_cluster_drbd_resources{resource="data",role="Primary",volume="0",disk_state="uptodate"} 1.0"#,
            r#"ha_cluster_drbd_resources{resource="alone",role="Secondary",volume="1",disk_state="diskless"} 1.0"#,
            r#"ha_cluster_drbd_written{resource="data",volume="0"} 17.0"#,
            r#"ha_cluster_drbd_read{resource="data",volume="0"} 31.0"#,
            r#"ha_cluster_drbd_al_writes{resource="data",volume="0"} 3.0"#,
            r#"ha_cluster_drbd_upper_pending{resource="data",volume="0"} 1.0"#,
            r#"ha_cluster_drbd_quorum{resource="data",volume="0"} 1.0"#,
            r#"ha_cluster_drbd_connections{resource="data",peer_node_id="1",peer_role="Secondary",volume="0",peer_disk_state="inconsistent"} 1.0"#,
            r#"ha_cluster_drbd_connections_sync{resource="data",peer_node_id="1",volume="0"} 56.05"#,
            r#"ha_cluster_drbd_connections_sent{resource="data",peer_node_id="1",volume="0"} 12.0"#,
            r#"ha_cluster_drbd_connections_pending{resource="data",peer_node_id="1",volume="0"} 2.0"#,
            r#"ha_cluster_drbd_split_brain{resource="my-data",volume="0"} 1.0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains(r#"written{resource="alone""#), "what is not told is left out");
    }

    #[tokio::test]
    async fn what_hangs_or_talks_nonsense_is_nothing() {
        for (name, script) in
            [("hangs", "exec sleep 600"), ("nonsense", "echo '{'"), ("fails", "exit 20")]
        {
            let (house, mut asking) = House::new(name, script);
            if name == "hangs" {
                asking.answer_max = Duration::from_millis(200);
            }
            fs::write(house.0.join("module"), "").unwrap();
            assert_eq!(asking.now().await, Drbd::default(), "{name}");
        }
    }
}

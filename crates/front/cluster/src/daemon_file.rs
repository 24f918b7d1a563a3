//! The daemon's configuration of this machine, as far as the cluster's life has a word in it.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::places::Places;
use crate::trouble::{Kind, Trouble};

/// What it says of times, and of the watchdog.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct DaemonFile {
    #[serde(default)]
    fabric: Fabric,
    pub(crate) watchdog: Option<Watchdog>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Fabric {
    /// In seconds.
    stall: Option<f64>,
}

/// The machine's watchdog.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Watchdog {
    pub(crate) device: PathBuf,
    /// In seconds.
    pub(crate) timeout: Option<u64>,
}

impl Watchdog {
    /// Its time-out, if the file says one.
    pub(crate) fn duration(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }
}

impl DaemonFile {
    /// A new member's. `stall` in milliseconds.
    pub(crate) fn new(stall: Option<u64>, watchdog: Option<Watchdog>) -> Self {
        let seconds = |ms| Duration::from_millis(ms).as_secs_f64();
        Self { fabric: Fabric { stall: stall.map(seconds) }, watchdog }
    }

    /// What this machine has; nothing is said where there is no file.
    pub(crate) fn read(places: &Places) -> Result<Self, Trouble> {
        let path = places.daemon();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Trouble::read(&path, error)),
        };
        toml::from_str(&text)
            .map_err(|error| Trouble::new(Kind::BadData, format!("{}: {error}", path.display())))
    }

    /// The same for another machine, which has a watchdog of its own or none.
    pub(crate) fn for_another(&self) -> Self {
        Self { fabric: self.fabric.clone(), watchdog: None }
    }

    /// The file.
    pub(crate) fn text(&self, places: &Places) -> String {
        let Self { fabric: Fabric { stall }, watchdog } = self;
        let mut text = format!(
            "# Corosync's file says who the nodes are.\nstate_dir = \"{}\"\napi_socket = \"{}\"\n\n\
             [fabric]\nkind = \"corosync\"\n",
            places.state().display(),
            client::DEFAULT_SOCKET
        );
        if let Some(stall) = stall {
            text.push_str(&format!("stall = {stall}\n"));
        }
        text.push_str(&watchdog.as_ref().map(section).unwrap_or_default());
        text
    }
}

/// The watchdog's lines.
pub(crate) fn section(watchdog: &Watchdog) -> String {
    let Watchdog { device, timeout } = watchdog;
    let mut text = format!("\n[watchdog]\ndevice = {:?}\n", device.to_string_lossy());
    if let Some(timeout) = timeout {
        text.push_str(&format!("timeout = {timeout}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let root = std::env::temp_dir().join(format!("quorate-daemon-file-{}", std::process::id()));
        let places = Places::below(&root);
        assert_eq!(DaemonFile::read(&places).unwrap(), DaemonFile::default());
        let watchdog = Watchdog { device: "/dev/watchdog".into(), timeout: Some(4) };
        for stall in [None, Some(2_000), Some(2_345)] {
            for watchdog in [None, Some(watchdog.clone())] {
                let file = DaemonFile::new(stall, watchdog);
                crate::steps::put(&places.daemon(), file.text(&places).as_bytes(), 0o644).unwrap();
                assert_eq!(DaemonFile::read(&places).unwrap(), file);
            }
        }
        std::fs::remove_dir_all(&root).unwrap();
    }
}

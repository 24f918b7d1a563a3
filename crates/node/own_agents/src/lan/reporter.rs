//! Tells the cluster, in a thread: it may take long to hear.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// What was not heard is said again after this.
const AGAIN: Duration = Duration::from_secs(2);

/// An attribute and its value.
type Pair = (String, &'static str);

/// Says values of attributes, of each the newest one until it is heard.
#[derive(Debug)]
pub(super) struct Reporter {
    values: Sender<Pair>,
}

impl Reporter {
    pub(super) fn new() -> Self {
        let (values, wanted) = channel();
        std::thread::spawn(move || report(&wanted));
        Self { values }
    }

    pub(super) fn say(&self, name: String, value: &'static str) {
        // The thread ends with the process alone.
        let _ = self.values.send((name, value));
    }
}

fn report(wanted: &Receiver<Pair>) {
    let mut unheard: BTreeMap<String, &'static str> = BTreeMap::new();
    loop {
        let next = match unheard.is_empty() {
            true => wanted.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => wanted.recv_timeout(AGAIN),
        };
        match next {
            Ok((name, value)) => drop(unheard.insert(name, value)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // Of several that wait the last one is true.
        unheard.extend(wanted.try_iter());
        unheard.retain(|name, value| !is_heard(name, value));
    }
}

fn is_heard(name: &str, value: &str) -> bool {
    Command::new("attrd_updater")
        .args(["-n", name, "-U", value])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The nodes that are members, if the cluster says.
pub(super) fn members() -> Option<std::collections::BTreeSet<String>> {
    let output = Command::new("crm_node").arg("-p").stdin(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.split_whitespace().map(str::to_owned).collect())
}

//! Tells the cluster, in a thread: it may take long to hear.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// What was not heard is said again after this.
const AGAIN: Duration = Duration::from_secs(2);

/// Says a value for some attributes, the newest one until it is heard.
#[derive(Debug)]
pub(super) struct Reporter {
    values: Sender<&'static str>,
}

impl Reporter {
    pub(super) fn new(attributes: Vec<String>) -> Self {
        let (values, wanted) = channel();
        std::thread::spawn(move || report(&attributes, &wanted));
        Self { values }
    }

    pub(super) fn say(&self, value: &'static str) {
        // The thread ends with the process alone.
        let _ = self.values.send(value);
    }
}

fn report(attributes: &[String], wanted: &Receiver<&'static str>) {
    let mut unheard = None;
    loop {
        let next = match unheard {
            None => wanted.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => wanted.recv_timeout(AGAIN),
        };
        match next {
            Ok(value) => unheard = Some(value),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // Of several that wait the last one is true.
        if let Some(newest) = wanted.try_iter().last() {
            unheard = Some(newest);
        }
        let Some(value) = unheard else { continue };
        if attributes.iter().all(|name| is_heard(name, value)) {
            unheard = None;
        }
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

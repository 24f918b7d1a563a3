//! `quorate cluster check`: what is odd in a `corosync.conf`.

use std::io::Read;
use std::path::Path;

use corosync::timing::Effective;
use corosync::{Conf, Finding, Settings, Severity};
use view::words::count;

use crate::daemon_file::DaemonFile;
use crate::places::Places;
use crate::say;
use crate::trouble::Trouble;
use crate::{Ended, How};

/// Whether this machine's watchdog fits the file's times.
fn of_watchdog(text: &str) -> Result<Option<Finding>, Trouble> {
    let places = Places::default();
    let times = Effective::of(&Settings::of(&Conf::parse(text)));
    let watchdog = DaemonFile::read(&places)?.watchdog;
    let timeout = watchdog.and_then(|watchdog| watchdog.duration());
    let why = timeout.and_then(|timeout| times.too_short_to_count_on(timeout));
    Ok(why.map(|what| Finding {
        line: 0,
        severity: Severity::Note,
        what,
        hint: Some(format!("nobody counts on it; see {}", places.daemon().display())),
    }))
}

/// Whether this machine can prove to the quorum device who it is.
pub(crate) fn of_device(settings: &Settings) -> Option<Finding> {
    let places = Places::default();
    let found = places.device_certificates();
    if !settings.needs_certificates() || found.join("key4.db").exists() {
        return None;
    }
    let name = settings.totem.cluster_name.as_ref().map_or("NAME", |name| &name.value);
    let hint = format!(
        "at the device `corosync-qnetd-certutil -i`, here `corosync-qdevice-net-certutil -i -c` \
         with its qnetd-cacert.crt; then, from the first node, `-r -n {name}`, at the device `-s`, \
         here `-M`, and on each other node `-m` with the qdevice-net-node.p12 of the first"
    );
    Some(Finding {
        line: settings.device.as_ref().map_or(0, |device| device.line),
        severity: Severity::Warning,
        what: format!("there is no certificate for the quorum device in {}", found.display()),
        hint: Some(hint),
    })
}

/// `quorate cluster check [FILE]`.
pub(crate) fn run(how: &How, file: Option<&Path>) -> Result<Ended, Trouble> {
    let own = Places::default().nodes_file();
    let path = file.unwrap_or(&own);
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|whole| text = whole)
    };
    read.map_err(|error| Trouble::read(path, error))?;
    let mut findings = corosync::check(&text);
    if path == own {
        findings.extend(of_watchdog(&text)?);
        findings.extend(of_device(&Settings::of(&Conf::parse(&text))));
    }
    let number = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let errors = number(Severity::Error);
    if how.json {
        let findings: Vec<serde_json::Value> = findings
            .iter()
            .map(|f| {
                serde_json::json!({
                    "line": f.line, "severity": f.severity.word(), "what": f.what, "hint": f.hint,
                })
            })
            .collect();
        say::json(&findings);
    } else {
        for finding in &findings {
            say::out(&finding.to_string());
        }
        let (warnings, notes) = (number(Severity::Warning), number(Severity::Note));
        let parts = [count(errors, "error"), count(warnings, "warning"), count(notes, "note")];
        say::talk(&format!("{}: {}", path.display(), view::words::list(&parts)));
    }
    Ok(if errors > 0 { Ended::ErrorsFound } else { Ended::Done })
}

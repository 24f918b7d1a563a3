//! `quorate cluster check`: what is odd in a `corosync.conf`.

use std::io::Read;
use std::path::Path;

use corosync::Severity;
use view::words::count;

use crate::places::Places;
use crate::say;
use crate::trouble::Trouble;
use crate::{Ended, How};

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
    let findings = corosync::check(&text);
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

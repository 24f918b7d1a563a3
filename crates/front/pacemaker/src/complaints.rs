//! What Pacemaker's tools write of a document to their log, whatever they are asked for: those of its
//! errors that people look for. They are seen with `-V`, and where `PCMK_stderr` is set.
//!
//! **Not here:** all that is odd about a document; `crm_verify` and `quorate config check` tell.

use scheduler::{FindingKind, Resolved};

use crate::exit;
use crate::output::Output;
use crate::tool::environment;

/// Whether the log is wanted on the standard error output. Source: `PCMK_stderr` in Pacemaker's
/// environment file; `-V` in its tools' manual pages.
pub(crate) fn are_wanted(verbose: bool) -> bool {
    verbose || environment("PCMK_stderr").is_some_and(|word| cib::acl::is_true(word.trim()))
}

/// Says them. Field word: Pacemaker *error log*.
pub(crate) fn say(resolved: &Resolved<'_>, said: &mut Output) {
    lines(resolved).iter().for_each(|line| said.log(line));
}

fn lines(resolved: &Resolved<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    // Where there is nothing to start the scheduler does not mind; this log does.
    let has_none = resolved.resources.is_empty() && resolved.options.fencing_enabled;
    if has_none || resolved.findings.iter().any(|finding| finding.kind == FindingKind::NoFencing) {
        lines.push(
            "unpack_resources \terror: Resource start-up disabled since no fencing resources have \
             been defined. Either configure some or disable fencing with the fencing-enabled \
             option. NOTE: Clusters with shared data need fencing to ensure data integrity."
                .to_owned(),
        );
    }
    for failure in &resolved.hard_failures {
        let (place, kind) = match failure.node {
            Some(node) => (format!("on {}", resolved.node(node).name), "hard"),
            None => ("anywhere".to_owned(), "fatal"),
        };
        let id = &resolved.resource(failure.resource).id;
        let reason = failure.element.attr("exit-reason").filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!(
            "unpack_rsc_op \terror: Preventing {id} from restarting {place} because of {kind} \
             failure ({}{reason}) | {}",
            exit::words(failure.code),
            failure.element.attr("id").unwrap_or_default(),
        ));
    }
    lines
}

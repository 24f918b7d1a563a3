//! What Pacemaker's tools say of a document on the standard error output, whatever they are asked for:
//! those of its log's errors that people and clients look for.
//!
//! **Not here:** all that is odd about a document; `crm_verify` and `quorate config check` tell.

use scheduler::{FindingKind, Resolved};

use crate::exit;
use crate::output::Output;

/// Says them. Field word: Pacemaker *error log*.
pub(crate) fn say(resolved: &Resolved<'_>, said: &mut Output) {
    lines(resolved).iter().for_each(|line| said.complain(line));
}

fn lines(resolved: &Resolved<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if resolved.findings.iter().any(|finding| finding.kind == FindingKind::NoFencing) {
        // Clients look for this sentence.
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

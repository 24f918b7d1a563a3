//! The brain's reports as lines of the log, at the level of those whom they concern.

use wire::api::{Entry, Event};

/// One line.
pub(crate) fn log(entry: &Entry) {
    let number = entry.number;
    match &entry.event {
        Event::Membership { members, lost, quorate } => {
            let members = members.join(" ");
            match (lost.as_slice(), quorate) {
                ([], true) => tracing::info!(number, members, "membership"),
                ([], false) => tracing::warn!(number, members, "membership without quorum"),
                (lost, quorate) => {
                    let lost = lost.join(" ");
                    tracing::warn!(number, members, lost, quorate, "nodes lost");
                }
            }
        }
        Event::Coordinator { node } => tracing::info!(number, node, "coordinator"),
        Event::Changed { user, change, version } => {
            tracing::info!(number, user, change, version, "changed");
        }
        Event::Refused { user, change, reason } => {
            tracing::warn!(number, user, change, reason, "refused");
        }
        Event::Planned { transition, cause, actions, because, findings } => {
            let (actions, because) = (actions.join("; "), because.join("; "));
            tracing::info!(number, transition, cause, actions, because, "plan");
            for finding in findings {
                tracing::warn!(number, finding, "the configuration is odd");
            }
        }
        Event::Started { action, node } => tracing::info!(number, action, node, "action started"),
        Event::Finished { action, node, code, status, reason, ms, expected: true } => {
            tracing::info!(number, action, node, code, status, reason, ms, "action done");
        }
        Event::Finished { action, node, code, status, reason, ms, expected: false } => {
            tracing::warn!(number, action, node, code, status, reason, ms, "action failed");
        }
        Event::Fencing { target, action, device, by } => {
            tracing::warn!(number, target, action, device, by, "fencing");
        }
        Event::Fenced { target, action, succeeded: true, by, reason } => {
            tracing::warn!(number, target, action, by, reason, "fenced");
        }
        Event::Fenced { target, action, succeeded: false, by, reason } => {
            tracing::error!(number, target, action, by, reason, "fencing failed");
        }
        Event::MayBeOlder { nodes } => {
            tracing::warn!(number, ?nodes, "they may have a newer configuration: no edits");
        }
        Event::QuorumIsOthers { nodes } => {
            tracing::warn!(number, ?nodes, "no quorum: they had it last, and may have it still");
        }
        Event::SetAside { reason } => tracing::error!(number, reason, "configuration set aside"),
        Event::Idle => tracing::info!(number, "nothing left to do"),
    }
}

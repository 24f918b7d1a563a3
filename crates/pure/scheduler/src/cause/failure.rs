//! What history says of operations that failed, or of the last one.

use std::sync::Arc;

use cib::Element;
use model::{ExecStatus, OcfCode};

use super::{Failure, Finder};
use crate::{HistoryEntry, NodeIx, ResIx};

impl Finder<'_, '_, '_> {
    /// The newest failure of the resource, on a node if that is given.
    pub(super) fn failure(&self, resource: ResIx, node: Option<NodeIx>) -> Option<Failure> {
        let given = self.acting.given;
        let config = &given.resource(resource).config_id;
        let is_it = |found: ResIx| found == resource || given.resource(found).config_id == *config;
        let listed = given.failed.iter().filter(|failed| {
            node.is_none_or(|node| failed.node == node) && failed.resource.is_some_and(is_it)
        });
        let listed = listed.map(|failed| self.of_element(resource, failed.node, failed.element));
        listed.max_by_key(|failure| failure.at).or_else(|| self.unlisted(resource, node))
    }

    /// Failures on nodes that are away are not listed.
    fn unlisted(&self, resource: ResIx, node: Option<NodeIx>) -> Option<Failure> {
        let records = self.acting.given.history.iter().filter(|history| {
            history.resource == Some(resource) && node.is_none_or(|node| history.node == node)
        });
        let entries = records
            .flat_map(|history| history.entries.iter().map(move |entry| (history.node, entry)));
        let failed = entries.filter(|(_, entry)| has_failed(entry));
        failed
            .map(|(node, entry)| self.of_element(resource, node, entry.element))
            .max_by_key(|failure| failure.at)
    }

    /// What was done last with the resource, probes aside.
    pub(super) fn last_done(&self, resource: ResIx) -> Option<Failure> {
        let records = self.acting.given.history.iter();
        let records = records.filter(|history| history.resource == Some(resource));
        let entries = records
            .flat_map(|history| history.entries.iter().map(move |entry| (history.node, entry)));
        entries
            .filter(|(_, entry)| !entry.is_probe() && !entry.is_pending())
            .max_by_key(|(_, entry)| (entry.last_change, entry.call_id))
            .map(|(node, entry)| self.of_element(resource, node, entry.element))
    }

    fn of_element(&self, resource: ResIx, node: NodeIx, element: Element<'_>) -> Failure {
        let number = |name: &str| element.attr(name).and_then(|text| text.parse::<i64>().ok());
        Failure {
            resource: self.id(resource),
            node: self.name(node),
            task: Arc::from(element.attr("operation").unwrap_or("monitor")),
            interval_ms: number("interval").and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
            code: OcfCode(number("rc-code").and_then(|code| i32::try_from(code).ok()).unwrap_or(1)),
            status: ExecStatus::from_number(
                number("op-status").and_then(|status| i32::try_from(status).ok()).unwrap_or(4),
            ),
            at: number("last-rc-change"),
        }
    }
}

fn has_failed(entry: &HistoryEntry<'_>) -> bool {
    let expected = entry.expected.unwrap_or(OcfCode::OK);
    !entry.is_pending() && !entry.is_probe() && entry.code != expected
}

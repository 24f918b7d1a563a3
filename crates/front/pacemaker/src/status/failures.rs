//! Failed actions.

use cib::Element;
use model::{ExecStatus, OcfCode};
use scheduler::Resolved;

use super::Shown;
use super::primitive::{code_of, is_masked_probe, resource_of_key};

/// A failure that history keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAction<'r> {
    pub(crate) entry: Element<'r>,
    pub(crate) node: &'r str,
    pub(crate) code: OcfCode,
    pub(crate) status: ExecStatus,
    /// The resource that it is about.
    pub(crate) resource: &'r str,
}

impl<'r> FailedAction<'r> {
    /// `RESOURCE_TASK_INTERVAL`, or what stands for it.
    pub(crate) fn key(&self) -> &'r str {
        self.entry.attr("operation_key").unwrap_or(self.attr("id"))
    }

    /// An attribute of the record, empty if there is none.
    pub(crate) fn attr(&self, name: &str) -> &'r str {
        self.entry.attr(name).unwrap_or_default()
    }

    /// When the result changed (seconds since 1970), if that was recorded.
    pub(crate) fn changed_at(&self) -> Option<i64> {
        self.attr("last-rc-change").parse().ok()
    }
}

/// The failures that history keeps and that are not hidden.
pub(super) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown<'_>) -> Vec<FailedAction<'r>> {
    let told = resolved.failed.iter().filter(|entry| !is_masked_probe(entry.element));
    told.filter_map(|failed| {
        let status = failed.element.attr("op-status").and_then(|text| text.parse().ok());
        let node = &*resolved.node(failed.node).name;
        let resource = resource_of_key(failed.element)?;
        (shown.only.node(node) && shown.only.names(resource)).then(|| FailedAction {
            entry: failed.element,
            node,
            code: code_of(failed.element),
            status: ExecStatus::from_number(status.unwrap_or(4)),
            resource,
        })
    })
    .collect()
}

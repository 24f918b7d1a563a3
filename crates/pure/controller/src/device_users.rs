//! Who of the members uses a fence device: where it failed least often, and where it was seen to
//! work.

use std::collections::BTreeMap;

use cib::{Element, Section};
use fencing::Attempt;
use model::NodeId;

use crate::Controller;

/// How often devices failed in the hands of members since they last worked there.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    by_device: BTreeMap<(String, NodeId), u32>,
}

impl Failures {
    pub(crate) fn failed(&mut self, device: &str, user: NodeId) {
        let count = self.by_device.entry((device.to_owned(), user)).or_default();
        *count = count.saturating_add(1);
    }

    pub(crate) fn worked(&mut self, device: &str, user: NodeId) {
        self.by_device.remove(&(device.to_owned(), user));
    }

    fn count(&self, device: &str, user: NodeId) -> u32 {
        self.by_device.get(&(device.to_owned(), user)).copied().unwrap_or(0)
    }
}

impl Controller {
    /// A member on which the device was seen to work, else this node, else any; not the target, and
    /// rather one that has not failed with it: the way to a device may be broken from one node only.
    /// But who is let back to shared storage has to open it itself.
    pub(crate) fn who_can_use(&self, attempt: &Attempt, target: &str) -> NodeId {
        let device = attempt.device.as_str();
        let itself = self.id_of(target).filter(|id| self.fabric.members.contains(id));
        if let Some(itself) = itself.filter(|_| attempt.action == "on") {
            return itself;
        }
        let failures = |member: NodeId| {
            let fencings = self.coordination.as_ref().map(|coordination| &coordination.fencings);
            fencings.map_or(0, |fencings| fencings.failures.count(device, member))
        };
        let others =
            self.fabric.members.iter().copied().filter(|member| self.name_of(*member) != target);
        let least = others.min_by_key(|member| {
            (
                self.is_kept_from(device, *member),
                failures(*member),
                !self.device_works_on(device, *member),
                *member != self.identity.id,
            )
        });
        least.unwrap_or(self.identity.id)
    }

    /// A constraint bans the device from this node by name.
    fn is_kept_from(&self, device: &str, node: NodeId) -> bool {
        let name = self.name_of(node);
        let constraints = self.state.document.section(Section::Constraints);
        constraints.into_iter().flat_map(Element::children).any(|constraint| {
            constraint.is("rsc_location")
                && constraint.attr("rsc") == Some(device)
                && constraint.attr("node") == Some(&name)
                && constraint.attr("score") == Some("-INFINITY")
        })
    }

    fn device_works_on(&self, device: &str, node: NodeId) -> bool {
        let name = self.name_of(node);
        let status = self.state.document.section(Section::Status);
        let state = status
            .into_iter()
            .flat_map(Element::children)
            .find(|state| state.attr("uname") == Some(&name));
        let history = state
            .into_iter()
            .flat_map(Element::descendants)
            .find(|element| element.is("lrm_resource") && element.attr("id") == Some(device));
        let newest = history.into_iter().flat_map(Element::children).max_by_key(|entry| {
            entry.attr("call-id").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0)
        });
        newest.is_some_and(|entry| {
            matches!(entry.attr("operation"), Some("start" | "monitor"))
                && entry.attr("rc-code") == Some("0")
        })
    }
}

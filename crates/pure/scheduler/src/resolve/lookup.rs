//! Questions that later stages ask of what was resolved: parameters, an action's options, fail
//! counts.

mod action;
mod active;

use cib::Element;

use super::blocks;
use super::types::{NodeIx, Operation, ResIx, Resolved, Resource, Values};
use crate::rules::{AgentParts, NextChange, RuleInput};

pub use action::OnFail;
pub use active::ActiveNodes;

impl<'a> Resolved<'a> {
    /// The parameters of `resource` on `node`, its parents' included. Without a node, conditions
    /// on node attributes do not pass.
    pub fn parameters(&self, resource: ResIx, node: Option<NodeIx>) -> Values<'a> {
        let mut values = Values::new();
        let input = RuleInput {
            now: self.now,
            node_attributes: node.map(|node| &self.node(node).attributes),
            ..RuleInput::default()
        };
        let mut next = NextChange::default();
        let mut at = Some(resource);
        while let Some(resource) = at {
            let found = self.resource(resource);
            match &found.implied {
                Some(implied) => {
                    for (name, value) in &implied.parameters {
                        values.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                }
                None => {
                    let elements = found.elements();
                    let name = "instance_attributes";
                    blocks::unpack(&elements, name, None, &input, &mut values, &mut next);
                }
            }
            at = found.parent;
        }
        self.note(next);
        values
    }

    /// The parameters that only `operation` has.
    pub fn operation_parameters(
        &self,
        operation: Option<&Operation<'a>>,
        node: Option<NodeIx>,
    ) -> Values<'a> {
        let mut values = Values::new();
        if let Some(element) = operation.and_then(|operation| operation.element) {
            let input = RuleInput {
                now: self.now,
                node_attributes: node.map(|node| &self.node(node).attributes),
                ..RuleInput::default()
            };
            let mut next = NextChange::default();
            let name = "instance_attributes";
            blocks::unpack(&[element], name, None, &input, &mut values, &mut next);
            self.note(next);
        }
        values
    }

    /// Whether a connection is to be made to the host that its bundle's container will run on,
    /// which is known only once that is assigned.
    pub fn needs_host_name(&self, resource: ResIx) -> bool {
        // Compatibility: Pacemaker looks for it among all parameters, which may set the time of the
        // next decision.
        if self.parameters_have_rules(resource) {
            self.parameters(resource, None);
        }
        let found = self.resource(resource);
        found.flags.remote_connection
            && found.implied.as_ref().is_some_and(|implied| {
                implied.parameters.iter().any(|(name, value)| name == "addr" && value == "#uname")
            })
    }

    /// Whether some parameters count only sometimes.
    pub(crate) fn parameters_have_rules(&self, resource: ResIx) -> bool {
        let mut at = Some(resource);
        while let Some(resource) = at {
            let found = self.resource(resource);
            let mut blocks = found.elements().into_iter().flat_map(Element::children);
            let is_conditional = |block: Element<'_>| {
                block.is("instance_attributes") && block.child("rule").is_some()
            };
            if found.implied.is_none() && blocks.any(is_conditional) {
                return true;
            }
            at = found.parent;
        }
        false
    }

    /// The resource that is, or is recorded as, `id`; the first if several are.
    pub fn find_recorded(&self, id: &str) -> Option<ResIx> {
        let named = self.by_id.get(id).copied();
        let Some(noted) = self.by_history_id.get(id).copied() else { return named };
        let is_recorded =
            |resource: &ResIx| self.resource(*resource).history_id.as_deref() == Some(id);
        // Instances take over and give back each other's names while history is read.
        let recorded = if is_recorded(&noted) {
            Some(noted)
        } else {
            self.resource_indices().find(is_recorded)
        };
        match (named, recorded) {
            (Some(named), Some(recorded)) => Some(named.min(recorded)),
            (named, recorded) => named.or(recorded),
        }
    }
}

impl<'a> Resource<'a> {
    /// The elements that hold this resource's blocks, the template first.
    pub(crate) fn elements(&self) -> Vec<Element<'a>> {
        self.template.into_iter().chain([self.element]).collect()
    }

    /// The operation that is configured for `task` every `interval_ms`; live moves may be
    /// configured as one.
    pub fn operation(
        &self,
        task: &str,
        interval_ms: u64,
        include_disabled: bool,
    ) -> Option<&Operation<'a>> {
        let exact = |name: &str, interval_ms: u64| {
            self.operations
                .iter()
                .filter(|operation| include_disabled || operation.enabled)
                .find(|operation| operation.interval_ms == interval_ms && operation.name == name)
        };
        exact(task, interval_ms).or_else(|| {
            matches!(task, "migrate_to" | "migrate_from").then(|| exact("migrate", 0)).flatten()
        })
    }

    /// The agent, as rules ask for it.
    pub(crate) fn agent_parts(&self) -> AgentParts<'_> {
        AgentParts {
            standard: self.agent.as_ref().map(|agent| &*agent.standard),
            provider: self.agent.as_ref().and_then(|agent| agent.provider.as_deref()),
            kind: self.agent.as_ref().map(|agent| &*agent.kind),
        }
    }
}

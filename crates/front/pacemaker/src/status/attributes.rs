//! Node attributes, with what a ping resource would set where all hosts answer.

use scheduler::{Node, ResIx, Resolved};

use super::{Shown, display_name};

/// Attributes of one node.
#[derive(Clone, Debug)]
pub(crate) struct NodeAttributes<'r> {
    pub(crate) node: &'r str,
    /// The node's name as it is shown.
    pub(crate) display: String,
    pub(crate) attributes: Vec<AttributeShown<'r>>,
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeShown<'r> {
    pub(crate) name: &'r str,
    pub(crate) value: &'r str,
    /// Set by a ping resource: its value when all hosts answer.
    pub(crate) expected: Option<i64>,
}

/// Attributes that the cluster keeps for itself.
const HIDDEN: [&str; 6] = ["fail-count", "last-failure", "shutdown", "terminate", "standby", "#"];

/// Nodes that are online and have attributes of their own.
pub(super) fn read<'r>(resolved: &'r Resolved<'_>, shown: Shown<'_>) -> Vec<NodeAttributes<'r>> {
    let online = resolved.nodes.iter().filter(|node| node.online && shown.only.node(&node.name));
    let all = online.map(|node| NodeAttributes {
        node: &node.name,
        display: display_name(resolved, node, shown.look),
        attributes: attributes(resolved, node),
    });
    all.filter(|node| !node.attributes.is_empty()).collect()
}

fn attributes<'r>(resolved: &'r Resolved<'_>, node: &'r Node<'_>) -> Vec<AttributeShown<'r>> {
    let shown = node
        .attributes
        .iter()
        .filter(|(name, _)| !HIDDEN.iter().any(|prefix| name.starts_with(prefix)));
    shown
        .map(|(name, value)| AttributeShown {
            name,
            value,
            expected: expected_score(resolved, &node.active, name),
        })
        .collect()
}

/// What the attribute's value is when all hosts answer, if a ping resource sets it.
fn expected_score(resolved: &Resolved<'_>, active: &[ResIx], attribute: &str) -> Option<i64> {
    active.iter().find_map(|at| {
        let resource = resolved.resource(*at);
        let below = expected_score(resolved, &resource.children, attribute);
        if below.is_some() {
            return below;
        }
        let kind = resource.agent.as_ref()?.kind.to_ascii_lowercase();
        if kind != "ping" && kind != "pingd" {
            return None;
        }
        let parameter = |name: &str| parameter(resolved, *at, name);
        let sets = parameter("name").unwrap_or("pingd");
        if !sets.eq_ignore_ascii_case(attribute) {
            return None;
        }
        let hosts = parameter("host_list").map_or(0, |list| list.split(' ').count());
        let weight = parameter("multiplier").and_then(|text| text.parse().ok()).unwrap_or(1);
        Some(i64::try_from(hosts).unwrap_or(i64::MAX).saturating_mul(weight))
    })
}

/// A parameter as configured in the resource or its template.
fn parameter<'r>(resolved: &'r Resolved<'_>, at: ResIx, name: &str) -> Option<&'r str> {
    let resource = resolved.resource(at);
    let elements = [Some(resource.element), resource.template];
    elements
        .into_iter()
        .flatten()
        .flat_map(|element| element.children_named("instance_attributes"))
        .flat_map(|set| set.children_named("nvpair"))
        .find(|pair| pair.attr("name") == Some(name))
        .and_then(|pair| pair.attr("value"))
}

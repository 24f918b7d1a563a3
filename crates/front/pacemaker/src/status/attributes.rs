//! Node attributes, with words on connectivity where a ping resource sets them.

use scheduler::{Node, ResIx, Resolved};

use crate::text::Text;

/// Attributes that the cluster keeps for itself.
const HIDDEN: [&str; 6] = ["fail-count", "last-failure", "shutdown", "terminate", "standby", "#"];

pub(super) fn write(text: &mut Text, resolved: &Resolved<'_>) {
    let mut begun = false;
    for node in resolved.nodes.iter().filter(|node| node.online) {
        let shown = node
            .attributes
            .iter()
            .filter(|(name, _)| !HIDDEN.iter().any(|prefix| name.starts_with(prefix)));
        let lines: Vec<String> =
            shown.map(|(name, value)| line(resolved, node, name, value)).collect();
        if lines.is_empty() {
            continue;
        }
        if !begun {
            text.space();
            text.begin("Node Attributes");
            begun = true;
        }
        text.begin(&format!("Node: {}", node.name));
        for line in lines {
            text.item(&line);
        }
        text.end();
    }
    if begun {
        text.end();
    }
}

fn line(resolved: &Resolved<'_>, node: &Node<'_>, name: &str, value: &str) -> String {
    let plain = format!("{name:<32}\t: {value:<10}");
    let Some(expected) = expected_score(resolved, &node.active, name) else { return plain };
    match value.parse::<i64>().unwrap_or(0) {
        reached if reached <= 0 => format!("{plain}\t: Connectivity is lost"),
        reached if reached < expected => {
            format!("{plain}\t: Connectivity is degraded (Expected={expected})")
        }
        _ => plain,
    }
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

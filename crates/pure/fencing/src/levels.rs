//! Fencing topology: which devices, together, count as fencing a node.

use std::collections::BTreeMap;

use cib::{Document, Element};

use crate::device::{Device, Unfences};

/// The levels to try for `target`, in order; all devices of one level must succeed.
///
/// Without a topology for this node, every device that may fence it is a level of its own, in the
/// order of priority. Source: Pacemaker Explained, "Fencing topologies".
///
/// To let a node back to shared storage (`on`), each device that kept it away must do so: the first
/// level. Others follow only where the configuration names no such device, and count only if no
/// agent says that it is one.
pub fn levels_for(
    document: &Document,
    target: &str,
    action: &str,
    devices: &[Device],
) -> Vec<Vec<Device>> {
    if action == "on" {
        let may = |device: &&Device| device.may_fence(target);
        let unfencing: Vec<Device> = devices.iter().filter(may).cloned().collect();
        let is_sure = unfencing.iter().any(|device| device.unfences == Unfences::Yes);
        let others = if is_sure { Vec::new() } else { by_topology(document, target, devices) };
        return [unfencing].into_iter().chain(others).collect();
    }
    by_topology(document, target, devices)
}

fn by_topology(document: &Document, target: &str, devices: &[Device]) -> Vec<Vec<Device>> {
    let configured = configured(document, target, devices);
    if !configured.is_empty() {
        return configured;
    }
    devices.iter().map(|device| vec![device.clone()]).collect()
}

fn configured(document: &Document, target: &str, devices: &[Device]) -> Vec<Vec<Device>> {
    let Some(topology) = document.root().path(&["configuration", "fencing-topology"]) else {
        return Vec::new();
    };
    let mut levels: BTreeMap<u32, Vec<Device>> = BTreeMap::new();
    for level in topology.children().filter(|level| level.is("fencing-level")) {
        let index = level.attr("index").and_then(|text| text.parse().ok()).unwrap_or(0);
        if index == 0 || !applies(document, level, target) {
            continue;
        }
        let names = level.attr("devices").unwrap_or("").split([',', ' ']);
        let named = names.filter_map(|name| devices.iter().find(|device| device.id == name.trim()));
        levels.entry(index).or_default().extend(named.cloned());
    }
    levels.into_values().filter(|level| !level.is_empty()).collect()
}

fn applies(document: &Document, level: Element<'_>, target: &str) -> bool {
    if let Some(name) = level.attr("target") {
        return name.eq_ignore_ascii_case(target);
    }
    if let Some(pattern) = level.attr("target-pattern") {
        return matches_pattern(pattern, target);
    }
    let (Some(name), Some(value)) = (level.attr("target-attribute"), level.attr("target-value"))
    else {
        return false;
    };
    node_attribute(document, target, name) == Some(value)
}

fn node_attribute<'a>(document: &'a Document, node: &str, name: &str) -> Option<&'a str> {
    let nodes = document.root().path(&["configuration", "nodes"])?;
    let node = nodes.children().find(|element| element.attr("uname") == Some(node))?;
    node.descendants()
        .filter(|element| element.is("nvpair"))
        .find(|pair| pair.attr("name") == Some(name))
        .and_then(|pair| pair.attr("value"))
}

/// Extended regular expressions, unanchored, as `target-pattern` is; one that cannot be read
/// matches nothing.
fn matches_pattern(pattern: &str, target: &str) -> bool {
    regex_lite::Regex::new(pattern).is_ok_and(|regex| regex.is_match(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str) -> Device {
        Device {
            id: id.to_owned(),
            agent: "fence_x".to_owned(),
            parameters: BTreeMap::new(),
            priority: 0,
            unfences: Unfences::IfAgentSays,
        }
    }

    fn ids(levels: &[Vec<Device>]) -> Vec<Vec<&str>> {
        levels.iter().map(|level| level.iter().map(|d| d.id.as_str()).collect()).collect()
    }

    #[test]
    fn levels_come_in_order_and_only_for_their_target() {
        let document = Document::parse(
            r#"<cib><configuration><fencing-topology>
            <fencing-level id="l2" target="n1" index="2" devices="c"/>
            <fencing-level id="l1" target="n1" index="1" devices="a,b"/>
            <fencing-level id="l3" target-pattern="^db" index="1" devices="b"/>
            </fencing-topology></configuration></cib>"#,
        )
        .unwrap();
        let devices = [device("a"), device("b"), device("c")];
        assert_eq!(ids(&levels_for(&document, "n1", "off", &devices)), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(ids(&levels_for(&document, "db3", "off", &devices)), [["b"]]);
        assert_eq!(ids(&levels_for(&document, "n2", "off", &devices)), [["a"], ["b"], ["c"]]);
    }

    #[test]
    fn every_device_that_kept_a_node_away_lets_it_back() {
        let document = Document::parse("<cib><configuration/></cib>").unwrap();
        let unfencing = |id: &str| Device { unfences: Unfences::Yes, ..device(id) };
        let devices = [device("power"), unfencing("disk1"), unfencing("disk2")];
        let asked = ["power", "disk1", "disk2"];
        assert_eq!(ids(&levels_for(&document, "n1", "on", &devices)), [asked]);
        assert_eq!(ids(&levels_for(&document, "n1", "off", &devices)).len(), 3);
        let unsure = [device("a"), device("b")];
        let levels = [vec!["a", "b"], vec!["a"], vec!["b"]];
        assert_eq!(ids(&levels_for(&document, "n1", "on", &unsure)), levels);
    }
}

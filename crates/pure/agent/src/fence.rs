//! What a fence agent is told, and which of a device's parameters are for the cluster instead.
//!
//! Source: the Fence Agent API of the fence-agents project; Pacemaker Explained, "Special Options
//! for Fencing Resources".

use std::collections::BTreeMap;

use crate::metadata::Metadata;

/// Whom to act on, and in which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The node's name.
    pub node: String,
    /// The agent's parameter for the device's own name of the node, from its metadata
    /// ([`default_host_argument`]); a configured `pcmk_host_argument` wins.
    pub host_argument: Option<String>,
}

/// Device names of nodes: `pcmk_host_map`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostMap {
    names: BTreeMap<String, String>,
}

impl HostMap {
    /// Reads `node:name;node=name node:name`. Entries without a separator are left out. A name may
    /// itself contain `:` and, after a backslash, a blank or semicolon.
    pub fn parse(text: &str) -> Self {
        let mut names = BTreeMap::new();
        for entry in split_entries(text) {
            if let Some((node, name)) = entry.split_once([':', '=']) {
                names.insert(node.to_ascii_lowercase(), name.to_owned());
            }
        }
        Self { names }
    }

    /// The device's name of `node`, or the node's own. Node names are compared without case.
    pub fn name_of<'a>(&'a self, node: &'a str) -> &'a str {
        self.names.get(&node.to_ascii_lowercase()).map_or(node, String::as_str)
    }

    /// The nodes that are mapped, in lower case.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

/// Whether the cluster keeps this parameter of a device to itself.
pub fn is_for_the_cluster(parameter: &str) -> bool {
    const KEPT: [&str; 8] = [
        "provides",
        "pcmk_action_limit",
        "pcmk_delay_base",
        "pcmk_delay_max",
        "pcmk_host_argument",
        "pcmk_host_check",
        "pcmk_host_list",
        "pcmk_host_map",
    ];
    KEPT.contains(&parameter)
        || parameter == "crm_feature_set"
        || parameter.starts_with("CRM_meta_")
        || parameter.strip_prefix("pcmk_").is_some_and(|rest| {
            ["_action", "_timeout", "_retries"].iter().any(|end| rest.ends_with(end))
        })
}

/// The parameter that takes the device's name of a node, as the metadata tells: `plug` if the
/// agent knows it, else `port`, else none.
pub fn default_host_argument(metadata: &Metadata) -> Option<&'static str> {
    ["plug", "port"].into_iter().find(|name| metadata.parameter(name).is_some())
}

/// The lines for the agent's standard input: `action` (by the device's alias, if it has one), the
/// target, and the device's parameters except those for the cluster.
pub fn standard_input(
    action: &str,
    parameters: &[(String, String)],
    target: Option<&Target>,
) -> String {
    let of = |name: &str| {
        parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let action = of(&format!("pcmk_{action}_action")).unwrap_or(action);
    let mut lines = BTreeMap::new();
    for (name, value) in parameters {
        // What to do is said by the caller, whatever somebody configured.
        if name != "action" && name != "option" && !is_for_the_cluster(name) {
            lines.insert(name.as_str(), value.as_str());
        }
    }
    let map = HostMap::parse(of("pcmk_host_map").unwrap_or(""));
    if let Some(target) = target {
        lines.insert("nodename", &target.node);
        let argument = of("pcmk_host_argument").or(target.host_argument.as_deref());
        if let Some(argument) = argument.filter(|name| !name.eq_ignore_ascii_case("none"))
            && of(argument).is_none_or(|value| value.eq_ignore_ascii_case("dynamic"))
        {
            lines.insert(argument, map.name_of(&target.node));
        }
    }
    let mut text = line("action", action);
    for (name, value) in lines {
        text.push_str(&line(name, value));
    }
    text
}

/// A line break in a value would be a line of its own to the agent: another parameter.
fn line(name: &str, value: &str) -> String {
    format!("{}={}\n", name.replace(['\n', '\r'], " "), value.replace(['\n', '\r'], " "))
}

/// Pieces between unescaped blanks and semicolons, with the backslashes taken out.
fn split_entries(text: &str) -> Vec<String> {
    let mut entries = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        let ends = !escaped && (c == ';' || c.is_ascii_whitespace());
        if ends {
            entries.push(String::new());
        } else if !escaped && c == '\\' {
            escaped = true;
            continue;
        } else if let Some(entry) = entries.last_mut() {
            entry.push(c);
        }
        escaped = false;
    }
    entries.retain(|entry| !entry.is_empty());
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn target(node: &str, argument: Option<&str>) -> Target {
        Target { node: node.to_owned(), host_argument: argument.map(str::to_owned) }
    }

    #[test]
    fn maps_read() {
        let map = HostMap::parse(" n1:plug 1;N2=2\tn3:a\\ b;n4:x:y;stray ");
        assert_eq!(map.name_of("n1"), "plug");
        assert_eq!(map.name_of("n2"), "2");
        assert_eq!(map.name_of("n3"), "a b");
        assert_eq!(map.name_of("n4"), "x:y");
        assert_eq!(map.name_of("stray"), "stray");
    }

    #[test]
    fn the_agent_gets_action_target_and_its_own_parameters() {
        let device = pairs(&[
            ("ip", "192.0.2.1"),
            ("action", "reboot"),
            ("pcmk_host_map", "n1:7"),
            ("pcmk_host_list", "n1 n2"),
            ("pcmk_off_timeout", "5s"),
            ("pcmk_monitor_retries", "9"),
            ("CRM_meta_timeout", "20000"),
            ("crm_feature_set", "3.20.0"),
        ]);
        let text = standard_input("off", &device, Some(&target("n1", Some("port"))));
        assert_eq!(text, "action=off\nip=192.0.2.1\nnodename=n1\nport=7\n");
    }

    #[test]
    fn host_argument_none_alias_and_fixed_port() {
        let device = pairs(&[("pcmk_host_argument", "none"), ("pcmk_reboot_action", "off")]);
        let text = standard_input("reboot", &device, Some(&target("n1", Some("port"))));
        assert_eq!(text, "action=off\nnodename=n1\n");
        let fixed = pairs(&[("port", "3")]);
        let text = standard_input("off", &fixed, Some(&target("n1", Some("port"))));
        assert_eq!(text, "action=off\nnodename=n1\nport=3\n");
        let dynamic = pairs(&[("port", "dynamic")]);
        let text = standard_input("off", &dynamic, Some(&target("n1", Some("port"))));
        assert_eq!(text, "action=off\nnodename=n1\nport=n1\n");
    }

    #[test]
    fn a_value_cannot_smuggle_a_second_parameter() {
        let text = standard_input("off", &pairs(&[("ip", "a\nport=9")]), None);
        assert_eq!(text, "action=off\nip=a port=9\n");
    }
}

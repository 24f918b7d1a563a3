//! Fence devices as the document configures them.

use std::collections::BTreeMap;
use std::time::Duration;

use cib::{Document, Element};
use model::parse_interval;

/// A resource of class `stonith`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: String,
    /// The agent's name, such as `fence_ipmilan`.
    pub agent: String,
    /// All instance attributes, the `pcmk_*` ones included.
    pub parameters: BTreeMap<String, String>,
    /// The resource's `priority`; higher is tried first.
    pub priority: i64,
    pub unfences: Unfences,
}

/// Whether a device must let a node back to shared storage after it was fenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfences {
    /// The configuration says so: `provides` is `unfencing`.
    Yes,
    /// The configuration does not; the agent may, by an action `on` that is `automatic`.
    IfAgentSays,
}

/// Given to the run of an `on` that is wanted only from agents that must let nodes back to shared
/// storage (`true`), or only from others (`false`).
pub const UNFENCING: &str = "CRM_meta_unfencing";

/// Stands for the parameter of the agent that takes what the device calls the target: which one
/// that is, only the agent's description says, and only where it runs.
pub const PORT: &str = "CRM_meta_port";

/// Between the entries of a list that names nodes.
const SEPARATORS: [char; 4] = [';', ' ', '\t', '\n'];

/// How to find out whether a device can fence a node. Source: `pcmk_host_check` in
/// pacemaker-fenced(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostCheck {
    /// The node is in `pcmk_host_list` or `pcmk_host_map`.
    StaticList,
    /// The agent's `list` names it.
    DynamicList,
    /// The agent's `status` for it succeeds.
    Status,
    /// Every node.
    None,
    /// Nothing is said: as `list` says, if the agent has it, else as `status`, else every node.
    Automatic,
}

/// Every fence device of the document that is not disabled (`target-role` Stopped).
pub fn devices(document: &Document) -> Vec<Device> {
    let Some(resources) = document.root().path(&["configuration", "resources"]) else {
        return Vec::new();
    };
    let mut found: Vec<Device> = resources
        .descendants()
        .filter(|element| element.is("primitive"))
        .filter_map(|primitive| read(document, primitive))
        .collect();
    found.sort_by_key(|device| std::cmp::Reverse(device.priority));
    found
}

fn read(document: &Document, primitive: Element<'_>) -> Option<Device> {
    let template = primitive.attr("template").and_then(|id| document.find_id(id));
    let attribute =
        |name| primitive.attr(name).or_else(|| template.and_then(|template| template.attr(name)));
    if attribute("class") != Some("stonith") {
        return None;
    }
    let mut parameters = BTreeMap::new();
    let mut meta = BTreeMap::new();
    for element in template.into_iter().chain([primitive]) {
        collect(document, element, "instance_attributes", &mut parameters);
        collect(document, element, "meta_attributes", &mut meta);
    }
    if meta.get("target-role").is_some_and(|role| role.eq_ignore_ascii_case("stopped")) {
        return None;
    }
    Some(Device {
        id: primitive.attr("id")?.to_owned(),
        agent: attribute("type")?.to_owned(),
        parameters,
        priority: meta.get("priority").and_then(|text| text.parse().ok()).unwrap_or(0),
        unfences: match meta.get("provides") {
            Some(what) if what.eq_ignore_ascii_case("unfencing") => Unfences::Yes,
            Some(_) | None => Unfences::IfAgentSays,
        },
    })
}

/// The first set that gives a name wins, as everywhere in the document.
fn collect(
    document: &Document,
    element: Element<'_>,
    set: &str,
    into: &mut BTreeMap<String, String>,
) {
    let mut own = BTreeMap::new();
    for set in element.children().filter(|child| child.is(set)) {
        let set = set.attr("id-ref").and_then(|id| document.find_id(id)).unwrap_or(set);
        for pair in set.children().filter(|child| child.is("nvpair")) {
            if let (Some(name), Some(value)) = (pair.attr("name"), pair.attr("value")) {
                own.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
    }
    into.extend(own);
}

impl Device {
    /// How to find out whether this device can fence a node.
    pub fn host_check(&self) -> HostCheck {
        match self.parameters.get("pcmk_host_check").map(String::as_str) {
            Some("static-list") => HostCheck::StaticList,
            Some("dynamic-list") => HostCheck::DynamicList,
            Some("status") => HostCheck::Status,
            Some("none") => HostCheck::None,
            _ if self.names_hosts() => HostCheck::StaticList,
            _ => HostCheck::Automatic,
        }
    }

    /// Whether the configuration names `node` as one of this device's.
    pub fn lists(&self, node: &str) -> bool {
        self.hosts().any(|host| host.eq_ignore_ascii_case(node))
            || self.host_map().any(|(host, _)| host.eq_ignore_ascii_case(node))
    }

    /// The nodes that the configuration names as this device's.
    pub fn named_hosts(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.hosts().collect();
        all.extend(self.host_map().map(|(host, _)| host));
        all.dedup();
        all
    }

    /// Whether the configuration leaves open that this device can fence `node`.
    pub fn may_fence(&self, node: &str) -> bool {
        match self.host_check() {
            HostCheck::StaticList => self.lists(node),
            HostCheck::DynamicList | HostCheck::Status | HostCheck::None | HostCheck::Automatic => {
                true
            }
        }
    }

    /// What the device calls `node`.
    pub fn port<'a>(&'a self, node: &'a str) -> &'a str {
        self.host_map()
            .find(|(host, _)| host.eq_ignore_ascii_case(node))
            .map_or(node, |(_, port)| port)
    }

    /// How the agent is told what it calls `node`, as a parameter; `None` if it is not to be told.
    ///
    /// Without `pcmk_host_argument` the parameter is [`PORT`], which stands for the one that the
    /// agent's description names. A value that was configured stays, unless it is `dynamic`.
    pub fn port_parameter(&self, node: &str) -> Option<(String, String)> {
        let name = match self.parameters.get("pcmk_host_argument").map(String::as_str) {
            None => PORT,
            Some(none) if none.eq_ignore_ascii_case("none") => return None,
            Some(name) => name,
        };
        match self.parameters.get(name) {
            Some(own) if !own.eq_ignore_ascii_case("dynamic") => None,
            Some(_) | None => Some((name.to_owned(), self.port(node).to_owned())),
        }
    }

    /// What the agent is told to do for `action` (`pcmk_off_action` and so on).
    pub fn agent_action<'a>(&'a self, action: &'a str) -> &'a str {
        self.parameters.get(&format!("pcmk_{action}_action")).map_or(action, String::as_str)
    }

    /// How long one run for `action` may take (`pcmk_off_timeout` and so on).
    pub fn timeout(&self, action: &str) -> Option<Duration> {
        parse_interval(self.parameters.get(&format!("pcmk_{action}_timeout"))?)
    }

    /// How often `action` is tried in all; 2 unless `pcmk_off_retries` and so on say otherwise.
    pub fn tries(&self, action: &str) -> u32 {
        self.parameters
            .get(&format!("pcmk_{action}_retries"))
            .and_then(|text| text.parse().ok())
            .unwrap_or(2)
            .max(1)
    }

    /// The fixed part and the largest whole of the delay before fencing `node`
    /// (`pcmk_delay_base`, which may be a list `node:delay;...`, and `pcmk_delay_max`).
    pub fn delay(&self, node: &str) -> (Duration, Duration) {
        let base = self.parameters.get("pcmk_delay_base").map_or("", String::as_str).trim();
        let base = base
            .split(SEPARATORS)
            .filter_map(|entry| entry.split_once(':'))
            .find(|(host, _)| host.eq_ignore_ascii_case(node))
            .map_or(base, |(_, delay)| delay);
        let base = parse_interval(base).unwrap_or_default();
        let max = self.parameters.get("pcmk_delay_max").and_then(|text| parse_interval(text));
        let max = max.filter(|max| !max.is_zero()).unwrap_or(base);
        (base.min(max), max)
    }

    /// What the agent itself gets on its standard input, without action and port.
    pub fn agent_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .filter(|(name, _)| !name.starts_with("pcmk_") && *name != "provides")
            .filter(|(name, value)| !self.is_to_be_filled_in(name, value))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A place for the target that is kept free.
    fn is_to_be_filled_in(&self, name: &str, value: &str) -> bool {
        let own = self.parameters.get("pcmk_host_argument").map(String::as_str);
        value.eq_ignore_ascii_case("dynamic")
            && [Some("plug"), Some("port"), own].contains(&Some(name))
    }

    fn names_hosts(&self) -> bool {
        self.parameters.contains_key("pcmk_host_list")
            || self.parameters.contains_key("pcmk_host_map")
    }

    fn hosts(&self) -> impl Iterator<Item = &str> {
        let list = self.parameters.get("pcmk_host_list").map_or("", String::as_str);
        list.split([',', ';', ' ', '\t', '\n']).filter(|host| !host.is_empty())
    }

    fn host_map(&self) -> impl Iterator<Item = (&str, &str)> {
        let map = self.parameters.get("pcmk_host_map").map_or("", String::as_str);
        // An equals sign is what old configurations have.
        map.split(SEPARATORS).filter_map(|entry| entry.split_once([':', '=']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(parameters: &[(&str, &str)]) -> Device {
        Device {
            id: "d".to_owned(),
            agent: "fence_x".to_owned(),
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            priority: 0,
            unfences: Unfences::IfAgentSays,
        }
    }

    #[test]
    fn host_map_gives_the_port_and_the_list_no_other() {
        let device = device(&[("pcmk_host_map", "n1:7;n2:8"), ("pcmk_host_list", "n3, n4")]);
        assert_eq!(device.host_check(), HostCheck::StaticList);
        assert!(device.lists("n1") && device.lists("N4") && !device.lists("n5"));
        assert_eq!((device.port("n2"), device.port("n3")), ("8", "n3"));
    }

    #[test]
    fn the_target_goes_where_the_device_wants_it() {
        let told = |parameters: &[(&str, &str)]| device(parameters).port_parameter("n1");
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(told(&[]), pair(PORT, "n1"));
        assert_eq!(told(&[("pcmk_host_map", "n1=7 n2=8")]), pair(PORT, "7"));
        assert_eq!(told(&[("pcmk_host_argument", "vm")]), pair("vm", "n1"));
        assert_eq!(told(&[("pcmk_host_argument", "vm"), ("vm", "x")]), None);
        assert_eq!(told(&[("pcmk_host_argument", "vm"), ("vm", "dynamic")]), pair("vm", "n1"));
        assert_eq!(told(&[("pcmk_host_argument", "none")]), None);
        assert_eq!(device(&[]).host_check(), HostCheck::Automatic);
    }

    #[test]
    fn delays_may_name_nodes() {
        let device = device(&[("pcmk_delay_base", "n1:2s;n2:5s"), ("pcmk_delay_max", "10s")]);
        let seconds = Duration::from_secs;
        assert_eq!(device.delay("n2"), (seconds(5), seconds(10)));
        assert_eq!(device.delay("n3"), (seconds(0), seconds(10)));
        let long = [("pcmk_delay_base", "30s"), ("pcmk_delay_max", "10s")];
        assert_eq!(self::device(&long).delay("n1"), (seconds(10), seconds(10)));
    }

    #[test]
    fn devices_read_through_templates_and_skip_the_disabled() {
        let document = Document::parse(
            r#"<cib><configuration><resources>
            <template id="t" class="stonith" type="fence_x"><instance_attributes id="ti"><nvpair id="a" name="ip" value="1"/><nvpair id="b" name="user" value="u"/></instance_attributes></template>
            <primitive id="f1" template="t"><instance_attributes id="fi"><nvpair id="c" name="ip" value="2"/></instance_attributes></primitive>
            <primitive id="f2" class="stonith" type="fence_y"><meta_attributes id="m"><nvpair id="d" name="target-role" value="Stopped"/></meta_attributes></primitive>
            <primitive id="web" class="ocf" provider="heartbeat" type="apache"/>
            </resources></configuration></cib>"#,
        )
        .unwrap();
        let found = devices(&document);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].agent, "fence_x");
        assert_eq!(found[0].agent_parameters().collect::<Vec<_>>(), [("ip", "2"), ("user", "u")]);
    }
}
